//! Ending processes. A number alone says little, since numbers are given out again: what is ended is held by a pidfd
//! and has the number, the start time and the image that were found.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::content;
use crate::refusal::{Failure, Refusal};
use openc2::Hashes;

/// How long a killed process may take to be gone.
const END_TIMEOUT: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };
/// Start times are told in full seconds since a start of the kernel that is known in full seconds.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// Which process is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) pid: Option<u32>,
    pub(crate) image: Option<String>,
    pub(crate) hashes: Hashes,
    pub(crate) started_at: Option<Timestamp>,
}

/// A process that was found; enough to know it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Its start, in clock ticks after the kernel's.
    pub(crate) started: u64,
    pub(crate) image: String,
}

/// Whether the kernel can hold processes by a descriptor.
pub(crate) fn can_hold() -> bool {
    pidfd_open(rustix::process::getpid(), PidfdFlags::empty()).is_ok()
}

/// The processes that are meant; none if all have ended.
pub(crate) fn find(wanted: &Wanted) -> Result<Vec<Process>, Refusal> {
    let Some(pid) = wanted.pid else {
        if wanted.hashes == Hashes::default() {
            return Err(Refusal::malformed(
                "a process is named by pid and executable.path, or by executable.hashes",
            ));
        }
        return running(&wanted.hashes);
    };
    let pid = i32::try_from(pid).map_err(|_| Refusal::malformed("there is no such pid"))?;
    let Some(process) = look(pid) else { return Ok(Vec::new()) };
    if wanted.image.is_none() && wanted.hashes == Hashes::default() {
        return Err(Refusal::malformed(
            "a pid alone is given out again: name executable.path or executable.hashes too",
        ));
    }
    if wanted.image.as_ref().is_some_and(|image| *image != process.image) {
        return Err(Refusal::changed(&format!("process {pid} runs {}", process.image)));
    }
    if let Some(wanted) = wanted.started_at {
        let started = started_at(&process).map_err(|error| Refusal::system("read the start time", &error))?;
        if started.duration_since(wanted).abs() > TOLERANCE {
            return Err(Refusal::changed(&format!("process {pid} started at {started}")));
        }
    }
    if wanted.hashes != Hashes::default() && !runs(pid, &wanted.hashes) {
        return Err(Refusal::changed(&format!("process {pid} runs another program")));
    }
    check_not_ours(&process)?;
    Ok(vec![process])
}

/// Every process whose program has this content, also one whose file is gone.
pub(crate) fn running(hashes: &Hashes) -> Result<Vec<Process>, Refusal> {
    let mut found = Vec::new();
    let mut known: HashMap<(u64, u64), bool> = HashMap::new();
    for pid in pids().map_err(|error| Refusal::system("read /proc", &error))? {
        let Ok(image) = File::open(format!("/proc/{pid}/exe")) else { continue };
        let Ok(metadata) = image.metadata() else { continue };
        let place = (metadata.dev(), metadata.ino());
        let is_wanted =
            *known.entry(place).or_insert_with(|| content::is_wanted(&image, hashes).unwrap_or(false));
        if is_wanted && let Some(process) = look(pid) {
            check_not_ours(&process)?;
            found.push(process);
        }
    }
    Ok(found)
}

/// Ends them, those that still run.
pub(crate) fn stop(processes: &[Process]) -> Result<(), Failure> {
    for process in processes {
        stop_one(process)?;
    }
    Ok(())
}

fn stop_one(process: &Process) -> Result<(), Failure> {
    let Some(pid) = Pid::from_raw(process.pid) else { return Ok(()) };
    let held = match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(held) => held,
        Err(Errno::SRCH) => return Ok(()),
        Err(error) => return Err(Refusal::system("hold the process", &error.into()).into()),
    };
    // Held first and looked at then: what has this start is what is held, or it is gone.
    if look(process.pid).is_none_or(|now| now.started != process.started) {
        return Ok(());
    }
    match pidfd_send_signal(&held, Signal::KILL) {
        Ok(()) => {}
        Err(Errno::SRCH) => return Ok(()),
        Err(error) => return Err(Refusal::system("end the process", &error.into()).into()),
    }
    let mut ends = [PollFd::new(&held, PollFlags::IN)];
    let ended = poll(&mut ends, Some(&END_TIMEOUT)).context("the end of the process can't be waited for")?;
    if ended == 0 {
        return Err(Failure::Unsettled(anyhow::anyhow!("process {} does not end", process.pid)));
    }
    Ok(())
}

fn check_not_ours(process: &Process) -> Result<(), Refusal> {
    if process.pid == 1 || process.pid == rustix::process::getpid().as_raw_pid() {
        return Err(Refusal::vital("the first process and the responder itself are not ended"));
    }
    Ok(())
}

fn runs(pid: i32, hashes: &Hashes) -> bool {
    File::open(format!("/proc/{pid}/exe"))
        .and_then(|image| content::is_wanted(&image, hashes))
        .unwrap_or(false)
}

/// The numbers of all processes.
pub(crate) fn pids() -> io::Result<Vec<i32>> {
    let names = fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    Ok(names.collect())
}

/// The process of a number; none if it has ended and only waits to be noticed.
pub(crate) fn look(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may hold any letter.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    let started = fields.get(19)?.parse().ok()?;
    let image = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let image = image.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let image = image.strip_suffix(" (deleted)").map_or(image.clone(), str::to_owned);
    Some(Process { pid, started, image })
}

/// When it started, in full seconds.
pub(crate) fn started_at(process: &Process) -> io::Result<Timestamp> {
    let stat = fs::read_to_string("/proc/stat")?;
    let boot: i64 = stat
        .lines()
        .find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
        .ok_or_else(|| io::Error::other("/proc/stat does not say when the kernel started"))?;
    let ticks = rustix::param::clock_ticks_per_second().max(1);
    let after = i64::try_from(process.started / ticks).unwrap_or(i64::MAX);
    Timestamp::from_second(boot.saturating_add(after)).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command};

    use super::*;

    /// A program of our own that runs: a copy of `sleep`, so that no other process has its image.
    fn sleeper(folder: &Path) -> (Child, PathBuf) {
        let program = folder.join("sleeper");
        fs::copy("/bin/sleep", &program).unwrap();
        // Makes its content its own.
        let mut bytes = fs::read(&program).unwrap();
        bytes.extend(folder.to_str().unwrap().as_bytes());
        fs::write(&program, bytes).unwrap();
        let child = Command::new(&program).arg("600").spawn().unwrap();
        (child, program)
    }

    fn wanted(child: &Child, program: &Path) -> Wanted {
        Wanted {
            pid: Some(child.id()),
            image: Some(program.to_str().unwrap().to_owned()),
            ..Wanted::default()
        }
    }

    #[test]
    fn what_is_ended_has_the_pid_the_image_and_the_start_that_were_named() {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, program) = sleeper(folder.path());
        let wanted = wanted(&child, &program);
        let process = find(&wanted).unwrap().remove(0);
        let started = started_at(&process).unwrap();
        let reason = |wanted: &Wanted| find(wanted).unwrap_err().reason.into_owned();

        let other = Wanted { image: Some("/bin/other".into()), ..wanted.clone() };
        assert_eq!(reason(&other), "target_changed");
        let earlier = Wanted { started_at: Some(started - SignedDuration::from_secs(60)), ..wanted.clone() };
        assert_eq!(reason(&earlier), "target_changed");
        assert_eq!(reason(&Wanted { image: None, ..wanted.clone() }), "malformed");
        let hashes = content::hashes_of(&File::open(&program).unwrap()).unwrap();
        let other = Hashes { md5: Some(openc2::Md5::new([0; 16])), ..Hashes::default() };
        assert_eq!(reason(&Wanted { hashes: other, ..wanted.clone() }), "target_changed");
        assert!(child.try_wait().unwrap().is_none());

        // A number that was given out again is another process: nothing happens to it.
        stop(&[Process { started: process.started + 1, ..process.clone() }]).unwrap();
        assert!(child.try_wait().unwrap().is_none());

        let right = Wanted { started_at: Some(started), hashes, ..wanted };
        stop(&find(&right).unwrap()).unwrap();
        assert!(!child.wait().unwrap().success());
        assert_eq!(find(&right).unwrap(), []);
        stop(&[process]).unwrap();
    }

    #[test]
    fn by_the_content_of_the_image_also_when_its_file_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let (mut child, program) = sleeper(folder.path());
        let mut second = Command::new(&program).arg("600").spawn().unwrap();
        let hashes = content::hashes_of(&File::open(&program).unwrap()).unwrap();
        fs::remove_file(&program).unwrap();
        for hashes in [
            Hashes { sha256: hashes.sha256, ..Hashes::default() },
            Hashes { sha1: hashes.sha1, ..Hashes::default() },
            Hashes { md5: hashes.md5, ..Hashes::default() },
        ] {
            let found = find(&Wanted { hashes, ..Wanted::default() }).unwrap();
            assert_eq!(found.len(), 2, "{found:?}");
        }
        stop(&running(&hashes).unwrap()).unwrap();
        assert!(!child.wait().unwrap().success() && !second.wait().unwrap().success());
        assert_eq!(running(&hashes).unwrap(), []);
    }

    #[test]
    fn the_responder_does_not_end_itself() {
        let hashes = content::hashes_of(&File::open("/proc/self/exe").unwrap()).unwrap();
        assert_eq!(running(&hashes).unwrap_err().reason, "vital");
    }
}
