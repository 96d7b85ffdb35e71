//! How the times of what an action is on and with are told: with six decimals, as all others. Its digest binds the text that
//! is stored, which stays.

use std::borrow::Cow;

#[cfg(feature = "ssr")]
use serde::ser::{Error, Serialize, SerializeMap, Serializer};

#[cfg(feature = "ssr")]
use crate::actions::entity::Entity;
use crate::actions::parameter::ParameterName;
#[cfg(feature = "ssr")]
use crate::actions::parameter::Parameters;
#[cfg(feature = "ssr")]
use crate::core::time::{Timestamp, six_decimals};

/// The text of a parameter, for whoever reads it. The browser has it so from the server.
#[must_use]
#[cfg_attr(not(feature = "ssr"), expect(unused_variables, reason = "the server has told it in that form"))]
pub fn parameter_text(name: ParameterName, value: &str) -> Cow<'_, str> {
    #[cfg(feature = "ssr")]
    if name == ParameterName::Expiry
        && let Ok(at) = value.parse::<Timestamp>()
    {
        return six_decimals::text(at).into();
    }
    value.into()
}

/// For serde.
///
/// # Errors
/// Those of the serializer.
#[cfg(feature = "ssr")]
pub(super) fn parameters<S: Serializer>(parameters: &Parameters, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(parameters.len()))?;
    for (name, value) in parameters {
        map.serialize_entry(name, &parameter_text(*name, value))?;
    }
    map.end()
}

/// For serde.
///
/// # Errors
/// Those of the serializer.
#[cfg(feature = "ssr")]
pub(super) fn entity<S: Serializer>(entity: &Entity, serializer: S) -> Result<S::Ok, S::Error> {
    // Most have none.
    if entity.time().is_none() {
        return entity.serialize(serializer);
    }
    let mut value = serde_json::to_value(entity).map_err(S::Error::custom)?;
    let (name, at) = match entity {
        Entity::EmailMessage { received_at, .. } => ("received_at", received_at),
        Entity::Process { started_at, .. } => ("started_at", started_at),
        _ => ("", &None),
    };
    if let Some(at) = at {
        value[name] = six_decimals::text(*at).into();
    }
    value.serialize(serializer)
}
