//! Users, their roles, and their sessions and tokens.

use service::testing::system as authority;
use std::collections::BTreeSet;

use domain::{AuditKind, CredentialId, Permission, Role, Scope};
use store::{AuditEntry, Credential, CredentialKind, Guard, SharedStore};

use super::sample::{ANA, action, add, at, command, entry, id, own, person, session, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    users_read_back,
    names_are_exact_and_unique,
    those_who_hold_a_permission_and_are_enabled_are_known,
    credentials_read_back_while_they_live,
    a_credential_is_revoked_once,
    permissions_follow_the_rules_of_the_running_version,
    authority_for_one_purpose_writes_nothing_else,
);

async fn start(kind: Kind) -> (Database, SharedStore) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let roles = [Role::SecurityReader, Role::SearchAndPurge];
    tx.insert_user(&user(ANA, "ana", &roles), at(0)).await.unwrap();
    tx.commit().await.unwrap();
    (database, store)
}

async fn users_read_back(kind: Kind) {
    let (_database, store) = start(kind).await;
    let ana = store.user("ana").await.unwrap().unwrap();
    assert_eq!((ana.id, ana.display_name.as_str(), ana.enabled), (id(ANA), "ANA", true));
    assert_eq!(ana.password_hash.as_deref(), Some("hash"));
    assert_eq!(ana.roles, BTreeSet::from([Role::SecurityReader, Role::SearchAndPurge]));
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.set_roles(ana.id, &[Role::GlobalAdministrator].into()).await.unwrap();
    tx.set_enabled(ana.id, false).await.unwrap();
    tx.commit().await.unwrap();
    let ana = store.user("ana").await.unwrap().unwrap();
    assert_eq!((ana.enabled, ana.roles), (false, BTreeSet::from([Role::GlobalAdministrator])));
}

async fn those_who_hold_a_permission_and_are_enabled_are_known(kind: Kind) {
    let (_database, store) = start(kind).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let mut gone = user(0xD, "dan", &[Role::GlobalAdministrator]);
    gone.enabled = false;
    for user in [
        user(0xB, "zoe", &[Role::SecurityOperator]),
        user(0xC, "bo", &[Role::SecurityOperator, Role::SearchAndPurge]),
        gone,
    ] {
        tx.insert_user(&user, at(0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (bo, zoe) = ((id(0xC), "BO".to_owned()), (id(0xB), "ZOE".to_owned()));
    assert_eq!(store.holders(Permission::Devices).await.unwrap(), [bo.clone(), zoe]);
    assert_eq!(store.holders(Permission::Email).await.unwrap(), [bo]);
    assert!(store.holders(Permission::Administer).await.unwrap().is_empty());
}

async fn names_are_exact_and_unique(kind: Kind) {
    let (_database, store) = start(kind).await;
    assert_eq!(store.count_users().await.unwrap(), 1);
    for name in ["Ana", "ana ", "an_", "", "a\0na"] {
        assert!(store.user(name).await.unwrap().is_none(), "{name:?}");
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.insert_user(&user(0xB, "ana", &[]), at(0)).await.is_err());
    drop(tx);
    assert_eq!(store.count_users().await.unwrap(), 1);
}

async fn credentials_read_back_while_they_live(kind: Kind) {
    let (_database, store) = start(kind).await;
    let token = Credential {
        kind: CredentialKind::Token,
        user: None,
        name: "scanner".to_owned(),
        scopes: [Scope::Propose, Scope::Read].into(),
        ..session(2, id(ANA))
    };
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_credential(&session(1, id(ANA))).await.unwrap();
    tx.insert_credential(&token).await.unwrap();
    tx.commit().await.unwrap();

    let (found, owner) = store.credential("hash 1", at(1)).await.unwrap().unwrap();
    assert_eq!((found.id, found.kind, found.user), (id(1), CredentialKind::Session, Some(id(ANA))));
    assert_eq!(owner.unwrap().name, "ana");
    let (found, owner) = store.credential("hash 2", at(1)).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.scopes, owner.is_none()), ("scanner", token.scopes, true));
    assert!(store.credential("hash 3", at(1)).await.unwrap().is_none());

    // At the very moment of its end it is over.
    assert!(store.credential("hash 1", at(86_400)).await.unwrap().is_none());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.touch_session(&own(ANA, 1), at(50), at(90_000)).await.unwrap();
    tx.commit().await.unwrap();
    let (found, _) = store.credential("hash 1", at(86_400)).await.unwrap().unwrap();
    assert_eq!((found.created_at, found.last_seen_at, found.expires_at), (at(0), at(50), at(90_000)));
}

async fn a_credential_is_revoked_once(kind: Kind) {
    let (_database, store) = start(kind).await;
    let one: CredentialId = id(1);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.insert_session(&own(ANA, 1), &session(1, id(ANA))).await.unwrap());
    assert!(tx.revoke_session(&own(ANA, 1), one, at(1)).await.unwrap());
    assert!(!tx.revoke_session(&own(ANA, 1), one, at(2)).await.unwrap());
    assert!(!tx.revoke_session(&own(ANA, 1), id(2), at(1)).await.unwrap());
    // Its use does not bring it back.
    tx.touch_session(&own(ANA, 1), at(2), at(90_000)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.credential("hash 1", at(3)).await.unwrap().is_none());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&user(0xB, "bo", &[Role::SecurityReader]), at(2)).await.unwrap();
    let another = tx.insert_session(&own(0xB, 3), &session(3, id(ANA))).await.unwrap();
    assert!(!another, "nobody opens a session of another's");
    tx.set_enabled(id(ANA), false).await.unwrap();
    assert!(
        !tx.insert_session(&own(ANA, 3), &session(3, id(ANA))).await.unwrap(),
        "who is disabled gets none"
    );
}

async fn permissions_follow_the_rules_of_the_running_version(kind: Kind) {
    let (database, store) = start(kind).await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&user(0xB, "bo", &[Role::SecurityOperator]), at(0)).await.unwrap();
    tx.commit().await.unwrap();
    // As a version with other rules would have left them, and a role that only a later one knows.
    for sql in [
        "DELETE FROM user_permissions WHERE permission = 'view'",
        "INSERT INTO user_permissions (user_id, permission) SELECT id, 'email' FROM users WHERE name = 'bo'",
    ] {
        assert!(database.execute(sql).await.unwrap() > 0, "{sql}");
    }
    assert!(store.holders(Permission::View).await.unwrap().is_empty());
    store.close().await;
    let store = database.open().await;
    assert_eq!(store.holders(Permission::View).await.unwrap().len(), 2);
    assert!(store.holders(Permission::Email).await.unwrap().is_empty());
}

async fn authority_for_one_purpose_writes_nothing_else(kind: Kind) {
    let (_database, store) = start(kind).await;
    add(&store, &action(1)).await;
    let caller = person(ANA, 1);
    let (before, mut after) = (action(1), action(1));
    after.version += 1;
    let mut tx = store.begin().await.unwrap();
    for by in [caller.recorded(), caller.authorize_own().unwrap(), caller.authorize_plan().unwrap()] {
        let guard = Guard { by: &by, deciding: false, policy: None, now: at(1) };
        assert!(tx.update_state(guard, &before, &after).await.is_err(), "{by:?}");
        assert!(tx.insert_actions(&by, &[action(2)]).await.is_err(), "{by:?}");
        assert!(tx.enqueue(&by, &[command(id(3), id(1), at(1))]).await.is_err(), "{by:?}");
    }
    let decides = caller.authorize(Permission::Devices).unwrap();
    assert!(tx.revise_action(&decides, &before, &after).await.is_err());
    assert!(tx.insert_session(&decides, &session(1, id(ANA))).await.is_err());
    assert!(tx.append_audit(&caller.recorded(), entry(1, Some(id(1)))).await.is_err(), "it is no attempt");
    let refused = AuditEntry { kind: AuditKind::Refused, ..entry(1, Some(id(1))) };
    let record = tx.append_audit(&caller.recorded(), refused).await.unwrap();
    assert_eq!(record.actor, caller.actor);
}
