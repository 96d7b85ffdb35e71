//! First decision wins: fifty at once on one action, a hundred times.

use std::sync::Arc;

use serde_json::Value;

use crate::database::Kind;
use crate::harness::{Estate, EvilFile};

const ROUNDS: usize = 100;
const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t01_fifty_decisions_at_once_have_one_winner_on_sqlite() {
    t01_fifty_decisions_at_once_have_one_winner(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t01_fifty_decisions_at_once_have_one_winner_on_postgres() {
    t01_fifty_decisions_at_once_have_one_winner(Kind::Postgres).await;
}

async fn t01_fifty_decisions_at_once_have_one_winner(kind: Kind) {
    let estate = Arc::new(Estate::with_people(kind, 5).await);
    let mut approved = Vec::new();
    let mut rejected = Vec::new();
    for round in 0..ROUNDS {
        let file = EvilFile::new(&estate, &format!("evil-{round}.bin"));
        let action = estate.propose(&file).await;
        match contest(&estate, &action, round).await.as_str() {
            "Approved" => approved.push((action, file)),
            "Rejected" => rejected.push((action, file)),
            other => panic!("round {round} ended as {other}"),
        }
    }
    assert!(approved.len() >= 20 && rejected.len() >= 20, "{} of {ROUNDS} approved", approved.len());
    for (action, file) in &approved {
        let action = estate.settled(action["id"].as_str().unwrap()).await;
        assert_eq!(action["status"], "Completed", "{action}");
        file.assert_exists_once(&estate, true);
    }
    for (action, file) in &rejected {
        assert_eq!(estate.action(action["id"].as_str().unwrap()).await["status"], "None");
        file.assert_exists_once(&estate, false);
    }
    assert_eq!(estate.journal(), approved.len(), "commands that reached the responder");
    let head = estate.verify_audit();
    // Proposed, decided, refused; dispatched and reported where approved.
    let records = ROUNDS * (1 + AT_ONCE) + approved.len() * 2;
    assert!(head.contains(&format!("{} records", with_set_up(&estate, records))), "{head}, not {records}");
}

/// The users and tokens of the set-up have records of their own.
fn with_set_up(estate: &Estate, records: usize) -> usize {
    records + 2 * estate.people.len() + 1
}

/// All at once; which kind is sent first alternates. Returns the decision that won.
async fn contest(estate: &Arc<Estate>, action: &Value, round: usize) -> String {
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|index| {
            let (estate, action) = (estate.clone(), action.clone());
            let verb = if (index + round).is_multiple_of(2) { "approve" } else { "reject" };
            tokio::spawn(async move {
                let person = &estate.people[index % estate.people.len()];
                estate.decide(verb, &action, person).await.unwrap()
            })
        })
        .collect();
    let mut winner = None;
    for task in tasks {
        let (status, answer) = task.await.unwrap();
        match status {
            200 => assert!(winner.replace(answer).is_none(), "round {round} has two winners"),
            409 => {
                assert_eq!(answer["type"], "/problems/conflict", "{answer}");
                assert_ne!(answer["current"]["decision"], "Pending", "{answer}");
            }
            other => panic!("round {round}: {other} {answer}"),
        }
    }
    let winner = winner.unwrap_or_else(|| panic!("round {round} has no winner"));
    winner["decision"].as_str().unwrap().to_owned()
}
