//! Enrolled hosts: a code is used once, an order is placed once and reported on once.

use domain::{AuditKind, Caller, Error, Permission, Role};
use service::Service;
use service::executor::Executors;
use service::testing::{FixedClock, system as authority};
use store::{SharedStore, StoredOrder, StoredResponder};

use super::sample::{ANA, ANAS_SESSION, at, decider, person, session, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_code_is_used_once_and_in_time,
    a_host_is_kept_as_it_is,
    an_order_is_reported_on_once,
    who_lost_the_role_a_moment_ago_neither_revokes_nor_takes_in,
);

/// Ana, who administers.
async fn administrator(store: &SharedStore) -> Caller {
    let roles = [Role::GlobalAdministrator];
    let ana = user(ANA, "ana", &roles);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&ana, at(0)).await.unwrap();
    tx.insert_credential(&session(ANAS_SESSION, ana.id)).await.unwrap();
    tx.commit().await.unwrap();
    Caller { roles: roles.into(), access: ana.access, ..person(ANA, ANAS_SESSION) }
}

async fn who_lost_the_role_a_moment_ago_neither_revokes_nor_takes_in(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = administrator(&store).await;
    let by = ana.authorize_administration(Permission::Administer).unwrap();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.put_responder(&host("responder-a")).await.unwrap();
    tx.put_responder(&host("responder-b")).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert!(tx.revoke_responder(&decider(&ana), "responder-a", at(5)).await.is_err(), "no decision");
    assert!(!tx.revoke_responder(&by, "responder-c", at(5)).await.unwrap(), "there is none");
    assert!(tx.revoke_responder(&by, "responder-a", at(5)).await.unwrap());
    assert!(tx.revoke_responder(&by, "responder-a", at(6)).await.unwrap());
    assert!(tx.insert_responder_code(&by, "code", "web-1", at(5), at(900)).await.unwrap());
    assert!(tx.may_send_again(&by, at(5)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.responder("responder-a").await.unwrap().unwrap().revoked_at, Some(at(5)));

    // It was checked, and is written only now.
    database.execute("DELETE FROM user_permissions WHERE permission = 'administer'").await.unwrap();
    let service = Service::new(store.clone(), FixedClock::at(at(10)), Executors::default());
    for refused in [
        service.revoke_responder(&by, "b").await.map(drop),
        service.new_responder_code(&by, "web-2").await.map(drop),
    ] {
        assert!(matches!(refused, Err(Error::Forbidden(domain::Denied::Revoked))), "{refused:?}");
    }
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.insert_responder_code(&by, "other", "web-2", at(10), at(900)).await.unwrap());
    assert!(!tx.may_send_again(&by, at(10)).await.unwrap());
    drop(tx);
    assert_eq!(store.responder("responder-b").await.unwrap().unwrap().revoked_at, None);
    // The command line needs no role; both are recorded.
    assert!(service.revoke_responder(&system(), "b").await.unwrap());
    assert!(!service.revoke_responder(&system(), "c").await.unwrap());
    service.new_responder_code(&system(), "web-2").await.unwrap();
    let kinds: Vec<_> = store.audit_after(0, 9).await.unwrap().into_iter().map(|of| of.kind).collect();
    assert_eq!(kinds, [AuditKind::ResponderRevoked, AuditKind::ResponderCodeMade]);
}

async fn a_code_is_used_once_and_in_time(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.insert_responder_code(&system(), "first", "web-1", at(0), at(900)).await.unwrap());
    assert!(tx.insert_responder_code(&system(), "late", "web-2", at(0), at(900)).await.unwrap());
    assert_eq!(tx.take_responder_code("other", at(1)).await.unwrap(), None);
    assert_eq!(tx.take_responder_code("late", at(900)).await.unwrap(), None);
    assert_eq!(tx.take_responder_code("first", at(899)).await.unwrap().as_deref(), Some("web-1"));
    assert_eq!(tx.take_responder_code("first", at(899)).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert_eq!(store.used_responder_code("first").await.unwrap().as_deref(), Some("web-1"));
    assert_eq!(store.used_responder_code("late").await.unwrap(), None);
}

fn host(name: &str) -> StoredResponder {
    StoredResponder {
        name: name.to_owned(),
        asset: name.to_uppercase(),
        public_key: "key".to_owned(),
        version: "1".to_owned(),
        pairs: "{}".to_owned(),
        enrolled_at: at(1),
        last_seen_at: at(2),
        instance: String::new(),
        earlier: "[]".to_owned(),
        cloned_at: None,
        revoked_at: None,
    }
}

async fn a_host_is_kept_as_it_is(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let changed = StoredResponder {
        instance: "i".to_owned(),
        earlier: r#"["h"]"#.to_owned(),
        cloned_at: Some(at(3)),
        revoked_at: Some(at(4)),
        ..host("b")
    };
    for one in [host("b"), host("a"), changed.clone()] {
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.put_responder(&one).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store.responders().await.unwrap(), [host("a"), changed.clone()]);
    // What was seen of a host changes nothing of one that was revoked, or has another key by now.
    let seen = StoredResponder { version: "2".to_owned(), last_seen_at: at(9), ..host("a") };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.note_responder_seen(&seen).await.unwrap());
    assert!(!tx.note_responder_seen(&StoredResponder { revoked_at: None, ..changed.clone() }).await.unwrap());
    let other = StoredResponder { public_key: "other".to_owned(), ..host("a") };
    assert!(!tx.note_responder_seen(&other).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.responder("a").await.unwrap(), Some(seen));
    assert_eq!(store.responder("b").await.unwrap(), Some(changed));
    assert_eq!(store.responder("c").await.unwrap(), None);
}

async fn an_order_is_reported_on_once(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let order = |number: u128, second| StoredOrder {
        command_id: uuid::Uuid::from_u128(number).into(),
        responder: "a".to_owned(),
        command: "{}".to_owned(),
        signature: "s".to_owned(),
        created_at: at(second),
    };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.insert_responder_order(&order(2, 1)).await.unwrap());
    assert!(tx.insert_responder_order(&order(1, 2)).await.unwrap());
    assert!(!tx.insert_responder_order(&order(1, 3)).await.unwrap(), "it is there already");
    tx.commit().await.unwrap();
    assert_eq!(store.responder_orders("a", 9).await.unwrap(), [order(2, 1), order(1, 2)]);
    assert_eq!(store.responder_orders("a", 1).await.unwrap(), [order(2, 1)]);
    assert_eq!(store.responder_orders("b", 9).await.unwrap(), []);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let id = order(2, 1).command_id;
    assert!(!tx.report_responder_order("b", id, "r", "s", at(4)).await.unwrap(), "it is another's");
    assert!(tx.report_responder_order("a", id, "r", "s", at(4)).await.unwrap());
    assert!(!tx.report_responder_order("a", id, "again", "s", at(5)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.responder_orders("a", 9).await.unwrap(), [order(1, 2)]);
    assert_eq!(
        store.responder_order("a", id).await.unwrap(),
        Some(order(2, 1)),
        "also once it was reported on"
    );
    assert_eq!(store.responder_order("b", id).await.unwrap(), None);
}
