//! The real router over a temporary database, for the tests of the edge.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Request, StatusCode};
use domain::{Role, Scope};
use http_body_util::BodyExt;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::pages::pages;
use executors::channels::Channels;
use executors::destinations::Destinations;
use executors::seal::SecretsKey;
use executors::simulated::Simulated;
use executors::workshop::Kinds;
use identity::OpenIdConnect;
use service::Service;
use service::events::Feed;
use service::executor::Executors;
use service::factors::Factors;
use service::identity::sign_in::ProviderSignIn;
use service::session::Sessions;
pub(crate) use service::testing::{FixedClock, proposal, system, tester};
use store::{self, SharedStore};
use web::edge::security::Edge;
use web::router;
use web::site::Site;
use web::state::AppState;

/// The application under test.
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) store: SharedStore,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) clock: Arc<FixedClock>,
    folder: TempDir,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::with(false, Edge::new(true, false, None)).await
    }

    pub(crate) async fn demo() -> Self {
        Self::with(true, Edge::new(true, false, None)).await
    }

    pub(crate) async fn with(demo: bool, edge: Edge) -> Self {
        Self::with_destinations(demo, edge, Destinations::default()).await
    }

    /// With the server's list of destinations.
    pub(crate) async fn with_destinations(demo: bool, edge: Edge, destinations: Destinations) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        std::fs::create_dir_all(site.join("pkg")).unwrap();
        let manifest = r#"{"app":{"js":"/pkg/a-1.js","wasm":"/pkg/a-1.wasm"},"css":"/pkg/a-1.css"}"#;
        std::fs::write(site.join("manifest.json"), manifest).unwrap();
        std::fs::write(site.join("robots.txt"), "User-agent: *\nDisallow: /\n").unwrap();
        std::fs::write(site.join("pkg/a-1.js"), "export {}").unwrap();
        std::fs::write(site.join("pkg/a-1.js.br"), "pressed").unwrap();
        let store =
            store::connect(&format!("sqlite://{}", folder.path().join("t.db").display())).await.unwrap();
        let clock = FixedClock::at("2026-03-01T08:00:00Z".parse().unwrap());
        let key = SecretsKey::in_file(&folder.path().join("secrets.key"));
        let workshop = Arc::new(Kinds::new(key, clock.clone()).with_destinations(destinations.clone()));
        let factors = Factors::new(store.clone(), clock.clone())
            .with_workshop(workshop.clone())
            .with_address("http://localhost:8080");
        let service = Service::new(store.clone(), clock.clone(), Executors::new(vec![Arc::new(Simulated)]))
            .with_workshop(workshop)
            .with_factors(factors.clone())
            .with_reports(system())
            .with_messenger(Arc::new(Channels::new(None, destinations).unwrap()), "");
        let site = Site::read(&site, demo).unwrap();
        let feed = Feed::start(store.clone(), CancellationToken::new()).await.unwrap();
        let sessions =
            Sessions::new(store.clone(), clock.clone()).with_demo(system()).with_first_start(system());
        let provider =
            ProviderSignIn::new(service.clone(), Arc::new(OpenIdConnect::new().unwrap()), system());
        let state =
            AppState::new(store.clone(), clock.clone(), sessions, Arc::new(service), feed, site, edge)
                .with_factors(factors)
                .with_provider(provider);
        let sessions = Arc::clone(&state.sessions);
        Self { router: router::build(state.clone(), pages(&state)), state, store, sessions, clock, folder }
    }

    pub(crate) fn site(&self) -> std::path::PathBuf {
        self.folder.path().join("site")
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request("GET", path, headers).body(Body::empty()).unwrap()).await
    }

    /// As a browser posts a form of ours.
    pub(crate) async fn form(&self, path: &str, cookie: Option<&str>, form: &str) -> Answer {
        let mut request = request("POST", path, &[])
            .header(ORIGIN, "http://localhost:8080")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie);
        }
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// As a tool speaks to the API.
    pub(crate) async fn api(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.api_with(token, method, path, &[], body.map(ToString::to_string).unwrap_or_default()).await
    }

    pub(crate) async fn api_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = request(method, path, headers)
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    pub(crate) async fn user(&self, name: &str, roles: &[Role]) {
        let roles: BTreeSet<Role> = roles.iter().copied().collect();
        let add = async |display: &str| {
            let password = "correct horse battery";
            self.sessions.add_user(&system(), tester(), name, display, roles.clone(), password).await
        };
        // No two look alike: the first has the plain name.
        if add("Ana Sousa").await.is_err() {
            add(&format!("Ana Sousa ({name})")).await.unwrap();
        }
    }

    pub(crate) async fn token(&self, owner: Option<&str>, scopes: &[Scope]) -> String {
        self.token_named("tool", owner, scopes).await
    }

    /// Tokens without an owner are one tool's if they have one name.
    pub(crate) async fn token_named(&self, name: &str, owner: Option<&str>, scopes: &[Scope]) -> String {
        let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
        self.sessions.create_token(&system(), tester(), name, owner, scopes, 30).await.unwrap().secret
    }

    /// Signs in and returns the cookie to send.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        let answer =
            self.form("/sign-in", None, &format!("name={name}&password=correct+horse+battery")).await;
        cookie_of(&answer).unwrap_or_else(|| panic!("{} {}", answer.status, answer.text()))
    }
}

pub(crate) fn cookie_of(answer: &Answer) -> Option<String> {
    answer.header("set-cookie").split(';').next().filter(|cookie| cookie.len() > 20).map(str::to_owned)
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> axum::http::request::Builder {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header(HOST, "localhost:8080");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request
}
