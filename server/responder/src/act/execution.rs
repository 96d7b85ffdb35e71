//! What may be executed on the host: by a rule of fapolicyd only what it trusts, until that is lifted.
//!
//! The rule denies what is not trusted, in a file of our own that comes before the host's rules: what those deny they go on
//! denying. It is about executing alone: a script that a trusted shell is given to read is not executed.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::fd::AsFd as _;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::fapolicyd;
use super::ground::{Ground, Planned};
use crate::durable;
use crate::refusal::{Failure, Refusal};
use openc2::{Outcome, Report};

/// Our file among the rules, which are taken in the order of their names.
const NAME: &str = "05-countersign.rules";
const RULE: &str = "deny_audit perm=execute all : trust=0";

/// What will be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    Restrict,
    /// With whether the daemon ran: one that did not is not started.
    Lift {
        running: bool,
    },
}

pub(crate) fn plan(ground: &Ground<'_>, restrict: bool) -> Result<Planned<Work>, Refusal> {
    let is_there = is_ours()?;
    if !restrict {
        return Ok(if is_there {
            Planned::Work(Work::Lift { running: fapolicyd::runs() })
        } else {
            Planned::Settled("what may be executed is not restricted by this responder".to_owned())
        });
    }
    if let Some(why) = fapolicyd::why_not(ground.host.systemd.as_ref()) {
        return Err(Refusal::failed(why));
    }
    if is_there && fapolicyd::has_rule(RULE) {
        return Ok(Planned::Settled("only what fapolicyd trusts may be executed already".to_owned()));
    }
    let untrusted = fapolicyd::untrusted().map_err(|error| Refusal::failed(format!("{error:#}")))?;
    if let Some(path) = untrusted {
        return Err(Refusal::vital(format!(
            "{0} is not trusted by fapolicyd, and the restriction could not be lifted without it: first run fapolicyd-cli \
             --file add {0} and fapolicyd-cli --update",
            path.display()
        )));
    }
    Ok(Planned::Work(Work::Restrict))
}

pub(crate) fn advance(ground: &Ground<'_>, work: Work) -> Result<Report, Failure> {
    let systemd = ground.host.systemd.as_ref();
    let done = |detail: &str| Ok(Report::new(Outcome::Completed, detail));
    match work {
        Work::Restrict => {
            is_ours()?;
            let put = File::open(fapolicyd::RULES)
                .and_then(|folder| durable::write(folder.as_fd(), NAME, content().as_bytes()))
                .map_err(|error| Refusal::system(&format!("write {NAME} in {}", fapolicyd::RULES), &error));
            put?;
            let loaded = fapolicyd::load(systemd, true).and_then(|()| {
                anyhow::ensure!(fapolicyd::has_rule(RULE), "fagenrules left our rule out");
                Ok(())
            });
            let Err(error) = loaded else { return done("only what fapolicyd trusts may be executed") };
            // What is not in force does not stand.
            take_away().context("the rule is not in force, and its file can't be removed")?;
            // What refused the rule may refuse its removal, too; the list that it made is then the one of before.
            if let Err(undone) = fapolicyd::load(systemd, true)
                && fapolicyd::has_rule(RULE)
            {
                return Err(Failure::Unsettled(undone.context("the rule is not in force, and not lifted")));
            }
            Err(Failure::Refused(Refusal::failed(format!("nothing is restricted: {error:#}"))))
        }
        Work::Lift { running } => {
            if is_ours()? {
                take_away().context("the rule's file can't be removed")?;
            }
            fapolicyd::load(systemd, running)
                .context("the rule's file is removed, but fapolicyd did not read that")?;
            if fapolicyd::has_rule(RULE) {
                return Err(Failure::Unsettled(anyhow::anyhow!(
                    "the rule's file is removed, but fagenrules kept the rule"
                )));
            }
            done("everything may be executed that the host's own rules allow")
        }
    }
}

fn content() -> String {
    format!("# By Countersign, until the restriction of this host is lifted.\n{RULE}\n")
}

/// Whether our file is there; refused where a file of its name is not ours.
fn is_ours() -> Result<bool, Refusal> {
    let path = Path::new(fapolicyd::RULES).join(NAME);
    match fs::read(&path) {
        Ok(bytes) if bytes == content().as_bytes() => Ok(true),
        Ok(_) => Err(Refusal::not_ours(format!("{} was written by somebody else", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Refusal::system(&format!("read {}", path.display()), &error)),
    }
}

fn take_away() -> std::io::Result<()> {
    let folder = File::open(fapolicyd::RULES)?;
    durable::remove(folder.as_fd(), Path::new(NAME))?;
    durable::sync(&folder)
}
