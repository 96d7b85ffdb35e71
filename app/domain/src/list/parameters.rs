//! The description of a list's query for the API: every list takes its filter's fields, an order, columns, a size and a
//! cursor.

use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, Ref, Schema, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Required};

use super::text::has_lanes;
use super::{DEFAULT_LIMIT, LIMITS, ListFilter as _, ListLane as _, ListQuery, ListSpec};
use crate::core::string_enum::Word as _;

impl<S: ListSpec> IntoParams for ListQuery<S> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = || Object::with_type(Type::String).into();
        let [one, two, three, most] = LIMITS;
        let limit =
            format!("Rows a page: {one}, {two}, {three} or {most}; {DEFAULT_LIMIT} where it is not named.");
        let number = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(0));
        let sort = S::Lane::LANES.last().map(|lane| S::default_sort(*lane).to_string());
        let columns: Vec<_> = S::DEFAULT_COLUMNS.iter().take(3).map(|column| column.as_str()).collect();
        let mut parameters = Vec::new();
        if has_lanes::<S>() {
            let first = S::Lane::LANES[0].name().unwrap_or_default();
            let doc = format!("Which tab; {first} where it is not named.");
            parameters.push(parameter("lane", &doc, Ref::from_schema_name("Lane").into()).build());
        }
        let fields = S::Filter::FIELDS.iter();
        parameters.extend(fields.map(|field| parameter(field.name, field.doc, (field.schema)()).build()));
        parameters.extend([
            parameter("sort", "One of the sort keys; with `-` before it, descending.", text())
                .example(sort.map(Into::into))
                .build(),
            parameter("cols", "Columns of an export, by their ids, with commas between.", text())
                .example(Some(columns.join(",").into()))
                .build(),
            parameter("limit", &limit, number.into()).build(),
            parameter("cursor", "`next` or `prev` of an earlier answer.", text()).build(),
        ]);
        parameters
    }
}

fn parameter(name: &str, doc: &str, schema: RefOr<Schema>) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(doc))
        .schema(Some(schema))
}
