//! The API's description as it is committed, and a page to read it by: `/openapi.json`, and `/docs` without a script or another origin.

mod html;
mod operations;
mod schemas;

use axum::Router;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;
use shared::http::problem::Problem;

use html::{paragraphs, text};

const DESCRIPTION: &str = include_str!("../../../../docs/openapi.json");
const STYLE: &str = include_str!("style.css");
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn router() -> Router {
    Router::new()
        .route("/openapi.json", get(async || served("application/json", DESCRIPTION.to_owned())))
        .route("/docs", get(docs))
        .route("/docs/style.css", get(async || served("text/css; charset=utf-8", STYLE.to_owned())))
}

async fn docs() -> Result<Response, Problem> {
    let page = page(DESCRIPTION).map_err(|error| {
        tracing::error!(%error, "the committed description of the API is not JSON");
        Problem::internal()
    })?;
    Ok(served("text/html; charset=utf-8", page))
}

fn served(content_type: &'static str, body: String) -> Response {
    let headers =
        [(CONTENT_TYPE, content_type), (X_CONTENT_TYPE_OPTIONS, "nosniff"), (CONTENT_SECURITY_POLICY, POLICY)];
    (headers, body).into_response()
}

/// Returns the page about a description.
fn page(description: &str) -> Result<String, serde_json::Error> {
    let api: Value = serde_json::from_str(description)?;
    let title = text(&api["info"], "title");
    Ok([
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        &format!("<title>{title}: the API</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body>"),
        &format!("<header><h1>{title}: the API</h1>{}", paragraphs(text(&api["info"], "description"))),
        "<p>The same for programs: <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1).</p></header>",
        &operations::contents(&api),
        "<main>",
        &operations::sections(&api),
        &schemas::problems(&api),
        &schemas::section(&api),
        "</main></body></html>\n",
    ]
    .concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_every_operation_and_schema() {
        let api: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let page = page(DESCRIPTION).unwrap();
        for operations in api["paths"].as_object().unwrap().values() {
            for operation in operations.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.contains(&format!("<article id=\"{id}\">")), "{id}");
            }
        }
        for name in api["components"]["schemas"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<article id=\"schema-{name}\">")), "{name}");
        }
    }

    #[test]
    fn every_link_of_the_page_leads_somewhere() {
        let page = page(DESCRIPTION).unwrap();
        for rest in page.split("href=\"#").skip(1) {
            let id = rest.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }

    #[test]
    fn the_page_runs_nothing_and_asks_no_other_origin() {
        let page = page(DESCRIPTION).unwrap();
        for foreign in ["<script", "<img", "style=\"", "src=\"", "href=\"http"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_a_description_says_is_text() {
        let api =
            r#"{"info": {"title": "<b>", "description": "a & `<i>`"}, "paths": {}, "components": {"schemas": {}}}"#;
        let page = page(api).unwrap();
        assert!(page.contains("&lt;b&gt;") && page.contains("a &amp; <code>&lt;i&gt;</code>"), "{page}");
    }
}
