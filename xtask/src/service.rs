//! Child processes of the demo: the server and the responder, each with its log, stopped by process id.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::Sender,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

use crate::{process::ProcessFailure, workspace::DEMO};

/// How long a program may take to end after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What may happen while the programs run.
pub(crate) enum Event {
    /// The user wants to stop.
    Interrupt,
    /// A program listens at this URL.
    Ready(String),
}

/// A running program.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts it; its `Ready` follows through the channel. What it prints goes to its log.
    pub(crate) fn start(name: &'static str, command: &mut Command, events: Sender<Event>) -> Result<Self> {
        let log = Path::new(DEMO).join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.try_clone()?)
            // Ctrl-C goes to the terminal's whole process group; in a group of its own the program is stopped in order.
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the {name}"))?;
        let stdout = child.stdout.take();
        thread::spawn(move || {
            let mut file = file;
            for line in stdout.into_iter().flat_map(|it| BufReader::new(it).lines()).map_while(Result::ok) {
                // A full disk or a closed channel must not block the program's output.
                let _ = writeln!(file, "{line}");
                if let Some(url) = ready_url(&line) {
                    let _ = events.send(Event::Ready(url.to_owned()));
                }
            }
        });
        Ok(Self { name, child, log })
    }

    /// Returns an error if the program has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => Err(self.exit_error(status)),
            None => Ok(()),
        }
    }

    fn exit_error(&self, status: ExitStatus) -> anyhow::Error {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        ProcessFailure {
            message: format!(
                "the {} ended by itself ({status}); its whole log is {}",
                self.name,
                self.log.display()
            ),
            output: last_lines(&log, 15),
        }
        .into()
    }

    /// Sends SIGTERM, and SIGKILL after a timeout.
    pub(crate) fn stop(&mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        let asked = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .map(|pid| kill_process(pid, Signal::TERM));
        let until = Instant::now() + STOP_TIMEOUT;
        while matches!(asked, Some(Ok(()))) && Instant::now() < until {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The program still runs here only after another error, which is the one to report.
        let _ = self.stop();
    }
}

/// The URL in the line that a program prints when it is ready.
fn ready_url(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("listening on ")?;
    rest.split_whitespace().next().filter(|url| url.starts_with("http://"))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_lines_of_both_programs_are_understood() {
        assert_eq!(ready_url("listening on http://localhost:8080"), Some("http://localhost:8080"));
        assert_eq!(ready_url("responder listening on http://127.0.0.1:4711"), Some("http://127.0.0.1:4711"));
        assert_eq!(ready_url("listening on the whole"), None);
        assert_eq!(ready_url("started"), None);
    }

    #[test]
    fn the_end_of_a_log_is_what_is_shown() {
        assert_eq!(last_lines("1\n2\n3\n", 2), "2\n3");
        assert_eq!(last_lines("1\n", 2), "1");
    }
}
