//! Policies: what is protected, and what a decision on it asks for. A protection is a row of a table: conditions that are
//! all met, and a demand. What it means for automatic decisions, approvals, Take action and Undo stands in the service.

pub mod contract;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::actions::catalog::ActionType;
use crate::actions::entity::Criticality;
use crate::core::error::FieldError;
use crate::core::string_enum::string_enum;
use crate::core::text::check_text;

/// Bytes of a name or a pattern.
pub const MAX_NAME: usize = 100;
/// Protections that there can be.
pub const MAX_PROTECTIONS: usize = 200;

string_enum! {
    /// What a protection asks for. Under either no rule decides by itself, and Take action and Undo wait for somebody else.
    Demand {
        Held = "held" "Waits for a person",
        SecondPerson = "second_person" "Needs a second person",
    }
}

/// What is protected: all that is named has to be met, and something has to be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Conditions {
    /// The name of an asset, or of the device, mailbox or person that is acted on; `*` stands for any letters and `?` for
    /// any one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name of the device group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_group: Option<String>,
    /// The organisation depends on an asset so much, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criticality: Option<Criticality>,
    /// Types of action; every type where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<ActionType>,
    /// So many devices, mailboxes or accounts are affected, or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_assets: Option<u32>,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Protection {
    /// What people call what is protected, for example `domain controllers`.
    pub name: String,
    /// What is protected.
    pub when: Conditions,
    /// What that asks for.
    pub demand: Demand,
}

impl Protection {
    /// What people are told, as a sentence.
    #[must_use]
    pub fn says(&self) -> String {
        format!("Protected: {}. {}.", self.name, self.demand.label())
    }

    /// What is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let texts = [
            ("/name", Some(&self.name)),
            ("/when/name", self.when.name.as_ref()),
            ("/when/device_group", self.when.device_group.as_ref()),
        ];
        for (pointer, text) in texts {
            if let Some(text) = text
                && let Err(detail) = check_text(text, MAX_NAME)
            {
                errors.push(FieldError::new(pointer, detail));
            }
        }
        if self.when == Conditions::default() {
            let detail = "names no condition: name one, or * as the name for everything";
            errors.push(FieldError::new("/when", detail));
        }
        if self.when.min_assets == Some(0) {
            errors.push(FieldError::new("/when/min_assets", "must be at least 1"));
        }
        errors
    }
}

impl Conditions {
    /// As people read it.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut text = self.name.as_ref().map_or("everything".to_owned(), |name| format!("named {name}"));
        // Writing to a text can't fail.
        if let Some(group) = &self.device_group {
            let _ = write!(text, ", in {group}");
        }
        if let Some(criticality) = self.criticality {
            let _ = write!(text, ", criticality {} or more", criticality.label().to_lowercase());
        }
        if let Some(count) = self.min_assets {
            let _ = write!(text, ", {count} affected or more");
        }
        if !self.types.is_empty() {
            let labels: Vec<_> = self.types.iter().map(|of| of.label()).collect();
            let _ = write!(text, ", only {}", labels.join(", "));
        }
        text
    }
}

/// All protections, as of one revision of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// Grows with each change of the table: what was checked under one is not written under another.
    pub revision: i64,
    /// By name.
    pub protections: Vec<Protection>,
}

#[cfg(feature = "ssr")]
mod cover {
    use super::{Conditions, Demand, Policies, Protection};
    use crate::actions::action::Action;
    use crate::actions::entity::{Criticality, Entity};
    use crate::core::{canonical, glob};

    impl Policies {
        /// The protection of an action, the strictest of several.
        #[must_use]
        pub fn on(&self, action: &Action) -> Option<&Protection> {
            let strictest = |of: &Protection| of.demand == Demand::SecondPerson;
            let mut covering: Vec<_> = self.covering(action).collect();
            covering.sort_by_key(|of| std::cmp::Reverse(strictest(of)));
            covering.first().copied()
        }

        /// Why the reverse of an action, which the server starts at the end that was approved with it, waits for people;
        /// none if it is carried out. `by_two` says that two people let the action happen with that end: nobody has to be
        /// asked again then, but where somebody has to be there whenever anything happens.
        #[must_use]
        pub fn at_end(&self, reverse: &Action, by_two: bool) -> Option<&Protection> {
            let waits = |of: &&Protection| of.demand == Demand::Held || !by_two;
            self.covering(reverse).find(waits)
        }

        fn covering(&self, action: &Action) -> impl Iterator<Item = &Protection> {
            self.protections.iter().filter(|of| of.when.cover(action))
        }
    }

    impl Conditions {
        /// Whether an action is on what is protected.
        #[must_use]
        pub fn cover(&self, action: &Action) -> bool {
            let fold = |text: &str| canonical::name(text);
            let group = &action.asset.device_group;
            self.name.as_ref().is_none_or(|pattern| {
                let pattern = fold(pattern);
                names(action).any(|name| glob::fits(&pattern, &fold(name)))
            }) && self
                .device_group
                .as_ref()
                .is_none_or(|of| group.as_ref().is_some_and(|group| fold(group) == fold(of)))
                && self.criticality.is_none_or(|least| {
                    action.all_targets().any(|of| of.criticality.is_some_and(|of| rank(of) >= rank(least)))
                })
                && (self.types.is_empty() || self.types.contains(&action.action_type))
                && self.min_assets.is_none_or(|least| affected(action) >= least)
        }
    }

    /// What a pattern of names is asked about.
    fn names(action: &Action) -> impl Iterator<Item = &str> {
        let (entity, recipients): (Option<&String>, &[String]) = match &action.entity {
            Entity::Device { name } | Entity::User { name, .. } => (Some(name), &[]),
            Entity::Mailbox { address } => (Some(address), &[]),
            Entity::EmailMessage { recipients, .. } => (None, recipients),
            _ => (None, &[]),
        };
        action.all_targets().map(|of| &of.name).chain(entity).chain(recipients).map(String::as_str)
    }

    const fn rank(of: Criticality) -> u8 {
        match of {
            Criticality::VeryHigh => 4,
            Criticality::High => 3,
            Criticality::Medium => 2,
            Criticality::Low => 1,
        }
    }

    /// How many devices, mailboxes or accounts an action touches.
    fn affected(action: &Action) -> u32 {
        let count = match &action.entity {
            Entity::EmailCluster { messages, mailboxes, .. } => mailboxes.unwrap_or(*messages) as usize,
            Entity::EmailMessage { recipients, .. } => recipients.len(),
            _ => action.all_targets().count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX).max(1)
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;
