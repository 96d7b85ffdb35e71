//! Handshakes: one that takes too long is given up, so that nobody holds a place by beginning one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::NoServerSessionStorage;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::{Files, Renewed};
use crate::client;
use crate::error::TlsError;

/// How long a handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long, and how often, it is read on after one that failed.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);
const MAX_LINGER_READS: usize = 32;

const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Speaks TLS 1.3 and 1.2 with whoever connects.
#[derive(Clone)]
pub struct Acceptor {
    tls: TlsAcceptor,
    /// How long a handshake may take.
    pub(crate) within: Duration,
}

/// A connection after its handshake.
#[derive(Debug)]
pub struct Secured<S> {
    /// What is said over it.
    pub stream: TlsStream<S>,
    /// Whether HTTP/2 was agreed on (ALPN); otherwise it is HTTP/1.1.
    pub http2: bool,
    /// The names in the client's certificate, which was verified; nothing if it showed none.
    pub client: Option<Vec<String>>,
}

impl Acceptor {
    /// For browsers and programs: HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// If the files can't be used.
    pub fn new(files: Files) -> Result<Self, TlsError> {
        let provider = provider();
        let mut config = builder(&provider)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Renewed::open(files, provider)?));
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        Ok(Self::of(config))
    }

    /// For programs that may show a certificate of one of the authorities in the file: HTTP/1.1.
    ///
    /// # Errors
    /// If the files can't be used.
    pub fn for_known(files: Files, authorities: &Path) -> Result<Self, TlsError> {
        let provider = provider();
        let verifier = client::verifier(authorities, Arc::clone(&provider))?;
        let mut config = builder(&provider)?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(Renewed::open(files, provider)?));
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        // Each connection shows its certificate anew.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self::of(config))
    }

    /// Speaks HTTP/1.1 alone.
    #[must_use]
    pub fn http1_only(self) -> Self {
        let mut config = ServerConfig::clone(self.tls.config());
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        Self { tls: TlsAcceptor::from(Arc::new(config)), ..self }
    }

    fn of(config: ServerConfig) -> Self {
        Self { tls: TlsAcceptor::from(Arc::new(config)), within: HANDSHAKE_TIMEOUT }
    }

    /// Shakes hands with whoever connected.
    ///
    /// # Errors
    /// If that fails or takes more than ten seconds.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<Secured<S>> {
        let shaken = tokio::time::timeout(self.within, self.tls.accept(stream).into_fallible())
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long"))?;
        let stream = match shaken {
            Ok(stream) => stream,
            Err((error, mut stream)) => {
                linger(&mut stream).await;
                return Err(error);
            }
        };
        let (_, session) = stream.get_ref();
        let http2 = session.alpn_protocol() == Some(HTTP_2);
        let client =
            session.peer_certificates().and_then(|shown| shown.first()).map(|shown| client::names(shown));
        Ok(Secured { stream, http2, client })
    }
}

/// Reads on for a moment, so that the client gets to read why we refuse: what was not read when a connection is closed
/// takes along what the other side has not read.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    let rest = async {
        stream.shutdown().await?;
        let mut read = [0; 1_024];
        for _ in 0..MAX_LINGER_READS {
            if stream.read(&mut read).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    // Whether it ended makes no difference: the handshake failed.
    let _ = tokio::time::timeout(LINGER_TIMEOUT, rest).await;
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn builder(
    provider: &Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    Ok(ServerConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions()?)
}
