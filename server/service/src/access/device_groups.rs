//! Device groups: their rules, and which group each device and its rows are in.

use std::collections::BTreeMap;

use domain::access::contract::{DeviceGroupView, RulePreview};
use domain::access::device_group::{
    DeviceCondition, DeviceGroupForm, MAX_DEVICE_GROUPS, group_name, group_of,
};
use domain::core::canonical;
use domain::investigations::report::DevicePiece;
use domain::{
    Asset, AssetKind, AuditKind, Authorized, Caller, Device, DeviceGroup, DeviceGroupId, Error, FieldError,
    Permission, Proposal,
};
use jiff::Timestamp;
use serde_json::json;

use super::{record, written};
use crate::clock::new_id;
use crate::{Service, rebind};
use store::Transaction;

/// Devices that are looked at in one go.
const BATCH: u32 = 500;
/// Names that a preview shows.
const NAMES_SHOWN: usize = 20;

impl Service {
    pub(super) async fn list_device_groups(&self, caller: &Caller) -> Result<Vec<DeviceGroupView>, Error> {
        if caller.require_administration(Permission::Configure).is_err() {
            caller.require_administration(Permission::Administer)?;
        }
        let groups = self.store.device_groups().await?;
        Ok(groups.into_iter().map(|(group, devices)| DeviceGroupView { group, devices }).collect())
    }

    pub(super) async fn put_device_group(
        &self,
        caller: &Caller,
        id: Option<DeviceGroupId>,
        form: DeviceGroupForm,
    ) -> Result<DeviceGroup, Error> {
        let by = caller.authorize_administration(Permission::Configure)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let groups = tx.device_groups().await?;
        let before = match id {
            Some(id) => {
                Some(groups.iter().find(|group| group.id == id).ok_or_else(|| Error::NotFound(id.into()))?)
            }
            None => None,
        };
        let rest = before.is_some_and(DeviceGroup::is_rest);
        let mut found = form.check(rest);
        let name = form.name.trim().to_owned();
        if groups.iter().any(|other| Some(other.id) != id && other.name.to_lowercase() == name.to_lowercase())
        {
            found.push(FieldError::new("/name", "is the name of another device group"));
        }
        if before.is_none() && groups.len() >= MAX_DEVICE_GROUPS {
            found.push(FieldError::new("", format!("are {MAX_DEVICE_GROUPS} already; delete one first")));
        }
        if form.rank == Some(0) {
            found.push(FieldError::new("/rank", "counts from 1"));
        }
        if !found.is_empty() {
            return Err(Error::Invalid(found));
        }
        let others = u32::try_from(groups.len()).unwrap_or(u32::MAX) - u32::from(before.is_some());
        let last = before.map_or(others, |before| before.rank);
        let group = DeviceGroup {
            id: before.map_or_else(|| new_id(now), |before| before.id),
            rank: form.rank.unwrap_or(last).min(others.max(1)),
            name,
            level: form.level,
            rule: form.rule,
            version: before.map_or(1, |before| before.version + 1),
        };
        written(tx.put_device_group(&by, &group, now).await?)?;
        let body = json!({ "before": before, "after": group });
        tx.append_audit(&by, record(now, AuditKind::DeviceGroupChanged, group.id, body)).await?;
        tx.discover_devices(&by, now).await?;
        tx.commit().await?;
        // Before the first rule, each row had the word of its tool, whatever is noted of its device.
        let first = groups.iter().all(DeviceGroup::is_rest);
        self.place_all(&by, first).await?;
        let saved = self.store.device_groups().await?.into_iter().map(|(group, _)| group);
        Ok(saved.into_iter().find(|saved| saved.id == group.id).unwrap_or(group))
    }

    pub(super) async fn remove_device_group(&self, caller: &Caller, id: DeviceGroupId) -> Result<(), Error> {
        let by = caller.authorize_administration(Permission::Configure)?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = tx.device_groups().await?.into_iter().find(|group| group.id == id);
        let before = before.ok_or_else(|| Error::NotFound(id.into()))?;
        if before.is_rest() {
            return Err(Error::invalid("", "is the last group and can't be deleted"));
        }
        written(tx.delete_device_group(&by, id, now).await?)?;
        let body = json!({ "before": before, "after": null });
        tx.append_audit(&by, record(now, AuditKind::DeviceGroupChanged, id, body)).await?;
        tx.commit().await?;
        self.place_all(&by, false).await
    }

    pub(super) async fn match_rule(
        &self,
        caller: &Caller,
        rule: Vec<DeviceCondition>,
        rank: Option<u32>,
    ) -> Result<RulePreview, Error> {
        caller.require_administration(Permission::Configure)?;
        if rule.is_empty() {
            return Err(Error::invalid("/rule", "must have a condition"));
        }
        let groups = self.store.device_groups().await?.into_iter().map(|(group, _)| group);
        let rank = rank.unwrap_or(u32::MAX);
        let before: Vec<_> = groups.filter(|group| group.rank < rank).collect();
        let tried = DeviceGroup {
            id: uuid::Uuid::nil().into(),
            rank,
            name: String::new(),
            level: domain::RemediationLevel::SemiAll,
            rule,
            version: 1,
        };
        let mut preview = RulePreview { matches: 0, taken_before: 0, names: Vec::new() };
        let mut after = String::new();
        loop {
            let devices = self.store.devices(&after, BATCH).await?;
            let Some((last, _)) = devices.last() else { return Ok(preview) };
            after.clone_from(&last.name);
            for (device, _) in devices.iter().filter(|(device, _)| tried.takes(device)) {
                preview.matches += 1;
                if group_of(&before, device).is_some() {
                    preview.taken_before += 1;
                } else if preview.names.len() < NAMES_SHOWN {
                    preview.names.push(device.name.clone());
                }
            }
        }
    }

    /// The device group of an asset that is not known, as the rules say it by its name alone; none where no rule says it.
    pub(crate) async fn group_by_rules(&self, asset: &Asset) -> Result<Option<Option<String>>, Error> {
        let groups: Vec<_> = self.store.device_groups().await?.into_iter().map(|(group, _)| group).collect();
        if asset.kind != AssetKind::Device || groups.iter().all(DeviceGroup::is_rest) {
            return Ok(None);
        }
        let device = Device { name: asset.name.clone(), ..Device::default() };
        Ok(Some(group_name(&groups, &device)))
    }

    /// Brings every device, and the rows of each, into the group that the rules say; with `all`, also those of which it is
    /// noted that they are there. It may be interrupted, and goes on when it is called again.
    pub(super) async fn place_all(&self, by: &Authorized, all: bool) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let mut tx = self.store.begin().await?;
            let groups = tx.device_groups().await?;
            let devices = self.store.devices(&after, BATCH).await?;
            let Some((last, _)) = devices.last() else { return Ok(()) };
            after.clone_from(&last.name);
            let moved: Vec<_> = devices
                .into_iter()
                .filter_map(|(device, group)| {
                    let belongs = group_name(&groups, &device);
                    (all || belongs != group).then_some((device, belongs))
                })
                .collect();
            if !moved.is_empty() {
                let rows = tx.place_devices(by, &moved, rebind).await?;
                tracing::info!(devices = moved.len(), rows, "devices went to other device groups");
                tx.commit().await?;
            }
        }
    }
}

/// Notes what an investigation tells of devices, and gives each the name of its device group.
pub(crate) async fn place_report(
    tx: &mut dyn Transaction,
    by: &Authorized,
    pieces: &mut [DevicePiece],
    now: Timestamp,
) -> Result<(), Error> {
    if pieces.is_empty() {
        return Ok(());
    }
    let groups = tx.device_groups().await?;
    if groups.iter().all(DeviceGroup::is_rest) {
        // Each keeps the word of the tool that reported it.
        return Ok(());
    }
    let told = |piece: &DevicePiece| Device {
        name: piece.name.clone(),
        os: piece.os.clone(),
        reported_group: piece.device_group.clone(),
        ..Device::default()
    };
    let told: Vec<_> = pieces.iter().map(told).collect();
    let known = tx.note_devices(by, &told, now).await?;
    for (piece, (device, _)) in pieces.iter_mut().zip(&known) {
        piece.device_group = group_name(&groups, device);
    }
    let moved: Vec<_> = known
        .into_iter()
        .filter_map(|(device, group)| {
            let belongs = group_name(&groups, &device);
            (belongs != group).then_some((device, belongs))
        })
        .collect();
    if !moved.is_empty() {
        tx.place_devices(by, &moved, rebind).await?;
    }
    Ok(())
}

/// Notes what proposals tell of devices, and gives each the name of its device group. A device that belongs elsewhere
/// since takes its other rows along.
pub(crate) async fn place_proposals<E>(
    tx: &mut dyn Transaction,
    by: &Authorized,
    proposals: &mut [Result<Proposal, E>],
    now: Timestamp,
) -> Result<(), Error> {
    let mut told: BTreeMap<String, Device> = BTreeMap::new();
    for proposal in proposals.iter().flatten().filter(|proposal| proposal.asset.kind == AssetKind::Device) {
        let facts = proposal.device.clone().unwrap_or_default();
        let name = canonical::name(&proposal.asset.name);
        let device = told.entry(name).or_default();
        device.name.clone_from(&proposal.asset.name);
        device.domain = facts.domain.or(device.domain.take());
        device.os = facts.os.or(device.os.take());
        if !facts.tags.is_empty() {
            device.tags = facts.tags;
        }
        device.reported_group = proposal.asset.device_group.clone().or(device.reported_group.take());
        for target in &proposal.targets {
            let device = told.entry(canonical::name(&target.name)).or_default();
            device.name.clone_from(&target.name);
            device.reported_group = target.device_group.clone().or(device.reported_group.take());
        }
    }
    if told.is_empty() {
        return Ok(());
    }
    let (names, devices): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    let known = tx.note_devices(by, &devices, now).await?;
    let groups = tx.device_groups().await?;
    if groups.iter().all(DeviceGroup::is_rest) {
        // Each row keeps the word of the tool that proposed it.
        return Ok(());
    }
    let belongs: BTreeMap<_, _> =
        names.into_iter().zip(known.iter().map(|(device, _)| group_name(&groups, device))).collect();
    let moved: Vec<_> = known
        .into_iter()
        .filter_map(|(device, group)| {
            let belongs = group_name(&groups, &device);
            (belongs != group).then_some((device, belongs))
        })
        .collect();
    if !moved.is_empty() {
        tx.place_devices(by, &moved, rebind).await?;
    }
    for proposal in proposals.iter_mut().flatten() {
        if let Some(group) = belongs.get(&canonical::name(&proposal.asset.name))
            && proposal.asset.kind == AssetKind::Device
        {
            proposal.asset.device_group.clone_from(group);
        }
        for target in &mut proposal.targets {
            if let Some(group) = belongs.get(&canonical::name(&target.name)) {
                target.device_group.clone_from(group);
            }
        }
    }
    Ok(())
}
