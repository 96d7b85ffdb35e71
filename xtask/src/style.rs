//! The style sheet: `style/main.css` with its imports and the icons that it draws in one minified file.

use std::{fmt, fs, path::Path};

use anyhow::{Context, Result, anyhow};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    error::Error,
    printer::PrinterOptions,
    stylesheet::{MinifyOptions, ParserOptions},
    targets::{Browsers, Targets},
};

use crate::{compress, step};

const ENTRY: &str = "style/main.css";
const SPRITE: &str = "public/icons.svg";
/// What stands before the name of an icon of the sprite.
const ICON: &str = "url(/icons.svg#";

/// Bundles and minifies. It takes milliseconds, so nothing is remembered between two runs.
pub(crate) fn build() -> Result<String> {
    step::step("css", || {
        let css = with_icons(&bundle(Path::new(ENTRY))?, &fs::read_to_string(SPRITE)?)?;
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

fn bundle(entry: &Path) -> Result<String> {
    let files = FileProvider::new();
    let targets = targets();
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
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
        let css = bundle(&folder.path().join("main.css")).unwrap();
        assert_eq!(
            css,
            "@layer tokens{:root{--x:#123456}}@layer parts{.a{color:light-dark(var(--x),#fff);& .b{inset:0}}}"
        );
    }

    #[test]
    fn the_projects_own_sheet_is_bundled_without_what_no_browser_knows() {
        let css = bundle(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../style/main.css")).unwrap();
        // Bundling drops the line that names the layers: they have power in the order in which they come.
        let at = ["tokens", "base", "layout", "parts", "print"]
            .map(|layer| css.find(&format!("@layer {layer}")).unwrap());
        assert!(at.is_sorted(), "{at:?}");
        assert!(
            css.contains("light-dark(") && css.contains("@starting-style") && css.contains("@media print")
        );
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
        let error = bundle(&folder.path().join("main.css")).unwrap_err().to_string();
        assert!(error.contains("main.css:1"), "{error}");
    }
}
