//! What the cases write: actions, people, and who they act as.

use service::testing::system as authority;
use std::slice::from_ref;

use domain::access::{Access, Reach};
use domain::{
    Action, ActionId, ActionType, Actor, ActorKind, Asset, AssetKind, AuditKind, Authorized, Caller,
    CommandId, Criticality, Permission, Proposal, Role, Scope, Severity, Source, Transition, UserId,
};
use jiff::Timestamp;
use serde_json::json;
use store::{AuditEntry, Credential, CredentialKind, NewCommand, SharedStore, User};
use uuid::Uuid;

/// A moment, in seconds after the one at which all begins.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(super) fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(number))
}

pub(super) fn command(id: CommandId, action: ActionId, at: Timestamp) -> NewCommand {
    NewCommand { id, action, target: 0, at, executor: None }
}

/// A pending action with an hour to decide it, and only what every action has.
pub(super) fn action(number: u128) -> Action {
    let entity = json!({ "kind": "file", "path": format!("/srv/{number}"), "sha256": "ab".repeat(32) });
    let proposal = Proposal {
        targets: Vec::new(),
        device: None,
        external_id: String::new(),
        action_type: ActionType::QuarantineFile,
        entity: serde_json::from_value(entity).unwrap(),
        asset: Asset {
            kind: AssetKind::Device,
            name: "host".to_owned(),
            criticality: None,
            device_group: None,
        },
        parameters: std::collections::BTreeMap::new(),
        comment: None,
        severity: Severity::High,
        source: Source::Antivirus,
        verdict: None,
        evidence: Vec::new(),
        alert: None,
        campaign: None,
        investigation_id: None,
        incident_id: None,
        expires_at: Some(at(3_600)),
        decision: None,
        status: None,
        occurred_at: None,
        result: None,
    };
    let scanner = Actor::new(ActorKind::Token, "scanner", "Scanner");
    let action = proposal.into_action(id(number), format!("{number:064x}"), scanner, at(0));
    Action { external_id: None, ..action }
}

/// The same with everything filled in, in letters beyond ASCII.
pub(super) fn full_action(number: u128) -> Action {
    Action {
        external_id: Some("Ø-17 '\"\\ %_".to_owned()),
        asset: Asset {
            criticality: Some(Criticality::VeryHigh),
            device_group: Some("Büro".to_owned()),
            ..action(number).asset
        },
        comment: Some("日本語 🦀\nsecond line".to_owned()),
        verdict: Some(domain::Verdict::Malicious),
        evidence: vec![domain::Evidence {
            title: "Beacon".to_owned(),
            detail: "every 60 s".to_owned(),
            verdict: Some(domain::Verdict::Suspicious),
            technique: Some("T1071.001".to_owned()),
        }],
        alert: Some(domain::Alert { id: "a1".to_owned(), title: "Alert".to_owned(), url: None }),
        campaign: Some("campaign".to_owned()),
        investigation_id: Some("i1".to_owned()),
        incident_id: Some("n1".to_owned()),
        ..action(number)
    }
}

/// The record of an action that is there.
pub(super) fn imported(action: &Action) -> AuditEntry {
    let Action { version, digest, decision, status, undo, .. } = action;
    let body = json!({
        "version": version, "digest": digest, "decision": decision, "status": status, "undo": undo,
    });
    AuditEntry { at: action.updated_at, kind: AuditKind::Imported, subject: Some(action.id.into()), body }
}

/// The next version after a command of the lifecycle.
pub(super) fn after(before: &Action, command: Transition, now: Timestamp) -> Action {
    let lifecycle = before.lifecycle().unwrap().apply(command).unwrap();
    Action {
        version: before.version + 1,
        decision: lifecycle.state().decision(),
        status: lifecycle.state().status(),
        undo: lifecycle.undo(),
        updated_at: now,
        ..before.clone()
    }
}

/// The same as somebody's decision.
pub(super) fn decided(before: &Action, by: &Authorized, command: Transition, now: Timestamp) -> Action {
    Action {
        decided_by: Some(by.actor().clone()),
        decided_at: Some(now),
        reason: Some("reason".to_owned()),
        approval_id: Some(id(99)),
        executor: Some("simulated".to_owned()),
        ..after(before, command, now)
    }
}

/// Whose the actions of the sample are: those of the tool of that name.
pub(super) const SCANNER: &str = "tool:Scanner";
pub(super) const ANA: u128 = 0xA;
pub(super) const ANAS_SESSION: u128 = 0xA5;

pub(super) fn user(number: u128, name: &str, roles: &[Role]) -> User {
    User {
        id: id(number),
        name: name.to_owned(),
        display_name: name.to_uppercase(),
        password_hash: Some("hash".to_owned()),
        enabled: true,
        roles: roles.iter().copied().collect(),
        access: Access::of_roles(&roles.iter().copied().collect()),
    }
}

/// A session of a day.
pub(super) fn session(number: u128, of: UserId) -> Credential {
    Credential {
        id: id(number),
        kind: CredentialKind::Session,
        secret_hash: format!("hash {number}"),
        user: Some(of),
        name: String::new(),
        scopes: std::collections::BTreeSet::new(),
        device_groups: None,
        reach: Reach::Everywhere,
        created_at: at(0),
        last_seen_at: at(0),
        expires_at: at(86_400),
    }
}

/// Ana, a Security Operator with a session.
pub(super) async fn add_ana(store: &SharedStore) -> Caller {
    let ana = user(ANA, "ana", &[Role::SecurityOperator]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&ana, at(0)).await.unwrap();
    tx.insert_credential(&session(ANAS_SESSION, ana.id)).await.unwrap();
    tx.commit().await.unwrap();
    person(ANA, ANAS_SESSION)
}

/// A Security Operator by a session, whether or not the database knows them.
pub(super) fn person(number: u128, session: u128) -> Caller {
    Caller {
        actor: Actor::new(ActorKind::User, id::<UserId>(number).to_string(), "ANA"),
        person: Some(id(number)),
        credential: id(session),
        roles: [Role::SecurityOperator].into(),
        access: Access::of_roles(&[Role::SecurityOperator].into()),
        scopes: None,
        factor: domain::access::FactorState::NotNeeded,
    }
}

pub(super) fn own(number: u128, session: u128) -> Authorized {
    person(number, session).authorize_own().unwrap()
}

pub(super) fn planner(number: u128, session: u128) -> Authorized {
    person(number, session).authorize_plan().unwrap()
}

pub(super) fn decider(caller: &Caller) -> Authorized {
    caller.authorize(Permission::Devices).unwrap()
}

/// A personal token by a credential that the database knows.
pub(super) fn token_of(caller: &Caller) -> Authorized {
    Caller { scopes: Some([Scope::Propose].into()), ..caller.clone() }.authorize_proposal().unwrap()
}

/// A tool, or with a person behind it their personal token. The database need not know it.
pub(super) fn proposer(person: Option<UserId>) -> Authorized {
    let caller = Caller {
        actor: action(0).proposed_by,
        person,
        credential: id(0xF),
        roles: [].into(),
        access: Access::default(),
        scopes: Some([Scope::Propose].into()),
        factor: domain::access::FactorState::NotNeeded,
    };
    caller.authorize_proposal().unwrap()
}

pub(super) fn system() -> Authorized {
    Authorized::system(&authority(), "test", "Test")
}

/// Writes an action as the tool's proposal.
pub(super) async fn add(store: &SharedStore, action: &Action) {
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(None), from_ref(action)).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) fn entry(number: i64, of: Option<ActionId>) -> AuditEntry {
    AuditEntry {
        at: at(number),
        kind: AuditKind::Approved,
        subject: of.map(Into::into),
        body: json!({ "number": number, "text": "ü" }),
    }
}
