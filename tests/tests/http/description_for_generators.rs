//! docs/openapi.json is what tools take: valid as OpenAPI 3.1, each operation with an id of its own, and everything in it described.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::description::description;

/// Every operation with its place: `GET /batches`.
fn operations(api: &Value) -> Vec<(String, &Value)> {
    let paths = api["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

/// Every property of every schema with its place: `Batch.state`. Of a schema within another, that of the outermost.
fn properties(api: &Value) -> Vec<(String, &Value)> {
    let schemas = api["components"]["schemas"].as_object().unwrap().iter();
    schemas.flat_map(|(name, schema)| properties_within(name, schema)).collect()
}

fn properties_within<'a>(name: &str, schema: &'a Value) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (key, within) in schema.as_object().into_iter().flatten() {
        match (key.as_str(), within) {
            ("properties", Value::Object(fields)) => {
                for (field, of_field) in fields {
                    found.push((format!("{name}.{field}"), of_field));
                    found.extend(properties_within(name, of_field));
                }
            }
            ("oneOf" | "allOf" | "anyOf", Value::Array(parts)) => {
                found.extend(parts.iter().flat_map(|part| properties_within(name, part)));
            }
            ("items" | "additionalProperties", within) => found.extend(properties_within(name, within)),
            _ => {}
        }
    }
    found
}

fn parameters(api: &Value) -> Vec<(String, &Value)> {
    let operations = operations(api).into_iter();
    let all = operations.flat_map(|(place, operation)| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.map(move |parameter| (format!("{place}: {}", parameter["name"].as_str().unwrap()), parameter))
    });
    all.collect()
}

fn is_described(part: &Value) -> bool {
    part["description"].as_str().is_some_and(|words| !words.trim().is_empty())
}

fn undescribed(parts: Vec<(String, &Value)>) -> Vec<String> {
    parts.into_iter().filter(|(_, part)| !is_described(part)).map(|(place, _)| place).collect()
}

#[test]
fn the_description_is_valid_openapi() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openapi/schema-3.1.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let api = description();
    let faults: Vec<String> =
        validator.iter_errors(&api).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_schema_of_the_description_is_valid_json_schema() {
    for (name, schema) in description()["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}: {schema}");
    }
}

/// An id is made of method and path: two paths that differ in a parameter's name alone would have the same.
#[test]
fn each_operation_of_the_description_has_an_id_of_its_own() {
    let api = description();
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (place, operation) in operations(&api) {
        places.entry(operation["operationId"].as_str().unwrap()).or_default().push(place);
    }
    let repeated: Vec<_> = places.iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(repeated.is_empty(), "{repeated:?}");
}

#[test]
fn the_description_describes_every_property() {
    let api = description();
    let undescribed = undescribed(properties(&api));
    assert!(undescribed.is_empty(), "give each of these fields a doc comment: {undescribed:#?}");
}

#[test]
fn the_description_describes_every_schema() {
    let api = description();
    let schemas = api["components"]["schemas"].as_object().unwrap().iter();
    let undescribed = undescribed(schemas.map(|(name, schema)| (name.clone(), schema)).collect());
    assert!(undescribed.is_empty(), "give each of these types a doc comment: {undescribed:#?}");
}

#[test]
fn the_description_describes_every_parameter() {
    let api = description();
    let undescribed = undescribed(parameters(&api));
    assert!(
        undescribed.is_empty(),
        "give each of these parameters a doc comment, or a `description` in `params(…)`: {undescribed:#?}"
    );
}

#[test]
fn the_description_describes_every_operation_body_and_answer() {
    let api = description();
    for (place, operation) in operations(&api) {
        assert!(
            !operation["summary"].as_str().unwrap_or_default().is_empty(),
            "{place}: give the handler a doc comment"
        );
        assert!(operation.get("requestBody").is_none_or(is_described), "{place}: its body");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            assert!(is_described(answer), "{place}: the answer {status}");
            assert!(answer["headers"]["x-request-id"].is_object(), "{place}: the answer {status}");
        }
    }
}

/// What a reader copies is taken.
#[test]
fn every_example_of_the_description_is_of_its_form() {
    let api = description();
    let of_parameters = parameters(&api).into_iter().map(|(place, parameter)| (place, &parameter["schema"]));
    for (place, schema) in properties(&api).into_iter().chain(of_parameters) {
        let examples = schema["examples"].as_array().into_iter().flatten().chain(schema.get("example"));
        let mut alone = schema.clone();
        // References lead out of the schema; their examples are theirs.
        if alone.to_string().contains("\"$ref\"") {
            continue;
        }
        alone["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
        let validator = jsonschema::validator_for(&alone).unwrap();
        for example in examples {
            assert!(validator.is_valid(example), "{place}: {example} is not of {schema}");
        }
    }
}

#[test]
fn the_description_of_a_limit_has_its_bounds() {
    let api = description();
    let limits: Vec<_> = parameters(&api).into_iter().filter(|(place, _)| place.ends_with(": limit")).collect();
    assert!(limits.len() > 5);
    for (place, limit) in limits {
        let (least, most) = (&limit["schema"]["minimum"], &limit["schema"]["maximum"]);
        assert_eq!((least, most), (&json!(1), &json!(1000)), "{place}: say `minimum = 1, maximum = 1000`");
    }
}

/// Text that is money says so by its pattern.
#[test]
fn money_in_the_description_has_its_pattern() {
    let api = description();
    for place in
        ["BatchHeader.control_total", "PaymentView.amount", "NewBatch.control_total", "ApprovalBody.total", "Caps.day"]
    {
        let found = properties(&api).into_iter().find(|(property, _)| property == place);
        let (_, property) = found.unwrap_or_else(|| panic!("there is no {place}"));
        assert_eq!(property["pattern"], json!(r"^-?[0-9]+\.[0-9]{2}$"), "{place}");
    }
}
