//! Who did something: as audit records, actions and credentials name it.

use serde::{Deserialize, Serialize};

use crate::core::string_enum::string_enum;

string_enum! {
    /// What kind of actor did something.
    ActorKind {
        User = "user" "Person",
        Token = "token" "API token",
        Automation = "automation" "Automation",
        System = "system" "Countersign",
    }
}

/// Who did something, as it stood at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Actor {
    /// Person, token, automation or the product itself.
    pub kind: ActorKind,
    /// A stable id: the user's, the token's, or the part's name.
    pub id: String,
    /// The name to show.
    pub name: String,
}
