//! Who may do what: people and what they hold, role groups, device groups, sessions and tokens, and the answers to who can.
//!
//! Every change is written with its record of before and after. Nobody changes what they hold themselves, only a Global
//! Administrator gives or takes that role, and the last who can administer stays.

mod answers;
pub mod console;
mod credentials;
pub(crate) mod device_groups;
mod import;
mod lists;
mod own_name;
mod people;
mod roles;

pub(crate) use answers::as_caller;
pub(crate) use people::{Administered, check_global};

use async_trait::async_trait;
use domain::access::contract::{
    AccessAnswer, AccessBackend, AccessDifference, CredentialSort, CredentialView, DeciderAnswer,
    DeviceGroupView, MadeToken, NewPerson, NewTokenForm, PersonChange, PersonView, RolesView, RulePreview,
};
use domain::access::device_group::{DeviceCondition, DeviceGroupForm};
use domain::access::role_group::{RoleGroup, RoleGroupForm, Workload};
use domain::{
    ActionId, AuditKind, Caller, CredentialId, Denied, DeviceGroup, DeviceGroupId, Error, RoleGroupId,
    Subject, UserId,
};
use jiff::Timestamp;
use serde_json::Value;

use super::{Service, detached};
use store::AuditEntry;

#[async_trait]
impl AccessBackend for Service {
    async fn people(&self, caller: &Caller) -> Result<Vec<PersonView>, Error> {
        self.list_people(caller).await
    }

    async fn person(&self, caller: &Caller, id: UserId) -> Result<PersonView, Error> {
        self.load_person(caller, id).await
    }

    async fn add_person(&self, caller: &Caller, person: NewPerson) -> Result<PersonView, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.create_person(&caller, person).await }).await
    }

    async fn change_person(
        &self,
        caller: &Caller,
        id: UserId,
        change: PersonChange,
    ) -> Result<PersonView, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.update_person(&caller, id, change).await }).await
    }

    async fn rename_own(&self, caller: &Caller, display_name: &str) -> Result<(), Error> {
        let (service, caller, name) = (self.clone(), caller.clone(), display_name.to_owned());
        detached(async move { service.set_own_name(&caller, &name).await }).await
    }

    async fn roles(&self, caller: &Caller) -> Result<RolesView, Error> {
        self.list_roles(caller).await
    }

    async fn save_role_group(
        &self,
        caller: &Caller,
        id: Option<RoleGroupId>,
        form: RoleGroupForm,
    ) -> Result<RoleGroup, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.put_role_group(&caller, id, form).await }).await
    }

    async fn delete_role_group(&self, caller: &Caller, id: RoleGroupId) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.remove_role_group(&caller, id).await }).await
    }

    async fn preview_unified(
        &self,
        caller: &Caller,
        workload: Workload,
        on: bool,
    ) -> Result<Vec<AccessDifference>, Error> {
        self.differences(caller, workload, on).await
    }

    async fn switch_unified(&self, caller: &Caller, workload: Workload, on: bool) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.set_unified(&caller, workload, on).await }).await
    }

    async fn import_unified(&self, caller: &Caller, of: Workload) -> Result<Vec<AccessDifference>, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.import_today(&caller, of).await }).await
    }

    async fn device_groups(&self, caller: &Caller) -> Result<Vec<DeviceGroupView>, Error> {
        self.list_device_groups(caller).await
    }

    async fn save_device_group(
        &self,
        caller: &Caller,
        id: Option<DeviceGroupId>,
        form: DeviceGroupForm,
    ) -> Result<DeviceGroup, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.put_device_group(&caller, id, form).await }).await
    }

    async fn delete_device_group(&self, caller: &Caller, id: DeviceGroupId) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.remove_device_group(&caller, id).await }).await
    }

    async fn preview_rule(
        &self,
        caller: &Caller,
        rule: Vec<DeviceCondition>,
        rank: Option<u32>,
    ) -> Result<RulePreview, Error> {
        self.match_rule(caller, rule, rank).await
    }

    async fn credentials(
        &self,
        caller: &Caller,
        sort: CredentialSort,
        mine: bool,
    ) -> Result<Vec<CredentialView>, Error> {
        self.list_credentials(caller, sort, mine).await
    }

    async fn revoke_credential(&self, caller: &Caller, id: CredentialId) -> Result<(), Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.end_credential(&caller, id).await }).await
    }

    async fn make_token(&self, caller: &Caller, form: NewTokenForm) -> Result<MadeToken, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.create_token(&caller, form).await }).await
    }

    async fn rotate_token(
        &self,
        caller: &Caller,
        id: CredentialId,
        overlap_hours: u16,
    ) -> Result<MadeToken, Error> {
        let (service, caller) = (self.clone(), caller.clone());
        detached(async move { service.replace_token(&caller, id, overlap_hours).await }).await
    }

    async fn what_can(&self, caller: &Caller, person: UserId) -> Result<AccessAnswer, Error> {
        self.answer_what(caller, person).await
    }

    async fn who_can(&self, caller: &Caller, action: ActionId) -> Result<Vec<DeciderAnswer>, Error> {
        self.answer_who(caller, action).await
    }
}

/// A record of a change.
fn record(at: Timestamp, kind: AuditKind, subject: impl Into<Subject>, body: Value) -> AuditEntry {
    AuditEntry { at, kind, subject: Some(subject.into()), body }
}

/// A guarded statement found nothing: the caller may no longer write.
fn written(done: bool) -> Result<(), Error> {
    if done { Ok(()) } else { Err(Denied::Revoked.into()) }
}
