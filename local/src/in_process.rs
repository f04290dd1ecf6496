//! The SDK's way to the embedded engine without a network in between: a request's body is handed to the engine, its answer back.
//!
//! The engine's own HTTP server reads every body several times and checks signatures; that and the loopback cost more than the engine.
//! What the SDK sends and reads is the same. Limit: only the operations that the table needs; anything else is refused.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Clone)]
pub(crate) struct InProcess {
    database: Database,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("InProcess")
    }
}

impl InProcess {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Status and body of an operation's answer.
    pub(crate) fn answer(&self, operation: &str, body: &[u8]) -> (u16, String) {
        match self.run(operation, body) {
            Ok(text) => (200, text),
            Err(refused) => (refused.status_code(), refused.to_json()),
        }
    }

    fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let (status, text) = self.answer(operation, request.body().bytes().unwrap_or_default());
        let status = StatusCode::try_from(status).map_err(|cause| ConnectorError::other(cause.into(), None))?;
        Ok(HttpResponse::new(status, SdkBody::from(text)))
    }

    fn run(&self, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let database = &self.database;
        match operation {
            "PutItem" => run(body, |request| database.put_item(request)),
            "GetItem" => run(body, |request| database.get_item(request)),
            "DeleteItem" => run(body, |request| database.delete_item(request)),
            "Query" => run(body, |request| database.query(request)),
            "TransactWriteItems" => run(body, |mut request: TransactWriteItemsRequest| {
                // The engine looks through every token of the last ten minutes at every transaction: a batch of 50,000 payments would
                // slow down with each. No request is lost or repeated on this way.
                request.client_request_token = None;
                database.transact_write_items(request)
            }),
            other => Err(DynoxideError::ValidationException(format!("{other} is not run in process"))),
        }
    }
}

fn run<Request: DeserializeOwned, Answer: Serialize>(
    body: &[u8],
    operation: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<String, DynoxideError> {
    let unreadable = |cause: serde_json::Error| DynoxideError::SerializationException(cause.to_string());
    let request = serde_json::from_slice(body).map_err(unreadable)?;
    let answer = operation(request)?;
    serde_json::to_string(&answer).map_err(|cause| DynoxideError::InternalServerError(cause.to_string()))
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move { engine.respond(&request) })
    }
}

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
