//! Takes code out of the wasm that the compiler can't know to be unused.
//!
//! - Every erased view carries a second way to hydrate, asynchronously, which serves routes whose code is loaded later.
//!   We have none: the page is hydrated in one go, from `hydrate_body`.
//! - The client of server functions can stream bodies, by classes that it exports to JavaScript. None of ours does.
//! - The JSON reader can say which float it found where none belongs. No answer holds one, and the page shows none.
//!
//! The first two stop the page if they are called after all, and every browser test with it; a float is left blank.
//!
//! A panic says in which file it was, without line and column: of a thousand places in which there could be one, nearly
//! none is ever reached, and numbers are what a compressor can do least about.

use anyhow::{Result, anyhow};
use rustc_demangle::demangle;
use walrus::ir::Value;
use walrus::{
    ConstExpr, Data, DataKind, FunctionBuilder, FunctionKind, LocalFunction, Module, ModuleConfig, TypeId,
    ValType,
};

/// Bytes.
const WORD: usize = 4;
/// No file has more.
const MOST_LINES: usize = 100_000;

/// What stands in place of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stub {
    /// Stops.
    Unreachable,
    /// Answers `Ok(())` as formatters do.
    Nothing,
}

/// The module without the bodies of what is unused, which its name section tells.
pub(crate) fn snip(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new()
        // As wasm-bindgen reads it: what the linker wrote is well-formed, and not everything in it is standard yet.
        .strict_validate(false)
        .parse(wasm)
        .map_err(|error| anyhow!("the wasm cannot be read: {error:#}"))?;
    let unused: Vec<_> = module
        .funcs
        .iter_local()
        .filter_map(|(id, local)| {
            let stub = module.funcs.get(id).name.as_deref().and_then(stub)?;
            Some((id, local.ty(), stub))
        })
        .collect();
    for (id, ty, stub) in unused {
        let body = body(&mut module, ty, stub);
        module.funcs.get_mut(id).kind = FunctionKind::Local(body);
    }
    let data: Vec<_> = module.data.iter().map(Data::id).collect();
    for id in data {
        let data = module.data.get_mut(id);
        if let DataKind::Active { offset: ConstExpr::Value(Value::I32(start)), .. } = data.kind {
            forget_lines(&mut data.value, start.cast_unsigned() as usize);
        }
    }
    Ok(module.emit_wasm())
}

/// Clears line and column of each `core::panic::Location` in what stands in memory from `start` on: four words, the
/// address of a file's name, its length, line and column.
fn forget_lines(memory: &mut [u8], start: usize) {
    let mut at = start.next_multiple_of(WORD) - start;
    while at + 4 * WORD <= memory.len() {
        let word = |index: usize| {
            let word = memory[at + index * WORD..][..WORD].try_into().map(u32::from_le_bytes);
            word.map_or(0, |word| word as usize)
        };
        let name = word(0).checked_sub(start).and_then(|from| memory.get(from..from.checked_add(word(1))?));
        let is_location = name.is_some_and(is_source) && (1..MOST_LINES).contains(&word(2)) && word(3) > 0;
        if is_location {
            memory[at + 2 * WORD..][..2 * WORD].fill(0);
            at += 3 * WORD;
        }
        at += WORD;
    }
}

/// The path of a source file, and nothing before or after it.
fn is_source(name: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    name.len() > 3 && name.len() < 200 && name.ends_with(b".rs") && name.iter().all(plain)
}

fn body(module: &mut Module, ty: TypeId, stub: Stub) -> LocalFunction {
    let ty = module.types.get(ty);
    let (params, results) = (ty.params().to_vec(), ty.results().to_vec());
    let args = params.iter().map(|param| module.locals.add(*param)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    match (stub, results.as_slice()) {
        (Stub::Nothing, [ValType::I32]) => builder.func_body().const_(Value::I32(0)),
        _ => builder.func_body().unreachable(),
    };
    builder.local_func(args)
}

/// Only what can be nothing else: the compiler keeps one of two functions that came out alike, under either name. The
/// futures of asynchronous hydration are like nothing but each other; what they call, and what drops them, is not.
fn stub(symbol: &str) -> Option<Stub> {
    let name = format!("{:#}", demangle(symbol));
    let streams = name.starts_with("intounderlying");
    let hydrates_later =
        name.ends_with("::into_any::hydrate_async") || name.ends_with("::hydrate_async::{{closure}}");
    let shows_a_float = name.starts_with("core::fmt::float::float_to_");
    match (streams || hydrates_later, shows_a_float) {
        (true, _) => Some(Stub::Unreachable),
        (false, true) => Some(Stub::Nothing),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_unused_is_taken_out() {
        let later = "_ZN6tachys4view13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$";
        let cases = [
            (
                "_ZN6tachys4view8any_view7IntoAny8into_any13hydrate_async17h0123456789abcdefE".to_owned(),
                Some(Stub::Unreachable),
            ),
            (format!("{later}17h0123456789abcdefE"), Some(Stub::Unreachable)),
            (format!("{later}28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE"), None),
            ("_ZN6tachys4view8any_view19hydrate_from_server17h0123456789abcdefE".to_owned(), None),
            ("_ZN4core3ptr52drop_in_place$LT$tachys..hydrate_async$GT$17h0123456789abcdefE".to_owned(), None),
            ("intounderlyingsink_write_58a9338f50bce61c".to_owned(), Some(Stub::Unreachable)),
            ("__wbg_intounderlyingsink_free_58a9338f50bce61c".to_owned(), None),
            (
                "_RINvNtNtCsgXGp5Oqx2Ny_4core3fmt5float29float_to_decimal_common_exactdEB6_".to_owned(),
                Some(Stub::Nothing),
            ),
            ("hydrate".to_owned(), None),
        ];
        for (symbol, expected) in cases {
            assert_eq!(stub(&symbol), expected, "{symbol}");
        }
    }

    #[test]
    fn lines_are_forgotten_and_nothing_else() {
        const START: usize = 1026;
        let words = |words: [u32; 4]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
        let name = b"app/src/ui/place.rs";
        let here = u32::try_from(START).unwrap();
        let length = u32::try_from(name.len()).unwrap();
        let records = [
            // A place; the same without a line; another length, which ends elsewhere; a name that is not here.
            ([here, length, 12, 5], true),
            ([here, length, 0, 5], false),
            ([here, length - 1, 12, 5], false),
            ([here + 4_000, length, 12, 5], false),
            ([here + 4, length - 4, 7, 9], true),
        ];
        let mut memory = name.to_vec();
        memory.resize((START + name.len()).next_multiple_of(WORD) - START, 0);
        let (mut expected, before) = (memory.clone(), memory.len());
        for (record, is_location) in records {
            let [name, length, line, column] = record;
            memory.extend(words(record));
            expected.extend(words(if is_location {
                [name, length, 0, 0]
            } else {
                [name, length, line, column]
            }));
        }
        forget_lines(&mut memory, START);
        assert_eq!(memory[before..], expected[before..]);
        assert_eq!(memory[..before], expected[..before]);
    }
}
