//! A whole event of API Gateway's REST API through the runtime's client and the router.

use http::header::AUTHORIZATION;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::office::{Office, UPLOADER};

#[tokio::test]
async fn a_proxy_event_reaches_its_route_under_the_stage() {
    let office = Office::open();
    let bearer = office.people.bearer(UPLOADER.0, UPLOADER.1);
    let event = json!({
        "resource": "/{proxy+}", "path": "/batches", "httpMethod": "POST",
        "headers": {AUTHORIZATION.as_str(): bearer, "Content-Type": "application/json"},
        "multiValueHeaders": {AUTHORIZATION.as_str(): [bearer], "Content-Type": ["application/json"]},
        "pathParameters": {"proxy": "batches"},
        "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "POST", "path": "/live/batches", "stage": "live"},
        "body": "{\"length\": 10}", "isBase64Encoded": false,
    });
    let request = wiring::without_stage(lambda_http::request::from_str(&event.to_string()).unwrap());

    let (parts, body) = office.router.clone().oneshot(request).await.unwrap().into_parts();
    let body: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    assert_eq!((parts.status.as_u16(), &body["state"]), (201, &json!("draft")), "{body}");
}
