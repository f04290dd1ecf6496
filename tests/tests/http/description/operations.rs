//! Operations: ids, summaries, and words for parameters, bodies and answers.

use serde_json::{Value, json};

use super::{forms, paths, properties, words};

const PROBLEM_JSON: &str = "application/problem+json";

/// Completes every operation. `schemas` are those that they refer to, completed.
pub(super) fn complete(all: &mut Value, schemas: &Value) {
    for (path, operations) in all.as_object_mut().unwrap() {
        for (method, operation) in operations.as_object_mut().unwrap() {
            operation["operationId"] = json!(paths::operation_id(method, path));
            split_summary(operation);
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                complete_parameter(parameter);
            }
            if let Some(body) = operation.get_mut("requestBody") {
                complete_body(body, schemas);
            }
            for (status, answer) in operation["responses"].as_object_mut().unwrap() {
                complete_answer(status, answer, schemas);
            }
        }
    }
}

/// A summary is one sentence: what a doc comment's first paragraph says besides begins the description.
fn split_summary(operation: &mut Value) {
    let one_line = |key: &str| {
        let lines = operation.get(key).and_then(Value::as_str).unwrap_or_default().split('\n');
        lines.map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
    };
    let (first, more) = (one_line("summary"), one_line("description"));
    let (summary, rest) = match first.split_once(". ") {
        Some((summary, rest)) => (format!("{summary}."), format!("{rest} {more}")),
        None => (first, more),
    };
    operation["summary"] = json!(summary);
    if !rest.trim().is_empty() {
        operation["description"] = json!(rest.trim());
    }
}

fn complete_parameter(parameter: &mut Value) {
    let name = parameter["name"].as_str().unwrap().to_owned();
    if let Some(words) = properties::words("", &name).filter(|_| parameter.get("description").is_none()) {
        parameter["description"] = json!(words);
    }
    let schema = &mut parameter["schema"];
    // A parameter is text or is left out: null is nothing that can be sent.
    if let Some(kinds) = schema.get("type").and_then(Value::as_array) {
        let sent: Vec<&Value> = kinds.iter().filter(|kind| *kind != "null").collect();
        if let [kind] = sent.as_slice() {
            schema["type"] = (*kind).clone();
        }
    }
    forms::complete("", &name, schema);
}

fn complete_body(body: &mut Value, schemas: &Value) {
    if body.get("description").is_none() {
        body["description"] = json!(of_schema(body, schemas).unwrap_or_else(|| "What is asked for.".to_owned()));
    }
    for (media_type, holds) in body["content"].as_object_mut().unwrap() {
        // What is no JSON is a file, which goes as its bytes are.
        if media_type != "application/json" {
            *holds = json!({"schema": {"type": "string", "format": "binary", "contentMediaType": media_type}});
        }
    }
}

fn complete_answer(status: &str, answer: &mut Value, schemas: &Value) {
    let is_described = answer.get("description").and_then(Value::as_str).is_some_and(|words| !words.is_empty());
    if !is_described {
        answer["description"] = json!(of_schema(answer, schemas).unwrap_or_else(|| words::answer(status).to_owned()));
    }
    answer["headers"]["x-request-id"] = json!({"$ref": "#/components/headers/RequestId"});
    if let Some(problem) = answer["content"].get_mut(PROBLEM_JSON) {
        problem["examples"] = words::problem_examples();
    }
    if answer["content"].is_null() {
        answer.as_object_mut().unwrap().remove("content");
    }
}

/// Returns the first sentence about what a body or answer holds as JSON.
fn of_schema(content: &Value, schemas: &Value) -> Option<String> {
    let reference = content["content"]["application/json"]["schema"]["$ref"].as_str()?;
    let name = reference.strip_prefix("#/components/schemas/")?;
    let words = schemas[name]["description"].as_str()?;
    let (first, _) = words.split_once(". ").unwrap_or((words.trim_end_matches('.'), ""));
    Some(format!("{}.", first.replace('\n', " ")))
}
