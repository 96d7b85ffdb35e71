//! Brotli and gzip of an asset, each made once: the results are kept under the hash of what they hold.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Result;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::{files, workspace::CACHE};

/// An asset's compressed forms.
pub(crate) struct Packed {
    pub(crate) brotli: Vec<u8>,
    pub(crate) gzip: Vec<u8>,
}

/// Compresses as tightly as possible: it is done once for each content and read by every browser.
pub(crate) fn pack(bytes: &[u8]) -> Result<Packed> {
    let key = files::sha256(bytes);
    let (brotli_file, gzip_file) = (folder().join(format!("{key}.br")), folder().join(format!("{key}.gz")));
    if let (Ok(brotli), Ok(gzip)) = (fs::read(&brotli_file), fs::read(&gzip_file)) {
        return Ok(Packed { brotli, gzip });
    }
    let packed = Packed { brotli: brotli(bytes)?, gzip: gzip(bytes)? };
    fs::create_dir_all(folder())?;
    files::replace(&brotli_file, &packed.brotli)?;
    files::replace(&gzip_file, &packed.gzip)?;
    Ok(packed)
}

/// Whether compression makes a file of that name smaller; images and fonts are compressed already.
pub(crate) fn helps(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|it| it.to_str()).unwrap_or_default();
    !matches!(
        extension,
        "woff2" | "woff" | "png" | "jpg" | "jpeg" | "webp" | "avif" | "gif" | "zip" | "br" | "gz"
    )
}

/// Forgets what none of these contents needs.
pub(crate) fn keep_only(contents: &BTreeSet<String>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder()) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        let wanted = path.file_stem().and_then(|it| it.to_str()).is_some_and(|it| contents.contains(it));
        if !wanted {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let params = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: bytes.len(), ..Default::default() };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut out, &params)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn folder() -> PathBuf {
    Path::new(CACHE).join("packed")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn both_forms_unpack_to_the_same_bytes() {
        let text = "an action is pending ".repeat(500);
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*brotli(text.as_bytes()).unwrap(), &mut unpacked).unwrap();
        assert_eq!(unpacked, text.as_bytes());
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&*gzip(text.as_bytes()).unwrap()).read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }

    #[test]
    fn fonts_and_pictures_are_left_alone() {
        assert!(helps("pkg/countersign-0.wasm") && helps("icons.svg") && helps("robots.txt"));
        assert!(!helps("fonts/text.woff2") && !helps("logo.png"));
    }
}
