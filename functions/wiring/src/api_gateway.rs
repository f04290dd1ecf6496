//! API Gateway's requests into a router.

use axum::Router;
use http::uri::PathAndQuery;
use lambda_http::request::RequestContext;
use lambda_http::{Error, Request, RequestExt};
use shared::http::request_id::RequestId;
use tower::ServiceExt;

/// Serves the router until Lambda ends the process.
pub async fn serve(router: Router) -> Result<(), Error> {
    lambda_http::run(router.map_request(|request| identified(without_stage(request)))).await
}

/// The request under the path that its caller used. The runtime's client puts the stage's name before the path of a REST API, and no
/// route knows it.
pub fn without_stage(mut request: Request) -> Request {
    let path = request.raw_http_path().to_owned();
    let path_and_query = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = path_and_query.parse::<PathAndQuery>().ok();
    if let Ok(uri) = http::Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}

/// The request under the id that API Gateway gave it, which its own log bears as well.
pub fn identified(mut request: Request) -> Request {
    if let Some(id) = gateway_s_id(&request) {
        request.extensions_mut().insert(id);
    }
    request
}

fn gateway_s_id(request: &Request) -> Option<RequestId> {
    let Some(RequestContext::ApiGatewayV1(context)) = request.request_context_ref() else { return None };
    RequestId::new(context.request_id.as_deref()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As API Gateway sends it for `POST https://…/live/batches?control_total=12.50`.
    const EVENT: &str = r#"{
        "resource": "/{proxy+}", "path": "/batches", "httpMethod": "POST",
        "headers": {"Host": "abc.execute-api.us-east-1.amazonaws.com", "Content-Type": "application/xml"},
        "multiValueHeaders": {"Host": ["abc.execute-api.us-east-1.amazonaws.com"], "Content-Type": ["application/xml"]},
        "queryStringParameters": {"control_total": "12.50"},
        "multiValueQueryStringParameters": {"control_total": ["12.50"]},
        "pathParameters": {"proxy": "batches"},
        "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "POST", "path": "/live/batches", "stage": "live",
            "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"},
        "body": "PGEvPg==", "isBase64Encoded": true
    }"#;

    #[test]
    fn the_stage_is_no_part_of_the_path() {
        let request = lambda_http::request::from_str(EVENT).unwrap();
        let request = without_stage(request);
        assert_eq!(request.uri().path(), "/batches");
        assert_eq!(request.uri().query(), Some("control_total=12.50"));
        assert_eq!(request.body().as_ref(), b"<a/>");
    }

    #[test]
    fn a_request_keeps_the_id_of_the_gateway() {
        let request = identified(lambda_http::request::from_str(EVENT).unwrap());
        let id = RequestId::new("c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        assert_eq!(request.extensions().get::<RequestId>(), id.as_ref());
    }
}
