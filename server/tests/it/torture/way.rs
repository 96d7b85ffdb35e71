//! The way between servers and responder, which loses, doubles, delays and garbles what passes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Random;

/// What becomes of what passes, each by its own share of a hundred.
const FAULTS: &[(&str, u64)] = &[
    ("command lost", 5),
    ("answer lost", 8),
    ("command doubled", 8),
    ("answer late", 6),
    ("answer garbled", 6),
];

pub(super) struct Way {
    pub(super) url: String,
    state: Passage,
}

#[derive(Clone)]
struct Passage {
    responder: String,
    client: reqwest::Client,
    random: Arc<Mutex<Option<Random>>>,
    hits: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    passed: Arc<AtomicU64>,
}

impl Way {
    pub(super) async fn start(responder: &str, random: Random) -> Self {
        Self::open(responder, Some(random)).await
    }

    /// One on which all passes as it is.
    pub(super) async fn plain(responder: &str) -> Self {
        Self::open(responder, None).await
    }

    async fn open(responder: &str, random: Option<Random>) -> Self {
        let state = Passage {
            responder: responder.to_owned(),
            client: reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap(),
            random: Arc::new(Mutex::new(random)),
            hits: Arc::default(),
            passed: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(pass).with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, state }
    }

    /// From here on all passes as it is.
    pub(super) fn mend(&self) {
        *self.state.random.lock().unwrap() = None;
    }

    /// How many commands came to it.
    pub(super) fn passed(&self) -> u64 {
        self.state.passed.load(Ordering::SeqCst)
    }

    /// Where it leads.
    pub(super) fn responder(&self) -> &str {
        &self.state.responder
    }

    pub(super) fn hits(&self) -> BTreeMap<&'static str, u64> {
        self.state.hits.lock().unwrap().clone()
    }

    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        FAULTS.iter().map(|(name, _)| *name)
    }
}

/// Which fault is next, if any.
fn fault(passage: &Passage) -> Option<&'static str> {
    let mut dice = passage.random.lock().unwrap().as_mut()?.below(100);
    let (name, _) = FAULTS.iter().find(|(_, share)| {
        let hit = dice < *share;
        dice = dice.saturating_sub(*share);
        hit
    })?;
    Some(name)
}

async fn pass(State(passage): State<Passage>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    // What asks for what a host can do changes nothing.
    if !String::from_utf8_lossy(&body).contains("\"action\":\"query\"") {
        passage.passed.fetch_add(1, Ordering::SeqCst);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let send = async || forward(&passage, &parts.method, &path, &parts.headers, body.clone()).await;
    let fault = fault(&passage);
    let answer = match fault {
        Some("command lost") => None,
        Some("command doubled") => {
            let (one, _) = tokio::join!(send(), send());
            one
        }
        _ => send().await,
    };
    let Some((status, headers, mut bytes)) = answer else {
        if let Some(name) = fault {
            hit(&passage, name);
        }
        return broken();
    };
    if let Some(name) = fault {
        hit(&passage, name);
    }
    match fault {
        Some("answer lost") => return broken(),
        Some("answer late") => tokio::time::sleep(Duration::from_secs(3)).await,
        Some("answer garbled") => {
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
        }
        _ => {}
    }
    (status, headers, bytes).into_response()
}

fn hit(passage: &Passage, name: &'static str) {
    *passage.hits.lock().unwrap().entry(name).or_default() += 1;
}

async fn forward(
    passage: &Passage,
    method: &axum::http::Method,
    path: &str,
    headers: &HeaderMap,
    body: Bytes,
) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
    let mut headers = headers.clone();
    for name in ["host", "content-length", "connection"] {
        headers.remove(name);
    }
    let url = format!("{}{path}", passage.responder);
    let answer = passage.client.request(method.clone(), url).headers(headers).body(body).send().await.ok()?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for name in ["content-length", "transfer-encoding", "connection"] {
        headers.remove(name);
    }
    Some((status, headers, answer.bytes().await.ok()?.to_vec()))
}

/// An answer that ends before it began.
fn broken() -> Response {
    let end = std::io::Error::other("the way is broken");
    let body = futures_util::stream::iter([Err::<Bytes, _>(end)]);
    Response::new(Body::from_stream(body))
}
