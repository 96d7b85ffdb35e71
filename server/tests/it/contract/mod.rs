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
mod cases;
mod clock;
mod consumers;
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

/// The names of a trait's methods, from its source.
fn methods(source: &'static str, name: &str) -> Vec<&'static str> {
    let (_, rest) = source.split_once(&format!("pub trait {name}:")).unwrap();
    let (body, _) = rest.split_once("\n}\n").unwrap();
    let lines = body.lines().map(|line| line.trim().trim_start_matches("async "));
    lines.filter_map(|line| Some(line.strip_prefix("fn ")?.split(['(', '<']).next().unwrap())).collect()
}

#[test]
fn every_method_of_the_store_is_called() {
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract"));
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
        "admin_lists": "ReadAdminLists" of "store";
        "administration": "ReadAdministration" of "store", "WriteAdministration" of "tx";
        "audit_log": "ReadAudit" of "store", "WriteAudit" of "tx";
        "automation": "ReadAutomation" of "store", "WriteAutomation" of "tx";
        "bulk": "ReadBulk" of "store", "WriteBulk" of "tx", "SystemBulk" of "tx";
        "cases": "ReadCases" of "store";
        "directory": "ReadDirectory" of "store", "WriteDirectory" of "tx";
        "ends": "ReadEnds" of "store", "WriteEnds" of "tx", "SystemEnds" of "tx";
        "executors": "ReadExecutors" of "store", "WriteExecutors" of "tx", "SystemExecutors" of "tx";
        "factors": "ReadFactors" of "store", "WriteFactors" of "tx";
        "home": "ReadHome" of "store";
        "identity": "ReadIdentity" of "store", "WriteIdentity" of "tx";
        "investigations": "ReadInvestigations" of "store", "ReadIncidents" of "store", "WriteInvestigations" of "tx";
        "maintenance": "Maintain" of "store", "SystemMetadata" of "tx";
        "notifications": "ReadNotifications" of "store", "WriteNotifications" of "tx",
            "SystemNotifications" of "tx";
        "one_time": "ReadOneTime" of "store", "WriteOneTime" of "tx";
        "outbox": "ReadOutbox" of "store", "WriteOutbox" of "tx", "SystemOutbox" of "tx";
        "policies": "ReadPolicies" of "store", "WritePolicies" of "tx";
        "packages": "ReadPackages" of "store", "SystemPackages" of "tx";
        "responders": "ReadResponders" of "store", "SystemResponders" of "tx";
        "retention": "SystemRetention" of "tx";
        "sign_in": "WriteSignIn" of "tx";
        "verify": "Verify" of "store";
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
