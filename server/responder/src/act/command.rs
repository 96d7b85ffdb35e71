//! Live response commands: programs that this host's administrator allows, run without a shell, within bounds.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use super::artifact;
use super::ground::Ground;
use crate::refusal::{Failure, Refusal};
use crash::crash_point;
use openc2::{Outcome, Report};

/// How long a command may run.
const TIME_LIMIT: Duration = Duration::from_mins(1);
/// How much of its output is kept.
const MAX_OUTPUT: usize = 1024 * 1024;
/// How much of it is in the result.
const MAX_SHOWN: usize = 16 * 1024;
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// A command to run, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) line: String,
    program: PathBuf,
    arguments: Vec<String>,
    /// Set before it is started. What began and has no result is not run again: nobody knows how far it came.
    pub(crate) began: bool,
}

pub(crate) fn plan(ground: &Ground<'_>, line: &str) -> Result<Work, Refusal> {
    let allowed = ground.host.allowed.as_ref();
    let allowed = allowed.ok_or_else(|| Refusal::not_allowed("no commands are allowed on this host"))?;
    let (program, arguments) = allowed.find(line)?;
    Ok(Work { line: line.to_owned(), program, arguments, began: false })
}

/// Runs it, unless it began before. `note` writes down that it begins.
pub(crate) fn advance(
    ground: &Ground<'_>,
    work: &Work,
    note: &mut dyn FnMut(Work) -> anyhow::Result<()>,
) -> Result<Option<Report>, Failure> {
    if work.began {
        return Ok(None);
    }
    note(Work { began: true, ..work.clone() })?;
    crash_point!("command.after_note");
    let run = run(work).map_err(|error| Failure::Refused(Refusal::failed(format!("{error:#}"))))?;
    crash_point!("command.after_run");
    let name = format!("output-{}.txt", ground.command_id);
    let kept = artifact::make(ground, &name, |mut file: &File| Ok(file.write_all(&run.output)?))?;
    let cut = if run.is_cut { ", cut" } else { "" };
    let detail = format!("{}: {}{cut}; output: {}", work.line, run.ended, artifact::told(&kept));
    let shown = String::from_utf8_lossy(&run.output[..run.output.len().min(MAX_SHOWN)]).into_owned();
    let outcome = if run.succeeded { Outcome::Completed } else { Outcome::Failed };
    Ok(Some(Report { artifact: Some(kept), output: Some(shown), ..Report::new(outcome, detail) }))
}

struct Run {
    output: Vec<u8>,
    is_cut: bool,
    succeeded: bool,
    ended: String,
}

fn run(work: &Work) -> anyhow::Result<Run> {
    let (reader, writer) = io::pipe()?;
    let mut command = Command::new(&work.program);
    command.args(&work.arguments).current_dir("/").env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child =
        command.spawn().with_context(|| format!("{} can't be started", work.program.display()))?;
    // Its end of the pipe is closed with it: only the child writes.
    drop(command);
    let reading = std::thread::spawn(move || collect(reader));
    let started = Instant::now();
    let group = Pid::from_child(&child);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() > TIME_LIMIT {
            break None;
        }
        std::thread::sleep(LOOK_INTERVAL);
    };
    // Whatever it started ends with it.
    let _ = kill_process_group(group, Signal::KILL);
    let last = child.wait()?;
    let (output, is_cut) = reading.join().map_err(|_| anyhow::anyhow!("the output could not be read"))??;
    let ended = match status {
        Some(status) => status.to_string(),
        None => format!("ended by {last} after {} seconds", TIME_LIMIT.as_secs()),
    };
    Ok(Run { output, is_cut, succeeded: status.is_some_and(|status| status.success()), ended })
}

/// Reads all, so that nobody waits for a full pipe, and keeps the beginning.
fn collect(mut from: io::PipeReader) -> io::Result<(Vec<u8>, bool)> {
    let mut kept = Vec::new();
    (&mut from).take(MAX_OUTPUT as u64).read_to_end(&mut kept)?;
    let more = io::copy(&mut from, &mut io::sink())?;
    Ok((kept, more > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_bounded_and_so_is_what_is_left_behind() {
        let work = |program: &str, arguments: &[&str]| Work {
            line: String::new(),
            program: program.into(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            began: false,
        };
        let run = super::run(&work("/bin/sh", &["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        assert_eq!((run.output.as_slice(), run.succeeded), (&b"out\nerr\n"[..], false));
        let run =
            super::run(&work("/bin/sh", &["-c", "head -c 3000000 /dev/zero; sleep 600 & exit 0"])).unwrap();
        assert_eq!((run.output.len(), run.is_cut, run.succeeded), (MAX_OUTPUT, true, true));
        assert!(super::run(&work("/nowhere/program", &[])).is_err());
    }
}
