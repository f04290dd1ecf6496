//! What people do with the mappings of a table's columns.

use http::Method;
use journeys::api::{Sent, UPLOADS};
use journeys::file::PayrollFile;
use journeys::recording::Invocation;
use serde_json::json;

use super::Story;

pub(super) async fn store_use_and_delete_one() -> Vec<Invocation> {
    let file = PayrollFile::of(4);
    let story = Story::of(&file);
    let api = &story.api;
    for name in ["Net", "Gross"] {
        let body = Sent::Json(json!({"columns": {"amount": name}}));
        api.expect(UPLOADS, Method::PUT, "/file-mappings/acme", body).await;
    }
    api.get(UPLOADS, "/file-mappings").await;
    api.get(UPLOADS, "/file-mappings/acme").await;
    let table = Sent::File("text/csv", file.as_table().bytes);
    api.expect(UPLOADS, Method::POST, "/batches?mapping=acme", table).await;
    api.expect(UPLOADS, Method::DELETE, "/file-mappings/acme", Sent::Nothing).await;
    story.told()
}
