//! Services: stopped and kept from starting, and started again as they were. By systemd where it knows the service,
//! otherwise by supervisord, otherwise by runit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::ground::{Ground, Planned};
use super::kept;
use super::supervisor::{self, Supervisor};
use super::systemd;
use crate::refusal::{Failure, Refusal};
use openc2::{Outcome, Report};

/// What is kept of a service that was stopped.
const KIND: &str = "service";
/// How long `sv` waits, in seconds.
const WAIT: &str = "8";

/// A service to stop or to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) name: String,
    pub(crate) start: bool,
    pub(crate) before: Before,
}

/// What it was before, as its manager tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "manager", rename_all = "snake_case")]
pub(crate) enum Before {
    Systemd(systemd::Before),
    Supervisor(supervisor::Before),
    Runit {
        running: bool,
        /// Whether a file kept it from starting already.
        down: bool,
    },
}

impl Before {
    const fn is_running(&self) -> bool {
        match self {
            Self::Systemd(before) => before.active,
            Self::Supervisor(before) => before.running,
            Self::Runit { running, .. } => *running,
        }
    }

    /// Whether it stays stopped, as the rest of a sentence.
    const fn staying(&self) -> &'static str {
        match self {
            Self::Supervisor(supervisor::Before { autostart: Some(false), .. }) => {
                "; supervisord does not start it by itself"
            }
            Self::Supervisor(_) => "; supervisord starts it when it is itself started anew (autostart)",
            Self::Systemd(_) | Self::Runit { .. } => " and is kept from starting",
        }
    }
}

pub(crate) fn plan(ground: &Ground<'_>, name: &str, start: bool) -> Result<Planned<Work>, Refusal> {
    let unit = unit(name)?;
    let kept: Option<Before> =
        kept::load(ground.vault, KIND, &unit).map_err(|error| Refusal::system("read the vault", &error))?;
    let now = look(ground, name, &unit)?;
    if start {
        return Ok(match kept {
            Some(before) => Planned::Work(Work { name: name.to_owned(), start, before }),
            None if now.is_running() => Planned::Settled(format!("{name} runs already")),
            // It was stopped by something else: it is started, and nothing else is changed.
            None => {
                let before = match now {
                    Before::Systemd(now) => Before::Systemd(systemd::Before { active: true, ..now }),
                    Before::Supervisor(now) => {
                        Before::Supervisor(supervisor::Before { running: true, ..now })
                    }
                    Before::Runit { .. } => Before::Runit { running: true, down: true },
                };
                Planned::Work(Work { name: name.to_owned(), start, before })
            }
        });
    }
    if kept.is_some() && !now.is_running() {
        return Ok(Planned::Settled(format!("{name} was stopped already{}", now.staying())));
    }
    // Nothing could keep it from starting.
    if matches!(now, Before::Supervisor(_)) && !now.is_running() {
        return Ok(Planned::Settled(format!("{name} does not run{}", now.staying())));
    }
    Ok(Planned::Work(Work { name: name.to_owned(), start, before: kept.unwrap_or(now) }))
}

pub(crate) fn advance(ground: &Ground<'_>, work: &Work) -> Result<Report, Failure> {
    let unit = unit(&work.name)?;
    let failed = |error: anyhow::Error| Failure::Refused(Refusal::failed(format!("{error:#}")));
    if !work.start {
        // Before anything is changed: what was is known whatever happens.
        kept::store(ground.vault, KIND, &unit, &work.before).context("the state can't be kept")?;
        let done = match &work.before {
            Before::Systemd(before) => {
                let systemd = ground.host.systemd.as_ref().context("systemd is not there any more")?;
                Before::Systemd(systemd.stop(&unit, before).map_err(failed)?)
            }
            Before::Supervisor(_) => {
                supervisor(ground).stop(&work.name).map_err(failed)?;
                work.before.clone()
            }
            Before::Runit { .. } => {
                let folder = runit(ground, &work.name)?;
                fs::write(folder.join("down"), "").context("the service can't be kept down")?;
                sv(&folder, "force-stop").map_err(failed)?;
                work.before.clone()
            }
        };
        kept::store(ground.vault, KIND, &unit, &done).context("the state can't be kept")?;
        return Ok(Report::new(Outcome::Completed, format!("{} was stopped{}", work.name, done.staying())));
    }
    match &work.before {
        Before::Systemd(before) => {
            let systemd = ground.host.systemd.as_ref().context("systemd is not there any more")?;
            systemd.start(&unit, before).map_err(failed)?;
        }
        Before::Supervisor(before) => {
            if before.running {
                supervisor(ground).start(&work.name).map_err(failed)?;
            }
        }
        Before::Runit { running, down } => {
            let folder = runit(ground, &work.name)?;
            if !down {
                remove(&folder.join("down")).context("the service can't be let start")?;
            }
            if *running {
                sv(&folder, "start").map_err(failed)?;
            }
        }
    }
    kept::remove(ground.vault, KIND, &unit).context("the state can't be forgotten")?;
    let detail = if work.before.is_running() {
        format!("{} was started", work.name)
    } else {
        format!("{} may start again; it did not run before, either", work.name)
    };
    Ok(Report::new(Outcome::Completed, detail))
}

/// The unit's name of a service.
fn unit(name: &str) -> Result<String, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_.\\@-".contains(&byte);
    if name.is_empty() || name.starts_with(['.', '-']) || !name.bytes().all(plain) {
        return Err(Refusal::malformed("a service's name has letters, digits and :_.\\@- only"));
    }
    if let Some((_, kind)) = name.rsplit_once('.')
        && matches!(kind, "socket" | "target" | "mount" | "timer" | "path" | "slice" | "scope" | "device")
    {
        return Err(Refusal::malformed(format!("{name} is no service")));
    }
    Ok(if name.ends_with(".service") { name.to_owned() } else { format!("{name}.service") })
}

fn look(ground: &Ground<'_>, name: &str, unit: &str) -> Result<Before, Refusal> {
    if let Some(systemd) = &ground.host.systemd {
        let failed = |error: anyhow::Error| Refusal::failed(format!("{error:#}"));
        if let Some(before) = systemd.look(unit).map_err(failed)? {
            if systemd.main_process(unit).is_ok_and(|pid| pid == std::process::id()) {
                return Err(Refusal::vital("the responder does not stop its own service"));
            }
            return Ok(Before::Systemd(before));
        }
    }
    let failed = |error: anyhow::Error| Refusal::failed(format!("{error:#}"));
    if supervisor(ground).answers()
        && let Some((before, pid)) = supervisor(ground).look(name).map_err(failed)?
    {
        if pid == std::process::id() {
            return Err(Refusal::vital("the responder does not stop its own service"));
        }
        return Ok(Before::Supervisor(before));
    }
    let folder = runit(ground, name)?;
    let status = sv(&folder, "status").map_err(|error| Refusal::failed(format!("{error:#}")))?;
    Ok(Before::Runit { running: status.starts_with("run:"), down: folder.join("down").exists() })
}

const fn supervisor<'a>(ground: &Ground<'a>) -> &'a Supervisor {
    &ground.host.supervisor
}

/// The folder of a runit service.
fn runit(ground: &Ground<'_>, name: &str) -> Result<PathBuf, Refusal> {
    let none = || Refusal::unknown(format!("there is no service {name}"));
    let folder = ground.host.runit.as_ref().ok_or_else(none)?.join(name);
    if folder.join("run").exists() { Ok(folder) } else { Err(none()) }
}

fn sv(folder: &Path, verb: &str) -> anyhow::Result<String> {
    let output = Command::new("sv")
        .args(["-w", WAIT, verb])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .context("sv can't be started")?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    anyhow::ensure!(output.status.success(), "sv says: {said}");
    Ok(said)
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
