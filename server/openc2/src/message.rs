//! Commands, responses, and the message that carries either.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

use super::target::Target;

/// The envelope of a request or a response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks to whom, and about which request.
    pub headers: Headers,
    /// What is said.
    pub body: Body,
}

/// The common headers; unknown ones are tolerated, since profiles may add to them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// The producer's id of the request, copied back by the consumer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// When the message was made, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
    /// Who sends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whom it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
}

/// The body: a namespace for the one content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The content.
    pub openc2: Content,
}

/// A request, a response, or a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// A command from a producer.
    Request(Command),
    /// The consumer's answer.
    Response(Response),
    /// An event that nobody asked for; kept as it came.
    Notification(Value),
}

/// An action on a target. Unknown fields are refused: ignoring one could widen what is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// What is to be done.
    pub action: Action,
    /// What it is done to.
    pub target: Target,
    /// How it is done.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub args: Map<String, Value>,
    /// Which kind of function shall do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actuator: Option<Actuator>,
    /// The id under which the command happens at most once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command_id: Option<String>,
}

/// The actuator that is addressed: a profile's name and its specifiers, one key on the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Actuator {
    /// The profile, such as `er`.
    pub profile: String,
    /// Which of the actuators of this profile; empty for any.
    pub specifiers: Map<String, Value>,
}

/// A consumer's answer. Unknown fields are tolerated: they change nothing that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// How it went.
    pub status: Status,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_text: Option<String>,
    /// What was asked for, or what was done.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub results: Map<String, Value>,
}

/// The status of a response: the codes of HTTP that the language allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub u16);

impl Status {
    /// Accepted; the outcome follows.
    pub const PROCESSING: Self = Self(102);
    /// Done.
    pub const OK: Self = Self(200);
    /// The command cannot be carried out as it stands.
    pub const BAD_REQUEST: Self = Self(400);
    /// The sender did not prove who it is.
    pub const UNAUTHORIZED: Self = Self(401);
    /// The consumer may not do this.
    pub const FORBIDDEN: Self = Self(403);
    /// The target is not there.
    pub const NOT_FOUND: Self = Self(404);
    /// The consumer failed; the command is settled as failed.
    pub const INTERNAL_ERROR: Self = Self(500);
    /// The consumer does not know this action on this target.
    pub const NOT_IMPLEMENTED: Self = Self(501);
    /// The command is not settled: the same command may be sent again.
    pub const UNAVAILABLE: Self = Self(503);
}

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// The verbs of the language; an unknown one is kept by its name.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $variant,)+
            /// A verb that is not in the language.
            Other(String),
        }

        impl Action {
            /// Its name on the wire.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<String> for Action {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $($name => Self::$variant,)+
                    _ => Self::Other(name),
                }
            }
        }
    };
}

actions! {
    /// Examine for something.
    Scan = "scan",
    /// Find where something is.
    Locate = "locate",
    /// Ask for information.
    Query = "query",
    /// Prevent an event or access.
    Deny = "deny",
    /// Isolate, so that it cannot do harm.
    Contain = "contain",
    /// Permit again.
    Allow = "allow",
    /// Begin a process or service.
    Start = "start",
    /// End it.
    Stop = "stop",
    /// Stop, then start.
    Restart = "restart",
    /// Take back an earlier command.
    Cancel = "cancel",
    /// Change a value or state.
    Set = "set",
    /// Bring up to date.
    Update = "update",
    /// Send elsewhere.
    Redirect = "redirect",
    /// Add something new.
    Create = "create",
    /// Remove.
    Delete = "delete",
    /// Run and observe in a sandbox.
    Detonate = "detonate",
    /// Bring back to an earlier state.
    Restore = "restore",
    /// Duplicate.
    Copy = "copy",
    /// Gather and analyse.
    Investigate = "investigate",
    /// Remove a weakness or an infection.
    Remediate = "remediate",
}

impl Serialize for Action {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Actuator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(&self.profile, &self.specifiers)])
    }
}

impl<'de> Deserialize<'de> for Actuator {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Map::<String, Value>::deserialize(deserializer)?;
        let mut entries = map.into_iter();
        match (entries.next(), entries.next()) {
            (Some((profile, Value::Object(specifiers))), None) => Ok(Self { profile, specifiers }),
            _ => Err(de::Error::custom("an actuator is one profile with its specifiers")),
        }
    }
}

impl Command {
    /// A command without arguments.
    #[must_use]
    pub fn new(action: Action, target: Target) -> Self {
        Self { action, target, args: Map::new(), actuator: None, command_id: None }
    }

    /// The same under an id, by which a repeat is recognised.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.command_id = Some(id.into());
        self
    }

    /// What the consumer can do: any of `versions`, `profiles`, `pairs`, `rate_limit`.
    #[must_use]
    pub fn query_features<'a>(features: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Action::Query, Target::Features(features.into_iter().map(str::to_owned).collect()))
    }
}

impl Message {
    /// A producer's request.
    #[must_use]
    pub fn request(
        request_id: impl Into<String>,
        created: Timestamp,
        from: impl Into<String>,
        to: Vec<String>,
        command: Command,
    ) -> Self {
        let headers = Headers {
            request_id: Some(request_id.into()),
            created: Some(created.as_millisecond()),
            from: Some(from.into()),
            to,
        };
        Self { headers, body: Body { openc2: Content::Request(command) } }
    }

    /// A consumer's response, addressed to whoever asked.
    #[must_use]
    pub fn response(
        request_id: Option<String>,
        created: Timestamp,
        from: impl Into<String>,
        to: Vec<String>,
        response: Response,
    ) -> Self {
        let headers =
            Headers { request_id, created: Some(created.as_millisecond()), from: Some(from.into()), to };
        Self { headers, body: Body { openc2: Content::Response(response) } }
    }

    /// Its response and the id of the request that it answers, or `None` for another content.
    #[must_use]
    pub fn into_response(self) -> Option<(Option<String>, Response)> {
        match self.body.openc2 {
            Content::Response(response) => Some((self.headers.request_id, response)),
            Content::Request(_) | Content::Notification(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_reads_back() {
        let wire = json!({
            "headers": {"request_id": "d1ac0489-ed51-4345-9175-f3078f30afe5", "created": 1_545_257_700_000_i64,
                        "from": "oc2producer.company.net", "to": ["oc2consumer.company.net"]},
            "body": {"openc2": {"request": {"action": "query", "target": {"features": ["versions"]}}}},
        });
        let message: Message = serde_json::from_value(wire.clone()).unwrap();
        let built = Message::request(
            "d1ac0489-ed51-4345-9175-f3078f30afe5",
            Timestamp::from_millisecond(1_545_257_700_000).unwrap(),
            "oc2producer.company.net",
            vec!["oc2consumer.company.net".into()],
            Command::query_features(["versions"]),
        );
        assert_eq!(message, built);
        assert_eq!(serde_json::to_value(&message).unwrap(), wire);
    }

    #[test]
    fn a_command_with_more_than_it_may_have_is_refused() {
        for bad in [
            json!({"action": "query", "target": {"features": []}, "argz": {}}),
            json!({"target": {"features": []}}),
            json!({"action": "query"}),
            json!({"action": "query", "target": {"features": []}, "actuator": {"er": {}, "slpf": {}}}),
            json!({"action": 3, "target": {"features": []}}),
        ] {
            assert!(serde_json::from_value::<Command>(bad.clone()).is_err(), "{bad}");
        }
        let other: Command =
            serde_json::from_value(json!({"action": "dance", "target": {"features": []}})).unwrap();
        assert_eq!(other.action, Action::Other("dance".into()));
    }
}
