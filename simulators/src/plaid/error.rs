//! Plaid's error object (plaid.md section 1.2).

use serde::Serialize;

use crate::http::Answer;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    status: u16,
    error_type: &'static str,
    error_code: &'static str,
    error_message: String,
}

#[derive(Serialize)]
struct Body<'a> {
    display_message: Option<&'a str>,
    documentation_url: &'static str,
    error_code: &'a str,
    error_message: &'a str,
    error_type: &'a str,
    request_id: &'a str,
    suggested_action: Option<&'a str>,
}

pub(super) fn failure(status: u16, error_type: &'static str, error_code: &'static str, message: &str) -> Failure {
    Failure { status, error_type, error_code, error_message: message.to_owned() }
}

impl Failure {
    pub(super) fn into_answer(self, request_id: &str) -> Answer {
        let body = Body {
            display_message: None,
            documentation_url: "https://plaid.com/docs/errors/",
            error_code: self.error_code,
            error_message: &self.error_message,
            error_type: self.error_type,
            request_id,
            suggested_action: None,
        };
        Answer::reply(self.status, serde_json::to_string(&body).unwrap_or_default())
    }
}
