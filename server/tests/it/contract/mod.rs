//! What every database behind `store` must do alike. Each case runs on each, on a database of its own.
//!
//! The cases stand by area; `schema` and `keys` belong to all. To add a case, write an `async fn(Kind)` and name it in
//! its file's `on_both!`. A case calls the store as `store` and a transaction as `tx`: by these names the last test here
//! finds the methods that no case calls.

use std::fs;
use std::path::Path;

mod access;
mod actions;
mod admin_lists;
mod administration;
mod after_approval;
mod audit;
mod automation;
mod bulk;
mod call_off;
mod case_scopes;
mod cases;
mod clock;
mod console;
mod consumers;
mod decision_times;
mod directory;
mod dispatch;
mod emails;
mod ends;
mod executors;
mod factors;
mod follow_up;
mod hands;
mod home;
mod identity;
mod incidents;
mod investigations;
mod keys;
mod notifications;
mod one_time;
mod packages;
mod policies;
mod responders;
mod retention;
mod sample;
mod schema;
mod settings;
mod targets;
mod three_places;
mod twins;
mod waiting;

/// The source of all cases, without spaces. What only prepares them, in `sample`, is none.
fn cases(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &cases(&path);
        } else if !path.ends_with("sample.rs") {
            text.extend(fs::read_to_string(path).unwrap().split_whitespace());
        }
    }
    text
}

/// The traits of the store's sources, each with what a case calls it by: reads are those that several may share.
fn traits(source: &str) -> impl Iterator<Item = (&str, &'static str, &str)> {
    source.split("\npub trait ").skip(1).filter_map(|rest| {
        let (head, rest) = rest.split_once(" {\n")?;
        let (body, _) = rest.split_once("\n}\n")?;
        let (name, bounds) = head.split_once(": ")?;
        let receiver = match bounds {
            "Send + Sync" => "store",
            "Send" => "tx",
            _ => return None,
        };
        Some((name, receiver, body))
    })
}

/// The names of a trait's methods, from its body.
fn methods(body: &str) -> impl Iterator<Item = &str> {
    let lines = body.lines().map(|line| line.trim().trim_start_matches("async "));
    lines.filter_map(|line| line.strip_prefix("fn ")?.split(['(', '<']).next())
}

#[test]
fn every_method_of_the_store_is_called() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = cases(&root.join("tests/it/contract"));
    let mut count = 0;
    for entry in fs::read_dir(root.join("store/src")).unwrap() {
        let path = entry.unwrap().path();
        let source = if path.is_file() { fs::read_to_string(path).unwrap() } else { String::new() };
        // What a read answers with, row by row, is called by none of these names.
        for (name, receiver, body) in traits(&source).filter(|(name, ..)| *name != "Rows") {
            count += methods(body).count();
            let missing: Vec<_> =
                methods(body).filter(|method| !cases.contains(&format!("{receiver}.{method}("))).collect();
            assert!(missing.is_empty(), "no case calls {missing:?} of {name}");
        }
    }
    assert!(count >= 200, "only {count} methods were found");
}
