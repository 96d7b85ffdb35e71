//! Services of real managers: runit, supervisord, and systemd in namespaces of its own. Where a manager is missing the
//! tests say so and pass, but in CI (`CI` is set) they fail.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::acts::{Estate, act};
use super::*;
use crate::act;

/// A process of the test's own, which ends with it.
pub(super) struct Manager(pub(super) Child);

impl Drop for Manager {
    fn drop(&mut self) {
        // In order, so that it ends what it supervises.
        let pid = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

pub(super) fn skipped(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "CI needs {what}");
    eprintln!("skipped: {what} is missing");
}

#[track_caller]
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::yield_now();
    }
}

fn stop(name: &str) -> Order {
    act(act::Task::StopService { name: name.to_owned() })
}

fn start(name: &str) -> Order {
    act(act::Task::StartService { name: name.to_owned() })
}

#[test]
fn a_service_of_runit_is_stopped_stays_down_and_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let service = folder.path().join("beacon");
    fs::create_dir(&service).unwrap();
    fs::write(service.join("run"), "#!/bin/sh\nexec sleep 600\n").unwrap();
    fs::set_permissions(service.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    let Ok(child) = Command::new("runsv").arg(&service).spawn() else { return skipped("runit") };
    let supervisor = Manager(child);
    let state = || fs::read_to_string(service.join("supervise/stat")).unwrap_or_default().trim().to_owned();
    until("it runs", || state() == "run");

    let estate = Estate::new(&["--runit", folder.path().to_str().unwrap()]);
    let engine = estate.engine();
    assert!(engine.host.pairs().contains(&("stop", "er:service")));
    let order = stop("beacon");
    let response = engine.perform(&order);
    reported(&response, 200, Outcome::Completed);
    assert_eq!(state(), "down");
    assert!(service.join("down").exists(), "it stays down when the host starts anew");
    assert_eq!(engine.perform(&order), response);
    reported(&engine.perform(&stop("beacon")), 200, Outcome::Skipped);
    reported(&engine.perform(&start("beacon")), 200, Outcome::Completed);
    until("it runs again", || state() == "run");
    assert!(!service.join("down").exists());
    reported(&engine.perform(&start("beacon")), 200, Outcome::Skipped);
    for (name, status, reason) in
        [("nothing", 404, "not_found"), ("../beacon", 400, "malformed"), ("a.socket", 400, "malformed")]
    {
        let report = reported(&engine.perform(&stop(name)), status, Outcome::Failed);
        assert_eq!(report.reason.as_deref(), Some(reason), "{name}");
    }
    // What ends with the test: the service, then its supervisor.
    let _ = Command::new("sv").arg("exit").arg(&service).stdout(Stdio::null()).status();
    drop(supervisor);
}

/// A systemd for the test: its user manager, in a mount namespace of its own, in which it believes that the host was
/// started by systemd.
fn systemd(folder: &Path) -> Option<Manager> {
    let run = folder.join("run");
    fs::create_dir(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    let script =
        "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec /lib/systemd/systemd --user";
    let child = Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .env("XDG_RUNTIME_DIR", &run)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("HOME", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut manager = Manager(child);
    let socket = run.join("bus");
    let started = Instant::now();
    while !socket.exists() {
        if manager.0.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(20) {
            return None;
        }
        std::thread::yield_now();
    }
    Some(manager)
}

#[test]
fn a_service_and_a_timer_of_systemd_are_stopped_masked_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let units = folder.path().join("data/systemd/user");
    fs::create_dir_all(&units).unwrap();
    let unit = |name: &str, text: &str| fs::write(units.join(name), text).unwrap();
    unit("beacon.service", "[Service]\nExecStart=/bin/sleep 600\n[Install]\nWantedBy=default.target\n");
    unit("task.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
    unit("task.timer", "[Timer]\nOnActiveSec=1h\n[Install]\nWantedBy=timers.target\n");
    let Some(_manager) = systemd(folder.path()) else { return skipped("root, systemd or dbus-user-session") };
    let address = format!("unix:path={}", folder.path().join("run/bus").display());
    let estate = Estate::new(&["--systemd", &address]);
    let engine = estate.engine();
    until("it answers", || engine.host.pairs().contains(&("start", "er:service")));

    // As seen by systemd's own tool.
    let state = |unit: &str| {
        let output = Command::new("systemctl")
            .args(["--user", "show", unit, "--property", "ActiveState,LoadState"])
            .env("XDG_RUNTIME_DIR", folder.path().join("run"))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines.join(" ")
    };
    let active = "ActiveState=active LoadState=loaded";
    let masked = "ActiveState=inactive LoadState=masked";

    reported(&engine.perform(&start("beacon")), 200, Outcome::Completed);
    assert_eq!(state("beacon.service"), active);
    let order = stop("beacon");
    let response = engine.perform(&order);
    reported(&response, 200, Outcome::Completed);
    let now = state("beacon.service");
    assert!(now.ends_with("LoadState=masked") && !now.contains("=active"), "{now}");
    assert_eq!(engine.perform(&order), response);
    reported(&engine.perform(&stop("beacon")), 200, Outcome::Skipped);
    reported(&engine.perform(&start("beacon")), 200, Outcome::Completed);
    assert_eq!(state("beacon.service"), active);
    assert_eq!(
        reported(&engine.perform(&stop("nothing")), 404, Outcome::Failed).reason.as_deref(),
        Some("not_found")
    );

    let timer = |restore: bool| {
        let name = "task.timer".to_owned();
        act(if restore { act::Task::RestoreJob { name } } else { act::Task::RemoveJob { name } })
    };
    let ask = |verb: &str| {
        let status = Command::new("systemctl")
            .args(["--user", verb, "task.timer"])
            .env("XDG_RUNTIME_DIR", folder.path().join("run"))
            .status();
        assert!(status.unwrap().success());
    };
    ask("start");
    assert_eq!(state("task.timer"), active);
    reported(&engine.perform(&timer(false)), 200, Outcome::Completed);
    assert_eq!(state("task.timer"), masked);
    reported(&engine.perform(&timer(true)), 200, Outcome::Completed);
    assert_eq!(state("task.timer"), active);
}

/// The configuration of a supervisord with two programs that run and one that can't.
fn supervisord(folder: &Path, socket: &Path) -> Option<Manager> {
    let at = folder.display();
    let text = format!(
        "[unix_http_server]\nfile={socket}\n\
         [supervisord]\nnodaemon=true\nlogfile={at}/log\npidfile={at}/pid\nchildlogdir={at}\nuser={user}\n\
         [rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n\
         [program:beacon]\ncommand=/bin/sleep 600\nautorestart=true\nstartsecs=0\n\
         [program:worker]\ncommand=/bin/sleep 600\nprocess_name=%(program_name)s_%(process_num)s\nnumprocs=2\n\
         autostart=false\nstartsecs=0\n\
         [program:lost]\ncommand=/nowhere/at/all\nautostart=false\n\
         [program:brief]\ncommand=/bin/false\nautostart=false\nstartretries=0\n",
        socket = socket.display(),
        user = rustix::process::geteuid().as_raw(),
    );
    let config = folder.join("supervisord.conf");
    fs::write(&config, text).unwrap();
    let child = Command::new("/usr/bin/supervisord")
        .arg("-c")
        .arg(&config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    child.ok().map(Manager)
}

#[test]
fn a_service_of_supervisord_is_stopped_and_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let estate = Estate::new(&["--supervisor", socket.to_str().unwrap()]);
    let engine = estate.engine();
    let offered = || engine.host.supervisor.answers();
    assert!(!offered());
    let Some(manager) = supervisord(folder.path(), &socket) else { return skipped("supervisor") };
    until("it answers", offered);
    assert!(engine.host.pairs().contains(&("stop", "er:service")));

    // As seen by supervisord's own tool.
    let state = |name: &str| {
        let output = Command::new("/usr/bin/supervisorctl")
            .args(["-s", &format!("unix://{}", socket.display()), "status", name])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().nth(1).unwrap_or_default().to_owned()
    };
    until("it runs", || state("beacon") == "RUNNING");
    let order = stop("beacon");
    let response = engine.perform(&order);
    let report = reported(&response, 200, Outcome::Completed);
    assert!(report.detail.contains("(autostart)"), "{}", report.detail);
    // Whatever autorestart says.
    assert_eq!(state("beacon"), "STOPPED");
    assert_eq!(engine.perform(&order), response);
    reported(&engine.perform(&stop("beacon")), 200, Outcome::Skipped);
    reported(&engine.perform(&start("beacon")), 200, Outcome::Completed);
    assert_eq!(state("beacon"), "RUNNING");
    reported(&engine.perform(&start("beacon")), 200, Outcome::Skipped);

    // One of a group, which did not run: nothing is done to it, and it is started when that is asked for.
    let report = reported(&engine.perform(&stop("worker:worker_1")), 200, Outcome::Skipped);
    assert!(report.detail.ends_with("does not start it by itself"), "{}", report.detail);
    reported(&engine.perform(&start("worker:worker_1")), 200, Outcome::Completed);
    assert_eq!((state("worker:worker_0"), state("worker:worker_1")), ("STOPPED".into(), "RUNNING".into()));

    for (name, status, says) in
        [("nothing", 404, "no service nothing"), ("lost", 500, "/nowhere/at/all"), ("brief", 500, "FATAL")]
    {
        let report = reported(&engine.perform(&start(name)), status, Outcome::Failed);
        assert!(report.detail.contains(says), "{name}: {}", report.detail);
    }
    drop(manager);
    assert!(!offered());
}
