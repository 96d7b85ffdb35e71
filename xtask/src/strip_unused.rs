//! Takes code out of the wasm that the compiler can't know to be unused.
//!
//! - Every erased view carries a second way to hydrate, asynchronously, which serves routes whose code is loaded later.
//!   We have none: the page is hydrated in one go, from `hydrate_body`.
//! - The client of server functions can stream bodies, by classes that it exports to JavaScript. None of ours does.
//! - The JSON reader can say which float it found where none belongs. No answer holds one, and the page shows none.
//!
//! The first two stop the page if they are called after all, and every browser test with it; a float is left blank.
//!
//! All is done in place: what the linker wrote of relocations, by which `split` finds out what needs what, counts bytes.

use std::ops::Range;

use anyhow::{Context, Result};
use rustc_demangle::demangle;
use wasmparser::{KnownCustom, Name, Parser, Payload, RelocAddendKind, RelocSectionReader, TypeRef};

/// What stands in place of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stub {
    /// Stops.
    Unreachable,
    /// Answers `Ok(())` as formatters do.
    Nothing,
}

/// The module without the bodies of what is unused, which its name section tells.
pub(crate) fn strip_unused(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut bodies: Vec<Range<usize>> = Vec::new();
    let mut unused: Vec<(usize, Stub)> = Vec::new();
    // Where the section stands, with its name, and where what it relocates begins.
    let mut relocations: Option<(Range<usize>, RelocSectionReader<'_>)> = None;
    let (mut imports, mut code) = (0, 0);
    let mut start = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::ImportSection(reader) = &payload {
            for import in reader.clone().into_imports() {
                imports += usize::from(matches!(import?.ty, TypeRef::Func(_)));
            }
        }
        let end = match payload.as_section() {
            Some((_, range)) => usize::try_from(range.end)?,
            None => start,
        };
        match payload {
            Payload::CodeSectionStart { range, .. } => code = usize::try_from(range.start)?,
            Payload::CodeSectionEntry(body) => {
                let range = body.range();
                bodies.push(usize::try_from(range.start)?..usize::try_from(range.end)?);
            }
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => {
                    for name in names {
                        let Name::Function(functions) = name? else { continue };
                        for function in functions {
                            let function = function?;
                            unused.extend(stub(function.name).map(|stub| (function.index as usize, stub)));
                        }
                    }
                }
                KnownCustom::Reloc(reader) if section.name() == "reloc.CODE" => {
                    relocations = Some((start..end, reader));
                }
                _ => {}
            },
            _ => {}
        }
        start = end.max(start);
    }
    let mut module = wasm.to_vec();
    let mut emptied = Vec::new();
    for (index, stub) in unused {
        let Some(body) = index.checked_sub(imports).and_then(|index| bodies.get(index)) else { continue };
        empty(&mut module[body.clone()], stub);
        emptied.push(body.start - code..body.end - code);
    }
    let Some((section, reader)) = relocations else { return Ok(module) };
    emptied.sort_by_key(|range| range.start);
    let without = without_relocations(reader, &emptied)?;
    module.splice(section, without);
    Ok(module)
}

/// As many bytes as before, which do nothing.
fn empty(body: &mut [u8], stub: Stub) {
    let [no_locals, unreachable, nop, i32_const, end] = [0, 0, 1, 0x41, 0x0b];
    body.fill(nop);
    body[0] = no_locals;
    if let Some(last) = body.last_mut() {
        *last = end;
    }
    match stub {
        Stub::Unreachable => body[1] = unreachable,
        Stub::Nothing => {
            let len = body.len();
            body[len - 3..len - 1].copy_from_slice(&[i32_const, 0]);
        }
    }
}

/// The section with the relocations of the code, without those in these places.
fn without_relocations(reader: RelocSectionReader<'_>, places: &[Range<usize>]) -> Result<Vec<u8>> {
    let mut kept = Vec::new();
    let mut count = 0;
    for entry in reader.entries() {
        let entry = entry?;
        let at = entry.offset as usize;
        let after = places.partition_point(|place| place.end <= at);
        if places.get(after).is_some_and(|place| place.contains(&at)) {
            continue;
        }
        count += 1;
        kept.push(entry.ty as u8);
        unsigned(&mut kept, entry.offset);
        unsigned(&mut kept, entry.index);
        if entry.ty.addend_kind() != RelocAddendKind::None {
            signed(&mut kept, entry.addend);
        }
    }
    let mut content = Vec::new();
    let name = b"reloc.CODE";
    unsigned(&mut content, u32::try_from(name.len())?);
    content.extend(name);
    unsigned(&mut content, reader.section_index());
    unsigned(&mut content, count);
    content.extend(kept);
    let mut section = vec![0];
    unsigned(&mut section, u32::try_from(content.len()).context("the relocations are too many")?);
    section.extend(content);
    Ok(section)
}

fn unsigned(out: &mut Vec<u8>, mut value: u32) {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn signed(out: &mut Vec<u8>, mut value: i64) {
    loop {
        let low = (value & 0x7f).to_le_bytes()[0];
        value >>= 7;
        let done = (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0);
        if done {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// Only what can be nothing else: the compiler keeps one of two functions that came out alike, under either name. The
/// futures of asynchronous hydration are like nothing but each other; what they call, and what drops them, is not.
fn stub(symbol: &str) -> Option<Stub> {
    let name = format!("{:#}", demangle(symbol));
    let streams = name.starts_with("intounderlying");
    let hydrates_later =
        name.ends_with("::into_any::hydrate_async") || name.ends_with("::hydrate_async::{{closure}}");
    // Only the server lists its routes.
    let elsewhere = name.ends_with("::into_any_nested_route::generate_routes");
    let shows_a_float = name.starts_with("core::fmt::float::float_to_");
    match (streams || hydrates_later || elsewhere, shows_a_float) {
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
}
