//! What the command line administers: people are found by name, roles are shown and taken away, the last administrator
//! stays, and every change is recorded.

use domain::access::contract::CredentialSort;
use domain::{AuditKind, Error, Role};
use service::access::console::{Console, Given};
use service::testing::{system as authority, tester};
use store::SharedStore;

use super::investigations::service;
use super::sample::{at, id, session, user};
use crate::database::{Database, Kind, on_both};

on_both!(roles_are_shown_and_taken_away, what_is_revoked_is_over);

/// An administrator and an operator, each with a session.
async fn start(kind: Kind) -> (Database, SharedStore, Console) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    for (number, name, roles) in [
        (1, "root", &[Role::GlobalAdministrator][..]),
        (2, "bea", &[Role::SecurityOperator, Role::SearchAndPurge][..]),
    ] {
        tx.insert_user(&user(number, name, roles), at(0)).await.unwrap();
        tx.insert_credential(&session(0x50 + number, id(number))).await.unwrap();
    }
    tx.commit().await.unwrap();
    let console = Console::new(service(&store), authority(), tester());
    (database, store, console)
}

async fn roles_are_shown_and_taken_away(kind: Kind) {
    let (_database, store, console) = start(kind).await;
    let holders = async |role: &str| {
        let people = console.holders(role).await.unwrap();
        people.into_iter().map(|person| person.name).collect::<Vec<_>>()
    };
    assert_eq!(holders("security_operator").await, ["bea"]);
    assert_eq!(holders("security_reader").await, [""; 0]);
    let given = Given {
        roles: vec!["security_operator".to_owned(), "data investigator".to_owned()],
        limit: Vec::new(),
    };
    console.give("bea", &given).await.unwrap();
    assert_eq!(holders("Data Investigator").await, ["bea"]);
    let bea = console.take_away("Data Investigator", "bea").await.unwrap();
    assert_eq!((bea.assignments.roles.len(), bea.assignments.role_groups.len()), (1, 0));
    assert_eq!(holders("Data Investigator").await, [""; 0]);
    let refused = |result: Result<_, Error>| match result {
        Err(Error::Invalid(found)) => found[0].pointer.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(console.take_away("Data Investigator", "bea").await.map(drop)), "/role");
    assert_eq!(refused(console.take_away("no such role", "bea").await.map(drop)), "/role");
    assert!(matches!(console.take_away("security_operator", "nobody").await, Err(Error::NotFound(_))));
    // Somebody has to administer.
    assert!(console.take_away("global_administrator", "root").await.is_err());
    assert_eq!(holders("global_administrator").await, ["root"]);
    let records = store.audit_after(0, 100).await.unwrap();
    let changes: Vec<_> = records.iter().filter(|of| of.kind == AuditKind::AccessChanged).collect();
    assert_eq!(changes.len(), 2, "what was refused changed nothing");
    let groups = |side: &str| changes[1].body[side]["role_groups"].as_array().unwrap().len();
    assert_eq!((groups("before"), groups("after")), (1, 0));
    store::verify(&*store).await.unwrap();
}

async fn what_is_revoked_is_over(kind: Kind) {
    let (_database, store, console) = start(kind).await;
    let open = async || {
        let sessions = console.credentials(CredentialSort::Session).await.unwrap();
        sessions.into_iter().filter_map(|of| of.owner_name).collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(open().await, ["BEA".to_owned(), "ROOT".to_owned()].into());
    assert_eq!(console.revoke_all("bea").await.unwrap(), 1);
    assert_eq!(open().await, ["ROOT".to_owned()].into());
    console.revoke(id(0x51)).await.unwrap();
    assert!(open().await.is_empty());
    assert!(matches!(console.revoke(id(0x51)).await, Err(Error::NotFound(_))), "it was over before");
    console.set_enabled("bea", false).await.unwrap();
    assert!(!console.person("bea").await.unwrap().enabled);
    assert!(console.set_enabled("root", false).await.is_err(), "the last administrator stays");
    assert!(console.person("root").await.unwrap().enabled);
    store::verify(&*store).await.unwrap();
}
