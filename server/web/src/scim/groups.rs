//! `/scim/v2/Groups`.

use domain::directory::{DirectoryGroup, GroupRecord};
use domain::{DirectoryGroupId, Error, SubjectKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::document::{Document, Selection, frame};
use super::failure::Failure;
use super::resource::{Resource, ask_backend};
use super::schema::{GROUP, Schema, USER};
use crate::rest::input::parse_id;

impl Resource for DirectoryGroup {
    // Some send one request a member, all at once.
    const TRIES: usize = 50;

    type Id = DirectoryGroupId;
    type Record = GroupRecord;

    fn schema() -> &'static Schema {
        &GROUP
    }

    fn id(text: &str) -> Result<DirectoryGroupId, Error> {
        parse_id(text, SubjectKind::DirectoryGroup)
    }

    fn record(&self) -> (&GroupRecord, i64) {
        (&self.record, self.version)
    }

    fn document(record: &GroupRecord) -> Document {
        let mut document = Document::new();
        document.insert("displayName".to_owned(), json!(record.display_name));
        if let Some(id) = &record.external_id {
            document.insert("externalId".to_owned(), json!(id));
        }
        if !record.members.is_empty() {
            let member = |id| json!({ "value": id });
            document.insert("members".to_owned(), record.members.iter().map(member).collect());
        }
        document
    }

    fn read(document: Document) -> Result<GroupRecord, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Written {
            display_name: String,
            external_id: Option<String>,
            #[serde(default)]
            members: Vec<Member>,
        }
        #[derive(Deserialize)]
        struct Member {
            value: String,
            #[serde(rename = "type")]
            kind: Option<String>,
        }
        let wrong = |detail: String| Failure::bad("invalidValue", detail);
        let Written { display_name, external_id, members } =
            serde_json::from_value(Value::Object(document)).map_err(|error| wrong(error.to_string()))?;
        let member = |Member { value, kind }: Member| {
            if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("User")) {
                return Err(wrong("members must be people: groups in groups are not known here".to_owned()));
            }
            value.parse().map_err(|_| wrong(format!("members.value {value:?} is no id of a person")))
        };
        let members = members.into_iter().map(member).collect::<Result<_, _>>()?;
        Ok(GroupRecord { display_name, external_id, members })
    }

    fn shown(self, base: &str, selection: &Selection) -> Document {
        let Self { id, record, created_at, updated_at, .. } = self;
        let mut document = Self::document(&record);
        let member = |id| json!({ "value": id, "$ref": format!("{base}{}/{id}", USER.path), "type": "User" });
        if !record.members.is_empty() {
            document.insert("members".to_owned(), record.members.iter().map(member).collect());
        }
        selection.of(frame(&GROUP, base, &id.to_string(), (created_at, updated_at), document))
    }

    ask_backend!(directory_groups, add_directory_group, change_directory_group, remove_directory_group);
}
