//! Errors as problem details (RFC 9457), `application/problem+json`.
//!
//! `code` is stable and meant for programs; `detail` is for people and may change. Neither repeats what the caller sent: it may be an
//! account number.

use std::collections::BTreeMap;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::pages::cursor_invalid;
use crate::ports::table::TableError;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// An error on its way to the caller. Its body is [`ProblemDetails`].
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    status: StatusCode,
    details: Box<ProblemDetails>,
    retry_after_seconds: Option<u32>,
    challenge: Option<&'static str>,
}

/// The body of an error, as every route answers it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDetails {
    /// `urn:clearway:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The meaning of the status.
    title: String,
    #[schema(example = 409)]
    status: u16,
    /// Stable: programs may rely on it.
    #[schema(value_type = String, example = "request_running")]
    code: &'static str,
    /// What is wrong and what to do next, for people.
    detail: String,
    /// What is wrong in the body or file, as far as it is listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<ProblemEntry>,
    /// How many errors there are, where `errors` lists only the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_count: Option<u64>,
    /// Names the request, as the header `x-request-id` does: tell it to whoever runs the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Further members that a code defines.
    #[serde(flatten)]
    #[schema(ignore)]
    extra: BTreeMap<&'static str, Value>,
}

/// One of several errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemEntry {
    /// The row of the file, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The line of the file, counted from 1: of a table, header included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The field, as a path: `payee.account_number`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The column of a table, as its header names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Stable: programs may rely on it.
    pub code: String,
    /// The byte in the unpacked file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// For people.
    pub message: String,
}

/// What every route may answer beside its own answers, for the API's description.
#[derive(Debug, utoipa::IntoResponses)]
#[response(
    status = "default",
    description = "The request was refused or failed: see `code`",
    content_type = "application/problem+json"
)]
pub struct Refused(#[expect(dead_code, reason = "describes the answer, and is never made")] ProblemDetails);

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let details = ProblemDetails {
            kind: format!("urn:clearway:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            errors: Vec::new(),
            error_count: None,
            request_id: None,
            extra: BTreeMap::new(),
        };
        Self { status, details: Box::new(details), retry_after_seconds: None, challenge: None }
    }

    /// 400: the request cannot be read.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401 with the challenge of RFC 6750 section 3, such as `Bearer error="invalid_token"`.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>, challenge: &'static str) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, code, detail) }
    }

    /// 403: known, but not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: also for what belongs to another person.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 405.
    pub fn method_not_allowed(method: &Method) -> Self {
        let detail = format!("This path does not take {method}: the header Allow lists what it takes.");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
    }

    /// 409: the state of things forbids it now.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 413.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// 415.
    pub fn unsupported_media_type(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail)
    }

    /// 422: readable, but its content is wrong.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429.
    pub fn too_many_requests(detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(retry_after_seconds)
    }

    /// 500 with no detail: the log says more, the caller cannot do anything with it.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side. It was recorded.")
    }

    /// 503: nothing is wrong with the request; the same one may be sent again.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after_seconds)
    }

    /// Sets the header `Retry-After`.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    /// Lists errors. `count` is how many there are, listed or not.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<ProblemEntry>, count: u64) -> Self {
        self.details.errors = errors;
        self.details.error_count = Some(count);
        self
    }

    /// Adds a member that the code defines, such as the earlier batch of a conflict.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.details.extra.insert(name, value.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn code(&self) -> &'static str {
        self.details.code
    }

    pub fn detail(&self) -> &str {
        &self.details.detail
    }

    pub fn errors(&self) -> &[ProblemEntry] {
        &self.details.errors
    }
}

/// Others were faster: what was read is not what is there any more.
pub(crate) const CHANGED_MEANWHILE: &str = "changed_meanwhile";

/// Marks an answer that speaks of the moment alone: the same request may be answered otherwise a moment later, so nothing keeps it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PassingAnswer;

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self.details)).into_response();
        if self.retry_after_seconds.is_some() || self.details.code == CHANGED_MEANWHILE {
            response.extensions_mut().insert(PassingAnswer);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

impl From<TableError> for Problem {
    /// What is left over after a handler has dealt with the conditions that it expects to fail.
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable(cause) => {
                tracing::warn!(cause, "the table is unavailable");
                Problem::unavailable(
                    "table_unavailable",
                    "The records cannot be reached. Send the same request again.",
                    1,
                )
            }
            TableError::ConditionFailed { key, .. } => {
                tracing::warn!(pk = key.pk, sk = key.sk, "another request changed the item first");
                Problem::conflict(CHANGED_MEANWHILE, "Another request changed this first. Read it again, then decide.")
            }
            TableError::CursorInvalid => cursor_invalid(),
            TableError::Defect(cause) => {
                tracing::error!(cause, "the table refused a request of ours");
                Problem::internal()
            }
        }
    }
}
