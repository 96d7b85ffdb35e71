//! The same done twice to one thing: told before it is decided on, undone once for both, and reversed for all of them by a
//! reversal of its own, whoever asked for that or recorded it.

use std::sync::Arc;

use domain::actions::contract::{
    Availability, DecideActions as _, ProposeActions as _, Proposed, ShowAction as _, UndoRequest,
};
use domain::bulk::contract::BulkBackend as _;
use domain::{
    Access, Action, ActionId, ActionType, BulkJob, BulkPlan, BulkRequest, BulkVerb, Caller, ErrorCode,
    ItemState, Outcome, Proposal, Role, RowScope, Scope, Seen, Status, Targets, Transition, UndoState,
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use service::Service;
use service::testing::{FixedClock, system as authority};
use store::SharedStore;

use super::follow_up::instance;
use super::sample::{at, id, session, user};
use super::targets::add_scanner;
use crate::database::{Database, Kind, on_both};

on_both!(
    what_was_done_twice_to_a_thing_is_told_and_undone_for_both,
    files_of_one_content_at_two_paths_are_two_things,
    what_can_not_be_undone_is_told_before_it_is_done_again,
    a_reversal_by_itself_says_on_all_that_they_are_reversed,
    a_reversal_that_types_share_concerns_the_type_that_it_undoes,
    a_reversal_that_is_recorded_reverses_what_was_before_it,
    many_are_undone_with_those_that_their_plan_names,
);

struct Setting {
    _database: Database,
    store: SharedStore,
    clock: Arc<FixedClock>,
    /// May decide on everything.
    cy: Caller,
    scanner: Caller,
    service: Service,
}

impl Setting {
    async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let cy = user(0xC, "cy", &[Role::SecurityOperator, Role::SearchAndPurge]);
        let mut tx = store.begin_system(&authority()).await.unwrap();
        tx.insert_user(&cy, at(0)).await.unwrap();
        tx.insert_credential(&session(0xC5, cy.id)).await.unwrap();
        tx.commit().await.unwrap();
        let scanner = add_scanner(&store).await;
        let cy = Caller {
            actor: domain::Actor::new(domain::ActorKind::User, cy.id.to_string(), "CY"),
            person: Some(cy.id),
            credential: id(0xC5),
            access: Access::of_roles(&cy.roles),
            roles: cy.roles,
            scopes: None,
            ..scanner.clone()
        };
        let clock = FixedClock::at(at(10));
        let service = instance(&store, &clock, &["scanner"]);
        Self { _database: database, store, clock, cy, scanner, service }
    }

    async fn propose(&self, action_type: ActionType, entity: &Value) -> Proposed {
        self.propose_with(action_type, entity, json!({})).await
    }

    async fn propose_with(&self, action_type: ActionType, entity: &Value, more: Value) -> Proposed {
        let mut of = json!({
            "external_id": uuid::Uuid::new_v4().to_string(), "type": action_type, "severity": "high",
            "source": "antivirus_action", "entity": entity, "comment": "found again",
            "asset": { "kind": "device", "name": "host-1" },
        });
        if ["email_message", "email_attachment"].contains(&entity["kind"].as_str().unwrap()) {
            of["asset"] = json!({ "kind": "mailbox", "name": "kim@corp.example" });
        }
        of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let of: Proposal = serde_json::from_value(of).unwrap();
        self.clock.forward(SignedDuration::from_secs(1));
        self.service.propose(&self.scanner, vec![of]).await.unwrap().remove(0)
    }

    async fn approve(&self, of: &Action) -> ActionId {
        self.clock.forward(SignedDuration::from_secs(1));
        self.service.approve(&self.cy, of.id, seen(of), None).await.unwrap().id
    }

    /// Carries out the next command; what waits for another's end is looked at again until then.
    async fn carry_out(&self) -> ActionId {
        self.clock.forward(SignedDuration::from_secs(6));
        let order = self.service.take_order(&authority()).await.unwrap().unwrap();
        let (of, done) = (order.action.id, Transition::Report(Outcome::Completed));
        assert!(self.service.report(&authority(), order.leased, done, "as told".to_owned()).await.unwrap());
        of
    }

    /// Proposed, approved and carried out.
    async fn done(&self, action_type: ActionType, entity: &Value) -> ActionId {
        let proposed = self.propose(action_type, entity).await;
        let of = self.approve(&proposed.action).await;
        assert_eq!(self.carry_out().await, of);
        of
    }

    async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    async fn undo(&self, of: ActionId, lift_others: bool) -> Result<Action, ErrorCode> {
        self.clock.forward(SignedDuration::from_secs(1));
        let current = self.now(of).await;
        let undo = UndoRequest { lift_others, ..UndoRequest::because("wrong".to_owned()) };
        self.service.undo(&self.cy, of, seen(&current), undo).await.map_err(|error| error.code())
    }

    /// By what an action is reversed, as a list, the details and the API show it.
    async fn reversed_by(&self, of: ActionId) -> Option<ActionId> {
        let detail = self.service.detail(&self.cy, of).await.unwrap();
        let Action { undo, undone_by, .. } = detail.action;
        assert_eq!(
            undo == UndoState::Undone,
            matches!(&detail.undo, Availability::Denied(why) if why.contains("already undone"))
        );
        undone_by.filter(|_| undo == UndoState::Undone)
    }

    /// What stands of the types that were done to an entity, as the details of an action say it.
    async fn standing(&self, of: ActionId) -> Vec<(ActionType, bool)> {
        let detail = self.service.detail(&self.cy, of).await.unwrap();
        detail.standing.iter().map(|of| (of.action_type, of.stands)).collect()
    }
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

fn file(path: &str) -> Value {
    json!({ "kind": "file", "path": path, "sha256": "ab".repeat(32) })
}

fn mail() -> Value {
    json!({ "kind": "email_message", "message_id": "<m1@a.example>", "subject": "Parcel", "sender": "a@b.example" })
}

fn address() -> Value {
    json!({ "kind": "ip_address", "address": "198.51.100.88" })
}

async fn what_was_done_twice_to_a_thing_is_told_and_undone_for_both(kind: Kind) {
    let setting = Setting::start(kind).await;
    for (action_type, entity) in [
        (ActionType::QuarantineFile, file("/srv/evil")),
        (ActionType::SoftDeleteEmail, mail()),
        (
            ActionType::RemoveRegistryKey,
            json!({ "kind": "registry_key", "path": r"HKLM\Software\Run", "value_name": "Updater" }),
        ),
        (ActionType::DisableDriver, json!({ "kind": "driver", "name": "evil.sys" })),
        (ActionType::RemoveScheduledTask, json!({ "kind": "scheduled_task", "name": r"\Vendor\Update" })),
    ] {
        let first = setting.done(action_type, &entity).await;
        let second = setting.propose(action_type, &entity).await;
        let told: Vec<_> =
            second.twins.iter().map(|twin| (twin.id, twin.stands, twin.says.as_str())).collect();
        assert_eq!(told, [(first, true, "The same already stands, by CY.")], "{action_type}");
        // It may be there again: it is done again, unlike what lasts.
        let second = setting.approve(&second.action).await;
        assert_eq!(setting.carry_out().await, second, "{action_type}");
        assert_eq!(setting.now(second).await.status, Status::Completed);

        assert_eq!(setting.undo(first, false).await, Err(ErrorCode::Conflict), "what of the other?");
        setting.undo(first, true).await.unwrap();
        let reverse = setting.carry_out().await;
        for of in [first, second] {
            assert_eq!(setting.reversed_by(of).await, Some(reverse), "{action_type}");
        }
        assert_eq!(setting.standing(second).await, [(action_type, false)]);
        let third = setting.propose(action_type, &entity).await;
        assert!(third.twins.is_empty(), "{:?}", third.twins);
    }
    store::verify(&*setting.store).await.unwrap();
}

async fn files_of_one_content_at_two_paths_are_two_things(kind: Kind) {
    let setting = Setting::start(kind).await;
    let one = setting.done(ActionType::QuarantineFile, &file("/srv/one")).await;
    let other = setting.propose(ActionType::QuarantineFile, &file("/srv/other")).await;
    assert!(other.twins.is_empty(), "{:?}", other.twins);
    let other = setting.approve(&other.action).await;
    setting.carry_out().await;
    setting.undo(one, false).await.unwrap();
    let reverse = setting.carry_out().await;
    assert_eq!(setting.reversed_by(one).await, Some(reverse));
    assert_eq!(setting.reversed_by(other).await, None);
    let quarantined = |stands| [(ActionType::QuarantineFile, stands)];
    assert_eq!(setting.standing(one).await, quarantined(false));
    assert_eq!(setting.standing(other).await, quarantined(true));
    // Named by its content alone, each file of it is meant.
    let by_content = json!({ "kind": "file", "sha256": "ab".repeat(32) });
    let all = setting.propose(ActionType::QuarantineFile, &by_content).await;
    assert_eq!(all.twins.iter().map(|twin| (twin.id, twin.stands)).collect::<Vec<_>>(), [(other, true)]);
    let all = setting.approve(&all.action).await;
    setting.carry_out().await;
    // The one comes back alone, and the other with all.
    let shown = setting.service.detail(&setting.cy, other).await.unwrap().twins;
    assert_eq!(shown.iter().map(|twin| (twin.id, twin.stands)).collect::<Vec<_>>(), [(all, false)]);
    assert_eq!(setting.undo(all, false).await, Err(ErrorCode::Conflict));
    setting.undo(all, true).await.unwrap();
    let reverse = setting.carry_out().await;
    assert_eq!(setting.reversed_by(other).await, Some(reverse));
}

async fn what_can_not_be_undone_is_told_before_it_is_done_again(kind: Kind) {
    let setting = Setting::start(kind).await;
    let waits = setting.propose(ActionType::HardDeleteEmail, &mail()).await;
    assert!(waits.twins.is_empty());
    let second = setting.propose(ActionType::HardDeleteEmail, &mail()).await;
    let told: Vec<_> = second.twins.iter().map(|twin| (twin.id, twin.says.as_str())).collect();
    assert_eq!(told, [(waits.action.id, "The same waits for a decision, too.")]);
    let first = setting.approve(&waits.action).await;
    setting.carry_out().await;
    let shown = setting.service.detail(&setting.cy, second.action.id).await.unwrap().twins;
    let told: Vec<_> = shown.iter().map(|twin| (twin.id, twin.stands, twin.says.as_str())).collect();
    assert_eq!(told, [(first, false, "The same was done before, by CY.")]);
    assert!(setting.service.detail(&setting.cy, first).await.unwrap().twins.len() == 1, "one waits");
}

async fn a_reversal_by_itself_says_on_all_that_they_are_reversed(kind: Kind) {
    let setting = Setting::start(kind).await;
    let until = |second: i64| json!({ "parameters": { "expiry": at(second).to_string() } });
    let short = setting.propose_with(ActionType::BlockIpAddress, &address(), until(600)).await;
    let short = setting.approve(&short.action).await;
    setting.carry_out().await;
    let long = setting.propose_with(ActionType::BlockIpAddress, &address(), until(9_000)).await;
    let long = setting.approve(&long.action).await;
    setting.carry_out().await;
    // What is decided on meanwhile, and not done yet, is not reversed.
    let unblock = setting.propose(ActionType::UnblockIpAddress, &address()).await;
    let unblock = setting.approve(&unblock.action).await;
    let waiting = setting.propose(ActionType::BlockIpAddress, &address()).await.action;
    assert_eq!(setting.carry_out().await, unblock);
    for of in [short, long] {
        assert_eq!(setting.reversed_by(of).await, Some(unblock));
        let detail = setting.service.detail(&setting.cy, of).await.unwrap();
        assert_eq!(detail.end.as_deref(), Some("It was undone."));
        assert_eq!(detail.standing.len(), 1);
        assert_eq!((detail.standing[0].stands, detail.standing[0].by), (false, unblock));
        assert!(setting.undo(of, true).await.is_err(), "there is nothing left to undo");
    }
    assert_eq!(setting.reversed_by(waiting.id).await, None);
    // Nothing is ended that is over.
    setting.clock.forward(SignedDuration::from_hours(3));
    assert_eq!(setting.service.end_due(&authority()).await.unwrap(), 0);
    assert!(
        setting
            .store
            .due_ends(service::clock::Clock::now(&*setting.clock), None, 10)
            .await
            .unwrap()
            .is_empty()
    );

    // The same for things, whatever types share the reversal.
    let (junk, deleted) = (
        setting.done(ActionType::MoveToJunk, &mail()).await,
        setting.done(ActionType::SoftDeleteEmail, &mail()).await,
    );
    let back = setting.done(ActionType::MoveToInbox, &mail()).await;
    assert_eq!(
        (setting.reversed_by(junk).await, setting.reversed_by(deleted).await),
        (Some(back), Some(back))
    );
    // One that fails reverses nothing.
    let isolated =
        setting.done(ActionType::IsolateDevice, &json!({ "kind": "device", "name": "host-1" })).await;
    let release = setting
        .propose(ActionType::ReleaseFromIsolation, &json!({ "kind": "device", "name": "host-1" }))
        .await;
    setting.approve(&release.action).await;
    setting.clock.forward(SignedDuration::from_secs(1));
    let order = setting.service.take_order(&authority()).await.unwrap().unwrap();
    let failed = Transition::Report(Outcome::Failed);
    assert!(setting.service.report(&authority(), order.leased, failed, "no".to_owned()).await.unwrap());
    assert_eq!(setting.reversed_by(isolated).await, None);
    store::verify(&*setting.store).await.unwrap();
}

async fn a_reversal_that_types_share_concerns_the_type_that_it_undoes(kind: Kind) {
    let setting = Setting::start(kind).await;
    let evil = file("/srv/evil");
    let stopped = setting.done(ActionType::StopAndQuarantineFile, &evil).await;
    setting.undo(stopped, false).await.unwrap();
    let reverse = setting.carry_out().await;
    for of in [stopped, reverse] {
        assert_eq!(setting.standing(of).await, [(ActionType::StopAndQuarantineFile, false)]);
    }
    // The undo of an allowance is no release of a block that was decided on before it.
    let content = json!({ "kind": "file", "sha256": "cd".repeat(32) });
    let allowed = setting.done(ActionType::AllowFile, &content).await;
    let block = setting.propose(ActionType::BlockFile, &content).await;
    let block = setting.approve(&block.action).await;
    setting.undo(allowed, false).await.unwrap();
    let carried = [setting.carry_out().await, setting.carry_out().await];
    assert!(carried.contains(&block), "it is not superseded");
    assert_eq!(setting.now(block).await.status, Status::Completed);
    assert_eq!(
        setting.standing(block).await,
        [(ActionType::BlockFile, true), (ActionType::AllowFile, false)]
    );
    assert_eq!(setting.reversed_by(block).await, None);
}

async fn a_reversal_that_is_recorded_reverses_what_was_before_it(kind: Kind) {
    let setting = Setting::start(kind).await;
    let before = setting.done(ActionType::BlockIpAddress, &address()).await;
    setting.clock.forward(SignedDuration::from_secs(100));
    let reversed_at = service::clock::Clock::now(&*setting.clock);
    setting.clock.forward(SignedDuration::from_secs(100));
    let other = json!({ "kind": "ip_address", "address": "198.51.100.99" });
    let after = setting.done(ActionType::BlockIpAddress, &other).await;
    let tool = Caller { scopes: Some([Scope::Record].into()), ..setting.scanner.clone() };
    let record = |entity: &Value, external_id: &str| {
        let of = json!({
            "external_id": external_id, "type": "unblock_ip_address", "severity": "low",
            "source": "manual_device_action", "entity": entity, "asset": { "kind": "device", "name": "host-1" },
            "comment": "by hand at the firewall", "decision": "NotRequired", "status": "Completed",
            "occurred_at": reversed_at.to_string(),
        });
        serde_json::from_value::<Proposal>(of).unwrap()
    };
    let records = vec![record(&address(), "1"), record(&other, "2")];
    let recorded = setting.service.propose(&tool, records).await.unwrap();
    assert_eq!(setting.reversed_by(before).await, Some(recorded[0].action.id));
    assert_eq!(setting.reversed_by(after).await, None, "it was blocked later than that");
    store::verify(&*setting.store).await.unwrap();
}

impl Setting {
    /// Two blocks of one address that both stand: the first ends too early to do for the second.
    async fn two_blocks(&self) -> [ActionId; 2] {
        let end = async |hours: i64| {
            let now = service::clock::Clock::now(&*self.clock);
            let until = (now + SignedDuration::from_hours(hours)).to_string();
            let more = json!({ "parameters": { "expiry": until } });
            let of = self.propose_with(ActionType::BlockIpAddress, &address(), more).await;
            let of = self.approve(&of.action).await;
            assert_eq!(self.carry_out().await, of);
            of
        };
        [end(1).await, end(2).await]
    }

    async fn plan_undo(&self, of: &[ActionId]) -> BulkPlan {
        let targets = Targets::Ids(of.to_vec());
        let request = BulkRequest { verb: BulkVerb::Undo, targets, from: String::new() };
        self.service.plan_bulk(&self.cy, request).await.unwrap()
    }

    async fn run(&self, plan: &BulkPlan) -> BulkJob {
        self.service.start_bulk(&self.cy, plan.id, Some("all wrong".to_owned())).await.unwrap();
        while self.service.step(&authority()).await.unwrap() {}
        self.service.bulk_job(&self.cy, plan.id, None, 0).await.unwrap()
    }
}

async fn many_are_undone_with_those_that_their_plan_names(kind: Kind) {
    let setting = Setting::start(kind).await;
    // Both are chosen: nothing else is lifted.
    let [first, second] = setting.two_blocks().await;
    let plan = setting.plan_undo(&[first, second]).await;
    assert_eq!((plan.preview.decidable, plan.preview.lifts.len()), (2, 0));
    assert_eq!(setting.run(&plan).await.progress.decided, 2);
    let reverses = [setting.carry_out().await, setting.carry_out().await];
    for of in [first, second] {
        assert!(reverses.contains(&setting.reversed_by(of).await.unwrap()));
    }

    // One is chosen: the plan names the other, and who starts it wants that.
    let [first, second] = setting.two_blocks().await;
    let plan = setting.plan_undo(&[first]).await;
    let lifts: Vec<_> = plan.preview.lifts.iter().map(|of| (of.id, of.action_type)).collect();
    assert_eq!(lifts, [(second, ActionType::BlockIpAddress)]);
    assert_eq!(setting.service.bulk_plan(&setting.cy, plan.id).await.unwrap().preview, plan.preview);
    assert_eq!(setting.run(&plan).await.progress.decided, 1);
    let reverse = setting.carry_out().await;
    for of in [first, second] {
        assert_eq!(setting.reversed_by(of).await, Some(reverse));
    }

    // What came after the plan was not named, and is not lifted.
    let of = setting.propose(ActionType::QuarantineFile, &file("/srv/evil")).await;
    let first = setting.approve(&of.action).await;
    setting.carry_out().await;
    let plan = setting.plan_undo(&[first]).await;
    assert!(plan.preview.lifts.is_empty());
    let later = setting.done(ActionType::QuarantineFile, &file("/srv/evil")).await;
    let job = setting.run(&plan).await;
    assert_eq!((job.progress.decided, job.items[0].state), (0, ItemState::Refused));
    let why = job.items[0].detail.clone().unwrap();
    assert!(why.contains(&format!("also stands by {later}")), "{why}");
    assert_eq!(setting.reversed_by(first).await, None);
    // Planned anew, it says so.
    let again = setting.service.retry_bulk(&setting.cy, plan.id).await.unwrap();
    assert_eq!(again.preview.lifts.iter().map(|of| of.id).collect::<Vec<_>>(), [later]);
    assert_eq!(setting.run(&again).await.progress.decided, 1);
    store::verify(&*setting.store).await.unwrap();
}
