//! What can be asked of a machine: the word in the path, the fields of the body, and the action that it is. A field that
//! is null is left out, as clients send all that they know of.

use domain::{ActionType, Error};
use serde_json::{Map, Value, json};

use crate::edge::problem::Problem;

/// One order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    /// The last part of its path.
    path: &'static str,
    /// The type of its machine action.
    pub(super) name: &'static str,
    action_type: ActionType,
    /// A field beside the comment, and what it may say; the first where it is not sent, unless it has to be.
    choice: Option<(&'static str, &'static [&'static str], bool)>,
    /// Whether it is about a file, of which `Sha1` is sent.
    on_file: bool,
}

const fn order(path: &'static str, name: &'static str, action_type: ActionType) -> Order {
    Order { path, name, action_type, choice: None, on_file: false }
}

/// The table.
const ORDERS: &[Order] = &[
    Order {
        choice: Some(("IsolationType", &["Full", "Selective", UNMANAGED], false)),
        ..order("isolate", "Isolate", ActionType::IsolateDevice)
    },
    order("unisolate", "Unisolate", ActionType::ReleaseFromIsolation),
    order("restrictCodeExecution", "RestrictCodeExecution", ActionType::RestrictCodeExecution),
    order("unrestrictCodeExecution", "UnrestrictCodeExecution", ActionType::RemoveCodeRestriction),
    Order {
        choice: Some(("ScanType", &["Quick", "Full"], true)),
        ..order("runAntiVirusScan", "RunAntiVirusScan", ActionType::RunAntivirusScan)
    },
    order(
        "collectInvestigationPackage",
        "CollectInvestigationPackage",
        ActionType::CollectInvestigationPackage,
    ),
    order("offboard", "Offboard", ActionType::OffboardDevice),
    Order {
        on_file: true,
        ..order("StopAndQuarantineFile", "StopAndQuarantineFile", ActionType::StopAndQuarantineFile)
    },
];

/// The kind of isolation that is an action of its own here.
const UNMANAGED: &str = "UnManagedDevice";

/// The types of actions that are machine actions, each by the name that it has there.
pub(super) fn types() -> impl Iterator<Item = (ActionType, &'static str)> {
    let contained =
        [(ActionType::ContainDevice, "Isolate"), (ActionType::ReleaseFromContainment, "Unisolate")];
    ORDERS.iter().map(|order| (order.action_type, order.name)).chain(contained)
}

/// What an action of a type is called there; none if that API has none like it.
pub(super) fn of_type(action_type: ActionType) -> Option<&'static str> {
    types().find(|(of, _)| *of == action_type).map(|(_, name)| name)
}

impl Order {
    /// The order of a path.
    pub(super) fn named(path: &str) -> Result<Self, Problem> {
        let found = ORDERS.iter().find(|order| order.path.eq_ignore_ascii_case(path));
        found.copied().ok_or_else(|| {
            let known: Vec<_> = ORDERS.iter().map(|order| order.path).collect();
            Problem::malformed(format!(
                "{path:?} can't be asked of a machine here; send one of {}",
                known.join(", ")
            ))
        })
    }

    /// The proposal that a body is.
    pub(super) fn read(self, machine: &str, body: &Value) -> Result<Value, Error> {
        let fields = fields(body)?;
        let mut known = vec!["Comment"];
        known.extend(self.choice.map(|(name, ..)| name));
        known.extend(self.on_file.then_some("Sha1"));
        check_names(fields, &known)?;
        let device = json!({ "kind": "device", "name": machine });
        let mut item = json!({
            "external_id": "mde", "type": self.action_type, "severity": "medium", "source": "live_response_action",
            "entity": device, "asset": device, "comment": comment(body)?,
        });
        if let Some((name, values, required)) = self.choice {
            let given = text(fields, name)?;
            let chosen = match given {
                Some(given) => values.iter().find(|value| value.eq_ignore_ascii_case(given)).copied(),
                None if required => None,
                None => values.first().copied(),
            };
            let Some(chosen) = chosen else {
                return Err(Error::invalid(
                    format!("/{name}"),
                    format!("must be one of {}", values.join(", ")),
                ));
            };
            if chosen == UNMANAGED {
                item["type"] = json!(ActionType::ContainDevice);
            } else {
                item["parameters"] = json!({ "scope": chosen });
            }
        }
        if self.on_file {
            let Some(sha1) = text(fields, "Sha1")? else {
                return Err(Error::invalid(
                    "/Sha1",
                    "is missing: the SHA-1 of the file, 40 hexadecimal digits",
                ));
            };
            item["entity"] = json!({ "kind": "file", "sha1": sha1 });
        }
        Ok(item)
    }
}

/// Why, in the words of who asks.
pub(super) fn comment(body: &Value) -> Result<String, Error> {
    let comment = text(fields(body)?, "Comment")?.filter(|text| !text.trim().is_empty());
    comment
        .map(str::to_owned)
        .ok_or_else(|| Error::invalid("/Comment", "is missing: say why this is asked for"))
}

fn fields(body: &Value) -> Result<&Map<String, Value>, Error> {
    body.as_object().ok_or_else(|| Error::invalid("", "must be an object, such as {\"Comment\": \"…\"}"))
}

/// A misspelt field would be one that is not heeded.
fn check_names(fields: &Map<String, Value>, known: &[&str]) -> Result<(), Error> {
    let is_known = |name: &str| known.iter().any(|known| known.eq_ignore_ascii_case(name));
    match fields.iter().find(|(name, value)| !value.is_null() && !is_known(name)) {
        Some((name, _)) => {
            let detail = format!("is not known here; send {}", known.join(", "));
            Err(Error::invalid(format!("/{name}"), detail))
        }
        None => Ok(()),
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Error> {
    let given = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Error::invalid(format!("/{name}"), "must be a text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_is_an_action_with_what_it_asks_for() {
        let read = |path: &str, body: Value| Order::named(path).unwrap().read("web-1", &body);
        let isolated = read("isolate", json!({ "Comment": "x", "IsolationType": "Selective" })).unwrap();
        assert_eq!(
            (&isolated["type"], &isolated["parameters"]["scope"]),
            (&json!("isolate_device"), &json!("Selective"))
        );
        let contained =
            read("isolate", json!({ "Comment": "x", "IsolationType": "UnManagedDevice" })).unwrap();
        assert_eq!((&contained["type"], contained.get("parameters")), (&json!("contain_device"), None));
        let file = read("StopAndQuarantineFile", json!({ "Comment": "x", "Sha1": "ab".repeat(20) })).unwrap();
        assert_eq!((&file["entity"]["kind"], &file["asset"]["name"]), (&json!("file"), &json!("web-1")));
        let nulls = read("unisolate", json!({ "Comment": "x", "ExternalId": null })).unwrap();
        assert_eq!(nulls["type"], "release_from_isolation");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_would_do() {
        for (path, body, pointer, words) in [
            ("isolate", json!({}), "/Comment", "missing"),
            ("isolate", json!({ "Comment": " " }), "/Comment", "missing"),
            (
                "isolate",
                json!({ "Comment": "x", "IsolationType": "Half" }),
                "/IsolationType",
                "Full, Selective",
            ),
            ("isolate", json!({ "Comment": "x", "IsolationTyp": "Full" }), "/IsolationTyp", "IsolationType"),
            ("isolate", json!({ "Comment": 7 }), "/Comment", "text"),
            ("isolate", json!([]), "", "object"),
            ("runAntiVirusScan", json!({ "Comment": "x" }), "/ScanType", "Quick, Full"),
            ("StopAndQuarantineFile", json!({ "Comment": "x" }), "/Sha1", "SHA-1"),
        ] {
            let Err(Error::Invalid(errors)) = Order::named(path).unwrap().read("web-1", &body) else {
                panic!("{path} {body}");
            };
            assert_eq!(errors[0].pointer, pointer, "{body}");
            assert!(errors[0].detail.contains(words), "{}", errors[0].detail);
        }
        assert!(Order::named("explode").is_err());
    }
}
