//! What is set up of an executor, as a form has it: numbers are texts, since a field may stay empty.

use domain::Error;
use domain::executors::{ExecutorKind, ExecutorSetup, Settings, default_concurrency};

/// The fields of the form.
pub(super) struct Form {
    pub(super) name: String,
    pub(super) kind: ExecutorKind,
    /// A rule a line, in their order.
    pub(super) serves: String,
    pub(super) url: String,
    pub(super) internal: bool,
    pub(super) profile: String,
    pub(super) options: String,
    pub(super) due_hours: String,
    pub(super) concurrency: String,
    pub(super) rate: String,
    pub(super) time_limit: String,
}

impl Form {
    /// Reads the form as the set-up of an executor.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the field that can't be read.
    pub(super) fn read(self) -> Result<ExecutorSetup, Error> {
        let mut serves = Vec::new();
        for (index, line) in self.serves.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            serves.push(
                line.parse().map_err(|detail: String| Error::invalid(format!("/serves/{index}"), detail))?,
            );
        }
        let options = match text(self.options) {
            None => serde_json::Map::new(),
            Some(json) => serde_json::from_str(&json).map_err(|error| {
                Error::invalid("/settings/options", format!("must be a JSON object: {error}"))
            })?,
        };
        let settings = Settings {
            url: text(self.url),
            internal: self.internal,
            profile: text(self.profile),
            due_hours: number("due_hours", self.due_hours)?,
            options,
            ..Settings::default()
        };
        Ok(ExecutorSetup {
            name: self.name.trim().to_owned(),
            kind: self.kind,
            settings,
            serves,
            concurrency: number("concurrency", self.concurrency)?.unwrap_or_else(default_concurrency),
            rate: number("rate", self.rate)?,
            time_limit: number("time_limit", self.time_limit)?,
        })
    }
}

/// What was typed, for the page of the form if that is sent back to it; `internal` is a checkbox. Never a secret.
pub(super) fn typed(fields: &[(&'static str, &String)], internal: bool) -> Vec<(&'static str, String)> {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).clone()));
    fields.chain([("internal", internal.to_string())]).collect()
}

/// What a field says; none if it is empty.
pub(super) fn text(text: String) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn number(field: &str, given: String) -> Result<Option<u32>, Error> {
    match text(given) {
        None => Ok(None),
        Some(digits) => digits
            .parse()
            .map(Some)
            .map_err(|_| Error::invalid(format!("/{field}"), "must be a whole number")),
    }
}
