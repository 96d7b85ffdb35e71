//! Who may do what, as administrators read and write it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::access::contract::{Assignments, CredentialView, PersonView};
use domain::access::role_group::{RoleGroup, Workload};
use domain::{Authorized, CredentialId, Device, DeviceGroup, DeviceGroupId, Purpose, RoleGroupId, UserId};
use jiff::Timestamp;

use super::SqlStore;
use super::transaction::SqlTransaction;
use super::{access, devices, holdings, people, roles};
use crate::administration::{
    CredentialFilter, Holder, PersonUpdate, ReadAdministration, Rebind, WriteAdministration,
};
use crate::{Credential, Result, User};

#[async_trait]
impl ReadAdministration for SqlStore {
    async fn people(&self, one: Option<UserId>, now: Timestamp) -> Result<Vec<PersonView>> {
        people::load(&mut *self.reader.acquire().await?, one, now).await
    }

    async fn holdings(&self) -> Result<Vec<Holder>> {
        people::holders(&mut *self.reader.acquire().await?).await
    }

    async fn role_groups(&self) -> Result<Vec<(RoleGroup, u64)>> {
        roles::load(&mut *self.reader.acquire().await?).await
    }

    async fn unified(&self) -> Result<BTreeSet<Workload>> {
        holdings::unified(&mut *self.reader.acquire().await?).await
    }

    async fn device_groups(&self) -> Result<Vec<(DeviceGroup, u64)>> {
        devices::groups(&mut *self.reader.acquire().await?).await
    }

    async fn devices(&self, after: &str, limit: u32) -> Result<Vec<(Device, Option<String>)>> {
        devices::after(&mut *self.reader.acquire().await?, after, limit).await
    }

    async fn live_credentials(&self, which: CredentialFilter, now: Timestamp) -> Result<Vec<CredentialView>> {
        people::credentials(&mut *self.reader.acquire().await?, which, now).await
    }
}

/// Authority over what is anybody's, or over what is one's own, which the statement then asks for.
fn allow_own_or_any(by: &Authorized) -> Result<()> {
    if by.allow(Purpose::Own).is_err() {
        by.allow(Purpose::Administer)?;
    }
    Ok(())
}

/// Authority over people, by who administers them or by the directory that they come from.
fn allow_people(by: &Authorized) -> Result<()> {
    if by.allow(Purpose::Provision).is_err() {
        by.allow(Purpose::Administer)?;
    }
    Ok(())
}

/// Authority to bring in what is proposed, or what was done elsewhere.
fn allow_intake(by: &Authorized) -> Result<()> {
    if by.allow(Purpose::Propose).is_err() {
        by.allow(Purpose::Report)?;
    }
    Ok(())
}

#[async_trait]
impl WriteAdministration for SqlTransaction {
    async fn insert_person(&mut self, by: &Authorized, user: &User, now: Timestamp) -> Result<bool> {
        allow_people(by)?;
        people::insert(&mut self.tx, by, user, now).await
    }

    async fn update_person(
        &mut self,
        by: &Authorized,
        id: UserId,
        update: &PersonUpdate,
        now: Timestamp,
    ) -> Result<bool> {
        allow_people(by)?;
        people::update(&mut self.tx, by, id, update, now).await
    }

    async fn rename_own(&mut self, by: &Authorized, display_name: &str, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Own)?;
        let Some(person) = by.person() else { return Ok(false) };
        let update = PersonUpdate { display_name: Some(display_name.to_owned()), ..PersonUpdate::default() };
        people::update(&mut self.tx, by, person, &update, now).await
    }

    async fn set_assignments(
        &mut self,
        by: &Authorized,
        id: UserId,
        assignments: &Assignments,
        now: Timestamp,
    ) -> Result<bool> {
        allow_people(by)?;
        people::assign(&mut self.tx, by, id, assignments, now).await
    }

    async fn count_administrators(&mut self) -> Result<i64> {
        people::administrators(&mut self.tx).await
    }

    async fn revoke_all(
        &mut self,
        by: &Authorized,
        of: UserId,
        but: Option<CredentialId>,
        now: Timestamp,
    ) -> Result<u64> {
        allow_people(by)?;
        people::revoke(&mut self.tx, by, people::Which::All { of, but }, now).await
    }

    async fn revoke(&mut self, by: &Authorized, id: CredentialId, now: Timestamp) -> Result<bool> {
        allow_own_or_any(by)?;
        Ok(people::revoke(&mut self.tx, by, people::Which::One(id), now).await? == 1)
    }

    async fn shorten(
        &mut self,
        by: &Authorized,
        id: CredentialId,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        allow_own_or_any(by)?;
        people::shorten(&mut self.tx, by, id, expires_at, now).await
    }

    async fn insert_token(&mut self, by: &Authorized, token: &Credential, now: Timestamp) -> Result<bool> {
        allow_own_or_any(by)?;
        if by.purpose() == Purpose::Own && (token.user.is_none() || token.user != by.person()) {
            return Ok(false);
        }
        access::insert_token(&mut self.tx, by, token, now).await
    }

    async fn put_role_group(&mut self, by: &Authorized, group: &RoleGroup, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let done = roles::put(&mut self.tx, by, group, now).await?;
        holdings::derive(&mut self.tx, None).await?;
        Ok(done)
    }

    async fn delete_role_group(&mut self, by: &Authorized, id: RoleGroupId, now: Timestamp) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let done = roles::delete(&mut self.tx, by, id, now).await?;
        holdings::derive(&mut self.tx, None).await?;
        Ok(done)
    }

    async fn set_unified(
        &mut self,
        by: &Authorized,
        workload: Workload,
        on: bool,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let done = roles::switch(&mut self.tx, by, workload, on, now).await?;
        holdings::derive(&mut self.tx, None).await?;
        Ok(done)
    }

    async fn put_device_group(
        &mut self,
        by: &Authorized,
        group: &DeviceGroup,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let done = devices::put(&mut self.tx, by, group, now).await?;
        holdings::derive(&mut self.tx, None).await?;
        Ok(done)
    }

    async fn delete_device_group(
        &mut self,
        by: &Authorized,
        id: DeviceGroupId,
        now: Timestamp,
    ) -> Result<bool> {
        by.allow(Purpose::Administer)?;
        let done = devices::delete(&mut self.tx, by, id, now).await?;
        holdings::derive(&mut self.tx, None).await?;
        Ok(done)
    }

    async fn device_groups(&mut self) -> Result<Vec<DeviceGroup>> {
        Ok(devices::groups(&mut self.tx).await?.into_iter().map(|(group, _)| group).collect())
    }

    async fn note_devices(
        &mut self,
        by: &Authorized,
        devices: &[Device],
        now: Timestamp,
    ) -> Result<Vec<(Device, Option<String>)>> {
        allow_intake(by)?;
        devices::note(&mut self.tx, devices, now).await
    }

    async fn discover_devices(&mut self, by: &Authorized, now: Timestamp) -> Result<u64> {
        by.allow(Purpose::Administer)?;
        devices::discover(&mut self.tx, now).await
    }

    async fn place_devices(
        &mut self,
        by: &Authorized,
        placed: &[(Device, Option<String>)],
        rebind: Rebind,
    ) -> Result<u64> {
        // Where a device belongs follows from the rules, whoever's request it is.
        if allow_intake(by).is_err() {
            by.allow(Purpose::Administer)?;
        }
        devices::place(&mut self.tx, placed, rebind, self.counts.as_mut()).await
    }
}
