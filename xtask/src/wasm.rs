//! The browser's half: cargo, wasm-bindgen and wasm-opt, each only when its input has changed.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    cargo, compress, files,
    node::WasmOpt,
    process,
    shorten_symbols::shorten_symbols,
    split::{split, with_loader},
    step::{self, size},
    strip_unused::strip_unused,
    toolchain::{WASM, WasmRustc},
    workspace::CACHE,
};

/// To be raised whenever [`bind`] makes something else from the same input.
const RECIPE: u32 = 20;

/// What the browser's half is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// Small: to be served and tested.
    Release,
    /// Quick to build, with names in its stack traces.
    Dev,
}

/// The modules and the script that starts them.
pub(crate) struct Glue {
    /// Holds `countersign.js`, `countersign.wasm`, `needs.json`, `parts/` and perhaps `snippets/`.
    pub(crate) folder: PathBuf,
}

impl Glue {
    /// The main module.
    pub(crate) fn wasm(&self) -> Result<Vec<u8>> {
        fs::read(self.folder.join("countersign.wasm")).context("the wasm cannot be read")
    }

    /// The script.
    pub(crate) fn js(&self) -> Result<Vec<u8>> {
        fs::read(self.folder.join("countersign.js")).context("the script that starts the wasm cannot be read")
    }

    /// What is loaded later, by its name in the script.
    pub(crate) fn parts(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let folder = self.folder.join(PARTS);
        let mut files = files::files_below(&folder)?;
        files.sort();
        files
            .into_iter()
            .map(|file| {
                let name =
                    file.file_stem().and_then(|it| it.to_str()).context("a part's name is not UTF-8")?;
                Ok((name.to_owned(), fs::read(&file)?))
            })
            .collect()
    }

    /// How many bytes a page downloads, compressed.
    pub(crate) fn weigh(&self) -> Result<Weights> {
        let weigh = |bytes: &[u8]| Ok::<_, anyhow::Error>(compress::pack(bytes)?.brotli.len());
        let mut sizes = BTreeMap::new();
        for (name, wasm) in self.parts()? {
            sizes.insert(name, weigh(&wasm)?);
        }
        let sum = |files: Vec<String>| files.iter().filter_map(|file| sizes.get(file)).sum();
        let modules = self.needs()?.into_iter().map(|(module, files)| (module, sum(files))).collect();
        Ok(Weights { main: weigh(&self.wasm()?)?, modules })
    }

    /// The files that each part is made of.
    pub(crate) fn needs(&self) -> Result<BTreeMap<String, Vec<String>>> {
        Ok(serde_json::from_slice(&fs::read(self.folder.join("needs.json"))?)?)
    }
}

const PARTS: &str = "parts";

/// Bytes as brotli.
pub(crate) struct Weights {
    /// What every page needs.
    pub(crate) main: usize,
    /// What is loaded when it is needed, by the names that the areas give.
    pub(crate) modules: BTreeMap<String, usize>,
}

/// What an output was made from: it is still good while this is the same.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    recipe: u32,
    input: String,
    optimiser: Option<String>,
}

/// Builds what has changed.
pub(crate) fn build(rustc: &WasmRustc, flavour: Flavour, wasm_opt: Option<&WasmOpt>) -> Result<Glue> {
    step::step("wasm", || {
        let module = compile(rustc, flavour)?;
        let input = fs::read(&module)?;
        let folder = Path::new(CACHE).join(match flavour {
            Flavour::Release => "wasm-release",
            Flavour::Dev => "wasm-dev",
        });
        let stamp = Stamp {
            recipe: RECIPE,
            input: files::sha256(&input),
            optimiser: wasm_opt.map(|it| it.version.clone()),
        };
        let unchanged = is_current(&folder, &stamp);
        if !unchanged {
            bind(&module, &folder, flavour, wasm_opt)?;
            files::replace(&folder.join("stamp.json"), &serde_json::to_vec(&stamp)?)?;
        }
        let glue = Glue { folder };
        let verb = if unchanged { "unchanged" } else { "built" };
        let wasm = glue.wasm()?;
        let what = match flavour {
            Flavour::Release => {
                let Weights { main, modules } = glue.weigh()?;
                let mut what = format!("{verb} {} -> {} br", size(wasm.len()), size(main));
                for (module, bytes) in modules {
                    what.push_str("; ");
                    what.push_str(&module);
                    what.push(' ');
                    what.push_str(&size(bytes));
                }
                what
            }
            Flavour::Dev => format!("{verb} {}", size(wasm.len())),
        };
        Ok((glue, what))
    })
}

fn compile(rustc: &WasmRustc, flavour: Flavour) -> Result<PathBuf> {
    let mut command = cargo::cargo();
    // A target folder of its own: its build scripts may come from another rustc than the server's, and
    // sharing one folder would make the two recompile each other's for ever.
    command.args([
        "build",
        "--package",
        "frontend",
        "--lib",
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
    command.arg("--config").arg(flags());
    let built = cargo::artifacts(&mut command)?;
    let module = built
        .iter()
        .find_map(|built| built.wasm("frontend"))
        .context("cargo built the frontend but named no wasm")?;
    Ok(module.to_owned())
}

/// The linker writes down what refers to what, by which the module can be cut. Panics name the file that they come from: without the folder where this machine keeps its crates, so that the wasm
/// is the same wherever it is built, and smaller.
fn flags() -> String {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let folders = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut flags: Vec<_> =
        folders.map(|folder| format!("--remap-path-prefix={}/=", folder.path().display())).collect();
    flags.sort();
    flags.push("-Clink-arg=--emit-relocs".to_owned());
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
    let wasm = if flavour == Flavour::Release { strip_unused(&wasm)? } else { wasm };
    let parts = folder.join(PARTS);
    let pieces = split(&wasm, &parts, flavour == Flavour::Dev)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes("countersign", pieces.main)
        .out_name("countersign")
        .typescript(false)
        // The page names the module, whose name has a hash; the script must not.
        .omit_default_module_path(true)
        // The parts need the memory and the table.
        .keep_lld_exports(true)
        .remove_name_section(flavour == Flavour::Release && wasm_opt.is_none())
        .remove_producers_section(true);
    bindgen.web(true).map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    bindgen.generate(folder).map_err(|error| anyhow!("wasm-bindgen: {error:#}"))?;
    fs::write(folder.join("needs.json"), serde_json::to_vec(&pieces.needs)?)?;
    let (bound, done) = (folder.join("countersign_bg.wasm"), folder.join("countersign.wasm"));
    let script = folder.join("countersign.js");
    let mut text = with_loader(&fs::read_to_string(&script)?, &pieces.needs, pieces.canary.as_deref())?;
    if flavour == Flavour::Release {
        let wasm;
        (wasm, text) = shorten_symbols(&fs::read(&bound)?, &text, pieces.data)?;
        fs::write(&bound, wasm)?;
    }
    fs::write(script, text)?;
    fs::rename(bound, &done)?;
    let Some(wasm_opt) = wasm_opt else { return Ok(()) };
    let mut all = pieces.others;
    all.insert(0, done);
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let work = || {
            loop {
                let Some(module) = all.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) else {
                    return Ok(());
                };
                optimise(wasm_opt, module)?;
            }
        };
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow!("a thread panicked"))?)
    })
}

/// In place. The pieces are optimised one by one: no pass changes the table, by which they reach each other.
fn optimise(wasm_opt: &WasmOpt, module: &Path) -> Result<()> {
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
            .arg(module)
            .arg("-o")
            .arg(module),
    )?;
    Ok(())
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
