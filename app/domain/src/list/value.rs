//! What the fields of lists hold.

use crate::core::string_enum::Word;
use crate::core::time::Timestamp;
use crate::list::Moment;

/// A kind of value: how the screen shows its text, and how the API describes it.
pub trait FieldValue {
    /// What the screen says for the text of a value; names and most ids stay as they are.
    fn label_of(text: &str) -> &str {
        text
    }

    /// The texts of all its values in their order, each with what the screen says for it; none if they are no words of
    /// ours.
    fn words() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// The type of its text.
    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema>;
}

impl<T: Word> FieldValue for T {
    fn label_of(text: &str) -> &str {
        match text.parse::<T>() {
            Ok(word) => word.label(),
            Err(_) => text,
        }
    }

    fn words() -> Vec<(&'static str, &'static str)> {
        T::ALL.iter().map(|word| (word.as_str(), word.label())).collect()
    }

    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::Ref::from_schema_name(T::NAME).into()
    }
}

impl FieldValue for String {
    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::Object::with_type(utoipa::openapi::Type::String).into()
    }
}

impl FieldValue for Timestamp {
    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl FieldValue for Moment {
    #[cfg(feature = "ssr")]
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Timestamp::schema()
    }
}
