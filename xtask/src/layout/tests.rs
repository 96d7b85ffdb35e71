//! The rules on the workspace, and the checker on crates that break them.

use std::{collections::BTreeMap, fs, path::Path};

use super::{cycle::cycles, length, package, resolve::Crates, source, workspace};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn imports_form_no_cycle() {
    let found: Vec<_> = cycles(&workspace().unwrap()).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn packages_depend_downwards() {
    let wrong = package::upward_dependencies(&package::all().unwrap()).join("\n");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn packages_use_only_their_part_of_others() {
    let wrong = package::disallowed_uses(&workspace().unwrap()).join("\n");
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn files_stay_short() {
    let found = length::too_long(root()).unwrap().join("\n");
    assert!(found.is_empty(), "\n{found}");
    let gone = length::gone(root()).join("\n");
    assert!(gone.is_empty(), "\n{gone}");
}

/// Crates of these files, by their paths: `a/lib.rs` is the root of `a`.
fn crates(files: &[(&str, &str)]) -> Crates {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in files {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let roots = files.iter().filter_map(|(file, _)| file.strip_suffix("/lib.rs"));
    let read =
        |name: &str| (name.to_owned(), source::read(&folder.path().join(name).join("lib.rs")).unwrap());
    Crates(roots.map(read).collect::<BTreeMap<_, _>>())
}

/// The cycles, without where they are closed.
fn cycles_of(files: &[(&str, &str)]) -> Vec<String> {
    cycles(&crates(files)).iter().map(|it| it.to_string().lines().next().unwrap().to_owned()).collect()
}

const ROOT: (&str, &str) = ("a/lib.rs", "mod one; mod two;");
const ONE: (&str, &str) = ("a/one.rs", "use crate::two::Two;\npub struct One;");

#[test]
fn a_cycle_is_named_with_its_imports() {
    let found =
        cycles(&crates(&[ROOT, ONE, ("a/two.rs", "pub struct Two;\nfn two(_: &super::one::One) {}")]));
    let text = found.iter().map(ToString::to_string).collect::<String>();
    assert!(text.starts_with("a: one -> two -> one\n  one imports two in "), "{text}");
    assert!(text.contains("one.rs:1 by `crate::two::Two`"), "{text}");
    assert!(text.contains("two.rs:2 by `super::one::One`"), "{text}");
}

#[test]
fn imports_that_go_one_way_are_no_cycle() {
    let clean = cycles_of(&[
        ("a/lib.rs", "mod one; mod two; pub struct Here; pub use one::One; use two::Two; fn all(_: Two) {}"),
        (
            "a/one/mod.rs",
            "mod inner; use crate::two::Two; pub struct One; use inner::Inner; pub struct Outer;",
        ),
        ("a/one/inner.rs", "use super::Outer; use crate::Here; pub struct Inner;"),
        ("a/two.rs", "pub struct Two; use super::Here; use std::one::One;"),
    ]);
    assert!(clean.is_empty(), "{clean:?}");
}

#[test]
fn tests_may_import_what_they_like() {
    let clean = cycles_of(&[
        ROOT,
        ONE,
        (
            "a/two.rs",
            "pub struct Two; #[cfg(test)] use crate::one::One; #[cfg(all(test, unix))] mod tests { use crate::one::One; }
            impl Two { #[cfg(test)] fn one() -> crate::one::One { todo!() } } #[test] fn it() { crate::one::One; }",
        ),
    ]);
    assert!(clean.is_empty(), "{clean:?}");
    let any = cycles_of(&[ROOT, ONE, ("a/two.rs", "#[cfg(any(test, unix))] use crate::one::One;")]);
    assert_eq!(any, ["a: one -> two -> one"]);
}

#[test]
fn every_way_to_write_an_import_is_followed() {
    for two in [
        "use crate::{one::{self, One}};",
        "use crate as here; fn f(_: here::one::One) {}",
        "use super::*; fn f(_: one::One) {}",
        "use super::one as other;",
        "fn f() { use crate::one::*; }",
        "mod inside { use super::super::one::One; }",
        "fn f() { view! { <crate::one::One/> }; }",
        "m! { use crate::{one::One, other}; }",
        "macro_rules! m { () => { $crate::one::One } }",
        "#[derive(Debug)] struct S { #[serde(with = \"crate::one\")] x: u8 }",
        "fn f<T: Into<Vec<crate::one::One>>>() {}",
        "impl crate::one::Trait for u8 {}",
    ] {
        let two = format!("pub struct Two; {two}");
        let found = cycles_of(&[ROOT, ONE, ("a/two.rs", &two)]);
        assert_eq!(found, ["a: one -> two -> one"], "{two}");
    }
}

#[test]
fn a_re_export_of_an_ancestor_is_what_it_stands_for() {
    let root = "mod one; mod two; pub use one::One as Renamed; pub use one::*; ids! { Id }";
    let one = "use crate::two::Two; pub struct One; pub fn first() {} kinds! { Kind }";
    for two in ["use crate::Renamed;", "use crate::Kind;", "use super::*; fn f() { first(); }"] {
        let two = format!("pub struct Two; {two}");
        let found = cycles_of(&[("a/lib.rs", root), ("a/one.rs", one), ("a/two.rs", &two)]);
        assert_eq!(found, ["a: one -> two -> one"], "{two}");
    }
    let two = "pub struct Two; use crate::{Id, Unknown};";
    assert!(cycles_of(&[("a/lib.rs", root), ("a/one.rs", one), ("a/two.rs", two)]).is_empty());
}

#[test]
fn modules_are_found_where_they_lie() {
    let found = cycles_of(&[
        ("a/lib.rs", "mod store;"),
        ("a/store/mod.rs", "#[path = \"text.rs\"] pub mod queries; mod inline { pub mod deep; } mod rows;"),
        ("a/store/text.rs", "use super::rows::Row; pub struct Text;"),
        ("a/store/inline/deep.rs", "use crate::store::rows::Row; pub struct Deep;"),
        ("a/store/rows.rs", "pub struct Row; use super::inline::deep::Deep;"),
    ]);
    assert_eq!(found, ["a::store: inline -> rows -> inline"]);
}

#[test]
fn lists_of_areas_and_pages_declare_modules() {
    let found = cycles_of(&[
        ("a/lib.rs", "areas! { mod one: read(One); pub mod two; } mod store;"),
        ONE,
        ("a/two.rs", "pub struct Two; kit::pages! { mod first; mod last; }"),
        ("a/two/first.rs", "pub struct First; use super::last::Last;"),
        ("a/two/last.rs", "pub struct Last; use super::first::First;"),
        ("a/store.rs", "statements!();"),
        ("a/store/one.rs", "pub struct One; use super::two::Two;"),
        ("a/store/two.rs", "pub struct Two; use super::one::One;"),
    ]);
    assert_eq!(found, ["a::store: one -> two -> one", "a::two: first -> last -> first"]);
}

#[test]
fn of_a_narrow_dependency_only_its_part_is_used() {
    let domain = [
        ("domain/lib.rs", "pub mod core; pub mod actions; pub use actions::Action; pub use self::core::Id;"),
        ("domain/core.rs", "pub struct Id;"),
        ("domain/actions.rs", "pub struct Action;"),
    ];
    let kit = |text: &'static str| crates(&[domain[0], domain[1], domain[2], ("kit/lib.rs", text)]);
    assert!(package::disallowed_uses(&kit("use domain::{Id, core};")).is_empty());
    let found = package::disallowed_uses(&kit("use domain::Id;\nfn f(_: domain::Action) {}"));
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("lib.rs:2 uses `domain::Action`: of domain, kit may use only core and list"),
        "{found:?}"
    );
}
