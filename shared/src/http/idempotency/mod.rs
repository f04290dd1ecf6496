//! Creates over HTTP that may be sent again: `Idempotency-Key`, per caller, kept for 30 days.
//!
//! Guarantees: of all requests of one caller with one key, one at a time acts; the first final answer is stored and every repeat gets
//! it with `Idempotent-Replayed: true`. Another method, path or body under the key gets 422, a repeat while the first still runs 409.
//! Limits: a run that dies, or answers 429, 5xx or that something changed meanwhile, is run again by the next repeat. So what acts must itself
//! bear being run again; it is handed the same `creation_id` each time to make its ids from.

mod decision;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::caller::Caller;
use crate::http::idempotency::decision::{Decision, RequestRecord, RequestState, StoredAnswer, decide};
use crate::http::problem::{PassingAnswer, Problem};
use crate::ports::clock::Clock;
use crate::ports::random::Random;
use crate::ports::table::{Attributes, Change, Condition, Indexing, Key, Table, TableError, decode, encode};

pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;
const KEY_BYTES_MAX: usize = 255;
/// Well under the 400 KB that an item may have. What a create answers is a small part of it.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Takeovers that another request wins are rare, and two in a row a sign of a repeat storm.
const CLAIMS_MAX: usize = 3;

/// What idempotent requests need. One per process.
#[derive(Clone, Debug)]
pub struct Idempotency {
    pub table: Arc<dyn Table>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// How long a run may take: at least the function's timeout.
    pub lease: Duration,
}

/// The caller's name for a request: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// From the header, or from the body's field where the body has one. Both may be there if they agree.
    pub fn from_request(headers: &HeaderMap, body_field: Option<&str>) -> Result<Self, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let header = values.next().map(|value| value.to_str().map_err(|_| key_invalid())).transpose()?;
        let differ = header.is_some() && body_field.is_some() && header != body_field;
        if differ || values.next().is_some() {
            let detail = "Send one Idempotency-Key: in the header, or in the body.";
            return Err(Problem::bad_request("idempotency_key_ambiguous", detail));
        }
        let key = header.or(body_field).ok_or_else(|| {
            let detail =
                "Send the header Idempotency-Key with a value of your own, and the same again when you repeat.";
            Problem::bad_request("idempotency_key_missing", detail)
        })?;
        let visible = key.bytes().all(|b| b.is_ascii_graphic());
        if !visible || !(1..=KEY_BYTES_MAX).contains(&key.len()) {
            return Err(key_invalid());
        }
        Ok(Self(key.to_owned()))
    }
}

fn key_invalid() -> Problem {
    let detail = format!("An Idempotency-Key has 1 to {KEY_BYTES_MAX} visible ASCII characters and no spaces.");
    Problem::bad_request("idempotency_key_invalid", detail)
}

/// Which request this is, for telling a repeat from another request.
#[derive(Clone, Copy, Debug)]
pub struct IdempotentRequest<'a> {
    pub caller: &'a Caller,
    pub key: &'a IdempotencyKey,
    /// Method and path, ids included: `POST /batches/bat_1/retry`.
    pub operation: &'a str,
    pub body: &'a [u8],
}

/// A claim that this run holds.
struct Claim {
    key: Key,
    record: RequestRecord,
}

impl Idempotency {
    /// Answers what `act` answers, or what it answered the first time. `act` gets an id that stays the same for every run of this
    /// request, and should make the ids of what it creates from it.
    pub async fn run<Act, Acting>(&self, request: IdempotentRequest<'_>, act: Act) -> Response
    where
        Act: FnOnce(Uuid) -> Acting,
        Acting: Future<Output = Response>,
    {
        match self.claim(request).await {
            Ok(Claimed::Ours(claim)) => {
                let answer = act(claim.record.creation_id).await;
                self.settle(claim, answer).await
            }
            Ok(Claimed::Answered(answer)) => replayed(answer),
            Err(problem) => problem.into_response(),
        }
    }

    /// Puts the claim at once, which is one request for a first run, and decides only if another claim is in the way.
    async fn claim(&self, request: IdempotentRequest<'_>) -> Result<Claimed, Problem> {
        let key = request_key(request.caller, request.key);
        let hash = request_hash(request.operation, request.body);
        let now = self.clock.elapsed_now();
        let mut condition = Condition::AbsentOrExpired { now_seconds: now.as_second() };
        let mut record = self.fresh_record(hash.clone());
        for _ in 0..CLAIMS_MAX {
            let existing = match self.put(&key, &record, condition).await {
                Ok(()) => return Ok(Claimed::Ours(Claim { key, record })),
                Err(TableError::ConditionFailed { existing: Some(existing), .. }) => *existing,
                Err(TableError::ConditionFailed { existing: None, .. }) => {
                    self.table.get(&key).await?.unwrap_or_default()
                }
                Err(other) => return Err(other.into()),
            };
            let existing = read_record(existing)?;
            (record, condition) = match decide(existing, &hash, now) {
                Decision::Claim => {
                    (self.fresh_record(hash.clone()), Condition::AbsentOrExpired { now_seconds: now.as_second() })
                }
                Decision::TakeOver { creation_id, version } => {
                    let record = RequestRecord { creation_id, version: version + 1, ..self.fresh_record(hash.clone()) };
                    (record, Condition::VersionIs(version))
                }
                Decision::Replay(answer) => return Ok(Claimed::Answered(answer)),
                Decision::StillRunning { seconds } => return Err(still_running(seconds)),
                Decision::OtherContent => return Err(other_content()),
            };
        }
        Err(still_running(1))
    }

    fn fresh_record(&self, request_hash: String) -> RequestRecord {
        let now = self.clock.elapsed_now();
        let lease = SignedDuration::try_from(self.lease).unwrap_or(SignedDuration::MAX);
        RequestRecord {
            version: 1,
            state: RequestState::Running,
            request_hash,
            owner: self.fresh_id(),
            lease_until: now.saturating_add(lease).unwrap_or(now),
            creation_id: self.fresh_id(),
            answer: None,
            expires_at: now.as_second().saturating_add(KEPT_SECONDS),
        }
    }

    fn fresh_id(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.random.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// Stores a final answer, or gives the claim up for the next repeat. What happened has happened: the caller gets the answer even
    /// if it cannot be stored, and a repeat then runs again once the lease is over.
    async fn settle(&self, claim: Claim, answer: Response) -> Response {
        let (parts, body) = answer.into_parts();
        let Ok(body) = to_bytes(body, ANSWER_BYTES_MAX).await else {
            tracing::error!(pk = claim.key.pk, "an idempotent request answered more than can be stored");
            return Problem::internal().into_response();
        };
        let text_of =
            |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).map(str::to_owned);
        let version = claim.record.version;
        let settled = if is_final(&parts) {
            let answer = StoredAnswer {
                status: parts.status.as_u16(),
                content_type: text_of(CONTENT_TYPE),
                location: text_of(LOCATION),
                body: String::from_utf8_lossy(&body).into_owned(),
            };
            RequestRecord { state: RequestState::Done, answer: Some(answer), ..claim.record }
        } else {
            RequestRecord { lease_until: self.clock.elapsed_now(), ..claim.record }
        };
        let settled = RequestRecord { version: version + 1, ..settled };
        if let Err(error) = self.put(&claim.key, &settled, Condition::VersionIs(version)).await {
            tracing::warn!(pk = claim.key.pk, %error, "the answer of an idempotent request was not stored");
        }
        Response::from_parts(parts, Body::from(body))
    }

    async fn put(&self, key: &Key, record: &RequestRecord, condition: Condition) -> Result<(), TableError> {
        let attributes = encode(record)?;
        let indexing = Indexing { expires_at: Some(record.expires_at), ..Indexing::default() };
        self.table.write(vec![Change::Put { key: key.clone(), attributes, indexing, condition }]).await
    }
}

enum Claimed {
    Ours(Claim),
    Answered(StoredAnswer),
}

/// A failure of ours, a request to come later, or that others were faster is no answer to keep for 30 days.
fn is_final(answer: &Parts) -> bool {
    let is_passing = answer.extensions.get::<PassingAnswer>().is_some();
    !answer.status.is_server_error()
        && answer.status != StatusCode::TOO_MANY_REQUESTS
        && fault!(PassingAnswerKept, true, !is_passing)
}

/// `#` and `%` inside a part are escaped, so that no caller can reach another's requests by a clever key.
fn request_key(caller: &Caller, key: &IdempotencyKey) -> Key {
    let escaped = |part: &str| part.replace('%', "%25").replace('#', "%23");
    Key::new(format!("REQUEST#{}#{}", escaped(&caller.subject), escaped(&key.0)), "REQUEST")
}

/// SHA-256 over the operation and the body; the length keeps the two apart.
fn request_hash(operation: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update((operation.len() as u64).to_be_bytes());
    hash.update(operation);
    hash.update(body);
    hex::encode(hash.finalize())
}

fn read_record(attributes: Attributes) -> Result<Option<RequestRecord>, TableError> {
    if attributes.is_empty() { Ok(None) } else { decode(attributes).map(Some) }
}

fn replayed(answer: StoredAnswer) -> Response {
    let Ok(status) = StatusCode::from_u16(answer.status) else { return Problem::internal().into_response() };
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for (name, value) in [(CONTENT_TYPE, answer.content_type), (LOCATION, answer.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    response
}

fn still_running(seconds: u32) -> Problem {
    let detail = "A request with this Idempotency-Key is still running. Send the same request again later.";
    Problem::conflict("request_running", detail).retry_after(seconds)
}

fn other_content() -> Problem {
    let detail = "This Idempotency-Key was used for a request of other content. Use a new one for a new request.";
    Problem::unprocessable("idempotency_key_reused", detail)
}
