//! SIGKILL at every named point, then a restart: the file is in one place, same bytes, owner, mode and time.
//!
//! The victim is this test binary itself, started once more to carry out one order.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use super::*;

const BYTES: &[u8] = b"bytes that must survive";
const VICTIM: &str = "tests::kill::victim";

/// Not a test of its own: the child process of the tests below, which give it an order.
#[test]
fn victim() {
    let Ok(text) = std::env::var("VICTIM_ORDER") else { return };
    let [root, vault, verb, path, id, renames_fail]: [String; 6] = serde_json::from_str(&text).unwrap();
    let mut engine = Engine::open(Path::new(&root), Path::new(&vault), clock).unwrap();
    if renames_fail == "true" {
        engine.vault.rename = |_, _, _, _| Err(rustix::io::Errno::XDEV);
    }
    let verb = if verb == "quarantine" { Verb::Quarantine } else { Verb::Release };
    let order = Order { command_id: id.parse().unwrap(), ..order(verb, Some(&path), sha256(BYTES)) };
    engine.perform(&order);
}

fn dies_at(host: &Host, order: &Order, point: &str) {
    let verb = if order.verb == Verb::Quarantine { "quarantine" } else { "release" };
    let text = serde_json::json!([
        host.root.path(),
        host.vault(),
        verb,
        order.path,
        order.command_id,
        host.renames_fail.to_string()
    ]);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", VICTIM])
        .env("VICTIM_ORDER", text.to_string())
        .env("COUNTERSIGN_CRASH_POINT", point)
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(9), "{point} was not reached: {output:?}");
}

/// A way for a process to meet what it left behind.
#[derive(Clone, Copy, Debug)]
enum Again {
    Start,
    Repeat,
}

fn settle(host: &Host, order: &Order, again: Again) {
    let engine = host.engine();
    if matches!(again, Again::Start) {
        engine.recover().unwrap();
    }
    let response = engine.perform(order);
    reported(&response, 200, Outcome::Completed);
    assert_eq!(engine.perform(order), response);
}

fn survives(make: fn() -> Host, points: &[&str], verb: Verb, meddle: fn(&Host, &Order)) {
    for point in points {
        for again in [Again::Start, Again::Repeat] {
            eprintln!("{point} {again:?}");
            let host = make();
            let path = host.put("folder/file", BYTES, 0o4755);
            let before = look(&path);
            if verb == Verb::Release {
                let contain = order(Verb::Quarantine, path.to_str(), sha256(BYTES));
                reported(&host.engine().perform(&contain), 200, Outcome::Completed);
            }
            let order = order(verb, path.to_str(), sha256(BYTES));
            dies_at(&host, &order, point);
            meddle(&host, &order);
            settle(&host, &order, again);
            if verb == Verb::Quarantine {
                assert!(host.listing().is_empty(), "{:?}", host.listing());
                assert_eq!(host.vaulted(), [BYTES]);
                let undo = super::order(Verb::Release, path.to_str(), sha256(BYTES));
                reported(&host.engine().perform(&undo), 200, Outcome::Completed);
            }
            assert_eq!(look(&path), before);
            assert_eq!(host.listing(), ["folder/file"]);
            assert_eq!(
                fs::read_dir(host.vault()).unwrap().count(),
                2,
                "only the journal and the lock remain"
            );
        }
    }
}

const RENAMING: [&str; 4] = [
    "quarantine.after_intent",
    "quarantine.after_move",
    "quarantine.after_record",
    "quarantine.after_result",
];
const COPYING: [&str; 5] = [
    "quarantine.after_intent",
    "quarantine.after_copy",
    "quarantine.after_record",
    "quarantine.after_move",
    "quarantine.after_result",
];
const RENAMING_BACK: [&str; 4] =
    ["release.after_intent", "release.after_restore", "release.after_move", "release.after_result"];
const COPYING_BACK: [&str; 4] =
    ["release.after_intent", "release.after_copy", "release.after_move", "release.after_result"];

fn leave(_: &Host, _: &Order) {}

#[test]
fn quarantine_on_one_file_system() {
    survives(Host::new, &RENAMING, Verb::Quarantine, leave);
}

#[test]
fn quarantine_across_file_systems() {
    survives(Host::across, &COPYING, Verb::Quarantine, leave);
}

#[test]
fn release_on_one_file_system() {
    survives(Host::new, &RENAMING_BACK, Verb::Release, leave);
}

#[test]
fn release_across_file_systems() {
    survives(Host::across, &COPYING_BACK, Verb::Release, leave);
}

#[test]
fn where_renaming_turned_out_to_be_impossible() {
    let make = || Host { renames_fail: true, ..Host::new() };
    survives(make, &COPYING, Verb::Quarantine, leave);
    survives(make, &COPYING_BACK, Verb::Release, leave);
}

#[test]
fn half_a_copy_is_made_anew() {
    survives(Host::across, &["quarantine.after_intent"], Verb::Quarantine, |host, order| {
        fs::write(host.vault().join(format!("{}-0.part", order.command_id)), b"bytes th").unwrap();
    });
    survives(Host::across, &["release.after_intent"], Verb::Release, |host, _| {
        let entry = fs::read_dir(host.vault()).unwrap().map(|entry| entry.unwrap().file_name());
        let name = entry.map(|name| name.into_string().unwrap()).find(|name| name.ends_with("-0")).unwrap();
        host.put(&format!("folder/.countersign-{name}"), b"bytes th", 0o600);
    });
}

#[test]
fn an_original_that_was_set_aside_is_still_removed() {
    survives(
        Host::across,
        &["quarantine.after_copy", "quarantine.after_record"],
        Verb::Quarantine,
        |host, order| {
            let aside = host.path(&format!("folder/.countersign-{}-0", order.command_id));
            fs::rename(host.path("folder/file"), aside).unwrap();
        },
    );
}

/// After a crash the file was edited, so it is not the one that was approved: it stays, and the vault stays empty.
#[test]
fn a_file_that_changed_while_nobody_watched_stays() {
    for (make, point) in [
        (Host::new as fn() -> Host, "quarantine.after_intent"),
        (Host::across, "quarantine.after_intent"),
        (Host::across, "quarantine.after_copy"),
        (Host::across, "quarantine.after_record"),
    ] {
        let host = make();
        let path = host.put("file", BYTES, 0o644);
        let order = order(Verb::Quarantine, path.to_str(), sha256(BYTES));
        dies_at(&host, &order, point);
        fs::write(&path, b"edited").unwrap();
        let response = host.engine().perform(&order);
        assert_eq!(
            reported(&response, 400, Outcome::Failed).reason.as_deref(),
            Some("target_changed"),
            "{point}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"edited");
        assert!(host.vaulted().is_empty());
        assert_eq!(host.listing(), ["file"]);
    }
}

/// The rename took another file than the one that was checked: it goes back, or stays under a record if it cannot.
#[test]
fn the_wrong_file_is_put_back() {
    for taken in [false, true] {
        let host = Host::new();
        let path = host.put("file", BYTES, 0o644);
        let order = order(Verb::Quarantine, path.to_str(), sha256(BYTES));
        dies_at(&host, &order, "quarantine.after_move");
        let entry = host.vault().join(format!("{}-0", order.command_id));
        let swapped = host.put("swapped", b"somebody else's", 0o604);
        fs::rename(&entry, host.path("moved away")).unwrap();
        fs::rename(&swapped, &entry).unwrap();
        if taken {
            host.put("file", b"newer", 0o644);
        }
        let response = host.engine().perform(&order);
        assert_eq!(reported(&response, 400, Outcome::Failed).reason.as_deref(), Some("target_changed"));
        if taken {
            assert_eq!(fs::read(&path).unwrap(), b"newer");
            assert_eq!(host.vaulted(), [b"somebody else's"]);
            fs::remove_file(&path).unwrap();
            let release = super::order(Verb::Release, path.to_str(), sha256(b"somebody else's"));
            reported(&host.engine().perform(&release), 200, Outcome::Completed);
        }
        let back = look(&path);
        assert_eq!((back.bytes.as_slice(), back.mode & 0o7777), (b"somebody else's".as_slice(), 0o604));
        assert!(host.vaulted().is_empty());
    }
}
