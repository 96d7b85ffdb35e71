//! Which package may depend on which, and what one may use of another. To add a package, add its row.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::resolve::{Crates, Target};
use crate::{cargo::cargo, process};

/// Each package with those of ours on which it may depend; what only its tests need is not asked.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("api", &["domain"]),
    ("kit", &["domain"]),
    ("areas", &["api", "domain", "kit"]),
    ("app", &["api", "areas", "domain", "kit"]),
    ("frontend", &["app"]),
    ("crash", &[]),
    ("openc2", &[]),
    ("tls", &[]),
    ("responder", &["crash", "openc2", "tls"]),
    ("store", &["domain"]),
    ("service", &["crash", "domain", "store"]),
    ("executors", &["domain", "openc2", "service"]),
    ("identity", &["domain", "service"]),
    ("seed", &["domain", "service", "store"]),
    ("web", &["domain", "service", "store", "tls"]),
    (
        "server",
        &[
            "api",
            "app",
            "areas",
            "crash",
            "domain",
            "executors",
            "identity",
            "kit",
            "openc2",
            "responder",
            "seed",
            "service",
            "store",
            "tls",
            "web",
        ],
    ),
    ("xtask", &[]),
];

/// A package that may use only some modules of another.
const NARROW: &[(&str, &str, &[&str])] = &[("kit", "domain", &["core", "list"])];

/// A package of the workspace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    /// What it needs of the workspace, but for tests.
    pub(super) needs: Vec<String>,
    /// The files of its library's and binaries' roots by the names of these crates.
    pub(super) roots: BTreeMap<String, PathBuf>,
}

/// The packages of the workspace, as cargo reads them.
pub(super) fn all() -> Result<Vec<Package>> {
    read(&process::stdout_of(cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]))?)
}

fn read(metadata: &str) -> Result<Vec<Package>> {
    #[derive(Deserialize)]
    struct Metadata {
        packages: Vec<Found>,
    }
    #[derive(Deserialize)]
    struct Found {
        name: String,
        dependencies: Vec<Dependency>,
        targets: Vec<Target>,
    }
    #[derive(Deserialize)]
    struct Dependency {
        name: String,
        kind: Option<String>,
        path: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
        kind: Vec<String>,
        src_path: PathBuf,
    }
    let Metadata { packages } =
        serde_json::from_str(metadata).context("cargo's metadata has changed its form")?;
    let mut all = Vec::new();
    for Found { name, dependencies, targets } in packages {
        let needs = dependencies
            .into_iter()
            .filter(|it| it.path.is_some() && it.kind.as_deref() != Some("dev"))
            .map(|it| it.name)
            .collect();
        let roots = targets
            .into_iter()
            .filter(|target| target.kind.iter().any(|it| it == "bin" || it.ends_with("lib")))
            .map(|target| (target.name.replace('-', "_"), target.src_path))
            .collect();
        all.push(Package { name, needs, roots });
    }
    Ok(all)
}

/// What no row of the table allows.
pub(super) fn upward_dependencies(packages: &[Package]) -> Vec<String> {
    let mut found = Vec::new();
    for Package { name, needs, .. } in packages {
        let Some((_, allowed)) = LAYERS.iter().find(|(package, _)| package == name) else {
            found.push(format!("{name} has no row in the table of layers in xtask/src/layout/package.rs"));
            continue;
        };
        let wrong = needs.iter().filter(|it| !allowed.contains(&it.as_str()));
        found.extend(
            wrong.map(|it| format!("{name} depends on {it} in its Cargo.toml, which does not lie below it")),
        );
    }
    found
}

/// Where a package uses more of another than it may.
pub(super) fn disallowed_uses(crates: &Crates) -> Vec<String> {
    let mut found = Vec::new();
    for (package, other, allowed) in NARROW {
        for (path, module) in crates.0.get(*package).into_iter().flatten() {
            let from = Target { krate: (*package).to_owned(), module: path.clone() };
            for reference in &module.references {
                let Some(target) = crates.resolve(&from, &reference.path) else { continue };
                let inside = target.module.first().is_some_and(|it| allowed.contains(&it.as_str()));
                if target.krate == *other && !inside {
                    found.push(format!(
                        "{}:{} uses `{}`: of {other}, {package} may use only {}",
                        module.file.display(),
                        reference.line,
                        reference.path.join("::"),
                        allowed.join(" and ")
                    ));
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages":[{"name":"store","dependencies":[
        {"name":"domain","kind":null,"path":"/w/app/domain"},
        {"name":"service","kind":null,"path":"/w/server/service"},
        {"name":"seed","kind":"dev","path":"/w/server/seed"},
        {"name":"sqlx","kind":null}],
        "targets":[{"name":"store","kind":["lib"],"src_path":"/w/server/store/src/lib.rs"},
        {"name":"it","kind":["test"],"src_path":"/w/server/store/tests/it/main.rs"}]}]}"#;

    #[test]
    fn a_dependency_that_does_not_lie_below_is_named() {
        let packages = read(METADATA).unwrap();
        assert_eq!(packages[0].needs, ["domain", "service"]);
        assert_eq!(packages[0].roots.keys().collect::<Vec<_>>(), ["store"]);
        let found = upward_dependencies(&packages);
        assert_eq!(found, ["store depends on service in its Cargo.toml, which does not lie below it"]);
    }

    #[test]
    fn a_package_without_a_row_is_named() {
        let package = Package { name: "extra".into(), needs: Vec::new(), roots: BTreeMap::new() };
        assert!(
            upward_dependencies(&[package])[0].starts_with("extra has no row"),
            "a new package needs a layer"
        );
    }

    #[test]
    fn no_row_of_the_table_closes_a_cycle() {
        for (package, below) in LAYERS {
            let rows = LAYERS.iter().take_while(|(other, _)| other != package);
            let above: Vec<_> = rows.map(|(other, _)| other).collect();
            assert!(below.iter().all(|it| above.contains(&it)), "{package} comes before what lies below it");
        }
    }
}
