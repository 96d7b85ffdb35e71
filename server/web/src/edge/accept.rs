//! The accept loop: HTTP/1.1, or over TLS HTTP/2 as well, with a limit on connections, in all and of each address, on the
//! time that a handshake and a header may take, and on the time that a client may leave our answer unread.
//!
//! `axum::serve` sets no timer, so a client that never finishes its header, or never reads, would hold its connection
//! for ever.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::activity::{Activity, Verdict};

/// Connections at a time; more wait until one ends.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a request header may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a header.
const MAX_HEADER: u32 = 32 * 1024;
/// Requests of one connection side by side (HTTP/2).
const MAX_REQUESTS: u32 = 100;
/// How often a silent connection is asked whether it is still there (HTTP/2), and how long the answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is looked whether a connection is in use (HTTP/2).
const LOOK_INTERVAL: Duration = Duration::from_secs(10);
/// How long a client may take none of our answer.
const WRITE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long requests may take to end once the server stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause after a failed accept, for example without file descriptors: waiting is better than spinning.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Who is connected, and how.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// Whether it speaks TLS with us.
    pub tls: bool,
}

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
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Where connections come in.
pub struct Door {
    /// What they come to.
    pub listener: TcpListener,
    /// How TLS is spoken with them, if it is.
    pub tls: Option<tls::Acceptor>,
    /// What answers them.
    pub router: Router,
}

/// How HTTP is spoken with each.
struct Http {
    one: Builder<TokioExecutor>,
    two: Builder<TokioExecutor>,
    router: Router,
    stop: CancellationToken,
}

/// Serves until `stop` is cancelled, then lets what is under way finish, for ten seconds at most. An address has at most
/// so many connections; one more is closed at once.
pub async fn serve(door: Door, most: impl Fn(IpAddr) -> usize, stop: CancellationToken) {
    let Door { listener, tls, router } = door;
    let http = Arc::new(Http::new(router, stop.clone()));
    let running = TaskTracker::new();
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
        let Some(place) = connected.enter(address, most(address)) else {
            tracing::debug!(%address, "a connection was closed: its address has too many");
            continue;
        };
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_TIMEOUT));
        let stream = Box::pin(stream);
        let (http, tls) = (Arc::clone(&http), tls.clone());
        running.spawn(async move {
            let _held = (permit, place);
            let Some(tls) = tls else {
                return http.attend(stream, Peer { address, tls: false }, false).await;
            };
            let secured = tokio::select! {
                () = http.stop.cancelled() => return,
                secured = tls.accept(stream) => secured,
            };
            match secured {
                Ok(secured) => {
                    http.attend(secured.stream, Peer { address, tls: true }, secured.http2).await;
                }
                Err(error) => tracing::debug!(%error, %address, "a handshake failed"),
            }
        });
    }
    drop(listener);
    running.close();
    if tokio::time::timeout(SHUTDOWN_TIMEOUT, running.wait()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

impl Http {
    fn new(router: Router, stop: CancellationToken) -> Self {
        // Each speaks one of them only: to find out which one it is has no time limit.
        let mut one = Builder::new(TokioExecutor::new()).http1_only();
        one.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
        let mut two = Builder::new(TokioExecutor::new()).http2_only();
        two.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_REQUESTS)
            .max_header_list_size(MAX_HEADER)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT);
        Self { one, two, router, stop }
    }

    /// Answers the requests of one connection until it ends.
    async fn attend<S>(&self, stream: S, peer: Peer, http2: bool)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::new();
        let service = service_fn(|request: Request<Incoming>| self.answer(request, peer, &activity));
        let http = if http2 { &self.two } else { &self.one };
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let mut look = tokio::time::interval_at(Instant::now() + LOOK_INTERVAL, LOOK_INTERVAL);
        let mut ends = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !ends => {
                    connection.as_mut().graceful_shutdown();
                    ends = true;
                }
                _ = look.tick(), if http2 => match activity.verdict(Instant::now()) {
                    Verdict::Goes => {}
                    Verdict::Quiet if !ends => {
                        connection.as_mut().graceful_shutdown();
                        ends = true;
                    }
                    Verdict::Quiet | Verdict::Unread => {
                        tracing::debug!(address = %peer.address, "a connection was cut: nobody reads or asks");
                        return;
                    }
                },
            }
        }
    }

    fn answer(
        &self,
        mut request: Request<Incoming>,
        peer: Peer,
        activity: &Activity,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + Send + use<> {
        request.extensions_mut().insert(peer);
        let exchange = activity.begin();
        let answer = self.router.clone().oneshot(request.map(Body::new));
        async move {
            let answer = answer.await.into_response();
            Ok(answer.map(|body| exchange.watch(body)))
        }
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
