//! What a repeat of a proposal says of the action that there is: the same target with newer facts, or another target.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use super::Proposal;
use super::intake::to_micros;
use crate::actions::action::{Action, Alert, Verdict};
use crate::actions::entity::Asset;
use crate::core::text::pluralize;

/// What a repeat changed of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactChange {
    /// The name of the fact in the API.
    pub field: &'static str,
    /// What it was; empty for nothing.
    pub before: String,
    /// What it is since.
    pub after: String,
}

fn pieces(count: usize) -> String {
    pluralize(count as u64, "piece", "pieces")
}

impl Proposal {
    /// Whether it is on what the action is on: the same type, on the same entity by its own key or name, neither of
    /// which says otherwise, on the same asset.
    #[must_use]
    pub fn is_on_target_of(&self, action: &Action) -> bool {
        let (ours, theirs) = (self.entity.identity(), action.entity.identity());
        let is_elsewhere = ours.name.is_some() && theirs.name.is_some() && ours.name != theirs.name;
        self.action_type == action.action_type
            && self.entity.kind() == action.entity.kind()
            && ours.is_same(&theirs)
            && !is_elsewhere
            && is_same_asset(&self.asset, &action.asset)
    }

    /// Adds what the action has and a repeat on its target leaves out: of entity, assets and parameters.
    pub fn complete(&mut self, action: &Action) {
        if let (Ok(Value::Object(mut all)), Ok(Value::Object(given))) =
            (serde_json::to_value(&action.entity), serde_json::to_value(&self.entity))
        {
            all.extend(given);
            if let Ok(entity) = serde_json::from_value(Value::Object(all)) {
                self.entity = entity;
            }
        }
        complete_asset(&mut self.asset, &action.asset);
        if self.targets.is_empty() {
            self.targets.clone_from(&action.targets);
        }
        for target in &mut self.targets {
            if let Some(known) = action.targets.iter().find(|known| is_same_asset(target, known)) {
                complete_asset(target, known);
            }
        }
        for (name, value) in &action.parameters {
            self.parameters.entry(*name).or_insert_with(|| value.clone());
        }
    }

    /// What of its target and parameters is not as the action has it.
    #[must_use]
    pub fn target_changes(&self, action: &Action) -> Vec<FactChange> {
        [
            ("entity", differences(&action.entity, &self.entity)),
            ("asset", differences(&action.asset, &self.asset)),
            ("targets", differences(&action.targets, &self.targets)),
            ("parameters", differences(&action.parameters, &self.parameters)),
        ]
        .into_iter()
        .filter_map(|(field, after)| Some(FactChange { field, before: String::new(), after: after? }))
        .collect()
    }

    /// The action with the newer facts of a repeat, and their names. What a repeat leaves out stays as it was.
    #[must_use]
    pub fn update(self, before: &Action) -> (Action, Vec<FactChange>) {
        let mut after = before.clone();
        let mut changes = Vec::new();
        let mut note = |field: &'static str, before: &dyn Display, after: &dyn Display| {
            changes.push(FactChange { field, before: before.to_string(), after: after.to_string() });
        };
        if self.severity != before.severity {
            note("severity", &before.severity, &self.severity);
            after.severity = self.severity;
        }
        if let Some(verdict) = self.verdict.filter(|verdict| Some(*verdict) != before.verdict) {
            note("verdict", &before.verdict.map_or("", Verdict::as_str), &verdict);
            after.verdict = Some(verdict);
        }
        let groups = (&self.asset.device_group, &before.asset.device_group);
        if let (Some(group), known) = groups
            && Some(group) != known.as_ref()
        {
            note("device_group", &known.as_deref().unwrap_or_default(), group);
            after.asset.device_group = Some(group.clone());
        }
        for (field, text, known) in [
            ("comment", self.comment, &mut after.comment),
            ("campaign", self.campaign, &mut after.campaign),
            ("investigation_id", self.investigation_id, &mut after.investigation_id),
            ("incident_id", self.incident_id, &mut after.incident_id),
        ] {
            if text.is_some() && text != *known {
                note(field, &known.as_deref().unwrap_or_default(), &text.as_deref().unwrap_or_default());
                *known = text;
            }
        }
        if !self.evidence.is_empty() && self.evidence != before.evidence {
            note("evidence", &pieces(before.evidence.len()), &pieces(self.evidence.len()));
            after.evidence = self.evidence;
        }
        if self.alert.is_some() && self.alert != before.alert {
            let id = |alert: &Option<Alert>| alert.as_ref().map(|alert| alert.id.clone()).unwrap_or_default();
            note("alert", &id(&before.alert), &id(&self.alert));
            after.alert = self.alert;
        }
        if let Some(until) = self.expires_at.map(to_micros).filter(|until| *until != before.expires_at) {
            note("expires_at", &before.expires_at, &until);
            after.expires_at = until;
        }
        (after, changes)
    }
}

fn is_same_asset(one: &Asset, other: &Asset) -> bool {
    let (one, other) = (one.canonical(), other.canonical());
    (one.kind, one.name) == (other.kind, other.name)
}

fn complete_asset(asset: &mut Asset, known: &Asset) {
    asset.criticality = asset.criticality.or(known.criticality);
    if asset.device_group.is_none() {
        asset.device_group.clone_from(&known.device_group);
    }
}

/// What differs, in words; none if nothing does.
fn differences(before: &impl Serialize, after: &impl Serialize) -> Option<String> {
    let (before, after) = (serde_json::to_value(before).ok()?, serde_json::to_value(after).ok()?);
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (&before, &after) else {
        let count = |list: &Value| list.as_array().map_or(0, Vec::len);
        return Some(format!("{} → {}", count(&before), count(&after)));
    };
    let text = |value: Option<&Value>| match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let differing = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let said = differing.map(|(name, value)| {
        format!("{} {} → {}", name.replace('_', " "), text(before.get(name)), text(Some(value)))
    });
    Some(said.collect::<Vec<_>>().join(", "))
}
