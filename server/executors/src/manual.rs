//! What people carry out: the approved action waits with its steps in words, until somebody says how it ended.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::executors::ExecutorKind;
use domain::executors::contract::TestResult;
use domain::{Action, ActionType, CommandId};

use service::executor::{Attempt, CalledOff, Executor, Order};

/// An executor of people.
#[derive(Debug, Clone)]
pub struct Manual {
    name: String,
    steps: BTreeMap<ActionType, String>,
}

impl Manual {
    /// One of this name, with the steps that are others than the usual.
    #[must_use]
    pub const fn new(name: String, steps: BTreeMap<ActionType, String>) -> Self {
        Self { name, steps }
    }

    /// What is to be done, in words.
    fn steps(&self, action: &Action) -> String {
        let entity = action.entity.title();
        let asset = &action.asset.name;
        let info = action.action_type.info();
        if let Some(template) = self.steps.get(&action.action_type) {
            return template
                .replace("{entity}", &entity)
                .replace("{asset}", asset)
                .replace("{type}", info.name)
                .replace(
                    "{reason}",
                    action.reason.as_deref().or(action.comment.as_deref()).unwrap_or_default(),
                );
        }
        let place = if *asset == entity { String::new() } else { format!(" on {asset}") };
        let parameters = action.parameters.iter().map(|(name, value)| format!("{}: {value}", name.label()));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        let with = if parameters.is_empty() { String::new() } else { format!(" With {parameters}.") };
        format!(
            "1. {}: {entity}{place}.{with}\n2. See that it took effect: {}\n3. Say here that it is done, with a reference if there is one, or that it could not be done.",
            info.name, info.effect
        )
    }
}

#[async_trait]
impl Executor for Manual {
    fn name(&self) -> &str {
        &self.name
    }

    fn kind(&self) -> ExecutorKind {
        ExecutorKind::Manual
    }

    fn carries_out(&self, _action_type: ActionType, _action: &Action) -> bool {
        true
    }

    fn can(&self) -> Vec<String> {
        vec!["Every type of action, by hand".to_owned()]
    }

    async fn test(&self) -> TestResult {
        TestResult { works: true, says: "People carry it out; there is nothing to reach.".to_owned() }
    }

    fn calls_off(&self) -> bool {
        true
    }

    async fn call_off(&self, _command: CommandId) -> CalledOff {
        CalledOff::NotDone("taken off the list of what is to be done by hand".to_owned())
    }

    async fn execute(&self, order: &Order) -> Attempt {
        Attempt::Handed(self.steps(&order.action), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_name_the_target_and_can_be_others() {
        let mut proposal = service::testing::proposal("1");
        proposal["parameters"] = serde_json::json!({});
        let proposal: domain::Proposal = serde_json::from_value(proposal).unwrap();
        let action = proposal.into_action(
            uuid::Uuid::nil().into(),
            String::new(),
            service::testing::tester(),
            jiff::Timestamp::UNIX_EPOCH,
        );
        let usual = Manual::new("people".to_owned(), BTreeMap::new()).steps(&action);
        assert!(usual.contains("/srv/a on web-1") && usual.contains("3. Say here"), "{usual}");
        let own = BTreeMap::from([(
            ActionType::QuarantineFile,
            "Ask IT about {entity} of {asset}: {reason}".to_owned(),
        )]);
        let own = Manual::new("people".to_owned(), own).steps(&action);
        assert_eq!(own, "Ask IT about /srv/a of web-1: found by the nightly scan");
    }
}
