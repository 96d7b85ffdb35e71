//! Ids: one newtype a kind, each a `UUIDv7` (RFC 9562) as text on the wire and in the database.
//!
//! Ids are made by the server's clock; this module only names, parses and prints them.

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => { $(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "ssr", schema(value_type = String, format = "uuid"))]
        pub struct $name(uuid::Uuid);

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(text).map(Self)
            }
        }
    )+ };
}

ids! {
    /// One action.
    ActionId,
    /// What was decided together shares one.
    ApprovalId,
    /// One plan to decide on many, and the job that carries it out.
    BulkId,
    /// One command to an executor; the same on each repeat, so that the effect happens once.
    CommandId,
    /// One session or API token.
    CredentialId,
    /// One second factor of a person.
    FactorId,
    /// One message to a webhook.
    DeliveryId,
    /// One group of devices.
    DeviceGroupId,
    /// One group of a directory.
    DirectoryGroupId,
    /// One role group or custom role.
    RoleGroupId,
    /// One view that a person saved.
    ViewId,
    /// One local user.
    UserId,
}

/// What is known by an id, as the rows of a list are.
pub trait Identified {
    /// The id's type.
    type Id: Copy + Ord + std::hash::Hash + Send + Sync + 'static;

    /// Its id, which stays the same whatever else changes.
    fn id(&self) -> Self::Id;
}
