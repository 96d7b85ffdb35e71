//! What every area is made of: ids, actors, times, errors, closed vocabularies. It knows no area.

pub mod actor;
#[cfg(feature = "ssr")]
pub mod canonical;
pub mod denied;
#[cfg(feature = "ssr")]
pub mod device_name;
pub mod error;
pub mod executor;
#[cfg(feature = "ssr")]
pub mod given;
#[cfg(feature = "ssr")]
pub mod glob;
pub mod id;
pub mod path;
#[cfg(feature = "ssr")]
pub mod plain;
#[cfg(feature = "ssr")]
pub mod refang;
#[cfg(feature = "ssr")]
pub mod strict_json;
pub mod string_enum;
pub mod subject;
pub mod text;
pub mod time;
pub mod zone;
