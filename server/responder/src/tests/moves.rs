//! Quarantine and release that succeed, on one file system and across two.

use super::*;

const BYTES: &[u8] = b"X5O!P%@AP-like content\n";

fn round_trip(host: &Host) {
    let path = host.put("docs/invoice.pdf.exe", BYTES, 0o6751);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(1234), Some(4321)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o6751)).unwrap();
    }
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH + std::time::Duration::new(1_234_567_890, 123_456_789))
        .unwrap();
    let keeps_xattrs =
        rustix::fs::setxattr(&path, "user.origin", b"mail", rustix::fs::XattrFlags::empty()).is_ok();
    let before = look(&path);
    let engine = host.engine();

    let contain = order(Verb::Quarantine, path.to_str(), sha256(BYTES));
    let response = engine.perform(&contain);
    let report = reported(&response, 200, Outcome::Completed);
    assert_eq!(report.detail, "1 file quarantined");
    assert_eq!(report.files[0].mode.as_deref(), Some("6751"));
    assert_eq!(report.files[0].path, path.to_str().unwrap());
    assert!(host.listing().is_empty());
    assert_eq!(host.vaulted(), [BYTES]);
    let data = host.vault().join(format!("{}-0", contain.command_id));
    assert_eq!(data.metadata().unwrap().mode() & 0o7777, 0);
    assert_eq!(engine.perform(&contain), response, "a repeat is answered as before");
    assert_eq!(host.vault().metadata().unwrap().mode() & 0o7777, 0o700);

    let allow = order(Verb::Release, path.to_str(), sha256(BYTES));
    assert_eq!(reported(&engine.perform(&allow), 200, Outcome::Completed).detail, "1 file released");
    assert_eq!(look(&path), before);
    assert_eq!(host.listing(), ["docs/invoice.pdf.exe"]);
    assert!(host.vaulted().is_empty());
    assert_eq!(fs::read_dir(host.vault()).unwrap().count(), 2, "only the journal and the lock remain");
    if keeps_xattrs {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.origin", &mut value[..]);
        // The vault's file system may have no room for them; then they are lost, and only then.
        if length.is_ok() || host.vault.path().starts_with(std::env::temp_dir()) {
            assert_eq!(&value[..length.unwrap()], b"mail");
        }
    }

    // Repeats touch nothing.
    let again = reported(&engine.perform(&contain), 403, Outcome::Failed);
    assert_eq!(again.reason.as_deref(), Some("no_longer_so"));
    assert_eq!(look(&path), before);
    let other = Order { digest: "other".into(), ..contain };
    let reused = engine.perform(&other);
    assert_eq!(reported(&reused, 400, Outcome::Failed).reason.as_deref(), Some("id_reused"));
}

#[test]
fn on_one_file_system() {
    round_trip(&Host::new());
}

#[test]
fn across_file_systems() {
    round_trip(&Host::across());
}

#[test]
fn where_renaming_turns_out_to_be_impossible() {
    let host = Host { renames_fail: true, ..Host::new() };
    round_trip(&host);
    for number in 0..3 {
        host.put(&format!("many/{number}"), b"many", 0o640);
    }
    let engine = host.engine();
    for (verb, in_vault) in [(Verb::Quarantine, 3), (Verb::Release, 0)] {
        let response = engine.perform(&order(verb, None, sha256(b"many")));
        assert_eq!(reported(&response, 200, Outcome::Completed).files.len(), 3);
        assert_eq!(host.vaulted().len(), in_vault);
    }
}

#[test]
fn all_matches_with_an_outcome_each() {
    for host in [Host::new(), Host::across()] {
        host.put("a/one", BYTES, 0o600);
        host.put("b/c/two", BYTES, 0o640);
        host.put("b/other", b"innocent", 0o600);
        host.put("b/three", BYTES, 0o644);
        fs::hard_link(host.path("b/three"), host.path("b/four")).unwrap();
        std::os::unix::fs::symlink(host.path("a"), host.path("loop")).unwrap();
        let engine = host.engine();
        let response = engine.perform(&order(Verb::Quarantine, None, sha256(BYTES)));
        let report = reported(&response, 200, Outcome::PartiallyCompleted);
        assert_eq!(report.detail, "2 of 4 files quarantined");
        let outcomes: Vec<_> =
            report.files.iter().map(|file| (file.outcome, file.reason.as_deref())).collect();
        let (done, linked) = ((Outcome::Completed, None), (Outcome::Failed, Some("hard_link")));
        assert_eq!(outcomes, [done, done, linked, linked]);
        assert_eq!(host.listing(), ["b/four", "b/other", "b/three", "loop"]);

        // One path is taken meanwhile; the other file comes back.
        host.put("a/one", b"new", 0o600);
        let response = engine.perform(&order(Verb::Release, None, sha256(BYTES)));
        let report = reported(&response, 200, Outcome::PartiallyCompleted);
        assert_eq!(report.files[0].reason.as_deref(), Some("occupied"));
        assert_eq!(fs::read(host.path("a/one")).unwrap(), b"new");
        assert_eq!(fs::read(host.path("b/c/two")).unwrap(), BYTES);
        assert_eq!(host.vaulted(), [BYTES]);
    }
}

#[test]
fn nothing_is_overwritten_and_no_folder_is_made() {
    for host in [Host::new(), Host::across()] {
        let path = host.put("folder/file", BYTES, 0o600);
        let engine = host.engine();
        reported(
            &engine.perform(&order(Verb::Quarantine, path.to_str(), sha256(BYTES))),
            200,
            Outcome::Completed,
        );

        for (verb, path) in [(Verb::Quarantine, path.to_str()), (Verb::Quarantine, None)] {
            let response = engine.perform(&order(verb, path, sha256(BYTES)));
            reported(&response, 200, Outcome::Skipped);
        }
        fs::write(&path, b"mine").unwrap();
        let response = engine.perform(&order(Verb::Release, path.to_str(), sha256(BYTES)));
        assert_eq!(reported(&response, 400, Outcome::Failed).reason.as_deref(), Some("occupied"));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        let response = engine.perform(&order(Verb::Release, path.to_str(), sha256(BYTES)));
        assert_eq!(reported(&response, 404, Outcome::Failed).reason.as_deref(), Some("no_folder"));
        assert!(host.listing().is_empty());
        assert_eq!(host.vaulted(), [BYTES]);

        fs::create_dir(path.parent().unwrap()).unwrap();
        reported(
            &engine.perform(&order(Verb::Release, path.to_str(), sha256(BYTES))),
            200,
            Outcome::Completed,
        );
        let response = engine.perform(&order(Verb::Release, path.to_str(), sha256(BYTES)));
        reported(&response, 200, Outcome::Skipped);
        assert_eq!(host.listing(), ["folder/file"]);
    }
}

#[test]
fn the_newest_of_a_path_is_released() {
    let host = Host::new();
    let mut engine = host.engine();
    let later: fn() -> Timestamp = || Timestamp::from_second(1_790_000_001).unwrap();
    for (mode, clock) in [(0o640, later), (0o600, clock)] {
        let path = host.put("file", BYTES, mode);
        engine.clock = clock;
        let response = engine.perform(&order(Verb::Quarantine, path.to_str(), sha256(BYTES)));
        reported(&response, 200, Outcome::Completed);
    }
    let response = engine.perform(&order(Verb::Release, Some("file"), sha256(BYTES)));
    assert_eq!(reported(&response, 200, Outcome::Completed).files[0].mode.as_deref(), Some("0640"));
    assert_eq!(host.vaulted(), [BYTES]);
}

/// What was carried out and taken back since is not said to be so, nor done once more.
#[test]
fn t40_an_old_result_is_compared_with_what_is_on_the_host_now() {
    let host = Host::new();
    let path = host.put("evil", BYTES, 0o644);
    let engine = host.engine();
    let (contain, allow) = (
        order(Verb::Quarantine, path.to_str(), sha256(BYTES)),
        order(Verb::Release, path.to_str(), sha256(BYTES)),
    );
    let first = engine.perform(&contain);
    assert_eq!(engine.perform(&contain), first);
    reported(&engine.perform(&allow), 200, Outcome::Completed);
    let asked = reported(&engine.call_off(contain.command_id), 403, Outcome::Failed);
    let said = reported(&engine.perform(&contain), 403, Outcome::Failed);
    assert_eq!(asked, said, "also to who only asks");
    assert_eq!(said.reason.as_deref(), Some("no_longer_so"));
    assert!(
        said.detail.contains("is not in the vault any more") && said.detail.contains("evil"),
        "{}",
        said.detail
    );
    assert!(path.exists() && host.vaulted().is_empty(), "nothing was done");

    reported(
        &engine.perform(&order(Verb::Quarantine, path.to_str(), sha256(BYTES))),
        200,
        Outcome::Completed,
    );
    let said = reported(&engine.perform(&allow), 403, Outcome::Failed);
    assert!(said.detail.contains("is in the vault again"), "{}", said.detail);
    // The file is quarantined again, if by another command: what the first one said is so.
    assert_eq!(engine.perform(&contain), first);
    // A released file is used as any other.
    let other = host.put("used", b"used", 0o644);
    let (contain, allow) = (
        order(Verb::Quarantine, other.to_str(), sha256(b"used")),
        order(Verb::Release, other.to_str(), sha256(b"used")),
    );
    engine.perform(&contain);
    let released = engine.perform(&allow);
    fs::write(&other, "changed").unwrap();
    assert_eq!(engine.perform(&allow), released);
}
