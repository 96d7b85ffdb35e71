//! The served folder: assets under names with a hash of what they hold, their compressed forms, `public/` as it
//! is, and `manifest.json`, by which the server knows the names.
//!
//! New files come first, the manifest replaces the old one in one step, and only then do old files go: at any
//! moment what the manifest names is there. What the one before named stays until the next build: pages that are open
//! may still want a module of theirs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::{
    compress,
    files::{files_below, replace, replace_if_other, sha256},
    step,
    wasm::{Flavour, Glue},
    workspace::SITE,
};

/// The URLs that the pages need.
#[derive(Serialize)]
struct Manifest {
    app: Paths,
    css: String,
}

/// The script and its modules.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Paths {
    js: String,
    wasm: String,
    /// The files, without `.wasm`, that each part is made of which is loaded later.
    splits: BTreeMap<String, Vec<String>>,
}

/// Writes the folder, and says in one line how many assets it holds.
pub(crate) fn assemble(glue: &Glue, flavour: Flavour, css: &str) -> Result<()> {
    step::step("site", || {
        let (manifest, assets) = collect(glue, css, Path::new("public"))?;
        let changed = write(Path::new(SITE), &manifest, &assets, flavour)?;
        let changed = if changed == 0 { "unchanged".to_owned() } else { format!("{changed} new") };
        Ok(((), format!("{} assets, {changed}", assets.len())))
    })
}

/// All assets by their path in the folder.
fn collect(glue: &Glue, css: &str, public: &Path) -> Result<(Manifest, BTreeMap<String, Vec<u8>>)> {
    let mut assets = BTreeMap::new();
    let (mut js, wasm) = (String::from_utf8(glue.js()?)?, glue.wasm()?);
    let mut names = BTreeMap::new();
    for (name, part) in glue.parts()? {
        let path = hashed(&format!("pkg/{name}"), &sha256(&part), "wasm");
        let stem = path.trim_start_matches("pkg/").trim_end_matches(".wasm").to_owned();
        js = js.replace(&format!("{:?}", format!("{name}.wasm")), &format!("{:?}", format!("{stem}.wasm")));
        names.insert(name, stem);
        assets.insert(path, part);
    }
    let name = |file: &String| names.get(file).cloned().with_context(|| format!("{file}.wasm is missing"));
    let mut splits = BTreeMap::new();
    for (part, files) in glue.needs()? {
        splits.insert(part, files.iter().map(name).collect::<Result<Vec<_>>>()?);
    }
    // The script fits only these modules, so its name changes with any.
    let pair = sha256(&[js.as_bytes(), &wasm].concat());
    let js_path = hashed("pkg/app", &pair, "js");
    let wasm_path = hashed("pkg/app", &sha256(&wasm), "wasm");
    let paths = Paths { js: format!("/{js_path}"), wasm: format!("/{wasm_path}"), splits };
    assets.extend([(js_path, js.into_bytes()), (wasm_path, wasm)]);
    // The script imports these by relative paths, so they keep their names.
    add_folder(&mut assets, &glue.folder.join("snippets"), "pkg/snippets/")?;
    let css_path = hashed("pkg/main", &sha256(css.as_bytes()), "css");
    let manifest = Manifest { app: paths, css: format!("/{css_path}") };
    assets.insert(css_path, css.as_bytes().to_vec());
    add_folder(&mut assets, public, "")?;
    Ok((manifest, assets))
}

fn add_folder(assets: &mut BTreeMap<String, Vec<u8>>, folder: &Path, prefix: &str) -> Result<()> {
    for file in files_below(folder)? {
        let name = file.strip_prefix(folder)?.to_str().context("an asset's name is not UTF-8")?;
        assets.insert(format!("{prefix}{name}"), fs::read(&file)?);
    }
    Ok(())
}

/// Returns how many assets were new or different.
fn write(
    site: &Path,
    manifest: &Manifest,
    assets: &BTreeMap<String, Vec<u8>>,
    flavour: Flavour,
) -> Result<usize> {
    let mut changed = 0;
    let mut kept = BTreeSet::from([site.join("manifest.json")]);
    let mut packed = BTreeSet::new();
    for (name, bytes) in assets {
        let path = site.join(name);
        changed += usize::from(replace_if_other(&path, bytes)?);
        // While developing, seconds count and bytes don't.
        if flavour == Flavour::Release && compress::helps(name) {
            let forms = compress::pack(bytes)?;
            packed.insert(sha256(bytes));
            for (extension, bytes) in [("br", forms.brotli), ("gz", forms.gzip)] {
                let path = site.join(format!("{name}.{extension}"));
                replace_if_other(&path, &bytes)?;
                kept.insert(path);
            }
        }
        kept.insert(path);
    }
    let (current, before) = (site.join("manifest.json"), site.join("manifest.before.json"));
    let next = serde_json::to_vec_pretty(manifest)?;
    if let Ok(old) = fs::read(&current)
        && old != next
    {
        replace(&before, &old)?;
    }
    replace_if_other(&current, &next)?;
    let before_it = fs::read_to_string(&before).unwrap_or_default();
    kept.insert(before);
    for file in files_below(site)? {
        if !kept.contains(&file) && !is_named(&before_it, &file) {
            fs::remove_file(file)?;
        }
    }
    if flavour == Flavour::Release {
        compress::keep_only(&packed)?;
    }
    Ok(changed)
}

/// Whether a manifest names a file of `pkg`, or what this is a compressed form of, by its name with a hash.
fn is_named(manifest: &str, file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let ends = ["", ".js", ".wasm", ".css"].map(|extension| format!("{stem}{extension}\""));
    stem.contains('-') && ends.iter().any(|end| manifest.contains(end.as_str()))
}

/// The first 16 characters tell one content from another well enough for a cache.
fn hashed(stem: &str, sha256: &str, extension: &str) -> String {
    format!("{stem}-{}.{extension}", &sha256[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glue(folder: &Path, js: &str, wasm: &str) -> Glue {
        fs::create_dir_all(folder.join("snippets/app-1")).unwrap();
        fs::write(folder.join("countersign.js"), js).unwrap();
        fs::write(folder.join("countersign.wasm"), wasm).unwrap();
        fs::write(folder.join("snippets/app-1/inline0.js"), "export {}").unwrap();
        fs::create_dir_all(folder.join("parts")).unwrap();
        fs::write(folder.join("parts/split_a.wasm"), "part").unwrap();
        fs::write(folder.join("needs.json"), r#"{"a":["split_a"]}"#).unwrap();
        Glue { folder: folder.to_owned() }
    }

    #[test]
    fn names_carry_sixteen_characters_of_the_hash() {
        let sha256 = sha256(b"");
        assert_eq!(sha256.len(), 64);
        assert_eq!(hashed("pkg/main", &sha256, "css"), "pkg/main-e3b0c44298fc1c14.css");
    }

    #[test]
    fn the_script_gets_a_new_name_when_only_the_module_changes() {
        let folder = tempfile::tempdir().unwrap();
        let public = folder.path().join("none");
        let (one, _) = collect(&glue(folder.path(), "js", "one"), "css", &public).unwrap();
        let (two, _) = collect(&glue(folder.path(), "js", "two"), "css", &public).unwrap();
        let (first, second) = (&one.app, &two.app);
        assert_ne!(first.wasm, second.wasm);
        assert_ne!(first.js, second.js);
        assert_eq!(one.css, two.css);
    }

    #[test]
    fn the_folder_holds_the_manifest_and_exactly_what_is_current() {
        let folder = tempfile::tempdir().unwrap();
        let (site, public) = (folder.path().join("site"), folder.path().join("public"));
        fs::create_dir_all(public.join("fonts")).unwrap();
        fs::write(public.join("fonts/text.woff2"), "font").unwrap();
        fs::write(public.join("robots.txt"), "User-agent: *").unwrap();
        fs::create_dir_all(site.join("pkg")).unwrap();
        fs::write(site.join("pkg/main-0000000000000000.css"), "old").unwrap();
        let glue = glue(&folder.path().join("glue"), "js", "wasm");

        let (manifest, assets) = collect(&glue, "css", &public).unwrap();
        assert_eq!(write(&site, &manifest, &assets, Flavour::Dev).unwrap(), 7);
        let found: BTreeSet<_> = files_below(&site)
            .unwrap()
            .into_iter()
            .map(|file| format!("/{}", file.strip_prefix(&site).unwrap().display()))
            .collect();
        let mut wanted = BTreeSet::from(
            ["/manifest.json", "/robots.txt", "/fonts/text.woff2", "/pkg/snippets/app-1/inline0.js"]
                .map(String::from),
        );
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(site.join("manifest.json")).unwrap()).unwrap();
        for path in ["/css", "/app/js", "/app/wasm"] {
            wanted.insert(json.pointer(path).unwrap().as_str().unwrap().to_owned());
        }
        let part = json.pointer("/app/splits/a/0").unwrap().as_str().unwrap();
        wanted.insert(format!("/pkg/{part}.wasm"));
        assert_eq!(found, wanted);

        assert_eq!(
            write(&site, &manifest, &assets, Flavour::Dev).unwrap(),
            0,
            "the second time nothing is new"
        );
    }

    #[test]
    fn what_the_last_build_named_stays_until_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let (site, public) = (folder.path().join("site"), folder.path().join("none"));
        let build = |wasm| {
            let (manifest, assets) =
                collect(&glue(&folder.path().join("glue"), "js", wasm), "css", &public).unwrap();
            write(&site, &manifest, &assets, Flavour::Dev).unwrap();
            site.join(manifest.app.wasm.trim_start_matches('/'))
        };
        let packed = |wasm: &Path| wasm.with_extension("wasm.br");
        let [first, second] = ["one", "two"].map(build);
        assert!(first.exists() && second.exists());
        fs::write(packed(&first), "compressed").unwrap();
        build("two");
        assert!(first.exists() && packed(&first).exists(), "nothing changed");
        let third = build("three");
        assert!(!first.exists() && !packed(&first).exists() && second.exists() && third.exists());
    }
}
