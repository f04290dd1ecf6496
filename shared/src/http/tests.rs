use axum::Json;
use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::ToSchema;

use super::*;
use crate::adapters::tokens::testing::IssuerWorld;
use crate::domain::caller::{Caller, Role};
use crate::http::body::{JsonBody, PathParameters, QueryParameters};
use crate::http::caller::{authenticated, with_any_role};
use crate::http::pages::{PageBody, PageQuery};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Transfer {
    payee: Payee,
    #[serde(default)]
    #[expect(dead_code, reason = "is read from the body, and not looked at")]
    approver: Option<Payee>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Payee {
    account_number: String,
    #[serde(default)]
    attempts: u32,
}

impl std::fmt::Display for Payee {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} after {} attempts", self.account_number, self.attempts)
    }
}

fn open_router() -> Router {
    conventions(
        Router::new()
            .route("/transfers", post(async |body: JsonBody<Transfer>| body.value.payee.to_string()))
            .route("/transfers/{number}", get(async |PathParameters(number): PathParameters<u32>| number.to_string()))
            .route("/words/{word}", get(async |PathParameters(word): PathParameters<String>| word))
            .route("/pages", get(listed))
            .route("/panics", get(panics)),
    )
}

async fn panics() -> StatusCode {
    panic!("account 000123456")
}

async fn listed(QueryParameters(page): QueryParameters<PageQuery>) -> Result<Json<PageBody<u32>>, Problem> {
    Ok(Json(PageBody::new(vec![page.limit()?], page.start_after()?)))
}

fn guarded_router(world: &IssuerWorld) -> Router {
    let approvals =
        Router::new().route("/approvals", post(async |caller: Caller, _body: JsonBody<Transfer>| caller.subject));
    let whoami =
        Router::new().route("/me", get(async |caller: Caller| caller.subject)).route("/deaf", get(async || "ok"));
    let approvals: Router = with_any_role(approvals.into(), &[Role::PayrollApprove]).into();
    conventions(authenticated(approvals.merge(whoami), world.verifier.clone()))
}

struct Answer {
    status: u16,
    headers: http::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a problem; fails for anything else.
    fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("urn:clearway:problem:{code}"));
        (self.status, code)
    }
}

async fn asked(router: Router, request: http::request::Builder, body: impl Into<Body>) -> Answer {
    let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

async fn posted(body: impl Into<Body>) -> Answer {
    asked(open_router(), Request::post("/transfers").header(header::CONTENT_TYPE, "application/json"), body).await
}

async fn got(path: &str) -> Answer {
    asked(open_router(), Request::get(path), Body::empty()).await
}

fn problem(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_good_body_is_read() {
    assert_eq!(posted(r#"{"payee": {"account_number": "1"}}"#).await.text, "1 after 0 attempts");
}

#[tokio::test]
async fn a_bad_body_names_the_field_and_not_its_value() {
    let cases = [
        (r#"{"payee": {"account_number": 123456789}}"#, "payee.account_number", "expected a string"),
        (r#"{"payee": {"account_number": "1", "attempts": "123456789"}}"#, "payee.attempts", "expected a whole number"),
        (r#"{"payee": {"account_number": "1", "attempts": 123456789.5}}"#, "payee.attempts", "expected a whole number"),
        (r#"{"payee": {"attempts": 123456789}}"#, "payee.account_number", "missing field `account_number`"),
        (r#"{}"#, "payee", "missing field `payee`"),
        (
            r#"{"payee": {"account_number": "1", "nmae": "x"}}"#,
            "payee.nmae",
            "unknown field `nmae`, expected `account_number` or `attempts`",
        ),
    ];
    for (body, field, message) in cases {
        let answer = posted(body).await;
        assert_eq!(answer.problem(), problem(400, "body_invalid"), "{body}");
        let entry = json!({"field": field, "code": "field_invalid", "message": message});
        assert_eq!(answer.json()["errors"], json!([entry]), "{body}");
        assert!(!answer.text.contains("123456789"), "{body}");
    }
}

#[tokio::test]
async fn every_mistake_of_a_body_is_told() {
    let table: [(&str, &[&str]); 6] = [
        (
            r#"{"payee": {"attempts": "x", "nmae": 1}, "more": 1}"#,
            &["payee.attempts", "payee.nmae", "more", "payee.account_number"],
        ),
        (
            r#"{"payee": {"account_number": 7}, "approver": {"attempts": -1}}"#,
            &["payee.account_number", "approver.attempts", "approver.account_number"],
        ),
        (r#"{"payee": 7, "approver": {}, "x": 0.5}"#, &["payee", "x", "approver.account_number"]),
        (r#"{"approver": null, "y": [], "x": {}}"#, &["y", "x", "payee"]),
        (
            r#"{"payee": {"account_number": "1", "attempts": 1.5}, "approver": {"account_number": 1.5}}"#,
            &["payee.attempts", "approver.account_number"],
        ),
        (r#"{"payee": {"account_number": "1", "account_number": "2"}, "x": 1}"#, &["payee.account_number", "x"]),
    ];
    for (body, fields) in table {
        let answer = posted(body).await;
        assert_eq!(answer.problem(), problem(400, "body_invalid"), "{body}");
        let problem = answer.json();
        let told: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(told, fields, "{problem}");
        assert_eq!(problem["error_count"], json!(fields.len()), "{body}");
    }
    // Whoever sends nothing but mistakes is not answered for each.
    let many: Vec<_> = (0..500).map(|number| format!("\"x{number}\": 1")).collect();
    let answer = posted(format!("{{{}}}", many.join(", "))).await;
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 50);
}

/// DynamoDB would refuse its key, which is a fault of ours.
#[tokio::test]
async fn an_id_that_is_longer_than_any_names_nothing() {
    let (longest, longer) = ("a".repeat(1_024), "%61".repeat(1_025));
    assert_eq!(got(&format!("/words/{longest}")).await.text, longest);
    assert_eq!(got(&format!("/words/{longer}")).await.problem(), problem(404, "not_found"));
}

/// serde reads a list as an object's fields in their order.
#[tokio::test]
async fn a_list_is_no_object() {
    for body in ["[]", r#"[{"account_number": "1"}]"#, " \n[null, null]"] {
        assert_eq!(posted(body).await.problem(), problem(400, "body_invalid"), "{body}");
    }
    let within = posted(r#"{"payee": ["1", 2]}"#).await;
    assert_eq!(within.problem(), problem(400, "body_invalid"));
    let entry = json!({"field": "payee", "code": "field_invalid", "message": "expected an object"});
    assert_eq!(within.json()["errors"], json!([entry]));
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    for body in ["", "{", "{} {}", r#"{"payee": {"account_number": "1"}} x"#] {
        assert_eq!(posted(body).await.status, 400, "{body}");
    }
    assert_eq!(posted("{").await.problem(), problem(400, "json_invalid"));
    let form = Request::post("/transfers").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    assert_eq!(asked(open_router(), form, "a=b").await.problem(), problem(415, "content_type_unsupported"));
    let unnamed = Request::post("/transfers");
    assert_eq!(asked(open_router(), unnamed, "{}").await.problem(), problem(415, "content_type_unsupported"));
    assert_eq!(posted(vec![b' '; JSON_BYTES_MAX + 1]).await.problem(), problem(413, "body_too_large"));
}

#[tokio::test]
async fn a_content_type_may_name_its_charset() {
    let request = Request::post("/transfers").header(header::CONTENT_TYPE, "Application/JSON; charset=utf-8");
    assert_eq!(asked(open_router(), request, r#"{"payee": {"account_number": "1"}}"#).await.status, 200);
}

#[tokio::test]
async fn unknown_paths_ids_and_methods_are_problems() {
    assert_eq!(got("/nowhere").await.problem(), problem(404, "path_unknown"));
    assert_eq!(got("/transfers/x").await.problem(), problem(404, "not_found"));
    let wrong_method = got("/transfers").await;
    assert_eq!(wrong_method.problem(), problem(405, "method_not_allowed"));
    assert_eq!(wrong_method.header("allow"), "POST");
}

#[tokio::test]
async fn a_panic_answers_500_and_tells_nothing() {
    let answer = got("/panics").await;
    assert_eq!(answer.problem(), problem(500, "internal"));
    assert!(!answer.text.contains("000123456"));
}

#[tokio::test]
async fn pages_are_asked_for_within_limits() {
    assert_eq!(got("/pages").await.json(), json!({"items": [100]}));
    assert_eq!(got("/pages?limit=7&cursor=aA-_0").await.json(), json!({"items": [7], "next_cursor": "aA-_0"}));
    for (query, code) in [
        ("limit=0", "limit_invalid"),
        ("limit=1001", "limit_invalid"),
        ("cursor=", "cursor_invalid"),
        ("cursor=a%20b", "cursor_invalid"),
        ("limit=x", "query_invalid"),
    ] {
        assert_eq!(got(&format!("/pages?{query}")).await.problem(), problem(400, code), "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_longer_than_any_id_is_refused() {
    let (longest, longer) = ("a".repeat(1_024), "a".repeat(1_025));
    assert_eq!(got(&format!("/pages?subject={longest}")).await.status, 200);
    let refused = got(&format!("/pages?subject={longer}")).await;
    assert_eq!(refused.problem(), problem(400, "query_invalid"));
    assert_eq!(refused.json()["errors"][0]["field"], "subject");
    assert_eq!(got(&format!("/pages?cursor={longer}")).await.status, 200, "a cursor holds several keys");
}

#[test]
fn the_api_description_knows_problems_and_pages() {
    use utoipa::{IntoParams, PartialSchema};
    let schema = serde_json::to_value(problem::ProblemDetails::schema()).unwrap();
    assert_eq!(problem::ProblemDetails::name(), "Problem");
    assert_eq!(schema["required"], json!(["type", "title", "status", "code", "detail"]));
    assert_eq!(schema["properties"]["status"]["type"], "integer");
    let parameters = serde_json::to_value(PageQuery::into_params(|| None)).unwrap();
    assert_eq!(parameters[0]["in"], "query");
}

#[tokio::test]
async fn every_guarded_route_wants_a_token() {
    let world = IssuerWorld::new();
    for request in [Request::get("/me"), Request::get("/deaf"), Request::post("/approvals")] {
        let answer = asked(guarded_router(&world), request, Body::empty()).await;
        assert_eq!(answer.problem(), problem(401, "token_missing"));
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[tokio::test]
async fn a_bad_token_is_told_so() {
    let world = IssuerWorld::new();
    let request = Request::get("/me").header(header::AUTHORIZATION, "Bearer nonsense");
    let answer = asked(guarded_router(&world), request, Body::empty()).await;
    assert_eq!(answer.problem(), problem(401, "token_invalid"));
    assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn an_issuer_out_of_reach_is_503() {
    let world = IssuerWorld::new();
    world.change(|served| served.status = 500);
    let request = Request::get("/me").header(header::AUTHORIZATION, world.bearer("ann", &[]));
    let answer = asked(guarded_router(&world), request, Body::empty()).await;
    assert_eq!(answer.problem(), problem(503, "issuer_unreachable"));
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn a_good_token_reaches_the_handler() {
    let world = IssuerWorld::new();
    let request = Request::get("/me").header(header::AUTHORIZATION, world.bearer("ann", &[]));
    assert_eq!(asked(guarded_router(&world), request, Body::empty()).await.text, "ann");
}

#[tokio::test]
async fn a_missing_role_is_told_before_the_body_is_read() {
    let world = IssuerWorld::new();
    let request = |role: &str| Request::post("/approvals").header(header::AUTHORIZATION, world.bearer("ann", &[role]));
    let refused = asked(guarded_router(&world), request("reports:read"), "not json").await;
    assert_eq!(refused.problem(), problem(403, "role_missing"));
    assert_eq!(refused.json()["roles"], json!(["payroll:approve"]));
    let allowed = asked(guarded_router(&world), request("payroll:approve"), "not json").await;
    assert_eq!(allowed.problem(), problem(415, "content_type_unsupported"));
}

#[tokio::test]
async fn a_route_that_was_left_unguarded_does_not_guess_its_caller() {
    let unguarded = conventions(Router::new().route("/me", get(async |caller: Caller| caller.subject)));
    assert_eq!(asked(unguarded, Request::get("/me"), Body::empty()).await.problem(), problem(500, "internal"));
}
