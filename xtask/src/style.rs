//! The style sheet: `style/main.css` with its imports, the parts' styles and the icons that these draw in one minified
//! file.
//!
//! A part's style stands beside its Rust file below `app/`. `main.css` imports all of them as if they were one file.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use lightningcss::{
    bundler::{Bundler, FileProvider, ResolveResult, SourceProvider},
    error::Error,
    printer::PrinterOptions,
    stylesheet::{MinifyOptions, ParserOptions},
    targets::{Browsers, Targets},
};

use crate::{compress, files::files_below, step};

/// The file that imports the others, in the project's folder.
const ENTRY: &str = "style/main.css";
/// What it imports the parts' styles as.
const PARTS: &str = "parts.css";
/// Where these stand, in the project's folder.
const PARTS_BELOW: [&str; 3] = ["app/kit/src", "app/areas/src", "app/src"];
/// Not a part: what only the gallery links to.
const GALLERY: &str = "gallery.css";
const SPRITE: &str = "public/icons.svg";
/// What stands before the name of an icon of the sprite.
const ICON: &str = "url(/icons.svg#";

/// Bundles and minifies. It takes milliseconds, so nothing is remembered between two runs.
pub(crate) fn build() -> Result<String> {
    step::step("css", || {
        let css = with_icons(
            &bundle(&Sheets::of(Path::new(""))?, Path::new(ENTRY))?,
            &fs::read_to_string(SPRITE)?,
        )?;
        let packed = compress::pack(css.as_bytes())?;
        let what = format!("{} -> {} br", step::size(css.len()), step::size(packed.brotli.len()));
        Ok((css, what))
    })
}

/// With an image of its own in place of each icon of the sprite: of a part of a larger image, a browser lays the whole out
/// anew whenever it paints another part, which with three icons a row took half of the time that painting rows takes.
fn with_icons(css: &str, sprite: &str) -> Result<String> {
    let mut parts = css.split(ICON);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.try_fold(first, |done, part| {
        let (name, rest) = part.split_once(')').context("the style sheet ends within an icon's name")?;
        Ok(done + "url(\"data:image/svg+xml," + &image(name, sprite)? + "\")" + rest)
    })
}

/// A symbol of the sprite as an image, escaped for a URL.
fn image(name: &str, sprite: &str) -> Result<String> {
    let begin = format!("<symbol id=\"{name}\" viewBox=\"0 0 16 16\">");
    let found = sprite.split_once(&begin).and_then(|(_, rest)| rest.split_once("</symbol>"));
    let (shape, _) = found.with_context(|| format!("{SPRITE} has no icon {name} of 16 by 16"))?;
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='black' stroke-width='1.5' \
         stroke-linecap='round' stroke-linejoin='round'>{}</svg>",
        shape.replace('"', "'")
    );
    Ok(svg.replace('%', "%25").replace('#', "%23").replace('<', "%3C").replace('>', "%3E"))
}

/// Where the bundler reads: files, and the one that imports the styles of all parts.
struct Sheets {
    files: FileProvider,
    parts: String,
}

impl Sheets {
    /// Those of the project in a folder. Parts come in the order of their files' names, wherever they stand: so none gains
    /// power over another by a move.
    fn of(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for folder in PARTS_BELOW {
            files.extend(files_below(&root.join(folder))?);
        }
        let is_part = |file: &PathBuf| {
            file.extension().is_some_and(|it| it == "css") && file.file_name().is_some_and(|it| it != GALLERY)
        };
        files.retain(is_part);
        files.sort_by(|one, other| one.file_name().cmp(&other.file_name()).then_with(|| one.cmp(other)));
        let import = |file: &PathBuf| Ok(format!("@import \"{}\";\n", fs::canonicalize(file)?.display()));
        let parts = files.iter().map(import).collect::<Result<_>>()?;
        Ok(Self { files: FileProvider::new(), parts })
    }
}

impl SourceProvider for Sheets {
    type Error = std::io::Error;

    fn read<'a>(&'a self, file: &Path) -> Result<&'a str, Self::Error> {
        if file.file_name().is_some_and(|name| name == PARTS) {
            Ok(&self.parts)
        } else {
            self.files.read(file)
        }
    }

    fn resolve(&self, specifier: &str, from: &Path) -> Result<ResolveResult, Self::Error> {
        self.files.resolve(specifier, from)
    }
}

fn bundle(sheets: &Sheets, entry: &Path) -> Result<String> {
    let targets = targets();
    let mut sheet = Bundler::new(sheets, None, ParserOptions::default())
        .bundle(entry)
        .map_err(|error| because("read", &error))?;
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| because("minified", &error))?;
    let printed = sheet
        .to_css(PrinterOptions { minify: true, targets, ..PrinterOptions::default() })
        .map_err(|error| because("written", &error))?;
    Ok(printed.code)
}

/// The errors borrow the sources, which end in here, and count lines from zero: they become text of our own.
fn because<T: fmt::Display>(what: &str, error: &Error<T>) -> anyhow::Error {
    let place = error.loc.as_ref().map(|it| format!(" at {}:{}:{}", it.filename, it.line + 1, it.column));
    anyhow!("the style sheet cannot be {what}: {}{}", error.kind, place.unwrap_or_default())
}

/// The first versions that know `light-dark()`, nesting and layers: these then stay as they are written.
fn targets() -> Targets {
    let version = |major: u32, minor: u32| Some(major << 16 | minor << 8);
    Targets::from(Browsers {
        chrome: version(123, 0),
        edge: version(123, 0),
        firefox: version(120, 0),
        safari: version(17, 5),
        ios_saf: version(17, 5),
        ..Browsers::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_bundled_and_modern_css_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("main.css"),
            "@layer tokens, parts;\n@import \"tokens.css\" layer(tokens);\n@layer parts { .a { color: light-dark(var(--x), #fff); & .b { inset: 0 } } }",
        )
        .unwrap();
        fs::write(folder.path().join("tokens.css"), ":root { --x: #123456; /* gone */ }").unwrap();
        let css = bundle(&Sheets::of(folder.path()).unwrap(), &folder.path().join("main.css")).unwrap();
        assert_eq!(
            css,
            "@layer tokens{:root{--x:#123456}}@layer parts{.a{color:light-dark(var(--x),#fff);& .b{inset:0}}}"
        );
    }

    #[test]
    fn the_projects_own_sheet_is_bundled_without_what_no_browser_knows() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let css = bundle(&Sheets::of(&root).unwrap(), &root.join(ENTRY)).unwrap();
        // Bundling drops the line that names the layers: they have power in the order in which they come.
        let at = ["tokens", "base", "layout", "parts", "print"]
            .map(|layer| css.find(&format!("@layer {layer}")).unwrap());
        assert!(at.is_sorted(), "{at:?}");
        assert!(
            css.contains("light-dark(") && css.contains("@starting-style") && css.contains("@media print")
        );
    }

    #[test]
    fn styles_of_parts_come_by_their_names_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            ("style/main.css", "@import \"parts.css\" layer(parts);"),
            ("app/areas/src/one/b.css", ".b { left: 1px }"),
            ("app/kit/src/c.css", ".c { left: 2px }"),
            ("app/src/a.css", ".a { left: 3px }"),
            ("app/src/gallery/gallery.css", ".gone { left: 4px }"),
        ];
        for (file, css) in files {
            let file = folder.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, css).unwrap();
        }
        let css = bundle(&Sheets::of(folder.path()).unwrap(), &folder.path().join(ENTRY)).unwrap();
        assert_eq!(css, "@layer parts{.a{left:3px}.b{left:1px}.c{left:2px}}");
    }

    #[test]
    fn icons_become_images() {
        let sprite = "<svg><symbol id=\"dot\" viewBox=\"0 0 16 16\"><path d=\"M8 8h.1\"/></symbol></svg>";
        let css = with_icons(".a{mask-image:url(/icons.svg#dot)}.b{color:red}", sprite).unwrap();
        assert!(css.starts_with(".a{mask-image:url(\"data:image/svg+xml,%3Csvg xmlns='http"), "{css}");
        assert!(css.ends_with("'round'%3E%3Cpath d='M8 8h.1'/%3E%3C/svg%3E\")}.b{color:red}"), "{css}");
        let error = with_icons(".a{mask-image:url(/icons.svg#none)}", sprite).unwrap_err().to_string();
        assert!(error.contains("no icon none"), "{error}");
    }

    #[test]
    fn a_missing_import_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "@import \"nowhere.css\";").unwrap();
        let error = bundle(&Sheets::of(folder.path()).unwrap(), &folder.path().join("main.css"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("main.css:1"), "{error}");
    }
}
