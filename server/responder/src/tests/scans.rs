//! The scan, with a real clamd and a signature of our own. Where clamd is missing the test says so and passes, but in CI
//! (`CI` is set) it fails.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::acts::{Estate, act};
use super::*;
use crate::act;

struct Clamd(Child);

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_clamd_finds_is_reported_and_left_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let evil = b"a content that only this test calls evil";
    let database = folder.path().join("database");
    fs::create_dir(&database).unwrap();
    let hash = sha256(evil).lower();
    fs::write(database.join("test.hsb"), format!("{hash}:{}:Test.Evil:73\n", evil.len())).unwrap();
    let socket = folder.path().join("clamd");
    let config = folder.path().join("clamd.conf");
    let text = format!(
        "Foreground yes\nDatabaseDirectory {}\nLocalSocket {}\nTemporaryDirectory {}\n",
        database.display(),
        socket.display(),
        folder.path().display()
    );
    fs::write(&config, text).unwrap();
    let estate = Estate::new(&["--clamd", socket.to_str().unwrap()]);
    assert!(!estate.engine().host.pairs().contains(&("scan", "device")), "nobody answers");
    let scan = |full| act(act::Task::Scan { full });
    reported(&estate.engine().perform(&scan(true)), 500, Outcome::Failed);

    let clamd = Command::new("clamd").arg("--config-file").arg(&config).stdout(Stdio::null()).spawn();
    let Ok(clamd) = clamd else {
        assert!(std::env::var_os("CI").is_none(), "CI needs clamav-daemon");
        return eprintln!("skipped: clamd is missing");
    };
    let _clamd = Clamd(clamd);
    let engine = estate.engine();
    let started = Instant::now();
    while !engine.host.pairs().contains(&("scan", "device")) {
        assert!(started.elapsed() < Duration::from_mins(1), "clamd never answered");
        std::thread::yield_now();
    }
    estate.host.put("good", b"good", 0o644);
    let report = reported(&engine.perform(&scan(true)), 200, Outcome::Completed);
    assert_eq!(report.detail, "files scanned: 1; nothing found");
    let path = estate.host.put("folder/evil", evil, 0o600);
    let report = reported(&engine.perform(&scan(true)), 200, Outcome::Completed);
    assert!(
        report.detail.starts_with("files scanned: 2; infected and left in place: 1: Test.Evil"),
        "{}",
        report.detail
    );
    assert_eq!(report.files[0].path, path.to_str().unwrap());
    assert_eq!(fs::read(&path).unwrap(), evil);
}
