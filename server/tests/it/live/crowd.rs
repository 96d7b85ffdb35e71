//! Many clients at once: none misses a change, whatever breaks in between.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;

use super::stream::Stream;
use crate::database::Kind;
use crate::harness::Estate;

const CLIENTS: u64 = 50;
const PROPOSALS: usize = 1_500;
const REJECTIONS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_clients_miss_nothing_on_sqlite() {
    fifty_clients_miss_nothing(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_clients_miss_nothing_on_postgres() {
    fifty_clients_miss_nothing(Kind::Postgres).await;
}

/// Fifty clients that break off again and again, two thousand changes, two servers, one of which is killed and comes
/// back: each client sees each change once, in order.
async fn fifty_clients_miss_nothing(kind: Kind) {
    let mut estate = Estate::with_people(kind, 5).await;
    let second = estate.another_server();
    let servers = [estate.server.url.clone(), second.url.clone()];
    let start = estate.head().await;
    // Where it ends, once that is known.
    let (end, ends) = watch::channel(None::<i64>);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let token = estate.people[usize::try_from(number).unwrap() % estate.people.len()].clone();
            let (client, servers) = (estate.client.clone(), servers.clone());
            tokio::spawn(follow_all(number, client, servers, token, start, ends.clone()))
        })
        .collect();

    let mut proposed = Vec::new();
    for batch in 0..PROPOSALS / 100 {
        if batch == PROPOSALS / 200 {
            estate.restart_server(None);
        }
        if batch == PROPOSALS / 300 && kind == Kind::Postgres {
            // Nobody hears of commits any more, until they listen again.
            let deafen = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN %'";
            assert!(estate.database.execute(deafen).await.unwrap() > 0);
        }
        let names = (0..100).map(|n| format!("{batch}-{n}"));
        proposed.extend(estate.propose_many(&estate.scanner, names).await);
    }
    let decide = async |part: usize| {
        for action in proposed.iter().take(REJECTIONS).skip(part).step_by(5) {
            let (status, answer) = estate.decide("reject", action, &estate.people[part]).await.unwrap();
            assert_eq!(status, 200, "{answer}");
        }
    };
    tokio::join!(decide(0), decide(1), decide(2), decide(3), decide(4));

    let changes = "SELECT CAST(seq AS TEXT) FROM audit WHERE action_id IS NOT NULL ORDER BY audit.seq";
    let expected: Vec<i64> =
        estate.database.column(changes).await.iter().map(|seq| seq.parse().unwrap()).collect();
    assert_eq!(expected.len(), PROPOSALS + REJECTIONS);
    end.send_replace(expected.last().copied());
    let mut breaks = 0;
    for client in clients {
        let (seen, broke) = client.await.unwrap();
        assert!(seen == expected, "{} of {}", seen.len(), expected.len());
        breaks += broke;
    }
    assert!(breaks > 500, "only {breaks} streams broke off");
}

/// Follows until it saw the end. Returns the ids in the order in which they came, and how often it broke off.
async fn follow_all(
    number: u64,
    client: reqwest::Client,
    servers: [String; 2],
    token: String,
    start: i64,
    mut ends: watch::Receiver<Option<i64>>,
) -> (Vec<i64>, usize) {
    // Any numbers will do, if they are the same each time and others for each client.
    let mut state = number * 2 + 1;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let (mut seen, mut breaks) = (Vec::new(), 0);
    let mut kinds = BTreeSet::new();
    loop {
        let last = seen.last().copied().unwrap_or(start);
        if ends.borrow().is_some_and(|end| last >= end) {
            assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["Proposed", "Rejected"]);
            return (seen, breaks);
        }
        let server = &servers[usize::from(random(2) == 0)];
        let url = format!("{server}/api/v1/events");
        let request = if random(2) == 0 {
            client.get(url).header("last-event-id", last.to_string())
        } else {
            client.get(format!("{url}?after={last}"))
        };
        let Ok(response) = request.bearer_auth(&token).send().await else {
            // The server is being restarted.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        assert_eq!(response.status(), 200, "client {number}");
        let mut stream = Stream { response, buffer: Vec::new() };
        let most = random(200) + 1;
        for _ in 0..most {
            let event = tokio::select! {
                event = stream.next() => event,
                ended = ends.wait_for(|end| end.is_some_and(|end| seen.last().is_some_and(|last| *last >= end))) => {
                    assert!(ended.is_ok());
                    break;
                }
            };
            let Some(event) = event else { break };
            assert_eq!(event.name, "change", "client {number}: {event:?}");
            assert!(
                seen.last().is_none_or(|last| *last < event.id),
                "client {number}: {event:?} after {:?}",
                seen.last()
            );
            kinds.insert(event.data["kind"].as_str().unwrap().to_owned());
            seen.push(event.id);
        }
        breaks += 1;
    }
}
