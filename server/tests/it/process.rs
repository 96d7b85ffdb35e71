//! One of our processes, as a test starts and ends it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::harness::until;

/// A process and where it listens.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    clock: Option<PathBuf>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // Only what this test started; it may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    pub(crate) fn start(args: &[&str], crash_at: Option<&str>) -> Self {
        let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self::start_with(&args, crash_at, None)
    }

    /// With a file in which stands by how many seconds its machine's clock is ahead.
    pub(crate) fn start_with(args: &[String], crash_at: Option<&str>, clock: Option<PathBuf>) -> Self {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let mut command = countersign(&args);
        if let Some(point) = crash_at {
            command.env("COUNTERSIGN_CRASH_POINT", point);
        }
        if let Some(file) = &clock {
            command.env("COUNTERSIGN_CLOCK_FILE", file);
        }
        Self::listening(command, Stdio::null(), clock)
    }

    /// Without what runs to its end also after its client is gone.
    pub(crate) fn start_ending_with_clients(args: &[String]) -> Self {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let mut command = countersign(&args);
        command.env("COUNTERSIGN_END_WITH_CLIENT", "1");
        Self::listening(command, Stdio::null(), None)
    }

    /// With all that it logs in a file.
    pub(crate) fn start_logging(args: &[String], log: &Path) -> Self {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let mut command = countersign(&args);
        command.env("RUST_LOG", "debug");
        Self::listening(command, File::create(log).unwrap().into(), None)
    }

    /// Starts it, and waits until it listens.
    fn listening(mut command: Command, log: Stdio, clock: Option<PathBuf>) -> Self {
        command.stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listening on ").map(|(_, url)| url.trim().to_owned()))
            .unwrap_or_else(|| panic!("{command:?} never listened"));
        Self { child, url, clock }
    }

    /// Stands in while a process is replaced.
    pub(crate) fn none(url: &str) -> Self {
        let child = Command::new("true").spawn().unwrap();
        Self { child, url: url.to_owned(), clock: None }
    }

    /// The file that sets its machine's clock, if there is one.
    pub(crate) fn clock(&self) -> Option<PathBuf> {
        self.clock.clone()
    }

    /// Lets it write no byte of a file beyond this offset: what its disk does that is full.
    pub(crate) fn limit_files(&self, most: Option<u64>) {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let limit = Rlimit { current: most, maximum: None };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Fsize, limit).unwrap();
    }

    /// Stops it in the middle of whatever it does, or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end by SIGKILL, which only a crash point sends.
    pub(crate) async fn crashed(&mut self) {
        let status = until("the crash point is reached", async || self.child.try_wait().unwrap()).await;
        assert_eq!(status.signal(), Some(9), "ended by {status}");
    }

    /// Asks it to stop and waits for its end.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        until("the process stops", async || self.child.try_wait().unwrap()).await
    }
}

/// Our program with these arguments.
pub(crate) fn countersign(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(args).stdin(Stdio::null());
    for ours in ["COUNTERSIGN_CRASH_POINT", "COUNTERSIGN_CLOCK_FILE", "COUNTERSIGN_END_WITH_CLIENT"] {
        command.env_remove(ours);
    }
    command
}
