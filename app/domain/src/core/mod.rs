//! What every area is made of: ids, actors, times, errors, closed vocabularies. It knows no area.

pub mod actor;
pub mod denied;
pub mod error;
pub mod id;
pub mod path;
pub mod string_enum;
pub mod subject;
pub mod text;
pub mod time;
pub mod zone;
