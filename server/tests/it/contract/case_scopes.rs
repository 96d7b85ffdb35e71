//! What a caller who is limited to device groups is told of an investigation that is partly on others' devices: neither
//! rows nor numbers, in any tab, export, incident or feedback.

use std::io::Read as _;

use domain::access::Reach;
use domain::actions::contract::DecideActions as _;
use domain::cases::contract::CasesBackend as _;
use domain::cases::{CaseList, CaseQuery, CaseRows};
use domain::incidents::contract::IncidentsBackend as _;
use domain::incidents::{IncidentChange, IncidentReport, IncidentStatus};
use domain::investigations::contract::InvestigationsBackend as _;
use domain::investigations::feedback::{Judged, WrongVerdict};
use domain::investigations::report::InvestigationReport;
use domain::investigations::{InvestigationState, PieceKind, Tab};
use domain::{Action, Authorized, Caller, Device, Error, RowScope};
use serde_json::json;
use service::Service;
use service::testing::system as authority;
use store::SharedStore;
use store::cases::CaseRow;

use super::investigations::{malicious, service, tool};
use super::sample::{action, add, add_ana, at, id};
use crate::database::{Database, Kind, on_both};

on_both!(
    devices_of_others_are_in_no_tab_and_no_number,
    a_device_that_moves_is_shown_in_its_group,
    the_number_of_what_waits_is_of_what_is_seen,
    feedback_on_what_is_hidden_is_not_heard,
    hidden_assets_are_neither_found_nor_sorted_by,
    a_device_is_known_by_its_host_and_with_its_domain,
);

/// Somebody who sees the devices of one group.
fn limited(ana: &Caller, group: &str) -> Caller {
    let reach = Reach::Groups([group.to_owned()].into());
    Caller { access: ana.access.clone().within(&reach), ..ana.clone() }
}

/// An investigation on a device of each of two groups, with an action, evidence and an entry of the log on each.
async fn start(store: &SharedStore) -> (Service, Caller) {
    let ana = add_ana(store).await;
    let service = service(store);
    let report: InvestigationReport = serde_json::from_value(json!({
        "id": "I-1", "incident_id": "INC-1", "state": "running",
        "devices": [{ "name": "web-1", "device_group": "Here" }, { "name": "DC-9", "device_group": "Elsewhere" }],
        "users": [{ "name": "kim" }],
        "evidence": [
            { "id": "1", "entity": { "kind": "file", "path": "/a" }, "verdict": "malicious", "assets": ["web-1"] },
            { "id": "2", "entity": { "kind": "file", "path": "/b" }, "verdict": "malicious", "assets": ["dc-9"] },
            { "id": "3", "entity": { "kind": "file", "path": "/c" }, "verdict": "suspicious", "assets": ["DC-9", "web-1"] },
            { "id": "4", "entity": { "kind": "device", "name": "dc-9" }, "verdict": "malicious" },
            { "id": "5", "entity": { "kind": "file", "path": "/e" } }
        ],
        "log": [
            { "id": "1", "action": "Looked", "device": "web-1", "created_at": "2026-01-31T12:00:00Z" },
            { "id": "2", "action": "Looked there", "device": "dc-9", "created_at": "2026-01-31T12:00:01Z" },
            { "id": "3", "action": "Ended", "created_at": "2026-01-31T12:00:02Z" }
        ],
        "actions": [malicious("1", "Here", "/srv/a"), malicious("2", "Elsewhere", "/srv/b")],
    }))
    .unwrap();
    service.report_investigation(&tool(), report).await.unwrap();
    let incident = IncidentReport {
        id: "INC-1".to_owned(),
        title: None,
        severity: None,
        started_at: None,
        alerts: Vec::new(),
    };
    service.report_incident(&tool(), incident).await.unwrap();
    (service, ana)
}

/// How many rows a tab has.
fn rows(of: &CaseRows) -> Option<usize> {
    Some(match of {
        CaseRows::Devices(rows) => rows.len(),
        CaseRows::Users(rows) => rows.len(),
        CaseRows::Evidence(rows) => rows.len(),
        CaseRows::Entities(rows) => rows.len(),
        CaseRows::Log(rows) => rows.len(),
        CaseRows::Pending(rows) => rows.len(),
        CaseRows::History(rows) => rows.len(),
        _ => return None,
    })
}

async fn devices_of_others_are_in_no_tab_and_no_number(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let (service, ana) = start(&store).await;
    let here = limited(&ana, "here");
    let wanted = [
        (Tab::Devices, 2, 1),
        (Tab::Users, 1, 1),
        (Tab::Evidence, 5, 3),
        (Tab::Entities, 2, 1),
        (Tab::Log, 3, 2),
        (Tab::Pending, 2, 1),
    ];
    for (tab, all, some) in wanted {
        for (caller, count) in [(&ana, all), (&here, some)] {
            let view = service.investigation_view(caller, "I-1", tab, Vec::new()).await.unwrap();
            assert_eq!(rows(&view.page.rows), Some(count), "{tab}");
            let told = view.counts.iter().find(|(of, _)| *of == tab).unwrap().1;
            assert_eq!(told, count as u64, "{tab}");
            let text = serde_json::to_string(&view).unwrap().to_lowercase();
            assert_eq!(
                text.contains("dc-9"),
                caller == &ana && !matches!(tab, Tab::Users | Tab::Entities | Tab::Pending),
                "{tab} {text}"
            );
            let list = CaseList::of_tab(tab).unwrap();
            let mut file = service.export_cases(caller, list, Some("I-1"), Vec::new()).await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!(text.lines().count(), count + 1, "{tab} {text}");
            assert!(caller == &ana || !text.to_lowercase().contains("dc-9"), "{text}");
        }
    }
    let graph = service.investigation_view(&here, "I-1", Tab::Graph, Vec::new()).await.unwrap();
    assert!(!serde_json::to_string(&graph).unwrap().to_lowercase().contains("dc-9"), "{graph:?}");
    let facet = async |caller: &Caller| {
        let view = service.investigation_view(caller, "I-1", Tab::Evidence, Vec::new()).await.unwrap();
        let choices = view.page.view.facets.into_iter().find(|of| of.name == "verdict").unwrap().choices;
        choices.into_iter().map(|of| (of.value, of.count)).collect::<Vec<_>>()
    };
    let count = |word: &str, count| (word.to_owned(), Some(count));
    assert_eq!(facet(&ana).await, [count("malicious", 3), count("suspicious", 1)]);
    assert_eq!(facet(&here).await, [count("malicious", 1), count("suspicious", 1)]);
    let incident = service.incident(&here, "INC-1").await.unwrap();
    assert_eq!((incident.evidence.len(), incident.pending.len()), (3, 1));
    assert!(!serde_json::to_string(&incident).unwrap().to_lowercase().contains("dc-9"), "{incident:?}");
    assert_eq!(service.incident(&ana, "INC-1").await.unwrap().evidence.len(), 5);

    let scope = RowScope::of(&here).unwrap();
    let hidden = store.hidden_devices(&scope, "I-1").await.unwrap();
    assert_eq!(hidden, ["dc-9".to_owned()].into());
    assert!(store.hidden_devices(&RowScope::ALL, "I-1").await.unwrap().is_empty());
    let piece = async |scope: &RowScope, id: &str| {
        store.piece(scope, "I-1", PieceKind::Evidence, id).await.unwrap().is_some()
    };
    assert!(piece(&RowScope::ALL, "2").await && piece(&scope, "3").await && !piece(&scope, "2").await);
    let none = RowScope { device_groups: Some([].into()), ..RowScope::ALL };
    assert_eq!(store.hidden_devices(&none, "I-1").await.unwrap().len(), 2);
    let counts = store.piece_counts(&none, "I-1").await.unwrap();
    assert!(counts.iter().all(|(kind, _)| *kind != PieceKind::Device), "{counts:?}");
}

async fn a_device_that_moves_is_shown_in_its_group(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let (service, ana) = start(&store).await;
    let configures = Authorized::system(&authority(), "test", "Test");
    let mut tx = store.begin().await.unwrap();
    let web = Device { name: "WEB-1".to_owned(), ..Device::default() };
    let placed = [(web, Some("Elsewhere".to_owned()))];
    tx.place_devices(&configures, &placed, |_| None).await.unwrap();
    tx.commit().await.unwrap();
    let elsewhere = limited(&ana, "Elsewhere");
    let view = service.investigation_view(&elsewhere, "I-1", Tab::Devices, Vec::new()).await.unwrap();
    let CaseRows::Devices(devices) = view.page.rows else { panic!("another tab") };
    let groups: Vec<_> = devices.iter().map(|(of, _)| of.device_group.as_deref()).collect();
    assert_eq!(groups, [Some("Elsewhere"), Some("Elsewhere")]);
    let query = vec![("q".to_owned(), "elsewhere".to_owned())];
    let found = service.investigation_view(&ana, "I-1", Tab::Devices, query).await.unwrap();
    assert_eq!(rows(&found.page.rows), Some(2), "found by its group of now");
    let gone = service.investigation(&limited(&ana, "Here"), "I-1").await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
}

async fn the_number_of_what_waits_is_of_what_is_seen(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let (service, ana) = start(&store).await;
    let (here, other) = (limited(&ana, "Here"), limited(&ana, "Elsewhere"));
    let listed = async |caller: &Caller, state: Option<&str>| {
        let pairs = state.map(|state| ("state", state)).into_iter().chain([("lane", "investigations")]);
        let query = CaseQuery::from_pairs(pairs).unwrap();
        let scope = RowScope::of(caller).unwrap();
        let found = store.case_page(&scope, None, &query, None, 10).await.unwrap();
        let row = |(_, row)| match row {
            CaseRow::Investigation(of) => (of.summary.waiting, of.summary.state),
            other => panic!("{other:?}"),
        };
        found.into_iter().map(row).collect::<Vec<_>>()
    };
    let waits = InvestigationState::PendingApproval;
    assert_eq!(listed(&ana, None).await, [(2, waits)]);
    assert_eq!(listed(&here, None).await, [(1, waits)]);
    assert_eq!(service.investigation(&here, "I-1").await.unwrap().waiting, 1);
    // Who changes the incident is told no other number either.
    let changed = async |caller: &Caller, expected_version| {
        let change = IncidentChange {
            expected_version,
            status: Some(IncidentStatus::Resolved),
            classification: None,
            assigned_to: None,
        };
        let of = service.change_incident(caller, "INC-1", change).await.unwrap();
        (of.waiting, of.status)
    };
    assert_eq!(changed(&here, 1).await, (1, IncidentStatus::Resolved));
    assert_eq!(changed(&ana, 2).await, (2, IncidentStatus::Resolved));
    // Once one's own are decided, nothing tells of the others'.
    let mine = service.investigation_view(&here, "I-1", Tab::Pending, Vec::new()).await.unwrap();
    let CaseRows::Pending(mine) = mine.page.rows else { panic!("another tab") };
    let of = &mine[0].action;
    let seen = domain::Seen { expected_version: of.version, digest: of.digest.clone() };
    let rejected = service.reject(&here, of.id, seen, "not so".to_owned()).await;
    assert!(rejected.is_ok(), "{rejected:?}");
    assert_eq!(listed(&here, None).await, [(0, InvestigationState::Running)]);
    assert_eq!(listed(&here, Some("running")).await.len(), 1);
    assert_eq!(listed(&here, Some("pending_approval")).await, []);
    assert_eq!(listed(&other, Some("pending_approval")).await, [(1, waits)]);
    // Home counts them as the list shows them.
    let home = async |caller: &Caller| {
        store.home(&RowScope::of(caller).unwrap(), at(200)).await.unwrap().investigations
    };
    assert_eq!(home(&here).await, [(InvestigationState::Running, 1)]);
    assert_eq!(home(&other).await, [(waits, 1)]);
    assert_eq!(home(&ana).await, [(waits, 1)]);
    assert_eq!(home(&limited(&ana, "Nowhere")).await, []);
    // And yet it ends only when each is decided.
    let early = service.end_investigation(&here, "I-1").await;
    let Err(Error::Conflict { detail, .. }) = early else { panic!("{early:?}") };
    assert_eq!(detail, "something waits for a decision: an investigation ends when each is decided");
}

async fn feedback_on_what_is_hidden_is_not_heard(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let (service, ana) = start(&store).await;
    let here = limited(&ana, "Here");
    let on = |number: u128, group: &str| {
        let asset = domain::Asset { device_group: Some(group.to_owned()), ..action(number).asset };
        Action { asset, ..action(number) }
    };
    for (number, group) in [(1, "Here"), (2, "Elsewhere")] {
        add(&store, &on(number, group)).await;
    }
    let evidence = |id: &str| Judged::Evidence { investigation: "I-1".to_owned(), evidence: id.to_owned() };
    let judge = async |caller: &Caller, judged| {
        service.report_verdict(caller, judged, WrongVerdict::FalsePositive, None).await
    };
    for judged in [Judged::Action(id(1)), Judged::Action(id(2)), evidence("1"), evidence("2")] {
        judge(&ana, judged).await.unwrap();
    }
    assert!(judge(&here, Judged::Action(id(2))).await.is_err());
    assert!(judge(&here, evidence("2")).await.is_err());
    let heard = async |caller: &Caller, after| {
        let list = service.feedback(caller, after).await.unwrap();
        let told = list.items.into_iter().map(|of| (of.action_id, of.evidence_id)).collect::<Vec<_>>();
        (told, list.next)
    };
    assert_eq!(heard(&ana, 0).await.0.len(), 4);
    let own = [(Some(id(1)), None), (None, Some("1".to_owned()))];
    assert_eq!(heard(&here, 0).await, (own.to_vec(), 4));
    assert_eq!(heard(&here, 3).await, (Vec::new(), 4));
}

/// The ids of the rows of a tab in its order, page after page, and all that is told with them.
async fn listed(
    store: &SharedStore,
    scope: &RowScope,
    pairs: &[(&str, &str)],
    limit: u32,
) -> (Vec<String>, String) {
    let query = CaseQuery::from_pairs(pairs.iter().copied()).unwrap();
    let (mut ids, mut told, mut from) = (Vec::new(), String::new(), None);
    loop {
        let page = store.case_page(scope, Some("I-1"), &query, from.as_ref(), limit).await.unwrap();
        for (position, row) in &page {
            told += &format!("{position:?}").to_lowercase();
            let CaseRow::Piece(body) = row else { panic!("{row:?}") };
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            ids.push(body["id"].as_str().unwrap().to_owned());
        }
        let Some((last, _)) = page.into_iter().last() else { return (ids, told) };
        from = Some(last);
    }
}

async fn hidden_assets_are_neither_found_nor_sorted_by(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let service = service(&store);
    let file = |id: &str, assets: &[&str]| json!({ "id": id, "entity": { "kind": "file", "path": format!("/{id}") }, "assets": assets });
    let report: InvestigationReport = serde_json::from_value(json!({
        "id": "I-1",
        "devices": [
            { "name": "web-1", "device_group": "Here" }, { "name": "web-2", "device_group": "Here" },
            { "name": "DC-9", "device_group": "Elsewhere" }, { "name": "aa-1", "device_group": "Elsewhere" }
        ],
        "evidence": [
            file("a", &["AA-1", "web-2"]), file("b", &["web-1", "dc-9"]), file("c", &["DC-9", "aa-1"]), file("d", &[]),
            file("e", &["web-2", "web-10"])
        ],
    }))
    .unwrap();
    service.report_investigation(&tool(), report).await.unwrap();
    let here = RowScope::of(&limited(&ana, "Here")).unwrap();
    let list = ("lane", "evidence");
    let by_assets = |direction: &'static str| [list, ("sort", direction)];
    for limit in [1, 2, 10] {
        let (all, _) = listed(&store, &RowScope::ALL, &by_assets("assets"), limit).await;
        assert_eq!(all, ["d", "a", "c", "b", "e"]);
        // What is on hidden devices alone is hidden; of what is on others, too, only the others count.
        let (some, told) = listed(&store, &here, &by_assets("assets"), limit).await;
        assert_eq!(some, ["d", "b", "a", "e"]);
        assert!(!told.contains("aa-") && !told.contains("dc-"), "{told}");
        let (back, _) = listed(&store, &here, &by_assets("-assets"), limit).await;
        assert_eq!(back, ["e", "a", "b", "d"]);
    }
    for (wanted, all, some) in [
        ("dc-9", &["b", "c"][..], &[][..]),
        ("AA-1", &["a", "c"], &[]),
        ("web-2", &["a", "e"], &["a", "e"]),
        ("aa-1, web-2", &["a"], &[]),
        ("web-2, web-10", &["e"], &["e"]),
        ("/a", &["a"], &["a"]),
    ] {
        let found = async |scope: &RowScope| {
            listed(&store, scope, &[list, ("sort", "entity"), ("q", wanted)], 10).await.0
        };
        assert_eq!(found(&RowScope::ALL).await, all, "{wanted}");
        assert_eq!(found(&here).await, some, "{wanted}");
        let query = vec![("q".to_owned(), wanted.to_owned())];
        let caller = limited(&ana, "Here");
        let mut file = service.export_cases(&caller, CaseList::Evidence, Some("I-1"), query).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), some.len() + 1, "{wanted} {text}");
    }
    let counts = store.piece_counts(&here, "I-1").await.unwrap();
    assert!(counts.contains(&(PieceKind::Evidence, 4)), "{counts:?}");
}

async fn a_device_is_known_by_its_host_and_with_its_domain(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    let service = service(&store);
    let step = |id: &str, device: &str| json!({ "id": id, "action": "Looked", "device": device, "created_at": "2026-01-31T12:00:00Z" });
    let file = |id: &str, assets: &[&str]| json!({ "id": id, "entity": { "kind": "file", "path": format!("/{id}") }, "assets": assets });
    let report: InvestigationReport = serde_json::from_value(json!({
        "id": "I-1",
        "devices": [
            { "name": "web-1.corp.example", "device_group": "Here" }, { "name": "app-2", "device_group": "Here" },
            { "name": "DC-9.corp.example", "device_group": "Elsewhere" }, { "name": "db-3", "device_group": "Elsewhere" }
        ],
        "log": [
            step("a", "dc-9"), step("b", "DC-9.CORP.example."), step("c", "db-3.corp.example"), step("d", "WEB-1"),
            step("e", "web-1.corp.example"), step("f", "app-2.corp.example"), step("g", "dc-9.lab.example")
        ],
        "evidence": [
            file("h", &["dc-9"]), file("i", &["dc-9", "web-1"]), file("j", &["db-3.corp.example", "DC-9"]),
            { "id": "k", "entity": { "kind": "device", "name": "DC-9" }, "assets": ["web-1"] },
            { "id": "l", "entity": { "kind": "device", "name": "web-1" } }
        ],
    }))
    .unwrap();
    service.report_investigation(&tool(), report).await.unwrap();
    let here = limited(&ana, "Here");
    let scope = RowScope::of(&here).unwrap();
    for (list, all, some) in [
        ("log", &["a", "b", "c", "d", "e", "f", "g"][..], &["d", "e", "f", "g"][..]),
        ("evidence", &["h", "i", "j", "k", "l"], &["i", "l"]),
    ] {
        let of = async |scope: &RowScope| {
            let mut ids = listed(&store, scope, &[("lane", list)], 3).await.0;
            ids.sort_unstable();
            ids
        };
        assert_eq!(of(&RowScope::ALL).await, all, "{list}");
        assert_eq!(of(&scope).await, some, "{list}");
    }
    let view = service.investigation_view(&here, "I-1", Tab::Evidence, Vec::new()).await.unwrap();
    let CaseRows::Evidence(rows) = view.page.rows else { panic!("another tab") };
    let assets: Vec<_> = rows.into_iter().flat_map(|of| of.assets).collect();
    assert_eq!(assets, ["web-1"]);
}
