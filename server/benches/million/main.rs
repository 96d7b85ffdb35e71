//! A million actions on each database: our figures beside those of the raw driver, in one run.
//!
//! `cargo xtask bench` runs it beside a `PostgreSQL` cluster. The raw side is `sqlx` on one connection with SQL written by
//! hand, which decodes the same columns. `lists` measures the store, `scope` what a row scope costs, `web` a server process,
//! `cases` incidents and investigations; `report` prints and keeps.
#![allow(clippy::disallowed_methods, reason = "a measurement takes the machine's clock and random numbers")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that fails has nothing to say but why")]
#![recursion_limit = "256"]

mod cases;
mod lists;
mod raw;
mod report;
mod scope;
mod web;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use report::Report;

/// Measures Countersign with very many actions
#[derive(Parser)]
struct Options {
    /// How many actions
    #[arg(long, default_value_t = 1_000_000)]
    actions: usize,
    /// How many pieces of evidence; each ten have an investigation. None: incidents and investigations are not measured
    #[arg(long, default_value_t = 0)]
    evidence: usize,
    /// Nothing but incidents and investigations
    #[arg(long)]
    only_cases: bool,
    /// Only this database
    #[arg(long)]
    only: Option<Kind>,
    /// Where databases and results go
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
    /// The server and the site to start it with
    #[arg(long, default_value = "target/release/countersign")]
    server: PathBuf,
    #[arg(long, default_value = "target/site")]
    site: PathBuf,
    /// Only what a row scope costs, for which no server is needed
    #[arg(long)]
    scope_only: bool,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Sqlite,
    Postgres,
}

fn main() {
    // Cargo starts it in the folder of the package.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    let options = Options::parse();
    std::fs::create_dir_all(&options.folder).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut report = Report::new(options.actions);
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if options.only.is_none_or(|only| only == kind) {
            runtime.block_on(measure(kind, &options, &mut report));
        }
    }
    report.keep(&options.folder.join("latest.json"));
}

async fn measure(kind: Kind, options: &Options, report: &mut Report) {
    let name = format!("{kind:?}").to_lowercase();
    report.begin(&name);
    let url = database(kind, &options.folder).await;
    let args = seed::Args {
        database_url: url.clone(),
        actions: if options.only_cases { 2_000 } else { options.actions },
        seed: 1,
        now: None,
        demo: true,
        sandbox: None,
    };
    let begin = Instant::now();
    seed::run(args).await.unwrap();
    if !options.only_cases {
        report.rate("seed, with indexes and audit log", options.actions, begin.elapsed());
    }
    settle(kind, &url).await;
    if options.scope_only {
        return scope::measure(kind, &url, report).await;
    }
    if options.only_cases {
        return cases::measure(kind, &url, options.evidence, report).await;
    }
    lists::measure(kind, &url, report).await;
    web::measure(kind, &url, options, report).await;
    match kind {
        Kind::Sqlite => raw::sqlite::writes(&url, report).await,
        Kind::Postgres => raw::postgres::writes(&url, report).await,
    }
    scope::measure(kind, &url, report).await;
    if options.evidence > 0 {
        cases::measure(kind, &url, options.evidence, report).await;
    }
}

/// A new database.
async fn database(kind: Kind, folder: &Path) -> String {
    match kind {
        Kind::Sqlite => {
            for end in ["", "-wal", "-shm"] {
                let _ = std::fs::remove_file(folder.join(format!("million.db{end}")));
            }
            format!("sqlite://{}", folder.join("million.db").display())
        }
        Kind::Postgres => {
            let cluster = std::env::var("COUNTERSIGN_TEST_POSTGRES")
                .unwrap_or_else(|_| panic!("start it by `cargo xtask bench`, which brings a cluster"));
            raw::postgres::execute(&cluster, "CREATE DATABASE million").await;
            let (server, query) = cluster.split_once('?').unwrap_or((&cluster, ""));
            format!("{}/million?{query}", server.rsplit_once('/').unwrap().0)
        }
    }
}

/// What a database does by itself sooner or later: statistics, and on `PostgreSQL` the map of what all can see.
async fn settle(kind: Kind, url: &str) {
    match kind {
        Kind::Sqlite => raw::sqlite::execute(url, "ANALYZE").await,
        Kind::Postgres => raw::postgres::execute(url, "VACUUM ANALYZE").await,
    }
}
