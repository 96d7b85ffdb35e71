//! From an `OpenC2` command to what is done: the table of pairs that this consumer knows, and their arguments.
//!
//! To add a pair: a line in [`PAIRS`] and an arm in [`parse_command`]. What is not in the table answers 501; what is,
//! refuses every argument that it would have to ignore.

use serde_json::{Map, json};
use sha2::Digest as _;
use uuid::Uuid;

use super::engine::Order;
use super::journal::Verb;
use super::refusal::Refusal;
use openc2::{Action, Actuator, Command, FileTarget, REPORT_KEY, Response, Status, Target};

/// What this consumer does.
const PAIRS: [(&str, &[&str]); 3] = [("query", &["features"]), ("contain", &["file"]), ("allow", &["file"])];

/// The profiles under which it may be addressed.
const PROFILES: [&str; 2] = ["er", REPORT_KEY];

/// A command that was understood.
pub(super) enum Parsed {
    /// Answered without touching anything.
    Answer(Response),
    /// To be carried out.
    Order(Order),
}

/// Reads a command, or says why it is refused; a refusal here has changed nothing and is not recorded.
pub(super) fn parse_command(command: &Command) -> Parsed {
    read(command).unwrap_or_else(Parsed::Answer)
}

fn read(command: &Command) -> Result<Parsed, Response> {
    let verb = match (&command.action, &command.target) {
        (Action::Query, Target::Features(features)) => {
            check_form(command)?;
            return query(features).map(Parsed::Answer);
        }
        (Action::Contain, Target::File(_)) => Verb::Quarantine,
        (Action::Allow, Target::File(_)) => Verb::Release,
        (action, target) => {
            return Err(not_implemented(&format!("{} {} is not implemented", action.name(), target.name())));
        }
    };
    let Target::File(file) = &command.target else { return Err(not_implemented("only files")) };
    check_form(command)?;
    order(verb, file, command).map(Parsed::Order).map_err(Refusal::into_response)
}

fn order(verb: Verb, file: &FileTarget, command: &Command) -> Result<Order, Refusal> {
    let id = command.command_id.as_deref().ok_or_else(|| {
        Refusal::malformed("command_id is required: by it a repeat of the command is recognised")
    })?;
    let command_id = Uuid::try_parse(id).map_err(|_| Refusal::malformed("command_id must be a UUID"))?;
    let sha256 = file.hashes.and_then(|hashes| hashes.sha256).ok_or_else(|| {
        Refusal::malformed("hashes.sha256 is required: a path alone does not say which content is meant")
    })?;
    if let Some(name) = &file.name {
        let last = file.path.as_deref().map(|path| path.rsplit('/').next().unwrap_or(path));
        if last != Some(name) {
            return Err(Refusal::malformed("name must be the last component of path, or absent"));
        }
    }
    let canonical = serde_json_canonicalizer::to_vec(command)
        .map_err(|error| Refusal::malformed(format!("the command has no canonical form: {error}")))?;
    let digest = hex::encode(sha2::Sha256::digest(canonical));
    Ok(Order { command_id, digest, verb, path: file.path.clone(), sha256 })
}

/// Arguments and actuator: only what has no further effect, or the effect that we have.
fn check_form(command: &Command) -> Result<(), Response> {
    for (name, value) in &command.args {
        let harmless = match name.as_str() {
            "response_requested" => value == "complete",
            name if PROFILES.contains(&name) => value.as_object().is_some_and(Map::is_empty),
            _ => false,
        };
        if !harmless {
            return Err(not_implemented(&format!("the argument {name} with this value is not implemented")));
        }
    }
    if let Some(Actuator { profile, specifiers }) = &command.actuator {
        if !PROFILES.contains(&profile.as_str()) {
            return Err(not_implemented(&format!("there is no actuator of the profile {profile}")));
        }
        if !specifiers.is_empty() {
            return Err(not_implemented("actuator specifiers are not implemented"));
        }
    }
    Ok(())
}

fn query(features: &[String]) -> Result<Response, Response> {
    let mut results = Map::new();
    for feature in features {
        let value = match feature.as_str() {
            "versions" => json!(["1.0"]),
            "profiles" => json!(PROFILES),
            "pairs" => PAIRS
                .iter()
                .map(|(action, targets)| ((*action).to_owned(), json!(targets)))
                .collect::<Map<_, _>>()
                .into(),
            // Known to the language, but there is no fixed rate to tell.
            "rate_limit" => continue,
            other => return Err(Refusal::malformed(format!("there is no feature {other}")).into_response()),
        };
        results.insert(feature.clone(), value);
    }
    Ok(Response { status: Status::OK, status_text: None, results })
}

fn not_implemented(detail: &str) -> Response {
    Response::refusing(Status::NOT_IMPLEMENTED, "not_implemented", detail)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(command: Value) -> Result<Order, Response> {
        match parse_command(&serde_json::from_value(command).unwrap()) {
            Parsed::Order(order) => Ok(order),
            Parsed::Answer(response) => Err(response),
        }
    }

    fn contain(extra: Value) -> Value {
        let mut command = json!({
            "action": "contain",
            "target": {"file": {"path": "/srv/a", "hashes": {"sha256": "AB".repeat(32)}}},
            "command_id": "0192f1a0-0000-7000-8000-000000000001",
        });
        command.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        command
    }

    #[test]
    fn features_are_told_as_asked_and_none_is_invented() {
        let all = answer(
            json!({"action": "query", "target": {"features": ["versions", "profiles", "pairs", "rate_limit"]}}),
        );
        assert_eq!(
            Value::Object(all.unwrap_err().results),
            json!({"versions": ["1.0"], "profiles": ["er", "x-countersign"],
                   "pairs": {"query": ["features"], "contain": ["file"], "allow": ["file"]}})
        );
        let none = answer(json!({"action": "query", "target": {"features": []}})).unwrap_err();
        assert_eq!((none.status, none.results.len()), (Status::OK, 0));
        let odd = answer(json!({"action": "query", "target": {"features": ["colour"]}})).unwrap_err();
        assert_eq!(odd.status, Status::BAD_REQUEST);
    }

    #[test]
    fn every_pair_outside_of_the_table_answers_501() {
        for (action, target) in [
            ("deny", json!({"file": {}})),
            ("contain", json!({"device": {}})),
            ("query", json!({"file": {}})),
            ("dance", json!({"features": []})),
            ("contain", json!({"features": []})),
        ] {
            let response = answer(json!({"action": action, "target": target})).unwrap_err();
            assert_eq!(response.status, Status::NOT_IMPLEMENTED, "{action} {target}");
        }
    }

    #[test]
    fn what_would_have_to_be_ignored_is_refused() {
        assert!(answer(contain(json!({}))).is_ok());
        let plain = json!({"args": {"response_requested": "complete", "er": {}}, "actuator": {"er": {}}});
        assert!(answer(contain(plain)).is_ok());
        for extra in [
            json!({"args": {"duration": 1000}}),
            json!({"args": {"response_requested": "none"}}),
            json!({"args": {"er": {"downstream_device": {}}}}),
            json!({"actuator": {"slpf": {}}}),
            json!({"actuator": {"er": {"hostname": "elsewhere"}}}),
        ] {
            assert_eq!(
                answer(contain(extra.clone())).unwrap_err().status,
                Status::NOT_IMPLEMENTED,
                "{extra}"
            );
        }
        for extra in [
            json!({"command_id": null}),
            json!({"command_id": "../../etc/passwd"}),
            json!({"target": {"file": {"path": "/srv/a"}}}),
            json!({"target": {"file": {"path": "/srv/a", "hashes": {"md5": "AB".repeat(16)}}}}),
            json!({"target": {"file": {"name": "b", "path": "/srv/a", "hashes": {"sha256": "AB".repeat(32)}}}}),
            json!({"target": {"file": {"name": "a", "hashes": {"sha256": "AB".repeat(32)}}}}),
        ] {
            assert_eq!(answer(contain(extra.clone())).unwrap_err().status, Status::BAD_REQUEST, "{extra}");
        }
    }

    #[test]
    fn a_digest_is_of_the_command_not_of_its_spelling() {
        let lower = json!({"target": {"file": {"hashes": {"sha256": "ab".repeat(32)}, "path": "/srv/a"}}});
        let (one, other) = (answer(contain(json!({}))).unwrap(), answer(contain(lower)).unwrap());
        assert_eq!(one.digest, other.digest);
        let elsewhere =
            json!({"target": {"file": {"path": "/srv/b", "hashes": {"sha256": "AB".repeat(32)}}}});
        assert_ne!(one.digest, answer(contain(elsewhere)).unwrap().digest);
    }
}
