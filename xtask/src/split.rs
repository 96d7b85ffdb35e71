//! Cuts the module where functions are marked as parts to be loaded later.
//!
//! `wasm_split_cli_support` finds by the linker's relocations what only a part needs, and what only some parts share;
//! all else stays in the main module, which wasm-bindgen then reads like any other. Parts reach the others' functions
//! through the table of the main module, so each can be optimised by itself.
//!
//! What some parts share becomes a file for each set of parts: many, and most of them tiny. So it is cut twice: what was
//! in a tiny file the first time, or in one that [`FIRST`] needs too, is exported the second time, which keeps it, and
//! what it calls, in the main module. What is left of such a file is data alone, which is put there as it is. The other
//! shared files stay: what only later parts share must not make the first load larger.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use wasm_split_cli_support::{Options, SplitWasm, transform};
use wasmparser::{DataKind, KnownCustom, Name, Operator, Parser, Payload};

/// Where the main module imports from what loads the parts.
const LINK: &str = "./__wasm_split.js";

/// The pieces.
pub(crate) struct Pieces {
    /// The one that wasm-bindgen reads.
    pub(crate) main: Vec<u8>,
    /// All others.
    pub(crate) others: Vec<PathBuf>,
    /// The names of the files, without `.wasm`, that a part is made of.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
    /// What the main module is to hold beside its own data, and where.
    pub(crate) data: Vec<(u32, Vec<u8>)>,
    /// With debug assertions, the name of what shows that a part belongs to the main module.
    pub(crate) canary: Option<String>,
}

/// The name, but for a number, of what is only exported so that it is kept.
pub(crate) const KEPT: &str = "__kept_";
/// The part that most people load first: what it shares may as well be in the main module.
const FIRST: &str = "list";
/// Minimum size of a shared file: a smaller one is not worth a request.
const MIN_SHARED: usize = 2_000;
/// Two are usually enough.
const MAX_CUTS: usize = 5;

/// Cuts, and leaves the pieces in the folder. What parts share goes to the main module, or if it is to be quick into
/// files of its own.
pub(crate) fn split(wasm: &[u8], folder: &Path, quick: bool) -> Result<Pieces> {
    let main = folder.join("main.wasm");
    let mut shared = BTreeSet::new();
    let mut done = cut(wasm, folder, &main)?;
    // What moves may bring other sets together.
    for _ in 0..if quick { 0 } else { MAX_CUTS } {
        let mut found = false;
        for file in done.split_modules.iter().filter(|file| is_shared(file)) {
            let piece = fs::read(file)?;
            let of_first = done.prefetch_map.get(FIRST).is_some_and(|files| files.contains(&stem(file)));
            if !of_first && code_size(&piece)? >= MIN_SHARED {
                continue;
            }
            for name in functions(&piece)?.into_values() {
                found |= shared.insert(name.to_owned());
            }
        }
        if !found {
            break;
        }
        fs::remove_dir_all(folder)?;
        done = cut(&keeping(wasm, &shared)?, folder, &main)?;
    }
    let bytes = fs::read(&main)?;
    fs::remove_file(main)?;
    // Our own script does what this one would.
    let script = fs::read_to_string(folder.join(LINK))?;
    let canary = script.split_once(": ~0xdead").and_then(|(before, _)| before.rsplit(' ').next());
    let canary = canary.map(str::to_owned);
    fs::remove_file(folder.join(LINK))?;
    let mut needs: BTreeMap<_, Vec<String>> = done.prefetch_map.into_iter().collect();
    let (mut others, mut data) = (Vec::new(), Vec::new());
    for file in done.split_modules {
        let piece = fs::read(&file)?;
        let names = functions(&piece)?;
        let stem = stem(&file);
        // What calls others is there even if only data refers to these.
        if quick || !is_shared(&file) || !names.values().all(|name| name.ends_with(" indirect_call_shim")) {
            others.push(file);
            continue;
        }
        for payload in Parser::new(0).parse_all(&piece) {
            let Payload::DataSection(segments) = payload? else { continue };
            for segment in segments {
                let segment = segment?;
                let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
                if let Operator::I32Const { value } = offset_expr.get_operators_reader().read()?
                    && !segment.data.is_empty()
                {
                    data.push((value.cast_unsigned(), segment.data.to_vec()));
                }
            }
        }
        fs::remove_file(&file)?;
        for files in needs.values_mut() {
            files.retain(|file| *file != stem);
        }
    }
    Ok(Pieces { main: bytes, others, needs, data, canary })
}

fn stem(file: &Path) -> String {
    file.file_stem().and_then(|it| it.to_str()).unwrap_or_default().to_owned()
}

fn is_shared(file: &Path) -> bool {
    stem(file).starts_with("chunk_")
}

/// The size of all functions.
fn code_size(wasm: &[u8]) -> Result<usize> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionStart { size, .. } = payload? {
            return Ok(size as usize);
        }
    }
    Ok(0)
}

fn cut(wasm: &[u8], folder: &Path, main: &Path) -> Result<SplitWasm> {
    fs::create_dir_all(folder)?;
    let mut options = Options::new(wasm);
    options.output_dir = folder;
    options.main_out_path = main;
    options.link_name = LINK;
    transform(options).map_err(|error| anyhow!("the wasm cannot be split: {error:#}"))
}

/// The names of a module's functions by their number.
fn functions(wasm: &[u8]) -> Result<BTreeMap<u32, &str>> {
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CustomSection(section) = payload? else { continue };
        let KnownCustom::Name(subsections) = section.as_known() else { continue };
        for subsection in subsections {
            // What is only named here may be of a form that this reader doesn't know.
            let Ok(Name::Function(map)) = subsection else { continue };
            for naming in map {
                let naming = naming?;
                names.insert(naming.index, naming.name);
            }
        }
    }
    Ok(names)
}

/// The module with functions of these names exported.
fn keeping(wasm: &[u8], wanted: &BTreeSet<String>) -> Result<Vec<u8>> {
    let names = functions(wasm)?;
    let kept = names.into_iter().filter(|(_, name)| wanted.contains(*name)).map(|(index, _)| index);
    let mut start = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        let Some((_, range)) = payload.as_section() else { continue };
        let end = usize::try_from(range.end)?;
        if let Payload::ExportSection(reader) = payload {
            let mut section = wasm_encoder::ExportSection::new();
            for export in reader {
                let export = export?;
                section.export(export.name, export.kind.into(), export.index);
            }
            for (number, index) in kept.enumerate() {
                section.export(&format!("{KEPT}{number}"), wasm_encoder::ExportKind::Func, index);
            }
            let mut bytes = Vec::new();
            wasm_encoder::Section::append_to(&section, &mut bytes);
            let mut module = wasm.to_vec();
            module.splice(start..end, bytes);
            return Ok(module);
        }
        start = end;
    }
    Err(anyhow!("the wasm exports nothing"))
}

/// wasm-bindgen's script with what loads the parts, instead of an import of it from a second script.
pub(crate) fn with_loader(
    script: &str,
    needs: &BTreeMap<String, Vec<String>>,
    canary: Option<&str>,
) -> Result<String> {
    let imported = format!(" from \"{LINK}\"");
    let used = format!("\"{LINK}\": import");
    let mut linked = false;
    let mut done = String::new();
    for line in script.lines() {
        if line.starts_with("import * as ") && line.trim_end_matches(';').ends_with(&imported) {
            continue;
        }
        if line.trim_start().starts_with(&used) {
            if !linked {
                writeln!(done, "        \"{LINK}\": loaders,")?;
            }
            linked = true;
            continue;
        }
        done.push_str(line);
        done.push('\n');
    }
    if needs.is_empty() {
        return Ok(done);
    }
    linked.then_some(()).context("wasm-bindgen's script has changed its form")?;
    let shared = canary.map_or_else(|| "wasm".to_owned(), |name| format!("{{ ...wasm, {name}: ~0xdead }}"));
    done.push_str(&LOADER.replace("SHARED", &shared));
    done.push_str("const loaders = {\n");
    for (part, files) in needs {
        let files: Vec<_> = files.iter().map(|file| format!("{file}.wasm")).collect();
        writeln!(done, "__wasm_split_load_{part}: loader({files:?}),")?;
    }
    done.push_str("};\n");
    Ok(done)
}

/// `fetched` begins to load and compile a file, `placed` puts it beside the main module, each once. One that failed is
/// tried again the next time. A part tells the wasm that waits for it how it went.
const LOADER: &str = r"
const once = (make, made = {}) => file => made[file] ??= make(file).catch(error => { delete made[file]; throw error; });
const fetched = once(file => WebAssembly.compileStreaming(fetch(new URL(file, import.meta.url))));
const placed = once(async file => WebAssembly.instantiate(await fetched(file), { __wasm_split: SHARED }));
export const expect = files => files.forEach(file => fetched(file).catch(() => {}));
const loader = files => async (callback, data) => {
    expect(files);
    const done = await Promise.all(files.map(placed)).then(() => true, error => (console.error(error), false));
    wasm.__indirect_function_table.get(callback)(data, done);
};
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_loads_parts_by_itself() {
        let script = "import * as import1 from \"./__wasm_split.js\"\nimport * as import2 from \"./__wasm_split.js\"\n\
                      return {\n        \"./__wasm_split.js\": import1,\n        \"./__wasm_split.js\": import2,\n};\n";
        let needs = BTreeMap::from([("a".to_owned(), vec!["chunk_1".to_owned(), "split_a".to_owned()])]);
        let linked = with_loader(script, &needs, None).unwrap();
        assert!(
            !linked.contains("import *") && linked.contains("        \"./__wasm_split.js\": loaders,\n};")
        );
        assert!(linked.contains("__wasm_split_load_a: loader([\"chunk_1.wasm\", \"split_a.wasm\"]),"));
        assert!(with_loader("", &needs, None).is_err());
        assert_eq!(with_loader("x\n", &BTreeMap::new(), None).unwrap(), "x\n");
    }
}
