//! People and groups that a directory brings in.

use std::collections::BTreeSet;

use domain::directory::{
    DirectoryGroup, DirectoryKey, DirectoryPerson, DirectoryQuery, GroupRecord, PersonRecord,
};
use domain::{Actor, ActorKind, Authorized, Caller, Scope, UserId};
use service::testing::system as authority;
use store::{Credential, CredentialKind, Identity, SharedStore};

use super::sample::{at, id, own, session, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    people_are_found_by_what_the_directory_knows,
    a_change_of_an_older_version_is_none,
    a_person_who_is_taken_out_is_forgotten,
    groups_have_members_and_names_of_their_own,
    a_token_that_ended_a_moment_ago_brings_in_nobody,
);

const TOKEN: u128 = 0xD1;

/// A store with a directory's token, and people of these names.
async fn start(kind: Kind, names: &[&str]) -> (Database, SharedStore, Authorized) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    let token = session(TOKEN, id(0));
    let scopes: BTreeSet<_> = [Scope::Provision].into();
    let token = Credential { kind: CredentialKind::Token, user: None, scopes: scopes.clone(), ..token };
    tx.insert_credential(&token).await.unwrap();
    for (number, name) in (1..).zip(names) {
        tx.insert_user(&user(number, name, &[]), at(0)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let caller = Caller {
        actor: Actor::new(ActorKind::Token, "t", "directory"),
        person: None,
        credential: id(TOKEN),
        roles: BTreeSet::new(),
        access: domain::Access::default(),
        factor: domain::access::FactorState::NotNeeded,
        scopes: Some(scopes),
    };
    let by = caller.authorize_provisioning().unwrap();
    let mut tx = store.begin().await.unwrap();
    for (number, name) in (1..).zip(names) {
        assert!(tx.put_directory_person(&by, &person(number, name, 1), at(1)).await.unwrap());
    }
    tx.commit().await.unwrap();
    (database, store, by)
}

fn person(number: u128, name: &str, version: i64) -> DirectoryPerson {
    let record = PersonRecord {
        user_name: name.to_owned(),
        external_id: Some(format!("x-{number}")),
        display_name: Some(name.to_uppercase()),
        active: Some(true),
        ..PersonRecord::default()
    };
    let (groups, created_at, updated_at) = (Vec::new(), at(1), at(1));
    DirectoryPerson { id: id(number), record, enabled: true, groups, created_at, updated_at, version }
}

fn group(number: u128, name: &str, members: &[u128], version: i64) -> DirectoryGroup {
    let members = members.iter().map(|number| id(*number)).collect();
    let record =
        GroupRecord { display_name: name.to_owned(), external_id: Some(format!("g-{number}")), members };
    DirectoryGroup { id: id(number), record, created_at: at(1), updated_at: at(1), version }
}

fn query(filter: Option<(DirectoryKey, &str)>, skip: u32, count: u32) -> DirectoryQuery {
    DirectoryQuery { filter: filter.map(|(key, value)| (key, value.to_owned())), skip, count }
}

async fn people_are_found_by_what_the_directory_knows(kind: Kind) {
    let (_database, store, _) = start(kind, &["Ana", "ben", "cy"]).await;
    let found = async |query: DirectoryQuery| {
        let page = store.directory_people(&query).await.unwrap();
        let names: Vec<_> = page.items.into_iter().map(|person| person.record.user_name).collect();
        (names, page.total)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(found(query(None, 0, 10)).await, (names(&["Ana", "ben", "cy"]), 3));
    assert_eq!(found(query(None, 1, 1)).await, (names(&["ben"]), 3));
    assert_eq!(found(query(None, 0, 0)).await, (names(&[]), 3));
    for (key, value) in [
        (DirectoryKey::UserName, "aNA"),
        (DirectoryKey::ExternalId, "x-1"),
        (DirectoryKey::DisplayName, "ANA"),
        (DirectoryKey::Id, &id::<UserId>(1).to_string()),
    ] {
        assert_eq!(found(query(Some((key, value)), 0, 10)).await, (names(&["Ana"]), 1), "{key}");
    }
    assert_eq!(found(query(Some((DirectoryKey::ExternalId, "a\0b' OR 1=1")), 0, 10)).await.1, 0);
    assert_eq!(store.person_of_name("BEN").await.unwrap(), Some(id(2)));
    assert_eq!(store.person_of_name("b\0n").await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.person_of_directory("x-3").await.unwrap(), Some(id(3)));
    assert_eq!(tx.person_of_directory("x-9").await.unwrap(), None);
    let asked: BTreeSet<UserId> = [id(1), id(9)].into();
    assert_eq!(tx.known_to_directory(&asked).await.unwrap(), [id(1)].into());
}

async fn a_change_of_an_older_version_is_none(kind: Kind) {
    let (_database, store, by) = start(kind, &["ana", "ben"]).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.put_directory_person(&by, &person(1, "ana", 2), at(2)).await.unwrap());
    assert!(!tx.put_directory_person(&by, &person(1, "ana", 2), at(2)).await.unwrap());
    assert!(!tx.put_directory_person(&by, &person(9, "nobody", 2), at(2)).await.unwrap());
    assert!(!tx.rename_person(&by, id(1), "BEN", at(2)).await.unwrap(), "somebody has it");
    assert!(tx.rename_person(&by, id(1), "ANA", at(2)).await.unwrap(), "one's own in another case");
    tx.commit().await.unwrap();
    let page = store.directory_people(&DirectoryQuery::one(id::<UserId>(1))).await.unwrap();
    assert_eq!((page.items[0].version, page.items[0].record.user_name.as_str()), (2, "ANA"));
    assert_eq!(page.items[0].updated_at, at(2));
}

async fn a_person_who_is_taken_out_is_forgotten(kind: Kind) {
    let (_database, store, by) = start(kind, &["ana", "ben"]).await;
    let identity = Identity { issuer: "https://id.example.org".to_owned(), subject: "1".to_owned() };
    let mut tx = store.begin().await.unwrap();
    tx.link_identity(&system(), &identity, id(1), at(1)).await.unwrap();
    assert!(tx.put_directory_group(&by, &group(0x61, "g", &[1, 2], 1), at(1)).await.unwrap());
    assert!(tx.forget_directory_person(&by, id(1), at(2)).await.unwrap());
    assert!(!tx.forget_directory_person(&by, id(1), at(2)).await.unwrap());
    assert_eq!(tx.person_of_identity(&identity).await.unwrap(), None);
    assert_eq!(tx.groups_of_people(None).await.unwrap(), [(id(2), ["g".to_owned()].into())]);
    tx.commit().await.unwrap();
    assert_eq!(store.directory_people(&query(None, 0, 10)).await.unwrap().total, 1);
    assert!(store.user("ana").await.unwrap().is_some(), "what they did stays theirs");
}

async fn groups_have_members_and_names_of_their_own(kind: Kind) {
    let (_database, store, by) = start(kind, &["ana", "ben", "cy"]).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.put_directory_group(&by, &group(0x61, "a", &[1, 2], 1), at(1)).await.unwrap());
    assert!(tx.put_directory_group(&by, &group(0x62, "b", &[2], 1), at(2)).await.unwrap());
    assert!(
        !tx.put_directory_group(&by, &group(0x63, "a", &[], 1), at(3)).await.unwrap(),
        "another has the name"
    );
    assert!(!tx.put_directory_group(&by, &group(0x62, "a", &[], 2), at(3)).await.unwrap());
    assert!(tx.put_directory_group(&by, &group(0x61, "a", &[2, 3], 2), at(3)).await.unwrap());
    assert!(
        !tx.put_directory_group(&by, &group(0x61, "a", &[1], 2), at(3)).await.unwrap(),
        "an older version"
    );
    let groups = tx.groups_of_people(Some(id(2))).await.unwrap();
    assert_eq!(groups, [(id(2), ["a".to_owned(), "b".to_owned()].into())]);
    tx.commit().await.unwrap();
    let page = store.directory_groups(&query(Some((DirectoryKey::DisplayName, "a")), 0, 10)).await.unwrap();
    assert_eq!((page.total, &page.items[0].record), (1, &group(0x61, "a", &[2, 3], 2).record));
    for (key, value) in
        [(DirectoryKey::ExternalId, "g-98"), (DirectoryKey::Id, &id::<UserId>(0x62).to_string())]
    {
        let page = store.directory_groups(&query(Some((key, value)), 0, 10)).await.unwrap();
        assert_eq!(page.items.len(), 1, "{key}");
    }
    assert_eq!(
        store.directory_groups(&query(Some((DirectoryKey::UserName, "a")), 0, 10)).await.unwrap().total,
        0
    );
    let ana = store.directory_people(&DirectoryQuery::one(id::<UserId>(2))).await.unwrap().items.remove(0);
    assert_eq!(ana.groups, [(id(0x61), "a".to_owned()), (id(0x62), "b".to_owned())]);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.forget_directory_group(&by, id(0x61), at(4)).await.unwrap());
    assert!(!tx.forget_directory_group(&by, id(0x61), at(4)).await.unwrap());
    assert_eq!(tx.groups_of_people(Some(id(3))).await.unwrap(), []);
    tx.commit().await.unwrap();
    assert_eq!(store.directory_groups(&query(None, 0, 10)).await.unwrap().total, 1);
}

async fn a_token_that_ended_a_moment_ago_brings_in_nobody(kind: Kind) {
    let (_database, store, by) = start(kind, &["ana"]).await;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.revoke(&system(), id(TOKEN), at(1)).await.unwrap());
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.put_directory_person(&by, &person(1, "ana", 2), at(2)).await.unwrap());
    assert!(!tx.rename_person(&by, id(1), "else", at(2)).await.unwrap());
    assert!(!tx.put_directory_group(&by, &group(0x61, "a", &[1], 1), at(2)).await.unwrap());
    assert!(!tx.forget_directory_person(&by, id(1), at(2)).await.unwrap());
    assert!(tx.put_directory_person(&own(1, 1), &person(1, "ana", 2), at(2)).await.is_err());
}
