//! Deciding on many through the service: what is planned, what the write still refuses, and who goes on after whom.

use domain::actions::contract::ShowAction as _;
use domain::bulk::PlanGroup;
use domain::bulk::contract::BulkBackend as _;
use domain::{
    Action, ActionQuery, ActionType, AuditKind, BulkRequest, BulkVerb, Caller, Decision, Error, ErrorCode,
    ItemState, Lane, Role, RowScope, Status, Targets, Transition, UndoState,
};
use jiff::SignedDuration;
use serde_json::json;
use service::PLAN_LIVES;
use service::testing::system as authority;
use tokio_util::sync::CancellationToken;

use super::house::{FROM, House, email, invalid, on_host, password, service};
use crate::contract::sample::{
    ANA, ANAS_SESSION, after, at, command, id, own, proposer, session, system, token_of, user,
};
use crate::database::{Kind, on_both};
use crate::harness::until;

on_both!(
    a_mixed_selection_is_planned_by_type_and_decided_item_by_item,
    t04_a_thousand_are_decided_and_some_are_not_allowed,
    a_plan_is_its_owners_and_starts_once_and_in_time,
    t05_what_changed_since_the_preview_is_not_decided,
    an_item_that_can_not_be_written_sinks_no_other,
    a_role_that_is_taken_away_stops_the_rest_and_a_retry_plans_it_anew,
    more_than_ten_thousand_are_refused_in_words,
    instances_that_work_on_one_job_decide_each_item_once,
    a_job_that_a_process_left_behind_goes_on,
    many_are_undone_and_all_instances_of_a_file,
    what_was_approved_and_failed_is_sent_again,
);

async fn a_mixed_selection_is_planned_by_type_and_decided_item_by_item(kind: Kind) {
    let actions: Vec<_> =
        (1..=60).map(on_host).chain((61..=70).map(email)).chain((71..=75).map(password)).collect();
    let house = House::build(kind, &actions).await;
    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    let own: Vec<_> = (76..=78).map(on_host).collect();
    tx.insert_actions(&proposer(house.ana.person), &own).await.unwrap();
    tx.commit().await.unwrap();

    let query = Box::new(ActionQuery::of(Lane::Pending));
    let targets = Targets::Matching { query, except: vec![id(1), id(61)] };
    let plan = house.plan(BulkVerb::Approve, targets).await.unwrap();
    let preview = &plan.preview;
    assert_eq!((preview.total, preview.decidable, preview.assets, preview.critical_assets), (76, 64, 7, 1));
    let group = |action_type, actions, assets, critical_assets, irreversible| PlanGroup {
        action_type,
        actions,
        assets,
        critical_assets,
        irreversible,
    };
    assert_eq!(
        preview.groups,
        [group(ActionType::QuarantineFile, 59, 7, 1, false), group(ActionType::ResetPassword, 5, 5, 0, true),]
    );
    let left_out: Vec<_> =
        preview.left_out.iter().map(|of| (of.actions, of.examples.len(), of.reason.as_str())).collect();
    assert_eq!(
        left_out,
        [
            (9, 3, "ANA lacks a permission: this needs Search and Purge."),
            (3, 3, "You proposed this action; someone else must decide it."),
        ]
    );
    assert_eq!((plan.items.len(), plan.expires_at, plan.started), (64, at(1) + PLAN_LIVES, false));
    assert!(house.records(AuditKind::Approved).await.is_empty(), "nothing has happened yet");

    let job = house.run(&plan).await;
    let progress = job.progress;
    assert_eq!((progress.decided, progress.left_out, progress.total()), (64, 12, 64));
    assert!(!job.is_running() && job.items.iter().all(|item| item.state == ItemState::Decided));
    assert_eq!(house.check(&plan).await.len(), 64);
    assert_eq!(house.action(2).await.reason.as_deref(), Some("because of a test"));
    for number in [1, 61, 65, 77] {
        assert_eq!(house.action(number).await.decision, Decision::Pending, "{number}");
    }
    assert!(house.service.bulk_plan(&house.ana, plan.id).await.unwrap().started);
}

async fn t04_a_thousand_are_decided_and_some_are_not_allowed(kind: Kind) {
    let actions: Vec<_> = (1..=1_000_u128)
        .map(|number| if number.is_multiple_of(10) { email(number) } else { on_host(number) })
        .collect();
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, (1..=1_000).chain(1..=1_000)).await;
    assert_eq!((plan.preview.total, plan.preview.decidable, plan.items.len()), (1_000, 900, 200));
    let job = house.run(&plan).await;
    assert_eq!((job.progress.decided, job.progress.left_out, job.items.len()), (900, 100, 200));
    assert_eq!(house.check(&plan).await.len(), 900);
    // All of it can be read, page by page.
    let (mut positions, mut after) = (Vec::new(), Some(0));
    while let Some(from) = after {
        let page = house.service.bulk_job(&house.ana, plan.id, None, from).await.unwrap();
        positions.extend(page.items.iter().map(|item| item.position));
        after = page.next;
    }
    assert_eq!(positions.len(), 900);
    assert!(positions.is_sorted());
    assert_eq!(house.job(&plan, Some(ItemState::LeftOut)).await.items.len(), 100);
}

async fn a_plan_is_its_owners_and_starts_once_and_in_time(kind: Kind) {
    let actions: Vec<_> = (1..=3).map(on_host).collect();
    let house = House::build(kind, &actions).await;
    let bo = user(0xB, "bo", &[Role::GlobalAdministrator]);
    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&bo, at(0)).await.unwrap();
    tx.insert_credential(&session(0xB5, bo.id)).await.unwrap();
    tx.commit().await.unwrap();
    let bo = Caller {
        person: Some(bo.id),
        credential: id(0xB5),
        access: domain::Access::of_roles(&bo.roles),
        roles: bo.roles,
        ..house.ana.clone()
    };
    let plan = house.plan_ids(BulkVerb::Reject, 1..=2).await;
    let service = &house.service;
    let not_found = |error: Error| assert_eq!(error.code(), ErrorCode::NotFound);
    not_found(service.bulk_plan(&bo, plan.id).await.unwrap_err());
    not_found(service.start_bulk(&bo, plan.id, Some("no".to_owned())).await.unwrap_err());
    not_found(service.bulk_job(&house.ana, plan.id, None, 0).await.unwrap_err());

    let error = service.start_bulk(&house.ana, plan.id, None).await.unwrap_err();
    assert_eq!(invalid(&error), "/reason must not be empty");
    *house.clock.0.lock().unwrap() = at(1) + PLAN_LIVES;
    let error = service.start_bulk(&house.ana, plan.id, Some("no".to_owned())).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::PlanExpired);
    *house.clock.0.lock().unwrap() = at(1) + PLAN_LIVES - SignedDuration::from_secs(1);
    service.start_bulk(&house.ana, plan.id, Some("no".to_owned())).await.unwrap();
    let error = service.start_bulk(&house.ana, plan.id, Some("no".to_owned())).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict);
    not_found(service.bulk_job(&bo, plan.id, None, 0).await.unwrap_err());
    not_found(service.retry_bulk(&bo, plan.id).await.unwrap_err());
    while service.step(&authority()).await.unwrap() {}
    assert_eq!(house.action(1).await.decision, Decision::Rejected);
    assert!(house.store.command_of(id(1)).await.unwrap().is_none(), "nothing is dispatched");
    assert_eq!(house.action(3).await.decision, Decision::Pending);

    let nobody = house.plan(BulkVerb::Approve, Targets::Ids(Vec::new())).await.unwrap_err();
    assert_eq!(invalid(&nobody), "/ids no action is selected; choose at least one");
    let unknown = house.plan(BulkVerb::Approve, Targets::Ids(vec![id(3), id(777)])).await.unwrap_err();
    assert!(invalid(&unknown).starts_with("/ids 1 of them do not exist"), "{unknown:?}");
    // What can't be decided at all makes a plan that can't be started.
    let decided = house.plan_ids(BulkVerb::Approve, 1..=2).await;
    assert_eq!((decided.preview.decidable, decided.preview.left_out.len()), (0, 1));
    assert!(service.start_bulk(&house.ana, decided.id, None).await.is_err());
    let tool = Caller { person: None, scopes: Some([domain::Scope::Decide].into()), ..house.ana.clone() };
    let request =
        BulkRequest { verb: BulkVerb::Approve, targets: Targets::Ids(vec![id(3)]), from: String::new() };
    assert_eq!(service.plan_bulk(&tool, request).await.unwrap_err().code(), ErrorCode::Forbidden);
}

async fn t05_what_changed_since_the_preview_is_not_decided(kind: Kind) {
    let mut actions: Vec<_> = (1..=5).map(on_host).collect();
    actions[3].expires_at = at(60);
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, 1..=5).await;
    assert_eq!(plan.preview.decidable, 5);

    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    let revised = Action { version: 2, digest: "ab".repeat(32), ..on_host(2) };
    assert!(tx.revise_action(&token_of(&house.ana), &on_host(2), &revised).await.unwrap());
    tx.commit().await.unwrap();
    let other = house.plan_ids(BulkVerb::Reject, [3]).await;
    house.run(&other).await;
    *house.clock.0.lock().unwrap() = at(61);

    let job = house.run(&plan).await;
    let said: Vec<_> = job
        .items
        .iter()
        .map(|item| (item.action.id, item.state, item.detail.clone().unwrap_or_default()))
        .collect();
    let want = [
        (1, ItemState::Decided, ""),
        (2, ItemState::Refused, "The action changed since it was shown: it is at version 2, not 1."),
        (3, ItemState::Skipped, "Rejected by ANA."),
        (4, ItemState::Refused, "The time to decide this action ended."),
        (5, ItemState::Decided, ""),
    ];
    assert_eq!(said, want.map(|(number, state, detail)| (id(number), state, detail.to_owned())));
    assert_eq!(house.check(&plan).await, [id(1), id(5)].into());
    // Refused attempts are part of the record, as single ones are.
    assert_eq!(
        house.records(AuditKind::Refused).await.into_keys().collect::<Vec<_>>(),
        [id(2), id(3), id(4)]
    );
}

async fn an_item_that_can_not_be_written_sinks_no_other(kind: Kind) {
    let actions: Vec<_> = (1..=60).map(on_host).chain([email(61), password(62)]).collect();
    let house = House::build(kind, &actions).await;
    // A command that nobody can have given: the outbox takes no second one for an action.
    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    tx.enqueue(&system(), &[command(id(902), id(2), at(1))]).await.unwrap();
    tx.commit().await.unwrap();
    let plan = house.plan_ids(BulkVerb::Approve, 1..=62).await;
    let job = house.run(&plan).await;
    assert_eq!((job.progress.decided, job.progress.failed, job.progress.left_out), (60, 1, 1));
    assert_eq!((job.items[1].action.id, job.items[1].state), (id(2), ItemState::Failed));
    assert_eq!(house.action(2).await.decision, Decision::Pending);
    assert_eq!(house.check(&plan).await.len(), 60);
    assert!(house.records(AuditKind::Refused).await.is_empty(), "it is our fault");
    store::verify(&*house.store).await.unwrap();
    let counted =
        async |lane| house.store.counts(&RowScope::ALL, &ActionQuery::of(lane), at(2)).await.unwrap().matches;
    assert_eq!((counted(Lane::Pending).await, counted(Lane::InProgress).await), (2, 60));
}

async fn a_role_that_is_taken_away_stops_the_rest_and_a_retry_plans_it_anew(kind: Kind) {
    let actions: Vec<_> = (1..=120).map(on_host).collect();
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, 1..=120).await;
    house.service.start_bulk(&house.ana, plan.id, None).await.unwrap();
    assert!(house.service.step(&authority()).await.unwrap());
    let error = house.service.retry_bulk(&house.ana, plan.id).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Conflict, "it still runs");
    let set_roles = async |role| {
        let mut tx = house.store.begin_system(&authority()).await.unwrap();
        tx.set_roles(id(ANA), &[role].into()).await.unwrap();
        tx.commit().await.unwrap();
    };
    set_roles(Role::SecurityReader).await;
    while house.service.step(&authority()).await.unwrap() {}
    let job = house.job(&plan, None).await;
    assert_eq!((job.progress.decided, job.progress.refused), (50, 70));
    let detail = job.items[50].detail.as_deref().unwrap();
    assert!(detail.contains("lacks a permission"), "{detail}");
    assert_eq!(house.check(&plan).await.len(), 50);

    set_roles(Role::SecurityOperator).await;
    let again = house.service.retry_bulk(&house.ana, plan.id).await.unwrap();
    assert_eq!((again.preview.decidable, again.verb), (70, BulkVerb::Approve));
    assert_eq!([&plan.preview.from, &job.from, &again.preview.from], [FROM; 3], "the way back to the list");
    // A session that ended stops it as well.
    house.service.start_bulk(&house.ana, again.id, None).await.unwrap();
    assert!(house.service.step(&authority()).await.unwrap());
    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    assert!(tx.revoke_session(&own(ANA, ANAS_SESSION), id(ANAS_SESSION), at(1)).await.unwrap());
    tx.commit().await.unwrap();
    while house.service.step(&authority()).await.unwrap() {}
    let job = house.job(&again, Some(ItemState::Refused)).await;
    assert_eq!((job.progress.decided, job.progress.refused), (50, 20));
    assert!(job.items[0].detail.as_deref().unwrap().contains("ended meanwhile"), "{:?}", job.items[0]);
}

async fn more_than_ten_thousand_are_refused_in_words(kind: Kind) {
    let house = House::build(kind, &[]).await;
    let error =
        house.plan(BulkVerb::Approve, Targets::Ids((1..=10_001).map(id).collect())).await.unwrap_err();
    let text = invalid(&error);
    assert!(text.starts_with("/ids 10001 actions are selected, and at most 10000"), "{text}");

    let actions: Vec<_> = (1..=10_001).map(on_host).collect();
    let mut tx = house.store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(None), &actions).await.unwrap();
    tx.commit().await.unwrap();
    let query = Box::new(ActionQuery::of(Lane::Pending));
    let all = Targets::Matching { query: query.clone(), except: Vec::new() };
    let text = invalid(&house.plan(BulkVerb::Approve, all).await.unwrap_err());
    assert!(text.starts_with("/matching 10001 actions are selected"), "{text}");
    assert!(text.contains("narrow the list by a filter"), "{text}");
    let but_one = Targets::Matching { query, except: vec![id(5_000)] };
    let plan = house.plan(BulkVerb::Reject, but_one).await.unwrap();
    assert_eq!((plan.preview.total, plan.preview.decidable, plan.items.len()), (10_000, 10_000, 200));
}

async fn instances_that_work_on_one_job_decide_each_item_once(kind: Kind) {
    let actions: Vec<_> = (1..=230).map(on_host).collect();
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, 1..=230).await;
    house.service.start_bulk(&house.ana, plan.id, None).await.unwrap();
    let other = house.database.open().await;
    let tasks = [&house.store, &other, &house.store, &other].map(|store| {
        let service = service(store, &house.clock);
        tokio::spawn(async move {
            let mut steps = 0;
            while service.step(&authority()).await.unwrap() {
                steps += 1;
            }
            steps
        })
    });
    let mut steps = 0;
    for task in tasks {
        steps += task.await.unwrap();
    }
    assert_eq!(steps, 5, "four full ones and the rest");
    assert_eq!(house.check(&plan).await.len(), 230);
    assert_eq!(house.job(&plan, None).await.progress.decided, 230);
}

async fn a_job_that_a_process_left_behind_goes_on(kind: Kind) {
    let actions: Vec<_> = (1..=120).map(on_host).collect();
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, 1..=120).await;
    house.service.start_bulk(&house.ana, plan.id, None).await.unwrap();
    assert!(house.service.step(&authority()).await.unwrap());
    house.store.close().await;

    let store = house.database.open().await;
    let house = House { service: service(&store, &house.clock), store, ..house };
    let stop = CancellationToken::new();
    let carrying = tokio::spawn(house.service.clone().carry_out(authority(), stop.clone()));
    until("the job ends", async || (!house.job(&plan, None).await.is_running()).then_some(())).await;
    // A job that is started here is not waited for.
    let second = house.plan_ids(BulkVerb::Approve, 1..=2).await;
    assert_eq!(second.preview.decidable, 0);
    stop.cancel();
    carrying.await.unwrap();
    assert_eq!(house.check(&plan).await.len(), 120);
}

async fn many_are_undone_and_all_instances_of_a_file(kind: Kind) {
    let done = |number: u128| {
        let approved = after(&on_host(number), Transition::Approve, at(0));
        let decided_by = Some(approved.proposed_by.clone());
        Action { status: Status::Completed, decided_by, executor: Some("simulated".to_owned()), ..approved }
    };
    let mut actions: Vec<_> = (1..=60).map(done).collect();
    let entity = json!({ "kind": "file", "path": "/srv/elsewhere", "sha256": "cd".repeat(32) });
    actions[59].entity = serde_json::from_value(entity).unwrap();
    actions.push(email(61));
    let house = House::build(kind, &actions).await;
    for (number, others) in [(7, 58), (60, 0), (61, 0)] {
        let detail = house.service.detail(&house.ana, id(number)).await.unwrap();
        assert_eq!(detail.instances, others, "{number}");
    }
    let error = house.plan(BulkVerb::Approve, Targets::SameFile(id(7))).await.unwrap_err();
    assert!(invalid(&error).starts_with("/verb only an undo"));
    let error = house.plan(BulkVerb::Undo, Targets::SameFile(id(61))).await.unwrap_err();
    assert!(invalid(&error).starts_with("/same_file names no action on a file"));

    let first = house.plan_ids(BulkVerb::Undo, [1, 2, 61]).await;
    assert_eq!((first.preview.decidable, first.preview.left_out[0].actions), (2, 1));
    let plan = house.plan(BulkVerb::Undo, Targets::SameFile(id(7))).await.unwrap();
    assert_eq!((plan.preview.decidable, plan.preview.groups[0].irreversible), (59, false));
    assert_eq!(house.run(&first).await.progress.decided, 2);
    let job = house.run(&plan).await;
    // Two were undone by the other job meanwhile.
    assert_eq!((job.progress.decided, job.progress.skipped), (57, 2));
    assert_eq!(job.items[0].detail.as_deref(), Some("Undo was already requested by ANA."));
    let original = house.action(7).await;
    assert_eq!(original.undo, UndoState::Requested);
    let reverse = house.store.action(&RowScope::ALL, original.undone_by.unwrap()).await.unwrap().unwrap();
    assert_eq!((reverse.approval_id, reverse.undo_of), (Some(job.approval_id), Some(id(7))));
    assert!(house.store.command_of(reverse.id).await.unwrap().is_some());
    assert_eq!(house.action(60).await.undo, UndoState::None);
    assert_eq!(house.records(AuditKind::UndoRequested).await.len(), 59);
}

async fn what_was_approved_and_failed_is_sent_again(kind: Kind) {
    let actions: Vec<_> = (1..=5).map(on_host).collect();
    let house = House::build(kind, &actions).await;
    let plan = house.plan_ids(BulkVerb::Approve, 1..=5).await;
    house.run(&plan).await;
    // What is stored here has no digest that binds it: each of them fails before anything is sent.
    assert!(house.service.take_order(&authority()).await.unwrap().is_none());
    let job = house.job(&plan, None).await;
    assert_eq!((job.execution.failed, job.retriable()), (5, 5));

    let again = house.service.retry_bulk(&house.ana, plan.id).await.unwrap();
    assert_eq!((again.verb, again.preview.decidable, again.preview.total), (BulkVerb::Retry, 5, 5));
    let retried = house.run(&again).await;
    assert_eq!((retried.verb, retried.progress.decided, retried.execution.running), (BulkVerb::Retry, 5, 5));
    assert_eq!(house.records(AuditKind::Retried).await.len(), 5);
    let action = house.service.detail(&house.ana, retried.items[0].action.id).await.unwrap().action;
    assert_eq!((action.decision, action.status), (Decision::Approved, Status::Queued));
    assert_eq!(action.approval_id, Some(job.approval_id), "it was approved once");
    // What is on its way is not sent a third time.
    let third = house.service.retry_bulk(&house.ana, plan.id).await.unwrap_err();
    assert!(invalid(&third).starts_with("/ids no action is selected"), "{third:?}");
    store::verify(&*house.store).await.unwrap();
}
