//! What is kept of people and groups: the table of attributes (RFC 7643).

use serde_json::{Value, json};

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Complex,
    Reference,
}

/// Who may write an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
}

/// An attribute.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the characteristics of RFC 7643, section 7")]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) mutability: Mutability,
    /// Whether no two may have the same.
    pub(super) unique: bool,
    /// Whether the case of letters counts.
    pub(super) exact: bool,
    pub(super) words: &'static [&'static str],
    pub(super) refers_to: &'static [&'static str],
    pub(super) sub: &'static [Attribute],
    pub(super) about: &'static str,
}

/// A schema.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) urn: &'static str,
    pub(super) name: &'static str,
    /// The path of its resources.
    pub(super) path: &'static str,
    pub(super) about: &'static str,
    pub(super) attributes: &'static [Attribute],
}

const fn text(name: &'static str, about: &'static str) -> Attribute {
    Attribute {
        name,
        kind: Kind::Text,
        many: false,
        required: false,
        mutability: Mutability::ReadWrite,
        unique: false,
        exact: false,
        words: &[],
        refers_to: &[],
        sub: &[],
        about,
    }
}

const fn complex(name: &'static str, sub: &'static [Attribute], about: &'static str) -> Attribute {
    Attribute { kind: Kind::Complex, sub, ..text(name, about) }
}

impl Attribute {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    const fn flag(self) -> Self {
        Self { kind: Kind::Flag, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn words(self, words: &'static [&'static str]) -> Self {
        Self { words, ..self }
    }

    const fn refers_to(self, refers_to: &'static [&'static str]) -> Self {
        Self { kind: Kind::Reference, exact: true, refers_to, ..self }
    }
}

static NAME: &[Attribute] = &[
    text("formatted", "The whole name"),
    text("familyName", "The family's name"),
    text("givenName", "The person's own name"),
    text("middleName", "What stands between them"),
    text("honorificPrefix", "What goes before"),
    text("honorificSuffix", "What comes after"),
];

static EMAIL: &[Attribute] = &[
    text("value", "The address"),
    text("display", "How it is shown"),
    text("type", "Where it is used").words(&["work", "home", "other"]),
    text("primary", "Whether it is the first to use").flag(),
];

static GROUP_OF_PERSON: &[Attribute] = &[
    text("value", "The id of the group").exact().read_only(),
    text("$ref", "The address of the group").refers_to(&["Group"]).read_only(),
    text("display", "The name of the group").read_only(),
];

static MEMBER: &[Attribute] = &[
    text("value", "The id of the person").exact().immutable(),
    text("$ref", "The address of the person").refers_to(&["User"]).immutable(),
    text("type", "What the member is").words(&["User"]).immutable(),
];

/// What every resource has beside its schema.
static COMMON: &[Attribute] = &[
    text("id", "Its id here").exact().read_only(),
    text("externalId", "The directory's own key").exact(),
    complex("meta", &[], "When it came and changed").read_only(),
    text("schemas", "The schemas").many().read_only(),
];

/// People.
pub(super) static USER: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    path: "/Users",
    about: "A person",
    attributes: &[
        Attribute { unique: true, ..text("userName", "The name to sign in with").required() },
        complex("name", NAME, "The parts of the name"),
        text("displayName", "The name to show"),
        complex("emails", EMAIL, "Addresses of mail").many(),
        text("active", "Whether the person may do anything here").flag(),
        complex("groups", GROUP_OF_PERSON, "The groups that the person is in").many().read_only(),
    ],
};

/// Groups.
pub(super) static GROUP: Schema = Schema {
    urn: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    path: "/Groups",
    about: "A group, which has roles by its name",
    attributes: &[
        Attribute {
            unique: true,
            exact: true,
            ..text("displayName", "The name by which it has roles").required()
        },
        complex("members", MEMBER, "The people in it").many(),
    ],
};

/// All of them.
pub(super) static SCHEMAS: [&Schema; 2] = [&USER, &GROUP];

impl Schema {
    /// The attribute of a name, in any case of letters.
    pub(super) fn find(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name).or_else(|| find(COMMON, name))
    }

    /// As it describes itself.
    pub(super) fn describe(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.urn,
            "name": self.name,
            "description": self.about,
            "attributes": self.attributes.iter().map(Attribute::describe).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.urn) },
        })
    }
}

impl Attribute {
    /// The part of a name, in any case of letters.
    pub(super) fn part(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }

    fn describe(&self) -> Value {
        let mut value = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::Text => "string",
                Kind::Flag => "boolean",
                Kind::Complex => "complex",
                Kind::Reference => "reference",
            },
            "multiValued": self.many,
            "description": self.about,
            "required": self.required,
            "mutability": match self.mutability {
                Mutability::ReadWrite => "readWrite",
                Mutability::ReadOnly => "readOnly",
                Mutability::Immutable => "immutable",
            },
            "returned": "default",
        });
        if matches!(self.kind, Kind::Text | Kind::Reference) {
            value["caseExact"] = json!(self.exact);
            value["uniqueness"] = json!(if self.unique { "server" } else { "none" });
        }
        if !self.words.is_empty() {
            value["canonicalValues"] = json!(self.words);
        }
        if !self.refers_to.is_empty() {
            value["referenceTypes"] = json!(self.refers_to);
        }
        if !self.sub.is_empty() {
            value["subAttributes"] = self.sub.iter().map(Attribute::describe).collect();
        }
        value
    }
}

fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
