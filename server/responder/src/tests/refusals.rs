//! Each thing that is refused, and that refusing changes nothing.

use std::os::unix::fs::symlink;

use super::*;

const BYTES: &[u8] = b"not what it seems";

#[track_caller]
fn refuses(host: &Host, path: Option<&str>, status: u16, reason: &str) {
    let before = host.listing();
    let response = host.engine().perform(&order(Verb::Quarantine, path, sha256(BYTES)));
    let report = reported(&response, status, Outcome::Failed);
    assert_eq!(report.reason.as_deref(), Some(reason), "{response:?}");
    assert_eq!(host.listing(), before);
    assert!(host.vaulted().is_empty());
}

#[test]
fn a_path_that_is_not_a_plain_file_beneath_the_root() {
    let host = Host::new();
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("file"), BYTES).unwrap();
    host.put("folder/file", BYTES, 0o644);
    host.put("linked", BYTES, 0o644);
    fs::hard_link(host.path("linked"), host.path("link")).unwrap();
    symlink(host.path("folder/file"), host.path("symlink")).unwrap();
    symlink("folder", host.path("way")).unwrap();
    symlink(outside.path(), host.path("escape")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, host.path("pipe"), rustix::fs::Mode::RUSR).unwrap();
    let beyond = outside.path().join("file");
    let root = host.root.path().to_str().unwrap();
    let sibling = format!("{root}-sibling/file");
    let dots = format!("{root}/folder/../../file");

    for (path, status, reason) in [
        (beyond.to_str().unwrap(), 403, "outside_root"),
        ("/etc/passwd", 403, "outside_root"),
        (sibling.as_str(), 403, "outside_root"),
        ("../file", 403, "outside_root"),
        ("folder/../folder/file", 403, "outside_root"),
        (dots.as_str(), 403, "outside_root"),
        ("symlink", 400, "symlink"),
        ("way/file", 400, "symlink"),
        ("escape/file", 400, "symlink"),
        ("linked", 400, "hard_link"),
        ("folder", 400, "not_a_file"),
        (root, 400, "not_a_file"),
        ("pipe", 400, "not_a_file"),
        ("missing", 404, "not_found"),
        ("missing/file", 404, "not_found"),
        ("folder/file/below", 404, "not_found"),
        ("", 400, "malformed"),
        ("folder\0/file", 400, "malformed"),
        (&"long/".repeat(1000), 400, "malformed"),
    ] {
        eprintln!("{path}");
        refuses(&host, Some(path), status, reason);
    }
    assert_eq!(fs::read(beyond).unwrap(), BYTES);
}

#[test]
fn another_content_is_a_changed_target() {
    let host = Host::new();
    host.put("file", b"edited since", 0o644);
    refuses(&host, Some("file"), 400, "target_changed");
    let response = host.engine().perform(&order(Verb::Quarantine, Some("file"), sha256(BYTES)));
    assert!(response.status_text.unwrap().starts_with("target changed"));
}

#[test]
fn a_strangers_file_without_root_privileges() {
    let host = Host::new();
    let path = host.put("file", BYTES, 0o644);
    let mut engine = host.engine();
    engine.root = super::super::root::Root::open(host.root.path())
        .unwrap()
        .only_uid(path.metadata().unwrap().uid() + 1);
    let response = engine.perform(&order(Verb::Quarantine, Some("file"), sha256(BYTES)));
    assert_eq!(reported(&response, 403, Outcome::Failed).reason.as_deref(), Some("foreign"));
    assert!(path.exists());
}

#[test]
fn more_matches_than_the_limit_refuse_all() {
    let host = Host::new();
    for number in 0..4 {
        host.put(&format!("copies/{number}"), BYTES, 0o644);
    }
    let mut engine = host.engine();
    engine.limit = 3;
    let response = engine.perform(&order(Verb::Quarantine, None, sha256(BYTES)));
    let report = reported(&response, 400, Outcome::Failed);
    assert_eq!(report.detail, "more than 3 files have this content; nothing was changed");
    assert_eq!((host.listing().len(), host.vaulted().len()), (4, 0));
    engine.limit = 4;
    reported(&engine.perform(&order(Verb::Quarantine, None, sha256(BYTES))), 200, Outcome::Completed);
    assert_eq!((host.listing().len(), host.vaulted().len()), (0, 4));
    engine.limit = 3;
    let response = engine.perform(&order(Verb::Release, None, sha256(BYTES)));
    assert_eq!(reported(&response, 400, Outcome::Failed).reason.as_deref(), Some("too_many"));
}

#[test]
fn a_content_that_is_nowhere() {
    let host = Host::new();
    host.put("file", b"another", 0o644);
    refuses(&host, None, 404, "not_found");
    let response = host.engine().perform(&order(Verb::Release, None, sha256(BYTES)));
    assert_eq!(reported(&response, 404, Outcome::Failed).reason.as_deref(), Some("not_held"));
}

#[test]
fn a_vault_that_is_open_shared_or_inside() {
    let host = Host::new();
    let open = |vault: &Path| {
        Engine::open(host.root.path(), vault, host.host(), clock).err().map(|error| format!("{error:#}"))
    };
    let first = host.engine();
    assert!(open(&host.vault()).unwrap().contains("another responder"));
    drop(first);
    assert_eq!(open(&host.vault()), None);
    fs::set_permissions(host.vault(), fs::Permissions::from_mode(0o750)).unwrap();
    assert!(open(&host.vault()).unwrap().contains("open to others"));
    assert!(open(&host.path("vault")).unwrap().contains("must not contain"));
    fs::create_dir(host.vault.path().join("real")).unwrap();
    symlink("real", host.vault.path().join("link")).unwrap();
    assert!(open(&host.vault.path().join("link")).unwrap().contains("cannot be opened"));
    assert!(open(&host.vault.path().join("missing/vault")).unwrap().contains("cannot be made"));
}
