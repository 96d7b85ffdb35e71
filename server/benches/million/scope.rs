//! What a row scope costs: History's first page for who sees 3 of 40 device groups, beside the page of who sees all.
//!
//! It gives every device one of 40 groups by hand, so that it comes last: counts of before no longer fit.

use std::time::Instant;

use domain::{ActionQuery, Lane, RowScope};
use jiff::Timestamp;
use store::{SharedStore, connect};

use crate::Kind;
use crate::raw;
use crate::report::{Report, Times};

const ROUNDS: usize = 40;
const GROUPS: usize = 40;
/// `Device` among the kinds of assets.
const DEVICE: &str = "(SELECT number FROM words WHERE vocabulary = 'asset_kind' AND word = 'device')";

/// The name of a group: digits alone would be sorted as numbers.
fn group(number: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at).unwrap());
    format!("group {}{}", letter(number / 26), letter(number % 26))
}

/// Measures it on a database that is seeded.
pub(crate) async fn measure(kind: Kind, url: &str, report: &mut Report) {
    let cases = (0..GROUPS).map(|at| format!("WHEN {at} THEN '{}'", group(at))).collect::<Vec<_>>().join(" ");
    let sql = format!(
        "UPDATE actions SET device_group = CASE number % {GROUPS} {cases} END,
             device_group_key = CASE number % {GROUPS} {cases} END
         WHERE asset_kind = {DEVICE}"
    );
    let settle = match kind {
        Kind::Sqlite => {
            raw::sqlite::execute(url, &sql).await;
            "ANALYZE"
        }
        Kind::Postgres => {
            raw::postgres::execute(url, &sql).await;
            "VACUUM ANALYZE"
        }
    };
    match kind {
        Kind::Sqlite => raw::sqlite::execute(url, settle).await,
        Kind::Postgres => raw::postgres::execute(url, settle).await,
    }
    let store = connect(url).await.unwrap();
    let three = [3, 17, 31].map(group);
    let scope = RowScope { device_groups: Some(three.into()), ..RowScope::ALL };
    // Who is limited also sees mailboxes and accounts; devices alone are the harder case.
    for (what, devices) in [("", false), (", devices alone", true)] {
        let (mut all, mut scoped) = (Times::default(), Times::default());
        for round in 0..=ROUNDS {
            // One after the other, so that the machine is alike for both.
            let (one, two) =
                (page(&store, &RowScope::ALL, devices).await, page(&store, &scope, devices).await);
            if round > 0 {
                all.add(one);
                scoped.add(two);
            }
        }
        let name = format!("first page of History by row scope, 3 of 40 groups{what}");
        report.times(&name, &scoped, Some(&all));
        println!("    ratio {:.2} (p50), goal 1.5", scoped.percentile(50) / all.percentile(50));
    }
    store.close().await;
}

async fn page(store: &SharedStore, scope: &RowScope, devices: bool) -> std::time::Duration {
    let mut query = ActionQuery::of(Lane::History);
    if devices {
        query.filter.entity_kind = [domain::EntityKind::Device, domain::EntityKind::File].into();
    }
    let begin = Instant::now();
    let rows = store.page(scope, &query, None, 101, Timestamp::now()).await.unwrap();
    assert_eq!(rows.len(), 101, "a full page");
    begin.elapsed()
}
