//! Schemas: words and forms for every property, pages that refer to what they list, and the members of problems.

use serde_json::{Map, Value, json};

use super::{alternatives, forms, properties, words};
use crate::problem_codes::{CODES, MEMBERS};

const PAGE: &str = "PageBody_";

/// Completes every schema of the description.
pub(super) fn complete(schemas: &mut Value) {
    let schemas = schemas.as_object_mut().unwrap();
    refer_to_what_pages_list(schemas);
    alternatives::spread(schemas);
    add_members(&mut schemas["Problem"]);
    for (name, schema) in schemas {
        if let Some(words) = words::schema(name).filter(|_| schema.get("description").is_none()) {
            schema["description"] = json!(words);
        }
        complete_schema(name, schema);
    }
}

/// Pages hold their lines written out: the same schema twice, which generators make two types of.
fn refer_to_what_pages_list(schemas: &mut Map<String, Value>) {
    let listed: Vec<String> = schemas.keys().filter_map(|name| name.strip_prefix(PAGE)).map(str::to_owned).collect();
    for name in listed {
        let line = &mut schemas[&format!("{PAGE}{name}")]["properties"]["items"]["items"];
        let written_out = std::mem::replace(line, json!({"$ref": format!("#/components/schemas/{name}")}));
        schemas.entry(name).or_insert(written_out);
    }
}

fn add_members(problem: &mut Value) {
    for member in MEMBERS {
        let mut schema: Value = serde_json::from_str(member.schema).unwrap();
        let codes = CODES.iter().copied().flatten().filter(|code| code.members.contains(&member.name));
        let codes: Vec<String> = codes.map(|code| format!("`{}`", code.code)).collect();
        schema["description"] = json!(format!("{} Of {}.", member.holds, codes.join(", ")));
        problem["properties"][member.name] = schema;
    }
    let codes = CODES.iter().copied().flatten();
    let codes: Vec<Value> = codes
        .map(|code| json!({"code": code.code, "status": code.status, "when": code.when, "what_to_do": code.to_do}))
        .collect();
    problem["x-codes"] = json!(codes);
}

/// Goes through a schema and whatever is within it.
fn complete_schema(name: &str, schema: &mut Value) {
    lift_description(schema);
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (field, of_field) in fields {
            lift_description(of_field);
            if let Some(words) = properties::words(name, field).filter(|_| of_field.get("description").is_none()) {
                of_field["description"] = json!(words);
            }
            forms::complete(name, field, of_field);
            complete_schema(name, of_field);
        }
    }
    for within in ["items", "additionalProperties"] {
        if let Some(within) = schema.get_mut(within).filter(|within| within.is_object()) {
            complete_schema(name, within);
        }
    }
    for joined in ["oneOf", "allOf", "anyOf"] {
        for part in schema.get_mut(joined).and_then(Value::as_array_mut).into_iter().flatten() {
            complete_schema(name, part);
        }
    }
}

/// Of something that may be null the words stand with the part that it is otherwise.
fn lift_description(schema: &mut Value) {
    if schema.get("description").is_some() {
        return;
    }
    let parts = schema.get_mut("oneOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice);
    let Some([part, null]) = parts else { return };
    if *null == json!({"type": "null"})
        && let Some(words) = part.as_object_mut().and_then(|part| part.remove("description"))
    {
        schema["description"] = words;
    }
}
