//! What lists have in common in the description of the API: every list takes its filter's fields, an order, columns, a
//! size and a cursor, and is counted alike.

use std::borrow::Cow;

use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, Ref, RefBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{RefOr, Required};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::text::has_lanes;
use super::{
    Counts, DEFAULT_LIMIT, FacetCounts, FacetValue, LIMITS, ListFilter as _, ListLane, ListQuery, ListSpec,
};
use crate::core::string_enum::Word;

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
            parameters.push(parameter("lane", &doc, Ref::from_schema_name(S::Lane::NAME).into()).build());
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

impl<F: Word + ToSchema> PartialSchema for Counts<F> {
    fn schema() -> RefOr<Schema> {
        let matches = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("Rows that match the query; if `more`, there are more than so many."))
            .minimum(Some(0));
        let more = "Whether counting ended early. Then values have no counts, and a value may have no row that matches.";
        let more = ObjectBuilder::new().schema_type(Type::Boolean).description(Some(more));
        let facets = ArrayBuilder::new()
            .items(Ref::from_schema_name(FacetCounts::<F>::name()))
            .description(Some("Each facet."));
        ObjectBuilder::new()
            .description(Some("The counts of a list."))
            .property("matches", matches)
            .required("matches")
            .property("more", more)
            .required("more")
            .property("facets", facets)
            .required("facets")
            .into()
    }
}

impl<F: Word + ToSchema> ToSchema for Counts<F> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((FacetCounts::<F>::name().into_owned(), FacetCounts::<F>::schema()));
        FacetCounts::<F>::schemas(schemas);
    }
}

impl<F: Word + ToSchema> PartialSchema for FacetCounts<F> {
    fn schema() -> RefOr<Schema> {
        let facet =
            RefBuilder::new().ref_location_from_schema_name(F::NAME).description(Some("Which filter."));
        let values = ArrayBuilder::new()
            .items(Ref::from_schema_name(FacetValue::name()))
            .description(Some("What it may be set to."));
        ObjectBuilder::new()
            .description(Some("The values of a facet, most frequent first."))
            .property("facet", facet)
            .required("facet")
            .property("values", values)
            .required("values")
            .into()
    }
}

impl<F: Word + ToSchema> ToSchema for FacetCounts<F> {
    fn name() -> Cow<'static, str> {
        format!("{}Counts", F::NAME).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((F::NAME.to_owned(), F::schema()));
        schemas.push((FacetValue::name().into_owned(), FacetValue::schema()));
    }
}
