//! The browser's half: cargo, wasm-bindgen and wasm-opt, each only when its input has changed.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    cargo, compress,
    names::shorten,
    node::WasmOpt,
    process, site,
    snip::snip,
    step::{self, size},
    toolchain::{WASM, WasmRustc},
    workspace::CACHE,
};

/// To be raised whenever [`bind`] makes something else from the same input.
const RECIPE: u32 = 10;

/// What the browser's half is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Small: to be served and tested.
    Release,
    /// Quick to build, with names in its stack traces.
    Dev,
}

/// The parts in which it is built, each by the feature of that name.
const BUNDLES: [&str; 2] = ["board", "pages"];

/// The module and the script that starts it, as wasm-bindgen makes them.
pub(crate) struct Glue {
    /// Which part it is.
    pub(crate) bundle: &'static str,
    /// Holds `countersign.js`, `countersign.wasm` and perhaps `snippets/`.
    pub(crate) folder: PathBuf,
}

impl Glue {
    /// The module.
    pub(crate) fn wasm(&self) -> Result<Vec<u8>> {
        fs::read(self.folder.join("countersign.wasm")).context("the wasm cannot be read")
    }

    /// The script.
    pub(crate) fn js(&self) -> Result<Vec<u8>> {
        fs::read(self.folder.join("countersign.js")).context("the script that starts the wasm cannot be read")
    }
}

/// What an output was made from: it is still good while this is the same.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    recipe: u32,
    input: String,
    optimiser: Option<String>,
}

/// Builds what has changed.
pub(crate) fn build(rustc: &WasmRustc, flavour: Flavour, wasm_opt: Option<&WasmOpt>) -> Result<Vec<Glue>> {
    BUNDLES.iter().map(|bundle| part(bundle, rustc, flavour, wasm_opt)).collect()
}

fn part(
    bundle: &'static str,
    rustc: &WasmRustc,
    flavour: Flavour,
    wasm_opt: Option<&WasmOpt>,
) -> Result<Glue> {
    step::step(bundle, || {
        let module = compile(bundle, rustc, flavour)?;
        let input = fs::read(&module)?;
        let folder = Path::new(CACHE).join(bundle).join(match flavour {
            Flavour::Release => "wasm-release",
            Flavour::Dev => "wasm-dev",
        });
        let stamp = Stamp {
            recipe: RECIPE,
            input: site::sha256(&input),
            optimiser: wasm_opt.map(|it| it.version.clone()),
        };
        let unchanged = is_current(&folder, &stamp);
        if !unchanged {
            bind(&module, &folder, flavour, wasm_opt)?;
            site::replace(&folder.join("stamp.json"), &serde_json::to_vec(&stamp)?)?;
        }
        let glue = Glue { bundle, folder };
        let verb = if unchanged { "unchanged" } else { "built" };
        let wasm = glue.wasm()?;
        let what = match flavour {
            Flavour::Release => {
                let packed = compress::pack(&wasm)?;
                format!("{verb} {} -> {} br", size(wasm.len()), size(packed.brotli.len()))
            }
            Flavour::Dev => format!("{verb} {}", size(wasm.len())),
        };
        Ok((glue, what))
    })
}

fn compile(bundle: &str, rustc: &WasmRustc, flavour: Flavour) -> Result<PathBuf> {
    let mut command = cargo::cargo();
    // A target folder of its own: its build scripts may come from another rustc than the server's, and
    // sharing one folder would make the two recompile each other's for ever.
    command.args([
        "build",
        "--package",
        "frontend",
        "--lib",
        "--features",
        bundle,
        "--target",
        WASM,
        "--target-dir",
        "target/wasm",
    ]);
    command.args([
        "--profile",
        match flavour {
            Flavour::Release => "wasm-release",
            Flavour::Dev => "dev",
        },
    ]);
    if let Some(rustc) = &rustc.other {
        command.env("RUSTC", rustc);
    }
    command.arg("--config").arg(short_paths());
    let built = cargo::artifacts(&mut command)?;
    let module = built
        .iter()
        .find_map(|built| built.wasm("frontend"))
        .context("cargo built the frontend but named no wasm")?;
    Ok(module.to_owned())
}

/// Panics name the file that they come from: without the folder where this machine keeps its crates, so that the wasm
/// is the same wherever it is built, and smaller.
fn short_paths() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let folders = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut flags: Vec<_> =
        folders.map(|folder| format!("--remap-path-prefix={}/=", folder.path().display())).collect();
    flags.sort();
    format!("build.rustflags={flags:?}")
}

fn is_current(folder: &Path, stamp: &Stamp) -> bool {
    let found =
        fs::read(folder.join("stamp.json")).ok().and_then(|json| serde_json::from_slice::<Stamp>(&json).ok());
    found.as_ref() == Some(stamp)
}

fn bind(module: &Path, folder: &Path, flavour: Flavour, wasm_opt: Option<&WasmOpt>) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let wasm = fs::read(module)?;
    let wasm = if flavour == Flavour::Release { snip(&wasm)? } else { wasm };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("countersign", wasm)
        .out_name("countersign")
        .typescript(false)
        // The page names the module, whose name has a hash; the script must not.
        .omit_default_module_path(true)
        .remove_name_section(flavour == Flavour::Release && wasm_opt.is_none())
        .remove_producers_section(true);
    bindgen.web(true).map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    bindgen.generate(folder).map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    let (bound, done) = (folder.join("countersign_bg.wasm"), folder.join("countersign.wasm"));
    if flavour == Flavour::Release {
        let script = folder.join("countersign.js");
        let (wasm, text) = shorten(&fs::read(&bound)?, &fs::read_to_string(&script)?)?;
        fs::write(&bound, wasm)?;
        fs::write(script, text)?;
    }
    let Some(wasm_opt) = wasm_opt else {
        return fs::rename(bound, done).context("the wasm cannot be renamed");
    };
    // Each feature by name: with all of them it emits what browsers do not read yet.
    process::check(
        Command::new(&wasm_opt.program)
            // Again and again, since each time makes new work for the next. By name,
            // functions stand beside others that were made from the same source: it
            // costs brotli less than any other order that was tried, and less depends
            // on the folder in which it is built. The lowest 1,024 bytes are the
            // far end of the stack, where nothing is ever kept. Zeros among the data
            // stay: as brotli they cost less than the ends of the pieces into which
            // the data would be cut around them.
            .args([
                "-Oz",
                "--merge-similar-functions",
                "-Oz",
                "-Oz",
                "--reorder-functions-by-name",
                "--skip-pass=memory-packing",
                "--low-memory-unused",
                "--enable-bulk-memory",
                "--enable-nontrapping-float-to-int",
                "--enable-sign-ext",
            ])
            .args(["--enable-mutable-globals", "--enable-reference-types", "--enable-multivalue"])
            .arg(&bound)
            .arg("-o")
            .arg(&done),
    )?;
    fs::remove_file(bound).context("the wasm before optimising cannot be removed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(optimiser: Option<&str>) -> Stamp {
        Stamp { recipe: RECIPE, input: "ab".into(), optimiser: optimiser.map(Into::into) }
    }

    #[test]
    fn an_output_is_stale_once_input_or_optimiser_differ() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_current(folder.path(), &stamp(None)), "nothing was made yet");
        fs::write(folder.path().join("stamp.json"), serde_json::to_vec(&stamp(Some("132"))).unwrap())
            .unwrap();
        assert!(is_current(folder.path(), &stamp(Some("132"))));
        assert!(!is_current(folder.path(), &stamp(Some("133"))));
        assert!(!is_current(folder.path(), &stamp(None)));
        assert!(!is_current(folder.path(), &Stamp { input: "cd".into(), ..stamp(Some("132")) }));
    }
}
