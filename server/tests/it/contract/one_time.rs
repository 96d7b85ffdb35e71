//! Secrets that are good for one use.

use domain::Authorized;
use store::{OneTimePurpose, OneTimeSecret};

use super::sample::at;
use crate::database::{Database, Kind, on_both};

on_both!(a_secret_is_good_for_one_use_within_its_time,);

async fn a_secret_is_good_for_one_use_within_its_time(kind: Kind) {
    let database = Database::migrated(kind).await;
    let (store, other) = (database.open().await, database.open().await);
    let by = Authorized::sign_in();
    let purpose = OneTimePurpose::SecondStep;
    let secret = |hash: &str, body: &str, ends| OneTimeSecret {
        purpose,
        secret_hash: hash.to_owned(),
        person: None,
        body: body.to_owned(),
        expires_at: at(ends),
    };
    let mut tx = store.begin().await.unwrap();
    tx.keep_one_time(&by, &secret("a", "one", 10), at(1)).await.unwrap();
    tx.keep_one_time(&by, &secret("a", "two", 20), at(2)).await.unwrap();
    tx.keep_one_time(&by, &secret("b", "short", 5), at(2)).await.unwrap();
    tx.commit().await.unwrap();

    let a = secret("a", "two", 20);
    assert_eq!(store.one_time(purpose, "a", at(19)).await.unwrap(), Some(a.clone()), "the later one holds");
    assert_eq!(store.one_time(purpose, "a", at(20)).await.unwrap(), None, "over");
    assert_eq!(store.one_time(OneTimePurpose::Ceremony, "a", at(3)).await.unwrap(), None, "for another use");
    assert_eq!(store.one_time(purpose, "none", at(3)).await.unwrap(), None);

    let mut tx = other.begin().await.unwrap();
    for counted in [Some(a.clone()), Some(a.clone()), None] {
        assert_eq!(tx.try_one_time(&by, purpose, "a", 2, at(3)).await.unwrap(), counted);
    }
    assert_eq!(tx.try_one_time(&by, purpose, "b", 2, at(5)).await.unwrap(), None, "over");
    for taken in [Some(a), None] {
        assert_eq!(tx.take_one_time(&by, purpose, "a", at(3)).await.unwrap(), taken);
    }
    tx.keep_one_time(&by, &secret("c", "later", 30), at(6)).await.unwrap();
    assert_eq!(tx.take_one_time(&by, purpose, "b", at(3)).await.unwrap(), None, "what is over was forgotten");
    tx.commit().await.unwrap();
}
