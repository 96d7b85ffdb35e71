//! `/scim/v2/Users`.

use domain::directory::{DirectoryPerson, PersonRecord};
use domain::{Error, SubjectKind, UserId};
use serde_json::{Value, json};

use super::document::{Document, Selection, frame};
use super::failure::Failure;
use super::resource::{Resource, ask_backend};
use super::schema::{GROUP, Schema, USER};
use crate::rest::input::parse_id;

impl Resource for DirectoryPerson {
    const TRIES: usize = 8;

    type Id = UserId;
    type Record = PersonRecord;

    fn schema() -> &'static Schema {
        &USER
    }

    fn id(text: &str) -> Result<UserId, Error> {
        parse_id(text, SubjectKind::User)
    }

    fn record(&self) -> (&PersonRecord, i64) {
        (&self.record, self.version)
    }

    fn document(record: &PersonRecord) -> Document {
        match serde_json::to_value(record) {
            Ok(Value::Object(document)) => document,
            _ => Document::new(),
        }
    }

    fn read(document: Document) -> Result<PersonRecord, Failure> {
        let record = serde_json::from_value(Value::Object(document));
        record.map_err(|error| Failure::bad("invalidValue", error.to_string()))
    }

    fn shown(self, base: &str, selection: &Selection) -> Document {
        let Self { id, record, enabled, groups, created_at, updated_at, .. } = self;
        let mut document = Self::document(&record);
        if let Some(active) = record.active {
            document.insert("active".to_owned(), json!(active && enabled));
        }
        if !groups.is_empty() {
            let group = |(id, name)| json!({ "value": id, "display": name, "$ref": format!("{base}{}/{id}", GROUP.path) });
            document.insert("groups".to_owned(), groups.into_iter().map(group).collect());
        }
        selection.of(frame(&USER, base, &id.to_string(), (created_at, updated_at), document))
    }

    ask_backend!(directory_people, add_directory_person, change_directory_person, remove_directory_person);
}
