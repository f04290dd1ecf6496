//! A request to Plaid as its endpoints read it: a JSON object, credentials in it or in headers.

use serde_json::{Map, Value};

use super::error::{self, Failure};
use crate::http::Request;

/// Fields that every endpoint takes.
const CREDENTIALS: [&str; 2] = ["client_id", "secret"];

/// The body of a request that is JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    fields: Map<String, Value>,
    pub(crate) client_id: Option<String>,
    pub(crate) secret: Option<String>,
}

impl Call {
    pub(crate) fn read(request: &Request) -> Result<Self, Failure> {
        if request.method != "POST" {
            return Err(error::NOT_FOUND.into());
        }
        if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(error::INVALID_HEADERS.into());
        }
        let fields: Map<String, Value> = serde_json::from_str(&request.body).map_err(|_| error::INVALID_BODY)?;
        let given = |field: &str, header: &str| {
            fields.get(field).and_then(Value::as_str).or_else(|| request.header(header)).map(str::to_owned)
        };
        let (client_id, secret) = (given("client_id", "plaid-client-id"), given("secret", "plaid-secret"));
        Ok(Self { fields, client_id, secret })
    }

    /// Refuses fields that the endpoint does not have, and the lack of those that it needs.
    pub(crate) fn check(&self, required: &[&str], optional: &[&str], options: &[&str]) -> Result<(), Failure> {
        let is_known = |name: &str| [&CREDENTIALS, required, optional].iter().any(|known| known.contains(&name));
        let unknown = self.fields.keys().find(|name| !is_known(name));
        let unknown = unknown.or_else(|| self.options()?.keys().find(|name| !options.contains(&name.as_str())));
        if let Some(field) = unknown {
            let message = format!("the following fields are not recognized by this endpoint: {field}");
            return Err(Failure::new(error::UNKNOWN_FIELDS, &message));
        }
        if self.fields.get("options").is_some_and(|options| !options.is_object()) {
            return Err(Failure::field("options", "must be an object"));
        }
        match required.iter().find(|name| self.fields.get(**name).is_none_or(Value::is_null)) {
            None => Ok(()),
            Some(field) => {
                let message = format!("the following required fields are missing: {field}");
                Err(Failure::new(error::MISSING_FIELDS, &message))
            }
        }
    }

    /// A field as it came; null counts as absent.
    pub(crate) fn value(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    pub(crate) fn optional_text(&self, field: &str) -> Result<Option<&str>, Failure> {
        let Some(value) = self.value(field) else { return Ok(None) };
        value.as_str().map(Some).ok_or_else(|| Failure::field(field, "must be a string"))
    }

    pub(crate) fn text(&self, field: &str) -> Result<&str, Failure> {
        self.optional_text(field)?.filter(|text| !text.is_empty()).ok_or_else(|| {
            Failure::new(error::MISSING_FIELDS, &format!("the following required fields are missing: {field}"))
        })
    }

    /// A list of texts; absent is empty.
    pub(crate) fn texts(&self, field: &str) -> Result<Vec<String>, Failure> {
        match self.value(field) {
            None => Ok(Vec::new()),
            Some(value) => texts(value).ok_or_else(|| Failure::field(field, "must be a list of strings")),
        }
    }

    pub(crate) fn options(&self) -> Option<&Map<String, Value>> {
        self.fields.get("options").and_then(Value::as_object)
    }

    pub(crate) fn option(&self, name: &str) -> Option<&Value> {
        self.options()?.get(name).filter(|value| !value.is_null())
    }

    /// `options.account_ids`; `None` means all accounts.
    pub(crate) fn account_ids(&self) -> Result<Option<Vec<String>>, Failure> {
        let Some(value) = self.option("account_ids") else { return Ok(None) };
        texts(value).map(Some).ok_or_else(|| Failure::field("account_ids", "must be a list of strings"))
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// Whether this is an address that webhooks can be sent to. The real Plaid wants https; a simulated one must also reach a laptop.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}
