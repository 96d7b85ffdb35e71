//! Figures of two revisions, and their ratios: of each round its own, so that what slows the machine down for a while
//! falls out of all of them.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The figures of one run, as a benchmark keeps them.
#[derive(Debug)]
pub(super) struct Figures(Vec<Figure>);

#[derive(Debug, Deserialize)]
struct Latest {
    databases: Vec<Database>,
}

#[derive(Debug, Deserialize)]
struct Database {
    name: String,
    figures: Vec<Figure>,
}

/// What of a figure is compared; benchmarks write more.
#[derive(Debug, Deserialize)]
struct Figure {
    what: String,
    median_ms: Option<f64>,
    per_second: Option<f64>,
    mebibytes: Option<f64>,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// Less is better.
    Milliseconds,
    /// More is better.
    PerSecond,
    /// Less is better.
    Mebibytes,
}

impl Figures {
    /// Those of one database.
    pub(super) fn read(text: &str, database: &str) -> Result<Self> {
        let latest: Latest =
            serde_json::from_str(text).context("the figures are not as a benchmark keeps them")?;
        let found = latest.databases.into_iter().find(|of| of.name == database);
        Ok(Self(found.with_context(|| format!("there are no figures of {database}"))?.figures))
    }
}

impl Figure {
    fn value(&self) -> Option<(Unit, f64)> {
        // A load has both a rate and a median: the rate is what it is about.
        let values = [
            (Unit::PerSecond, self.per_second),
            (Unit::Mebibytes, self.mebibytes),
            (Unit::Milliseconds, self.median_ms),
        ];
        values.into_iter().find_map(|(unit, value)| Some((unit, value?)))
    }

    /// Its name without numbers, which tell what was found in that run.
    fn key(&self) -> String {
        let mut key = String::new();
        for c in self.what.chars() {
            match c {
                '0'..='9' if key.ends_with('#') => {}
                '0'..='9' => key.push('#'),
                other => key.push(other),
            }
        }
        key
    }
}

/// What was measured of both, round by round.
#[derive(Debug, Default)]
pub(super) struct Comparison(Vec<Row>);

#[derive(Debug)]
struct Row {
    /// By which it is found again in the next round.
    name: String,
    what: String,
    unit: Unit,
    /// Old and new of each round.
    pairs: Vec<(f64, f64)>,
}

/// A figure of both, over all rounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Summary {
    what: String,
    unit: Unit,
    /// The median.
    old: f64,
    /// The median.
    new: f64,
    /// New by old.
    ratio: Spread,
}

/// Where values lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Spread {
    minimum: f64,
    median: f64,
    maximum: f64,
}

impl Spread {
    /// None of nothing.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<_> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let (minimum, maximum) = (*sorted.first()?, *sorted.last()?);
        let half = sorted.len() / 2;
        let median =
            match (sorted.len() % 2, half.checked_sub(1).and_then(|at| sorted.get(at)), sorted.get(half)) {
                (0, Some(below), Some(above)) => f64::midpoint(*below, *above),
                (_, _, middle) => *middle?,
            };
        Some(Self { minimum, median, maximum })
    }
}

impl Comparison {
    /// Adds a round: what both measured under one name.
    pub(super) fn add(&mut self, old: &Figures, new: &Figures) {
        for figure in &new.0 {
            let key = figure.key();
            let alone = |figures: &Figures| figures.0.iter().filter(|of| of.key() == key).count() == 1;
            // Names may differ by their numbers alone, unless a number is what tells several apart.
            let by_key = alone(old) && alone(new);
            let name = if by_key { key.clone() } else { figure.what.clone() };
            let same = |of: &&Figure| if by_key { of.key() == name } else { of.what == name };
            let Some((old_unit, old)) = old.0.iter().find(same).and_then(Figure::value) else { continue };
            let Some((unit, new)) = figure.value().filter(|(unit, _)| *unit == old_unit && old > 0.0) else {
                continue;
            };
            match self.0.iter_mut().find(|row| row.name == name) {
                Some(row) => row.pairs.push((old, new)),
                None => self.0.push(Row { name, what: figure.what.clone(), unit, pairs: vec![(old, new)] }),
            }
        }
    }

    /// Each figure of both, over all rounds.
    pub(super) fn summaries(&self) -> Vec<Summary> {
        let summary = |row: &Row| {
            let old = Spread::of(row.pairs.iter().map(|(old, _)| *old))?.median;
            let new = Spread::of(row.pairs.iter().map(|(_, new)| *new))?.median;
            let ratio = Spread::of(row.pairs.iter().map(|(old, new)| new / old))?;
            Some(Summary { what: row.what.clone(), unit: row.unit, old, new, ratio })
        };
        self.0.iter().filter_map(summary).collect()
    }

    /// A table for people.
    pub(super) fn table(&self, database: &str, revision: &str) -> String {
        let mut text = format!(
            "{:50} {:>12} {:>12} {:>7}   from    to",
            format!("{database}, against {revision}"),
            "old",
            "new",
            "ratio"
        );
        for Summary { what, unit, old, new, ratio } in self.summaries() {
            let value = |value: f64| match unit {
                Unit::Milliseconds => format!("{value:.2} ms"),
                Unit::PerSecond => format!("{value:.0}/s"),
                Unit::Mebibytes => format!("{value:.0} MiB"),
            };
            let (old, new, Spread { minimum, median, maximum }) = (value(old), value(new), ratio);
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "\n  {what:48} {old:>12} {new:>12} {median:>6.2}x {minimum:>6.2} {maximum:>5.2}"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(list: &serde_json::Value) -> Figures {
        let text = serde_json::json!({
            "actions": 5, "databases": [{ "name": "postgres", "figures": [] }, { "name": "sqlite", "figures": list }],
        });
        Figures::read(&text.to_string(), "sqlite").unwrap()
    }

    fn approve(median: f64) -> serde_json::Value {
        serde_json::json!({ "what": "approve", "median_ms": median, "p95_ms": 9.0, "raw": 1.0 })
    }

    #[test]
    fn ratios_are_of_the_rounds_and_not_of_the_medians() {
        let mut comparison = Comparison::default();
        for (old, new) in [(2.0, 1.0), (8.0, 2.0), (1.0, 3.0)] {
            let run = |median| figures(&serde_json::json!([approve(median)]));
            comparison.add(&run(old), &run(new));
        }
        let ratio = Spread { minimum: 0.25, median: 0.5, maximum: 3.0 };
        let what = "approve".to_owned();
        let summary = Summary { what, unit: Unit::Milliseconds, old: 2.0, new: 2.0, ratio };
        assert_eq!(comparison.summaries(), [summary]);
        let table = comparison.table("sqlite", "7e64b88");
        assert_eq!(table.lines().count(), 2);
        let row = table.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(row, "approve 2.00 ms 2.00 ms 0.50x 0.25 3.00");
    }

    #[test]
    fn of_an_even_number_the_median_lies_between_the_two_in_the_middle() {
        let spread = |values: &[f64]| Spread::of(values.iter().copied());
        let of = |minimum, median, maximum| Some(Spread { minimum, median, maximum });
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[3.0]), of(3.0, 3.0, 3.0));
        assert_eq!(spread(&[4.0, 1.0]), of(1.0, 2.5, 4.0));
        assert_eq!(spread(&[9.0, 1.0, 4.0, 2.0]), of(1.0, 3.0, 9.0));
        assert_eq!(spread(&[9.0, 1.0, 4.0]), of(1.0, 4.0, 9.0));
    }

    #[test]
    fn what_only_one_measured_is_left_out_and_numbers_in_names_do_not_matter() {
        let old = figures(&serde_json::json!([
            { "what": "985 of 14 types decided together", "per_second": 500.0 },
            { "what": "lists, 8 connections", "per_second": 100.0, "median_ms": 7.0, "p99_ms": 9.0 },
            { "what": "list of 50", "median_ms": 2.0 },
            { "what": "list of 100", "median_ms": 4.0 },
            { "what": "gone", "median_ms": 4.0 },
            { "what": "another unit", "median_ms": 4.0 },
        ]));
        let new = figures(&serde_json::json!([
            { "what": "list of 100", "median_ms": 2.0 },
            { "what": "list of 200", "median_ms": 2.0 },
            { "what": "lists, 8 connections", "per_second": 300.0, "median_ms": 2.0, "p99_ms": 9.0 },
            { "what": "1000 of 12 types decided together", "per_second": 2_000.0 },
            { "what": "fresh", "median_ms": 4.0 },
            { "what": "another unit", "mebibytes": 4.0 },
        ]));
        let mut comparison = Comparison::default();
        comparison.add(&old, &new);
        let found: Vec<_> =
            comparison.summaries().into_iter().map(|of| (of.what, of.unit, of.ratio.median)).collect();
        let want = [
            ("list of 100", Unit::Milliseconds, 0.5),
            ("lists, 8 connections", Unit::PerSecond, 3.0),
            ("1000 of 12 types decided together", Unit::PerSecond, 4.0),
        ];
        assert_eq!(found, want.map(|(what, unit, ratio)| (what.to_owned(), unit, ratio)));
    }

    #[test]
    fn figures_of_another_form_are_refused() {
        assert!(Figures::read("[]", "sqlite").is_err());
        let text = r#"{ "databases": [] }"#;
        assert_eq!(Figures::read(text, "sqlite").unwrap_err().to_string(), "there are no figures of sqlite");
    }
}
