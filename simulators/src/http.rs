//! HTTP requests and answers as plain data, so that a core can be driven with or without a network.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One request. Header names are lower case; the body is text (JSON or a form), bytes that are not UTF-8 become U+FFFD.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub method: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

impl Request {
    /// A request for `target`, which is a path with or without a query string.
    #[must_use]
    pub fn new(method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: BTreeMap::new(),
            body: String::new(),
        }
    }

    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    #[must_use]
    pub fn with_body(mut self, body: &[u8]) -> Self {
        self.body = String::from_utf8_lossy(body).into_owned();
        self
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first query parameter of this name.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// User name and password of Basic authentication.
    pub(crate) fn basic_credentials(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The body's fields, from JSON or from a form; `None` when it is neither or a field has the wrong type.
    pub(crate) fn fields<T: DeserializeOwned>(&self) -> Option<T> {
        let is_form =
            self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
        if is_form {
            serde_json::from_value(form_fields(&self.body)?).ok()
        } else if self.body.trim().is_empty() {
            serde_json::from_value(Value::Object(Map::new())).ok()
        } else {
            serde_json::from_str(&self.body).ok()
        }
    }
}

impl fmt::Debug for Request {
    /// Headers and body hold keys and account numbers: they are not printed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Form pairs as a JSON object: `a[b]=1` nests, `a[]=1` collects into an array, values stay text.
fn form_fields(body: &str) -> Option<Value> {
    let mut fields = Map::new();
    for (key, value) in form_urlencoded::parse(body.as_bytes()) {
        let value = Value::String(value.into_owned());
        match key.split_once('[') {
            None => {
                fields.insert(key.into_owned(), value);
            }
            Some((outer, "]")) => {
                let list = fields.entry(outer.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
                list.as_array_mut()?.push(value);
            }
            Some((outer, inner)) => {
                let object = fields.entry(outer.to_owned()).or_insert_with(|| Value::Object(Map::new()));
                object.as_object_mut()?.insert(inner.strip_suffix(']')?.to_owned(), value);
            }
        }
    }
    Some(Value::Object(fields))
}

/// One answer; the body is JSON, or empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub body: String,
}

/// What the caller gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Reply(Response),
    /// Nothing ever comes back: the caller runs into its own timeout.
    Silence,
}

impl Answer {
    pub(crate) fn reply(status: u16, body: String) -> Self {
        Self::Reply(Response { status, body })
    }
}
