//! TLS in the server itself: a listener whose connections have shaken hands.

use std::{fs, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::serve::Listener;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

/// Longest that a handshake takes; whoever says nothing is let go.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes under way at once. They cost work before anybody said who they are.
const MOST_AT_ONCE: usize = 256;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum TlsError {
    /// The file is not there, or may not be read.
    #[error("{0}：无法读取 / cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// It holds no certificate or key.
    #[error("{0}：不是 PEM 格式的证书或私钥 / holds no certificate or private key in PEM")]
    NotPem(String),
    /// The key is another's, or of a kind that is not known.
    #[error(
        "证书与私钥不配，或种类不支持 / the certificate and the key do not fit, or are of a kind not known: {0}"
    )]
    Unfit(#[from] rustls::Error),
}

/// What a server shakes hands with: TLS 1.3 and 1.2, a chain of certificates and its key.
///
/// # Errors
/// When a file cannot be read or the two do not fit.
pub(crate) fn configured(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| TlsError::Unreadable(path.display().to_string(), error))
    };
    let no_pem = |path: &Path| TlsError::NotPem(path.display().to_string());
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .ok()
        .filter(|chain| !chain.is_empty())
        .ok_or_else(|| no_pem(certificate))?;
    let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| no_pem(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Connections that have shaken hands. Handshakes go on beside one another, so that one who
/// is slow holds nobody up.
pub(crate) struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Listens at a bound socket. Must be called where tokio runs.
    ///
    /// # Errors
    /// When the socket has no address.
    pub(crate) fn new(listener: TcpListener, config: Arc<ServerConfig>) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (sender, ready) = mpsc::channel(64);
        tokio::spawn(accept(listener, TlsAcceptor::from(config), sender));
        Ok(Self { ready, address })
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    let turns = Arc::new(Semaphore::new(MOST_AT_ONCE));
    while !ready.is_closed() {
        let (connection, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles: others will be given back.
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let _ = connection.set_nodelay(true);
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let (acceptor, ready) = (acceptor.clone(), ready.clone());
        tokio::spawn(async move {
            let shaken = timeout(LONGEST_HANDSHAKE, acceptor.accept(connection)).await;
            drop(turn);
            if let Ok(Ok(stream)) = shaken {
                // Where nobody listens any more, the connection ends here.
                let _ = ready.send((stream, address)).await;
            }
        });
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that accepts ends only with the service.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cert.pem");
        let missing = configured(&path, &path).unwrap_err();
        assert!(matches!(missing, TlsError::Unreadable(..)), "{missing}");
        fs::write(&path, "no certificate").unwrap();
        let odd = configured(&path, &path).unwrap_err();
        assert!(odd.to_string().contains("cert.pem"), "{odd}");
    }
}
