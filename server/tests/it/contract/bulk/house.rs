//! A service with an estate of actions, for the cases that plan and run jobs.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use domain::bulk::contract::BulkBackend as _;
use domain::{
    Action, ActionId, ActionType, Asset, AuditKind, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller,
    Criticality, Decision, Error, ItemState, RowScope, Targets,
};
use executors::simulated::Simulated;
use jiff::Timestamp;
use serde_json::json;
use service::Service;
use service::clock::Clock;
use service::executor::Executors;
use service::testing::system as authority;
use store::SharedStore;

use crate::contract::sample::{action, add_ana, at, id, imported, proposer, system};
use crate::database::{Database, Kind};

/// What the list showed where they were chosen.
pub(super) const FROM: &str = "severity=low&sort=asset";

pub(super) struct Hands(pub(super) Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(super) struct House {
    pub(super) database: Database,
    pub(super) store: SharedStore,
    pub(super) service: Service,
    pub(super) clock: Arc<Hands>,
    pub(super) ana: Caller,
}

impl House {
    pub(super) async fn build(kind: Kind, actions: &[Action]) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let ana = add_ana(&store).await;
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.insert_actions(&proposer(None), actions).await.unwrap();
        for action in actions {
            tx.append_audit(&system(), imported(action)).await.unwrap();
        }
        tx.commit().await.unwrap();
        let clock = Arc::new(Hands(Mutex::new(at(1))));
        let service = service(&store, &clock);
        Self { database, store, service, clock, ana }
    }

    pub(super) async fn plan(&self, verb: BulkVerb, targets: Targets) -> Result<BulkPlan, Error> {
        self.service.plan_bulk(&self.ana, BulkRequest { verb, targets, from: FROM.to_owned() }).await
    }

    pub(super) async fn plan_ids(&self, verb: BulkVerb, ids: impl IntoIterator<Item = u128>) -> BulkPlan {
        let ids = ids.into_iter().map(id).collect();
        self.plan(verb, Targets::Ids(ids)).await.unwrap()
    }

    /// Starts it and carries it out to its end.
    pub(super) async fn run(&self, plan: &BulkPlan) -> BulkJob {
        let reason = Some("because of a test".to_owned());
        let job = self.service.start_bulk(&self.ana, plan.id, reason).await.unwrap();
        assert!(job.is_running() && job.progress.waiting == plan.preview.decidable, "{job:?}");
        while self.service.step(&authority()).await.unwrap() {}
        self.job(plan, None).await
    }

    pub(super) async fn job(&self, plan: &BulkPlan, state: Option<ItemState>) -> BulkJob {
        self.service.bulk_job(&self.ana, plan.id, state, 0).await.unwrap()
    }

    pub(super) async fn action(&self, number: u128) -> Action {
        self.store.action(&RowScope::ALL, id(number)).await.unwrap().unwrap()
    }

    /// How often each of these records stands in the log for each action.
    pub(super) async fn records(&self, kind: AuditKind) -> BTreeMap<ActionId, usize> {
        let mut found = BTreeMap::new();
        let mut seq = 0;
        loop {
            let records = self.store.audit_after(seq, 1_000).await.unwrap();
            let Some(last) = records.last() else { return found };
            seq = last.seq;
            for record in records.iter().filter(|record| record.kind == kind) {
                *found.entry(record.subject.as_ref().unwrap().id.parse().unwrap()).or_default() += 1;
            }
        }
    }

    /// Everything that the job says is decided is so, once, under its Approval ID; and nothing else is.
    pub(super) async fn check(&self, plan: &BulkPlan) -> HashSet<ActionId> {
        let says: HashSet<_> =
            self.store.bulk_actions(plan.id, &[ItemState::Decided]).await.unwrap().into_iter().collect();
        let approval = self.job(plan, None).await.approval_id;
        let ids: Vec<_> = says.iter().copied().collect();
        for (action, _) in self.store.actions(&RowScope::ALL, &ids).await.unwrap() {
            assert_eq!((action.decision, action.approval_id), (Decision::Approved, Some(approval)));
            let command = self.store.command_of(action.id).await.unwrap();
            assert!(command.is_some(), "{} was approved without a command", action.id);
        }
        let approved = self.records(AuditKind::Approved).await;
        assert!(approved.values().all(|count| *count == 1), "{approved:?}");
        assert_eq!(approved.into_keys().collect::<HashSet<_>>(), says);
        says
    }
}

pub(super) fn service(store: &SharedStore, clock: &Arc<Hands>) -> Service {
    Service::new(store.clone(), clock.clone(), Executors::new(vec![Arc::new(Simulated)]))
}

/// On one of seven hosts, of which the first is critical.
pub(super) fn on_host(number: u128) -> Action {
    let host = number % 7;
    let criticality = (host == 0).then_some(Criticality::VeryHigh);
    let name = format!("host-{host}");
    Action { asset: Asset { name, criticality, ..action(number).asset }, ..action(number) }
}

pub(super) fn email(number: u128) -> Action {
    let entity = json!({ "kind": "email_message", "message_id": format!("<{number}@example>"), "subject": "Parcel",
        "sender": "a@example" });
    let entity = serde_json::from_value(entity).unwrap();
    Action { action_type: ActionType::SoftDeleteEmail, entity, ..action(number) }
}

pub(super) fn password(number: u128) -> Action {
    let entity = serde_json::from_value(json!({ "kind": "user", "name": format!("user-{number}") })).unwrap();
    Action { action_type: ActionType::ResetPassword, entity, ..on_host(number) }
}

pub(super) fn invalid(error: &Error) -> String {
    let Error::Invalid(fields) = error else { panic!("{error:?}") };
    let texts: Vec<_> = fields.iter().map(|of| format!("{} {}", of.pointer, of.detail)).collect();
    texts.join("; ")
}
