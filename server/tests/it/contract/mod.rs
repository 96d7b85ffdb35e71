//! What every database behind `store` must do alike. Each case runs on each, on a database of its own.
//!
//! To add a case, write an `async fn(Kind)` and name it in its file's `on_both!`. A case calls the store as `store` and
//! a transaction as `tx`: by these names the last test here finds the methods that no case calls.

mod actions;
mod audit;
mod bulk;
mod commands;
mod counts;
mod guards;
mod home;
mod jobs;
mod keys;
mod lists;
mod page;
mod people;
mod preferences;
mod sample;
mod schema;
mod similar;

const CASES: &[&str] = &[
    include_str!("actions.rs"),
    include_str!("audit.rs"),
    include_str!("bulk.rs"),
    include_str!("commands.rs"),
    include_str!("counts.rs"),
    include_str!("guards.rs"),
    include_str!("home.rs"),
    include_str!("jobs.rs"),
    include_str!("keys.rs"),
    include_str!("lists.rs"),
    include_str!("page.rs"),
    include_str!("people.rs"),
    include_str!("preferences.rs"),
    include_str!("schema.rs"),
    include_str!("similar.rs"),
];

/// The names of a trait's methods, from its source.
fn methods(source: &'static str, name: &str) -> Vec<&'static str> {
    let (_, rest) = source.split_once(&format!("pub trait {name}:")).unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let lines = body.lines().map(|line| line.trim().trim_start_matches("async "));
    lines.filter_map(|line| Some(line.strip_prefix("fn ")?.split(['(', '<']).next().unwrap())).collect()
}

#[test]
fn every_method_of_the_store_is_called() {
    let cases: String = CASES.concat().split_whitespace().collect();
    macro_rules! traits {
        ($($file:literal: $($name:literal of $receiver:literal),+;)+) => {
            [$($((
                include_str!(concat!("../../../store/src/", $file, ".rs")),
                $name,
                $receiver,
            )),+),+]
        };
    }
    let traits = traits! {
        "actions": "ReadActions" of "store", "ReadPages" of "store", "ReadCounts" of "store",
            "ReadSimilar" of "store", "ReadExport" of "store", "ReadTargets" of "store", "WriteActions" of "tx";
        "access": "ReadAccess" of "store", "WriteAccess" of "tx", "SystemAccess" of "tx";
        "audit_log": "ReadAudit" of "store", "WriteAudit" of "tx";
        "bulk": "ReadBulk" of "store", "WriteBulk" of "tx", "SystemBulk" of "tx";
        "home": "ReadHome" of "store";
        "maintenance": "Maintain" of "store", "SystemMetadata" of "tx";
        "outbox": "ReadOutbox" of "store", "WriteOutbox" of "tx", "SystemOutbox" of "tx";
        "settings": "ReadSettings" of "store", "WriteSettings" of "tx";
    };
    let mut count = 0;
    for (source, name, receiver) in traits {
        let methods = methods(source, name);
        count += methods.len();
        let missing: Vec<_> =
            methods.iter().filter(|method| !cases.contains(&format!("{receiver}.{method}("))).collect();
        assert!(missing.is_empty(), "no case calls {missing:?} of {name}");
    }
    assert!(count >= 60, "only {count} methods were found");
}
