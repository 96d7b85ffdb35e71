//! `PostgreSQL` for the tests: a cluster of its own in a temporary folder, reached by a socket in that folder only.
//!
//! It always ends with this process: a shell supervises it, waits for the end of its standard input, stops the cluster
//! and removes the folder.

use std::{
    env, fs,
    io::ErrorKind,
    os::unix::{fs::DirBuilderExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::{apt, process, process::ProcessFailure, step::step};

/// The environment variable from which the tests read the cluster's URL.
pub(crate) const URL_VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

const MIN_VERSION: u32 = 15;
const DEBIAN: &str = "/usr/lib/postgresql";
const DEBIAN_PACKAGES: &[&str] = &["postgresql"];
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// `$1` is the server, `$2` its folder, the rest are settings. Fast shutdown is SIGINT.
const SUPERVISOR: &str = r#"
server=$1 folder=$2
shift 2
"$server" -D "$folder/data" -k "$folder" -c listen_addresses= "$@" >"$folder/log" 2>&1 </dev/null &
read -r _
kill -INT $!
wait $!
cd / && rm -rf "$folder"
"#;

/// What a cluster is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Fast: committed data need not survive a crash of the machine.
    Tests,
    /// As in production: committed data is on the disk.
    Bench,
}

impl Purpose {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300"],
            Self::Bench => &["-c", "shared_buffers=1GB", "-c", "max_wal_size=4GB"],
        }
    }
}

/// The folder of `PostgreSQL`'s programs; it is empty where the search path finds them.
pub(crate) struct Programs(PathBuf);

/// A running cluster.
pub(crate) struct Cluster {
    folder: PathBuf,
    supervisor: Child,
}

/// `cargo xtask postgres COMMAND`: runs the command while a cluster is running. Returns whether the command succeeded.
pub(crate) fn run_command(command: &[String]) -> Result<bool> {
    let Some((program, arguments)) = command.split_first() else { bail!("name a command to run") };
    let cluster = start(&programs()?, Purpose::Tests)?;
    let status = Command::new(program).args(arguments).env(URL_VARIABLE, cluster.url()).status();
    Ok(status.with_context(|| format!("cannot start `{program}`"))?.success())
}

/// Finds or provides `PostgreSQL`'s programs.
pub(crate) fn programs() -> Result<Programs> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if !apt::is_available() {
        bail!(
            "PostgreSQL {MIN_VERSION} or newer is missing: put its folder of programs on the PATH and start again"
        );
    }
    step("postgres", || {
        apt::install("PostgreSQL, on which the tests run,", DEBIAN_PACKAGES)?;
        let found = find().with_context(|| format!("Debian's PostgreSQL is older than {MIN_VERSION}"))?;
        Ok((found, "installed".to_owned()))
    })
}

fn find() -> Option<Programs> {
    let newest = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version: u32 = folder.file_name()?.to_str()?.parse().ok()?;
            let programs = folder.join("bin");
            (version >= MIN_VERSION && programs.join("postgres").exists()).then_some((version, programs))
        })
        .max();
    if let Some((_, programs)) = newest {
        return Some(Programs(programs));
    }
    let output = process::stdout_of(Command::new("postgres").arg("--version")).ok()?;
    (major(&output)? >= MIN_VERSION).then(|| Programs(PathBuf::new()))
}

/// From `postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)`.
fn major(output: &str) -> Option<u32> {
    let (_, version) = output.split_once("(PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Creates a cluster and waits until it accepts connections.
pub(crate) fn start(programs: &Programs, purpose: Purpose) -> Result<Cluster> {
    step("postgres", || {
        let cluster = Cluster::start(programs, purpose)?;
        Ok((cluster, "a cluster of its own is ready".to_owned()))
    })
}

impl Cluster {
    fn start(programs: &Programs, purpose: Purpose) -> Result<Self> {
        // PostgreSQL refuses to run as root.
        let user = if apt::is_root() { Some(unprivileged()?) } else { None };
        let folder = folder(user)?;
        let run_as = |command: &mut Command| {
            command.current_dir("/");
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
        };

        let mut initdb = Command::new(programs.0.join("initdb"));
        // A language's collation as default, so that a test fails where a statement needs byte order and does not say so.
        initdb.args(["--username", "countersign", "--auth", "trust", "--encoding", "UTF8", "--no-sync"]);
        initdb.args(["--locale", "C", "--locale-provider", "icu", "--icu-locale", "en-US"]);
        run_as(initdb.arg("--pgdata").arg(folder.join("data")));
        if let Err(error) = process::check(&mut initdb) {
            let _ = fs::remove_dir_all(&folder);
            return Err(error);
        }

        let mut supervisor = Command::new("/bin/sh");
        supervisor.args(["-c", SUPERVISOR, "sh"]).arg(programs.0.join("postgres")).arg(&folder);
        supervisor.args(purpose.settings());
        supervisor.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        run_as(&mut supervisor);
        // In a process group of its own, so that Ctrl-C in a terminal reaches only this process.
        let supervisor = supervisor.process_group(0).spawn().context("cannot start `/bin/sh`")?;
        let cluster = Self { folder, supervisor };
        cluster.until_ready(programs)?;
        Ok(cluster)
    }

    fn until_ready(&self, programs: &Programs) -> Result<()> {
        let mut ask = Command::new(programs.0.join("pg_isready"));
        ask.arg("--quiet").arg("--host").arg(&self.folder);
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            if process::succeeds_within(&mut ask, START_TIMEOUT) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        let output = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(ProcessFailure { message: "PostgreSQL did not start for the tests".to_owned(), output }.into())
    }

    /// The URL of its maintenance database, as superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://countersign@localhost/postgres?host={}", in_query(&self.folder))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // End of file stops the supervisor. It may have ended already, which is no error here.
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
    }
}

/// Creates a folder that only the cluster's user and root can enter.
fn folder(user: Option<(u32, u32)>) -> Result<PathBuf> {
    for number in 0_u32.. {
        let folder = env::temp_dir().join(format!("countersign-pg-{}-{number}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            made => made.with_context(|| format!("cannot make {}", folder.display()))?,
        }
        if let Some((uid, gid)) = user {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid))?;
        }
        return Ok(folder);
    }
    bail!("the temporary folder is full of clusters")
}

/// User and group ids of an unprivileged user.
fn unprivileged() -> Result<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| ids(&users, name))
        .context("PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody`")
}

fn ids(users: &str, name: &str) -> Option<(u32, u32)> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// A path, encoded for the query of a URL.
fn in_query(path: &Path) -> String {
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|&byte| match byte {
            b'/' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_ends_with_its_owner() {
        let cluster = Cluster::start(&find().unwrap(), Purpose::Tests).unwrap();
        let folder = cluster.folder.clone();
        let pid = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
        let process = Path::new("/proc").join(pid.lines().next().unwrap());
        assert!(process.exists());
        drop(cluster);
        assert!(!folder.exists() && !process.exists());
    }

    #[test]
    fn versions_and_users_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(major("mariadb"), None);
        let users = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        assert_eq!(ids(users, "nobody"), Some((65534, 65533)));
        assert_eq!(ids(users, "postgres"), None);
    }

    #[test]
    fn a_path_in_a_url_can_not_end_it() {
        assert_eq!(in_query(Path::new("/tmp/a b&c%")), "/tmp/a%20b%26c%25");
    }
}
