//! Refusals in Column's shape (column.md section 1.7). Only `code` is meant to be branched on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::objects::json;
use crate::http::Answer;

const DOCUMENTATION_URL: &str = "https://column.com/docs/api/#errors";

/// A refusal: the request had no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub status: u16,
    pub kind: &'static str,
    pub code: String,
    pub message: String,
    pub details: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    code: &'a str,
    message: &'a str,
    documentation_url: &'a str,
    details: &'a BTreeMap<String, String>,
}

impl ApiError {
    pub(crate) fn new(status: u16, kind: &'static str, code: &str, message: &str) -> Self {
        Self { status, kind, code: code.to_owned(), message: message.to_owned(), details: BTreeMap::new() }
    }

    fn about(mut self, field: &str, reason: &str) -> Self {
        self.details.insert(field.to_owned(), reason.to_owned());
        self
    }

    /// A validation refusal about one field.
    pub(crate) fn invalid(code: &str, field: &str, reason: &str) -> Self {
        Self::new(400, "validation_error", code, &format!("{field} {reason}")).about(field, reason)
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::invalid("mandatory_parameter_missing", field, "must be set")
    }

    pub(crate) fn field(field: &str, reason: &str) -> Self {
        Self::invalid("invalid_field_value", field, reason)
    }

    pub(crate) fn unreadable() -> Self {
        Self::new(
            400,
            "validation_error",
            "invalid_field_value",
            "the body cannot be read or a field has the wrong type",
        )
    }

    pub(crate) fn transfer(code: &str, message: &str) -> Self {
        Self::new(400, "transfer_error", code, message)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, "validation_error", "resource_not_found", &format!("there is no such {what}"))
    }

    /// A refusal with a code of the caller's choice, for tests.
    pub(crate) fn injected(code: &str) -> Self {
        Self::new(400, "transfer_error", code, "refused by a fault switch")
    }

    pub(crate) fn rate_limited() -> Self {
        Self::new(429, "server_error", "too_many_requests", "too many requests, slow down and try again")
    }

    pub(crate) fn server(status: u16) -> Self {
        Self::new(status, "server_error", "internal_server_error", "something went wrong on our side, try again")
    }

    pub(crate) fn into_answer(self) -> Answer {
        let body = Body {
            kind: self.kind,
            code: &self.code,
            message: &self.message,
            documentation_url: DOCUMENTATION_URL,
            details: &self.details,
        };
        Answer::reply(self.status, json(&body))
    }
}
