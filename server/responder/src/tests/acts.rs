//! What is no file's move, on this machine: processes of the test, folders of the test, and network namespaces.

use std::process::{Child, Command};

use super::*;
use crate::act;
use crate::act::host::Host as Hands;

/// A host with options, on which acts are carried out.
pub(super) struct Estate {
    pub(super) host: Host,
    args: Vec<String>,
}

impl Estate {
    pub(super) fn new(args: &[&str]) -> Self {
        let host = Host::new();
        let mut args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let has = |args: &[String], name: &str| args.iter().any(|arg| arg == name);
        for (name, folder) in [
            ("--cron-root", "cron"),
            ("--runit", "runit"),
            ("--supervisor", "supervisor"),
            ("--logs", "logs"),
        ] {
            if !has(&args, name) {
                let folder = host.vault.path().join(folder);
                fs::create_dir_all(&folder).unwrap();
                args.extend([name.to_owned(), folder.to_str().unwrap().to_owned()]);
            }
        }
        Self { host, args }
    }

    pub(super) fn engine(&self) -> Engine {
        let args: Vec<_> = self.args.iter().map(String::as_str).collect();
        let hands = Hands::open(&host_args(&args), Vec::new()).unwrap();
        Engine::open(self.host.root.path(), &self.host.vault(), hands, clock).unwrap()
    }

    #[cfg(feature = "crash-points")]
    pub(super) fn args(&self) -> &[String] {
        &self.args
    }

    pub(super) fn kept(&self, name: &str) -> PathBuf {
        self.host.vault().join("kept").join(name)
    }
}

pub(super) fn act(task: act::Task) -> Order {
    let task = Task::Act(task);
    Order { command_id: Uuid::new_v4(), digest: format!("{task:?}"), task }
}

/// A program of its own that runs until it is ended.
pub(super) fn sleeper(folder: &Path) -> (Child, PathBuf) {
    let program = folder.join("sleeper");
    let mut bytes = fs::read("/bin/sleep").unwrap();
    bytes.extend(Uuid::new_v4().as_bytes());
    fs::write(&program, bytes).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let child = Command::new(&program).arg("600").spawn().unwrap();
    (child, program)
}

#[test]
fn a_file_is_taken_and_given_back_by_any_of_its_hashes_or_its_path() {
    let host = Host::new();
    let path = host.put("folder/file", b"found by", 0o640);
    host.put("folder/other", b"another", 0o640);
    let before = look(&path);
    let all = crate::content::hashes_of(&fs::File::open(&path).unwrap()).unwrap();
    let named = |hashes| (None, hashes);
    for (path_given, hashes) in [
        named(Hashes { sha1: all.sha1, ..Hashes::default() }),
        named(Hashes { md5: all.md5, ..Hashes::default() }),
        named(all),
        (path.to_str(), Hashes::default()),
        (path.to_str(), Hashes { md5: all.md5, ..Hashes::default() }),
    ] {
        let response = host.engine().perform(&order_of(Verb::Quarantine, path_given, hashes));
        let report = reported(&response, 200, Outcome::Completed);
        assert_eq!(report.files[0].sha256, all.sha256);
        assert_eq!(host.listing(), ["folder/other"], "{hashes:?}");
        let again = host.engine().perform(&order_of(Verb::Quarantine, path_given, hashes));
        reported(&again, 200, Outcome::Skipped);
        let response = host.engine().perform(&order_of(Verb::Release, path_given, hashes));
        reported(&response, 200, Outcome::Completed);
        assert_eq!(look(&path), before);
    }
    let wrong = Hashes { md5: Some(openc2::Md5::new([0; 16])), ..all };
    let response = host.engine().perform(&order_of(Verb::Quarantine, path.to_str(), wrong));
    assert_eq!(reported(&response, 400, Outcome::Failed).reason.as_deref(), Some("target_changed"));
    let response = host.engine().perform(&order_of(Verb::Quarantine, None, wrong));
    reported(&response, 404, Outcome::Failed);
    // Nothing is held: a file at the path is no proof that it was ever taken from there.
    let response = host.engine().perform(&order_of(Verb::Release, path.to_str(), Hashes::default()));
    assert_eq!(reported(&response, 404, Outcome::Failed).reason.as_deref(), Some("not_held"));
}

#[test]
fn records_of_earlier_versions_are_found_by_every_hash() {
    let host = Host::new();
    let path = host.put("file", b"old record", 0o640);
    let all = crate::content::hashes_of(&fs::File::open(&path).unwrap()).unwrap();
    reported(&host.engine().perform(&order_of(Verb::Quarantine, None, all)), 200, Outcome::Completed);
    for entry in fs::read_dir(host.vault()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "json") {
            let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&entry).unwrap()).unwrap();
            let fields = record.as_object_mut().unwrap();
            assert!(fields.remove("sha1").is_some() && fields.remove("md5").is_some());
            fs::write(&entry, record.to_string()).unwrap();
        }
    }
    let by_md5 = Hashes { md5: all.md5, ..Hashes::default() };
    reported(&host.engine().perform(&order_of(Verb::Release, None, by_md5)), 200, Outcome::Completed);
    assert!(path.exists());
}

#[test]
fn a_program_is_stopped_and_its_file_taken() {
    let host = Host::new();
    fs::create_dir(host.path("bin")).unwrap();
    let (mut child, program) = sleeper(&host.path("bin"));
    let hashes = crate::content::hashes_of(&fs::File::open(&program).unwrap()).unwrap();
    let mut order = order_of(Verb::Quarantine, None, Hashes::sha256(hashes.sha256.unwrap()));
    let Task::Quarantine { stop, .. } = &mut order.task else { panic!("no quarantine") };
    *stop = true;
    let report = reported(&host.engine().perform(&order), 200, Outcome::Completed);
    assert_eq!(report.detail, "1 file quarantined; 1 process ended");
    assert!(!child.wait().unwrap().success());
    assert!(host.listing().is_empty());
    let release = order_of(Verb::Release, None, Hashes::sha256(hashes.sha256.unwrap()));
    reported(&host.engine().perform(&release), 200, Outcome::Completed);
    assert!(program.exists());
}

#[test]
fn a_process_ends_once_and_another_with_its_number_does_not() {
    let estate = Estate::new(&[]);
    let folder = tempfile::tempdir().unwrap();
    let (mut child, program) = sleeper(folder.path());
    let wanted = act::process::Wanted {
        pid: Some(child.id()),
        image: program.to_str().map(str::to_owned),
        ..act::process::Wanted::default()
    };
    let order = act(act::Task::StopProcess(wanted));
    let engine = estate.engine();
    let response = engine.perform(&order);
    assert_eq!(reported(&response, 200, Outcome::Completed).detail, "1 process ended");
    assert!(!child.wait().unwrap().success());
    assert_eq!(engine.perform(&order), response);
    let again = Order { command_id: Uuid::new_v4(), ..order };
    reported(&engine.perform(&again), 200, Outcome::Skipped);
}

fn cron(estate: &Estate) -> PathBuf {
    let root = estate.host.vault.path().join("cron");
    for folder in ["etc/cron.d", "etc/cron.daily", "var/spool/cron/crontabs"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    root
}

#[test]
fn jobs_are_offered_where_there_is_a_place_for_them() {
    let estate = Estate::new(&["--systemd", "unix:path=/nowhere"]);
    let engine = estate.engine();
    let is_offered = || engine.host.pairs().contains(&("delete", "x-countersign:scheduled_task"));
    assert!(!is_offered());
    let root = cron(&estate);
    assert!(is_offered());
    fs::remove_dir_all(root.join("var")).unwrap();
    fs::remove_dir_all(root.join("etc")).unwrap();
    assert!(!is_offered());
    fs::create_dir(root.join("etc")).unwrap();
    fs::write(root.join("etc/crontab"), "").unwrap();
    assert!(is_offered());
}

#[test]
fn cron_jobs_are_removed_and_restored_with_their_owner_mode_and_time() {
    let estate = Estate::new(&[]);
    let root = cron(&estate);
    let write = |name: &str, text: &str, mode: u32| {
        let path = root.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let table = "SHELL=/bin/sh\n# m h\n17 * * * * root /usr/bin/good\n*/5 * * * * root /tmp/evil\n25 6 * * * root x\n";
    let system = write("etc/crontab", table, 0o644);
    let evil = write("etc/cron.d/evil", "* * * * * root /tmp/evil\n", 0o644);
    let user = write("var/spool/cron/crontabs/bob", "@reboot /home/bob/evil\n@daily /home/bob/good\n", 0o600);
    write("etc/cron.daily/twice", "a", 0o755);
    write("etc/cron.d/twice", "b", 0o644);
    let engine = estate.engine();
    let remove = |name: &str| engine.perform(&act(act::Task::RemoveJob { name: name.to_owned() }));
    let restore = |name: &str| engine.perform(&act(act::Task::RestoreJob { name: name.to_owned() }));

    for (name, path, left) in [
        ("evil", &evil, None),
        ("/etc/cron.d/evil", &evil, None),
        ("bob", &user, None),
        (
            "/var/spool/cron/crontabs/bob: @reboot /home/bob/evil",
            &user,
            Some("@daily /home/bob/good\n".to_owned()),
        ),
        (
            "/etc/crontab: */5 * * * * root /tmp/evil",
            &system,
            Some(table.replace("*/5 * * * * root /tmp/evil\n", "")),
        ),
    ] {
        let before = look(path);
        reported(&remove(name), 200, Outcome::Completed);
        match &left {
            Some(left) => {
                let now = look(path);
                assert_eq!(String::from_utf8(now.bytes).unwrap(), *left);
                assert_eq!((now.mode, now.uid), (before.mode, before.uid));
            }
            None => assert!(!path.exists(), "{name}"),
        }
        reported(&remove(name), 200, Outcome::Skipped);
        reported(&restore(name), 200, Outcome::Completed);
        assert_eq!(look(path), before, "{name}");
        assert_eq!(reported(&restore(name), 404, Outcome::Failed).reason.as_deref(), Some("not_kept"));
    }
    for (name, status, reason) in [
        ("twice", 400, "ambiguous"),
        ("nothing", 404, "not_found"),
        ("/etc/passwd", 403, "not_allowed"),
        ("/etc/cron.d/../passwd", 403, "not_allowed"),
        ("/etc/crontab", 403, "not_allowed"),
        ("/etc/crontab: no such line", 404, "not_found"),
        ("a/b", 400, "malformed"),
        ("", 400, "malformed"),
    ] {
        let report = reported(&remove(name), status, Outcome::Failed);
        assert_eq!(report.reason.as_deref(), Some(reason), "{name}");
    }
    // Somebody wrote a job of that name meanwhile: it stays.
    reported(&remove("evil"), 200, Outcome::Completed);
    fs::write(&evil, "newer\n").unwrap();
    assert_eq!(reported(&restore("evil"), 400, Outcome::Failed).reason.as_deref(), Some("occupied"));
    assert_eq!(fs::read(&evil).unwrap(), b"newer\n");
}

#[test]
fn a_package_holds_what_runs_and_what_was_logged_and_is_made_once() {
    let estate = Estate::new(&[]);
    let logs = estate.host.vault.path().join("logs");
    fs::write(logs.join("auth.log"), vec![b'x'; 3 * 1024 * 1024]).unwrap();
    fs::write(cron(&estate).join("etc/cron.d/job"), "* * * * * root id\n").unwrap();
    let engine = estate.engine();
    let order = act(act::Task::Package);
    let response = engine.perform(&order);
    let report = reported(&response, 200, Outcome::Completed);
    let made = report.artifact.unwrap();
    assert_eq!(engine.perform(&order), response);
    let bytes = fs::read(estate.kept(&made.name)).unwrap();
    assert_eq!((bytes.len() as u64, sha256(&bytes)), (made.size, made.sha256));
    assert_eq!(estate.kept(&made.name).metadata().unwrap().mode() & 0o777, 0o600);
    assert!(report.detail.contains(&made.sha256.lower()), "{}", report.detail);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut sizes = std::collections::BTreeMap::new();
    let mut processes = String::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        if name == "processes.tsv" {
            std::io::Read::read_to_string(&mut entry, &mut processes).unwrap();
        }
        sizes.insert(name, entry.size());
    }
    let ours = format!("\n{}\t", std::process::id());
    assert!(processes.contains(&ours), "{processes}");
    assert_eq!(sizes["logs/auth.log"], 1024 * 1024, "the end of a long log");
    for name in ["kernel/net_tcp", "settings/etc/passwd", "jobs/etc/cron.d/job", "about.txt"] {
        assert!(sizes.contains_key(name), "{name} is missing among {sizes:?}");
    }
    assert!(!sizes.keys().any(|name| name.contains("shadow")));
}

#[test]
fn a_sample_is_an_encrypted_archive_of_the_file_which_stays() {
    let estate = Estate::new(&[]);
    let path = estate.host.put("folder/evil.exe", b"the evil content", 0o644);
    let engine = estate.engine();
    let hashes = Hashes::sha256(sha256(b"the evil content"));
    for (by_path, hashes) in [(path.to_str(), Hashes::default()), (None, hashes)] {
        let task = act::Task::Sample { path: by_path.map(str::to_owned), hashes };
        let report = reported(&engine.perform(&act(task)), 200, Outcome::Completed);
        let made = report.artifact.unwrap();
        let file = fs::File::open(estate.kept(&made.name)).unwrap();
        let mut archive = zip::ZipArchive::new(file).unwrap();
        assert!(archive.by_index(0).is_err(), "it needs the password");
        let mut entry = archive.by_index_decrypt(0, b"infected").unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        assert_eq!((&*entry.name().unwrap(), bytes.as_slice()), ("evil.exe", &b"the evil content"[..]));
        assert!(path.exists());
    }
    let missing = act::Task::Sample { path: Some("nothing".into()), hashes: Hashes::default() };
    reported(&engine.perform(&act(missing)), 404, Outcome::Failed);
}

#[test]
fn a_command_runs_once_and_its_output_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("commands");
    let marks = folder.path().join("marks");
    let script = folder.path().join("mark");
    fs::write(&script, format!("#!/bin/sh\necho \"$1\" >> {}\necho marked \"$1\"\n", marks.display()))
        .unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(&list, format!("mark = {} *\nfail = /bin/false\n", script.display())).unwrap();
    let estate = Estate::new(&["--commands", list.to_str().unwrap()]);
    let engine = estate.engine();
    let run = |line: &str| act(act::Task::Run { line: line.to_owned() });
    let order = run("mark 'a; b'");
    let response = engine.perform(&order);
    let report = reported(&response, 200, Outcome::Completed);
    assert_eq!(report.output.as_deref(), Some("marked a; b\n"));
    let kept = fs::read(estate.kept(&report.artifact.unwrap().name)).unwrap();
    assert_eq!(kept, b"marked a; b\n");
    assert_eq!(engine.perform(&order), response);
    assert_eq!(fs::read_to_string(&marks).unwrap(), "a; b\n");
    reported(&engine.perform(&run("fail")), 500, Outcome::Failed);
    for line in ["id", "mark", "mark a b", "mark -a"] {
        assert_eq!(
            reported(&engine.perform(&run(line)), 403, Outcome::Failed).reason.as_deref(),
            Some("not_allowed")
        );
    }
    fs::set_permissions(&list, fs::Permissions::from_mode(0o666)).unwrap();
    let open = Hands::open(&host_args(&["--commands", list.to_str().unwrap()]), Vec::new()).err().unwrap();
    assert!(open.to_string().contains("can be changed by others"), "{open}");
}
