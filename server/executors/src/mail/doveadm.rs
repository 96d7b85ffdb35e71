//! doveadm's HTTP API (Dovecot 2.3): one command a request, since one bad command makes the answers of all unreadable
//! while the others were carried out.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{StatusCode, Url};
use serde_json::{Value, json};

use crate::peer::{self, Trouble};
use crate::secret::Secret;

/// The largest answer that is read.
const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// A client of the API.
pub(super) struct Doveadm {
    client: reqwest::Client,
    url: Url,
    authorization: HeaderValue,
}

/// What a command did not do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It ended with this exit code (`sysexits.h`).
    Exit(i64),
    /// There is no answer of the command.
    Trouble(Trouble),
}

impl Failure {
    /// What it means where nothing special is expected.
    pub(super) fn of(self, user: &str) -> Trouble {
        match self {
            Self::Trouble(trouble) => trouble,
            Self::Exit(67) => Trouble::Refused(format!("There is no mailbox {user}.")),
            Self::Exit(75) => {
                Trouble::Uncertain(format!("The mail server can't do that for {user} just now."))
            }
            Self::Exit(77) => {
                Trouble::Refused(format!("The mail server has no permission for that on {user}."))
            }
            Self::Exit(code) => Trouble::Refused(format!(
                "The mail server refused it for {user} (exit code {code}); its log says why."
            )),
        }
    }
}

impl Doveadm {
    /// A client of the API below that URL.
    pub(super) fn new(client: reqwest::Client, url: &Url, key: &Secret) -> Result<Self, String> {
        let url = url.join("/doveadm/v1").map_err(|error| error.to_string())?;
        let authorization = format!("X-Dovecot-API {}", STANDARD.encode(key.expose()));
        let mut authorization = HeaderValue::from_str(&authorization).map_err(|error| error.to_string())?;
        authorization.set_sensitive(true);
        Ok(Self { client, url, authorization })
    }

    /// The commands that the server has.
    pub(super) async fn commands(&self) -> Result<HashSet<String>, Trouble> {
        let answer =
            self.client.get(self.url.clone()).header(AUTHORIZATION, &self.authorization).send().await;
        let answer = answer.map_err(|error| peer::unanswered(&error, &self.url).before_any_change())?;
        let listed = self.read(answer).await.map_err(Trouble::before_any_change)?;
        let names: HashSet<String> = listed
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|command| command["command"].as_str().map(str::to_owned))
            .collect();
        if names.is_empty() { Err(self.is_none()) } else { Ok(names) }
    }

    /// Sees that a user is there.
    pub(super) async fn known(&self, user: &str) -> Result<(), Trouble> {
        check_user(user).map_err(Trouble::Refused)?;
        let found = self.run("user", json!({ "userMask": [user] })).await;
        found.map(|_| ()).map_err(|failure| failure.of(user).before_any_change())
    }

    /// Runs one command, and answers with what it said.
    pub(super) async fn run(&self, command: &str, parameters: Value) -> Result<Value, Failure> {
        let body = json!([[command, parameters, "1"]]);
        let sent = self.client.post(self.url.clone()).header(AUTHORIZATION, &self.authorization);
        let answer = sent.json(&body).send().await;
        // A malformed query ends without an answer, though nothing was done: what is sent is checked before.
        let answer = answer.map_err(|error| Failure::Trouble(peer::unanswered(&error, &self.url)))?;
        let mut answer = self.read(answer).await.map_err(Failure::Trouble)?;
        let said = answer[0][1].take();
        match answer[0][0].as_str() {
            Some("doveadmResponse") => Ok(said),
            Some("error") => match said["exitCode"].as_i64() {
                Some(code) => Err(Failure::Exit(code)),
                None => Err(Failure::Trouble(Trouble::Refused(format!(
                    "The mail server does not know doveadm's command {command}."
                )))),
            },
            _ => Err(Failure::Trouble(self.is_none())),
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Value, Trouble> {
        let place = peer::place(&self.url);
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(Trouble::NotSent(format!(
                    "{place} does not take the key: it must be that of doveadm_api_key."
                )));
            }
            StatusCode::NOT_FOUND => return Err(self.is_none()),
            status => return Err(Trouble::Uncertain(format!("{place} answered {status}."))),
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| peer::unanswered(&error, &self.url))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Trouble::Uncertain(format!("The answer of {place} is too long.")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body)
            .map_err(|_| Trouble::Uncertain(format!("{place} answered with something that is no JSON.")))
    }

    fn is_none(&self) -> Trouble {
        Trouble::NotSent(format!("{} is no HTTP API of doveadm.", peer::place(&self.url)))
    }
}

/// What is sent as a user means that one: for doveadm it is a pattern.
pub(super) fn check_user(user: &str) -> Result<(), String> {
    let is_one = !user.is_empty()
        && user.len() <= 320
        && !user.contains(['*', '?', '%', '\\', '"'])
        && !user.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    if is_one { Ok(()) } else { Err(format!("{user:?} is not the name of one mailbox.")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_one_and_no_pattern() {
        assert_eq!(check_user("kim@corp.example"), Ok(()));
        for bad in ["", "*", "kim*", "k?m", "a b", "a\n"] {
            assert!(check_user(bad).is_err(), "{bad}");
        }
    }
}
