//! Field values as clients really send them: JSON types, or text when the body was a form.

use serde::Deserialize;

use super::error::ApiError;
use crate::http::Request;

#[derive(Deserialize)]
#[serde(untagged)]
enum WholeInput {
    Number(i64),
    Text(String),
}

/// A whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WholeInput")]
pub(crate) struct Whole(pub(crate) i64);

impl TryFrom<WholeInput> for Whole {
    type Error = std::num::ParseIntError;

    fn try_from(input: WholeInput) -> Result<Self, Self::Error> {
        match input {
            WholeInput::Number(number) => Ok(Self(number)),
            WholeInput::Text(text) => text.parse().map(Self),
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FlagInput {
    Bool(bool),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "FlagInput")]
pub(crate) struct Flag(pub(crate) bool);

impl TryFrom<FlagInput> for Flag {
    type Error = std::str::ParseBoolError;

    fn try_from(input: FlagInput) -> Result<Self, Self::Error> {
        match input {
            FlagInput::Bool(flag) => Ok(Self(flag)),
            FlagInput::Text(text) => text.parse().map(Self),
        }
    }
}

pub(crate) fn read<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    request.fields().ok_or_else(ApiError::unreadable)
}

/// An empty text means the same as an absent one.
pub(crate) fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

pub(crate) fn required(text: Option<String>, field: &str) -> Result<String, ApiError> {
    present(text).ok_or_else(|| ApiError::missing(field))
}

/// A text of at most `longest` characters, or the empty text.
pub(crate) fn bounded(text: Option<String>, field: &str, longest: usize) -> Result<String, ApiError> {
    let text = text.unwrap_or_default();
    if text.chars().count() > longest {
        return Err(ApiError::field(field, &format!("must have at most {longest} characters")));
    }
    Ok(text)
}

/// A text that goes into an ACH record: printable ASCII, at most `longest` characters.
pub(crate) fn ach_text(text: Option<String>, field: &str, longest: usize) -> Result<String, ApiError> {
    let text = bounded(text, field, longest)?;
    if !text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(ApiError::field(field, "has a character that ACH does not allow"));
    }
    Ok(text)
}

pub(crate) fn usd(currency_code: Option<String>) -> Result<(), ApiError> {
    if required(currency_code, "currency_code")? == "USD" {
        Ok(())
    } else {
        Err(ApiError::invalid("currency_not_supported", "currency_code", "must be USD"))
    }
}
