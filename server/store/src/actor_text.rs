//! The text of an actor in rows: a list of the number of its kind, its id, its name, and those of the person behind a
//! token. It is half of the JSON that records are hashed by, which is made of the actor itself.

use domain::Actor;
use domain::core::actor::Person;
use serde::Deserialize;

use crate::vocabulary::{self, number};

/// An actor's text.
pub(crate) fn write(actor: &Actor) -> serde_json::Result<String> {
    let (kind, id, name) = (number(actor.kind), &actor.id, &actor.name);
    match &actor.person {
        None => serde_json::to_string(&(kind, id, name)),
        Some(person) => serde_json::to_string(&(kind, id, name, &person.id, &person.name)),
    }
}

#[derive(Deserialize)]
struct Stored(i16, String, String, #[serde(default)] Option<String>, #[serde(default)] Option<String>);

/// The actor of a text; none, if its kind is unknown.
pub(crate) fn read(text: &str) -> serde_json::Result<Option<Actor>> {
    let Stored(kind, id, name, person_id, person_name) = serde_json::from_str(text)?;
    let person = person_id.zip(person_name).map(|(id, name)| Person { id, name });
    Ok(vocabulary::word(kind).map(|kind| Actor { kind, id, name, person }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ActorKind;

    #[test]
    fn actors_read_back() {
        let plain = Actor::new(ActorKind::User, "u1", "Ana \"A\"");
        assert_eq!(write(&plain).unwrap(), r#"[0,"u1","Ana \"A\""]"#);
        for actor in [plain.clone(), Actor::new(ActorKind::Token, "t", "Tool").of("u2", "Bo")] {
            assert_eq!(read(&write(&actor).unwrap()).unwrap(), Some(actor));
        }
        assert_eq!(read(r#"[9,"a","b"]"#).unwrap(), None);
        assert!(read("{}").is_err());
    }
}
