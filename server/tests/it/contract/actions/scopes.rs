//! Row scope: 300 generated cases, in which all that can be asked agrees with a filter by hand, so that nothing can be told
//! from a number, either.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use domain::access::holding::Holdings;
use domain::access::{Access, Reach};
use domain::actions::contract::{ExportActions as _, ListActions as _, ShowAction as _};
use domain::actions::export::ExportFormat;
use domain::actions::query::{Column, Facet};
use domain::bulk::contract::BulkBackend as _;
use domain::{
    Action, ActionId, ActionQuery, AssetKind, BulkRequest, BulkVerb, Caller, Decision, Error, Lane, Role,
    RowScope, Severity, Status, Targets,
};
use service::Service;
use service::testing::system as authority;
use store::SharedStore;

use super::super::investigations::service;
use super::super::sample::{ANA, ANAS_SESSION, action, add_ana, at, id, imported, person, proposer};
use crate::database::{Database, Kind, on_both};

on_both!(whoever_sees_some_groups_can_tell_nothing_of_others);

const CASES: u64 = 300;
const ROWS: u128 = 240;
const GROUPS: [Option<&str>; 4] = [Some("Alpha"), Some("Beta 2"), Some("Gämma"), None];

/// Numbers that look like chance, and are the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// Actions on the same few files of the same few devices, whose group changed now and then, and of mailboxes.
async fn estate(store: &SharedStore) -> Vec<Action> {
    let mut chance = Chance(17);
    let mut all = Vec::new();
    for number in 1..=ROWS {
        let mut row = action(number);
        let file = chance.below(6);
        let path = format!("/srv/file-{file}");
        let sha = format!("{file:064x}");
        row.entity =
            serde_json::from_value(serde_json::json!({ "kind": "file", "path": path, "sha256": sha }))
                .unwrap();
        row.asset.name = format!("web-{}", chance.below(5));
        row.asset.device_group = chance.of(&GROUPS).map(str::to_owned);
        row.severity = chance.of(&[Severity::High, Severity::Low, Severity::Medium]);
        if chance.below(8) == 0 {
            row.asset.kind = AssetKind::Mailbox;
            row.asset.device_group = None;
            row.asset.name = format!("m{}@a.example", chance.below(3));
        }
        if chance.below(3) == 0 {
            (row.decision, row.status) = (Decision::NotRequired, Status::Completed);
        }
        row.proposed_at = at(i64::try_from(number).unwrap());
        row.updated_at = row.proposed_at;
        row.expires_at = at(90_000);
        all.push(row);
    }
    let mut tx = store.begin_system(&authority()).await.unwrap();
    tx.insert_actions(&proposer(None), &all).await.unwrap();
    for row in &all {
        tx.append_audit(&super::super::sample::system(), imported(row)).await.unwrap();
    }
    tx.commit().await.unwrap();
    all
}

/// Ana, limited to some groups; to none that there is where the mask is empty.
fn limited(mask: u64) -> (Caller, BTreeSet<String>) {
    let chosen = GROUPS.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0);
    let groups: BTreeSet<String> =
        chosen.map(|(_, of)| of.unwrap_or(RowScope::UNGROUPED).to_owned()).collect();
    let limit = Reach::Groups(groups.clone());
    let roles = vec![(Role::SecurityOperator, Reach::Everywhere)];
    let access: Access = Holdings { roles, limit, ..Holdings::default() }.access();
    (Caller { access, ..person(ANA, ANAS_SESSION) }, groups)
}

fn sees(groups: &BTreeSet<String>, row: &Action) -> bool {
    let group = row.asset.device_group.as_deref().unwrap_or(RowScope::UNGROUPED);
    row.asset.kind != AssetKind::Device || groups.contains(group)
}

/// A query, and whether a row is meant by it.
type Case = (ActionQuery, Box<dyn Fn(&Action) -> bool>);

fn query(chance: &mut Chance, lane: Lane) -> Case {
    let mut pairs = vec![("lane".to_owned(), lane.to_string()), ("limit".to_owned(), "25".to_owned())];
    let (severity, group) = (chance.of(&["high", "low", "medium"]), chance.of(&GROUPS));
    let (device, file) = (format!("web-{}", chance.below(5)), format!("file-{}", chance.below(6)));
    let kind = chance.below(6);
    let mut add = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    match kind {
        1 => add("severity", severity),
        2 => add("device_group", group.unwrap_or(RowScope::UNGROUPED)),
        3 => add("asset", &device),
        4 => add("q", &file),
        5 => {
            add("severity", severity);
            add("asset", &device);
        }
        _ => {}
    }
    let severity: Severity = severity.parse().unwrap();
    let meant = move |row: &Action| {
        let by = match kind {
            1 => row.severity == severity,
            // A mailbox is in no group, either.
            2 => row.asset.device_group.as_deref() == group,
            3 => row.asset.name == device,
            4 => row.entity.title().contains(&file),
            5 => row.severity == severity && row.asset.name == device,
            _ => true,
        };
        by && row.lifecycle().unwrap().state().lane() == lane
    };
    (ActionQuery::from_pairs(pairs).unwrap(), Box::new(meant))
}

fn ids<'a>(rows: impl IntoIterator<Item = &'a Action>) -> BTreeSet<ActionId> {
    rows.into_iter().map(|row| row.id).collect()
}

/// All rows of a list, page by page.
async fn listed(service: &Service, caller: &Caller, query: &ActionQuery) -> BTreeSet<ActionId> {
    let (mut found, mut cursor) = (BTreeSet::new(), None);
    loop {
        let page = service.list(caller, ActionQuery { cursor, ..query.clone() }).await.unwrap();
        for row in &page.items {
            assert!(found.insert(row.id), "a row twice");
        }
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

async fn exported(service: &Service, caller: &Caller, query: &ActionQuery) -> BTreeSet<ActionId> {
    let query = ActionQuery { columns: vec![Column::Id], ..query.clone() };
    let mut export = service.export(caller, query, ExportFormat::JsonLines).await.unwrap();
    let mut text = String::new();
    export.file.read_to_string(&mut text).unwrap();
    let id = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["id"].as_str().unwrap().parse().unwrap()
    };
    text.lines().map(id).collect()
}

/// What follows changes sees of all that was ever recorded: the stream and `GET /changes` ask just this.
async fn followed(store: &SharedStore, caller: &Caller) -> BTreeSet<ActionId> {
    let scope = RowScope::of(caller).unwrap();
    let records = store.follow(0, 500).await.unwrap();
    let changed = records.iter().filter_map(|record| record.changed.as_ref());
    changed.filter(|changed| scope.shows(&changed.row)).map(|changed| changed.id).collect()
}

async fn whoever_sees_some_groups_can_tell_nothing_of_others(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    add_ana(&store).await;
    let all = estate(&store).await;
    let service = service(&store);
    let mut chance = Chance(4);
    for case in 0..CASES {
        let (caller, groups) = limited(case % 16);
        let lane = if case % 3 == 0 { Lane::History } else { Lane::Pending };
        let (query, meant) = query(&mut chance, lane);
        let want: Vec<_> = all.iter().filter(|row| sees(&groups, row) && meant(row)).collect();
        let expected = ids(want.iter().copied());
        let what = format!("case {case}: {groups:?} {:?}", query.pairs());
        assert_eq!(listed(&service, &caller, &query).await, expected, "list, {what}");
        assert_eq!(exported(&service, &caller, &query).await, expected, "export, {what}");

        let counts = service.counts(&caller, query.clone()).await.unwrap();
        assert_eq!(counts.matches, expected.len() as u64, "count, {what}");
        // Each facet is counted without its own choice.
        for facet in
            counts.facets.iter().filter(|of| of.facet == Facet::Asset && query.filter.asset.is_empty())
        {
            let mut by_hand: BTreeMap<String, u64> = BTreeMap::new();
            for row in &want {
                *by_hand.entry(row.asset.name.clone()).or_default() += 1;
            }
            let counted: BTreeMap<_, _> =
                facet.values.iter().map(|of| (of.value.clone(), of.count.unwrap_or_default())).collect();
            assert_eq!(counted, by_hand, "facet, {what}");
        }
        let lanes = service.lane_counts(&caller).await.unwrap();
        let pending = |row: &&Action| sees(&groups, row) && row.decision == Decision::Pending;
        assert_eq!(lanes.pending, all.iter().filter(pending).count() as u64, "{what}");

        if lane == Lane::Pending {
            let buckets = service.buckets(&caller, query.clone()).await.unwrap();
            let mut by_hand: BTreeMap<String, (u64, BTreeSet<&str>)> = BTreeMap::new();
            for row in &want {
                let of = by_hand.entry(row.entity.hash().unwrap().to_owned()).or_default();
                of.0 += 1;
                of.1.insert(&row.asset.name);
            }
            let mut by_hand: Vec<_> =
                by_hand.values().map(|(n, assets)| (*n, assets.len() as u64)).filter(|of| of.0 > 1).collect();
            let mut counted: Vec<_> = buckets.buckets.iter().map(|of| (of.count, of.assets)).collect();
            by_hand.sort_unstable();
            counted.sort_unstable();
            assert_eq!(counted, by_hand, "buckets, {what}");
            assert!(buckets.buckets.iter().all(|of| expected.contains(&of.example)), "{what}");

            let targets = Targets::Matching { query: Box::new(query.clone()), except: Vec::new() };
            let request = BulkRequest { verb: BulkVerb::Reject, targets, from: String::new() };
            match service.plan_bulk(&caller, request).await {
                Ok(plan) => assert_eq!(plan.preview.total, expected.len(), "plan, {what}"),
                Err(error) => {
                    assert!(
                        matches!(error, Error::Invalid(_)) && expected.is_empty(),
                        "plan, {what}: {error}"
                    );
                }
            }
        }
        let seen = ids(all.iter().filter(|row| sees(&groups, row)));
        assert_eq!(followed(&store, &caller).await, seen, "changes and events, {what}");
        let row = &all[usize::try_from(chance.below(u64::try_from(ROWS).unwrap())).unwrap()];
        one(&service, &caller, row, &all, &groups, &what).await;
    }
}

/// One action, with what was done to the same entity, and with what its impact says of other assets.
async fn one(
    service: &Service,
    caller: &Caller,
    row: &Action,
    all: &[Action],
    groups: &BTreeSet<String>,
    what: &str,
) {
    let detail = service.detail(caller, row.id).await;
    if !sees(groups, row) {
        let unknown = service.detail(caller, id(9_999_999)).await.unwrap_err().to_string();
        assert_eq!(detail.unwrap_err().to_string(), unknown, "{what}");
        return;
    }
    let detail = detail.unwrap();
    let visible = || all.iter().filter(|other| sees(groups, other) && other.id != row.id);
    let same = |other: &&Action| {
        (other.asset.kind, &other.asset.name) == (row.asset.kind, &row.asset.name)
            && other.entity == row.entity
    };
    let (earlier, later) = (ids(&detail.earlier), ids(&detail.later));
    let by_hand: BTreeSet<_> = ids(visible().filter(same));
    let shown: BTreeSet<_> = earlier.union(&later).copied().collect();
    // The latest twenty.
    assert!(shown.is_subset(&by_hand) && shown.len() == by_hand.len().min(20), "earlier and later, {what}");

    if row.decision == Decision::Pending {
        let hash = row.entity.hash();
        let elsewhere: BTreeSet<_> = visible()
            .filter(|other| other.decision == Decision::Pending && other.entity.hash() == hash)
            .map(|other| (other.asset.kind, other.asset.name.clone()))
            .filter(|asset| *asset != (row.asset.kind, row.asset.name.clone()))
            .collect();
        let said = detail.impact.split("The same file waits on ").nth(1).map(|text| {
            text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<usize>().unwrap()
        });
        assert_eq!(said.unwrap_or(0), elsewhere.len(), "impact, {what}: {}", detail.impact);
    }
}
