//! Runs other programs to their end and captures their output, which is printed only when one fails.

use std::{
    ffi::OsStr,
    fmt,
    io::{self, ErrorKind, Read},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Error, Result, anyhow};

/// A program that failed, with its output.
#[derive(Debug)]
pub(crate) struct ProcessFailure {
    /// One sentence.
    pub(crate) message: String,
    /// Its whole output.
    pub(crate) output: String,
}

impl fmt::Display for ProcessFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ProcessFailure {}

/// Prints an error: first the output of the program that failed, then one sentence.
pub(crate) fn report(error: &Error) {
    if let Some(failed) = error.chain().find_map(|cause| cause.downcast_ref::<ProcessFailure>()) {
        eprintln!("{}", failed.output.trim_end());
    }
    eprintln!("xtask: {error:#}");
}

/// Runs a command and returns its standard output; a failure is an error.
pub(crate) fn stdout_of(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    Err(failed(command, output.status, format!("{stdout}{stderr}")))
}

/// Runs a command and returns its exit status with both outputs, interleaved as in a terminal.
pub(crate) fn merged_output(command: &mut Command) -> Result<(ExitStatus, String)> {
    let (mut reader, writer) = io::pipe()?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let child = command.spawn();
    // The command holds the pipe's write ends; while they are open the reader does not reach the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.with_context(|| cannot_start(command))?;
    let mut output = Vec::new();
    reader.read_to_end(&mut output)?;
    Ok((child.wait()?, String::from_utf8_lossy(&output).into_owned()))
}

/// Like [`merged_output`], but a failure is an error.
pub(crate) fn check(command: &mut Command) -> Result<String> {
    let (status, output) = merged_output(command)?;
    if status.success() { Ok(output) } else { Err(failed(command, status, output)) }
}

/// Runs a command without output and returns whether it succeeded within the limit.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    let started = Instant::now();
    while started.elapsed() < limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => thread::sleep(Duration::from_millis(50)),
            Err(_) => break,
        }
    }
    // The limit is over, so the process is ended. It may have ended already, which is no error here.
    let _ = child.kill();
    let _ = child.wait();
    false
}

/// The error for a command that failed.
pub(crate) fn failed(command: &Command, status: ExitStatus, output: String) -> Error {
    let code = status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"));
    ProcessFailure { message: format!("`{}` failed ({code})", command_line(command)), output }.into()
}

/// The command as a user would type it, without the program's folder.
fn command_line(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let program = program.file_name().unwrap_or(program.as_os_str());
    let words: Vec<_> =
        std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

fn cannot_start(command: &Command) -> Error {
    anyhow!("cannot start `{}`", command.get_program().to_string_lossy())
}

/// Whether a program of that name answers `--version`.
pub(crate) fn is_installed(program: &str) -> bool {
    match Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
    {
        Ok(status) => status.success(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_transcript_keeps_the_order_of_both_outputs() {
        let (status, output) =
            merged_output(&mut shell("echo one; echo two >&2; echo three; exit 3")).unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(output, "one\ntwo\nthree\n");
    }

    #[test]
    fn a_failure_carries_its_output() {
        let error = check(&mut shell("echo because >&2; exit 1")).unwrap_err();
        let failed = error.downcast_ref::<ProcessFailure>().unwrap();
        assert_eq!(failed.output, "because\n");
        assert!(failed.message.starts_with("`sh -c "), "{failed}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_stopped() {
        assert!(succeeds_within(&mut shell("true"), Duration::from_secs(10)));
        assert!(!succeeds_within(&mut shell("false"), Duration::from_secs(10)));
        assert!(!succeeds_within(&mut shell("sleep 60"), Duration::from_millis(100)));
    }
}
