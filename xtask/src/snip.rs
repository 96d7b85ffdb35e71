//! Takes code out of the wasm that is there only because a table of functions names it.
//!
//! Every erased view carries a second way to hydrate, asynchronously, which serves routes whose code is loaded later.
//! We have none: the page is hydrated in one go, from `hydrate_body`. The compiler can't see that a pointer in a table
//! is never called, so this says it. If it were called after all, the page would stop hydrating and every browser
//! test with it.

use anyhow::{Result, anyhow};
use rustc_demangle::demangle;
use walrus::{FunctionBuilder, FunctionKind, Module, ModuleConfig};

/// The module without the bodies of asynchronous hydration, which its name section tells.
pub(crate) fn snip(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut module = ModuleConfig::new()
        // As wasm-bindgen reads it: what the linker wrote is well-formed, and not everything in it is standard yet.
        .strict_validate(false)
        .parse(wasm)
        .map_err(|error| anyhow!("the wasm cannot be read: {error:#}"))?;
    let unused: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(hydrates_later))
        .map(|(id, local)| (id, local.ty()))
        .collect();
    for (id, ty) in unused {
        let stub = unreachable(&mut module, ty);
        module.funcs.get_mut(id).kind = FunctionKind::Local(stub);
    }
    Ok(module.emit_wasm())
}

fn unreachable(module: &mut Module, ty: walrus::TypeId) -> walrus::LocalFunction {
    let (params, results) = {
        let ty = module.types.get(ty);
        (ty.params().to_vec(), ty.results().to_vec())
    };
    let args = params.iter().map(|param| module.locals.add(*param)).collect();
    let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
    builder.func_body().unreachable();
    builder.local_func(args)
}

/// Not the glue that drops its futures: what drops one thing may, merged by the compiler, drop another as well.
fn hydrates_later(symbol: &str) -> bool {
    let name = format!("{:#}", demangle(symbol));
    !name.contains("drop_in_place")
        && (name.ends_with("::hydrate_async") || name.contains("::hydrate_async::{{closure}}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_asynchronous_hydration_is_taken_out() {
        let cases = [
            ("_ZN6tachys4view8any_view7IntoAny8into_any13hydrate_async17h0123456789abcdefE", true),
            (
                "_ZN6tachys4view8any_view13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE",
                true,
            ),
            ("_ZN6tachys4view8any_view19hydrate_from_server17h0123456789abcdefE", false),
            ("_ZN4core3ptr52drop_in_place$LT$tachys..hydrate_async$GT$17h0123456789abcdefE", false),
            ("hydrate", false),
        ];
        for (symbol, expected) in cases {
            assert_eq!(hydrates_later(symbol), expected, "{symbol}");
        }
    }
}
