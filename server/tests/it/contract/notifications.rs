//! Rules of notifications, and the messages that follow from the log.

use domain::notifications::{NotificationRule, Occasion, OwnNotices};
use domain::{ActionId, Authorized};
use service::testing::system as authority;
use store::{LeasedMessage, MessageEnd, News, SharedStore};
use uuid::Uuid;

use super::sample::{action, add_ana, at, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    rules_are_kept_by_name,
    people_keep_one_rule_of_their_own,
    news_of_a_bucket_is_one_message_and_known_news_is_none,
    a_lost_lease_ends_nothing,
    what_waits_no_more_is_followed_up_once,
    a_rule_has_some_on_their_way_and_leaves_the_others_theirs,
    what_expires_soon_is_told_once,
);

fn rule(name: &str) -> NotificationRule {
    serde_json::from_value(serde_json::json!({
        "name": name, "on": ["waits", "expiring"], "channel": "email", "to": ["soc@corp.example"],
    }))
    .unwrap()
}

fn by() -> Authorized {
    system()
}

async fn add(store: &SharedStore, name: &str) -> bool {
    let mut tx = store.begin().await.unwrap();
    let added = tx.insert_notification_rule(&by(), &rule(name), at(0)).await.unwrap();
    tx.commit().await.unwrap();
    added
}

async fn note(store: &SharedStore, number: u128, seq: i64, bucket: &str) {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let news = News {
        rule: "soc",
        occasion: Occasion::Waits,
        action: id(number),
        seq,
        bucket,
        message: Uuid::from_u128(number + 1_000),
        at: at(seq),
        ready_at: at(10),
    };
    tx.note_news(news).await.unwrap();
    tx.commit().await.unwrap();
}

async fn lease(store: &SharedStore, now: i64) -> Option<LeasedMessage> {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let leased = tx.lease_message(at(now), at(now + 30)).await.unwrap();
    tx.commit().await.unwrap();
    leased
}

async fn finish(store: &SharedStore, message: &LeasedMessage, end: MessageEnd) -> bool {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let done = tx.finish_message(message, end).await.unwrap();
    tx.commit().await.unwrap();
    done
}

fn numbers(message: &LeasedMessage) -> Vec<u128> {
    message.actions.iter().map(|(action, _)| Uuid::from(*action).as_u128()).collect()
}

async fn rules_are_kept_by_name(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    assert!(add(&store, "soc").await && add(&store, "night").await && !add(&store, "soc").await);
    let names =
        store.notification_rules().await.unwrap().into_iter().map(|rule| rule.name).collect::<Vec<_>>();
    assert_eq!(names, ["night", "soc"]);
    note(&store, 1, 1, "a").await;
    let state = store.notification_states().await.unwrap().remove(1);
    assert_eq!((state.rule, state.waiting, state.sent, state.last_error), (rule("soc"), 1, 0, None));
    let mut tx = store.begin().await.unwrap();
    assert!(tx.delete_notification_rule(&by(), "soc", at(1)).await.unwrap());
    assert!(!tx.delete_notification_rule(&by(), "soc", at(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert!(lease(&store, 100).await.is_none(), "what it was going to send is gone with it");
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.set_notified_until(7).await.unwrap();
    assert_eq!(tx.notified_until().await.unwrap(), 7);
}

async fn news_of_a_bucket_is_one_message_and_known_news_is_none(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, "soc").await;
    for (number, seq, bucket) in [(1, 1, "a"), (2, 2, "a"), (3, 3, "b"), (1, 1, "a")] {
        note(&store, number, seq, bucket).await;
    }
    assert!(!store.message_is_due(at(9)).await.unwrap() && store.message_is_due(at(10)).await.unwrap());
    assert!(lease(&store, 9).await.is_none(), "others of the bucket are awaited");
    let first = lease(&store, 10).await.unwrap();
    assert_eq!((numbers(&first), first.occasion, first.attempts), (vec![1, 2], Occasion::Waits, 0));
    // It is on its way: what comes now is told by another one.
    note(&store, 4, 4, "a").await;
    let second = lease(&store, 10).await.unwrap();
    let third = lease(&store, 10).await.unwrap();
    let mut rest = [numbers(&second), numbers(&third)];
    rest.sort();
    assert_eq!(rest, [vec![3], vec![4]]);
    assert!(lease(&store, 10).await.is_none());
    assert!(
        finish(&store, &first, MessageEnd::Sent).await && !finish(&store, &first, MessageEnd::Sent).await
    );
    assert!(
        finish(&store, &second, MessageEnd::Dropped).await
            && finish(&store, &third, MessageEnd::Failed).await
    );
    let state = store.notification_states().await.unwrap().remove(0);
    assert_eq!((state.waiting, state.sent, state.failed), (0, 1, 1));
}

async fn a_lost_lease_ends_nothing(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, "soc").await;
    note(&store, 1, 1, "a").await;
    let slow = lease(&store, 10).await.unwrap();
    let quick = lease(&store, 50).await.unwrap();
    assert!(!finish(&store, &slow, MessageEnd::Sent).await);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(!tx.retry_message(&slow, at(60), "slow").await.unwrap());
    assert!(tx.retry_message(&quick, at(60), "refused").await.unwrap());
    tx.commit().await.unwrap();
    assert!(lease(&store, 59).await.is_none());
    assert_eq!(lease(&store, 60).await.unwrap().attempts, 1);
    let state = store.notification_states().await.unwrap().remove(0);
    assert_eq!(state.last_error.as_deref(), Some("refused"));
}

async fn a_rule_has_some_on_their_way_and_leaves_the_others_theirs(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, "soc").await;
    add(&store, "night").await;
    for number in 1..=5 {
        note(&store, number, 1, &number.to_string()).await;
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let news = News {
        rule: "night",
        occasion: Occasion::Waits,
        action: id(1),
        seq: 1,
        bucket: "a",
        message: Uuid::from_u128(2_000),
        at: at(1),
        ready_at: at(11),
    };
    tx.note_news(news).await.unwrap();
    tx.commit().await.unwrap();
    let mut rules = Vec::new();
    let mut last = None;
    while let Some(message) = lease(&store, 20).await {
        rules.push(message.rule.clone());
        last = Some(message);
    }
    assert_eq!(rules, ["soc", "soc", "soc", "soc", "night"]);
    assert!(finish(&store, &last.unwrap(), MessageEnd::Sent).await);
    assert!(lease(&store, 49).await.is_none(), "four are leased until their time is over");
    assert_eq!(lease(&store, 51).await.unwrap().rule, "soc");
}

async fn what_waits_no_more_is_followed_up_once(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, "soc").await;
    note(&store, 1, 1, "a").await;
    note(&store, 2, 2, "a").await;
    let message = lease(&store, 10).await.unwrap();
    finish(&store, &message, MessageEnd::Sent).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.settle_news(id(1)).await.unwrap().is_empty(), "the other one still waits");
    let over = tx.settle_news(id(2)).await.unwrap();
    assert_eq!(over.len(), 1);
    assert!(tx.settle_news(id::<ActionId>(2)).await.unwrap().is_empty());
    tx.follow_up_message(&over[0], Uuid::from_u128(5_000), at(20)).await.unwrap();
    tx.commit().await.unwrap();
    let follow_up = lease(&store, 20).await.unwrap();
    assert_eq!((follow_up.about, follow_up.occasion), (Some(message.id), Occasion::Settled));
    assert_eq!(numbers(&follow_up), [1, 2]);
}

async fn what_expires_soon_is_told_once(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add(&store, "soc").await;
    let mut tx = store.begin().await.unwrap();
    tx.insert_actions(&by(), &[action(1)]).await.unwrap();
    tx.commit().await.unwrap();
    let one = (at(3_600), id(1));
    assert!(store.expiring("soc", None, at(3_599), 10).await.unwrap().is_empty());
    assert_eq!(store.expiring("soc", None, at(3_600), 10).await.unwrap(), [one]);
    assert!(store.expiring("soc", Some(one), at(3_600), 10).await.unwrap().is_empty(), "after it is none");
    let before = (at(3_600), id(0));
    assert_eq!(store.expiring("soc", Some(before), at(3_600), 10).await.unwrap(), [one]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let news = News {
        rule: "soc",
        occasion: Occasion::Expiring,
        action: id(1),
        seq: 0,
        bucket: "a",
        message: Uuid::from_u128(1),
        at: at(0),
        ready_at: at(0),
    };
    tx.note_news(news).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.expiring("soc", None, at(3_600), 10).await.unwrap().is_empty());
    let other = store.expiring("night", None, at(3_600), 10).await.unwrap();
    assert_eq!(other, [one], "of another rule it is news");
}

async fn people_keep_one_rule_of_their_own(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let own = ana.authorize_own().unwrap();
    let notices =
        OwnNotices { address: "ana@corp.example".to_owned(), min_severity: None, digest_hours: None };
    let theirs = notices.clone().into_rule(ana.person.unwrap());
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_notification_rule(&own, &theirs, at(1)).await.unwrap());
    assert!(!tx.insert_notification_rule(&own, &theirs, at(1)).await.unwrap(), "one");
    assert!(tx.insert_notification_rule(&own, &notices.into_rule(id(99)), at(1)).await.is_err(), "another's");
    assert!(tx.delete_notification_rule(&own, "soc", at(1)).await.is_err(), "of all");
    assert!(tx.delete_notification_rule(&own, &theirs.name, at(1)).await.unwrap());
    assert!(!tx.delete_notification_rule(&own, &theirs.name, at(1)).await.unwrap());
    tx.commit().await.unwrap();
}
