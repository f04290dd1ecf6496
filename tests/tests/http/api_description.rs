//! The description, the routers and the roles are one thing: every route that is described is there, wants a token and one of the roles
//! that it names. `CLEARWAY_UPDATE=1` writes `docs/openapi.json` anew.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{Method, Request, StatusCode};
use serde_json::Value;
use shared::domain::caller::Role;

use crate::description::description;
use crate::office::{Answer, Office};

/// Every schema of the description, those within others too.
fn schemas(value: &Value) -> Vec<&Value> {
    let within = match value {
        Value::Object(fields) => fields.values().flat_map(schemas).collect(),
        Value::Array(values) => values.iter().flat_map(schemas).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    std::iter::once(value).chain(within).collect()
}

/// Joined to others it would refuse their fields.
#[test]
fn a_schema_that_refuses_other_fields_is_no_part_of_another() {
    let api = description();
    let resolved = |part: &Value| {
        let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()).map(str::to_owned);
        name.map_or_else(|| part.clone(), |name| api["components"]["schemas"][name].clone())
    };
    let joined = schemas(&api).into_iter().filter_map(|schema| schema.get("allOf")?.as_array());
    for parts in joined.filter(|parts| parts.len() > 1) {
        let closed = parts.iter().find(|part| resolved(part)["additionalProperties"] == false);
        assert!(closed.is_none(), "{parts:?}");
    }
}

struct Route {
    method: Method,
    path: String,
    roles: BTreeSet<Role>,
}

/// Every described route, with something in the place of its parameters.
fn routes() -> Vec<Route> {
    let api = description();
    let mut routes = Vec::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let alternatives = operation["security"].as_array().unwrap().iter();
            let names = alternatives.flat_map(|alternative| alternative["bearer"].as_array().unwrap());
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x" } else { part })
                    .collect::<Vec<_>>()
                    .join("/"),
                roles: names.map(|name| name.as_str().unwrap().parse().unwrap()).collect(),
            });
        }
    }
    routes
}

async fn ask(office: &Office, route: &Route, authorization: Option<String>) -> Answer {
    let mut request = Request::builder().method(&route.method).uri(&route.path);
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    office.send(request.body(Body::empty()).unwrap()).await
}

#[test]
fn the_committed_description_is_the_code_s() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let written = format!("{}\n", serde_json::to_string_pretty(&description()).unwrap());
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == written, "docs/openapi.json is not what the code says: run this test with CLEARWAY_UPDATE=1");
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let api = description();
    let text = api.to_string();
    let references = text.match_indices("#/components/schemas/").map(|(at, prefix)| {
        let rest = &text[at + prefix.len()..];
        rest.split('"').next().unwrap()
    });
    for name in references.collect::<BTreeSet<_>>() {
        assert!(api["components"]["schemas"][name].is_object(), "{name} is not described");
    }
}

#[tokio::test]
async fn no_route_is_open_without_a_token() {
    let office = Office::open();
    assert!(routes().len() > 30);
    for route in routes() {
        let answer = ask(&office, &route, None).await;
        assert_eq!(answer.refusal(), (401, "token_missing".to_owned()), "{} {}", route.method, route.path);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn every_route_lets_the_roles_in_that_it_names_and_no_other() {
    let office = Office::open();
    for route in routes() {
        assert!(!route.roles.is_empty(), "{} {}", route.method, route.path);
        for role in Role::ALL {
            let answer = ask(&office, &route, Some(office.people.bearer("fay", &[role]))).await;
            let place = format!("{} {} as {role}: {answer:?}", route.method, route.path);
            if route.roles.contains(&role) {
                assert!(![StatusCode::FORBIDDEN, StatusCode::UNAUTHORIZED].contains(&answer.status), "{place}");
                assert!(!answer.status.is_server_error(), "{place}");
                assert!(
                    !answer.body.contains("path_unknown") && !answer.body.contains("method_not_allowed"),
                    "{place}"
                );
            } else {
                assert_eq!(answer.refusal(), (403, "role_missing".to_owned()), "{place}");
            }
        }
    }
}
