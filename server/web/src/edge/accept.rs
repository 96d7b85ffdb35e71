//! The accept loop: HTTP/1.1 with a limit on connections, in all and of each address, on the time that a header may take,
//! and on the time that a client may leave our answer unread.
//!
//! `axum::serve` sets no timer, so a client that never finishes its header, or never reads, would hold its connection
//! for ever.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// Connections at a time; more wait until one ends.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a request header may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take none of our answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long requests may take to end once the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a failed accept, for example without file descriptors: waiting is better than spinning.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Who is connected.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How many connections each address has.
#[derive(Debug, Default)]
struct Connected(Mutex<HashMap<IpAddr, usize>>);

/// One of an address's connections, until it is dropped.
struct Connection {
    connected: Arc<Connected>,
    network: IpAddr,
}

impl Connected {
    fn enter(self: &Arc<Self>, address: IpAddr, most: usize) -> Option<Connection> {
        let network = network(address);
        let mut connected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = connected.entry(network).or_default();
        if *here >= most {
            return None;
        }
        *here += 1;
        Some(Connection { connected: Arc::clone(self), network })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut connected = self.connected.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = connected.get_mut(&self.network) {
            *here -= 1;
            if *here == 0 {
                connected.remove(&self.network);
            }
        }
    }
}

/// Whoever has an IPv6 address has all of its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Serves until `stop` is cancelled, then lets what is under way finish, for ten seconds at most. An address has at most
/// `each` connections; one more is closed at once.
pub async fn serve(listener: TcpListener, router: Router, each: usize, stop: CancellationToken) {
    // Only HTTP/1.1: browsers speak nothing else without TLS, and to find out which one it is has no time limit.
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connected = Arc::new(Connected::default());
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, address, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            }
        };
        let Some(place) = connected.enter(address, each) else {
            tracing::debug!(%address, "a connection was closed: its address has too many");
            continue;
        };
        let of_peer = move |mut request: Request<_>| {
            request.extensions_mut().insert(Peer(address));
            request.map(Body::new)
        };
        let service = TowerToHyperService::new(router.clone().map_request(of_peer));
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _held = (permit, place);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, address.ip(), permit))
}
