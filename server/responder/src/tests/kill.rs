//! SIGKILL at every named point, then a restart: the file is in one place, same bytes, owner, mode and time.
//!
//! The victim is this test binary itself, started once more to carry out one order.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;

use super::acts::{Estate, sleeper};
use super::*;
use crate::act;

const BYTES: &[u8] = b"bytes that must survive";
const VICTIM: &str = "tests::kill::victim";

/// Not a test of its own: the child process of the tests below, which give it an order.
#[test]
fn victim() {
    let Ok(text) = std::env::var("VICTIM_ORDER") else { return };
    let [root, vault, verb, path, id, renames_fail]: [String; 6] = serde_json::from_str(&text).unwrap();
    let mut args = host_args(&[]);
    args.cron_root = (&root).into();
    let host = crate::act::host::Host::open(&args, Vec::new()).unwrap();
    let mut engine = Engine::open(Path::new(&root), Path::new(&vault), host, clock).unwrap();
    if renames_fail == "true" {
        engine.vault.rename = |_, _, _, _| Err(rustix::io::Errno::XDEV);
    }
    let verb = if verb == "quarantine" { Verb::Quarantine } else { Verb::Release };
    let order = Order { command_id: id.parse().unwrap(), ..order(verb, Some(&path), sha256(BYTES)) };
    engine.perform(&order);
}

fn dies_at(host: &Host, order: &Order, point: &str) {
    let (verb, files) = match &order.task {
        Task::Quarantine { files, .. } => ("quarantine", files),
        Task::Release(files) => ("release", files),
        Task::Act(_) => panic!("an act is no file's move"),
    };
    let text = serde_json::json!([
        host.root.path(),
        host.vault(),
        verb,
        files.path,
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

/// What a child process is told of an act: the root, the vault, the options, the line or name, and the id.
fn act_dies_at(estate: &Estate, of: &str, order: &Order, point: &str) {
    let text = serde_json::json!([
        estate.host.root.path(),
        estate.host.vault(),
        estate.args(),
        of,
        order.command_id
    ]);
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::kill::actor"])
        .env("ACTOR_ORDER", text.to_string())
        .env("COUNTERSIGN_CRASH_POINT", point)
        .output()
        .unwrap();
    assert_eq!(output.status.signal(), Some(9), "{point} was not reached: {output:?}");
}

/// The order of a word: the act, and what it is about.
fn told(of: &str, command_id: uuid::Uuid) -> Order {
    let (verb, about) = of.split_once(' ').unwrap();
    let about = about.to_owned();
    let task = match verb {
        "run" => act::Task::Run { line: about },
        "remove" => act::Task::RemoveJob { name: about },
        "restore" => act::Task::RestoreJob { name: about },
        "stop" => act::Task::StopProcess(act::process::Wanted {
            hashes: Hashes::sha256(about.parse().unwrap()),
            ..act::process::Wanted::default()
        }),
        "package" => act::Task::Package,
        _ => panic!("{of}"),
    };
    let task = Task::Act(task);
    Order { command_id, digest: format!("{task:?}"), task }
}

/// Not a test of its own, as [`victim`].
#[test]
fn actor() {
    let Ok(text) = std::env::var("ACTOR_ORDER") else { return };
    let (root, vault, args, of, id): (PathBuf, PathBuf, Vec<String>, String, uuid::Uuid) =
        serde_json::from_str(&text).unwrap();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let host = crate::act::host::Host::open(&host_args(&args), Vec::new()).unwrap();
    Engine::open(&root, &vault, host, clock).unwrap().perform(&told(&of, id));
}

const ACTING: [&str; 3] = ["act.after_intent", "act.after_effect", "act.after_result"];

/// Kills at each point, and meets what was left in both ways; `check` looks at the host after.
fn act_survives(estate: &Estate, of: &str, mut before: impl FnMut(), mut check: impl FnMut()) {
    for point in ACTING {
        for again in [Again::Start, Again::Repeat] {
            eprintln!("{of} {point} {again:?}");
            before();
            let order = told(of, Uuid::new_v4());
            act_dies_at(estate, of, &order, point);
            let engine = estate.engine();
            if matches!(again, Again::Start) {
                engine.recover().unwrap();
            }
            let response = engine.perform(&order);
            reported(&response, 200, Outcome::Completed);
            assert_eq!(engine.perform(&order), response);
            drop(engine);
            check();
        }
    }
}

#[test]
fn a_job_is_removed_once_and_restored_once() {
    let estate = Estate::new(&[]);
    let folder = estate.host.vault.path().join("cron/etc/cron.d");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("evil");
    fs::write(&path, "* * * * * root id\n").unwrap();
    let before = look(&path);
    act_survives(
        &estate,
        "remove evil",
        || {
            let restore = estate.engine().perform(&told("restore evil", Uuid::new_v4()));
            assert!(path.exists(), "{restore:?}");
        },
        || assert!(!path.exists()),
    );
    act_survives(
        &estate,
        "restore evil",
        || {
            estate.engine().perform(&told("remove evil", Uuid::new_v4()));
            assert!(!path.exists());
        },
        || assert_eq!(look(&path), before),
    );
}

#[test]
fn a_process_is_ended_whenever_the_responder_is() {
    let estate = Estate::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (mut first, program) = sleeper(folder.path());
    let hash = sha256(&fs::read(&program).unwrap()).lower();
    first.kill().unwrap();
    first.wait().unwrap();
    let child = std::cell::RefCell::new(first);
    act_survives(
        &estate,
        &format!("stop {hash}"),
        || *child.borrow_mut() = std::process::Command::new(&program).arg("600").spawn().unwrap(),
        || assert!(!child.borrow_mut().wait().unwrap().success()),
    );
    act_survives(&estate, "package now", || {}, || {});
}

/// A command can't be repeated: what began and has no result is told as that, and never run again.
#[test]
fn a_command_never_runs_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (list, marks, script) =
        (folder.path().join("list"), folder.path().join("marks"), folder.path().join("mark"));
    fs::write(&script, format!("#!/bin/sh\necho \"$1\" >> {}\n", marks.display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&list, format!("mark = {} *\n", script.display())).unwrap();
    let estate = Estate::new(&["--commands", list.to_str().unwrap()]);
    for (point, runs, status) in [
        ("act.after_intent", 1, 200),
        ("command.after_note", 0, 503),
        ("command.after_run", 1, 503),
        ("act.after_effect", 1, 503),
        ("act.after_result", 1, 200),
    ] {
        for again in [Again::Start, Again::Repeat] {
            eprintln!("{point} {again:?}");
            let _ = fs::remove_file(&marks);
            let order = told("run mark x", Uuid::new_v4());
            act_dies_at(&estate, "run mark x", &order, point);
            let engine = estate.engine();
            if matches!(again, Again::Start) {
                engine.recover().unwrap();
            }
            for _ in 0..3 {
                assert_eq!(engine.perform(&order).status.0, status, "{point}");
            }
            let found = fs::read_to_string(&marks).unwrap_or_default().lines().count();
            assert_eq!(found, runs, "{point}");
        }
    }
}

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
