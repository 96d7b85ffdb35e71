//! What a consumer of `OpenC2` is told: which verb and target stand for an action, of those that it says it knows.

use std::collections::BTreeMap;

use domain::{Action, ActionType, Entity};
use openc2::{Command, Target};
use serde_json::{Value, json};

/// The pairs of verb and targets that a consumer says it carries out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pairs(BTreeMap<String, Vec<String>>);

impl Pairs {
    /// As the results of `query features` have them.
    pub(super) fn read(results: &serde_json::Map<String, Value>) -> Option<Self> {
        let pairs = results.get("pairs")?.as_object()?;
        let read = |(verb, targets): (&String, &Value)| {
            let targets =
                targets.as_array()?.iter().filter_map(|of| of.as_str().map(str::to_owned)).collect();
            Some((verb.clone(), targets))
        };
        Some(Self(pairs.iter().filter_map(read).collect()))
    }

    fn has(&self, verb: &str, target: &str) -> bool {
        self.0.get(verb).is_some_and(|targets| targets.iter().any(|of| of == target))
    }

    /// In words, for the screen.
    pub(super) fn in_words(&self) -> Vec<String> {
        self.0.iter().map(|(verb, targets)| format!("{verb}: {}", targets.join(", "))).collect()
    }

    /// The command of a type on what an action is about, if the consumer carries it out.
    pub(super) fn command(&self, action_type: ActionType, action: &Action) -> Option<Command> {
        let verb = action_type.info().openc2.as_ref()?.action;
        let target = target(&action.entity)?;
        self.has(verb, target.name()).then(|| Command::new(verb.to_owned().into(), target))
    }
}

/// What names the entity to a consumer; none if the language has no name for it.
fn target(entity: &Entity) -> Option<Target> {
    let other = |name: &str, value: Value| Some(Target::Other { name: name.to_owned(), value });
    match entity {
        Entity::File { .. } => super::openc2::file(entity).ok(),
        Entity::Device { name } => other("device", json!({ "hostname": name })),
        Entity::IpAddress { address } => {
            other(if address.contains(':') { "ipv6_net" } else { "ipv4_net" }, json!(address))
        }
        Entity::Url { url } => other("uri", json!(url)),
        Entity::Process { pid, image, .. } => {
            let mut process = serde_json::Map::new();
            process.extend(pid.map(|pid| ("pid".to_owned(), json!(pid))));
            process.extend(image.as_ref().map(|image| ("executable".to_owned(), json!({ "path": image }))));
            other("process", Value::Object(process))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(entity: Value) -> Action {
        let mut of = service::testing::proposal("1");
        of["entity"] = entity;
        let by = service::testing::tester();
        let proposal: domain::Proposal = serde_json::from_value(of).unwrap();
        proposal.into_action(uuid::Uuid::nil().into(), String::new(), by, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn only_pairs_that_a_consumer_knows_are_commanded() {
        let results =
            json!({ "pairs": { "deny": ["ipv4_net"], "query": ["features"], "contain": ["device"] } });
        let pairs = Pairs::read(results.as_object().unwrap()).unwrap();
        let v4 = action(json!({ "kind": "ip_address", "address": "198.51.100.7" }));
        let v6 = action(json!({ "kind": "ip_address", "address": "2001:db8::7" }));
        let device = action(json!({ "kind": "device", "name": "ws-1" }));
        let command = pairs.command(ActionType::BlockIpAddress, &v4).unwrap();
        assert_eq!((command.action.name(), command.target.name()), ("deny", "ipv4_net"));
        assert!(pairs.command(ActionType::BlockIpAddress, &v6).is_none(), "it knows no ipv6_net");
        assert!(pairs.command(ActionType::UnblockIpAddress, &v4).is_none(), "nor allow");
        assert!(pairs.command(ActionType::IsolateDevice, &device).is_some());
        assert!(
            pairs.command(ActionType::ResetPassword, &device).is_none(),
            "the language has no verb for it"
        );
        assert_eq!(pairs.in_words().len(), 3);
        assert_eq!(Pairs::read(json!({}).as_object().unwrap()), None);
    }
}
