//! The Action center, the investigation and the incident are three places of one decision: of three people who decide at
//! once, each in another, one wins, and the others are told who did and when.

use std::sync::Arc;

use domain::actions::contract::{DecideActions as _, ShowAction as _};
use domain::cases::CaseRows;
use domain::cases::contract::CasesBackend as _;
use domain::core::subject::Current;
use domain::incidents::IncidentReport;
use domain::incidents::contract::IncidentsBackend as _;
use domain::investigations::Tab;
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::report::InvestigationReport;
use domain::{Action, Actor, ActorKind, Caller, Decision, Error, Role, Seen, UserId};
use service::testing::system as authority;
use store::SharedStore;
use tokio::sync::Barrier;

use super::investigations::{add_tool, malicious, service, tool};
use super::sample::{id, person, session, user};
use crate::database::{Database, Kind, on_both};

on_both!(of_three_places_one_wins_and_the_others_are_told,);

/// So many actions are fought over.
const ROUNDS: usize = 8;

async fn add_person(store: &SharedStore, number: u128) -> Caller {
    let name = format!("person-{number}");
    let of = user(number, &name, &[Role::SecurityOperator]);
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_user(&of, super::sample::at(0)).await.unwrap();
    tx.insert_credential(&session(number + 100, of.id)).await.unwrap();
    tx.commit().await.unwrap();
    let actor = Actor::new(ActorKind::User, id::<UserId>(number).to_string(), name);
    Caller { actor, ..person(number, number + 100) }
}

fn seen(action: &Action) -> Seen {
    Seen { expected_version: action.version, digest: action.digest.clone() }
}

async fn of_three_places_one_wins_and_the_others_are_told(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let people = [add_person(&store, 21).await, add_person(&store, 22).await, add_person(&store, 23).await];
    add_tool(&store).await;
    let service = service(&store);
    let incident = IncidentReport {
        id: "INC-1".to_owned(),
        title: None,
        severity: None,
        started_at: None,
        alerts: Vec::new(),
    };
    service.report_incident(&tool(), incident).await.unwrap();
    let actions: Vec<_> = (0..ROUNDS).map(|of| malicious(&of.to_string(), "Servers", "/srv/a")).collect();
    let report = InvestigationReport {
        incident_id: Some("INC-1".to_owned()),
        actions: serde_json::from_value(actions.into()).unwrap(),
        ..InvestigationReport::of("I-1")
    };
    let made = service.report_investigation(&tool(), report).await.unwrap();
    for (round, of) in made.actions.iter().enumerate() {
        let of = of.id.unwrap();
        // What each place shows.
        let center = service.detail(&people[0], of).await.unwrap().action;
        let view = service.investigation_view(&people[1], "I-1", Tab::Pending, Vec::new()).await.unwrap();
        let CaseRows::Pending(rows) = view.page.rows else { panic!("no pending actions") };
        let there = |rows: Vec<domain::investigations::WaitingAction>| {
            rows.into_iter().map(|row| row.action).find(|action| action.id == of).unwrap()
        };
        let investigation = there(rows);
        let incident = there(service.incident(&people[2], "INC-1").await.unwrap().pending);
        let barrier = Arc::new(Barrier::new(3));
        let tasks: Vec<_> = [center, investigation, incident]
            .into_iter()
            .zip(people.clone())
            .enumerate()
            .map(|(place, (shown, caller))| {
                let (service, barrier) = (service.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    if (place + round).is_multiple_of(2) {
                        service.approve(&caller, of, seen(&shown), None).await
                    } else {
                        service.reject(&caller, of, seen(&shown), "no".to_owned()).await
                    }
                })
            })
            .collect();
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                Ok(action) => won.push(action),
                Err(Error::Conflict { detail, current }) => lost.push((detail, current)),
                Err(other) => panic!("round {round}: {other}"),
            }
        }
        let [winner] = &won[..] else { panic!("round {round} has {} winners", won.len()) };
        assert_eq!(lost.len(), 2, "round {round}");
        let (by, at) = (winner.decided_by.as_ref().unwrap(), winner.decided_at.unwrap());
        for (detail, current) in &lost {
            assert!(detail.contains(&by.label()), "{detail} names {}", by.label());
            assert!(detail.contains(&at.strftime("%F %H:%M:%S UTC").to_string()), "{detail} names {at}");
            let current: Action = Current::read(current).unwrap();
            assert_eq!((current.decision, current.decided_at), (winner.decision, Some(at)));
            assert_ne!(current.decision, Decision::Pending);
        }
    }
    store::verify(&*store).await.unwrap();
}
