//! Forwarding by a user's Sieve script. A script that forwards outside is replaced by its twin without that; the user's
//! own stays as it is, and is activated again by the undo.
//!
//! Dovecot 2.3.19 does not list a script that the user wrote by hand (`~/.dovecot.sieve`, no link), though it is in
//! force: it shows only once another is activated, renamed. So where none is listed, one of ours is activated to see.

use domain::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Done;
use super::doveadm::{Doveadm, Failure, check_user};
use super::sieve::{self, Script};
use crate::peer::Trouble;

/// The name of our script.
const OURS: &str = "countersign";
/// How its first line begins.
const HEADER: &str = "# Countersign: ";

/// A script as the server lists it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Listed {
    script: String,
    active: String,
}

/// What our script stands for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Replaces {
    name: String,
    text: String,
}

/// One user's scripts.
struct Scripts<'a> {
    doveadm: &'a Doveadm,
    user: &'a str,
}

/// Takes the forwarding outside out of the script that is in force.
pub(super) async fn turn_off(doveadm: &Doveadm, user: &str, own_domains: &[String], repeats: bool) -> Done {
    check_user(user).map_err(Trouble::Refused)?;
    let scripts = Scripts { doveadm, user };
    let before = scripts.list().await.map_err(Trouble::before_any_change)?;
    let nothing = if repeats { Outcome::Completed } else { Outcome::Skipped };
    let mut looked = false;
    let active = match active(&before) {
        Some(OURS) => {
            let ours = scripts.get(OURS).await?;
            if Replaces::read(&ours).is_some() {
                return Ok((nothing, format!("External forwarding of {user} is off.")));
            }
            // An earlier attempt got as far as looking.
            looked = true;
            hidden(&before)
        }
        Some(name) => Some(name.to_owned()),
        None => {
            scripts.put(OURS, "# Countersign looks what is in force.\r\nkeep;\r\n").await?;
            scripts.activate(OURS).await?;
            looked = true;
            let shown = scripts.list().await.map_err(Trouble::after_a_change)?;
            shown
                .into_iter()
                .map(|listed| listed.script)
                .find(|name| name != OURS && !before.iter().any(|listed| listed.script == *name))
        }
    };
    let Some(name) = active else {
        scripts.deactivate().await?;
        scripts.delete(OURS).await?;
        return Ok((nothing, format!("{user} has no script that forwards.")));
    };
    let text = scripts.get(&name).await?;
    let without = match sieve::without_forwarding(&text, own_domains) {
        Ok(Script { text: without, removed }) if !removed.is_empty() => (without, removed),
        other => {
            if looked {
                scripts.activate(&name).await?;
                scripts.delete(OURS).await?;
            }
            return match other {
                Ok(_) => Ok((nothing, format!("The script {name} of {user} forwards nothing outside."))),
                Err(why) => Err(Trouble::Refused(format!(
                    "The script {name} of {user} is not understood: {why}. Nothing was changed; a person must look."
                ))),
            };
        }
    };
    let (text_without, removed) = without;
    let replaces = Replaces { name: name.clone(), text: digest(&text) };
    scripts.put(OURS, &replaces.before(&text_without)).await?;
    scripts.activate(OURS).await?;
    let after = scripts.list().await.map_err(Trouble::after_a_change)?;
    let stands = self::active(&after) == Some(OURS) && after.iter().any(|listed| listed.script == name);
    let ours = scripts.get(OURS).await?;
    let forwards =
        sieve::without_forwarding(&ours, own_domains).is_ok_and(|script| script.removed.is_empty());
    if stands && forwards && Replaces::read(&ours).is_some() {
        let to = removed.join(", ");
        return Ok((
            Outcome::Completed,
            format!("{user} forwards no more to {to}; the script {name} is kept and not in force."),
        ));
    }
    Err(Trouble::Refused(format!("The scripts of {user} are not as they were told to be.")))
}

/// Puts the user's own script in force again.
pub(super) async fn restore(doveadm: &Doveadm, user: &str, repeats: bool) -> Done {
    check_user(user).map_err(Trouble::Refused)?;
    let scripts = Scripts { doveadm, user };
    let before = scripts.list().await.map_err(Trouble::before_any_change)?;
    let ours = before.iter().any(|listed| listed.script == OURS);
    if !ours {
        let outcome = if repeats { Outcome::Completed } else { Outcome::Skipped };
        return Ok((outcome, format!("External forwarding of {user} was not turned off by Countersign.")));
    }
    let text = scripts.get(OURS).await.map_err(Trouble::before_any_change)?;
    let Some(replaces) = Replaces::read(&text) else {
        return Err(Trouble::Refused(format!(
            "The script {OURS} of {user} does not say what it stands for."
        )));
    };
    match active(&before) {
        Some(OURS) => {}
        // An earlier attempt got as far as here.
        Some(name) if repeats && name == replaces.name => {
            scripts.delete(OURS).await?;
            return Ok((Outcome::Completed, format!("The script {name} of {user} is in force again.")));
        }
        other => {
            let other = other.unwrap_or("none").to_owned();
            return Err(Trouble::Refused(format!(
                "{user} has chosen another script since ({other}); it was left in force."
            )));
        }
    }
    let Some(name) = scripts.original(&before, &replaces).await? else {
        return Err(Trouble::Refused(format!(
            "The script {} of {user} was changed or removed since: nothing was done.",
            replaces.name
        )));
    };
    scripts.activate(&name).await?;
    scripts.delete(OURS).await?;
    let after = scripts.list().await.map_err(Trouble::after_a_change)?;
    if active(&after) == Some(name.as_str()) {
        return Ok((Outcome::Completed, format!("The script {name} of {user} is in force again.")));
    }
    Err(Trouble::Refused(format!("The script {name} of {user} is not in force, though it was told to be.")))
}

impl Scripts<'_> {
    async fn list(&self) -> Result<Vec<Listed>, Trouble> {
        let listed = self.run("sieveList", json!({})).await.map_err(|failure| failure.of(self.user))?;
        serde_json::from_value(listed)
            .map_err(|error| Trouble::Uncertain(format!("The list of scripts is not understood: {error}.")))
    }

    async fn get(&self, name: &str) -> Result<String, Trouble> {
        let found = self.run("sieveGet", json!({ "scriptname": name })).await;
        let found = found.map_err(|failure| match failure {
            Failure::Exit(68) => Trouble::Refused(format!("{} has no script {name} any more.", self.user)),
            other => other.of(self.user),
        })?;
        let text = found[0]["sieve script"].as_str().map(str::to_owned);
        text.ok_or_else(|| Trouble::Uncertain(format!("The script {name} of {} can't be read.", self.user)))
    }

    async fn put(&self, name: &str, text: &str) -> Result<(), Trouble> {
        self.change("sievePut", json!({ "scriptname": name, "file": text })).await
    }

    async fn activate(&self, name: &str) -> Result<(), Trouble> {
        self.change("sieveActivate", json!({ "scriptname": name })).await
    }

    async fn deactivate(&self) -> Result<(), Trouble> {
        self.change("sieveDeactivate", json!({})).await
    }

    async fn delete(&self, name: &str) -> Result<(), Trouble> {
        self.change("sieveDelete", json!({ "scriptname": [name] })).await
    }

    async fn change(&self, command: &str, parameters: Value) -> Result<(), Trouble> {
        let done = self.run(command, parameters).await;
        done.map(|_| ()).map_err(|failure| match failure {
            Failure::Exit(65) if command == "sievePut" => Trouble::Refused(format!(
                "The mail server does not take the script without forwarding of {}.",
                self.user
            )),
            other => other.of(self.user),
        })
    }

    async fn run(&self, command: &str, mut parameters: Value) -> Result<Value, Failure> {
        parameters["user"] = self.user.into();
        self.doveadm.run(command, parameters).await
    }

    /// The script that ours stands for, whatever it is called now.
    async fn original(&self, listed: &[Listed], replaces: &Replaces) -> Result<Option<String>, Trouble> {
        let mut names: Vec<&str> = listed.iter().map(|listed| listed.script.as_str()).collect();
        names.sort_by_key(|name| *name != replaces.name);
        for name in names.into_iter().filter(|name| *name != OURS) {
            if digest(&self.get(name).await?) == replaces.text {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }
}

impl Replaces {
    /// Our script: what it stands for, and then the text.
    fn before(&self, text: &str) -> String {
        let line = serde_json::to_string(self).unwrap_or_default();
        format!("{HEADER}{line}\r\n{text}")
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text.lines().next()?.strip_prefix(HEADER)?).ok()
    }
}

fn active(listed: &[Listed]) -> Option<&str> {
    listed.iter().find(|listed| !listed.active.is_empty()).map(|listed| listed.script.as_str())
}

/// What Dovecot calls a script that was written by hand, once another is in force.
fn hidden(listed: &[Listed]) -> Option<String> {
    listed.iter().map(|listed| &listed.script).find(|name| name.strip_suffix(".orig").is_some()).cloned()
}

/// Line ends may change on the way.
fn digest(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text.replace("\r\n", "\n")))
}
