//! Figures: printed as they come, and kept as JSON.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Report {
    actions: usize,
    machine: String,
    /// Unix time, in seconds.
    at: i64,
    databases: Vec<Database>,
}

#[derive(Serialize)]
struct Database {
    name: String,
    figures: Vec<Figure>,
}

#[derive(Serialize, Default)]
struct Figure {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    median_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_second: Option<f64>,
    /// The raw driver's median or rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mebibytes: Option<f64>,
}

/// Durations of one thing done again and again.
#[derive(Default, Clone)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds; so many of a hundred took less.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

impl Report {
    pub(crate) fn new(actions: usize) -> Self {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let machine = format!("{}, {cores} cores", model.map_or("unknown", |(_, name)| name));
        let at = jiff::Timestamp::now().as_second();
        println!("{actions} actions on {machine}");
        println!("{:52} {:>10} {:>10} {:>10} {:>7}", "", "median", "p95", "raw", "ratio");
        Self { actions, machine, at, databases: Vec::new() }
    }

    pub(crate) fn begin(&mut self, name: &str) {
        println!("{name}");
        self.databases.push(Database { name: name.to_owned(), figures: Vec::new() });
    }

    fn add(&mut self, figure: Figure) {
        let cell =
            |value: Option<f64>, unit: &str| value.map_or(String::new(), |value| format!("{value:.2}{unit}"));
        let main = match figure {
            Figure { per_second: Some(rate), .. } => format!("{rate:.0}/s"),
            Figure { mebibytes: Some(size), .. } => format!("{size:.0} MiB"),
            _ => cell(figure.median_ms, " ms"),
        };
        let raw = match figure {
            Figure { per_second: Some(_), raw: Some(raw), .. } => format!("{raw:.0}/s"),
            _ => cell(figure.raw, " ms"),
        };
        let p95 = figure.p99_ms.map_or(cell(figure.p95_ms, " ms"), |p99| format!("p99 {p99:.1}"));
        println!("  {:50} {main:>10} {p95:>10} {raw:>10} {:>7}", figure.what, cell(figure.ratio, ""));
        self.databases.last_mut().unwrap().figures.push(figure);
    }

    /// One thing done again and again, by us and by the raw driver.
    pub(crate) fn times(&mut self, what: &str, ours: &Times, raw: Option<&Times>) {
        let (median, raw) = (ours.percentile(50), raw.map(|raw| raw.percentile(50)));
        self.add(Figure {
            what: what.to_owned(),
            median_ms: Some(median),
            p95_ms: Some(ours.percentile(95)),
            raw,
            ratio: raw.map(|raw| median / raw),
            ..Figure::default()
        });
    }

    /// Many things at once.
    pub(crate) fn load(&mut self, what: &str, times: &Times, lasted: Duration) {
        self.add(Figure {
            what: what.to_owned(),
            median_ms: Some(times.percentile(50)),
            p99_ms: Some(times.percentile(99)),
            per_second: Some(f64::from(u32::try_from(times.len()).unwrap()) / lasted.as_secs_f64()),
            ..Figure::default()
        });
    }

    pub(crate) fn rate(&mut self, what: &str, rows: usize, lasted: Duration) {
        self.rates(what, rate(rows, lasted), None);
    }

    pub(crate) fn rates(&mut self, what: &str, ours: f64, raw: Option<f64>) {
        let ratio = raw.map(|raw| ours / raw);
        self.add(Figure { what: what.to_owned(), per_second: Some(ours), raw, ratio, ..Figure::default() });
    }

    /// The raw side of a rate that was measured before.
    pub(crate) fn raw_rate(&mut self, what: &str, raw: f64) {
        let figures = &mut self.databases.last_mut().unwrap().figures;
        let Some(at) = figures.iter().position(|figure| figure.what == what) else { return };
        let ours = figures.remove(at).per_second.unwrap_or_default();
        self.rates(what, ours, Some(raw));
    }

    pub(crate) fn memory(&mut self, what: &str, mebibytes: f64) {
        self.add(Figure { what: what.to_owned(), mebibytes: Some(mebibytes), ..Figure::default() });
    }

    pub(crate) fn keep(&self, file: &Path) {
        std::fs::write(file, serde_json::to_string_pretty(self).unwrap()).unwrap();
        println!("kept as {}", file.display());
    }
}

pub(crate) fn rate(rows: usize, lasted: Duration) -> f64 {
    f64::from(u32::try_from(rows).unwrap()) / lasted.as_secs_f64()
}
