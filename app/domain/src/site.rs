//! What the server tells each page about itself and about the moment at which it was rendered.

use serde::{Deserialize, Serialize};

use crate::actions::change::LaneCounts;

/// Where a page begins to follow what happens; read before anything else of the page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamCursor {
    /// What the audit log held by then. Whatever follows may be missing in the page.
    pub seq: i64,
    /// How much waited by then; none if it could not be counted.
    pub counts: Option<LaneCounts>,
}

/// What the button of the sign-in page calls the identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderName(pub String);

/// What the browser runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundlePaths {
    /// Path of the JavaScript.
    pub js: String,
    /// Path of the wasm.
    pub wasm: String,
    /// The names, without `.wasm`, of the files that a part needs which is loaded later.
    #[serde(default)]
    pub splits: std::collections::HashMap<String, Vec<String>>,
}

/// What the server tells each page about itself; provided through context and the same for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteInfo {
    /// What the browser runs.
    pub app: BundlePaths,
    /// Path of the style sheet.
    pub css: String,
    /// Whether this is the demo estate: a banner, and a sign-in button a role.
    pub demo: bool,
}
