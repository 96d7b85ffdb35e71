//! The home page, against the same rows counted in plain Rust.

use service::testing::system as authority;
use std::collections::{BTreeMap, BTreeSet};

use domain::cases::{CaseList, CaseQuery};
use domain::home::{DAYS, Day, HomeView, Number, Waiting};
use domain::investigations::InvestigationState;
use domain::{Action, ActionQuery, AssetKind, Decision, Lane, RowScope, Severity, Status, Transition};
use jiff::{SignedDuration, Timestamp};
use store::cases::CaseRow;
use store::{Guard, SharedStore};

use super::actions::lists::{all_of, by, now, seeded, walk};
use super::sample::{action, add, add_ana, after, at, decided, decider, id, system};
use crate::database::{Database, Kind, on_both};

on_both!(
    home_tells_what_the_lists_hold,
    decisions_are_counted_in_the_transactions_that_decide,
    an_empty_estate_has_a_home,
    who_sees_few_rows_has_a_home_of_these,
);

fn minutes(action: &Action) -> i64 {
    action.decided_at.unwrap().duration_since(action.proposed_at).as_mins()
}

/// As coarsely as the page shows it.
fn shown(minutes: i64) -> i64 {
    let step = match minutes {
        0..60 => 1,
        60..1_440 => 10,
        1_440..20_160 => 60,
        _ => 1_440,
    };
    minutes / step * step
}

fn median(mut times: Vec<i64>) -> Option<i64> {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied().map(shown)
}

fn date(time: Timestamp) -> String {
    time.to_string()[..10].to_owned()
}

/// What the page must tell of these rows.
fn expected(rows: &[Action], now: Timestamp) -> HomeView {
    let lane = |lane: Lane| rows.iter().filter(move |row| row.lifecycle().unwrap().state().lane() == lane);
    let number = |count: usize, lane, shows: String| Number { count: count as u64, more: false, lane, shows };
    let waiting = Severity::ALL.iter().map(|severity| {
        let count = lane(Lane::Pending).filter(|row| row.severity == *severity).count();
        (*severity, number(count, Lane::Pending, format!("severity={severity}")))
    });
    let mut assets: BTreeMap<AssetKind, BTreeSet<String>> = BTreeMap::new();
    for row in lane(Lane::Pending) {
        assets.entry(row.asset.kind).or_default().insert(row.asset.name.to_lowercase());
    }
    let mut pending: Vec<_> = lane(Lane::Pending).collect();
    pending.sort_by_key(|row| (row.proposed_at, row.id));
    let oldest = pending.first().map(|row| Waiting::from(*row));
    pending.sort_by_key(|row| (row.expires_at, row.id));
    let expiring = pending.iter().take(5).map(|row| Waiting::from(*row)).collect();

    let day = SignedDuration::from_hours(24);
    let mut days: Vec<_> = (0..DAYS)
        .map(|back| Day { date: date(now - day * i32::try_from(back).unwrap()), ..Day::default() })
        .collect();
    days.reverse();
    let (mut week, mut month) = (Vec::new(), Vec::new());
    for row in rows {
        let Some(day) = row.decided_at.and_then(|at| days.iter().position(|day| day.date == date(at))) else {
            continue;
        };
        match row.decision {
            Decision::Approved => days[day].approved += 1,
            Decision::Rejected => days[day].rejected += 1,
            Decision::AutoApproved => days[day].automatic += 1,
            Decision::Expired => days[day].expired += 1,
            _ => {}
        }
        if matches!(row.decision, Decision::Approved | Decision::Rejected) {
            month.push(minutes(row));
            if day >= DAYS - 7 {
                week.push(minutes(row));
            }
        }
    }

    let slow_since = now - SignedDuration::from_mins(15);
    let is_slow = |row: &&Action| {
        matches!(row.status, Status::Queued | Status::InProgress) && row.updated_at < slow_since
    };
    let is_failed = |row: &&Action| {
        matches!(row.status, Status::Failed | Status::TimedOut) && row.updated_at >= now - day
    };
    let to = slow_since.to_string().replace(':', "%3A");
    HomeView {
        waiting: waiting.collect(),
        affected: assets.into_iter().map(|(kind, names)| (kind, names.len() as u64)).collect(),
        oldest,
        expiring,
        days,
        median_week: median(week),
        median_month: median(month),
        unknown: number(
            lane(Lane::InProgress).filter(|row| row.status == Status::Unknown).count(),
            Lane::InProgress,
            "status=Unknown".to_owned(),
        ),
        slow: number(
            lane(Lane::InProgress).filter(is_slow).count(),
            Lane::InProgress,
            format!("status=Queued&status=InProgress&to={to}"),
        ),
        failed: number(
            lane(Lane::History).filter(is_failed).count(),
            Lane::History,
            "status=Failed&status=TimedOut&period=24h".to_owned(),
        ),
        investigations: Vec::new(),
        noisiest: Vec::new(),
        rendered_at: now,
    }
}

async fn rows(store: &SharedStore) -> Vec<Action> {
    let mut rows = Vec::new();
    for &lane in Lane::ALL {
        rows.extend(all_of(store, lane).await);
    }
    rows
}

/// How many rows the list of investigations has in each state.
async fn states(store: &SharedStore, scope: &RowScope) -> Vec<(InvestigationState, u64)> {
    let query = CaseQuery::of(CaseList::Investigations);
    let (mut counts, mut from) = (BTreeMap::new(), None);
    loop {
        let page = store.case_page(scope, None, &query, from.as_ref(), 200).await.unwrap();
        let Some(last) = page.last().map(|(place, _)| place.clone()) else { break };
        from = Some(last);
        for (_, row) in page {
            let CaseRow::Investigation(of) = row else { panic!("another list") };
            *counts.entry(of.summary.state).or_default() += 1;
        }
    }
    counts.into_iter().collect()
}

async fn home_tells_what_the_lists_hold(kind: Kind) {
    let (store, database) = seeded(kind, 3_000).await;
    let rows = rows(&store).await;
    let investigations = states(&store, &RowScope::ALL).await;
    assert!(investigations.len() > 1, "{investigations:?}");
    // Also as of other days: of some there is nothing yet, of others there was more.
    for hours in [0, 1, 13, 24 * 9, -24 * 40] {
        let now = now() + SignedDuration::from_hours(hours);
        let home = store.home(&RowScope::ALL, now).await.unwrap();
        let expected = HomeView { investigations: investigations.clone(), ..expected(&rows, now) };
        assert_eq!(home, expected, "{hours} h later");
    }
    let home = store.home(&RowScope::ALL, now()).await.unwrap();
    assert!(home.days.iter().any(|day| day.approved > 0 && day.rejected > 0 && day.automatic > 0));
    assert!(home.days.iter().any(|day| day.expired > 0), "{:?}", home.days);
    assert!(home.median_week.is_some() && home.median_month.is_some() && home.affected.len() > 1);
    assert!(
        home.total_waiting() > 10 && home.unknown.count > 0 && home.slow.count > 0 && home.failed.count > 0
    );

    // Rows of before are counted as transactions do.
    let table =
        "SELECT day || ' ' || decision || ' ' || took || ' ' || n FROM decided WHERE n > 0 ORDER BY 1";
    let kept = database.column(table).await;
    assert!(kept.len() > 50);
    store.close().await;
    database.execute("DELETE FROM decided").await.unwrap();
    assert_eq!(database.execute("DELETE FROM markers WHERE name = 'keys'").await.unwrap(), 1);
    database.open().await.close().await;
    assert_eq!(database.column(table).await, kept);
}

async fn decisions_are_counted_in_the_transactions_that_decide(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let ana = add_ana(&store).await;
    for number in 1..=12 {
        add(&store, &action(number)).await;
    }
    for number in 1..=9_u32 {
        let before = action(number.into());
        let command = if number <= 6 { Transition::Approve } else { Transition::Reject };
        let then = at(i64::from(number) * 301);
        let mut settled = decided(&before, &decider(&ana), command, then);
        let guard = Guard { by: &decider(&ana), deciding: true, policy: None, now: then };
        let mut tx = store.begin_system(&authority()).await.unwrap();
        assert!(tx.update_state(guard, &before, &settled).await.unwrap());
        assert!(!tx.update_state(guard, &before, &settled).await.unwrap());
        if number <= 3 {
            // A later change of the row is no decision.
            let started = after(&settled, Transition::Start, at(4_000));
            let guard = Guard { by: &system(), deciding: false, policy: None, now: at(4_000) };
            assert!(tx.update_state(guard, &settled, &started).await.unwrap());
            settled = started;
        }
        // What is rolled back was never decided.
        if settled.id != id(6) {
            tx.commit().await.unwrap();
        }
    }
    let (before, mut revised) = (action(10), action(10));
    (revised.version, revised.asset.name) = (2, "another host".to_owned());
    let mut tx = store.begin_system(&authority()).await.unwrap();
    assert!(tx.revise_action(&by(), &before, &revised).await.unwrap());
    let expired = Action { decided_at: Some(at(3_600)), ..after(&action(11), Transition::Expire, at(3_601)) };
    let guard = Guard { by: &system(), deciding: false, policy: None, now: at(3_601) };
    assert!(tx.update_state(guard, &action(11), &expired).await.unwrap());
    tx.commit().await.unwrap();

    let later = at(7_200);
    let home = store.home(&RowScope::ALL, later).await.unwrap();
    assert_eq!(home, expected(&rows(&store).await, later));
    let totals = home.days.iter().fold((0, 0, 0, 0), |(a, b, c, d), day| {
        (a + day.approved, b + day.rejected, c + day.automatic, d + day.expired)
    });
    assert_eq!(totals, (5, 3, 0, 1));
    // 5, 10, 15, 20, 25, 35, 40 and 45 minutes.
    assert_eq!(home.median_week, Some(20));

    let table =
        "SELECT day || ' ' || decision || ' ' || took || ' ' || n FROM decided WHERE n > 0 ORDER BY 1";
    let kept = database.column(table).await;
    store.close().await;
    // Without its marker the store counts all anew when it opens.
    assert_eq!(database.execute("DELETE FROM markers WHERE name = 'keys'").await.unwrap(), 1);
    assert_eq!(database.execute("UPDATE decided SET n = n + 1").await.unwrap(), kept.len() as u64);
    let store = database.open().await;
    assert_eq!(database.column(table).await, kept);
    assert_eq!(store.home(&RowScope::ALL, later).await.unwrap(), home);
}

async fn an_empty_estate_has_a_home(kind: Kind) {
    let database = Database::migrated(kind).await;
    let store = database.open().await;
    let home = store.home(&RowScope::ALL, at(0)).await.unwrap();
    assert_eq!(home, expected(&[], at(0)));
    assert_eq!((home.total_waiting(), home.oldest, home.median_month), (0, None, None));
}

async fn who_sees_few_rows_has_a_home_of_these(kind: Kind) {
    let (store, _database) = seeded(kind, 1_000).await;
    let all = walk(&store, &ActionQuery::of(Lane::Pending), false).await;
    let principal = all[0].proposed_by.id.clone();
    let scope = RowScope::proposed_by(principal.clone());
    let home = store.home(&scope, now()).await.unwrap();
    let mut own = rows(&store).await;
    own.retain(|row| row.proposed_by.id == principal);
    let expected = expected(&own, now());
    let days = expected.days.iter().map(|day| Day { date: day.date.clone(), ..Day::default() }).collect();
    let investigations = states(&store, &scope).await;
    let wanted = HomeView { days, median_week: None, median_month: None, investigations, ..expected };
    assert_eq!(home, wanted);
    assert!(home.total_waiting() > 0 && home.total_waiting() < all.len() as u64);
}
