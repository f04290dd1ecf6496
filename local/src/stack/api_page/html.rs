//! Texts of the description as HTML.

use serde_json::Value;

/// Returns the text as it may stand in HTML, within quotes too.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Returns a member that is text, escaped; nothing where it is missing.
pub(super) fn text(value: &Value, name: &str) -> String {
    escaped(value[name].as_str().unwrap_or_default())
}

/// Returns escaped text with what stands between backticks as code.
pub(super) fn with_code(escaped: &str) -> String {
    let parts = escaped.split('`').enumerate();
    parts.map(|(number, part)| if number % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

/// Returns escaped text as paragraphs, divided by empty lines.
pub(super) fn paragraphs(escaped: String) -> String {
    let parts = escaped.split("\n\n").filter(|part| !part.trim().is_empty());
    parts.map(|part| format!("<p>{}</p>", with_code(part))).collect()
}

/// Returns a table; nothing where it has no rows. Cells are HTML.
pub(super) fn table(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head: String = columns.iter().map(|column| format!("<th>{column}</th>")).collect();
    let row = |cells: Vec<String>| {
        let cells: String = cells.into_iter().map(|cell| format!("<td>{cell}</td>")).collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.into_iter().map(row).collect();
    format!("<div class=\"table\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
}

/// Returns the type of a schema in words, with links to the schemas that it names.
pub(super) fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for joined in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[joined].as_array() {
            let glue = if joined == "allOf" { " and " } else { " or " };
            return parts.iter().map(type_of).collect::<Vec<_>>().join(glue);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter_map(Value::as_str).map(|value| format!("<code>{}</code>", escaped(value)));
        return values.collect::<Vec<_>>().join(" or ");
    }
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.as_str()],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    };
    let named = kinds.iter().map(|kind| match *kind {
        "array" => format!("list of {}", type_of(&schema["items"])),
        "string" => format!("text{}", format_of(schema)),
        "integer" => format!("whole number{}", bounds(schema)),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object of names and {}", type_of(&schema["additionalProperties"]))
        }
        other => escaped(other),
    });
    named.collect::<Vec<_>>().join(" or ")
}

fn format_of(schema: &Value) -> String {
    let example = schema["examples"][0].as_str().or_else(|| schema["example"].as_str());
    let example = example.map(|example| format!(", such as <code>{}</code>", escaped(example))).unwrap_or_default();
    let format = schema["format"].as_str().map(|format| format!(" ({})", escaped(format))).unwrap_or_default();
    format!("{format}{example}")
}

fn bounds(schema: &Value) -> String {
    match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) if least > 0 => format!(", at least {least}"),
        (Some(_) | None, _) => String::new(),
    }
}
