//! The investigation package: what runs on the host, who uses it and what it logged, as one bounded archive.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::artifact;
use super::cron_places;
use super::ground::Ground;
use super::process;
use crate::refusal::Failure;
use openc2::{Outcome, Report};

/// The most that one file of it holds; of a longer one the end is taken.
const MAX_FILE: u64 = 1024 * 1024;
/// The most that all files hold together, before they are packed.
const MAX_ALL: usize = 64 * 1024 * 1024;
/// Logs that were written last are taken first, this many of them.
const MAX_LOGS: usize = 40;

/// What the kernel tells of itself and its connections.
const KERNEL: [&str; 16] = [
    "version",
    "cmdline",
    "uptime",
    "loadavg",
    "meminfo",
    "mounts",
    "modules",
    "swaps",
    "net/tcp",
    "net/tcp6",
    "net/udp",
    "net/udp6",
    "net/unix",
    "net/arp",
    "net/route",
    "net/dev",
];
/// Files about the host and its users. Passwords are not among them.
const SETTINGS: [&str; 9] = [
    "/etc/os-release",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/crontab",
    "/etc/ld.so.preload",
    "/etc/rc.local",
];
struct Package<'a> {
    archive: Builder<GzEncoder<&'a File>>,
    at: u64,
    left: usize,
    files: usize,
    /// What could not be read, and what did not fit.
    missing: String,
}

pub(crate) fn advance(ground: &Ground<'_>) -> Result<Report, Failure> {
    let name = format!("package-{}.tar.gz", ground.command_id);
    let made = artifact::make(ground, &name, |file| {
        let archive = Builder::new(GzEncoder::new(file, Compression::default()));
        let at = u64::try_from(ground.now.as_second()).unwrap_or_default();
        let mut package = Package { archive, at, left: MAX_ALL, files: 0, missing: String::new() };
        package.collect(ground)?;
        package.archive.into_inner()?.finish()?;
        Ok(())
    })?;
    let detail = format!("investigation package: {}", artifact::told(&made));
    Ok(Report { artifact: Some(made), ..Report::new(Outcome::Completed, detail) })
}

impl Package<'_> {
    fn collect(&mut self, ground: &Ground<'_>) -> io::Result<()> {
        self.add("processes.tsv", processes().as_bytes())?;
        for name in KERNEL {
            self.take(&format!("kernel/{}", name.replace('/', "_")), &Path::new("/proc").join(name))?;
        }
        for path in SETTINGS {
            self.take(&format!("settings{path}"), Path::new(path))?;
        }
        for folder in ["/var/run/utmp", "/var/log/wtmp", "/var/log/btmp", "/var/log/lastlog"] {
            self.take(
                &format!("sessions/{}", folder.rsplit('/').next().unwrap_or_default()),
                Path::new(folder),
            )?;
        }
        for folder in cron_places::FOLDERS {
            for (name, path) in files_in(&ground.host.cron.path().join(folder)) {
                self.take(&format!("jobs/{folder}/{name}"), &path)?;
            }
        }
        if let Some(Ok(units)) = ground.host.systemd.as_ref().map(super::systemd::Systemd::list) {
            self.add("services/systemd.tsv", units.as_bytes())?;
        }
        if let Some(folder) = &ground.host.runit {
            let names = fs::read_dir(folder)
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let text = names.fold(String::new(), |mut text, name| {
                let state = fs::read_to_string(folder.join(&name).join("supervise/stat")).unwrap_or_default();
                let _ = writeln!(text, "{name}\t{}", state.trim());
                text
            });
            self.add("services/runit.tsv", text.as_bytes())?;
        }
        let mut logs = Vec::new();
        find_logs(&ground.host.logs, 3, &mut logs);
        logs.sort_by_key(|(modified, _)| std::cmp::Reverse(*modified));
        for (_, path) in logs.into_iter().take(MAX_LOGS) {
            let shown = path.strip_prefix(&ground.host.logs).unwrap_or(&path).to_string_lossy().into_owned();
            self.take(&format!("logs/{shown}"), &path)?;
        }
        let missing = std::mem::take(&mut self.missing);
        let about = format!("collected at {}\n{} files\n{missing}", ground.now, self.files);
        self.left = self.left.max(about.len());
        self.add("about.txt", about.as_bytes())
    }

    /// Adds the file, or its end. What can't be read is noted.
    fn take(&mut self, name: &str, path: &Path) -> io::Result<()> {
        match end_of(path) {
            Ok(bytes) => self.add(name, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                let _ = writeln!(self.missing, "{}: {error}", path.display());
                Ok(())
            }
        }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() > self.left {
            let _ = writeln!(self.missing, "{name}: the package would be too large");
            return Ok(());
        }
        self.left -= bytes.len();
        self.files += 1;
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        self.archive.append_data(&mut header, name, bytes)
    }
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for a writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("is not a file"));
    }
    let mut file = File::open(path)?;
    // Files of the kernel say that they are empty.
    if metadata.len() > MAX_FILE {
        file.seek(SeekFrom::End(-i64::try_from(MAX_FILE).unwrap_or_default()))?;
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn files_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut files: Vec<_> =
        files.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect();
    files.sort();
    files
}

fn find_logs(folder: &Path, depth: usize, found: &mut Vec<(i64, PathBuf)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() && depth > 0 {
            find_logs(&entry.path(), depth - 1, found);
        } else if metadata.is_file() && metadata.len() > 0 {
            found.push((metadata.mtime(), entry.path()));
        }
    }
}

/// One line a process: number, parent, user, start, image and command line.
fn processes() -> String {
    let mut text = String::from("pid\tppid\tuid\tstarted_at\timage\tcommand_line\n");
    for pid in process::pids().unwrap_or_default() {
        let Some(process) = process::look(pid) else { continue };
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()).unwrap_or("-").to_owned()
        };
        let called = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let called = String::from_utf8_lossy(&called).replace(['\0', '\t', '\n'], " ");
        let started = process::started_at(&process).map(|at| at.to_string()).unwrap_or_default();
        let _ = writeln!(
            text,
            "{pid}\t{}\t{}\t{started}\t{}\t{}",
            field("PPid:"),
            field("Uid:"),
            process.image,
            called.trim_end()
        );
    }
    text
}
