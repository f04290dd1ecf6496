//! The operations of the page, by tag.

use std::collections::BTreeMap;

use serde_json::Value;

use super::html::{escaped, paragraphs, table, text, type_of, with_code};

struct Operation<'a> {
    method: String,
    path: &'a str,
    is: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> String {
        text(self.is, "operationId")
    }

    fn name(&self) -> String {
        format!("<code class=\"method\">{}</code> <code>{}</code>", self.method, escaped(self.path))
    }
}

fn by_tag(api: &Value) -> BTreeMap<&str, Vec<Operation<'_>>> {
    let mut tags: BTreeMap<&str, Vec<Operation<'_>>> = BTreeMap::new();
    for (path, operations) in api["paths"].as_object().into_iter().flatten() {
        for (method, is) in operations.as_object().into_iter().flatten() {
            let tag = is["tags"][0].as_str().unwrap_or("others");
            tags.entry(tag).or_default().push(Operation { method: method.to_uppercase(), path, is });
        }
    }
    tags
}

/// Returns the list of all operations, with a link to each.
pub(super) fn contents(api: &Value) -> String {
    let line = |operation: &Operation<'_>| {
        let (id, name, summary) = (operation.id(), operation.name(), with_code(&text(operation.is, "summary")));
        format!("<li><a href=\"#{id}\">{name}</a> {summary}</li>")
    };
    let of_tag = |(tag, operations): (&str, Vec<Operation<'_>>)| {
        let lines: String = operations.iter().map(line).collect();
        format!("<h2>{}</h2><ul>{lines}</ul>", escaped(tag))
    };
    let tags: String = by_tag(api).into_iter().map(of_tag).collect();
    let rest = "<h2>more</h2><ul><li><a href=\"#problems\">What problems say</a></li><li><a href=\"#schemas\">Schemas</a></li></ul>";
    format!("<nav>{tags}{rest}</nav>")
}

/// Returns the operations in full.
pub(super) fn sections(api: &Value) -> String {
    let of_tag = |(tag, operations): (&str, Vec<Operation<'_>>)| {
        let articles: String = operations.iter().map(article).collect();
        format!("<section><h2>{}</h2>{articles}</section>", escaped(tag))
    };
    by_tag(api).into_iter().map(of_tag).collect()
}

fn article(operation: &Operation<'_>) -> String {
    let is = operation.is;
    [
        format!("<article id=\"{}\"><h3>{}</h3>", operation.id(), operation.name()),
        paragraphs(text(is, "summary")),
        paragraphs(text(is, "description")),
        roles(is),
        table(
            &["parameter", "in", "type", "holds"],
            is["parameters"].as_array().into_iter().flatten().map(parameter).collect(),
        ),
        body(&is["requestBody"]),
        table(&["answer", "body", "holds"], is["responses"].as_object().into_iter().flatten().map(answer).collect()),
        "</article>".to_owned(),
    ]
    .concat()
}

fn roles(operation: &Value) -> String {
    let alternatives = operation["security"].as_array().into_iter().flatten();
    let names = alternatives.flat_map(|alternative| alternative["bearer"].as_array().into_iter().flatten());
    let names = names.filter_map(Value::as_str).map(|role| format!("<code>{}</code>", escaped(role)));
    format!("<p>Role: {}.</p>", names.collect::<Vec<_>>().join(" or "))
}

fn parameter(parameter: &Value) -> Vec<String> {
    let wanted = if parameter["required"] == true { "" } else { " (may be left out)" };
    vec![
        format!("<code>{}</code>{wanted}", text(parameter, "name")),
        text(parameter, "in"),
        type_of(&parameter["schema"]),
        with_code(&text(parameter, "description")),
    ]
}

fn body(body: &Value) -> String {
    if body.is_null() {
        return String::new();
    }
    format!("<h4>Body</h4>{}<p>{}</p>", paragraphs(text(body, "description")), contents_of(body))
}

fn answer((status, answer): (&String, &Value)) -> Vec<String> {
    let status = if status == "default" { "otherwise" } else { status };
    vec![escaped(status), contents_of(answer), with_code(&text(answer, "description"))]
}

/// Returns the media types of a body or answer, and what each holds.
fn contents_of(content: &Value) -> String {
    let types = content["content"].as_object().into_iter().flatten();
    let named =
        types.map(|(media_type, holds)| format!("<code>{}</code>: {}", escaped(media_type), type_of(&holds["schema"])));
    named.collect::<Vec<_>>().join("<br>")
}
