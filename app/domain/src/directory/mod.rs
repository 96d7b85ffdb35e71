//! People and groups as a directory brings them in: what SCIM 2.0 (RFC 7643) says of them, as far as it is kept.

pub mod contract;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::core::error::FieldError;
use crate::core::id::{DirectoryGroupId, UserId};
use crate::core::string_enum::string_enum;
use crate::core::text::is_hidden;
use crate::core::time::Timestamp;

/// People or groups that are listed at once.
pub const MAX_COUNT: u32 = 200;
/// Members of one group.
pub const MAX_MEMBERS: usize = 20_000;
const MAX_EMAILS: usize = 20;
const MAX_TEXT: usize = 256;

/// The parts of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonName {
    /// All of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// The family's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// The person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// What stands between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// What goes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_prefix: Option<String>,
    /// What comes after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honorific_suffix: Option<String>,
}

/// An address of mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Email {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<String>,
    /// Where it is used: `work`, `home`, `other`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether it is the first to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary: Option<bool>,
}

/// A person as a directory writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonRecord {
    /// The name to sign in with.
    pub user_name: String,
    /// The directory's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// The name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The parts of their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PersonName>,
    /// Their addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<Email>,
    /// Whether they may do anything at all; where it is not said, it stays as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
}

impl PersonRecord {
    /// What is wrong with it, but for the name to sign in with.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        let mut check = |pointer: &str, text: Option<&String>| {
            found.extend(text.and_then(|text| wrong(pointer, text)));
        };
        check("/externalId", self.external_id.as_ref());
        check("/displayName", self.display_name.as_ref());
        if let Some(name) = &self.name {
            check("/name/formatted", name.formatted.as_ref());
            check("/name/familyName", name.family_name.as_ref());
            check("/name/givenName", name.given_name.as_ref());
            check("/name/middleName", name.middle_name.as_ref());
            check("/name/honorificPrefix", name.honorific_prefix.as_ref());
            check("/name/honorificSuffix", name.honorific_suffix.as_ref());
        }
        for (at, email) in self.emails.iter().enumerate() {
            check(&format!("/emails/{at}/value"), email.value.as_ref());
            check(&format!("/emails/{at}/display"), email.display.as_ref());
            check(&format!("/emails/{at}/type"), email.kind.as_ref());
        }
        if self.emails.len() > MAX_EMAILS {
            found.push(FieldError::new("/emails", format!("are more than {MAX_EMAILS}")));
        }
        found
    }

    /// The name to show, as far as it is said.
    #[must_use]
    pub fn shown_name(&self) -> Option<String> {
        let name = self.name.clone().unwrap_or_default();
        let parts = [name.given_name, name.family_name].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let parts = Some(parts).filter(|parts| !parts.is_empty());
        self.display_name.clone().or(name.formatted).or(parts)
    }
}

/// What is wrong with a text of one line, which may be empty.
fn wrong(pointer: &str, text: &str) -> Option<FieldError> {
    let fits = text.chars().count() <= MAX_TEXT && !text.chars().any(|of| is_hidden(of, false));
    (!fits).then(|| FieldError::new(pointer, format!("must be at most {MAX_TEXT} visible characters")))
}

/// A person of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPerson {
    /// The person's id here.
    pub id: UserId,
    /// What the directory wrote.
    pub record: PersonRecord,
    /// Whether they may do anything here.
    pub enabled: bool,
    /// The groups that they are in.
    pub groups: Vec<(DirectoryGroupId, String)>,
    /// When they were brought in.
    pub created_at: Timestamp,
    /// When they were changed last.
    pub updated_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
}

/// A group as a directory writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupRecord {
    /// Its name, by which it has roles.
    pub display_name: String,
    /// The directory's own key.
    pub external_id: Option<String>,
    /// Who is in it.
    pub members: BTreeSet<UserId>,
}

impl GroupRecord {
    /// What is wrong with it, but for members that are nobody.
    #[must_use]
    pub fn check(&self) -> Vec<FieldError> {
        let mut found: Vec<_> = wrong("/displayName", &self.display_name).into_iter().collect();
        if self.display_name.trim().is_empty() {
            found.push(FieldError::new("/displayName", "must not be empty"));
        }
        found.extend(self.external_id.as_ref().and_then(|id| wrong("/externalId", id)));
        if self.members.len() > MAX_MEMBERS {
            found.push(FieldError::new("/members", format!("are more than {MAX_MEMBERS}")));
        }
        found
    }
}

/// A group of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryGroup {
    /// Its id here.
    pub id: DirectoryGroupId,
    /// What the directory wrote.
    pub record: GroupRecord,
    /// When it was brought in.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
}

string_enum! {
    /// By what people and groups of a directory are found.
    DirectoryKey {
        Id = "id" "id",
        UserName = "userName" "userName",
        DisplayName = "displayName" "displayName",
        ExternalId = "externalId" "externalId",
    }
}

/// Which people or groups of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// Those of which something is this.
    pub filter: Option<(DirectoryKey, String)>,
    /// How many are left out before.
    pub skip: u32,
    /// How many at most.
    pub count: u32,
}

impl DirectoryQuery {
    /// The one of an id.
    #[must_use]
    pub fn one(id: impl ToString) -> Self {
        Self { filter: Some((DirectoryKey::Id, id.to_string())), skip: 0, count: 1 }
    }
}

/// Some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryPage<T> {
    /// These.
    pub items: Vec<T>,
    /// How many there are.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(value: serde_json::Value) -> PersonRecord {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_name_to_show_is_the_best_that_is_said() {
        let table = [
            (serde_json::json!({ "userName": "a" }), None),
            (serde_json::json!({ "userName": "a", "name": { "familyName": "B" } }), Some("B")),
            (
                serde_json::json!({ "userName": "a", "name": { "familyName": "B", "givenName": "A" } }),
                Some("A B"),
            ),
            (
                serde_json::json!({ "userName": "a", "name": { "formatted": "Dr. A B", "givenName": "A" } }),
                Some("Dr. A B"),
            ),
            (
                serde_json::json!({ "userName": "a", "displayName": "Ab", "name": { "formatted": "A B" } }),
                Some("Ab"),
            ),
        ];
        for (value, want) in table {
            assert_eq!(record(value).shown_name().as_deref(), want);
        }
    }

    #[test]
    fn texts_are_short_and_visible() {
        let long = "x".repeat(MAX_TEXT + 1);
        let bad = record(serde_json::json!({
            "userName": "a", "externalId": long, "displayName": "a\u{202e}", "name": { "givenName": "\0" },
            "emails": [{ "value": long }],
        }));
        let pointers: Vec<_> = bad.check().into_iter().map(|wrong| wrong.pointer).collect();
        assert_eq!(pointers, ["/externalId", "/displayName", "/name/givenName", "/emails/0/value"]);
        let group = GroupRecord { display_name: " ".to_owned(), ..GroupRecord::default() };
        assert_eq!(group.check().len(), 1);
    }
}
