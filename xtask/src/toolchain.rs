//! Finds or installs a rustc that can compile for wasm32.
//!
//! Three ways, the first that works wins: a rustc that already has the wasm32 standard library, `rustup`, and
//! Debian's `rustc-web`, whose standard library is built here once from its own sources.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{apt, cargo, process, step::step, workspace::CACHE};

/// The compilation target of the frontend.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: &[&str] =
    &["rustc-web", "rust-web-src", "libstd-rust-web-dev", "rust-web-llvm", "lld-22"];

/// A rustc that has the wasm32 standard library.
pub(crate) struct WasmRustc {
    /// The value for `RUSTC`; none if it is cargo's default.
    pub(crate) other: Option<PathBuf>,
}

/// Finds or provides the rustc for wasm32.
pub(crate) fn wasm_rustc() -> Result<WasmRustc> {
    step("rustc", || {
        let (rustc, how) = find_or_provide()?;
        let version = version(&rustc).map_or_else(String::new, |(major, minor)| format!(" {major}.{minor}"));
        let other = (rustc != default_rustc()).then(|| PathBuf::from(rustc));
        Ok((WasmRustc { other }, format!("wasm32 by rustc{version}, {how}")))
    })
}

fn find_or_provide() -> Result<(OsString, &'static str)> {
    if let Some(rustc) = find() {
        return Ok((rustc, "found"));
    }
    // Without a network this fails, and the next way is tried: its output is not shown.
    let rustup = process::is_installed("rustup")
        && process::succeeds_within(
            Command::new("rustup").args(["target", "add", WASM]),
            Duration::from_mins(3),
        );
    if rustup && let Some(rustc) = find() {
        return Ok((rustc, "added by rustup"));
    }
    if !apt::is_available() {
        bail!(
            "the wasm32 standard library is missing and could not be downloaded. Run this and start again: rustup target add {WASM}"
        );
    }
    if !apt::are_installed(DEBIAN_PACKAGES) {
        apt::install("a Rust compiler with the wasm32 standard library", DEBIAN_PACKAGES)?;
    }
    if !has_std(&DEBIAN_RUSTC.into()) {
        build_std()?;
    }
    match find() {
        Some(rustc) => Ok((rustc, "built from Debian's sources")),
        None => bail!(
            "no Rust compiler here can compile for {WASM}: neither rustup nor Debian's rustc-web provides one of version {} or newer",
            env!("CARGO_PKG_RUST_VERSION")
        ),
    }
}

fn find() -> Option<OsString> {
    [default_rustc(), DEBIAN_RUSTC.into()].into_iter().find(|rustc| is_new_enough(rustc) && has_std(rustc))
}

/// The rustc that cargo uses by default.
fn default_rustc() -> OsString {
    env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn has_std(rustc: &OsString) -> bool {
    let Some(libraries) = library_folder(rustc).and_then(|folder| rlibs(&folder).ok()) else { return false };
    ["libcore-", "libstd-"].iter().all(|wanted| libraries.iter().any(|library| starts_with(library, wanted)))
}

fn library_folder(rustc: &OsString) -> Option<PathBuf> {
    let folder =
        process::stdout_of(Command::new(rustc).args(["--print", "target-libdir", "--target", WASM])).ok()?;
    Some(PathBuf::from(folder.trim()))
}

fn is_new_enough(rustc: &OsString) -> bool {
    match (version(rustc), parse_version(env!("CARGO_PKG_RUST_VERSION"))) {
        (Some(has), Some(wants)) => has >= wants,
        _ => false,
    }
}

fn version(rustc: &OsString) -> Option<(u32, u32)> {
    let line = process::stdout_of(Command::new(rustc).arg("--version")).ok()?;
    parse_version(line.strip_prefix("rustc ")?)
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Builds the standard library from Debian's sources and puts it where its rustc looks for it.
fn build_std() -> Result<()> {
    let folder = library_folder(&DEBIAN_RUSTC.into())
        .context("Debian's rustc does not say where its libraries are")?;
    let (package, target) = (Path::new(CACHE).join("std"), Path::new(CACHE).join("std/target"));
    fs::create_dir_all(package.join("src"))?;
    // A workspace of its own, so that cargo does not take it for a member of this one.
    fs::write(
        package.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    fs::write(package.join("src/lib.rs"), "//! Empty: only the standard library below it is wanted.\n")?;
    process::check(
        cargo::cargo()
            .args(["build", "--quiet", "--release", "-Zbuild-std=std,panic_abort", "--target", WASM])
            .arg("--manifest-path")
            .arg(package.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .env("RUSTC", DEBIAN_RUSTC)
            // Debian's compiler is a stable one; building std is allowed only to unstable ones.
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    let built = rlibs(&target.join(WASM).join("release/deps"))?;
    if !apt::is_root() {
        let files: Vec<_> = built.iter().map(|file| file.display().to_string()).collect();
        bail!(
            "the wasm32 standard library is built but only root may install it. Run this and start again: sudo mkdir -p {0} && sudo cp {1} {0}",
            folder.display(),
            files.join(" ")
        );
    }
    // Replaced as a whole: an incomplete standard library would be found and fail in every build.
    let partial = folder.with_extension("partial");
    fs::create_dir_all(&partial)?;
    for file in &built {
        fs::copy(file, partial.join(file.file_name().unwrap_or_default()))?;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::rename(&partial, &folder).context("cannot install the wasm32 standard library")
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().is_some_and(|it| it == "rlib") && !starts_with(&file, "libempty-") {
            found.push(file);
        }
    }
    Ok(found)
}

fn starts_with(file: &Path, prefix: &str) -> bool {
    file.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_crate_is_no_part_of_the_standard_library() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["libcore-1.rlib", "libcore-1.rmeta", "libempty-2.rlib", "empty-2.d"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(rlibs(folder.path()).unwrap(), [folder.path().join("libcore-1.rlib")]);
    }

    #[test]
    fn versions_compare_by_number_not_by_text() {
        assert_eq!(parse_version("1.96.0 (ac68faa20 2026-05-25)"), Some((1, 96)));
        assert_eq!(parse_version("1.95"), Some((1, 95)));
        assert!(parse_version("1.100.0") > parse_version("1.96.0"));
        assert_eq!(parse_version("nightly"), None);
    }
}
