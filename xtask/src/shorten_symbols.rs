//! Shorter names for what the wasm and its script exchange.
//!
//! wasm-bindgen ends nearly every name with sixteen hexadecimal digits, so that two versions of a crate can stand beside
//! each other. In one module they only have to differ from each other, and digits are what a compressor can't shorten:
//! they are a fourth of the script, and two kilobytes of the wasm.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, anyhow};
use walrus::ir::Value;
use walrus::{ConstExpr, DataKind, Export, ModuleConfig};

use crate::split::KEPT;

/// Of such an end.
const DIGITS: usize = 16;

/// The module and its script with such names shortened in both; the module with more data, and where it stands.
pub(crate) fn shorten_symbols(
    wasm: &[u8],
    script: &str,
    data: Vec<(u32, Vec<u8>)>,
) -> Result<(Vec<u8>, String)> {
    let mut module = ModuleConfig::new()
        .strict_validate(false)
        .generate_producers_section(false)
        .parse(wasm)
        .map_err(|error| anyhow!("the wasm cannot be read: {error:#}"))?;
    for (at, bytes) in data {
        let memory = module.get_memory_id().map_err(|error| anyhow!("the wasm has no memory: {error:#}"))?;
        let offset = ConstExpr::Value(Value::I32(at.cast_signed()));
        module.data.add(DataKind::Active { memory, offset }, bytes);
    }
    let kept: Vec<_> = module.exports.iter().filter(|of| of.name.starts_with(KEPT)).map(Export::id).collect();
    for id in kept {
        module.exports.delete(id);
    }
    let imports = module.imports.iter().map(|import| import.name.clone());
    let short = short_names(imports.chain(module.exports.iter().map(|export| export.name.clone())).collect());
    for import in module.imports.iter_mut() {
        if let Some(name) = short.get(&import.name) {
            import.name.clone_from(name);
        }
    }
    for export in module.exports.iter_mut() {
        if let Some(name) = short.get(&export.name) {
            export.name.clone_from(name);
        }
    }
    Ok((module.emit_wasm(), with_names(script, &short)))
}

/// The script with other names; each as a whole, since one may begin like another.
fn with_names(script: &str, names: &BTreeMap<String, String>) -> String {
    let is_in_name = |of: char| of.is_ascii_alphanumeric() || matches!(of, '_' | '$');
    let mut done = String::with_capacity(script.len());
    let mut rest = script;
    while !rest.is_empty() {
        let (name, after) = rest.split_at(rest.find(|of| !is_in_name(of)).unwrap_or(rest.len()));
        let (between, after) = after.split_at(after.find(is_in_name).unwrap_or(after.len()));
        done.push_str(names.get(name).map_or(name, String::as_str));
        done.push_str(between);
        rest = after;
    }
    done
}

/// Those that can be shorter, with what they are then: without their digits, and with a number where others are called so.
fn short_names(names: BTreeSet<String>) -> BTreeMap<String, String> {
    let (long, mut taken): (BTreeSet<_>, BTreeSet<_>) =
        names.into_iter().partition(|name| without_digits(name).is_some());
    let mut short = BTreeMap::new();
    for name in long {
        let Some(stem) = without_digits(&name) else { continue };
        let numbered = (1..).map(|number| format!("{stem}_{number}"));
        let found = std::iter::once(stem.to_owned()).chain(numbered).find(|of| !taken.contains(of));
        if let Some(found) = found {
            taken.insert(found.clone());
            short.insert(name, found);
        }
    }
    short
}

fn without_digits(name: &str) -> Option<&str> {
    // One function may have several, with a number at the end.
    let name = match name.rsplit_once('_') {
        Some((name, number)) if number.len() < 4 && number.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    };
    let (stem, digits) = name.split_at_checked(name.len().checked_sub(DIGITS)?)?;
    let stem = stem.strip_suffix('h').unwrap_or(stem).strip_suffix('_')?;
    let is_hash = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    (is_hash && !stem.is_empty()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, Module};

    use super::*;

    #[test]
    fn names_stay_different_and_the_same_on_both_sides() {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[]);
        for name in ["__wbg_new_0123456789abcdef", "__wbg_new_fedcba9876543210", "__wbg_new"] {
            module.add_import_func("./countersign_bg.js", name, ty);
        }
        let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
        builder.func_body();
        let call = builder.finish(vec![], &mut module.funcs);
        module.exports.add("invoke__h00112233445566ff", call);
        module.exports.add("invoke__h00112233445566ff_1", call);
        let script = "__wbg_new_0123456789abcdef: f, __wbg_new_fedcba9876543210: g, __wbg_new: h\n\
                      wasm.invoke__h00112233445566ff_1(wasm.invoke__h00112233445566ff());";
        let (wasm, script) = shorten_symbols(&module.emit_wasm(), script, Vec::new()).unwrap();
        assert_eq!(script, "__wbg_new_1: f, __wbg_new_2: g, __wbg_new: h\nwasm.invoke__1(wasm.invoke_());");
        let module = Module::from_buffer(&wasm).unwrap();
        let imports: Vec<_> = module.imports.iter().map(|import| import.name.as_str()).collect();
        assert_eq!(imports, ["__wbg_new_1", "__wbg_new_2", "__wbg_new"]);
        let exports: Vec<_> = module.exports.iter().map(|export| export.name.as_str()).collect();
        assert_eq!(exports, ["invoke_", "invoke__1"]);
    }

    #[test]
    fn only_digits_at_the_end_are_left_out() {
        let table = [
            ("__wbg_new_0123456789abcdef", Some("__wbg_new")),
            ("convert__invoke__h0123456789abcdef", Some("convert__invoke_")),
            ("memory", None),
            ("__wbg_new_0123456789abcdeg", None),
            ("__wbg_new0123456789abcdef", None),
            ("_0123456789abcdef", None),
            ("new_0123456789abcdef_14", Some("new")),
            ("new_0123456789abcdef_shim", None),
        ];
        for (name, short) in table {
            assert_eq!(without_digits(name), short, "{name}");
        }
    }
}
