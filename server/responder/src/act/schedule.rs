//! What runs at set times: files and lines of cron, and timers of systemd. Removed with a copy kept, and put back.
//!
//! A cron job is named by its file (`/etc/cron.d/job`, or just `job`), by the user whose table it is, or by file and
//! line (`/etc/crontab: 17 * * * * root command`). A timer is named by its unit (`backup.timer`).

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::fs::renameat;
use serde::{Deserialize, Serialize};

use super::cron_places::{FOLDERS, TABLE};
use super::ground::{Ground, Planned};
use super::kept;
use super::systemd;
use crate::content::{self, Facts};
use crate::durable;
use crate::refusal::{Failure, Refusal};
use crate::root::{FolderEntry, Root};
use openc2::{Outcome, Report};

/// What is kept of a job that was removed.
const KIND: &str = "schedule";
const MAX_SIZE: u64 = 1024 * 1024;

/// A job to remove or to restore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) restore: bool,
    pub(crate) job: Job,
}

/// What it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Job {
    Timer { unit: String, before: systemd::Before },
    File { path: String, facts: Facts, content: String },
    Line { path: String, line: String, places: Vec<usize> },
}

pub(crate) fn plan(ground: &Ground<'_>, name: &str, restore: bool) -> Result<Planned<Work>, Refusal> {
    let reading = |error| Refusal::system("read the vault", &error);
    let kept: Option<Job> = kept::load(ground.vault, KIND, name).map_err(reading)?;
    if restore {
        let job = kept.ok_or_else(|| Refusal::not_kept(format!("no copy of {name} is kept")))?;
        return Ok(Planned::Work(Work { name: name.to_owned(), restore, job }));
    }
    match find(ground, name) {
        Ok(job) => Ok(Planned::Work(Work { name: name.to_owned(), restore, job })),
        Err(refusal) if kept.is_some() && refusal.reason == "not_found" => {
            Ok(Planned::Settled(format!("{name} was removed already; a copy is kept")))
        }
        Err(refusal) => Err(refusal),
    }
}

pub(crate) fn advance(ground: &Ground<'_>, work: &Work) -> Result<Report, Failure> {
    if work.restore {
        bring_back(ground, &work.job)?;
        kept::remove(ground.vault, KIND, &work.name).context("the copy can't be removed")?;
        return Ok(Report::new(Outcome::Completed, format!("{} was restored", work.name)));
    }
    // The copy before the removal: nothing is ever only removed.
    let first = kept::load::<Job>(ground.vault, KIND, &work.name).context("the vault can't be read")?;
    let job = if first.as_ref().is_some_and(is_timer) {
        first.unwrap_or_else(|| work.job.clone())
    } else {
        work.job.clone()
    };
    kept::store(ground.vault, KIND, &work.name, &job).context("the copy can't be kept")?;
    let done = take_away(ground, &job)?;
    kept::store(ground.vault, KIND, &work.name, &done).context("the copy can't be kept")?;
    Ok(Report::new(Outcome::Completed, format!("{} was removed; a copy is kept", work.name)))
}

const fn is_timer(job: &Job) -> bool {
    matches!(job, Job::Timer { .. })
}

fn find(ground: &Ground<'_>, name: &str) -> Result<Job, Refusal> {
    if let Some(stem) = name.strip_suffix(".timer") {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.\\@-".contains(&byte);
        if stem.is_empty() || stem.starts_with(['.', '-']) || !stem.bytes().all(plain) {
            return Err(Refusal::malformed("a timer's name has letters, digits and :_.\\@- only"));
        }
        let none = || Refusal::unknown(format!("there is no timer {name}"));
        let systemd = ground.host.systemd.as_ref().ok_or_else(none)?;
        let before = systemd.look(name).map_err(|error| Refusal::failed(format!("{error:#}")))?;
        return Ok(Job::Timer { unit: name.to_owned(), before: before.ok_or_else(none)? });
    }
    let cron = &ground.host.cron;
    if let Some((path, line)) = name.split_once(": ").filter(|(path, _)| path.starts_with('/')) {
        let (text, _) = read(cron, &known(path, true)?)?;
        let line = line.trim().to_owned();
        let places = places(&text, &line);
        if places.is_empty() {
            return Err(Refusal::unknown(format!("{path} has no such line")));
        }
        return Ok(Job::Line { path: path.to_owned(), line, places });
    }
    let path = if name.starts_with('/') { known(name, false)? } else { search(cron, name)? };
    let (text, facts) = read(cron, &path)?;
    Ok(Job::File { path: format!("/{}", path.display()), facts, content: STANDARD.encode(text) })
}

/// A path in one of cron's places, relative to the root.
fn known(path: &str, of_line: bool) -> Result<PathBuf, Refusal> {
    let relative = Path::new(path.trim_start_matches('/')).to_owned();
    let folder = relative.parent().unwrap_or(Path::new(""));
    let is_table = relative == Path::new(TABLE);
    if is_table && !of_line {
        return Err(Refusal::not_allowed(format!(
            "name the line that is meant, as in “/{TABLE}: 17 * * * * root command”"
        )));
    }
    if is_table || FOLDERS.iter().any(|known| folder == Path::new(known)) {
        return Ok(relative);
    }
    Err(Refusal::not_allowed(format!(
        "{path} is no place of cron; it has /{} and files in /{}",
        TABLE,
        FOLDERS.join(", /")
    )))
}

/// The one job of that name in all folders.
fn search(cron: &Root, name: &str) -> Result<PathBuf, Refusal> {
    if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
        return Err(Refusal::malformed("a job is named by its file, by its path, or by its path and line"));
    }
    let there = |folder: &&&str| {
        let place = cron.beneath(Path::new(folder).join(name));
        place.is_some_and(|place| cron.find(&place).is_ok())
    };
    let found: Vec<_> = FOLDERS.iter().filter(there).collect();
    match found.as_slice() {
        [] => Err(Refusal::unknown(format!("there is no cron job {name}"))),
        [folder] => Ok(Path::new(folder).join(name)),
        many => {
            let all: Vec<_> = many.iter().map(|folder| format!("/{folder}/{name}")).collect();
            Err(Refusal::ambiguous(format!("{name} is {}; name one of them", all.join(" and "))))
        }
    }
}

fn read(cron: &Root, path: &Path) -> Result<(Vec<u8>, Facts), Refusal> {
    let place = cron.beneath(path.to_owned()).ok_or_else(Refusal::unnameable)?;
    let found = cron.find(&place)?;
    let reading = |error| Refusal::system("read the job", &error);
    let facts = Facts::of(&found.file).map_err(reading)?;
    if facts.size > MAX_SIZE {
        return Err(Refusal::too_large("a cron job of more than 1 MiB is none"));
    }
    let mut text = Vec::new();
    found.file.take(MAX_SIZE).read_to_end(&mut text).map_err(reading)?;
    Ok((text, facts))
}

/// Which lines of the text are this one.
fn places(text: &[u8], line: &str) -> Vec<usize> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let same = |text: &[u8]| text.trim_ascii() == line.as_bytes() && !line.is_empty();
    lines.filter(|(_, text)| same(text)).map(|(place, _)| place).collect()
}

fn take_away(ground: &Ground<'_>, job: &Job) -> Result<Job, Failure> {
    let cron = &ground.host.cron;
    match job {
        Job::Timer { unit, before } => {
            let systemd = ground.host.systemd.as_ref().context("systemd is not there any more")?;
            let before = systemd.stop(unit, before).map_err(|error| Refusal::failed(format!("{error:#}")))?;
            return Ok(Job::Timer { unit: unit.clone(), before });
        }
        Job::File { path, facts, .. } => {
            let spot = spot(cron, path)?;
            match read(cron, Path::new(path.trim_start_matches('/'))) {
                Ok((_, now)) if now == *facts => {
                    durable::remove(spot.folder(), spot.name()).context("the job can't be removed")?;
                    spot.sync().context("the folder can't be synced")?;
                }
                Ok(_) => return Err(Refusal::changed("the job was written anew meanwhile").into()),
                Err(refusal) if refusal == Refusal::not_found() => {}
                Err(refusal) => return Err(refusal.into()),
            }
        }
        Job::Line { path, line, .. } => {
            let (text, facts) = read(cron, Path::new(path.trim_start_matches('/')))?;
            let places = places(&text, line);
            if !places.is_empty() {
                let lines = text.split(|byte| *byte == b'\n').enumerate();
                let left: Vec<_> =
                    lines.filter(|(at, _)| !places.contains(at)).map(|(_, line)| line).collect();
                replace(ground, &spot(cron, path)?, &left.join(&b'\n'), &facts)?;
            }
        }
    }
    Ok(job.clone())
}

fn bring_back(ground: &Ground<'_>, job: &Job) -> Result<(), Failure> {
    let cron = &ground.host.cron;
    match job {
        Job::Timer { unit, before } => {
            let systemd = ground.host.systemd.as_ref().context("systemd is not there any more")?;
            systemd.start(unit, before).map_err(|error| Refusal::failed(format!("{error:#}")))?;
        }
        Job::File { path, facts, content } => {
            let bytes = STANDARD.decode(content).context("the copy can't be read")?;
            match read(cron, Path::new(path.trim_start_matches('/'))) {
                Ok((text, _)) if text == bytes => return Ok(()),
                Ok(_) => return Err(Refusal::occupied().into()),
                Err(refusal) if refusal == Refusal::not_found() => {}
                Err(refusal) => return Err(refusal.into()),
            }
            replace(ground, &spot(cron, path)?, &bytes, facts)?;
        }
        Job::Line { path, line, places } => {
            let (text, facts) = read(cron, Path::new(path.trim_start_matches('/')))?;
            if !self::places(&text, line).is_empty() {
                return Ok(());
            }
            let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
            for place in places {
                lines.insert((*place).min(lines.len()), line.as_bytes());
            }
            replace(ground, &spot(cron, path)?, &lines.join(&b'\n'), &facts)?;
        }
    }
    Ok(())
}

fn spot(cron: &Root, path: &str) -> Result<FolderEntry, Refusal> {
    let place = cron.beneath(Path::new(path.trim_start_matches('/')).to_owned());
    cron.spot(&place.ok_or_else(Refusal::unnameable)?)
}

/// Writes a whole file beside its place first: cron reads the old one or the new one, and no name that begins so.
fn replace(ground: &Ground<'_>, spot: &FolderEntry, bytes: &[u8], facts: &Facts) -> Result<(), Failure> {
    let temporary = PathBuf::from(format!(".countersign-{}", ground.command_id));
    let write = || -> io::Result<()> {
        durable::remove(spot.folder(), &temporary)?;
        let mut file: File = durable::create(spot.folder(), &temporary)?;
        file.write_all(bytes)?;
        content::restore(&file, facts)?;
        renameat(spot.folder(), &temporary, spot.folder().as_fd(), spot.name())?;
        spot.sync()
    };
    write().map_err(|error| Refusal::system("write the job", &error).into())
}
