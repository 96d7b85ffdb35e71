//! Lists of incidents, investigations and what an investigation consists of: each order, forwards and backwards, a page at a
//! time; filters, searches and counts.

use domain::cases::fields::{Facet, SortKey};
use domain::cases::{CaseList, CaseQuery};
use domain::investigations::PieceKind;
use domain::investigations::report::InvestigationReport;
use domain::list::Sort;
use domain::{Action, RowScope, Severity};
use store::SharedStore;
use store::cases::{CasePosition, CaseRow};
use store::investigations::Piece;

use super::investigations::{piece, put, report};
use super::sample::{SCANNER, action, add, at, proposer};
use crate::database::{Database, Kind, on_both};

on_both!(
    each_order_is_paged_forwards_and_backwards,
    filters_and_searches_narrow_and_are_counted,
    actions_of_an_investigation_are_its_own,
    rows_of_before_are_keyed_once,
);

/// What tells a row from others.
fn name(row: &CaseRow) -> String {
    match row {
        CaseRow::Investigation(of) => of.summary.id.clone(),
        CaseRow::Incident(of) => of.summary.id.clone(),
        CaseRow::Piece(body) => {
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            ["id", "name", "address"].iter().find_map(|key| body[key].as_str()).unwrap().to_owned()
        }
        CaseRow::Action(action) => action.id.to_string(),
    }
}

async fn page(
    store: &SharedStore,
    query: &CaseQuery,
    from: Option<&CasePosition>,
    limit: u32,
) -> Vec<(CasePosition, String)> {
    let of = Some("I-0").filter(|_| !matches!(query.lane, CaseList::Investigations | CaseList::Incidents));
    let rows = store.case_page(&RowScope::ALL, of, query, from, limit).await.unwrap();
    rows.into_iter().map(|(position, row)| (position, name(&row))).collect()
}

fn evidence(number: i64) -> Piece {
    let verdict = ["malicious", "suspicious", "no_threats_found"][usize::try_from(number).unwrap() % 3];
    let body = serde_json::json!({
        "id": format!("e{number:02}"), "verdict": verdict, "assets": [format!("host {}", number % 4)],
        "entity": { "kind": "file", "path": format!("/srv/{}/{}", number % 5, 40 - number) },
        "detection_origin": format!("Rule {}", number % 2),
    });
    let of = piece(PieceKind::Evidence, &format!("e{number:02}"), number % 7);
    Piece { body: body.to_string(), ..of }
}

/// Seven investigations and incidents, and of the first 23 pieces of evidence, 5 devices and 9 actions.
async fn filled(kind: Kind) -> (Database, SharedStore) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let severities = [Severity::Low, Severity::High, Severity::Critical];
    for number in 0..7_i64 {
        let severity = severities[usize::try_from(number).unwrap() % 3];
        let of = InvestigationReport {
            severity: Some(severity),
            category: Some(format!("Category {}", number % 2)),
            detection_source: (number != 3).then(|| format!("Source {}", number % 4)),
            incident_id: Some(format!("INC-{}", number % 3)),
            ..report(&format!("I-{number}"))
        };
        put(&store, &of, 1, number / 2, &[]).await;
        let of = domain::incidents::IncidentReport {
            id: format!("INC-{number}"),
            title: Some(format!("Title {}", number % 2)),
            severity: Some(severity),
            started_at: Some(at(number)),
            alerts: Vec::new(),
        };
        let mut tx = store.begin().await.unwrap();
        tx.put_incident(&proposer(None), &of, 1, at(number / 2)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut pieces: Vec<_> = (0..23).map(evidence).collect();
    for number in 0..5 {
        pieces.push(piece(PieceKind::Device, &format!("host {number}"), 0));
        pieces.push(piece(PieceKind::User, &format!("user {number}"), 0));
        pieces.push(piece(PieceKind::Mailbox, &format!("m{number}@a.example"), 0));
        pieces.push(piece(PieceKind::Alert, &format!("a{number}"), number));
        pieces.push(piece(PieceKind::Log, &format!("l{number}"), number));
    }
    put(&store, &report("I-0"), 2, 4, &pieces).await;
    for number in 0..9_u128 {
        let of = Action { investigation_id: Some("I-0".to_owned()), ..action(number) };
        add(&store, &of).await;
    }
    (database, store)
}

async fn each_order_is_paged_forwards_and_backwards(kind: Kind) {
    let (_database, store) = filled(kind).await;
    for &list in CaseList::ALL.iter().filter(|list| **list != CaseList::Entities) {
        for &key in SortKey::ALL.iter().filter(|key| key.is_of(list)) {
            for descending in [false, true] {
                let query = CaseQuery { sort: Sort { key, descending }, ..CaseQuery::of(list) };
                let all: Vec<_> = page(&store, &query, None, 100).await;
                let keys: Vec<_> = all.iter().map(|(at, _)| (at.key.clone(), at.id.clone())).collect();
                let sorted = |one: &_, other: &_| if descending { one > other } else { one < other };
                assert!(keys.is_sorted_by(sorted), "{list} {key} {descending}: {keys:?}");
                let (mut found, mut from) = (Vec::new(), None);
                loop {
                    let next = page(&store, &query, from.as_ref(), 3).await;
                    let Some((last, _)) = next.last() else { break };
                    from = Some(last.clone());
                    found.extend(next.into_iter().map(|(_, name)| name));
                }
                let names: Vec<_> = all.iter().map(|(_, name)| name.clone()).collect();
                assert_eq!(found, names, "{list} {key} {descending}");
                // The page before a row is in the list's order, too.
                let Some((edge, _)) = all.get(4) else { continue };
                assert!(edge.fits(list, key));
                let before = CasePosition { before: true, ..edge.clone() };
                let before: Vec<_> =
                    page(&store, &query, Some(&before), 3).await.into_iter().map(|(_, name)| name).collect();
                assert_eq!(before, names[1..4], "{list} {key} {descending}");
            }
        }
    }
}

async fn filters_and_searches_narrow_and_are_counted(kind: Kind) {
    let (_database, store) = filled(kind).await;
    let count = async |list: &str, name: &str, value: &str| {
        let query = CaseQuery::from_pairs([("lane", list), (name, value)]).unwrap();
        page(&store, &query, None, 100).await.len()
    };
    for (list, name, value, expected) in [
        ("evidence", "verdict", "malicious", 8),
        ("evidence", "verdict", "unknown", 0),
        ("evidence", "entity_type", "file", 23),
        ("evidence", "remediation", "none", 23),
        ("evidence", "remediation", "active", 0),
        ("evidence", "q", "/SRV/4/", 4),
        ("evidence", "q", "host 3", 5),
        ("evidence", "q", "rule 1", 11),
        ("evidence", "q", "100%_", 0),
        ("alerts", "severity", "high", 0),
        ("devices", "q", "HOST 4", 1),
        ("investigations", "severity", "high", 3),
        ("investigations", "q", "category 1", 3),
        ("incidents", "severity", "critical", 2),
        ("incidents", "q", "title 1", 3),
    ] {
        assert_eq!(count(list, name, value).await, expected, "{list} {name} {value}");
    }
    let facet = async |list, facet| {
        let of = Some("I-0").filter(|_| list != CaseList::Incidents);
        let mut values = store.case_facet(&RowScope::ALL, of, list, facet).await.unwrap();
        values.sort_by_key(|of| of.value.clone());
        values.into_iter().map(|of| (of.value, of.count.unwrap())).collect::<Vec<_>>()
    };
    let counted = |all: &[(&str, u64)]| all.iter().map(|(of, n)| ((*of).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(
        facet(CaseList::Evidence, Facet::Verdict).await,
        counted(&[("malicious", 8), ("no_threats_found", 7), ("suspicious", 8)])
    );
    assert_eq!(
        facet(CaseList::Incidents, Facet::Severity).await,
        counted(&[("critical", 2), ("high", 2), ("low", 3)])
    );
    assert_eq!(facet(CaseList::Incidents, Facet::Classification).await, []);
    let waiting = facet(CaseList::Pending, Facet::ActionType).await;
    assert_eq!(waiting.iter().map(|(_, count)| count).sum::<u64>(), 9);
}

async fn actions_of_an_investigation_are_its_own(kind: Kind) {
    let (_database, store) = filled(kind).await;
    add(&store, &Action { investigation_id: Some("i-0".to_owned()), ..action(20) }).await;
    add(&store, &Action { investigation_id: Some("I-1".to_owned()), ..action(21) }).await;
    let list = async |scope: &RowScope, list| {
        store.case_page(scope, Some("I-0"), &CaseQuery::of(list), None, 100).await.unwrap().len()
    };
    assert_eq!(list(&RowScope::ALL, CaseList::Pending).await, 9);
    assert_eq!(list(&RowScope::ALL, CaseList::History).await, 0);
    assert_eq!(list(&RowScope::proposed_by(SCANNER), CaseList::Pending).await, 9);
    assert_eq!(list(&RowScope::proposed_by("other"), CaseList::Pending).await, 0);
}

/// A program before had no keys.
async fn rows_of_before_are_keyed_once(kind: Kind) {
    let (database, store) = filled(kind).await;
    let query = CaseQuery::from_pairs([("lane", "evidence"), ("sort", "entity"), ("q", "rule 1")]).unwrap();
    let before = page(&store, &query, None, 100).await;
    assert_eq!(before.len(), 11);
    store.close().await;
    for sql in [
        "UPDATE investigation_pieces SET key_1 = '', key_2 = '', key_3 = '', search_text = ''",
        "UPDATE investigations SET title_key = '', search_text = ''",
        "UPDATE incidents SET title_key = '', search_text = '', class_rank = 0",
        "DELETE FROM markers WHERE name = 'case_keys'",
    ] {
        database.execute(sql).await.unwrap();
    }
    let store = database.open().await;
    assert_eq!(page(&store, &query, None, 100).await, before);
    let titles = CaseQuery::from_pairs([("lane", "incidents"), ("q", "title 1")]).unwrap();
    assert_eq!(page(&store, &titles, None, 100).await.len(), 3);
}
