//! The connections of the service: one task each, ended where nobody says what is asked.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tower::ServiceExt as _;

/// Longest wait for the whole head of a request, and so for the next request on a connection
/// that is kept. `axum::serve` waits for ever, so that heads that never end keep all handles.
const LONGEST_HEAD: Duration = Duration::from_secs(60);

/// Serves connections until `stopped`, then lets those go on that are being answered.
pub(crate) async fn serve<L>(listener: L, service: Router, stopped: impl Future<Output = ()>)
where
    L: Listener<Addr = SocketAddr>,
{
    within(LONGEST_HEAD, listener, service, stopped).await;
}

async fn within<L>(
    head: Duration,
    mut listener: L,
    service: Router,
    stopped: impl Future<Output = ()>,
) where
    L: Listener<Addr = SocketAddr>,
{
    let (end, ends) = watch::channel(());
    let (open, held) = watch::channel(());
    let mut stopped = pin!(stopped);
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stopped => break,
        };
        let (service, ends, held) = (service.clone(), ends.clone(), held.clone());
        tokio::spawn(async move {
            keep(head, stream, address, service, ends).await;
            drop(held);
        });
    }
    drop((listener, end, held));
    open.closed().await;
}

/// Answers what one connection asks, until it ends or the service does.
async fn keep(
    head: Duration,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: SocketAddr,
    service: Router,
    mut ends: watch::Receiver<()>,
) {
    let service = service.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    tokio::select! {
        // A connection that breaks off is its other end's affair.
        _ = connection.as_mut() => return,
        // The sender went: the service ends.
        _ = ends.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use axum::http::Uri;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::oneshot,
        time::sleep,
    };

    use super::*;

    const HEAD: Duration = Duration::from_millis(300);

    async fn started() -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let service = Router::new().fallback(
            |ConnectInfo(from): ConnectInfo<SocketAddr>, asked: Uri| async move {
                if asked.path() == "/long" {
                    sleep(HEAD * 2).await;
                    return "done".to_owned();
                }
                from.ip().to_string()
            },
        );
        let served = tokio::spawn(within(HEAD, listener, service, async {
            let _ = stopped.await;
        }));
        (address, stop, served)
    }

    async fn asked(stream: &mut TcpStream, path: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    #[tokio::test]
    async fn a_head_that_never_ends_is_cut_off_however_it_drips() {
        let (address, _stop, _) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        let began = Instant::now();
        while stream.write_all(b"a").await.is_ok() && began.elapsed() < HEAD * 10 {
            sleep(HEAD / 6).await;
        }
        assert!(began.elapsed() < HEAD * 4, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_kept_connection_is_answered_again_and_knows_who_asks() {
        let (address, _stop, _) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..3 {
            sleep(HEAD / 2).await;
            assert!(asked(&mut stream, "/").await.ends_with("127.0.0.1"));
        }
        // An answer may take longer than a head.
        assert!(asked(&mut stream, "/long").await.ends_with("done"));
    }

    #[tokio::test]
    async fn what_is_being_answered_is_answered_before_the_service_ends() {
        let (address, stop, served) = started().await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let idle = TcpStream::connect(address).await.unwrap();
        let answer = tokio::spawn(async move { asked(&mut stream, "/long").await });
        sleep(HEAD / 2).await;
        stop.send(()).unwrap();
        assert!(answer.await.unwrap().ends_with("done"));
        tokio::time::timeout(HEAD * 10, served)
            .await
            .unwrap()
            .unwrap();
        assert!(TcpStream::connect(address).await.is_err());
        drop(idle);
    }
}
