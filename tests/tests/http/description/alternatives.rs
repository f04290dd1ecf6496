//! An object that is joined with one of several alternatives is written as alternatives that each hold everything: generators join
//! objects alone.

use serde_json::{Map, Value, json};

/// Rewrites every schema that is joined so.
pub(super) fn spread(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        if let Some(alternatives) = spread_out(&schemas[&name], schemas) {
            let schema = schemas[&name].as_object_mut().unwrap();
            schema.remove("allOf");
            schema.insert("oneOf".to_owned(), json!(alternatives));
        }
    }
}

fn spread_out(schema: &Value, schemas: &Map<String, Value>) -> Option<Vec<Value>> {
    let parts: Vec<&Value> = schema["allOf"].as_array()?.iter().map(|part| resolved(part, schemas)).collect();
    let alternatives = parts.iter().find_map(|part| part["oneOf"].as_array())?;
    let objects: Vec<&Value> = parts.iter().copied().filter(|part| part["properties"].is_object()).collect();
    let joined = alternatives.iter().map(|alternative| {
        let all: Vec<&Value> = std::iter::once(alternative).chain(objects.iter().copied()).collect();
        join(alternative, &all)
    });
    Some(joined.collect())
}

fn resolved<'a>(part: &'a Value, schemas: &'a Map<String, Value>) -> &'a Value {
    let name = part["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/"));
    name.and_then(|name| schemas.get(name)).unwrap_or(part)
}

fn join(alternative: &Value, all: &[&Value]) -> Value {
    let fields = all.iter().flat_map(|part| part["properties"].as_object()).flatten();
    let fields: Map<String, Value> = fields.map(|(name, field)| (name.clone(), field.clone())).collect();
    let required = all.iter().flat_map(|part| part["required"].as_array()).flatten();
    let required: Vec<&Value> = required.collect();
    let mut joined = json!({"type": "object", "properties": fields, "required": required});
    if let Some(words) = alternative.get("description") {
        joined["description"] = words.clone();
    }
    joined
}

#[test]
fn the_description_joins_no_alternatives() {
    let alternative = |name: &str| json!({"properties": {"kind": {"enum": [name]}}, "required": ["kind"]});
    let mut schemas = Map::from_iter([
        ("Kind".to_owned(), json!({"oneOf": [alternative("a"), alternative("b")]})),
        (
            "Thing".to_owned(),
            json!({"allOf": [{"$ref": "#/components/schemas/Kind"}, {"properties": {"id": {}}, "required": ["id"]}]}),
        ),
    ]);
    spread(&mut schemas);
    let whole = |name: &str| json!({"type": "object", "properties": {"kind": {"enum": [name]}, "id": {}}, "required": ["kind", "id"]});
    assert_eq!(schemas["Thing"], json!({"oneOf": [whole("a"), whole("b")]}));
}
