//! What a record, an event, a conflict or a problem is about: one kind of thing and its id.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::core::id::{
    ActionId, BulkId, CredentialId, DeviceGroupId, DirectoryGroupId, RoleGroupId, UserId, ViewId,
};
use crate::core::string_enum::string_enum;

string_enum! {
    /// The kinds of things that have an id, as audit records, events and problem details name them.
    SubjectKind {
        Action = "action" "Action",
        BulkPlan = "bulk_plan" "Preview",
        BulkJob = "bulk_job" "Bulk job",
        User = "user" "Person",
        Credential = "credential" "Session or token",
        SavedView = "saved_view" "Saved view",
        Database = "database" "Database",
        DeviceGroup = "device_group" "Device group",
        RoleGroup = "role_group" "Role group",
        Setting = "setting" "Setting",
        Investigation = "investigation" "Investigation",
        Incident = "incident" "Incident",
        Executor = "executor" "Executor",
        Email = "email" "Email",
        DirectoryGroup = "directory_group" "Group of a directory",
    }
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Subject {
    /// What kind of thing it is.
    pub kind: SubjectKind,
    /// Its id, in the form that the kind's ids have.
    pub id: String,
}

impl Subject {
    /// A thing of a kind.
    pub fn new(kind: SubjectKind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// A plan of a bulk decision.
    #[must_use]
    pub fn bulk_plan(id: BulkId) -> Self {
        Self::new(SubjectKind::BulkPlan, id)
    }

    /// A bulk decision that was started.
    #[must_use]
    pub fn bulk_job(id: BulkId) -> Self {
        Self::new(SubjectKind::BulkJob, id)
    }

    /// The id of the action, if it is one.
    #[must_use]
    pub fn action(&self) -> Option<ActionId> {
        if self.kind == SubjectKind::Action { self.id.parse().ok() } else { None }
    }
}

/// Declares which subject an id stands for, where its type alone tells.
macro_rules! subject_of {
    ($($id:ident => $kind:ident),+ $(,)?) => {
        $(impl From<$id> for Subject {
            fn from(id: $id) -> Self {
                Self::new(SubjectKind::$kind, id)
            }
        })+
    };
}

subject_of! {
    ActionId => Action,
    UserId => User,
    CredentialId => Credential,
    ViewId => SavedView,
    DeviceGroupId => DeviceGroup,
    RoleGroupId => RoleGroup,
    DirectoryGroupId => DirectoryGroup,
}

/// A thing as it is now, for a caller who saw it otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// Which thing.
    pub subject: Subject,
    /// What the API shows of it; none where the subject alone says enough.
    pub document: Option<serde_json::Value>,
}

impl Current {
    /// A thing and its document; null if the document cannot be written as JSON, which no type of ours is.
    pub fn new(subject: impl Into<Subject>, document: &impl Serialize) -> Self {
        let document = serde_json::to_value(document).unwrap_or_default();
        Self { subject: subject.into(), document: Some(document) }
    }

    /// A thing of which nothing needs to be shown.
    pub fn named(subject: impl Into<Subject>) -> Self {
        Self { subject: subject.into(), document: None }
    }

    /// The document as the type that it was made from.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.document.as_ref()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_its_subject() {
        let id = ActionId::from(uuid::Uuid::from_u128(7));
        let subject = Subject::from(id);
        assert_eq!((subject.kind, subject.id.as_str()), (SubjectKind::Action, id.to_string().as_str()));
        assert_eq!(
            (subject.action(), Subject::from(ViewId::from(uuid::Uuid::from_u128(7))).action()),
            (Some(id), None)
        );
        assert_eq!(Current::new(id, &id).read::<ActionId>(), Some(id));
        assert_eq!(Current::named(id).read::<ActionId>(), None);
    }
}
