//! How a file gets to a batch, and what its summary says: by its maker, and by others.

use auditor::evidence::{CommandKind, PayrollFile};
use axum::body::Bytes;
use generator::Style;
use http::StatusCode;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::files::File;
use super::mappings;
use super::payroll::UPLOADERS;
use crate::actor::{Actor, Request};

/// Looks at a summary before people leave it alone.
const LOOKS_MAX: u32 = 24;

/// The file comes with the request, or by a link. Answers the batch's id.
pub(super) async fn upload(actor: &Actor, file: &File, style: Style, period: Option<&str>) -> Option<String> {
    let bytes = file.bytes(style).ok()?;
    let by = UPLOADERS[0];
    let by_link = actor.fault_injector.is_one_in(3);
    let mapping = file.is_mapped.then_some(mappings::NAME);
    let (path, sent) = match by_link {
        true => ("/batches".to_owned(), Sent::Json(announced(bytes.len(), period, mapping))),
        false => (path_with(period, mapping), body(file, bytes.clone())),
    };
    let request = Request::post(Caller::Uploader(by), path, sent).commands(CommandKind::Create, "");
    let created = actor.ask(request).await?;
    let batch_id = created.body["batch_id"].as_str()?.to_owned();
    stored(actor, &batch_id, by, file, &bytes);
    if by_link {
        put(actor, &created.body["upload"], bytes).await?;
    }
    Some(batch_id)
}

const fn body(file: &File, bytes: Bytes) -> Sent {
    if file.is_table { Sent::Csv(bytes) } else { Sent::Xml(bytes) }
}

/// Somebody asks for a link and stores a file there. False where they are not given one.
pub(super) async fn replace(actor: &Actor, by: &'static str, batch_id: &str, file: &File) -> bool {
    let Ok(bytes) = file.bytes(Style::Compact) else { return false };
    let path = format!("/batches/{batch_id}/upload-link");
    let request = Request::post(Caller::Uploader(by), path, Sent::Json(json!({ "length": bytes.len() })));
    let answer = actor.ask(request.commands(CommandKind::Link, batch_id)).await;
    let Some(link) = answer.filter(|answer| answer.status.is_success()) else { return false };
    stored(actor, batch_id, by, file, &bytes);
    put(actor, &link.body, bytes).await.is_some()
}

/// What is said of a file that comes by a link.
fn announced(length: usize, period: Option<&str>, mapping: Option<&str>) -> Value {
    let mut said = json!({ "length": length });
    for (name, value) in [("pay_period", period), ("mapping", mapping)] {
        if let (Some(said), Some(value)) = (said.as_object_mut(), value) {
            said.insert(name.to_owned(), value.into());
        }
    }
    said
}

fn path_with(period: Option<&str>, mapping: Option<&str>) -> String {
    let named = [("pay_period", period), ("mapping", mapping)];
    let query: Vec<String> = named.iter().filter_map(|(name, value)| Some(format!("{name}={}", (*value)?))).collect();
    if query.is_empty() { "/batches".to_owned() } else { format!("/batches?{}", query.join("&")) }
}

fn stored(actor: &Actor, batch_id: &str, by: &str, file: &File, bytes: &Bytes) {
    let order = actor.recorder.next_order();
    for (amounts, rows) in file.rows_as_asked() {
        actor.has_uploaded(PayrollFile {
            batch_id: batch_id.to_owned(),
            uploaded_by: by.to_owned(),
            order,
            sha256: hex::encode(Sha256::digest(bytes)),
            amounts: amounts.map(str::to_owned),
            rows,
        });
    }
}

/// As the link says: the key is its path.
async fn put(actor: &Actor, link: &Value, bytes: Bytes) -> Option<()> {
    let url = link["url"].as_str()?;
    let path = url.split('?').next()?.split_once("://")?.1;
    let key = path.split_once('/')?.1;
    actor.simulation.system.objects.put(key, "application/xml", bytes).await.ok()
}

/// The summary, once it is made.
pub(super) async fn summarize(actor: &Actor, by: &'static str, batch_id: &str) -> Option<Value> {
    let path = format!("/batches/{batch_id}/summary");
    let caller = Caller::Uploader(by);
    let request = Request::post(caller, path.clone(), Sent::Nothing).commands(CommandKind::Summarize, batch_id);
    let mut answer = actor.ask(request).await?;
    for _ in 0..LOOKS_MAX {
        if answer.status != StatusCode::ACCEPTED {
            break;
        }
        actor.wait_minutes(1, 20).await;
        let look = Request::get(caller, path.clone()).commands(CommandKind::ReadSummary, batch_id);
        answer = actor.ask(look).await?;
    }
    (answer.status == StatusCode::OK).then_some(answer.body)
}
