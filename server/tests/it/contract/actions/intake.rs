//! What one request of a tool makes of proposals under the same external ids.

use std::sync::Arc;

use domain::actions::contract::ProposeActions as _;
use domain::{AuditKind, Caller, Error, Proposal, RowScope, Scope};
use executors::simulated::Simulated;
use service::Service;
use service::executor::Executors;
use service::testing::{FixedClock, proposal};

use crate::contract::sample::{action, at, id};
use crate::database::{Database, Kind, on_both};

on_both!(a_request_finds_what_it_brought_itself, all_or_none_are_taken_in);

fn named(name: &str, path: &str) -> Proposal {
    let mut proposal: Proposal = serde_json::from_value(proposal(name)).unwrap();
    let entity = serde_json::json!({ "kind": "file", "path": path, "sha256": "cd".repeat(32) });
    proposal.entity = serde_json::from_value(entity).unwrap();
    proposal
}

fn tool() -> Caller {
    Caller {
        actor: action(0).proposed_by,
        person: None,
        credential: id(0xF),
        roles: [].into(),
        access: domain::Access::default(),
        scopes: Some([Scope::Propose].into()),
        factor: domain::access::FactorState::NotNeeded,
    }
}

async fn a_request_finds_what_it_brought_itself(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let mut tx = store.begin_system(&service::testing::system()).await.unwrap();
    tx.insert_credential(&store::Credential {
        id: id(0xF),
        kind: store::CredentialKind::Token,
        user: None,
        scopes: [Scope::Propose].into(),
        ..crate::contract::sample::session(0xF, id(0))
    })
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let service =
        Service::new(store.clone(), FixedClock::at(at(1)), Executors::new(vec![Arc::new(Simulated)]));
    let took = async |names: &[(&str, &str)]| {
        let proposals = names.iter().map(|(name, path)| named(name, path)).collect();
        let taken = service.propose(&tool(), proposals).await.unwrap();
        taken.into_iter().map(|of| (of.action.id, of.action.version, of.created)).collect::<Vec<_>>()
    };
    let first = took(&[("a", "/1"), ("b", "/1"), ("a", "/1"), ("a", "/2"), ("a", "/2"), ("a", "/1")]).await;
    let [(a, ..), (b, ..), ..] = first[..] else { panic!("{first:?}") };
    assert_ne!(a, b);
    assert_eq!(
        first,
        [(a, 1, true), (b, 1, true), (a, 1, false), (a, 2, false), (a, 2, false), (a, 3, false)]
    );
    assert_eq!(
        took(&[("b", "/2"), ("a", "/1"), ("b", "/2")]).await,
        [(b, 2, false), (a, 3, false), (b, 2, false)]
    );
    for (id, path, version) in [(a, "/1", 3), (b, "/2", 2)] {
        let stored = store.action(&RowScope::ALL, id).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.entity.title()), (version, named("", path).entity.title()));
    }
    let kinds: Vec<_> = store.audit_after(0, 100).await.unwrap().into_iter().map(|of| of.kind).collect();
    let revised = AuditKind::Revised;
    assert_eq!(kinds, [AuditKind::Proposed, AuditKind::Proposed, revised, revised, revised]);
    store::verify(&*store).await.unwrap();
}

async fn all_or_none_are_taken_in(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let service = Service::new(store.clone(), FixedClock::at(at(1)), Executors::default());
    // Nobody knows the credential: the first of the two that differ can't be revised.
    let proposals = vec![named("a", "/1"), named("a", "/2")];
    let error = service.propose(&tool(), proposals).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    assert_eq!(store.audit_head().await.unwrap(), 0);
}
