//! Following what happens: every change once and in order, to those who may see it, whatever breaks in between.

mod crowd;
mod stream;

use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, COOKIE};
use serde_json::{Value, json};
use service::testing::system as authority;

use self::stream::{Event, Stream};
use crate::database::{Kind, on_both};
use crate::harness::{Estate, countersign, proposal, until};

on_both!(
    changes_come_as_they_happen,
    t27_a_stream_goes_on_where_it_broke,
    who_is_too_far_behind_begins_anew,
    who_may_follow_and_what_they_hear,
    a_session_that_ends_takes_its_streams_along,
    streams_are_limited_and_end_with_the_server,
);

impl Estate {
    /// A request for a stream with a token.
    fn follow(&self, token: &str, query: &str) -> RequestBuilder {
        self.client.get(self.url("/api/v1/events") + query).bearer_auth(token)
    }

    /// Likewise with a session.
    fn watch(&self, cookie: &str, query: &str) -> RequestBuilder {
        self.client.get(self.url("/events") + query).header(COOKIE, cookie)
    }

    async fn propose_many(&self, token: &str, names: impl Iterator<Item = String>) -> Vec<Value> {
        let folder = self.at("sandbox").canonicalize().unwrap();
        let actions: Vec<_> =
            names.map(|name| proposal(&name, &folder.join(&name), &"ab".repeat(32))).collect();
        let body = json!({ "actions": actions });
        let (status, answer) = self.post("/api/v1/actions", token, &body).await.unwrap();
        assert_eq!(status, 201, "{answer}");
        answer["actions"].as_array().unwrap().clone()
    }

    async fn propose_one(&self, name: &str) -> Value {
        self.propose_many(&self.scanner, std::iter::once(name.to_owned())).await.remove(0)
    }

    async fn head(&self) -> i64 {
        let head = self.database.column("SELECT CAST(MAX(seq) AS TEXT) FROM audit").await;
        head[0].parse().unwrap()
    }
}

async fn changes_come_as_they_happen(kind: Kind) {
    let estate = Estate::start(kind).await;
    let cookie = estate.sign_in("operator-0").await;
    let request = estate.watch(&cookie, "").header(ACCEPT_ENCODING, "br, gzip");
    let mut stream = Stream::open(request).await;
    let headers = stream.response.headers();
    assert_eq!(headers[CONTENT_TYPE], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    assert!(!headers.contains_key(CONTENT_ENCODING), "events would wait for each other");
    let hello = stream.expect("hello").await;
    // What is told may lag a little behind what is written.
    let head = estate.head().await;
    assert!(hello.id <= head && hello.data == json!({ "seq": hello.id }), "{hello:?} of {head}");

    let action = estate.propose_one("a").await;
    let proposed = stream.expect("change").await;
    let expected = json!({ "seq": head + 1, "subject": { "kind": "action", "id": action["id"] }, "kind": "Proposed", "version": 1,
        "lane": "pending", "by": "token \u{201c}scanner\u{201d}", "mine": false });
    assert_eq!((proposed.id, proposed.data), (head + 1, expected));

    // A refused attempt is recorded, and changes nothing.
    assert_eq!(estate.decide("approve", &action, &estate.scanner).await.unwrap().0, 403);
    assert_eq!(estate.decide("approve", &action, &estate.people[1]).await.unwrap().0, 200);
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let Event { id, data, .. } = stream.expect("change").await;
        assert_eq!(data["subject"]["id"], action["id"]);
        seen.push((
            id,
            data["kind"].as_str().unwrap().to_owned(),
            data["lane"].clone(),
            data["version"].clone(),
        ));
    }
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "{seen:?}");
    let told: Vec<_> = seen.iter().map(|(_, kind, lane, version)| (kind.as_str(), lane, version)).collect();
    let (running, over) = (json!("in_progress"), json!("history"));
    let versions = [json!(2), json!(3), json!(4)];
    assert_eq!(told[0], ("Approved", &running, &versions[0]));
    assert_eq!(told[1], ("Dispatched", &running, &versions[1]));
    assert_eq!(told[2], ("Reported", &over, &versions[2]));

    // One's own decisions say so.
    let action = estate.propose_one("b").await;
    stream.expect("change").await;
    let mut own = Stream::open(estate.follow(&estate.people[0], "")).await;
    own.expect("hello").await;
    assert_eq!(estate.decide("reject", &action, &estate.people[0]).await.unwrap().0, 200);
    let (by_me, by_other) = (own.expect("change").await, stream.expect("change").await);
    assert_eq!((by_me.data["mine"].clone(), by_other.data["mine"].clone()), (json!(true), json!(false)));
    assert_eq!(
        (by_me.data["kind"].clone(), by_me.data["by"].clone()),
        (json!("Rejected"), json!("operator-0 by token “operator-0”"))
    );
}

async fn t27_a_stream_goes_on_where_it_broke(kind: Kind) {
    let estate = Estate::start(kind).await;
    let person = &estate.people[0];
    let mut stream = Stream::open(estate.follow(person, "")).await;
    let hello = stream.expect("hello").await;
    estate.propose_many(&estate.scanner, (0..30).map(|n| n.to_string())).await;
    let mut all = Vec::new();
    while all.len() < 30 {
        all.push(stream.expect("change").await);
    }
    drop(stream);
    let from = |place: usize| if place == 0 { hello.id } else { all[place - 1].id };
    for place in [0, 1, 17, 29] {
        let by_query = estate.follow(person, &format!("?after={}", from(place)));
        // A browser that comes back sends both: the address of before, and what it saw last.
        let by_header = estate.follow(person, &format!("?after={}", hello.id));
        let by_header = by_header.header("last-event-id", from(place).to_string());
        for request in [by_query, by_header] {
            let mut stream = Stream::open(request).await;
            for expected in &all[place..] {
                assert_eq!(stream.next().await.as_ref(), Some(expected));
            }
        }
    }
    // Also in a process that has read none of it.
    let mut estate = estate;
    estate.restart_server(None);
    let person = estate.people[0].clone();
    let mut stream = Stream::open(estate.follow(&person, &format!("?after={}", from(3)))).await;
    for expected in &all[3..] {
        assert_eq!(stream.next().await.as_ref(), Some(expected));
    }
    let action = estate.propose_one("later").await;
    assert_eq!(stream.expect("change").await.data["subject"]["id"], action["id"]);
}

async fn who_is_too_far_behind_begins_anew(kind: Kind) {
    let estate = Estate::start(kind).await;
    let person = &estate.people[0];
    let mut follower = Stream::open(estate.follow(person, "")).await;
    let hello = follower.expect("hello").await;
    let future = estate.follow(person, &format!("?after={}", hello.id + 1_000));
    let reset = Stream::open(future).await.expect("reset").await;
    assert_eq!((reset.id, reset.data), (hello.id, json!({ "seq": hello.id })));

    // More than anybody is told one by one, in a single transaction.
    let by = domain::Authorized::system(&authority(), "test", "Test");
    let store = estate.database.open().await;
    let record = store.audit_after(0, 1).await.unwrap().remove(0);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for _ in 0..10_500 {
        let store::audit::Record { at, kind, body, .. } = record.clone();
        tx.append_audit(&by, store::AuditEntry { at, kind, subject: None, body }).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
    let head = estate.head().await;
    let reset = follower.expect("reset").await;
    assert_eq!((reset.id, reset.data), (head, json!({ "seq": head })));
    let reset =
        Stream::open(estate.follow(person, &format!("?after={}", hello.id))).await.expect("reset").await;
    assert_eq!(reset.id, head);
    // Nothing of the load was a change; what follows is.
    let mut late = Stream::open(estate.follow(person, &format!("?after={}", head - 9_000))).await;
    let action = estate.propose_one("a").await;
    for stream in [&mut follower, &mut late] {
        assert_eq!(stream.expect("change").await.data["subject"]["id"], action["id"]);
    }
}

async fn who_may_follow_and_what_they_hear(kind: Kind) {
    let estate = Estate::start(kind).await;
    let cookie = estate.sign_in("operator-0").await;
    let secret = cookie.split_once('=').unwrap().1.to_owned();
    let person = &estate.people[0];
    let table = [
        (estate.client.get(estate.url("/events")), 401),
        (estate.watch("__Host-session=wrong", ""), 401),
        (estate.watch(&format!("__Host-session={person}"), ""), 401),
        (estate.client.get(estate.url("/events")).bearer_auth(person), 401),
        (estate.client.get(estate.url("/api/v1/events")).header(COOKIE, &cookie), 401),
        (estate.follow(&secret, ""), 401),
        (estate.watch(&cookie, "?after=x"), 400),
        (estate.watch(&cookie, "?after=-1"), 400),
        (estate.watch(&cookie, "?after=1&after=2"), 400),
        (estate.watch(&cookie, "").header("last-event-id", "99999999999999999999"), 400),
    ];
    for (at, (request, status)) in table.into_iter().enumerate() {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "row {at}");
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json", "row {at}");
    }

    // A tool hears of what it proposed, and of nothing else.
    let token =
        ["token", "create", "other", "--scope", "actions:propose", "--database-url", &estate.database.url];
    let other = String::from_utf8(countersign(&token).output().unwrap().stdout).unwrap().trim().to_owned();
    let mut stream = Stream::open(estate.follow(&estate.scanner, "")).await;
    let hello = stream.expect("hello").await;
    let mut all = Stream::open(estate.follow(person, &format!("?after={}", hello.id))).await;
    let hidden = estate.propose_many(&other, ["hidden".to_owned()].into_iter()).await.remove(0);
    assert_eq!(estate.decide("reject", &hidden, person).await.unwrap().0, 200);
    let shown = estate.propose_one("shown").await;
    assert_eq!(estate.decide("reject", &shown, person).await.unwrap().0, 200);
    for kind in ["Proposed", "Rejected"] {
        let change = stream.expect("change").await;
        assert_eq!((&change.data["subject"]["id"], &change.data["kind"]), (&shown["id"], &json!(kind)));
    }
    for action in [&hidden, &hidden, &shown, &shown] {
        assert_eq!(all.expect("change").await.data["subject"]["id"], action["id"]);
    }
    // Also what comes from the log, not from what was kept.
    let mut again = Stream::open(estate.follow(&estate.scanner, "?after=0")).await;
    assert_eq!(again.expect("change").await.data["subject"]["id"], shown["id"]);
}

async fn a_session_that_ends_takes_its_streams_along(kind: Kind) {
    let estate = Estate::start(kind).await;
    let (ana, ben) = (estate.sign_in("operator-0").await, estate.sign_in("operator-1").await);
    let mut streams =
        [Stream::open(estate.watch(&ana, "")).await, Stream::open(estate.watch(&ben, "")).await];
    for stream in &mut streams {
        stream.expect("hello").await;
    }
    let [mut anas, mut bens] = streams;
    let request = estate.client.post(estate.url("/sign-out")).header(COOKIE, &ana);
    let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status(), 303);
    assert_eq!(anas.expect("end").await.data, json!({ "code": "not_signed_in" }));
    assert_eq!(anas.next().await, None);
    assert_eq!(estate.watch(&ana, "").send().await.unwrap().status(), 401);
    // Not somebody else's.
    estate.propose_one("a").await;
    bens.expect("change").await;

    // A session that is over is noticed by itself after a minute, and as soon as anybody signs in.
    let end = "UPDATE credentials SET expires_at = 1 WHERE kind = 'session'";
    assert!(estate.database.execute(end).await.unwrap() > 0);
    estate.sign_in("operator-0").await;
    assert_eq!(bens.expect("end").await.data, json!({ "code": "not_signed_in" }));
    assert_eq!(bens.next().await, None);
}

async fn streams_are_limited_and_end_with_the_server(kind: Kind) {
    let estate = Estate::start(kind).await;
    let cookie = estate.sign_in("operator-0").await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = Stream::open(estate.watch(&cookie, "")).await;
        stream.expect("hello").await;
        streams.push(stream);
    }
    let refused = estate.watch(&cookie, "").send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/too_many_streams");
    // Somebody else's are somebody else's, and a place that is given back can be taken.
    Stream::open(estate.follow(&estate.people[1], "")).await.expect("hello").await;
    streams.pop();
    let again = until("a place is free", async || {
        let response = estate.watch(&cookie, "").send().await.unwrap();
        (response.status() == 200).then_some(Stream { response, buffer: Vec::new() })
    });
    streams.push(again.await);

    let Estate { server, .. } = estate;
    let asked = Instant::now();
    assert_eq!(server.stop().await.code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(8), "nobody waited for the streams: {:?}", asked.elapsed());
    for mut stream in streams {
        while let Some(event) = stream.next().await {
            assert_eq!(event.name, "hello");
        }
    }
}
