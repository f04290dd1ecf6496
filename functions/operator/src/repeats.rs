//! Creates that may be sent again.

use axum::response::Response;
use http::HeaderMap;
use shared::domain::caller::Caller;
use shared::http::idempotency::{IDEMPOTENCY_KEY, Idempotency, IdempotencyKey, IdempotentRequest};
use shared::http::problem::Problem;
use shared::operations::System;
use uuid::Uuid;

/// Acts under an id of its own, or with the header `Idempotency-Key` once for all repeats.
pub(crate) async fn once<Act, Acting>(
    system: &System,
    caller: &Caller,
    headers: &HeaderMap,
    operation: &str,
    body: &[u8],
    act: Act,
) -> Result<Response, Problem>
where
    Act: FnOnce(Uuid) -> Acting,
    Acting: Future<Output = Response>,
{
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(act(system.new_uuid()).await);
    }
    let key = IdempotencyKey::from_request(headers, None)?;
    let idempotency = Idempotency {
        table: system.table.clone(),
        clock: system.clock.clone(),
        random: system.random.clone(),
        lease: system.settings.lease,
    };
    Ok(idempotency.run(IdempotentRequest { caller, key: &key, operation, body }, act).await)
}
