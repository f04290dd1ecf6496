//! The schemas of the page, and what problems say.

use serde_json::Value;

use super::html::{escaped, paragraphs, table, text, type_of, with_code};

/// Returns every code of a problem, with what to do.
pub(super) fn problems(api: &Value) -> String {
    let codes = api["components"]["schemas"]["Problem"]["x-codes"].as_array().into_iter().flatten();
    let rows = codes.map(|code| {
        vec![
            format!("<code>{}</code>", text(code, "code")),
            code["status"].to_string(),
            with_code(&text(code, "when")),
            with_code(&text(code, "what_to_do")),
        ]
    });
    let table = table(&["code", "status", "when", "what to do"], rows.collect());
    format!("<section id=\"problems\"><h2>What problems say</h2>{table}</section>")
}

/// Returns every schema.
pub(super) fn section(api: &Value) -> String {
    let schemas = api["components"]["schemas"].as_object().into_iter().flatten();
    let articles: String = schemas.map(|(name, schema)| article(name, schema)).collect();
    format!("<section id=\"schemas\"><h2>Schemas</h2>{articles}</section>")
}

fn article(name: &str, schema: &Value) -> String {
    let name = escaped(name);
    let words = paragraphs(text(schema, "description"));
    let alternatives = ["oneOf", "allOf", "anyOf"].into_iter().flat_map(|joined| schema[joined].as_array()).flatten();
    let parts: String = alternatives.map(part).collect();
    format!("<article id=\"schema-{name}\"><h3>{name}</h3>{words}{}{parts}</article>", holds(schema))
}

/// Returns one of the schemas that a schema is made of.
fn part(schema: &Value) -> String {
    let words = paragraphs(text(schema, "description"));
    format!("<div class=\"part\">{words}{}</div>", holds(schema))
}

fn holds(schema: &Value) -> String {
    let Some(fields) = schema["properties"].as_object() else { return format!("<p>{}</p>", type_of(schema)) };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rows = fields.iter().map(|(name, field)| {
        let absent = if required.contains(&name.as_str()) { "" } else { " (may be absent)" };
        vec![format!("<code>{}</code>{absent}", escaped(name)), type_of(field), with_code(&text(field, "description"))]
    });
    table(&["field", "type", "holds"], rows.collect())
}
