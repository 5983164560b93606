//! Who asks through a proxy: what it says of them is believed of those proxies alone that the
//! command line names. Anybody can write such a header.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

use super::App;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// What else proxies say.
const OTHERS: [HeaderName; 4] = [
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("forwarded"),
];

/// The client of a request that came through proxies: the last address that none of ours
/// wrote of one of ours.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let trusted = |address: IpAddr| {
        let plain = address.to_canonical();
        proxies.iter().any(|net| net.contains(&plain))
    };
    let mut client = peer;
    let lines: Vec<&str> = (headers.get_all(FORWARDED_FOR).iter())
        .filter_map(|line| line.to_str().ok())
        .collect();
    let named = lines.iter().flat_map(|line| line.split(','));
    for named in named.collect::<Vec<_>>().into_iter().rev() {
        if !trusted(client) {
            break;
        }
        let Ok(address) = named.trim().parse::<IpAddr>() else {
            break;
        };
        client = address;
    }
    client
}

/// Puts the client in the place of a proxy that is trusted, and takes away what others say.
pub(super) async fn forwarded(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Response {
    let proxies = &app.config().proxies;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| *address);
    let trusted = peer.is_some_and(|peer| {
        let plain = peer.ip().to_canonical();
        proxies.iter().any(|net| net.contains(&plain))
    });
    if let (true, Some(peer)) = (trusted, peer) {
        let address = client(peer.ip(), request.headers(), proxies);
        let client = SocketAddr::new(address, peer.port());
        request.extensions_mut().insert(ConnectInfo(client));
    } else {
        for name in &OTHERS {
            request.headers_mut().remove(name);
        }
    }
    request.headers_mut().remove(FORWARDED_FOR);
    if app.config().secure {
        // What links begin with.
        let https = HeaderValue::from_static("https");
        request.headers_mut().insert(&OTHERS[0], https);
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "127.0.0.1/32"]
            .map(|net| net.parse().expect("a net"))
            .into();
        let seen = |peer: &str, said: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, said.parse().expect("a header"));
            client(peer.parse().expect("an address"), &headers, &proxies).to_string()
        };
        assert_eq!(seen("127.0.0.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(
            seen("192.0.2.9", "192.0.2.7"),
            "192.0.2.9",
            "no proxy of ours"
        );
        // The client may write what it likes before the proxy adds its own.
        assert_eq!(seen("10.1.1.1", "198.51.100.1, 192.0.2.7"), "192.0.2.7");
        assert_eq!(seen("10.1.1.1", "192.0.2.7, 10.2.2.2"), "192.0.2.7");
        assert_eq!(seen("10.1.1.1", "nonsense"), "10.1.1.1");
        assert_eq!(seen("::ffff:10.1.1.1", "192.0.2.7"), "192.0.2.7");
    }
}
