//! Sessions and tokens over a real store.

use std::collections::BTreeSet;

use domain::{AuditKind, Error, Role, Scope};
use jiff::SignedDuration;

use super::*;
use crate::testing::{FixedClock, system, tester};

/// Sessions over a database of their own.
pub(super) struct App {
    pub(super) store: SharedStore,
    pub(super) sessions: Sessions,
    pub(super) clock: std::sync::Arc<FixedClock>,
    _folder: tempfile::TempDir,
}

impl App {
    async fn sign_in(&self, name: &str, password: &str) -> Result<SignedIn, SignInError> {
        let turn = self.sessions.password_turn(None).await.unwrap();
        let attempt = SignInTry { name, password, address: None, device: None };
        self.sessions.sign_in(turn, &attempt, None).await
    }

    async fn token(&self, owner: Option<&str>, scopes: &[Scope]) -> String {
        let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
        self.sessions.create_token(&system(), tester(), "tool", owner, scopes, 30).await.unwrap().secret
    }
}

/// With nobody.
pub(super) async fn empty() -> App {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("t.db").display());
    let store = store::connect(&url).await.unwrap();
    let clock = FixedClock::at("2026-03-01T08:00:00Z".parse().unwrap());
    let sessions = Sessions::new(store.clone(), clock.clone()).with_demo(system());
    App { store, sessions, clock, _folder: folder }
}

/// With Ana, a Security Operator.
async fn app() -> App {
    let app = empty().await;
    let roles = [Role::SecurityOperator].into();
    let added =
        app.sessions.add_user(&system(), tester(), "ana", "Ana Sousa", roles, "correct horse battery").await;
    added.unwrap();
    app
}

#[tokio::test]
async fn an_unknown_name_costs_one_check_as_a_known_one_does() {
    let app = app().await;
    for name in ["ana", "nobody"] {
        let before = app.sessions.passwords.checks();
        let wrong = app.sign_in(name, "a wrong password").await;
        assert!(matches!(wrong, Err(SignInError::WrongOrPaused)));
        assert_eq!(app.sessions.passwords.checks() - before, 1, "{name}");
    }
    let kinds: Vec<_> = app.store.audit_after(0, 10).await.unwrap();
    let failures: Vec<_> = kinds.iter().filter(|record| record.kind == AuditKind::SignInFailed).collect();
    assert_eq!(failures.len(), 2);
    assert_eq!(failures[0].body["name"], "ana");
    assert!(failures[1].body["name"].is_null(), "what was typed is not recorded");
    assert!(!serde_json::to_string(&kinds).unwrap().contains("a wrong password"));
}

#[tokio::test]
async fn ten_failures_bring_a_pause_that_even_the_right_password_waits_for() {
    let app = app().await;
    for _ in 0..10 {
        assert!(app.sign_in("ana", "no").await.is_err());
    }
    let before = app.sessions.passwords.checks();
    assert!(app.sign_in("ana", "correct horse battery").await.is_err());
    assert_eq!(app.sessions.passwords.checks(), before, "no check during the pause");
    app.clock.forward(SignedDuration::from_secs(1));
    assert!(app.sign_in("ana", "correct horse battery").await.is_ok());
}

#[tokio::test]
async fn a_peek_is_no_use_of_a_session() {
    let app = app().await;
    let secret = app.sign_in("ana", "correct horse battery").await.unwrap().secret;
    let idle = SessionTimes::default().idle;
    let peek = async || app.sessions.peek(&secret).await.unwrap().map(|(_, ends)| ends);
    let first = peek().await.unwrap();
    app.clock.forward(idle / 2);
    assert_eq!(peek().await, Some(first));
    assert!(app.sessions.session(&secret).await.unwrap().is_some());
    assert_eq!(peek().await, Some(first + idle / 2), "a use puts the end off");
    app.clock.forward(idle / 2);
    assert!(peek().await.is_some());
    app.clock.forward(idle / 2);
    assert_eq!(peek().await, None);
}

#[tokio::test]
async fn a_disabled_user_is_out_with_all_that_is_theirs() {
    let app = app().await;
    let signed_in = app.sign_in("ana", "correct horse battery").await.unwrap();
    let token = app.token(Some("ana"), &[Scope::Decide]).await;
    let caller = app.sessions.token(&token).await.unwrap().unwrap();
    assert_eq!(caller.person, signed_in.caller.person);
    assert_eq!(caller.roles, BTreeSet::from([Role::SecurityOperator]));
    assert!(app.sessions.session(&token).await.unwrap().is_none(), "a token is no session");
    assert!(app.sessions.token(&signed_in.secret).await.unwrap().is_none(), "a session is no token");

    let mut tx = app.store.begin_system(&system()).await.unwrap();
    tx.set_enabled(signed_in.caller.person.unwrap(), false).await.unwrap();
    tx.commit().await.unwrap();
    assert!(app.sessions.session(&signed_in.secret).await.unwrap().is_none());
    assert!(app.sessions.token(&token).await.unwrap().is_none());
    assert!(app.sign_in("ana", "correct horse battery").await.is_err());
}

#[tokio::test]
async fn a_tools_token_has_no_person_and_ends() {
    let app = app().await;
    let token = app.token(None, &[Scope::Propose]).await;
    assert!(token.starts_with("cst_") && token.len() > 40);
    let caller = app.sessions.token(&token).await.unwrap().unwrap();
    assert_eq!((caller.person, caller.actor.kind), (None, ActorKind::Token));
    app.clock.forward(SignedDuration::from_hours(24 * 30));
    assert!(app.sessions.token(&token).await.unwrap().is_none());
    for wrong in ["", "cst_", "cst_x", &"x".repeat(1_000_000)] {
        assert!(app.sessions.token(wrong).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn t12_accounts_are_audited_without_their_secrets() {
    let app = app().await;
    let add = async |name: &str, display: &str, roles: &[Role], password: &str| {
        let roles = roles.iter().copied().collect();
        match app.sessions.add_user(&system(), tester(), name, display, roles, password).await {
            Ok(_) => Vec::new(),
            Err(Error::Invalid(fields)) => fields.into_iter().map(|field| field.pointer).collect(),
            Err(error) => panic!("{error}"),
        }
    };
    let good = "a long enough one";
    assert_eq!(add("ana", "Ana", &[Role::SecurityReader], good).await, ["/name"], "taken");
    assert_eq!(add("b c", "", &[], "short").await, ["/name", "/display_name", "/roles", "/password"]);
    assert_eq!(
        add("anna", "Ana  S\u{43e}usa", &[Role::SecurityReader], good).await,
        ["/display_name"],
        "alike"
    );
    assert!(add("ben", "Ben", &[Role::SecurityReader], good).await.is_empty());
    let token = async |owner: Option<&str>, scopes: &[Scope], days| {
        app.sessions
            .create_token(&system(), tester(), "t", owner, scopes.iter().copied().collect(), days)
            .await
    };
    for scope in [Scope::Decide, Scope::Administer, Scope::Executors, Scope::Notifications] {
        let refused = format!("{:?}", token(None, &[Scope::Read, scope], 1).await.unwrap_err());
        assert!(refused.contains(scope.as_str()), "people answer for it: {refused}");
    }
    assert!(token(Some("nobody"), &[Scope::Decide], 1).await.is_err());
    assert!(token(None, &[], 1).await.is_err());
    assert!(token(None, &[Scope::Read], 0).await.is_err());
    let made = token(Some("ben"), &[Scope::Decide], 1).await.unwrap();
    let log = app.store.audit_after(0, 100).await.unwrap();
    let kinds: Vec<_> = log.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [AuditKind::UserAdded, AuditKind::UserAdded, AuditKind::TokenCreated]);
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains(&made.secret) && !text.contains(good) && !text.contains("argon2"));
}

#[tokio::test]
async fn sessions_last_as_long_as_is_set() {
    let mut app = app().await;
    let times = SessionTimes::checked(5, 1).unwrap();
    app.sessions = Sessions::new(app.store.clone(), app.clock.clone()).with_times(times);
    let first = app.sign_in("ana", "correct horse battery").await.unwrap().secret;
    app.clock.forward(times.idle);
    assert!(app.sessions.session(&first).await.unwrap().is_none(), "nobody used it");
    let second = app.sign_in("ana", "correct horse battery").await.unwrap().secret;
    for _ in 0..14 {
        app.clock.forward(SignedDuration::from_mins(4));
        assert!(app.sessions.session(&second).await.unwrap().is_some(), "it is used");
    }
    app.clock.forward(SignedDuration::from_mins(4));
    assert!(app.sessions.session(&second).await.unwrap().is_none(), "it ends in any case");
}
