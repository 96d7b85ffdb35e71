//! The mapping from events to what is taken in: rules, of which the first that fits an event makes it.
//!
//! A rule has what an event must have (`when`: JSON pointers with what stands there) and an `action`, an `investigation` or
//! an `incident`, whose texts may hold `{/pointer}`, `{/pointer|table}` for a word of a table, and
//! `{/list[key=value]/pointer}` for the item of a list. A field of which nothing is there is left out, and so are
//! investigations and incidents without an id. In a list, `{ "each": "/list", "having": "/pointer", "item": … }` stands for
//! each item of the event's list that has something there, which the template calls `{/item/…}`.

use std::collections::BTreeMap;

use domain::Proposal;
use domain::incidents::IncidentReport;
use domain::investigations::report::InvestigationReport;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A mapping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    /// What the mapping is for, for people.
    #[serde(default, rename = "about")]
    _about: String,
    /// Words for values: by the least number, or by the word.
    #[serde(default)]
    tables: BTreeMap<String, Table>,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Table {
    /// From a number on, the greatest first.
    From(Vec<(f64, String)>),
    Words(BTreeMap<String, String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// What it is for, for people.
    #[serde(default, rename = "about")]
    _about: String,
    when: BTreeMap<String, Condition>,
    #[serde(default)]
    action: Option<Map<String, Value>>,
    #[serde(default)]
    investigation: Option<Map<String, Value>>,
    #[serde(default)]
    incident: Option<Map<String, Value>>,
}

/// What an event becomes.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    /// Its action; part of the investigation, if there is one.
    pub(super) action: Option<Proposal>,
    /// Its investigation.
    pub(super) investigation: Option<InvestigationReport>,
    /// The incident that it belongs to.
    pub(super) incident: Option<IncidentReport>,
}

/// In a list, what each item of a list of the event becomes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    #[serde(rename = "each")]
    list: String,
    having: String,
    item: Value,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Condition {
    Test(Test),
    AnyOf(Vec<Value>),
    Is(Value),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Test {
    Min(f64),
    Exists(bool),
    Contains(String),
}

impl Mapping {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// What an event becomes: none if no rule fits.
    ///
    /// # Errors
    /// Why a rule that fits makes nothing of it.
    pub(super) fn apply(&self, event: &Value) -> Result<Option<Mapped>, String> {
        let fits = |rule: &&Rule| rule.when.iter().all(|(pointer, of)| of.holds(find(event, pointer)));
        let Some(rule) = self.rules.iter().find(fits) else { return Ok(None) };
        let has_id = |of: &Value| of.get("id").is_some();
        Ok(Some(Mapped {
            action: self.made(rule.action.as_ref(), event, |_| true)?,
            investigation: self.made(rule.investigation.as_ref(), event, has_id)?,
            incident: self.made(rule.incident.as_ref(), event, has_id)?,
        }))
    }

    /// What a template makes of an event, if that is wanted.
    fn made<T: DeserializeOwned>(
        &self,
        template: Option<&Map<String, Value>>,
        event: &Value,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Result<Option<T>, String> {
        let Some(template) = template else { return Ok(None) };
        let filled = self.filled(&Value::Object(template.clone()), event).unwrap_or_default();
        if !is_wanted(&filled) {
            return Ok(None);
        }
        serde_json::from_value(filled).map(Some).map_err(|error| error.to_string())
    }

    /// The template with what the event holds; none if nothing is there of it.
    fn filled(&self, template: &Value, event: &Value) -> Option<Value> {
        match template {
            Value::String(text) => self.text(text, event).map(Value::String),
            Value::Object(fields) => {
                let filled = |(name, of): (&String, &Value)| Some((name.clone(), self.filled(of, event)?));
                let mut fields: Map<_, _> = fields.iter().filter_map(filled).collect();
                // Numbers are written as texts in templates.
                for name in ["pid", "messages"] {
                    let number =
                        fields.get(name).and_then(Value::as_str).and_then(|text| text.parse::<u64>().ok());
                    if let Some(number) = number {
                        fields.insert(name.to_owned(), number.into());
                    }
                }
                Some(Value::Object(fields))
            }
            Value::Array(items) => {
                let mut filled = Vec::new();
                for of in items {
                    match Each::deserialize(of) {
                        Ok(each) => filled.extend(self.each(&each, event)),
                        Err(_) => filled.extend(self.filled(of, event)),
                    }
                }
                Some(Value::Array(filled))
            }
            other => Some(other.clone()),
        }
    }

    fn each(&self, each: &Each, event: &Value) -> Vec<Value> {
        let Some(items) = find(event, &each.list).and_then(Value::as_array) else { return Vec::new() };
        let with = |item: &Value| {
            find(item, &each.having).and_then(plain)?;
            let mut event = event.as_object()?.clone();
            event.insert("item".to_owned(), item.clone());
            self.filled(&each.item, &Value::Object(event))
        };
        items.iter().filter_map(with).collect()
    }

    fn text(&self, template: &str, event: &Value) -> Option<String> {
        let mut out = String::new();
        let (mut rest, mut asked, mut found) = (template, false, false);
        while let Some((before, after)) = rest.split_once("{/") {
            out.push_str(before);
            let (inside, after) = after.split_once('}')?;
            let (pointer, table) = inside.split_once('|').map_or((inside, None), |(p, t)| (p, Some(t)));
            asked = true;
            let value = find(event, &format!("/{pointer}")).and_then(plain);
            let value = match table {
                Some(table) => value.and_then(|value| self.tables.get(table)?.word(&value)),
                None => value,
            };
            if let Some(value) = value {
                found = true;
                out.push_str(&value);
            }
            rest = after;
        }
        out.push_str(rest);
        (!asked || found).then_some(out)
    }
}

impl Table {
    fn word(&self, value: &str) -> Option<String> {
        match self {
            Self::From(steps) => {
                let number: f64 = value.parse().ok()?;
                steps.iter().find(|(from, _)| number >= *from).map(|(_, word)| word.clone())
            }
            Self::Words(words) => words.get(value).or_else(|| words.get("*")).cloned(),
        }
    }
}

impl Condition {
    fn holds(&self, value: Option<&Value>) -> bool {
        let is = |wanted: &Value| match value {
            Some(Value::Array(items)) => items.contains(wanted),
            Some(value) => value == wanted || plain(value) == plain(wanted),
            None => false,
        };
        match self {
            Self::Is(wanted) => is(wanted),
            Self::AnyOf(wanted) => wanted.iter().any(is),
            Self::Test(Test::Exists(exists)) => value.is_some_and(|value| !value.is_null()) == *exists,
            Self::Test(Test::Min(least)) => value
                .and_then(plain)
                .and_then(|text| text.parse::<f64>().ok())
                .is_some_and(|number| number >= *least),
            Self::Test(Test::Contains(part)) => value.and_then(plain).is_some_and(|text| text.contains(part)),
        }
    }
}

/// A value as a text; none of what is empty or has parts.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(of) => Some(of.to_string()),
        _ => None,
    }
}

/// What stands at a pointer (RFC 6901), whose names may choose an item of a list: `hashes[algorithm_id=3]`.
fn find<'a>(event: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut at = event;
    for name in pointer.strip_prefix('/')?.split('/') {
        let (name, chosen) = match name.split_once('[') {
            Some((name, chosen)) => (name, Some(chosen.trim_end_matches(']').split_once('=')?)),
            None => (name, None),
        };
        at = match at {
            Value::Object(fields) => fields.get(&name.replace("~1", "/").replace("~0", "~"))?,
            Value::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
        if let Some((key, wanted)) = chosen {
            let has = |item: &&Value| item.get(key).and_then(plain).as_deref() == Some(wanted);
            at = at.as_array()?.iter().find(has)?;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pointers_choose_items_of_lists() {
        let event = json!({ "a": [{ "k": 1, "v": "x" }, { "k": 3, "v": "y" }], "b/c": { "d": [5] } });
        assert_eq!(find(&event, "/a[k=3]/v"), Some(&json!("y")));
        assert_eq!(find(&event, "/a/0/v"), Some(&json!("x")));
        assert_eq!(find(&event, "/b~1c/d/0"), Some(&json!(5)));
        assert_eq!(find(&event, "/a[k=2]/v"), None);
        assert_eq!(find(&event, "a"), None);
    }

    #[test]
    fn what_is_not_there_is_left_out() {
        let mapping = Mapping::read(
            r#"{ "tables": { "level": [[10, "high"], [0, "low"]], "word": { "A": "a", "*": "other" } }, "rules": [] }"#,
        )
        .unwrap();
        let event = json!({ "n": 12, "w": "Z", "t": "x", "e": "" });
        let filled = |template: Value| mapping.filled(&template, &event);
        assert_eq!(filled(json!("{/n|level} {/t}")), Some(json!("high x")));
        assert_eq!(filled(json!("{/w|word}")), Some(json!("other")));
        assert_eq!(filled(json!("{/missing}")), None);
        assert_eq!(
            filled(json!({ "a": "{/e}", "b": "{/t}", "c": "plain" })),
            Some(json!({ "b": "x", "c": "plain" }))
        );
    }

    #[test]
    fn a_condition_looks_at_values_and_lists() {
        let holds = |condition: Value, value: Value| {
            serde_json::from_value::<Condition>(condition).unwrap().holds(Some(&value))
        };
        assert!(holds(json!("a"), json!(["b", "a"])));
        assert!(holds(json!(["a", "b"]), json!("b")));
        assert!(holds(json!({ "min": 10 }), json!("12")));
        assert!(!holds(json!({ "min": 10 }), json!(9)));
        assert!(holds(json!({ "contains": "or" }), json!("word")));
        assert!(holds(json!({ "exists": true }), json!(0)));
        assert!(!holds(json!({ "exists": true }), Value::Null));
    }
}
