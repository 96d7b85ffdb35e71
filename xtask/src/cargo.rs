//! Cargo, called from inside cargo: a clean environment, and its machine-readable messages.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Error, Result};
use serde::Deserialize;

use crate::process::{self, ProcessFailure};

/// A command for the cargo that started this program, without the variables that it set for this package.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts watch these variables: with them, a build from here and one from a shell would invalidate each
    // other's results.
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    command
}

/// The same, with clippy as the compiler of this workspace's crates and its findings as errors. Clippy's driver is
/// rustc with more lints: with it nothing has to be compiled a second time only to be linted. The variables are those
/// by which `cargo clippy` itself calls it, with the arguments separated as there.
pub(crate) fn linting() -> Command {
    let beside = env::var_os("CARGO").map(|cargo| Path::new(&cargo).with_file_name("clippy-driver"));
    let driver = beside.filter(|driver| driver.is_file()).unwrap_or_else(|| "clippy-driver".into());
    let mut command = cargo();
    command.env("RUSTC_WORKSPACE_WRAPPER", driver);
    command.env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
    command
}

/// A compiled target, as cargo reports it.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact {
    target: Target,
    profile: Profile,
    filenames: Vec<PathBuf>,
    /// The path of the binary, if the target is one.
    pub(crate) executable: Option<PathBuf>,
    /// Whether the target was up to date.
    pub(crate) fresh: bool,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

impl Artifact {
    /// The wasm module of the crate of that name, when it is that. By name, since dependencies compile to modules of
    /// their own.
    pub(crate) fn wasm(&self, name: &str) -> Option<&Path> {
        let files = if self.target.name == name { self.filenames.as_slice() } else { &[] };
        files.iter().map(PathBuf::as_path).find(|file| file.extension().is_some_and(|it| it == "wasm"))
    }

    /// The program of the benchmark of that name, when it is that.
    pub(crate) fn benchmark(&self, name: &str) -> Option<&Path> {
        let is_it = self.target.name == name && self.target.kind.iter().any(|kind| kind == "bench");
        self.executable.as_deref().filter(|_| is_it)
    }

    /// Whether it is the binary of that name, and not the tests inside it.
    pub(crate) fn is_binary(&self, name: &str) -> bool {
        self.target.name == name && !self.profile.test && self.executable.is_some()
    }
}

/// Runs a cargo command that compiles, and returns what it compiled or found compiled.
pub(crate) fn artifacts(command: &mut Command) -> Result<Vec<Artifact>> {
    let messages =
        process::stdout_of(command.args(["--quiet", "--message-format", "json-render-diagnostics"]));
    parse(&messages.map_err(without_messages)?)
}

/// Removes cargo's JSON messages from a failure's output, so that the compiler's diagnostics are left.
fn without_messages(mut error: Error) -> Error {
    if let Some(failed) = error.downcast_mut::<ProcessFailure>() {
        let readable: Vec<_> =
            failed.output.lines().filter(|line| !line.starts_with(r#"{"reason":"#)).collect();
        failed.output = readable.join("\n");
    }
    error
}

fn parse(messages: &str) -> Result<Vec<Artifact>> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
    }
    let mut artifacts = Vec::new();
    for line in messages.lines().filter(|line| line.starts_with('{')) {
        let message: Message = serde_json::from_str(line).context("cargo's messages are not JSON")?;
        if message.reason == "compiler-artifact" {
            artifacts.push(serde_json::from_str(line).context("cargo's messages have changed their form")?);
        }
    }
    Ok(artifacts)
}

/// Builds the server's binary and returns it, and whether it was already there.
pub(crate) fn server(release: bool) -> Result<(PathBuf, bool)> {
    let mut command = cargo();
    command.args(["build", "--package", "server", "--bin", "countersign"]);
    if release {
        command.arg("--release");
    }
    let built = artifacts(&mut command)?;
    binary(&built).context("cargo built the server but named no binary")
}

/// The server's binary among what was compiled, and whether it was already there.
pub(crate) fn binary(artifacts: &[Artifact]) -> Option<(PathBuf, bool)> {
    let artifact = artifacts.iter().find(|artifact| artifact.is_binary("countersign"))?;
    Some((artifact.executable.clone()?, artifact.fresh))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = r#"
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","target":{"name":"wasm_streams","kind":["cdylib","rlib"]},"profile":{"test":false},"filenames":["/t/libwasm_streams.rlib","/t/wasm_streams.wasm"],"executable":null,"fresh":false}
{"reason":"compiler-artifact","target":{"name":"frontend","kind":["cdylib","rlib"]},"profile":{"test":false},"filenames":["/t/libfrontend.rlib","/t/frontend.wasm"],"executable":null,"fresh":false}
{"reason":"compiler-artifact","target":{"name":"countersign","kind":["bin"]},"profile":{"test":true},"filenames":["/t/deps/countersign-1"],"executable":"/t/deps/countersign-1","fresh":false}
{"reason":"compiler-artifact","target":{"name":"countersign","kind":["bin"]},"profile":{"test":false},"filenames":["/t/countersign"],"executable":"/t/countersign","fresh":true}
{"reason":"compiler-artifact","target":{"name":"million","kind":["bench"]},"profile":{"test":false},"filenames":["/t/deps/million-1"],"executable":"/t/deps/million-1","fresh":true}
{"reason":"build-finished","success":true}
"#;

    #[test]
    fn the_wasm_module_is_found_beside_the_rlib() {
        let artifacts = parse(MESSAGES).unwrap();
        assert_eq!(
            artifacts.iter().find_map(|built| built.wasm("frontend")),
            Some(Path::new("/t/frontend.wasm"))
        );
    }

    #[test]
    fn a_failed_build_shows_the_diagnostics_alone() {
        let output = format!("{}\nerror: no such method\n", MESSAGES.trim());
        let error = without_messages(ProcessFailure { message: "failed".into(), output }.into());
        assert_eq!(error.downcast_ref::<ProcessFailure>().unwrap().output, "error: no such method");
    }

    #[test]
    fn a_benchmark_is_found_by_its_name() {
        let artifacts = parse(MESSAGES).unwrap();
        let found: Vec<_> = artifacts.iter().filter_map(|built| built.benchmark("million")).collect();
        assert_eq!(found, [Path::new("/t/deps/million-1")]);
    }

    #[test]
    fn the_binary_is_not_mistaken_for_its_unit_tests() {
        assert_eq!(binary(&parse(MESSAGES).unwrap()), Some(("/t/countersign".into(), true)));
    }
}
