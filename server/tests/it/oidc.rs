//! Signing in by an identity provider that is not ours: npm oidc-provider, pinned, as a process of its own.
//!
//! Its packages are those of the browser tests (`end2end`). Where node or they are missing the tests say so and pass; in
//! CI (`CI` is set) they fail.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, Url};
use serde_json::{Value, json};

use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign};
use crate::python::Stranger;

on_both!(
    groups_say_what_people_hold,
    who_has_no_group_with_a_role_is_refused_with_words,
    an_answer_counts_once_and_for_who_went,
    people_are_known_by_their_number_alone,
    the_provider_ends_sessions_at_once,
);

const SECRET: &str = "a secret that both know";

/// A provider, and an estate that lets people in by it.
struct Peer {
    estate: Estate,
    issuer: String,
    options: Vec<String>,
    provider: Option<Stranger>,
}

fn script() -> Option<PathBuf> {
    let end2end = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("end2end");
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    if node.is_ok_and(|status| status.success()) && end2end.join("node_modules/oidc-provider").exists() {
        return Some(end2end.join("support/provider.mjs"));
    }
    assert!(std::env::var_os("CI").is_none(), "node and the packages of end2end are missing, which CI needs");
    eprintln!("skipped: node is missing, or the packages of end2end are (npm ci in end2end)");
    None
}

fn start_provider(script: &Path, args: &[&str]) -> (Stranger, String) {
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
    async fn start(kind: Kind) -> Option<Self> {
        Self::with_skew(kind, 0).await
    }

    /// With a provider whose clock is ahead of ours by so many seconds.
    async fn with_skew(kind: Kind, skew: i64) -> Option<Self> {
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
    fn run(&self, args: &[&str], input: &str) -> String {
        use std::io::Write as _;
        let mut command = countersign(&[&["sign-in"], args].concat());
        command.args(&self.options).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn browser(&self) -> Browser {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Browser { client, home: self.estate.server.url.clone(), cookies: HashMap::new() }
    }

    /// Changes somebody's groups at the provider.
    async fn set_groups(&self, name: &str, groups: &[&str]) {
        let request = self.estate.client.post(format!("{}/people/{name}", self.issuer));
        let answer = request.body(json!(groups).to_string()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204);
    }
}

/// Somebody's browser, which keeps cookies by host and port.
struct Browser {
    client: reqwest::Client,
    home: String,
    cookies: HashMap<(String, String), String>,
}

impl Browser {
    async fn send(&mut self, url: &Url, request: RequestBuilder) -> Response {
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

    async fn get(&mut self, url: &str) -> Response {
        let url = Url::parse(url).unwrap();
        let request = self.client.get(url.clone());
        self.send(&url, request).await
    }

    /// Goes to the provider.
    async fn depart(&mut self) -> String {
        let start = format!("{}/sign-in/provider?next=/action-center/history", self.home);
        location(&self.get(&start).await)
    }

    /// Signs in at the provider; where it leads back to.
    async fn choose(&mut self, begin: &str, name: &str) -> String {
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
    async fn sign_in(&mut self, name: &str) -> String {
        let begin = self.depart().await;
        let back = self.choose(&begin, name).await;
        location(&self.get(&back).await)
    }

    /// Who is signed in, as the page shows it.
    async fn who(&mut self) -> (u16, Value) {
        let url = Url::parse(&format!("{}/api/session", self.home)).unwrap();
        let request = self.client.post(url.clone()).header("sec-fetch-site", "same-origin");
        let request = form(request.header("accept", "application/json"), &[]);
        let answer = self.send(&url, request).await;
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }
}

/// As a form of a page is sent.
fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let encoded = Url::parse_with_params("http://localhost/", fields).unwrap();
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(encoded.query().unwrap_or_default().to_owned())
}

fn location(answer: &Response) -> String {
    assert_eq!(answer.status().as_u16(), 303);
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The code of the sign-in page's sentence.
fn error(location: &str) -> &str {
    let rest = location.strip_prefix("/sign-in?error=").unwrap_or_else(|| panic!("no failure: {location}"));
    rest.split('&').next().unwrap()
}

const HISTORY: &str = "/action-center/history";

async fn groups_say_what_people_hold(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let mut ana = peer.browser();
    let page = ana.get(&peer.estate.url("/sign-in?next=/action-center/history")).await.text().await.unwrap();
    assert!(page.contains("Sign in with Sesame"), "{page}");
    assert!(page.contains("href=\"/sign-in/provider?next=%2Faction-center%2Fhistory\""), "{page}");
    let begin = Url::parse(&ana.depart().await).unwrap();
    let asked: HashMap<_, _> = begin.query_pairs().into_owned().collect();
    assert_eq!((asked["response_type"].as_str(), asked["code_challenge_method"].as_str()), ("code", "S256"));
    assert!(asked["nonce"].len() >= 16 && asked["state"].len() >= 16);

    assert_eq!(ana.sign_in("ana").await, HISTORY);
    let operator = json!({ "name": "Ana Sousa", "roles": ["Security Operator"], "administers": false });
    assert_eq!(ana.who().await, (200, operator));
    assert_eq!(ana.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200);

    // What the provider says at the next sign-in counts from then on, also in the session that is open.
    peer.set_groups("ana", &["readers", "gardeners"]).await;
    let mut elsewhere = peer.browser();
    assert_eq!(elsewhere.sign_in("ana").await, HISTORY);
    assert_eq!(elsewhere.who().await.1["roles"], json!(["Security Reader"]));
    assert_eq!(ana.who().await.1["roles"], json!(["Security Reader"]));
    // What a group gives counts at once.
    peer.run(&["group", "gardeners", "--role", "active_remediation_actions"], "");
    assert_eq!(ana.who().await.1["roles"], json!(["Security Reader", "Active remediation actions"]));
    peer.run(&["remove-group", "readers"], "");
    assert_eq!(ana.who().await.1["roles"], json!(["Active remediation actions"]));
    let shown = peer.run(&["show"], "");
    assert!(shown.contains("with a secret") && !shown.contains(SECRET), "{shown}");
    peer.estate.verify_audit();
}

async fn who_has_no_group_with_a_role_is_refused_with_words(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let mut cy = peer.browser();
    let refused = cy.sign_in("cy").await;
    assert_eq!(error(&refused), "no_group");
    assert!(refused.ends_with("&next=/action-center/history"), "{refused}");
    let page = cy.get(&peer.estate.url(&refused)).await.text().await.unwrap();
    assert!(page.contains("none of your groups has a role here"), "{page}");
    assert_eq!(cy.who().await.0, 401);
    // Nobody was added; what happened is in the log.
    let names = "SELECT name FROM users WHERE name = 'cy'";
    assert!(peer.estate.database.column(names).await.is_empty());
    let failures =
        peer.estate.database.column("SELECT body FROM audit WHERE body LIKE '%no group gives%'").await;
    assert!(
        matches!(&*failures, [one] if one.contains("no group gives a role") && one.contains("gardeners"))
    );

    // Who had a role and has none any more loses it, too.
    let mut ana = peer.browser();
    assert_eq!(ana.sign_in("ana").await, HISTORY);
    peer.set_groups("ana", &[]).await;
    assert_eq!(error(&peer.browser().sign_in("ana").await), "no_group");
    assert_eq!(ana.who().await.1["roles"], json!([]));
    // Who is kept out stays out, whatever their groups.
    peer.estate.administrator();
    peer.set_groups("ana", &["responders"]).await;
    let disabled = countersign(&["user", "disable", "ana"]).args(&peer.options[..2]).output().unwrap();
    assert!(disabled.status.success());
    assert_eq!(ana.who().await.0, 401);
    assert_eq!(error(&peer.browser().sign_in("ana").await), "disabled");
    peer.estate.verify_audit();
}

async fn an_answer_counts_once_and_for_who_went(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let returned = async |browser: &mut Browser, url: &str| location(&browser.get(url).await);

    // The same answer again, by the same browser with the same cookie: the provider gives no second token for a code.
    let mut ana = peer.browser();
    let begin = ana.depart().await;
    let back = ana.choose(&begin, "ana").await;
    let cookies = ana.cookies.clone();
    assert_eq!(returned(&mut ana, &back).await, HISTORY);
    assert_eq!(error(&returned(&mut ana, &back).await), "start_again", "the cookie is gone");
    ana.cookies = cookies;
    assert_eq!(error(&returned(&mut ana, &back).await), "provider_not_accepted");

    // An answer for another browser, for another sign-in, and one with another state.
    let mut ben = peer.browser();
    let begin = ben.depart().await;
    let back = ben.choose(&begin, "ben").await;
    assert_eq!(error(&returned(&mut peer.browser(), &back).await), "start_again");
    let mut other = peer.browser();
    other.depart().await;
    assert_eq!(error(&returned(&mut other, &back).await), "start_again");

    let changed = |url: &str, name: &str, value: Option<&str>| {
        let mut url = Url::parse(url).unwrap();
        let pairs: Vec<_> = url.query_pairs().into_owned().filter(|(of, _)| of != name).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(value.map(|value| (name, value)));
        url.to_string()
    };
    // The answer names its issuer (RFC 9207): another one, or none, is not believed.
    for iss in [Some("https://evil.example.org"), None] {
        let mut ben = peer.browser();
        let begin = ben.depart().await;
        let back = ben.choose(&begin, "ben").await;
        assert!(back.contains("iss="), "{back}");
        let forged = changed(&back, "iss", iss);
        assert_eq!(error(&returned(&mut ben, &forged).await), "provider_not_accepted", "{iss:?}");
    }
    // A token that was made for another sign-in has another nonce.
    let mut ben = peer.browser();
    let begin = ben.depart().await;
    let back = ben.choose(&changed(&begin, "nonce", Some("of another sign-in")), "ben").await;
    assert_eq!(error(&returned(&mut ben, &back).await), "provider_not_accepted");
    assert_eq!(ben.who().await.0, 401);
    // Who gave up there is told so.
    let mut nobody = peer.browser();
    let begin = nobody.depart().await;
    let back = nobody.choose(&begin, "nobody").await;
    assert_eq!(error(&returned(&mut nobody, &back).await), "provider_declined");
    for junk in ["", "?code=a", "?state=b&code=a", "?code=%00&state=%ff", "?code=a&code=b"] {
        let url = peer.estate.url(&format!("/sign-in/provider/return{junk}"));
        assert_eq!(error(&returned(&mut peer.browser(), &url).await), "start_again", "{junk}");
    }
    peer.estate.verify_audit();
}

async fn people_are_known_by_their_number_alone(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let mut command = countersign(&["user", "add", "ana", "--role", "security_reader"]);
    command.args(&peer.options[..2]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"correct horse battery\n").unwrap();
    assert!(child.wait().unwrap().success());

    // The same name, and the same address of mail, are nobody's proof.
    let mut ana = peer.browser();
    assert_eq!(error(&ana.sign_in("ana").await), "name_taken");
    assert_eq!(ana.who().await.0, 401);
    peer.run(&["link", "ana", "--subject", "number-ana"], "");
    assert_eq!(ana.sign_in("ana").await, HISTORY);
    assert_eq!(ana.who().await.1["roles"], json!(["Security Operator"]));
    assert_eq!(peer.estate.database.column("SELECT name FROM users WHERE name = 'ana'").await.len(), 1);
    // The session before is over: a new one begins at every sign-in.
    let old = ana.cookies.clone();
    assert_eq!(ana.sign_in("ana").await, HISTORY);
    let new = std::mem::replace(&mut ana.cookies, old);
    assert_eq!(ana.who().await.0, 401);
    ana.cookies = new;
    assert_eq!(ana.who().await.0, 200);
    peer.estate.verify_audit();
}

async fn the_provider_ends_sessions_at_once(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let (mut ana, mut ben) = (peer.browser(), peer.browser());
    assert_eq!(ana.sign_in("ana").await, HISTORY);
    assert_eq!(ben.sign_in("ben").await, HISTORY);
    let another_server = peer.estate.another_server();
    let mut there = Browser { home: another_server.url.clone(), ..peer.browser() };
    let authority = Url::parse(&there.home).unwrap().authority().to_owned();
    for ((_, name), value) in &ana.cookies {
        there.cookies.insert((authority.clone(), name.clone()), value.clone());
    }
    assert_eq!(there.who().await.0, 200);

    // Signing out there: the provider's own page, which tells its clients.
    let page = ana.get(&format!("{}/session/end", peer.issuer)).await.text().await.unwrap();
    let xsrf = page.split("name=\"xsrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let confirm = Url::parse(&format!("{}/session/end/confirm", peer.issuer)).unwrap();
    let fields = [("xsrf", xsrf.as_str()), ("logout", "yes")];
    let request = form(ana.client.post(confirm.clone()), &fields);
    let answer = ana.send(&confirm, request).await;
    assert!(answer.status().is_redirection(), "{}", answer.status());
    assert_eq!((ana.who().await.0, there.who().await.0), (401, 401));
    assert_eq!(ben.who().await.0, 200, "another's session goes on");

    // Nobody else can say so.
    let url = peer.estate.url("/api/v1/sign-in/provider/logout");
    for token in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let request = form(peer.estate.client.post(&url), &[("logout_token", token)]);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 400, "{token}");
    }
    assert_eq!(ben.who().await.0, 200);
    peer.estate.verify_audit();
}

#[tokio::test]
async fn a_provider_that_is_down_is_said_to_be() {
    let Some(mut peer) = Peer::start(Kind::Sqlite).await else { return };
    let mut ana = peer.browser();
    let begin = ana.depart().await;
    let back = ana.choose(&begin, "ana").await;
    drop(peer.provider.take());
    // It went away while somebody was there, and then for everybody.
    let refused = location(&ana.get(&back).await);
    assert_eq!(error(&refused), "provider_down");
    let key = peer.options[3].clone();
    peer.estate.serve_with(&["--secrets-key", &key]);
    let refused = peer.browser().depart().await;
    assert_eq!(error(&refused), "provider_down");
    let mut ana = peer.browser();
    let page = ana.get(&peer.estate.url(&refused)).await.text().await.unwrap();
    assert!(page.contains("The identity provider does not answer."), "{page}");
    assert!(page.contains("name=\"password\""), "the other way in is still there");
    // Without a provider there is no link.
    peer.run(&["remove-provider"], "");
    let page = ana.get(&peer.estate.url("/sign-in")).await.text().await.unwrap();
    assert!(!page.contains("Sign in with"), "{page}");
    assert_eq!(error(&peer.browser().depart().await), "no_provider");
}

#[tokio::test]
async fn clocks_may_differ_a_little() {
    // A token lives for 120 seconds there.
    for (skew, want) in [
        (40, None),
        (-150, None),
        (150, Some("provider_not_accepted")),
        (-250, Some("provider_not_accepted")),
    ] {
        let Some(peer) = Peer::with_skew(Kind::Sqlite, skew).await else { return };
        let ended = peer.browser().sign_in("ana").await;
        match want {
            None => assert_eq!(ended, HISTORY, "{skew}"),
            Some(want) => assert_eq!(error(&ended), want, "{skew}"),
        }
    }
}

#[tokio::test]
async fn the_cookie_on_the_way_is_of_no_use_to_others() {
    let Some(peer) = Peer::start(Kind::Sqlite).await else { return };
    let mut ana = peer.browser();
    let answer = ana.get(&peer.estate.url("/sign-in/provider?next=//evil.example.org")).await;
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    for flag in
        ["__Host-sign-in=v1.", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=900"]
    {
        assert!(cookie.contains(flag), "{cookie}");
    }
    let back = ana.choose(&location(&answer), "ana").await;
    let answer = ana.get(&back).await;
    assert_eq!(
        answer.headers()[LOCATION],
        HeaderValue::from_static("/action-center"),
        "no way to another site"
    );
    // What was changed on the way opens nothing.
    let mut forger = peer.browser();
    let begin = forger.depart().await;
    for ((_, name), value) in &mut forger.cookies {
        if name == "__Host-sign-in" {
            value.replace_range(10..11, if &value[10..11] == "A" { "B" } else { "A" });
        }
    }
    let back = forger.choose(&begin, "ana").await;
    assert_eq!(error(&location(&forger.get(&back).await)), "start_again");
}
