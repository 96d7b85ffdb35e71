//! A server as a child process of the test, in a folder of its own.
//!
//! Where a package is missing the test says so and passes. In CI it fails, unless the set-up found that the package
//! can't be had: `cargo xtask test` names these in `COUNTERSIGN_TEST_WITHOUT`.

pub(crate) mod dovecot;
pub(crate) mod lapi;
pub(crate) mod slapd;

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server, which ends with it.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Dovecot's master ends its processes only when it is asked.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        let started = Instant::now();
        while asked.is_ok() && started.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts it in the folder, and waits until it listens.
    pub(crate) fn start(folder: TempDir, command: &mut Command, port: u16) -> Self {
        let log = std::fs::File::create(folder.path().join("output")).unwrap();
        let child =
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut server = Self { child, folder };
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().unwrap();
            let log = || std::fs::read_to_string(server.folder.path().join("output")).unwrap();
            assert!(ended.is_none() && started.elapsed() < START_TIMEOUT, "it does not start: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A folder, and a path in it as text.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("countersign-test-").tempdir().unwrap()
}

/// A port that nobody listens on.
pub(crate) fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The programs of a package; none, said in words, where they can't be had.
pub(crate) fn programs<const N: usize>(package: &str, names: [&str; N]) -> Option<[PathBuf; N]> {
    let found = names.map(|name| {
        let places = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&places)
            .chain(["/usr/sbin", "/usr/bin", "/usr/lib/dovecot"].map(PathBuf::from))
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    });
    if found.iter().all(Option::is_some) {
        return Some(found.map(Option::unwrap));
    }
    let without = std::env::var("COUNTERSIGN_TEST_WITHOUT").unwrap_or_default();
    let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    let excused = without.split_whitespace().any(|name| name == package);
    assert!(!ci || excused, "Debian's package {package} is missing, which CI needs");
    eprintln!("skipped: Debian's package {package} is missing");
    None
}

/// What a command printed.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether it runs as root: then servers change to an unprivileged user by themselves.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).trim() == "0"
}

/// A certificate for `localhost` of an authority of its own: the paths of authority, certificate and key.
pub(crate) fn certificate(folder: &Path) -> [PathBuf; 3] {
    let [authority, authority_key, request, certificate, key, extension] =
        ["ca.pem", "ca.key", "request.pem", "server.pem", "server.key", "extension"]
            .map(|name| folder.join(name));
    std::fs::write(&extension, "subjectAltName=DNS:localhost\n").unwrap();
    let openssl = || {
        let mut command = Command::new("openssl");
        command.current_dir(folder);
        command
    };
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let made = openssl()
        .args(["req", "-x509", "-days", "30", "-subj", "/CN=authority"])
        .args(new_key)
        .arg("-keyout")
        .arg(&authority_key)
        .arg("-out")
        .arg(&authority)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = openssl()
        .args(["req", "-subj", "/CN=localhost"])
        .args(new_key)
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&request)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let made = openssl()
        .args(["x509", "-req", "-days", "30"])
        .arg("-in")
        .arg(&request)
        .arg("-CA")
        .arg(&authority)
        .arg("-CAkey")
        .arg(&authority_key)
        .arg("-extfile")
        .arg(&extension)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    [authority, certificate, key]
}
