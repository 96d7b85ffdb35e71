//! Idempotency keys and markers.

use service::testing::system as authority;
use store::{KeyState, SharedStore};

use super::sample::{ANA, ANAS_SESSION, at, person};
use crate::database::{Database, Kind, on_both};

on_both!(a_key_is_claimed_once, keys_end, of_two_claims_at_once_one_is_new, markers_are_replaced);

const DAY: i64 = 86_400;

async fn claim(store: &SharedStore, principal: &str, request: &str, seconds: i64) -> String {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let state = tx
        .claim_key(
            &person(ANA, ANAS_SESSION).recorded(),
            principal,
            "key",
            request,
            at(seconds),
            at(seconds - DAY),
        )
        .await
        .unwrap();
    tx.commit().await.unwrap();
    match state {
        KeyState::New => "new".to_owned(),
        KeyState::InFlight => "in flight".to_owned(),
        KeyState::OtherRequest => "other request".to_owned(),
        KeyState::Answered { status, body } => format!("{status} {body}"),
    }
}

async fn answer(store: &SharedStore, answer: Option<(u16, &str)>) {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.answer_key(&person(ANA, ANAS_SESSION).recorded(), "ana", "key", answer).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_key_is_claimed_once(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(claim(&store, "ana", "request", 0).await, "new");
    assert_eq!(claim(&store, "ana", "request", 1).await, "in flight");
    assert_eq!(claim(&store, "ana", "another", 1).await, "other request");
    assert_eq!(claim(&store, "bob", "another", 1).await, "new");
    answer(&store, Some((200, "{}"))).await;
    assert_eq!(claim(&store, "ana", "request", 2).await, "200 {}");
    assert_eq!(claim(&store, "ana", "another", 2).await, "other request");
}

async fn keys_end(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(claim(&store, "ana", "one", 0).await, "new");
    // Given back.
    answer(&store, None).await;
    assert_eq!(claim(&store, "ana", "two", 0).await, "new");
    // Whoever claimed it gave no answer for over two minutes.
    assert_eq!(claim(&store, "ana", "two", 120).await, "in flight");
    assert_eq!(claim(&store, "ana", "three", 121).await, "new");
    answer(&store, Some((201, "made"))).await;
    assert_eq!(claim(&store, "ana", "three", 121 + DAY).await, "201 made");
    assert_eq!(claim(&store, "ana", "four", 122 + DAY).await, "new");
}

async fn of_two_claims_at_once_one_is_new(kind: Kind) {
    let database = Database::migrated(kind).await;
    let (store, other) = (database.open().await, database.open().await);
    for round in 0..20 {
        let principal = format!("person {round}");
        let (one, two) =
            tokio::join!(claim(&store, &principal, "request", 0), claim(&other, &principal, "request", 0));
        let mut states = [one, two];
        states.sort();
        assert_eq!(states, ["in flight", "new"]);
    }
}

async fn markers_are_replaced(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert_eq!(store.metadata("created_by").await.unwrap(), None);
    for value in ["demo", "somebody"] {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.set_metadata("created_by", value).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.metadata("created_by").await.unwrap().as_deref(), Some(value));
    }
}
