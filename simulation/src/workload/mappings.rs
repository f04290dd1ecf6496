//! What the columns of a company's tables are called: stored under a name, and changed by whoever may while files are on their way.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::json;

use super::payroll::UPLOADERS;
use crate::actor::{Actor, Request};

/// The name under which it is stored.
pub(super) const NAME: &str = "acme";

/// What the column of sources is called.
pub(super) const SOURCE: &str = "Cost Center";

/// Columns that hold an amount of each row; the first is what employees are to get.
pub(super) const AMOUNTS: [&str; 2] = ["Net", "Gross"];

/// How much more the second of them holds.
pub(super) const WITHHELD_CENTS: i64 = 12_345;

/// Who changes it: mostly whoever looks after files, sometimes one of those who approve.
const STORERS: [&str; 4] = [UPLOADERS[1], UPLOADERS[1], "ada", "abe"];

/// Says which column holds the amount, first the right one, and now and then another.
pub(super) async fn change(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days / 2);
    store(&actor, UPLOADERS[1], AMOUNTS[0]).await;
    while actor.now() < end {
        actor.wait_minutes(30, 3 * 24 * 60).await;
        let by = actor.fault_injector.pick(&STORERS).copied().unwrap_or(UPLOADERS[1]);
        let amount = actor.fault_injector.pick(&AMOUNTS).copied().unwrap_or(AMOUNTS[0]);
        store(&actor, by, amount).await;
    }
}

async fn store(actor: &Actor, by: &'static str, amount: &str) {
    let body = json!({ "columns": { "source_id": SOURCE, "amount": amount } });
    let request = Request::post(Caller::Uploader(by), format!("/file-mappings/{NAME}"), Sent::Json(body));
    actor.ask(Request { method: Method::PUT, ..request }.commands(CommandKind::StoreMapping, NAME)).await;
}
