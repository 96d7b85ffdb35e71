//! How far rules may decide: the stop and the quotas hold inside the write, and a simulation says what would happen.

use std::collections::BTreeSet;

use domain::access::Reach;
use domain::access::device_group::{RemediationLevel, UNGROUPED};
use domain::automation::contract::AutomationBackend as _;
use domain::automation::{DEFAULT_QUOTA, Simulated, SimulationRequest, Stop};
use domain::investigations::contract::{InvestigationsBackend as _, Reported};
use domain::investigations::report::InvestigationReport;
use domain::{Action, ActionType, AuditKind, Caller, Decision, Error, Permission, Role, RowScope, Status};
use service::Service;
use service::testing::system as authority;
use store::SharedStore;

use super::investigations::{add_tool, malicious, service, tool};
use super::sample::{ANA, ANAS_SESSION, action, add, at, decider, id, person, session, system, user};
use crate::database::{Database, Kind, on_both};

on_both!(
    a_stop_is_kept_until_it_is_taken_back,
    nothing_is_automatic_while_all_is_stopped,
    compromised_users_are_decided_on_where_a_policy_says_so,
    a_quota_is_exact_whoever_asks_at_once,
    a_level_that_is_tried_does_what_it_does_when_it_is_set,
);

/// Ana, who may also configure.
async fn add_administrator(store: &SharedStore) -> Caller {
    let roles = [Role::SecurityAdministrator];
    let ana = user(ANA, "ana", &roles);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&ana, at(0)).await.unwrap();
    tx.insert_credential(&session(ANAS_SESSION, ana.id)).await.unwrap();
    tx.commit().await.unwrap();
    Caller { roles: roles.into(), access: ana.access, ..person(ANA, ANAS_SESSION) }
}

async fn add_group(database: &Database, level: &str) {
    let sql = format!(
        "INSERT INTO device_groups (id, rank, name, name_key, level, rule, version)
         VALUES ('{}', 1, 'Servers', 'servers', '{level}', '[]', 1)",
        id::<uuid::Uuid>(7),
    );
    database.execute(&sql).await.unwrap();
}

async fn report(service: &Service, id: &str, actions: Vec<serde_json::Value>) -> Reported {
    let actions = serde_json::from_value(serde_json::Value::from(actions)).unwrap();
    let report = InvestigationReport { actions, ..InvestigationReport::of(id) };
    service.report_investigation(&tool(), report).await.unwrap()
}

fn in_temp(name: &str) -> serde_json::Value {
    malicious(name, "Servers", "/tmp/x")
}

async fn read(store: &SharedStore, of: &Reported, index: usize) -> Action {
    store.action(&RowScope::ALL, of.actions[index].id.unwrap()).await.unwrap().unwrap()
}

async fn a_stop_is_kept_until_it_is_taken_back(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_administrator(&store).await;
    let by = ana.authorize_administration(Permission::Configure).unwrap();
    let stop = Stop { since: at(1), by: "Ana".to_owned(), reason: Some("a rule went wild".to_owned()) };
    assert_eq!(store.automation_stop().await.unwrap(), None);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_automation_stop(&decider(&ana), Some(&stop), at(1)).await.is_err(), "no decision");
    assert!(tx.set_automation_stop(&by, Some(&stop), at(1)).await.unwrap());
    assert!(tx.set_quota(&by, ActionType::IsolateDevice, Some(3), at(1)).await.unwrap());
    assert!(tx.set_quota(&by, ActionType::QuarantineFile, Some(0), at(1)).await.unwrap());
    assert!(tx.set_quota(&by, ActionType::QuarantineFile, None, at(1)).await.unwrap());
    let stranger = Caller { credential: id(0xB5), person: Some(id(0xB)), ..ana.clone() };
    let stranger = stranger.authorize_administration(Permission::Configure).unwrap();
    assert!(!tx.set_automation_stop(&stranger, None, at(1)).await.unwrap(), "nobody of that session");
    assert!(!tx.set_quota(&stranger, ActionType::IsolateDevice, None, at(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.automation_stop().await.unwrap(), Some(stop.clone()));
    let state = store.automation(at(2)).await.unwrap();
    assert_eq!((state.stopped.as_ref(), state.quotas.len()), (Some(&stop), 1));
    assert_eq!(state.quota(ActionType::IsolateDevice).per_hour, 3);
    assert_eq!(state.quota(ActionType::QuarantineFile).per_hour, DEFAULT_QUOTA);
    // What rules approved counts for an hour.
    add(&store, &action(1)).await;
    let mut tx = store.begin().await.unwrap();
    tx.note_automatic(&tool().authorize_automation().unwrap(), &action(1), at(10)).await.unwrap();
    assert!(tx.note_automatic(&decider(&ana), &action(1), at(10)).await.is_err(), "a person is no rule");
    tx.commit().await.unwrap();
    let used =
        async |now| store.automation(at(now)).await.unwrap().quota(ActionType::QuarantineFile).used.unwrap();
    assert_eq!((used(10).await, used(10 + 3_599).await, used(10 + 3_600).await), (1, 1, 0));
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_automation_stop(&by, None, at(20)).await.unwrap());
    assert_eq!(tx.automation(at(20)).await.unwrap().stopped, None);
}

async fn nothing_is_automatic_while_all_is_stopped(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_administrator(&store).await;
    add_tool(&store).await;
    add_group(&database, "full").await;
    let service = service(&store);
    let state = service.stop_automation(&ana, Some("a rule went wild".to_owned())).await.unwrap();
    assert_eq!(state.stopped.as_ref().unwrap().by, "ANA");
    // Stopped again it stays as it is.
    let again = service.stop_all(system(), None).await.unwrap();
    assert_eq!(again.stopped, state.stopped);
    let made = report(&service, "I-1", vec![in_temp("1")]).await;
    assert_eq!(made.actions[0].decision, Some(Decision::Pending));
    let waits = read(&store, &made, 0).await;
    let why = "It waits, as all automation is stopped by ANA. The rule was: Full - remediate threats automatically; \
               verdict Malicious.";
    assert_eq!((waits.status_detail.as_deref(), made.actions[0].rule.as_deref()), (Some(why), Some(why)));
    // The same again says nothing new.
    let again = report(&service, "I-1", vec![in_temp("1")]).await;
    assert_eq!(read(&store, &again, 0).await.version, waits.version);
    let state = service.resume_automation(&ana).await.unwrap();
    assert_eq!(state.stopped, None);
    assert_eq!(read(&store, &made, 0).await.decision, Decision::Pending, "it goes on waiting");
    let again = report(&service, "I-1", vec![in_temp("1")]).await;
    let approved = read(&store, &again, 0).await;
    assert_eq!((approved.decision, approved.status), (Decision::AutoApproved, Status::Queued));
    assert_eq!(approved.status_detail, None);
    let records = store.audit_after(0, 100).await.unwrap();
    let kinds: Vec<_> = records.iter().map(|of| of.kind).collect();
    let switched = |kind| kinds.iter().filter(|of| **of == kind).count();
    assert_eq!(
        (
            switched(AuditKind::AutomationStopped),
            switched(AuditKind::AutomationResumed),
            switched(AuditKind::HeldBack)
        ),
        (1, 1, 1),
        "{kinds:?}"
    );
    let stop = records.iter().find(|of| of.kind == AuditKind::AutomationStopped).unwrap();
    assert_eq!(
        (&stop.body["before"], &stop.body["after"]["reason"]),
        (&serde_json::Value::Null, &"a rule went wild".into())
    );
    let operator = person(ANA, ANAS_SESSION);
    assert!(matches!(service.stop_automation(&operator, None).await, Err(Error::Forbidden(_))));
    store::verify(&*store).await.unwrap();
}

async fn compromised_users_are_decided_on_where_a_policy_says_so(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_administrator(&store).await;
    add_tool(&store).await;
    add_group(&database, "full").await;
    let service = service(&store);
    // One of a device in the group, so that it is simulated, too.
    let of = |name: &str, action_type: &str| {
        serde_json::json!({
            "external_id": name, "type": action_type, "severity": "high", "verdict": "compromised",
            "source": "automated_user_action", "entity": { "kind": "user", "name": name }, "comment": "token theft",
            "asset": { "kind": "device", "name": "host 1", "device_group": "Servers" },
        })
    };
    let actions = vec![of("kim", "revoke_sessions"), of("lee", "disable_user")];
    let made = report(&service, "I-1", actions.clone()).await;
    let why = "It waits, as no policy lets rules do this to users that are compromised. The rule was: users that are \
               compromised.";
    for (index, made_action) in made.actions.iter().enumerate() {
        assert_eq!((made_action.decision, made_action.rule.as_deref()), (Some(Decision::Pending), Some(why)));
        assert_eq!(read(&store, &made, index).await.status_detail.as_deref(), Some(why));
    }
    let simulated = async || {
        let asked = SimulationRequest { device_group: id(7), level: RemediationLevel::SemiAll, days: 1 };
        let of = service.simulate_level(&ana, asked).await.unwrap();
        (of.automatic, of.waits, of.actions.into_iter().map(|of| of.rule).collect::<Vec<_>>())
    };
    let (automatic, waits, rules) = simulated().await;
    assert_eq!((automatic, waits), (0, 2));
    assert!(rules[0].contains("no policy lets rules do this"), "{rules:?}");

    let wrong = service.set_compromised_users(&ana, vec![ActionType::IsolateDevice]).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    let operator = person(ANA, ANAS_SESSION);
    let refused = service.set_compromised_users(&operator, Vec::new()).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    let state = service.set_compromised_users(&ana, vec![ActionType::RevokeSessions; 2]).await.unwrap();
    assert_eq!(state.compromised_users, [ActionType::RevokeSessions]);
    service.set_compromised_users(&ana, state.compromised_users).await.unwrap();
    assert_eq!(store.automation(at(1)).await.unwrap().compromised_users, [ActionType::RevokeSessions]);
    assert_eq!((simulated().await.0, simulated().await.1), (1, 1));
    report(&service, "I-1", actions.clone()).await;
    let approved = read(&store, &made, 0).await;
    assert_eq!((approved.decision, approved.status_detail.as_deref()), (Decision::AutoApproved, None));
    assert_eq!(approved.reason.as_deref(), Some("Approved by a rule: users that are compromised."));
    assert_eq!(read(&store, &made, 1).await.decision, Decision::Pending, "of another type");

    service.set_compromised_users(&ana, Vec::new()).await.unwrap();
    let again = report(&service, "I-2", vec![of("max", "revoke_sessions")]).await;
    assert_eq!(again.actions[0].decision, Some(Decision::Pending), "as before");
    let records = store.audit_after(0, 100).await.unwrap();
    let changes: Vec<_> = records
        .iter()
        .filter(|of| of.kind == AuditKind::SettingChanged)
        .map(|of| {
            (of.body["before"]["compromised_users"].clone(), of.body["after"]["compromised_users"].clone())
        })
        .collect();
    let (none, sessions) = (serde_json::json!([]), serde_json::json!(["revoke_sessions"]));
    assert_eq!(changes, [(none.clone(), sessions.clone()), (sessions, none)]);
    // The write itself asks again who may.
    let by = ana.authorize_administration(Permission::Configure).unwrap();
    database.execute("DELETE FROM user_permissions").await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert!(tx.set_compromised_users(&decider(&ana), &[], at(200)).await.is_err(), "no decision");
    assert!(!tx.set_compromised_users(&by, &[ActionType::DisableUser], at(200)).await.unwrap());
    assert_eq!(tx.compromised_users().await.unwrap(), []);
    drop(tx);
    store::verify(&*store).await.unwrap();
}

async fn a_quota_is_exact_whoever_asks_at_once(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_administrator(&store).await;
    add_tool(&store).await;
    add_group(&database, "full").await;
    let service = service(&store);
    service.set_quota(&ana, ActionType::QuarantineFile, Some(5)).await.unwrap();
    let too_many = service.set_quota(&ana, ActionType::QuarantineFile, Some(u32::MAX)).await;
    assert!(matches!(too_many, Err(Error::Invalid(_))), "{too_many:?}");
    let tasks: Vec<_> = (0..12)
        .map(|number| {
            let service = service.clone();
            tokio::spawn(async move {
                let names = [format!("{number}-a"), format!("{number}-b")];
                report(&service, &format!("I-{number}"), names.iter().map(|name| in_temp(name)).collect())
                    .await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap().actions);
    }
    let approved = all.iter().filter(|of| of.decision == Some(Decision::AutoApproved)).count();
    assert_eq!((all.len(), approved), (24, 5));
    let waits = all.iter().find(|of| of.decision == Some(Decision::Pending)).unwrap();
    let says = store.action(&RowScope::ALL, waits.id.unwrap()).await.unwrap().unwrap().status_detail;
    assert!(says.unwrap().contains("the quota of Quarantine file is spent: at most 5 in an hour"));
    let used = service.automation(&ana).await.unwrap().quota(ActionType::QuarantineFile);
    assert_eq!((used.used, used.per_hour, used.is_default), (Some(5), 5, false));
    // It is of all devices, and so not told to who sees some of them.
    let reach = Reach::Groups(["Kiosks".to_owned()].into());
    let limited = Caller { access: ana.access.clone().within(&reach), ..ana.clone() };
    let told = service.automation(&limited).await.unwrap().quota(ActionType::QuarantineFile);
    assert_eq!((told.used, told.per_hour), (None, 5));
    store::verify(&*store).await.unwrap();
}

async fn a_level_that_is_tried_does_what_it_does_when_it_is_set(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_administrator(&store).await;
    add_tool(&store).await;
    add_group(&database, "semi_all").await;
    let service = service(&store);
    let paths =
        ["/tmp/a", "C:\\Windows\\x.exe", "C:\\Users\\a\\Downloads\\x.exe", "/srv/a", "C:\\Users\\a\\x.exe"];
    let mut actions: Vec<_> =
        paths.iter().enumerate().map(|(at, path)| malicious(&at.to_string(), "Servers", path)).collect();
    let mut suspicious = in_temp("s");
    suspicious["verdict"] = "suspicious".into();
    actions.push(suspicious);
    actions.push(malicious("elsewhere", "Kiosks", "/tmp/x"));
    let made = report(&service, "I-1", actions.clone()).await;
    assert!(made.actions.iter().all(|of| of.decision == Some(Decision::Pending)), "{:?}", made.actions);
    for (level, automatic, waits, nothing) in [
        (RemediationLevel::Full, 5, 1, 0),
        (RemediationLevel::SemiCore, 4, 2, 0),
        (RemediationLevel::SemiNonTemp, 2, 4, 0),
        (RemediationLevel::SemiAll, 0, 6, 0),
        (RemediationLevel::None, 0, 0, 6),
    ] {
        let asked = SimulationRequest { device_group: id(7), level, days: 1 };
        let of = service.simulate_level(&ana, asked).await.unwrap();
        assert_eq!(
            (of.automatic, of.waits, of.not_proposed, of.total),
            (automatic, waits, nothing, 6),
            "{level}"
        );
        assert_eq!(of.current, RemediationLevel::SemiAll);
    }
    let asked = |days| SimulationRequest { device_group: id(7), level: RemediationLevel::SemiCore, days };
    let tried = service.simulate_level(&ana, asked(1)).await.unwrap();
    let tried: BTreeSet<_> =
        tried.actions.into_iter().filter(|of| of.outcome == Simulated::Automatic).map(|of| of.id).collect();
    database.execute("UPDATE device_groups SET level = 'semi_core' WHERE name = 'Servers'").await.unwrap();
    let again = report(&service, "I-1", actions).await;
    let done: BTreeSet<_> = again
        .actions
        .iter()
        .filter(|of| of.decision == Some(Decision::AutoApproved))
        .filter_map(|of| of.id)
        .collect();
    assert_eq!(tried, done.clone());
    assert_eq!(done.len(), 4);
    // What was decided is looked at as what waits.
    let of = service.simulate_level(&ana, asked(1)).await.unwrap();
    assert_eq!((of.automatic, of.current), (4, RemediationLevel::SemiCore));
    let wrong = service.simulate_level(&ana, asked(0)).await;
    assert!(matches!(wrong, Err(Error::Invalid(_))), "{wrong:?}");
    let unknown = SimulationRequest { device_group: id(8), ..asked(1) };
    assert!(matches!(service.simulate_level(&ana, unknown).await, Err(Error::NotFound(_))));
    let found = store.proposed_in_group(&RowScope::ALL, "servers", at(0), 3).await.unwrap();
    assert_eq!(found.len(), 3);
    let later = store.proposed_in_group(&RowScope::ALL, "Servers", at(101), 9).await.unwrap();
    assert!(later.is_empty());
    let hidden = RowScope { device_groups: Some([UNGROUPED.to_owned()].into()), ..RowScope::ALL };
    assert!(store.proposed_in_group(&hidden, "Servers", at(0), 9).await.unwrap().is_empty());
}
