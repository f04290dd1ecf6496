//! What a request brings, read strictly: JSON bodies, path and query parameters. Faults name the field, never its value.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, RawPathParams, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::http::json::Json;
use crate::http::mistakes::{self, Mistake};
use crate::http::problem::{Problem, ProblemEntry};

/// The longest id that anything has: that of a source or an employee, as a payroll file may name them.
const PARAMETER_BYTES_MAX: usize = 1_024;

/// The one parameter that may be longer: it holds several keys, and pages have a limit for it.
const CURSOR: &str = "cursor";

/// The routes' limits: see [`crate::http::JSON_BYTES_MAX`] and the route that takes files.
const TOO_LARGE: &str = "The body is larger than this path takes: JSON has at most 1 MB, a payroll file posted to /batches at most \
                         4 MB. A larger file goes up by a link: POST /batches with its length, as JSON.";

/// A JSON body, which is always an object. Types that are read this way say `#[serde(deny_unknown_fields)]`: a misspelled optional field must not be ignored.
#[derive(Clone, Debug)]
pub struct JsonBody<T> {
    pub value: T,
    /// As sent, for the hash of an idempotent request.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + ToSchema, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        refuse_other_content(request.headers())?;
        let RawBody(bytes) = RawBody::from_request(request, state).await?;
        Ok(Self { value: parse_json(&bytes)?, bytes })
    }
}

/// A body of any kind up to the route's limit, as it was sent.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::too_large(TOO_LARGE)
            } else {
                Problem::bad_request("body_unreadable", "The body did not arrive whole. Send it again.")
            }
        })?;
        Ok(Self(bytes))
    }
}

fn refuse_other_content(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::unsupported_media_type("Send JSON, with the header Content-Type: application/json."))
    }
}

/// Reads a JSON object, or says of each field that is not as described what is expected.
pub fn parse_json<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T, Problem> {
    let json = json_of(bytes)?;
    if matches!(json, Json::List(_)) {
        return Err(not_as_described(vec![Mistake::new(None, "expected an object")]));
    }
    match T::deserialize(json) {
        Ok(value) => Ok(value),
        Err(_) => Err(not_as_described(mistakes::of::<T>(json_of(bytes)?))),
    }
}

fn json_of(bytes: &[u8]) -> Result<Json, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let json = Json::deserialize(&mut deserializer).map_err(|error| not_json(&error))?;
    deserializer.end().map_err(|error| not_json(&error))?;
    Ok(json)
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("The body is not JSON: see line {}, column {}.", error.line(), error.column());
    Problem::bad_request("json_invalid", detail)
}

fn not_as_described(mistakes: Vec<Mistake>) -> Problem {
    let count = u64::try_from(mistakes.len()).unwrap_or(u64::MAX);
    let entries = mistakes.into_iter().map(|mistake| entry("field_invalid", mistake)).collect();
    Problem::bad_request("body_invalid", "The body is not as described: see errors.").with_errors(entries, count)
}

fn entry(code: &str, Mistake { field, message }: Mistake) -> ProblemEntry {
    ProblemEntry { row: None, line: None, column: None, offset: None, field, code: code.to_owned(), message }
}

/// Parameters of the path. One that cannot be read, or is too long for any key, names nothing that exists: 404.
#[derive(Clone, Debug)]
pub struct PathParameters<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let nothing = || Problem::not_found("not_found", "There is nothing with this id.");
        let raw = RawPathParams::from_request_parts(parts, state).await;
        if raw.is_ok_and(|raw| raw.iter().any(|(_, value)| value.len() > PARAMETER_BYTES_MAX)) {
            return Err(nothing());
        }
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(value)| Self(value)).map_err(|rejection| {
            if rejection.status() == StatusCode::INTERNAL_SERVER_ERROR {
                tracing::error!("a handler asks for path parameters that its route does not have");
                return Problem::internal();
            }
            nothing()
        })
    }
}

/// Parameters of the query; none is longer than any id.
#[derive(Clone, Debug)]
pub struct QueryParameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryParameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let named = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let named = named.map(|Query(named)| named).unwrap_or_default();
        let is_too_long = |(name, value): &(String, String)| name != CURSOR && value.len() > PARAMETER_BYTES_MAX;
        if let Some((name, _)) = named.into_iter().find(is_too_long) {
            let message = format!("expected at most {PARAMETER_BYTES_MAX} bytes");
            return Err(query_invalid(Mistake { field: Some(name), message }));
        }
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| {
            let text = rejection.body_text();
            let message = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let (field, message) = match message.split_once(": ") {
                Some((field, message)) if !field.contains(' ') => (Some(field.to_owned()), message),
                Some(_) | None => (None, message),
            };
            query_invalid(Mistake::new(field, message))
        })
    }
}

fn query_invalid(mistake: Mistake) -> Problem {
    let detail = "The query parameters are not as described: see errors.";
    Problem::bad_request("query_invalid", detail).with_errors(vec![entry("parameter_invalid", mistake)], 1)
}
