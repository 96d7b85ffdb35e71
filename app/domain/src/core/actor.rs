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
    /// The person's own name, or what the token or part is called: anybody may call their token anything.
    pub name: String,
    /// Who owns the token that was presented, and answers for what is done with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
}

/// A person, as named at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Person {
    /// The user's id.
    pub id: String,
    /// The name to show.
    pub name: String,
}

impl Actor {
    /// An actor behind whom stands nobody else.
    pub fn new(kind: ActorKind, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, id: id.into(), name: name.into(), person: None }
    }

    /// The same, of whom that person is the owner.
    #[must_use]
    pub fn of(self, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { person: Some(Person { id: id.into(), name: name.into() }), ..self }
    }

    /// The name of who answers for it: the person, also behind a token. Lists are filtered by it.
    #[must_use]
    pub fn who(&self) -> &str {
        self.person.as_ref().map_or(&self.name, |person| &person.name)
    }

    /// Who it was, in words: the person, and by which token.
    #[must_use]
    pub fn label(&self) -> String {
        match &self.person {
            Some(person) => format!("{} by token \u{201c}{}\u{201d}", person.name, self.name),
            // A tool may be called like a person.
            None if self.kind == ActorKind::Token => format!("token \u{201c}{}\u{201d}", self.name),
            None => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_reads_as_somebody_else() {
        let token = Actor::new(ActorKind::Token, "t-1", "Ana Ondra");
        for (actor, label) in [
            (Actor::new(ActorKind::User, "u-1", "Ana Ondra"), "Ana Ondra"),
            (token.clone(), "token \u{201c}Ana Ondra\u{201d}"),
            (token.of("u-2", "Otto"), "Otto by token \u{201c}Ana Ondra\u{201d}"),
            (Actor::new(ActorKind::Automation, "a", "Automation"), "Automation"),
        ] {
            assert_eq!(actor.label(), label);
        }
    }
}
