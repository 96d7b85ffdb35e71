//! Users, their roles, and their sessions and tokens.

use std::collections::BTreeSet;

use app::domain::{CredentialId, Role, Scope};
use server::store::{Credential, CredentialKind, SharedStore};

use super::sample::{ANA, at, id, session, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    users_read_back,
    names_are_exact_and_unique,
    credentials_read_back_while_they_live,
    a_credential_is_revoked_once
);

async fn start(kind: Kind) -> (Database, SharedStore) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
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
    let mut tx = store.begin().await.unwrap();
    tx.set_roles(ana.id, &[Role::GlobalAdministrator].into()).await.unwrap();
    tx.set_enabled(ana.id, false).await.unwrap();
    tx.commit().await.unwrap();
    let ana = store.user("ana").await.unwrap().unwrap();
    assert_eq!((ana.enabled, ana.roles), (false, BTreeSet::from([Role::GlobalAdministrator])));
}

async fn names_are_exact_and_unique(kind: Kind) {
    let (_database, store) = start(kind).await;
    assert_eq!(store.count_users().await.unwrap(), 1);
    for name in ["Ana", "ana ", "an_", "", "a\0na"] {
        assert!(store.user(name).await.unwrap().is_none(), "{name:?}");
    }
    let mut tx = store.begin().await.unwrap();
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
    let mut tx = store.begin().await.unwrap();
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
    let mut tx = store.begin().await.unwrap();
    tx.touch_credential(id(1), at(50), at(90_000)).await.unwrap();
    tx.commit().await.unwrap();
    let (found, _) = store.credential("hash 1", at(86_400)).await.unwrap().unwrap();
    assert_eq!((found.created_at, found.last_seen_at, found.expires_at), (at(0), at(50), at(90_000)));
}

async fn a_credential_is_revoked_once(kind: Kind) {
    let (_database, store) = start(kind).await;
    let one: CredentialId = id(1);
    let mut tx = store.begin().await.unwrap();
    tx.insert_credential(&session(1, id(ANA))).await.unwrap();
    assert!(tx.revoke_credential(one, at(1)).await.unwrap());
    assert!(!tx.revoke_credential(one, at(2)).await.unwrap());
    assert!(!tx.revoke_credential(id(2), at(1)).await.unwrap());
    // Its use does not bring it back.
    tx.touch_credential(one, at(2), at(90_000)).await.unwrap();
    tx.commit().await.unwrap();
    assert!(store.credential("hash 1", at(3)).await.unwrap().is_none());
}
