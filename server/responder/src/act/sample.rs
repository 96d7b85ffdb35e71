//! A sample: one file as an encrypted archive, so that no scanner or mailer on its way opens it by accident.

use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::artifact;
use super::ground::Ground;
use crate::content;
use crate::refusal::{Failure, Refusal};
use crate::search::search;
use openc2::{Hashes, Outcome, Report, Sha256};

/// The password that everybody who takes samples uses.
const PASSWORD: &str = "infected";
/// The largest file that is taken.
const MAX_SIZE: u64 = 256 * 1024 * 1024;

/// The file to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) path: String,
    pub(crate) sha256: Sha256,
}

pub(crate) fn plan(ground: &Ground<'_>, path: Option<&str>, hashes: &Hashes) -> Result<Work, Refusal> {
    let place = if let Some(path) = path {
        ground.root.place(path)?
    } else {
        // One copy is as good as another.
        search(ground.root, hashes, 1).places.into_iter().next().ok_or_else(Refusal::no_match)?
    };
    let file = ground.root.look(&place)?;
    let reading = |error| Refusal::system("read the file", &error);
    if file.metadata().map_err(reading)?.len() > MAX_SIZE {
        return Err(Refusal::too_large("the file is larger than 256 MiB"));
    }
    let found = content::hashes_of(&file).map_err(reading)?;
    if !content::matches(hashes, &found) {
        return Err(Refusal::changed("the file at the path has another content"));
    }
    let sha256 = found.sha256.ok_or_else(Refusal::no_match)?;
    Ok(Work { path: place.shown().to_owned(), sha256 })
}

pub(crate) fn advance(ground: &Ground<'_>, work: &Work) -> Result<Report, Failure> {
    let name = format!("sample-{}.zip", ground.command_id);
    let made = artifact::make(ground, &name, |file| {
        let place = ground.root.place(&work.path)?;
        let source = ground.root.look(&place)?;
        let mut archive = zip::ZipWriter::new(file);
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .with_aes_encryption(zip::AesMode::Aes256, PASSWORD);
        let shown = Path::new(&work.path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        archive.start_file(shown, options)?;
        let read = content::copy_to(&source, &mut |chunk| archive.write_all(chunk))?;
        if read != work.sha256 {
            return Err(Refusal::changed("the file was written to meanwhile").into());
        }
        archive.finish()?;
        Ok::<(), anyhow::Error>(())
    })?;
    let detail = format!(
        "sample of {}, sha256 {}: {}, password “{PASSWORD}”",
        work.path,
        work.sha256.lower(),
        artifact::told(&made)
    );
    Ok(Report { artifact: Some(made), ..Report::new(Outcome::Completed, detail) })
}
