//! A provider as a process of its own, and a browser that goes through it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, Url};
use serde_json::{Value, json};

use super::SECRET;
use crate::database::Kind;
use crate::harness::{Estate, countersign};
use crate::python::Stranger;

/// A provider, and an estate that lets people in by it.
pub(super) struct Peer {
    pub(super) estate: Estate,
    pub(super) issuer: String,
    pub(super) options: Vec<String>,
    pub(super) provider: Option<Stranger>,
}

pub(super) fn script() -> Option<PathBuf> {
    let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("end2end");
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    if node.is_ok_and(|status| status.success()) && end2end.join("node_modules/oidc-provider").exists() {
        return Some(end2end.join("support/provider.mjs"));
    }
    assert!(std::env::var_os("CI").is_none(), "node and the packages of end2end are missing, which CI needs");
    eprintln!("skipped: node is missing, or the packages of end2end are (npm ci in end2end)");
    None
}

pub(super) fn start_provider(script: &Path, args: &[&str]) -> (Stranger, String) {
    let mut node = Command::new("node");
    node.arg(script).args(args).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut node = Stranger(node.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(node.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let issuer =
        line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("said {line:?}")).to_owned();
    (node, issuer)
}

impl Peer {
    pub(super) async fn start(kind: Kind) -> Option<Self> {
        Self::with_skew(kind, 0).await
    }

    /// With a provider whose clock is ahead of ours by so many seconds.
    pub(super) async fn with_skew(kind: Kind, skew: i64) -> Option<Self> {
        let script = script()?;
        let mut estate = Estate::start(kind).await;
        let key = estate.at("secrets.key").to_str().unwrap().to_owned();
        estate.serve_with(&["--secrets-key", &key]);
        let at = |path: &str| format!("{}{path}", estate.server.url);
        let (redirect, logout) = (at("/sign-in/provider/return"), at("/api/v1/sign-in/provider/logout"));
        let skew = format!("--skew={skew}");
        let args = ["--redirect", &redirect, "--logout", &logout, &skew];
        let (provider, issuer) = start_provider(&script, &args);
        let options = ["--database-url", &estate.database.url, "--secrets-key", &key].map(str::to_owned);
        let peer = Self { estate, issuer, options: options.to_vec(), provider: Some(provider) };
        peer.run(
            &["provider", "--name", "Sesame", "--issuer", &peer.issuer, "--client-id", "countersign"],
            SECRET,
        );
        peer.run(&["group", "responders", "--role", "security_operator"], "");
        peer.run(&["group", "readers", "--role", "security_reader"], "");
        Some(peer)
    }

    /// `countersign sign-in …`, which is to succeed.
    pub(super) fn run(&self, args: &[&str], input: &str) -> String {
        use std::io::Write as _;
        let mut command = countersign(&[&["sign-in"], args].concat());
        command.args(&self.options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn browser(&self) -> Browser {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Browser { client, home: self.estate.server.url.clone(), cookies: HashMap::new() }
    }

    /// Changes by which methods somebody proves there who they are.
    pub(super) async fn set_methods(&self, name: &str, methods: &[&str]) {
        let request = self.estate.client.post(format!("{}/people/{name}/methods", self.issuer));
        let answer = request.body(json!(methods).to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }

    /// Changes somebody's groups at the provider.
    pub(super) async fn set_groups(&self, name: &str, groups: &[&str]) {
        let request = self.estate.client.post(format!("{}/people/{name}", self.issuer));
        let answer = request.body(json!(groups).to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }
}

/// Somebody's browser, which keeps cookies by host and port.
pub(super) struct Browser {
    pub(super) client: reqwest::Client,
    pub(super) home: String,
    pub(super) cookies: HashMap<(String, String), String>,
}

impl Browser {
    pub(super) async fn send(&mut self, url: &Url, request: RequestBuilder) -> Response {
        let authority = url.authority().to_owned();
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .filter(|((of, _), _)| *of == authority)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let key = (authority.clone(), name.to_owned());
            if value.is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        answer
    }

    pub(super) async fn get(&mut self, url: &str) -> Response {
        let url = Url::parse(url).unwrap();
        let request = self.client.get(url.clone());
        self.send(&url, request).await
    }

    /// Goes to the provider.
    pub(super) async fn depart(&mut self) -> String {
        let start = format!("{}/sign-in/provider?next=/action-center/history", self.home);
        location(&self.get(&start).await)
    }

    /// Signs in at the provider; where it leads back to.
    pub(super) async fn choose(&mut self, begin: &str, name: &str) -> String {
        let mut url = Url::parse(begin).unwrap();
        for _ in 0..8 {
            let answer = if url.path().starts_with("/interaction/") {
                url.set_path(&format!("{}/login", url.path()));
                let request = form(self.client.post(url.clone()), &[("account", name)]);
                self.send(&url, request).await
            } else {
                self.get(url.as_str()).await
            };
            let next = answer.headers().get(LOCATION).map(|next| next.to_str().unwrap().to_owned());
            url = url
                .join(&next.unwrap_or_else(|| panic!("{url} leads nowhere: {}", answer.status())))
                .unwrap();
            if url.as_str().starts_with(&self.home) {
                return url.to_string();
            }
        }
        panic!("never came back from {begin}");
    }

    /// The whole way; where it ends.
    pub(super) async fn sign_in(&mut self, name: &str) -> String {
        let begin = self.depart().await;
        let back = self.choose(&begin, name).await;
        location(&self.get(&back).await)
    }

    /// Who is signed in, as the page shows it.
    pub(super) async fn who(&mut self) -> (u16, Value) {
        let url = Url::parse(&format!("{}/api/session", self.home)).unwrap();
        let request = self.client.post(url.clone()).header("sec-fetch-site", "same-origin");
        let request = form(request.header("accept", "application/json"), &[]);
        let answer = self.send(&url, request).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }
}

/// As a form of a page is sent.
pub(super) fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://localhost/", fields).unwrap();
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(encoded.query().unwrap_or_default().to_owned())
}

pub(super) fn location(answer: &Response) -> String {
    assert_eq!(answer.status().as_u16(), 303);
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The code of the sign-in page's sentence.
pub(super) fn error(location: &str) -> &str {
    let rest = location.strip_prefix("/sign-in?error=").unwrap_or_else(|| panic!("no failure: {location}"));
    rest.split('&').next().unwrap()
}
