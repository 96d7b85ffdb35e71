//! Sign-in by an identity provider: its settings, what groups give, who people are there, and which sessions came of it.

use std::collections::BTreeSet;

use domain::access::Access;
use domain::access::contract::RoleGrant;
use domain::identity::{GroupRoles, ProviderSettings};
use domain::{Authorized, Caller, CredentialId, Permission, Role};
use service::testing::system as authority;
use store::{Identity, SharedStore, StoredProvider};

use super::sample::{add_ana, at, id, own, person, session, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_provider_is_kept_and_removed,
    groups_give_what_they_are_set_to,
    people_are_linked_once,
    who_is_unlinked_loses_the_sessions_from_there,
    sessions_of_the_provider_end_together,
    who_lost_it_a_moment_ago_sets_nothing,
);

const ADMIN: u128 = 0xAD;

/// A store with an administrator who has a session.
async fn start(kind: Kind) -> (Database, SharedStore, Caller) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let admin = user(ADMIN, "admin", &[Role::GlobalAdministrator]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&admin, at(0)).await.unwrap();
    tx.insert_credential(&session(ADMIN, admin.id)).await.unwrap();
    tx.commit().await.unwrap();
    let roles: BTreeSet<_> = [Role::GlobalAdministrator].into();
    let caller = Caller { access: Access::of_roles(&roles), roles, ..person(ADMIN, ADMIN) };
    (database, store, caller)
}

fn by(caller: &Caller) -> Authorized {
    caller.authorize_administration(Permission::Administer).unwrap()
}

fn provider(name: &str) -> StoredProvider {
    let settings: ProviderSettings = serde_json::from_value(serde_json::json!({
        "name": name, "issuer": "https://id.example.org", "client_id": "us",
    }))
    .unwrap();
    StoredProvider { settings, secret: Some("sealed".to_owned()) }
}

fn gives(group: &str, role: Role) -> GroupRoles {
    let roles = vec![RoleGrant { role, device_groups: None }];
    GroupRoles { group: group.to_owned(), roles, role_groups: Vec::new() }
}

fn identity(subject: &str) -> Identity {
    Identity { issuer: "https://id.example.org".to_owned(), subject: subject.to_owned() }
}

async fn a_provider_is_kept_and_removed(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    assert_eq!(store.identity_provider().await.unwrap(), None);
    for name in ["Sesame", "Open"] {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.set_identity_provider(&by(&caller), Some(&provider(name)), at(1)).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(store.identity_provider().await.unwrap(), Some(provider(name)), "there is one");
    }
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_identity_provider(&by(&caller), None, at(2)).await.unwrap());
    assert!(!tx.set_identity_provider(&by(&caller), None, at(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.identity_provider().await.unwrap(), None);
}

async fn groups_give_what_they_are_set_to(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    let mut tx = store.begin().await.unwrap();
    for given in [
        gives("b", Role::SecurityReader),
        gives("a /ü", Role::SecurityReader),
        gives("b", Role::SecurityOperator),
    ] {
        assert!(tx.set_group_roles(&by(&caller), &given.group, Some(&given), at(1)).await.unwrap());
    }
    tx.commit().await.unwrap();
    let want = [gives("a /ü", Role::SecurityReader), gives("b", Role::SecurityOperator)];
    assert_eq!(store.group_roles().await.unwrap(), want);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_group_roles(&by(&caller), "b", None, at(2)).await.unwrap());
    assert!(!tx.set_group_roles(&by(&caller), "c", None, at(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.group_roles().await.unwrap().len(), 1);
}

async fn people_are_linked_once(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    let ana = add_ana(&store).await.person.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.person_of_identity(&identity("1")).await.unwrap(), None);
    assert!(tx.link_identity(&by(&caller), &identity("1"), ana, at(1)).await.unwrap());
    assert!(!tx.link_identity(&by(&caller), &identity("1"), id(ADMIN), at(1)).await.unwrap(), "it is Ana");
    assert_eq!(tx.person_of_identity(&identity("1")).await.unwrap(), Some(ana));
    let elsewhere = Identity { issuer: "https://other.example.org".to_owned(), ..identity("1") };
    assert_eq!(tx.person_of_identity(&elsewhere).await.unwrap(), None, "numbers are the provider's own");

    let groups = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    for names in [&["a", "b"][..], &["b", "c"]] {
        tx.set_claimed_groups(&by(&caller), ana, &groups(names)).await.unwrap();
        assert_eq!(tx.groups_of_people(Some(ana)).await.unwrap(), [(ana, groups(names))]);
    }
    tx.set_claimed_groups(&by(&caller), id(ADMIN), &groups(&["c"])).await.unwrap();
    assert_eq!(tx.groups_of_people(None).await.unwrap().len(), 2);
    tx.set_claimed_groups(&by(&caller), ana, &BTreeSet::new()).await.unwrap();
    assert_eq!(tx.groups_of_people(Some(ana)).await.unwrap(), []);
    tx.commit().await.unwrap();
}

async fn who_is_unlinked_loses_the_sessions_from_there(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    let ana = add_ana(&store).await;
    let person = ana.person.unwrap();
    let there: CredentialId = id(0x51);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_credential(&session(0x51, person)).await.unwrap();
    tx.note_provider_session(&own(ADMIN, ADMIN), there, &identity("1"), None, Some("mfa")).await.unwrap();
    assert!(tx.link_identity(&by(&caller), &identity("1"), person, at(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.identities_of(person).await.unwrap(), [identity("1")]);
    let standing = store.factor_standing(person, Some(there)).await.unwrap();
    assert!(standing.vouched && !store.factor_standing(person, None).await.unwrap().vouched);

    let mut tx = store.begin().await.unwrap();
    assert!(tx.unlink_identities(&own(ADMIN, ADMIN), person, at(2)).await.is_err(), "another's");
    let ended = tx.unlink_identities(&ana.authorize_own().unwrap(), person, at(2)).await.unwrap();
    assert_eq!(ended, Some(vec![there]));
    tx.commit().await.unwrap();
    assert_eq!(store.identities_of(person).await.unwrap(), []);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.unlink_identities(&by(&caller), person, at(3)).await.unwrap(), Some(vec![]));
    assert_eq!(tx.person_of_identity(&identity("1")).await.unwrap(), None);
}

async fn sessions_of_the_provider_end_together(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    let ana = add_ana(&store).await.person.unwrap();
    let sessions: Vec<CredentialId> = [0x51, 0x52, 0x53].map(id).to_vec();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for number in [0x51, 0x52, 0x53] {
        tx.insert_credential(&session(number, ana)).await.unwrap();
    }
    tx.note_provider_session(&own(ADMIN, ADMIN), sessions[0], &identity("1"), Some("s1"), None)
        .await
        .unwrap();
    tx.note_provider_session(&own(ADMIN, ADMIN), sessions[1], &identity("1"), Some("s2"), Some("mfa"))
        .await
        .unwrap();
    tx.note_provider_session(&own(ADMIN, ADMIN), sessions[2], &identity("2"), None, None).await.unwrap();
    let issuer = "https://id.example.org";
    let end = [
        (None, None, vec![]),
        (Some("1"), Some("s3"), vec![]),
        (Some("2"), Some("s1"), vec![]),
        (None, Some("s1"), vec![sessions[0]]),
        (None, Some("s1"), vec![]),
        (Some("1"), None, vec![sessions[1]]),
        (Some("2"), None, vec![sessions[2]]),
    ];
    assert_eq!(
        tx.end_provider_sessions(&system(), "https://other.example.org", Some("1"), None, at(1))
            .await
            .unwrap(),
        []
    );
    for (subject, sid, want) in end {
        let ended = tx.end_provider_sessions(&system(), issuer, subject, sid, at(1)).await.unwrap();
        assert_eq!(ended, want, "{subject:?} {sid:?}");
    }
    tx.commit().await.unwrap();
    assert!(by(&caller).check().is_some());
}

async fn who_lost_it_a_moment_ago_sets_nothing(kind: Kind) {
    let (_database, store, caller) = start(kind).await;
    let ana = add_ana(&store).await.person.unwrap();
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.set_roles(id(ADMIN), &BTreeSet::new()).await.unwrap();
    tx.commit().await.unwrap();
    let (mut tx, by) = (store.begin().await.unwrap(), by(&caller));
    assert!(!tx.set_identity_provider(&by, Some(&provider("x")), at(1)).await.unwrap());
    let given = gives("a", Role::GlobalAdministrator);
    assert!(!tx.set_group_roles(&by, "a", Some(&given), at(1)).await.unwrap());
    assert!(!tx.link_identity(&by, &identity("1"), ana, at(1)).await.unwrap());
    let other = own(ADMIN, ADMIN);
    assert!(tx.set_identity_provider(&other, None, at(1)).await.is_err(), "authority for another purpose");
    assert!(tx.set_group_roles(&other, "a", None, at(1)).await.is_err());
}
