//! A preview as it is put together: what is hit, by type, and what is left out, by reason.

use std::collections::{BTreeMap, BTreeSet};

use domain::bulk::{ActionLine, LeftOut, PlanGroup, Preview};
use domain::{Action, ActionType, AssetKind, BulkVerb, Criticality};

use super::EXAMPLES;

/// A preview as it is put together.
#[derive(Default)]
pub(super) struct PreviewBuilder {
    total: usize,
    all: Hit,
    types: BTreeMap<ActionType, Hit>,
    left_out: BTreeMap<String, LeftOut>,
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

    pub(super) fn preview(self, verb: BulkVerb, from: String) -> Preview {
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
            from,
        }
    }
}
