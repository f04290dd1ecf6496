//! Lists that show part of what there is, reasons that people give, and what a report is called.

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use shared::domain::attention::Action;
use shared::domain::caller::Role;
use shared::http::attention_routes::route;

use crate::office::{APPROVER, OPERATOR, Office, Person, READER, UPLOADER, small_file};

const ANOTHER_UPLOADER: Person = ("gus", &[Role::PayrollUpload]);

async fn pages(office: &Office, person: Person, path: &str, limit: usize) -> Vec<Vec<Value>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = office.get(person, &format!("{path}&limit={limit}{cursor}")).await.json();
        pages.push(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { return pages };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn a_filter_of_batches_makes_no_page_short() {
    let office = Office::open();
    let mut ready = Vec::new();
    for seed in 1..=9 {
        let batch_id = office.upload(small_file(seed).0).await;
        if seed % 2 == 1 {
            office.summarize(&batch_id).await;
            ready.push(batch_id);
        }
        office.people.world.clock.advance(std::time::Duration::from_secs(60));
    }
    ready.reverse();
    let pages = pages(&office, READER, "/batches?state=ready", 2).await;
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [2, 2, 1]);
    let found: Vec<&str> = pages.iter().flatten().map(|batch| batch["batch_id"].as_str().unwrap()).collect();
    assert_eq!(found, ready);
}

#[tokio::test]
async fn billers_are_listed_and_those_that_wait_alone_where_that_is_asked() {
    let office = Office::open();
    let how = json!({"how": "unpayable", "reason": "closed"});
    for id in ["ins_1", "ins_2", "ins_3"] {
        let put = office.json(OPERATOR, http::Method::PUT, &format!("/billers/{id}"), &how).await;
        assert_eq!(put.status, StatusCode::OK, "{put:?}");
    }
    let second: Person = ("dan", &[Role::Operate]);
    office.post(second, "/billers/ins_2/confirm", &how).await;
    for (path, expected) in
        [("/billers?", vec!["ins_1", "ins_2", "ins_3"]), ("/billers?waiting=true", vec!["ins_1", "ins_3"])]
    {
        let pages = pages(&office, OPERATOR, path, 2).await;
        let found: Vec<_> = pages.iter().flatten().map(|biller| biller["institution_id"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{path}");
    }
}

#[tokio::test]
async fn payments_are_listed_of_one_batch_and_not_before_it_is_imported() {
    let office = Office::open();
    assert_eq!(office.get(READER, "/payments").await.refusal(), (400, "query_invalid".to_owned()));
    let draft = office.upload(small_file(2).0).await;
    assert_eq!(office.get(READER, &format!("/payments?batch={draft}")).await.json(), json!({"items": []}));
    let batch_id = office.paying_batch(1).await;
    let found = pages(&office, READER, &format!("/payments?batch={batch_id}"), 7).await;
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [7, 7, 6]);
    let ids: BTreeSet<&str> = found.iter().flatten().map(|payment| payment["payment_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 20);
}

/// As API Gateway hands a query to the function.
#[tokio::test]
async fn a_proxy_event_with_a_query_is_answered() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    let event = |(subject, roles): Person, path: &str, query: Value| {
        let bearer = office.people.bearer(subject, roles);
        let lists: Value =
            query.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
        let event = json!({
            "resource": "/{proxy+}", "path": path, "httpMethod": "GET",
            "headers": {AUTHORIZATION.as_str(): bearer}, "multiValueHeaders": {AUTHORIZATION.as_str(): [bearer]},
            "queryStringParameters": query, "multiValueQueryStringParameters": lists,
            "pathParameters": {"proxy": path.trim_start_matches('/')},
            "requestContext": {"resourcePath": "/{proxy+}", "httpMethod": "GET", "path": format!("/live{path}"), "stage": "live"},
            "body": null, "isBase64Encoded": false,
        });
        let request = wiring::without_stage(lambda_http::request::from_str(&event.to_string()).unwrap());
        request.map(|_| axum::body::Body::empty())
    };
    let payments = event(READER, "/payments", json!({"batch": batch_id, "state": "unprocessed", "limit": "2"}));
    assert_eq!(office.send(payments).await.json()["items"].as_array().unwrap().len(), 2);
    let attention = event(OPERATOR, "/attention", json!({"kind": "payment"}));
    assert_eq!(office.send(attention).await.json(), json!({"items": []}));
}

#[tokio::test]
async fn only_who_made_a_batch_withdraws_it_and_only_before_its_approval() {
    let office = Office::open();
    let batch_id = office.upload(small_file(1).0).await;
    office.summarize(&batch_id).await;
    let path = format!("/batches/{batch_id}/withdraw");
    assert_eq!(office.post(APPROVER, &path, &json!({})).await.refusal(), (403, "role_missing".to_owned()));
    assert_eq!(office.post(ANOTHER_UPLOADER, &path, &json!({})).await.refusal(), (403, "not_the_creator".to_owned()));

    let said = json!({"reason": "the wrong month"});
    for _ in 0..2 {
        assert_eq!(office.post(UPLOADER, &path, &said).await.json()["state"], "declined");
    }
    let ending = office.get(UPLOADER, &format!("/batches/{batch_id}")).await.json()["ending"].clone();
    assert_eq!((&ending["kind"], &ending["by"]), (&json!("withdrawn"), &json!(UPLOADER.0)));
    assert_eq!(ending["reason"], "the wrong month");
    let audit = office.get(OPERATOR, &format!("/audit?subject={batch_id}")).await.json();
    let entries = audit["items"].as_array().unwrap();
    let withdrawn: Vec<_> = entries.iter().filter(|entry| entry["action"] == "withdraw_batch").collect();
    assert_eq!(withdrawn.len(), 1, "{entries:?}");
    assert_eq!(withdrawn[0]["detail"], "the wrong month");

    let approved = office.paying_batch(2).await;
    let late = office.post(UPLOADER, &format!("/batches/{approved}/withdraw"), &said).await;
    assert_eq!(late.refusal(), (409, "batch_state".to_owned()));
}

#[tokio::test]
async fn a_reason_is_kept_with_what_was_decided_and_has_its_limits() {
    let office = Office::open();
    let declined = office.upload(small_file(1).0).await;
    let path = format!("/batches/{declined}/decline");
    for reason in [json!(" "), json!("x".repeat(501))] {
        let refused = office.post(APPROVER, &path, &json!({ "reason": reason })).await;
        assert_eq!(refused.refusal(), (422, "reason_invalid".to_owned()));
    }
    office.post(APPROVER, &path, &json!({"reason": "not this month"})).await;
    let ending = office.get(READER, &format!("/batches/{declined}")).await.json()["ending"].clone();
    assert_eq!((&ending["kind"], &ending["reason"]), (&json!("declined"), &json!("not this month")));

    // Nothing has to be said.
    let canceled = office.paying_batch(2).await;
    office.post(APPROVER, &format!("/batches/{canceled}/cancel"), &Value::Null).await;
    let ending = office.get(READER, &format!("/batches/{canceled}")).await.json()["ending"].clone();
    assert_eq!((&ending["kind"], &ending["reason"]), (&json!("canceled"), &Value::Null));
}

#[tokio::test]
async fn a_report_has_a_name_and_a_byte_order_mark_where_a_spreadsheet_wants_one() {
    let office = Office::open();
    let batch_id = office.paying_batch(1).await;
    for (report, accept, query, extension, is_marked) in [
        ("payments", "text/csv", "", "csv", false),
        ("payments", "text/csv", "?bom=true", "csv", true),
        ("sources", "text/csv", "?bom=true", "csv", true),
        ("branches", "text/csv", "?bom=false", "csv", false),
        ("sources", "application/json", "?bom=true", "json", false),
        ("payments", "text/csv;q=0.5, application/json", "", "json", false),
    ] {
        let path = format!("/batches/{batch_id}/reports/{report}{query}");
        let answer = office.get_as(READER, &path, accept).await;
        let name = format!("attachment; filename=\"{report}-{batch_id}.{extension}\"");
        assert_eq!(answer.headers["content-disposition"].to_str().unwrap(), name, "{path}");
        assert_eq!(answer.body.starts_with('\u{feff}'), is_marked, "{path}");
    }
}

#[test]
fn every_action_that_is_offered_is_a_route_for_its_role() {
    let apis = [approve_batch::HTTP.api(), accounts::HTTP.api(), reports::HTTP.api(), operator::HTTP.api()];
    let apis = apis.map(|api| serde_json::to_value(api).unwrap());
    for action in Action::ALL {
        let (_, method, path) = route(action);
        let described = apis.iter().find_map(|api| api["paths"][path].get(method.to_lowercase()));
        let roles = &described.unwrap_or_else(|| panic!("{action:?}: there is no {method} {path}"))["security"];
        assert!(roles.to_string().contains(action.role().as_str()), "{action:?}: {roles}");
    }
}
