//! Every mistake of a JSON body, so that it is corrected in one go.
//!
//! serde stops at the first. So a field that it refuses is taken out, and the rest read again; which fields are missing, the type's own
//! description says. Of a list the first mistake is told.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema, SchemaType, Type};

use super::json::Json;

/// Mistakes of one body that are looked for.
const MISTAKES_MAX: usize = 50;

/// What the path of a body's outermost object is called.
const ROOT: &str = ".";

/// How messages begin that name a field of the object they are about.
const NAMING: [&str; 2] = ["missing field ", "duplicate field "];

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// As a path; nothing where it is the whole body.
    pub(super) field: Option<String>,
    pub(super) message: String,
}

impl Mistake {
    /// The same without what was sent: serde's messages repeat it, and it may be an account number.
    pub(super) fn new(place: Option<String>, message: &str) -> Self {
        Self { field: with_missing(place, message), message: without_values(message) }
    }
}

/// Everything that keeps a body from being read as this type.
pub(super) fn of<T: DeserializeOwned + ToSchema>(mut left: Json) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = Vec::new();
    let missing = Described::new::<T>().missing(&left);
    let mut taken_out = BTreeSet::new();
    while mistakes.len() < MISTAKES_MAX {
        let read: Result<T, _> = serde_path_to_error::deserialize(left.clone());
        let Err(error) = read else { break };
        let mistake = Mistake::new(Some(error.path().to_string()), &error.inner().to_string());
        let is_told = mistake.field.as_ref().is_some_and(|field| taken_out.contains(field));
        if !is_told && !missing.iter().any(|other| other.field == mistake.field) {
            mistakes.push(mistake);
        }
        let keys = keys_of(error.path());
        if !left.take_out(&keys) {
            break;
        }
        taken_out.insert(keys.join("."));
    }
    mistakes.extend(missing);
    mistakes.truncate(MISTAKES_MAX);
    mistakes
}

/// The objects' keys that lead to a place, as far as no list stands in between.
fn keys_of(path: &Path) -> Vec<&str> {
    path.iter().map_while(key_of).collect()
}

fn key_of(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Map { key } => Some(key.as_str()),
        Segment::Seq { .. } | Segment::Enum { .. } | Segment::Unknown => None,
    }
}

/// What a type's description says of its fields.
struct Described {
    of_body: RefOr<Schema>,
    named: BTreeMap<String, RefOr<Schema>>,
}

impl Described {
    fn new<T: ToSchema>() -> Self {
        let mut named = Vec::new();
        T::schemas(&mut named);
        Self { of_body: T::schema(), named: named.into_iter().collect() }
    }

    fn missing(&self, json: &Json) -> Vec<Mistake> {
        let mut missing = Vec::new();
        self.look(&self.of_body, json, "", &mut missing);
        missing
    }

    fn look(&self, schema: &RefOr<Schema>, json: &Json, place: &str, missing: &mut Vec<Mistake>) {
        let Json::Object(fields) = json else { return };
        let Some(object) = self.object(schema) else { return };
        let path = |name: &str| if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") };
        for name in object.required.iter().filter(|name| fields.iter().all(|(sent, _)| sent != *name)) {
            missing.push(Mistake { field: Some(path(name)), message: format!("missing field `{name}`") });
        }
        for (name, value) in fields {
            if let Some(within) = object.properties.get(name) {
                self.look(within, value, &path(name), missing);
            }
        }
    }

    /// The object that is described, by its name or as one that may be null. What may be one of several things is none.
    fn object<'d>(&'d self, schema: &'d RefOr<Schema>) -> Option<&'d Object> {
        let schema = match schema {
            RefOr::T(schema) => schema,
            RefOr::Ref(named) => {
                let name = named.ref_location.rsplit('/').next()?;
                return self.object(self.named.get(name)?);
            }
        };
        if let Schema::Object(object) = schema {
            return Some(object);
        }
        let Schema::OneOf(one_of) = schema else { return None };
        match one_of.items.as_slice() {
            [null, other] | [other, null] if is_null(null) => self.object(other),
            _ => None,
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

/// The field that is wrong. serde tells where a field is missing or comes twice, and its name in the message alone.
fn with_missing(place: Option<String>, message: &str) -> Option<String> {
    let rest = NAMING.iter().find_map(|words| message.strip_prefix(words)?.strip_prefix('`'));
    let named = rest.and_then(|rest| rest.split('`').next());
    match (named, place) {
        (None, place) => place,
        (Some(name), Some(place)) if place != ROOT => Some(format!("{place}.{name}")),
        (Some(name), Some(_) | None) => Some(name.to_owned()),
    }
}

/// What a message says about our own fields.
fn without_values(message: &str) -> String {
    let names_only = NAMING.iter().any(|words| message.starts_with(words)) || message.starts_with("unknown field");
    let without_place = message.rsplit_once(" at line ").map_or(message, |(before, _)| before);
    match without_place.rsplit_once("expected ") {
        _ if names_only => without_place.to_owned(),
        Some((_, "u8" | "u16" | "u32" | "u64" | "i32" | "i64")) => "expected a whole number".to_owned(),
        Some((_, expected)) if expected.starts_with("struct ") => "expected an object".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None => "the value is not in the form that is described".to_owned(),
    }
}
