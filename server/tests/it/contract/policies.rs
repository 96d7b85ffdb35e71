//! What is protected waits for people: no rule decides on it, Take action and Undo wait for somebody else, two people
//! approve what a tool proposed, and who does so alone is reviewed.

use domain::access::FactorState;
use domain::access::contract::AccessBackend as _;
use domain::actions::break_glass::BreakGlassReview;
use domain::actions::contract::{
    Availability, DecideActions as _, FollowUpActions as _, ShowAction as _, UndoRequest,
};
use domain::actions::take::{NewAction, TakeActions as _};
use domain::bulk::contract::BulkBackend as _;
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::report::InvestigationReport;
use domain::policies::contract::PoliciesBackend as _;
use domain::policies::{Conditions, Demand, Protection};
use domain::{
    Action, ActionId, ActionType, Actor, ActorKind, AuditKind, BulkRequest, BulkVerb, Caller, Decision,
    Denied, Error, FollowUp, FollowUpVerb, Lane, Permission, Role, RowScope, Seen, Status, Targets,
    UndoState, UserId,
};
use serde_json::json;
use service::Service;
use service::testing::system as authority;
use store::{Guard, PolicyGuard, SharedStore};

use super::investigations::{add_tool, malicious, service, tool};
use super::sample::{
    ANA, ANAS_SESSION, action, add, at, decided, decider, id, imported, person, session, system, user,
};
use crate::database::{Database, Kind, on_both};

on_both!(
    protections_are_kept_and_counted,
    a_first_approval_is_of_its_version_and_of_somebody_else,
    t42_two_people_approve_what_a_tool_proposed,
    t42_no_rule_decides_on_what_is_protected,
    take_action_and_undo_wait_for_somebody_else,
    t42_break_glass_is_told_and_reviewed_by_somebody_else,
    a_decision_asks_for_a_second_factor,
    what_is_protected_is_decided_on_by_itself,
);

const BO: u128 = 0xB;
const BOS_SESSION: u128 = 0xB5;
const REASON: &str = "The domain is being encrypted right now";

pub(super) struct Setting {
    pub(super) database: Database,
    pub(super) store: SharedStore,
    pub(super) service: Service,
    pub(super) ana: Caller,
    pub(super) bo: Caller,
}

impl Setting {
    pub(super) async fn start(kind: Kind) -> Self {
        let database = Database::migrated(kind).await;
        let store = database.open().await;
        let roles = [Role::SecurityAdministrator];
        let mut tx = store.begin_system(&authority()).await.unwrap();
        for (number, name, of) in [(ANA, "ana", ANAS_SESSION), (BO, "bo", BOS_SESSION)] {
            let somebody = user(number, name, &roles);
            tx.insert_user(&somebody, at(0)).await.unwrap();
            tx.insert_credential(&session(of, somebody.id)).await.unwrap();
        }
        tx.commit().await.unwrap();
        add_tool(&store).await;
        let service = service(&store);
        let caller = |number: u128, session, name| Caller {
            actor: Actor::new(ActorKind::User, id::<UserId>(number).to_string(), name),
            roles: roles.into(),
            access: user(number, "x", &roles).access,
            ..person(number, session)
        };
        Self {
            database,
            store,
            service,
            ana: caller(ANA, ANAS_SESSION, "ANA"),
            bo: caller(BO, BOS_SESSION, "BO"),
        }
    }

    pub(super) async fn protect(&self, demand: Demand) {
        self.service.add_protection(&self.ana, controllers(demand)).await.unwrap();
    }

    /// What a tool proposed on a device.
    async fn proposed(&self, number: u128, device: &str) -> Action {
        let mut proposed = action(number);
        device.clone_into(&mut proposed.asset.name);
        let Action { action_type, entity, asset, parameters, .. } = &proposed;
        proposed.digest = service::digest(*action_type, entity, asset, &[], parameters).unwrap();
        proposed.expires_at = at(86_000);
        add(&self.store, &proposed).await;
        proposed
    }

    pub(super) async fn now(&self, id: ActionId) -> Action {
        self.store.action(&RowScope::ALL, id).await.unwrap().unwrap()
    }

    pub(super) async fn approve(&self, by: &Caller, id: ActionId) -> Result<Action, Error> {
        let now = self.now(id).await;
        self.service.approve(by, id, seen(&now), None).await
    }

    /// Of each person by name why they can't approve it.
    async fn why_not(&self, id: ActionId) -> Vec<(String, Option<String>)> {
        let who = self.service.who_can(&self.bo, id).await.unwrap();
        let mut all: Vec<_> = who.into_iter().map(|of| (of.name, of.why_not)).collect();
        all.sort();
        all
    }

    async fn break_glass(&self, by: &Caller, id: ActionId, reason: &str) -> Result<Action, Error> {
        let now = self.now(id).await;
        self.service.break_glass(by, id, seen(&now), reason.to_owned()).await
    }

    async fn kinds(&self, of: ActionId) -> Vec<AuditKind> {
        let records = self.store.audit_after(0, 200).await.unwrap();
        let is_of = |record: &&store::audit::Record| record.subject == Some(of.into());
        records.iter().filter(is_of).map(|record| record.kind).collect()
    }
}

fn controllers(demand: Demand) -> Protection {
    let when = Conditions { name: Some("dc-*".to_owned()), ..Conditions::default() };
    Protection { name: "domain controllers".to_owned(), when, demand }
}

pub(super) fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

pub(super) fn is_denied(result: Result<Action, Error>, want: &Denied) -> bool {
    matches!(result, Err(Error::Forbidden(denied)) if denied == *want)
}

pub(super) fn isolate(device: &str, comment: &str) -> NewAction {
    serde_json::from_value(json!({
        "type": "isolate_device", "entity": { "kind": "device", "name": device },
        "asset": { "kind": "device", "name": device }, "comment": comment,
    }))
    .unwrap()
}

async fn protections_are_kept_and_counted(kind: Kind) {
    let setting = Setting::start(kind).await;
    let Setting { store, service, ana, .. } = &setting;
    let by = ana.authorize_administration(Permission::Configure).unwrap();
    let of = controllers(Demand::SecondPerson);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.policies().await.unwrap().revision, 0);
    assert!(tx.set_protection(&decider(ana), &of.name, Some(&of), at(1)).await.is_err(), "no decision");
    let stranger = Caller { credential: id(0xEE), ..ana.clone() };
    let stranger = stranger.authorize_administration(Permission::Configure).unwrap();
    assert!(!tx.set_protection(&stranger, &of.name, Some(&of), at(1)).await.unwrap());
    assert!(tx.set_protection(&by, &of.name, Some(&of), at(1)).await.unwrap());
    tx.commit().await.unwrap();
    let policies = store.policies().await.unwrap();
    assert_eq!((policies.revision, &*policies.protections), (1, &[of.clone()][..]));
    let again = service.add_protection(ana, of.clone()).await;
    assert!(matches!(again, Err(Error::Invalid(_))), "{again:?}");
    assert_eq!(service.remove_protection(ana, of.name.clone()).await.unwrap(), []);
    assert!(matches!(service.remove_protection(ana, of.name.clone()).await, Err(Error::NotFound(_))));
    assert_eq!(store.policies().await.unwrap().revision, 2);
    let operator = person(ANA, ANAS_SESSION);
    assert!(matches!(service.add_protection(&operator, of).await, Err(Error::Forbidden(_))));
    let stale = Caller { factor: FactorState::Stale, ..ana.clone() };
    let refused = service.add_protection(&stale, controllers(Demand::Held)).await;
    assert!(matches!(refused, Err(Error::Forbidden(Denied::SecondFactor))));
    store::verify(&**store).await.unwrap();
}

/// The statement itself asks, whatever was checked before it.
async fn a_first_approval_is_of_its_version_and_of_somebody_else(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.protect(Demand::SecondPerson).await;
    let store = &setting.store;
    let before = setting.proposed(1, "dc-1").await;
    let write = async |who: &Caller, policy: PolicyGuard| {
        let by = decider(who);
        let after = decided(&before, &by, domain::Transition::Approve, at(20));
        let guard = Guard { by: &by, deciding: true, policy: Some(policy), now: at(20) };
        let mut tx = store.begin().await.unwrap();
        // Not committed.
        tx.update_state(guard, &before, &after).await.unwrap()
    };
    let second = PolicyGuard { revision: 1, second: true };
    assert!(!write(&setting.bo, second).await, "nobody approved first");
    let note = async |version| {
        let mut tx = store.begin().await.unwrap();
        tx.note_first_approval(&decider(&setting.ana), before.id, version, at(10)).await.unwrap();
        assert_eq!(tx.first_approval(before.id).await.unwrap().unwrap().version, version);
        tx.commit().await.unwrap();
    };
    note(before.version + 1).await;
    assert!(!write(&setting.bo, second).await, "that was another version");
    note(before.version).await;
    let first = store.first_approval(before.id).await.unwrap().unwrap();
    assert_eq!((first.version, first.person), (before.version, id::<UserId>(ANA)));
    assert!(!write(&setting.ana, second).await, "nobody is two people");
    assert!(!write(&setting.bo, PolicyGuard { revision: 0, ..second }).await, "policies changed since");
    assert!(write(&setting.bo, second).await);
    for (who, completed) in [(&setting.ana, false), (&setting.bo, true)] {
        let mut tx = store.begin().await.unwrap();
        tx.complete_first_approval(&decider(who), before.id, at(30)).await.unwrap();
        let first = tx.first_approval(before.id).await.unwrap().unwrap();
        assert_eq!(first.is_completed, completed, "nobody is two people");
        tx.commit().await.unwrap();
    }
}

async fn t42_two_people_approve_what_a_tool_proposed(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.protect(Demand::SecondPerson).await;
    let Setting { service, ana, bo, .. } = &setting;
    let of = setting.proposed(1, "DC-1").await.id;
    let shown = service.detail(ana, of).await.unwrap();
    let protection = shown.protection.unwrap();
    assert_eq!(protection.says, "Protected: domain controllers. Needs a second person.");
    assert_eq!((shown.approve, protection.first, protection.step_up), (Availability::Allowed, None, false));
    let first = setting.approve(ana, of).await.unwrap();
    assert_eq!((first.decision, first.decided_by.as_ref(), first.version), (Decision::Pending, None, 2));
    let detail = service.detail(ana, of).await.unwrap();
    assert_eq!(detail.protection.unwrap().first.as_deref(), Some("ANA"));
    assert!(!detail.approve.is_allowed() && detail.reject.is_allowed());
    assert!(is_denied(setting.approve(ana, of).await, &Denied::ApprovedFirst));
    let why = Some("Approved it first: somebody else must approve it, too.".to_owned());
    assert_eq!(setting.why_not(of).await, [("ANA".to_owned(), why), ("BO".to_owned(), None)]);
    let second = setting.approve(bo, of).await.unwrap();
    assert_eq!((second.decision, second.status), (Decision::Approved, Status::Queued));
    assert!(!second.break_glass);
    let want = [AuditKind::ApprovedFirst, AuditKind::Refused, AuditKind::Approved];
    assert_eq!(setting.kinds(of).await, want);

    // A revision after the first approval asks for both anew.
    let of = setting.proposed(2, "dc-2").await.id;
    setting.approve(ana, of).await.unwrap();
    let before = setting.now(of).await;
    let after = Action { version: before.version + 1, comment: Some("more".to_owned()), ..before.clone() };
    let mut tx = setting.store.begin().await.unwrap();
    assert!(tx.revise_action(&tool().authorize_proposal().unwrap(), &before, &after).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(setting.approve(bo, of).await.unwrap().decision, Decision::Pending, "Bo is the first");
    assert_eq!(setting.approve(ana, of).await.unwrap().decision, Decision::Approved);
    // What is not protected takes one.
    let of = setting.proposed(3, "web-1").await.id;
    assert_eq!(setting.approve(ana, of).await.unwrap().decision, Decision::Approved);
    store::verify(&*setting.store).await.unwrap();
}

async fn t42_no_rule_decides_on_what_is_protected(kind: Kind) {
    let setting = Setting::start(kind).await;
    let sql = format!(
        "INSERT INTO device_groups (id, rank, name, name_key, level, rule, version)
         VALUES ('{}', 1, 'Servers', 'servers', 'full', '[]', 1)",
        id::<uuid::Uuid>(7),
    );
    setting.database.execute(&sql).await.unwrap();
    let when = Conditions { device_group: Some("servers".to_owned()), ..Conditions::default() };
    let servers = Protection { name: "servers".to_owned(), when, demand: Demand::Held };
    setting.service.add_protection(&setting.ana, servers).await.unwrap();
    let report = async |id: &str, group: &str| {
        let actions = serde_json::from_value(json!([malicious(id, group, "/tmp/x")])).unwrap();
        let report = InvestigationReport { actions, ..InvestigationReport::of(id) };
        let made = setting.service.report_investigation(&tool(), report).await.unwrap();
        setting.now(made.actions[0].id.unwrap()).await
    };
    let waits = report("1", "Servers").await;
    let why = "It waits, as it is protected: servers. The rule was: Full - remediate threats automatically; \
               verdict Malicious.";
    assert_eq!((waits.decision, waits.status_detail.as_deref()), (Decision::Pending, Some(why)));
    // One person is enough there.
    let approved = setting.approve(&setting.ana, waits.id).await.unwrap();
    assert_eq!((approved.decision, approved.status_detail), (Decision::Approved, None));
    setting.service.remove_protection(&setting.ana, "servers".to_owned()).await.unwrap();
    assert_eq!(report("2", "Servers").await.decision, Decision::AutoApproved);
}

async fn take_action_and_undo_wait_for_somebody_else(kind: Kind) {
    let setting = Setting::start(kind).await;
    let Setting { service, ana, bo, .. } = &setting;
    // Done while nothing is protected.
    let done = service.take_action(ana, isolate("dc-1", "Beaconing")).await.unwrap();
    assert_eq!((done.decision, done.status), (Decision::NotRequired, Status::Queued));
    let order = service.take_order(&authority()).await.unwrap().unwrap();
    let completed = domain::Transition::Report(domain::Outcome::Completed);
    assert!(service.report(&authority(), order.leased, completed, "done".to_owned()).await.unwrap());
    setting.protect(Demand::Held).await;

    let preview = service.preview_action(ana, isolate("dc-2", "Beaconing")).await.unwrap();
    assert!(preview.waits.unwrap().starts_with("Protected: domain controllers. Waits for a person."));
    let waits = service.take_action(ana, isolate("dc-2", "Beaconing")).await.unwrap();
    assert_eq!((waits.decision, waits.status, &waits.executor), (Decision::Pending, Status::None, &None));
    assert!(is_denied(setting.approve(ana, waits.id).await, &Denied::OwnProposal));
    let why = Some("Proposed it: somebody else must decide it.".to_owned());
    assert_eq!(setting.why_not(waits.id).await, [("ANA".to_owned(), why), ("BO".to_owned(), None)]);
    assert_eq!(setting.approve(bo, waits.id).await.unwrap().status, Status::Queued);

    let undo = async |by: &Caller| {
        let now = setting.now(done.id).await;
        let undone = service.undo(by, done.id, seen(&now), UndoRequest::because("Clean".to_owned())).await;
        let reverse = setting.now(undone.unwrap().undone_by.unwrap()).await;
        assert_eq!(
            (reverse.decision, reverse.action_type),
            (Decision::Pending, ActionType::ReleaseFromIsolation)
        );
        reverse.id
    };
    let reverse = undo(ana).await;
    assert_eq!(setting.now(done.id).await.undo, UndoState::Requested);
    let now = setting.now(reverse).await;
    assert!(matches!(
        service.reject(ana, reverse, seen(&now), "no".to_owned()).await,
        Err(Error::Forbidden(_))
    ));
    service.reject(bo, reverse, seen(&now), "not clean".to_owned()).await.unwrap();
    assert_eq!(setting.now(done.id).await.undo, UndoState::Failed, "it can be asked for again");
    // Taken back by who asked for it, it is over as well.
    let reverse = undo(ana).await;
    let now = setting.now(reverse).await;
    let back = FollowUp::new(FollowUpVerb::Withdraw, None);
    service.follow_up(ana, reverse, seen(&now), back).await.unwrap();
    assert_eq!(setting.now(done.id).await.undo, UndoState::Failed);
    let reverse = undo(ana).await;
    assert_eq!(setting.approve(bo, reverse).await.unwrap().status, Status::Queued);
    assert_eq!(setting.now(done.id).await.undo, UndoState::Requested);
    store::verify(&*setting.store).await.unwrap();
}

async fn t42_break_glass_is_told_and_reviewed_by_somebody_else(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.protect(Demand::SecondPerson).await;
    let Setting { service, store, ana, bo, .. } = &setting;
    let of = setting.proposed(1, "dc-1").await.id;
    for short in ["", "now", "                                  x"] {
        assert!(matches!(setting.break_glass(ana, of, short).await, Err(Error::Invalid(_))), "{short}");
    }
    let reader = Caller {
        roles: [Role::SecurityReader].into(),
        access: user(ANA, "x", &[Role::SecurityReader]).access,
        ..ana.clone()
    };
    assert!(matches!(setting.break_glass(&reader, of, REASON).await, Err(Error::Forbidden(_))));
    let stale = Caller { factor: FactorState::Stale, ..ana.clone() };
    assert!(is_denied(setting.break_glass(&stale, of, REASON).await, &Denied::SecondFactor));
    let alone = setting.break_glass(ana, of, REASON).await.unwrap();
    assert_eq!((alone.decision, alone.status, alone.break_glass), (Decision::Approved, Status::Queued, true));
    assert!(setting.now(of).await.break_glass, "in lists and exports, too");
    assert!(setting.kinds(of).await.ends_with(&[AuditKind::Approved, AuditKind::BreakGlass]));
    let shown = service.detail(bo, of).await.unwrap().break_glass.unwrap();
    assert_eq!(
        (shown.by.as_str(), shown.policy.as_str(), shown.reason.as_str()),
        ("ANA", "domain controllers", REASON)
    );
    assert_eq!(shown.review, None);

    // Nobody reviews their own, also not past the check.
    let own = service.review_break_glass(ana, of, "fine".to_owned()).await;
    assert!(matches!(own, Err(Error::Forbidden(Denied::OwnBreakGlass))), "{own:?}");
    let review = BreakGlassReview { by: "ANA".to_owned(), at: at(120), comment: "fine".to_owned() };
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.review_break_glass(&decider(ana), of, &review).await.unwrap());
    drop(tx);
    let by_hand =
        "UPDATE break_glass SET reviewer_person = person, reviewer = actor, reviewed_at = 1, comment = 'x'";
    assert!(setting.database.execute(by_hand).await.is_err(), "a CHECK says so, too");
    assert_eq!(service.break_glass_uses(bo).await.unwrap().len(), 1);
    let reviewed = service.review_break_glass(bo, of, "It was needed".to_owned()).await.unwrap();
    assert_eq!(reviewed.review.as_ref().unwrap().by, "BO");
    assert_eq!(store.break_glass(of).await.unwrap(), Some(reviewed.clone()));
    assert_eq!(store.break_glass_uses(&RowScope::ALL, 10).await.unwrap(), [reviewed]);
    let again = service.review_break_glass(bo, of, "again".to_owned()).await;
    assert!(matches!(again, Err(Error::Conflict { .. })));
    let hidden = RowScope { device_groups: Some(["Servers".to_owned()].into()), ..RowScope::ALL };
    assert_eq!(store.break_glass_uses(&hidden, 10).await.unwrap(), []);

    // Of what nothing protects there is none, and nobody approves what they proposed themselves.
    let free = setting.proposed(2, "web-1").await;
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.append_audit(&system(), imported(&free)).await.unwrap();
    tx.commit().await.unwrap();
    let free = free.id;
    assert!(matches!(setting.break_glass(ana, free, REASON).await, Err(Error::Invalid(_))));
    let waits = service.take_action(ana, isolate("dc-3", "Beaconing")).await.unwrap().id;
    assert!(is_denied(setting.break_glass(ana, waits, REASON).await, &Denied::OwnProposal));
    // Who takes it with break-glass from the beginning need not wait.
    let short = NewAction { break_glass: true, ..isolate("dc-4", "now") };
    assert!(matches!(service.take_action(ana, short).await, Err(Error::Invalid(_))));
    let alone = NewAction { break_glass: true, ..isolate("dc-4", REASON) };
    let alone = service.take_action(ana, alone).await.unwrap();
    assert_eq!(
        (alone.decision, alone.status, alone.break_glass),
        (Decision::NotRequired, Status::Queued, true)
    );
    assert_eq!(service.break_glass_uses(ana).await.unwrap().len(), 2);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.note_break_glass(&system(), free, "x", REASON, at(120)).await.is_err(), "of people alone");
    drop(tx);
    store::verify(&**store).await.unwrap();
}

async fn a_decision_asks_for_a_second_factor(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.protect(Demand::Held).await;
    let of = setting.proposed(1, "dc-1").await;
    let stale = Caller { factor: FactorState::Stale, ..setting.ana.clone() };
    assert!(setting.service.detail(&stale, of.id).await.unwrap().protection.unwrap().step_up);
    assert!(is_denied(setting.approve(&stale, of.id).await, &Denied::SecondFactor));
    let refused = setting.service.reject(&stale, of.id, seen(&of), "no".to_owned()).await;
    assert!(is_denied(refused, &Denied::SecondFactor));
    let free = setting.proposed(2, "web-1").await.id;
    assert_eq!(setting.approve(&stale, free).await.unwrap().decision, Decision::Approved);
    let fresh = Caller { factor: FactorState::Fresh, ..stale };
    assert_eq!(setting.approve(&fresh, of.id).await.unwrap().decision, Decision::Approved);
}

async fn what_is_protected_is_decided_on_by_itself(kind: Kind) {
    let setting = Setting::start(kind).await;
    setting.protect(Demand::Held).await;
    let Setting { service, ana, .. } = &setting;
    let (of, free) = (setting.proposed(1, "dc-1").await.id, setting.proposed(2, "web-1").await.id);
    let targets = Targets::Ids(vec![of, free]);
    let request = BulkRequest { verb: BulkVerb::Approve, targets, from: String::new() };
    let plan = service.plan_bulk(ana, request).await.unwrap();
    assert_eq!((plan.preview.total, plan.preview.decidable), (2, 1));
    let why = "Protected: domain controllers. Waits for a person. Open it and decide on it by itself.";
    assert_eq!(plan.preview.left_out[0].reason, why);
    service.start_bulk(ana, plan.id, None).await.unwrap();
    // What was protected after the plan was made is left alone as well.
    let when = Conditions { name: Some("web-*".to_owned()), ..Conditions::default() };
    let web = Protection { name: "web".to_owned(), when, demand: Demand::Held };
    service.add_protection(ana, web).await.unwrap();
    while service.step(&authority()).await.unwrap() {}
    assert_eq!(setting.now(of).await.lifecycle().unwrap().state().lane(), Lane::Pending);
    assert_eq!(setting.now(free).await.decision, Decision::Pending);
    service.remove_protection(ana, "web".to_owned()).await.unwrap();
    assert_eq!(setting.approve(ana, free).await.unwrap().decision, Decision::Approved);
}
