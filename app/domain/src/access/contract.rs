//! Who is signed in, as the screens show it.

use serde::{Deserialize, Serialize};

/// Who is signed in, for the frame of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionView {
    /// The person's name.
    pub name: String,
    /// The labels of the person's roles.
    pub roles: Vec<String>,
}
