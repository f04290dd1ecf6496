//! All functions for people as one API, described for readers and for whoever generates a client from it.
//!
//! The routes say what is theirs. What is the same for all of them is added here: ids of operations, words for what is called the same
//! everywhere, the forms of money, ids, hashes and times, and what problems hold. A route, field or parameter that is new needs no line here:
//! its doc comment is its description.

mod alternatives;
mod forms;
mod operations;
mod paths;
mod properties;
mod schemas;
mod words;

use serde_json::{Value, json};

/// The whole description, as docs/openapi.json holds it.
pub(crate) fn description() -> Value {
    let mut api = approve_batch::HTTP.api();
    api.merge(accounts::HTTP.api());
    api.merge(reports::HTTP.api());
    api.merge(operator::HTTP.api());
    api.merge(rent::HTTP.api());
    let mut api = serde_json::to_value(api).unwrap();
    api["info"] = json!({
        "title": "Clearway",
        "version": "1",
        "description": words::API,
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    api["servers"] = servers();
    api["components"]["securitySchemes"] = json!({"bearer": {
        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
        "description": "A token of the issuer that the deployment trusts. The names beside a route are roles: any one of them will do.",
    }});
    api["components"]["headers"] = json!({"RequestId": {
        "description": "Names the request, in the log of the deployment too.",
        "schema": {"type": "string", "examples": ["req-0f8fad5bd9cb469fa16570867728950e"]},
    }});
    schemas::complete(&mut api["components"]["schemas"]);
    let schemas = api["components"]["schemas"].clone();
    operations::complete(&mut api["paths"], &schemas);
    api
}

fn servers() -> Value {
    json!([
        {"url": "http://127.0.0.1:3000", "description": "The stack that `clearway` serves on a laptop."},
        {
            "url": "https://{api}.execute-api.{region}.amazonaws.com/live",
            "description": "A deployment: the output `ApiUrl` of its stack.",
            "variables": {
                "api": {"default": "api-id", "description": "The id of the API in API Gateway."},
                "region": {"default": "us-east-1", "description": "The AWS region of the deployment."},
            },
        },
    ])
}
