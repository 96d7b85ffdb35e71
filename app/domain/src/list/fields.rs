//! The macro behind a list's table of fields.

/// Declares what a list has from one table: `Field` (all of them), `Column`, `SortKey`, `Facet`, `Filter`, and the
/// functions `field_label` and `value_label`.
///
/// - `orders`: what a list is sorted by without being shown, as `Variant = "name" "Label";`.
/// - `columns`: `Variant = "name" "Label": Type { … }`, where the type says how values are shown and read. In braces, in
///   this order: `sort Ascending` or `sort Descending`, which is how its heading begins; `counted field "doc"` for a
///   filter whose values are offered with their counts, `uncounted field "doc"` for one whose values are not.
/// - `filters`: filters with several values that are no column, each `{ counted field "doc" }`.
/// - `once`: fields of the filter that have one value, `field = "name" "Label": Type { reader, "doc" }`.
///
/// The filter's fields are written in the order counted columns, uncounted columns, `filters`, `once`.
macro_rules! list_fields {
    (
        orders { $($order:ident = $order_wire:literal $order_label:literal;)* }
        columns { $(
            $name:ident = $wire:literal $label:literal: $kind:ty {
                $(sort $direction:ident)?
                $(counted $counted:ident $counted_doc:literal)?
                $(uncounted $uncounted:ident $uncounted_doc:literal)?
            }
        )* }
        filters { $(
            $more:ident = $more_wire:literal $more_label:literal: $more_kind:ty {
                counted $more_field:ident $more_doc:literal
            }
        )* }
        once { $(
            $once:ident = $once_wire:literal $once_label:literal: $once_kind:ty { $read:path, $once_doc:literal }
        )* }
    ) => {
        $crate::core::string_enum::string_enum! {
            /// Whatever of a row is shown, sorted by, or filtered by with several values.
            Field {
                $($order = $order_wire $order_label,)*
                $($name = $wire $label,)*
                $($more = $more_wire $more_label,)*
            }
        }

        $crate::core::string_enum::string_enum! {
            /// A column, named as on the screen.
            Column { $($name = $wire $label,)* }
        }

        $crate::core::string_enum::string_enum! {
            /// What a list is sorted by.
            SortKey {
                $($order = $order_wire $order_label,)*
                $($(#[doc = stringify!($direction)] $name = $wire $label,)?)*
            }
        }

        $crate::core::string_enum::string_enum! {
            /// A filter whose values are offered with their counts, under the filter's name.
            Facet {
                $($(#[doc = $counted_doc] $name = $wire $label,)?)*
                $($more = $more_wire $more_label,)*
            }
        }

        impl Field {
            /// Under which its values are counted.
            #[must_use]
            pub const fn facet(self) -> Option<Facet> {
                match self {
                    $($(Self::$name => $crate::list::given!($counted_doc, Some(Facet::$name)),)?)*
                    $(Self::$more => Some(Facet::$more),)*
                    #[allow(unreachable_patterns, reason = "if every field is counted")]
                    _ => None,
                }
            }
        }

        impl Column {
            /// The same among all fields.
            #[must_use]
            pub const fn field(self) -> Field {
                match self { $(Self::$name => Field::$name,)* }
            }

            /// What its heading sorts by, if it does.
            #[must_use]
            pub const fn sort_key(self) -> Option<SortKey> {
                match self {
                    $($(Self::$name => $crate::list::given!($direction, Some(SortKey::$name)),)?)*
                    #[allow(unreachable_patterns, reason = "if every column sorts")]
                    _ => None,
                }
            }
        }

        impl SortKey {
            /// The same among all fields.
            #[must_use]
            pub const fn field(self) -> Field {
                match self {
                    $(Self::$order => Field::$order,)*
                    $($(Self::$name => $crate::list::given!($direction, Field::$name),)?)*
                }
            }

            /// Whether people look for its greatest values first: the newest, the most severe.
            #[must_use]
            pub const fn begins_descending(self) -> bool {
                let direction = match self {
                    $(Self::$order => $crate::list::Direction::Ascending,)*
                    $($(Self::$name => $crate::list::Direction::$direction,)?)*
                };
                matches!(direction, $crate::list::Direction::Descending)
            }
        }

        impl Facet {
            /// The same among all fields.
            #[must_use]
            pub const fn field(self) -> Field {
                match self {
                    $($(Self::$name => $crate::list::given!($counted_doc, Field::$name),)?)*
                    $(Self::$more => Field::$more,)*
                }
            }
        }

        impl $crate::list::ListFacet for Facet {
            fn choices(self) -> Vec<(&'static str, &'static str)> {
                match self {
                    $($(Self::$name => {
                        $crate::list::given!($counted_doc, <$kind as $crate::list::FieldValue>::words())
                    })?)*
                    $(Self::$more => <$more_kind as $crate::list::FieldValue>::words(),)*
                }
            }
        }

        /// Every field narrows the list; several values of one field widen it. An empty field lets all pass. Names are
        /// compared without regard to case.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Filter {
            $($(#[doc = $counted_doc] pub $counted: std::collections::BTreeSet<$kind>,)?)*
            $($(#[doc = $uncounted_doc] pub $uncounted: std::collections::BTreeSet<$kind>,)?)*
            $(#[doc = $more_doc] pub $more_field: std::collections::BTreeSet<$more_kind>,)*
            $(#[doc = $once_doc] pub $once: Option<$once_kind>,)*
        }

        impl Filter {
            /// The names of the fields with several values.
            pub const CHOICES: &'static [&'static str] = &[
                $($($crate::list::given!($counted_doc, $wire),)?)*
                $($($crate::list::given!($uncounted_doc, $wire),)?)*
                $($more_wire,)*
            ];

            /// The fields with several values, and the texts of their values.
            #[must_use]
            pub fn choices(&self) -> Vec<(Field, Vec<String>)> {
                vec![
                    $($((Field::$name, self.$counted.iter().map(ToString::to_string).collect()),)?)*
                    $($((Field::$name, self.$uncounted.iter().map(ToString::to_string).collect()),)?)*
                    $((Field::$more, self.$more_field.iter().map(ToString::to_string).collect()),)*
                ]
            }

            /// The same without the values of that facet; none if it has none.
            #[must_use]
            pub fn without(&self, facet: Facet) -> Option<Self> {
                let mut filter = self.clone();
                match facet {
                    $($(Facet::$name => filter.$counted.clear(),)?)*
                    $(Facet::$more => filter.$more_field.clear(),)*
                }
                (filter != *self).then_some(filter)
            }
        }

        impl $crate::list::ListFilter for Filter {
            const FIELDS: &'static [$crate::list::FilterField] = &[
                $($($crate::list::filter_field!($wire, $counted_doc, $kind),)?)*
                $($($crate::list::filter_field!($wire, $uncounted_doc, $kind),)?)*
                $($crate::list::filter_field!($more_wire, $more_doc, $more_kind),)*
                $($crate::list::filter_field!($once_wire, $once_doc, $once_kind),)*
            ];

            fn write(&self, pairs: &mut Vec<(&'static str, String)>) {
                $($(pairs.extend(self.$counted.iter().map(|value| ($wire, value.to_string())));)?)*
                $($(pairs.extend(self.$uncounted.iter().map(|value| ($wire, value.to_string())));)?)*
                $(pairs.extend(self.$more_field.iter().map(|value| ($more_wire, value.to_string())));)*
                $(pairs.extend(self.$once.iter().map(|value| ($once_wire, value.to_string())));)*
            }

            fn read(&mut self, name: &str, value: &str) -> Result<bool, $crate::list::QueryError> {
                match name {
                    $($($wire => $crate::list::add(&mut self.$counted, name, value)?,)?)*
                    $($($wire => $crate::list::add(&mut self.$uncounted, name, value)?,)?)*
                    $($more_wire => $crate::list::add(&mut self.$more_field, name, value)?,)*
                    $($once_wire => $crate::list::once(&mut self.$once, name, $read(name, value)?)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        /// What the screen calls a field of the filter; the field's own name if it is none.
        #[must_use]
        pub fn field_label(field: &str) -> &str {
            match field {
                $($($wire => $crate::list::given!($counted_doc, $label),)?)*
                $($($wire => $crate::list::given!($uncounted_doc, $label),)?)*
                $($more_wire => $more_label,)*
                $($once_wire => $once_label,)*
                other => other,
            }
        }

        /// What the screen says for a value of a field; names and most ids stay as they are.
        #[must_use]
        pub fn value_label<'a>(field: &str, value: &'a str) -> &'a str {
            match field {
                $($wire => <$kind as $crate::list::FieldValue>::label_of(value),)*
                $($more_wire => <$more_kind as $crate::list::FieldValue>::label_of(value),)*
                $($once_wire => <$once_kind as $crate::list::FieldValue>::label_of(value),)*
                _ => value,
            }
        }
    };
}

/// The second, where the table has the first.
macro_rules! given {
    ($first:tt, $second:expr) => {
        $second
    };
}

/// A field of a filter as the outside sees it.
macro_rules! filter_field {
    ($name:literal, $doc:literal, $kind:ty) => {
        $crate::list::FilterField {
            name: $name,
            doc: $doc,
            #[cfg(feature = "ssr")]
            schema: <$kind as $crate::list::FieldValue>::schema,
        }
    };
}

pub(crate) use {filter_field, given, list_fields};
