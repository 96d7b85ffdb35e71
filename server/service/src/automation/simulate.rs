//! Tries a remediation level: the same table, asked about actions that investigations proposed before.

use domain::automation::{
    MAX_DAYS, MAX_NAMED, MAX_SIMULATED, Simulated, SimulatedAction, Simulation, SimulationRequest,
};
use domain::{Caller, Error, Permission, RowScope};
use jiff::SignedDuration;

use crate::Service;

impl Service {
    pub(super) async fn simulate(
        &self,
        caller: &Caller,
        asked: SimulationRequest,
    ) -> Result<Simulation, Error> {
        caller.authorize_administration(Permission::Configure)?;
        let SimulationRequest { device_group, level, days } = asked;
        if !(1..=MAX_DAYS).contains(&days) {
            return Err(Error::invalid("/days", format!("must be 1 to {MAX_DAYS}")));
        }
        let groups = self.store.device_groups().await?;
        let group = groups.into_iter().map(|(group, _)| group).find(|group| group.id == device_group);
        let group = group.ok_or_else(|| Error::NotFound(device_group.into()))?;
        let now = self.clock.now();
        let since = now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(now);
        let scope = RowScope::of(caller)?;
        let found = self.store.proposed_in_group(&scope, &group.name, since, MAX_SIMULATED + 1).await?;
        let more = found.len() > MAX_SIMULATED as usize;
        let policies = self.store.policies().await?;
        let on_users = self.store.automation(now).await?.compromised_users;
        let mut actions: Vec<_> = found
            .iter()
            .take(MAX_SIMULATED as usize)
            .map(|action| match SimulatedAction::under(level, &on_users, action) {
                of if of.outcome != Simulated::Automatic => of,
                of => match policies.on(action) {
                    Some(on) => SimulatedAction { outcome: Simulated::Waits, rule: on.says(), ..of },
                    None => of,
                },
            })
            .collect();
        let count = |outcome| actions.iter().filter(|of| of.outcome == outcome).count() as u64;
        let (automatic, waits) = (count(Simulated::Automatic), count(Simulated::Waits));
        let (not_proposed, total) = (count(Simulated::NotProposed), actions.len() as u64);
        // What changes most comes first; each part stays in its order.
        actions.sort_by_key(|of| of.outcome);
        actions.truncate(MAX_NAMED);
        Ok(Simulation {
            device_group: group.name,
            current: group.level,
            level,
            days,
            total,
            automatic,
            waits,
            not_proposed,
            more,
            actions,
        })
    }
}
