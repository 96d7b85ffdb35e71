//! Signing in by an identity provider that is not ours: npm oidc-provider, pinned, as a process of its own.
//!
//! Its packages are those of the browser tests (`end2end`). Where node or they are missing the tests say so and pass; in
//! CI (`CI` is set) they fail.

use std::collections::HashMap;
use std::process::Stdio;

use reqwest::Url;
use reqwest::header::{HeaderValue, LOCATION, SET_COOKIE};
use serde_json::json;

use crate::database::{Kind, on_both};
use crate::harness::countersign;

mod peer;

use self::peer::{Browser, Peer, error, form, location};

on_both!(
    groups_say_what_people_hold,
    who_has_no_group_with_a_role_is_refused_with_words,
    an_answer_counts_once_and_for_who_went,
    people_are_known_by_their_number_alone,
    the_provider_ends_sessions_at_once,
    t41_a_second_factor_is_ours_or_one_that_is_trusted,
);

const SECRET: &str = "a secret that both know";

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

async fn t41_a_second_factor_is_ours_or_one_that_is_trusted(kind: Kind) {
    let Some(peer) = Peer::start(kind).await else { return };
    let mut ana = peer.browser();
    assert_eq!(ana.sign_in("ana").await, HISTORY, "she has none, and needs none");
    let required = "INSERT INTO factor_policy (holding) VALUES ('security_operator')";
    peer.estate.database.execute(required).await.unwrap();
    // Who must have one is led to set it up, whatever the provider says while nobody trusts it.
    peer.set_methods("ana", &["pwd", "otp", "mfa"]).await;
    let mut unproven = peer.browser();
    assert_eq!(unproven.sign_in("ana").await, HISTORY);
    assert_ne!(unproven.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200);
    let provider = ["provider", "--name", "Sesame", "--issuer", &peer.issuer, "--client-id", "countersign"];
    let trusting = [&provider[..], &["--trusted-factor", "mfa", "--trusted-factor", "hwk"]].concat();
    peer.run(&trusting, SECRET);
    let mut proven = peer.browser();
    assert_eq!(proven.sign_in("ana").await, HISTORY);
    assert_eq!(proven.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200);
    // It counts for that session alone.
    assert_ne!(unproven.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200);
    let recorded = "SELECT body FROM audit WHERE body LIKE '%identity provider: mfa%'";
    assert_eq!(peer.estate.database.column(recorded).await.len(), 1);
    // A password alone is no second factor, and a method that is not named is none.
    for methods in [&["pwd"][..], &["pwd", "otp"], &[]] {
        peer.set_methods("ana", methods).await;
        let mut weak = peer.browser();
        assert_eq!(weak.sign_in("ana").await, HISTORY);
        assert_ne!(weak.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200, "{methods:?}");
    }

    // Who has one of ours shows it after the provider; what was begun there is no session yet.
    let factor = format!(
        "INSERT INTO second_factors (id, user_id, kind, name, secret, confirmed_at, last_step, created_at)
         SELECT '{}', id, 'totp', 'app', 'x', 1, 0, 1 FROM users WHERE name = 'ana'",
        uuid::Uuid::from_u128(7)
    );
    peer.estate.database.execute(&factor).await.unwrap();
    let mut half = peer.browser();
    let page = half.sign_in("ana").await;
    assert!(page.starts_with("/sign-in/second-step"), "{page}");
    assert_eq!(half.who().await.0, 401);
    let shown = half.get(&peer.estate.url(&page)).await.text().await.unwrap();
    assert!(shown.contains("Second factor"), "{shown}");
    peer.set_methods("ana", &["hwk"]).await;
    let mut proven = peer.browser();
    assert_eq!(proven.sign_in("ana").await, HISTORY);
    assert_eq!(proven.get(&peer.estate.url(HISTORY)).await.status().as_u16(), 200);
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
