//! A preview as it is put together: what is hit, by type, and what is left out, by reason.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::bulk::{ActionLine, LeftOut, PlanGroup, Preview};
use domain::{Action, ActionId, ActionType, AssetKind, BulkVerb, Criticality};

use super::EXAMPLES;

/// A preview as it is put together.
#[derive(Default)]
pub(super) struct PreviewBuilder {
    total: usize,
    all: Hit,
    types: BTreeMap<ActionType, Hit>,
    left_out: BTreeMap<String, LeftOut>,
    lifts: BTreeMap<ActionId, ActionLine>,
}

/// What is hit.
#[derive(Default)]
struct Hit {
    actions: usize,
    assets: BTreeSet<(AssetKind, String)>,
    critical: BTreeSet<(AssetKind, String)>,
}

impl Hit {
    fn add(&mut self, action: &Action) {
        let asset = (action.asset.kind, action.asset.name.to_lowercase());
        self.actions += 1;
        if matches!(action.asset.criticality, Some(Criticality::VeryHigh | Criticality::High)) {
            self.critical.insert(asset.clone());
        }
        self.assets.insert(asset);
    }
}

impl PreviewBuilder {
    pub(super) fn add(&mut self, action: &Action, left_out: Option<&str>) {
        self.total += 1;
        let Some(reason) = left_out else {
            self.all.add(action);
            return self.types.entry(action.action_type).or_default().add(action);
        };
        let group = self.left_out.entry(reason.to_owned()).or_insert_with(|| LeftOut {
            reason: reason.to_owned(),
            actions: 0,
            examples: Vec::new(),
        });
        group.actions += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(ActionLine::from(action));
        }
    }

    /// Others whose effect goes with one of them; it counts only of those that are not in the plan themselves.
    pub(super) fn lift(&mut self, others: &[Action]) {
        self.lifts.extend(others.iter().map(|other| (other.id, ActionLine::from(other))));
    }

    pub(super) fn preview(mut self, verb: BulkVerb, from: String, undone: &HashSet<ActionId>) -> Preview {
        self.lifts.retain(|id, _| !undone.contains(id));
        let mut groups: Vec<_> = self
            .types
            .into_iter()
            .map(|(action_type, hit)| PlanGroup {
                action_type,
                actions: hit.actions,
                assets: hit.assets.len(),
                critical_assets: hit.critical.len(),
                irreversible: verb.is_final(action_type),
            })
            .collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.actions));
        let mut left_out: Vec<_> = self.left_out.into_values().collect();
        left_out.sort_by_key(|group| std::cmp::Reverse(group.actions));
        Preview {
            total: self.total,
            decidable: self.all.actions,
            assets: self.all.assets.len(),
            critical_assets: self.all.critical.len(),
            groups,
            left_out,
            lifts: self.lifts.into_values().collect(),
            from,
        }
    }
}
