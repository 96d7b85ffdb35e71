//! What may be executed, with the real fapolicyd of Debian under systemd, in namespaces of the test's own: other mounts,
//! and other processes, which all end with it.
//!
//! The daemon watches file systems of one type of which only the test has one, so that no program outside of it is ever
//! asked about. The package is unpacked, not installed, since Debian's starts with the rule to execute nothing. Where any of
//! it can't be had the test says so and passes, but in CI (`CI` is set) it fails.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::acts::{Estate, act};
use super::services::{Manager, skipped, until};
use super::*;
use crate::act;

/// Set for the run in the namespaces: the test's folder.
const INSIDE: &str = "COUNTERSIGN_TEST_FAPOLICYD";
/// What the namespaces end with where the machine does not have what they need.
const CANNOT: i32 = 77;
const NAME: &str = "tests::execution::only_what_is_trusted_is_executed_until_that_is_lifted";
const RULES: &str = "/etc/fapolicyd/rules.d";
const OURS: &str = "/etc/fapolicyd/rules.d/05-countersign.rules";
const PAIR: (&str, &str) = ("contain", "x-countersign:code_execution");

/// Puts the unpacked package beside the system's programs and gives it places of its own.
const NAMESPACES: &str = r#"
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/fapolicyd "$2/etc" "$2/work" "$2/watched" || exit 77
    mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr || exit 77
    mount -t overlay overlay -o "lowerdir=/etc,upperdir=$2/etc,workdir=$2/work" /etc || exit 77
    mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/fapolicyd || exit 77
    mkdir -p /etc/fapolicyd/rules.d /etc/fapolicyd/trust.d || exit 77
    mount -t ramfs ramfs "$2/watched" || exit 77
    [ "$(grep -c ' ramfs ' /proc/self/mounts)" = 1 ] || exit 77
    exec "$3" --exact "$4" --nocapture
"#;

#[test]
fn only_what_is_trusted_is_executed_until_that_is_lifted() {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return inside(Path::new(&folder));
    }
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/host-tools/fapolicyd");
    if !package.join("usr/sbin/fapolicyd").exists() {
        return skipped("fapolicyd, which cargo xtask test unpacks");
    }
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", NAMESPACES, "sh"])
        .arg(package.canonicalize().unwrap())
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .arg(NAME)
        .env(INSIDE, folder.path())
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) if status.code() != Some(CANNOT) && status.code() != Some(1) => {
            panic!("the run in the namespaces failed: {status}")
        }
        _ => skipped("root, namespaces and overlayfs"),
    }
}

/// A systemd that has the daemon as a service; it does not run yet.
fn systemd(folder: &Path) -> Option<Manager> {
    let (run, units) = (folder.join("run"), folder.join("data/systemd/user"));
    fs::create_dir_all(&run).unwrap();
    fs::set_permissions(&run, fs::Permissions::from_mode(0o700)).unwrap();
    fs::create_dir_all(&units).unwrap();
    let unit = "[Service]\nType=forking\nPIDFile=/run/fapolicyd.pid\nExecStart=/usr/sbin/fapolicyd\n";
    fs::write(units.join("fapolicyd.service"), unit).unwrap();
    let mut manager = Command::new("/lib/systemd/systemd")
        .arg("--user")
        .env("XDG_RUNTIME_DIR", &run)
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env("HOME", folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .ok()
        .map(Manager)?;
    let started = Instant::now();
    while !run.join("bus").exists() {
        if manager.0.try_wait().unwrap().is_some() || started.elapsed() > Duration::from_secs(20) {
            return None;
        }
        std::thread::yield_now();
    }
    Some(manager)
}

/// What the daemon is told to trust beside the package's own files: these paths.
fn trust(paths: &[PathBuf]) {
    let line = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        format!("{} {} {}\n", path.display(), bytes.len(), sha256(&bytes).lower())
    };
    fs::write("/etc/fapolicyd/fapolicyd.trust", paths.iter().map(line).collect::<String>()).unwrap();
}

fn inside(folder: &Path) {
    let Some(_manager) = systemd(folder) else { return skipped("systemd or dbus-user-session") };
    let systemctl = |verb: &str| {
        let mut command = Command::new("systemctl");
        let status = command.args(["--user", verb, "fapolicyd"]).env("XDG_RUNTIME_DIR", folder.join("run"));
        assert!(status.status().unwrap().success(), "{verb}");
    };
    let settings = "permissive = 0\nuid = 0\ngid = 0\ndo_stat_report = 0\nwatch_fs = ramfs\ntrust = file\nintegrity = none\n";
    fs::write("/etc/fapolicyd/fapolicyd.conf", settings).unwrap();
    fs::write(format!("{RULES}/90-own.rules"), "allow perm=any all : all\n").unwrap();
    let watched = folder.join("watched");
    let programs = ["good", "bad"].map(|name| watched.join(name));
    for program in &programs {
        fs::copy("/bin/true", program).unwrap();
    }
    let [good, bad] = &programs;
    let runs = |program: &Path| match Command::new(program).status() {
        Ok(status) => status.success(),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => false,
        Err(error) => panic!("{error}"),
    };
    trust(std::slice::from_ref(good));
    let compiled = || fs::read_to_string("/etc/fapolicyd/compiled.rules").unwrap();

    let address = format!("unix:path={}", folder.join("run/bus").display());
    let estate = Estate::new(&["--systemd", &address]);
    let engine = estate.engine();
    let restrict = || act(act::Task::RestrictExecution);
    let lift = || act(act::Task::LiftRestriction);

    // It does not run: nothing is offered, and what is asked for nevertheless is refused.
    assert!(!engine.host.pairs().contains(&PAIR));
    let refused = reported(&engine.perform(&restrict()), 500, Outcome::Failed);
    assert_eq!(refused.detail, "fapolicyd does not run");
    assert!(Command::new("fagenrules").stderr(Stdio::null()).status().unwrap().success());
    systemctl("start");
    assert!(engine.host.pairs().contains(&PAIR));
    reported(&engine.perform(&lift()), 200, Outcome::Skipped);

    // What would lift it is not trusted.
    let refused = reported(&engine.perform(&restrict()), 403, Outcome::Failed);
    let own = std::env::current_exe().unwrap();
    assert!(refused.detail.starts_with(&format!("{} is not trusted", own.display())), "{}", refused.detail);
    let tools = act::fapolicyd::TOOLS.iter().filter_map(|name| act::program::program(name));
    let all: Vec<PathBuf> =
        [own, good.clone()].into_iter().chain(tools.map(|path| path.canonicalize().unwrap())).collect();
    trust(&all);
    systemctl("restart");
    assert!(runs(good) && runs(bad));

    let order = restrict();
    let response = engine.perform(&order);
    reported(&response, 200, Outcome::Completed);
    assert!(compiled().contains("deny_audit perm=execute all : trust=0\nallow perm=any all : all\n"));
    assert!(runs(good) && !runs(bad));
    assert_eq!(engine.perform(&order), response);
    reported(&engine.perform(&restrict()), 200, Outcome::Skipped);
    reported(&engine.perform(&lift()), 200, Outcome::Completed);
    assert!(runs(good) && runs(bad));
    assert!(!Path::new(OURS).exists() && !compiled().contains("trust=0"));

    // A file of the name that is somebody else's stays as it is.
    fs::write(OURS, "allow perm=any all : all\n").unwrap();
    for order in [restrict(), lift()] {
        let refused = reported(&engine.perform(&order), 400, Outcome::Failed);
        assert_eq!(refused.reason.as_deref(), Some("occupied"));
        assert_eq!(fs::read_to_string(OURS).unwrap(), "allow perm=any all : all\n");
    }
    fs::remove_file(OURS).unwrap();

    // `fagenrules` refuses where rules of before its time lie beside the folder.
    let old = "/etc/fapolicyd/fapolicyd.rules";
    fs::write(old, "allow perm=any all : all\n").unwrap();
    let refused = reported(&engine.perform(&restrict()), 500, Outcome::Failed);
    assert!(refused.detail.contains("both old and new rules exist"), "{}", refused.detail);
    assert!(!Path::new(OURS).exists() && runs(bad));
    fs::remove_file(old).unwrap();

    // One that only watches restricts nothing.
    fs::write("/etc/fapolicyd/fapolicyd.conf", settings.replace("permissive = 0", "permissive = 1")).unwrap();
    assert!(!engine.host.pairs().contains(&PAIR));
    let refused = reported(&engine.perform(&restrict()), 500, Outcome::Failed);
    assert!(refused.detail.contains("permissive"), "{}", refused.detail);
    systemctl("stop");
    until("it has ended", || !engine.host.pairs().contains(&PAIR));
}
