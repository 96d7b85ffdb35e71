//! Incidents and investigations: the pages of their lists and of each tab, beside the raw driver's, and the graph.
//!
//! Of so many pieces of evidence each ten belong to an investigation, and one investigation, the large one, has five
//! thousand of every kind.

use std::sync::Arc;
use std::time::Instant;

use domain::access::{Access, FactorState};
use domain::cases::contract::CasesBackend as _;
use domain::cases::fields::SortKey;
use domain::cases::{CaseList, CaseQuery};
use domain::incidents::IncidentReport;
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, PieceKind, Tab};
use domain::list::Sort;
use domain::{Actor, ActorKind, Authorized, Caller, EntityKind, Role, RowScope, Severity, Verdict};
use executors::simulated::Simulated;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::Service;
use service::executor::Executors;
use service::testing::{FixedClock, system};
use store::cases::CasePosition;
use store::investigations::Piece;
use store::{SharedStore, connect};

use crate::Kind;
use crate::raw;
use crate::report::{Report, Times};

const ROUNDS: usize = 20;
/// Pieces of each kind of the large investigation.
const LARGE: usize = 5_000;
/// Investigations in one transaction.
const BATCH: usize = 200;
/// Rows of a page, and the one that tells whether there is another.
const LIMIT: u32 = 51;
const ID: &str = "INV-LARGE";

pub(crate) async fn measure(kind: Kind, url: &str, evidence: usize, report: &mut Report) {
    let store = connect(url).await.unwrap();
    let begin = Instant::now();
    fill(&store, evidence).await;
    report.rate("investigations: pieces written", evidence, begin.elapsed());
    store.close().await;
    crate::settle(kind, url).await;
    let store = connect(url).await.unwrap();
    let tabs = [
        (CaseList::Alerts, PieceKind::Alert),
        (CaseList::Devices, PieceKind::Device),
        (CaseList::Mailboxes, PieceKind::Mailbox),
        (CaseList::Users, PieceKind::User),
        (CaseList::Evidence, PieceKind::Evidence),
        (CaseList::Log, PieceKind::Log),
    ];
    for (list, kind_of_piece) in tabs {
        let place = PieceKind::ALL.iter().position(|known| *known == kind_of_piece).unwrap();
        let raw = format!(
            "SELECT name, body FROM investigation_pieces WHERE investigation_id = '{ID}' AND kind = {place} \
             ORDER BY at, name LIMIT {LIMIT}"
        );
        pages(kind, url, &store, &CaseQuery::of(list), &raw, LARGE, report).await;
    }
    let by_entity = sorted(CaseList::Evidence, SortKey::Entity);
    let raw = format!(
        "SELECT name, body FROM investigation_pieces WHERE investigation_id = '{ID}' AND kind = 4 \
         ORDER BY key_1, name LIMIT {LIMIT}"
    );
    pages(kind, url, &store, &by_entity, &raw, LARGE, report).await;
    let orders = [
        (SortKey::Updated, "updated_at DESC, id DESC"),
        (SortKey::Title, "title_key, id"),
        (SortKey::Severity, "severity DESC, id DESC"),
    ];
    let lists = [
        (CaseList::Investigations, "investigations", "investigation", evidence / 10),
        (CaseList::Incidents, "incidents", "incident", evidence / 50),
    ];
    for (list, table, key_of, rows) in lists {
        let waiting = format!(
            "SELECT COUNT(*) FROM actions a WHERE a.lane = 0 AND a.{key_of}_key = t.{key_of}_key AND a.{key_of}_id = t.id"
        );
        for (key, order) in orders {
            let raw = format!(
                "SELECT id, body, principal, version, severity, started_at, updated_at, ({waiting}) \
                 FROM {table} t ORDER BY {order} LIMIT {LIMIT}"
            );
            pages(kind, url, &store, &sorted(list, key), &raw, rows, report).await;
        }
    }
    graph(&store, report).await;
    store.close().await;
}

fn sorted(list: CaseList, key: SortKey) -> CaseQuery {
    let descending = key.begins_descending();
    CaseQuery { sort: Sort { key, descending }, ..CaseQuery::of(list) }
}

async fn pages(
    kind: Kind,
    url: &str,
    store: &SharedStore,
    query: &CaseQuery,
    raw: &str,
    rows: usize,
    report: &mut Report,
) {
    let what = format!("{} by {}", query.lane, query.sort.key);
    let raw = match kind {
        Kind::Sqlite => raw::sqlite::time_pairs(url, raw, ROUNDS).await,
        Kind::Postgres => raw::postgres::time_pairs(url, raw, ROUNDS).await,
    };
    let first = time(store, query, None).await;
    report.times(&format!("{what}: first page"), &first, Some(&raw));
    let down = u32::try_from(rows * 4 / 5).unwrap().max(1);
    let before = store.case_page(&RowScope::ALL, Some(ID), query, None, down).await.unwrap();
    let from = before.last().map(|(position, _)| position.clone());
    let deep = time(store, query, from.as_ref()).await;
    report.times(&format!("{what}: deep page, by the first"), &deep, Some(&first));
}

async fn time(store: &SharedStore, query: &CaseQuery, from: Option<&CasePosition>) -> Times {
    let mut times = Times::default();
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        store.case_page(&RowScope::ALL, Some(ID), query, from, LIMIT).await.unwrap();
        if round > 0 {
            times.add(begin.elapsed());
        }
    }
    times
}

/// The graph of the large investigation, as its page asks for it.
async fn graph(store: &SharedStore, report: &mut Report) {
    let executors = Executors::new(vec![Arc::new(Simulated)]);
    let service = Service::new(store.clone(), FixedClock::at(Timestamp::now()), executors);
    let caller = Caller {
        actor: Actor::new(ActorKind::User, "00000000-0000-0000-0000-00000000000a", "Ana"),
        person: None,
        credential: uuid::Uuid::nil().into(),
        roles: [Role::SecurityOperator].into(),
        access: Access::of_roles(&[Role::SecurityOperator].into()),
        scopes: None,
        factor: FactorState::NotNeeded,
    };
    let mut times = Times::default();
    for round in 0..=ROUNDS {
        let begin = Instant::now();
        service.investigation_view(&caller, ID, Tab::Graph, Vec::new()).await.unwrap();
        if round > 0 {
            times.add(begin.elapsed());
        }
    }
    report.times("graph of an investigation of 5,000 entities", &times, None);
}

fn at(second: usize) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::try_from(second).unwrap())
}

async fn fill(store: &SharedStore, evidence: usize) {
    let authority = system();
    let by = Authorized::system(&authority, "bench", "Bench");
    let investigations: Vec<usize> = (0..evidence / 10).collect();
    for batch in investigations.chunks(BATCH) {
        let mut tx = store.begin_system(&authority).await.unwrap();
        for &number in batch {
            let id = format!("INV-{number}");
            let pieces: Vec<_> = (0..10).map(|of| piece(PieceKind::Evidence, number * 10 + of)).collect();
            tx.put_investigation(&by, &investigation(&id, number), 1, at(number)).await.unwrap();
            tx.put_pieces(&by, &id, &pieces).await.unwrap();
            if number % 5 == 0 {
                let incident = IncidentReport {
                    id: format!("INC-{number}"),
                    title: Some(format!("Incident on host {}", number % 4_001)),
                    severity: Some(Severity::ALL[number % Severity::ALL.len()]),
                    started_at: Some(at(number)),
                    alerts: Vec::new(),
                };
                tx.put_incident(&by, &incident, 1, at(number)).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin_system(&authority).await.unwrap();
    tx.put_investigation(&by, &investigation(ID, evidence), 1, at(evidence)).await.unwrap();
    for &kind in PieceKind::ALL.iter().filter(|kind| **kind != PieceKind::Email) {
        let pieces: Vec<_> = (0..LARGE).map(|of| piece(kind, of)).collect();
        tx.put_pieces(&by, ID, &pieces).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn investigation(id: &str, number: usize) -> InvestigationReport {
    InvestigationReport {
        title: Some(format!("Beacon on host {}", number % 7_919)),
        state: Some(InvestigationState::ALL[number % InvestigationState::ALL.len()]),
        severity: Some(Severity::ALL[number % Severity::ALL.len()]),
        category: Some(format!("Category {}", number % 12)),
        detection_source: Some(format!("Source {}", number % 7)),
        incident_id: Some(format!("INC-{}", number / 5 * 5)),
        started_at: Some(at(number)),
        ..InvestigationReport::of(id)
    }
}

fn piece(kind: PieceKind, number: usize) -> Piece {
    let name = format!("{number:07}");
    let verdict = [Verdict::Malicious, Verdict::Suspicious, Verdict::NoThreatsFound][number % 3];
    let body = match kind {
        PieceKind::Alert => {
            json!({ "id": name, "title": format!("Alert {}", number % 97), "severity": "high", "at": at(number) })
        }
        PieceKind::Device => json!({ "name": name, "os": "Linux" }),
        PieceKind::Mailbox => json!({ "address": format!("m{name}@corp.example"), "owner": "kim" }),
        PieceKind::User => json!({ "name": name, "verdict": verdict }),
        PieceKind::Evidence => json!({
            "id": name, "verdict": verdict, "first_seen": at(number), "assets": [format!("host {}", number % 41)],
            "detection_origin": format!("Rule {}", number % 23),
            "entity": { "kind": "file", "path": format!("/srv/{}/{name}", number % 101), "sha256": "ab".repeat(32) },
        }),
        PieceKind::Log => {
            json!({ "id": name, "action": "Looked", "created_at": at(number), "duration": number % 60 })
        }
        PieceKind::Email => json!({}),
    };
    let is_evidence = kind == PieceKind::Evidence;
    Piece {
        kind,
        at: at(number),
        entity_kind: is_evidence.then_some(EntityKind::File),
        verdict: is_evidence.then_some(verdict),
        remediation: None,
        device_group: None,
        body: body.to_string(),
        name,
    }
}
