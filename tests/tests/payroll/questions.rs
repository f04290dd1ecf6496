//! What people ask of the API while a payroll goes on: what waits for them and what they can do, which payments came back and whether they
//! can be paid again, what was pulled.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use journeys::api::{APPROVES, Api, OPERATES, OPERATES_TOO, Person, Sent, UPLOADS};
use journeys::delivery::{came_back, post_signed};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;

async fn paid(file: &PayrollFile) -> (Journey, BatchId) {
    let journey = Journey::start(file);
    let batch_id = journey.begin(file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    (journey, batch_id)
}

async fn waiting(api: &Api, person: Person) -> Vec<Value> {
    api.get(person, "/attention").await["items"].as_array().unwrap().clone()
}

/// All items of a list, with no page short of the limit but the last.
async fn whole(api: &Api, person: Person, path: &str, limit: usize) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = api.get(person, &format!("{path}&limit={limit}{cursor}")).await;
        let found = page["items"].as_array().unwrap();
        items.extend(found.clone());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        assert_eq!(found.len(), limit, "{path}");
        cursor = format!("&cursor={next}");
    }
}

/// Does what an item of the list says is possible, in its words.
async fn act(api: &Api, person: Person, action: &Value, more: &Value) -> StatusCode {
    let mut body = more.clone();
    for (field, value) in action["body"].as_object().into_iter().flatten() {
        body[field] = value.clone();
    }
    let method: Method = action["method"].as_str().unwrap().parse().unwrap();
    api.send(person, method, action["path"].as_str().unwrap(), Sent::Json(body)).await.0
}

#[tokio::test]
async fn a_flagged_payment_says_what_can_be_done_and_doing_it_takes_it_off_the_list() {
    let (journey, batch_id) = paid(&PayrollFile::generated(&one_source(4))).await;
    let api = Api::of(&journey);
    assert_eq!(waiting(&api, OPERATES).await, Vec::<Value>::new());

    let payment = journey.payments(batch_id).await.remove(0);
    let mut word = came_back(&payment, "evnt_return");
    word["data"]["amount"] = json!(payment.amount.get() + 1);
    post_signed(&journey.system, &journey.receiver(), &word).await;
    let items = waiting(&api, OPERATES).await;
    let [item] = &items[..] else { panic!("one thing waits: {items:?}") };
    assert_eq!((&item["kind"], &item["id"]), (&json!("payment"), &json!(payment.id)));
    assert_eq!((&item["reasons"][0]["reason"], &item["state"]), (&json!("bank_disagrees"), &json!("completed")));
    assert_eq!((&item["batch_id"], &item["amount"]), (&json!(batch_id), &json!(payment.amount)));
    let bodies: Vec<&Value> = item["actions"].as_array().unwrap().iter().map(|action| &action["body"]).collect();
    assert_eq!(bodies, [&json!({"apply": true}), &json!({"apply": false})]);
    let counts = api.get(OPERATES, "/attention/counts").await;
    assert_eq!((&counts["total"], &counts["by_kind"]["payment"]), (&json!(1), &json!(1)));

    let status = act(&api, OPERATES, &item["actions"][1], &json!({"note": "the bank takes it back"})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(waiting(&api, OPERATES).await, Vec::<Value>::new());
    assert_eq!(api.get(OPERATES, "/attention/counts").await["total"], 0);
}

#[tokio::test]
async fn what_one_operator_proposed_waits_for_another() {
    let (journey, _) = paid(&PayrollFile::generated(&one_source(4))).await;
    let api = Api::of(&journey);
    let source_id = api.get(OPERATES, "/sources").await["items"][0]["source_id"].clone();
    let terms =
        json!({"payer_id": source_id, "debit": "cash", "credit": "funds", "amount": "1.00", "reason": "a wire"});
    api.post(OPERATES, "/ledger/corrections", terms.clone()).await;
    let how = json!({"how": "unpayable", "reason": "closed"});
    api.expect(OPERATES, Method::PUT, "/billers/ins_9", Sent::Json(how.clone())).await;

    let items = waiting(&api, OPERATES).await;
    let reasons: Vec<_> = items.iter().map(|item| (&item["reasons"][0]["reason"], &item["actions"])).collect();
    let nothing = json!([]);
    let (correction, biller) = (json!("correction_proposed"), json!("biller_proposed"));
    assert_eq!(reasons, [(&correction, &nothing), (&biller, &nothing)], "nobody confirms their own proposal");

    for (item, body) in waiting(&api, OPERATES_TOO).await.iter().zip([terms, how]) {
        assert_eq!(act(&api, OPERATES_TOO, &item["actions"][0], &body).await, StatusCode::OK, "{item}");
    }
    assert_eq!(waiting(&api, OPERATES_TOO).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_paused_source_waits_with_the_reason_that_was_given_until_it_is_resumed() {
    let (journey, _) = paid(&PayrollFile::generated(&one_source(4))).await;
    let api = Api::of(&journey);
    let sources = api.get(OPERATES, "/sources").await;
    let path = format!("/sources/{}", sources["items"][0]["source_id"].as_str().unwrap());
    let paused = api.post(OPERATES, &format!("{path}/pause"), json!({"reason": "they changed banks"})).await;
    assert_eq!(paused["pause_word"], json!({"by": OPERATES.0, "reason": "they changed banks"}));

    let items = waiting(&api, OPERATES).await;
    assert_eq!((&items[0]["kind"], &items[0]["reasons"][0]["reason"]), (&json!("source"), &json!("paused")));
    assert_eq!(act(&api, OPERATES, &items[0]["actions"][0], &json!({"reason": "they told us"})).await, StatusCode::OK);
    assert_eq!(waiting(&api, OPERATES).await, Vec::<Value>::new());
    assert_eq!(api.get(OPERATES, &path).await["pause_word"], Value::Null);
}

/// A batch canceled while it pays keeps its flag, and whoever approves can cancel it: the list says which role that takes.
#[tokio::test]
async fn a_flagged_batch_says_who_may_cancel_it() {
    let file = PayrollFile::generated(&one_source(4));
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    let batch_id = api.begin(file.bytes.clone()).await;
    let mut batch = journey.batch(batch_id.parse().unwrap()).await;
    let reason = shared::domain::leg::AttentionReason::FundingShort;
    batch.attention = Some(shared::domain::leg::Attention { reason, since: journey.now() });
    let put = shared::store::stored::replace(&mut batch).unwrap();
    journey.system.table.write(vec![put]).await.unwrap();

    let items = waiting(&api, OPERATES).await;
    let cancel = items[0]["actions"].as_array().unwrap().iter().find(|action| action["role"] == "payroll:approve");
    let status = act(&api, APPROVES, cancel.unwrap(), &json!({"reason": "less came in than was asked for"})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let ending = api.get(UPLOADS, &format!("/batches/{batch_id}")).await["ending"].clone();
    assert_eq!((&ending["kind"], &ending["by"]), (&json!("canceled"), &json!(APPROVES.0)));
    assert_eq!(ending["reason"], "less came in than was asked for");
}

#[tokio::test]
async fn of_very_many_that_wait_each_is_shown_once_whatever_the_page() {
    let (journey, batch_id) = paid(&PayrollFile::generated(&one_source(40))).await;
    let api = Api::of(&journey);
    journey.hold_back_after(batch_id, 3).await;
    let shown = whole(&api, OPERATES, "/attention?kind=payment", 7).await;
    let ids: BTreeSet<&str> = shown.iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!((shown.len(), ids.len()), (37, 37));
    let of_others = whole(&api, OPERATES, "/attention?kind=batch", 7).await;
    assert_eq!(of_others, Vec::<Value>::new());
    journey.let_go(batch_id).await;
    assert_eq!(waiting(&api, OPERATES).await, Vec::<Value>::new());
}

#[tokio::test]
async fn payments_in_one_state_come_in_full_pages_and_none_is_missed() {
    let file = PayrollFile::of(60);
    let (journey, batch_id) = paid(&file).await;
    let api = Api::of(&journey);
    let by_state = |state: &str| format!("/payments?batch={batch_id}&state={state}");
    let counts = api.get(UPLOADS, &format!("/batches/{batch_id}")).await["payments"].clone();
    let mut seen = BTreeSet::new();
    for state in ["completed", "failed", "returned", "processing"] {
        let found = whole(&api, UPLOADS, &by_state(state), 3).await;
        assert!(found.iter().all(|payment| payment["state"] == state), "{state}");
        assert_eq!(json!(found.len()), counts[state], "{state}");
        seen.extend(found.iter().map(|payment| payment["payment_id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(seen.len(), 60);

    let source = journey.payments(batch_id).await[0].payer_id.clone();
    let of_source = whole(&api, UPLOADS, &format!("/payments?batch={batch_id}&source={source}"), 4).await;
    let expected = file.rows.iter().filter(|row| row.source.source_id == source).count();
    assert_eq!(of_source.len(), expected);
}

#[tokio::test]
async fn money_that_went_back_is_listed_behind_the_rows() {
    let file = PayrollFile::generated(&one_source(20));
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R02"]);
    let api = Api::of(&journey);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    api.post(OPERATES, &format!("/batches/{batch_id}/refund"), Value::Null).await;
    let all = whole(&api, UPLOADS, &format!("/payments?batch={batch_id}"), 6).await;
    assert_eq!(all.len(), 21);
    assert!(all[20]["payment_id"].as_str().unwrap().contains("-refund-"), "{}", all[20]);
    let refund = api.get(UPLOADS, &format!("/payments/{}", all[20]["payment_id"].as_str().unwrap())).await;
    assert_eq!((&refund["retry"]["possible"], &refund["retry"]["reason"]), (&json!(false), &json!("not_a_row")));
}

/// What is said about a retry is what the retry then does.
#[tokio::test]
async fn a_payment_that_came_back_says_whether_it_can_be_retried() {
    let file = PayrollFile::generated(&one_source(6));
    let (journey, batch_id) = paid(&file).await;
    let api = Api::of(&journey);
    let payments = journey.payments(batch_id).await;
    let asked = async |at: usize| api.get(UPLOADS, &format!("/payments/{}", payments[at].id)).await["retry"].clone();
    let comes_back = async |at: usize, code: &str| {
        journey.bank.return_now(payments[at].leg.transfer_id.as_deref().unwrap(), code);
        journey.settle_now().await;
    };
    for (at, code) in [(0, "R18"), (1, "R14"), (2, "R03"), (3, "R03")] {
        comes_back(at, code).await;
    }
    journey.bank.correct_account(payments[3].leg.transfer_id.as_deref().unwrap(), "000777000");
    journey.settle_now().await;

    let said = [asked(0).await, asked(1).await, asked(2).await, asked(3).await, asked(4).await];
    let reasons = said.each_ref().map(|retry| retry["reason"].as_str());
    let (last, corrected) = (Some("return_is_final"), Some("needs_corrected_account"));
    assert_eq!(reasons, [None, last, corrected, None, Some("not_failed")], "{said:?}");

    api.post(APPROVES, &format!("/batches/{batch_id}/retry"), Value::Null).await;
    assert_eq!(asked(1).await["reason"], "return_is_final");
    journey.settle_now().await;
    journey.finish(batch_id).await;
    let after = journey.payments(batch_id).await;
    let attempts: Vec<u32> = after.iter().take(5).map(|payment| payment.leg.attempt).collect();
    assert_eq!(attempts, [2, 1, 1, 2, 1]);
}

#[tokio::test]
async fn fundings_are_found_by_batch_by_day_by_source_and_by_state() {
    let file = PayrollFile::of(40);
    let (journey, batch_id) = paid(&file).await;
    let api = Api::of(&journey);
    let sources = file.contents.payable_by_source.len();
    let of_batch = whole(&api, UPLOADS, &format!("/fundings?batch={batch_id}"), 2).await;
    assert_eq!(of_batch.len(), sources);
    let ids = |found: &[Value]| -> BTreeSet<String> {
        found.iter().map(|funding| funding["funding_id"].as_str().unwrap().to_owned()).collect()
    };
    let of_days = whole(&api, UPLOADS, "/fundings?from=2026-03-01&until=2026-03-31", 2).await;
    assert_eq!(ids(&of_days), ids(&of_batch));
    assert_eq!(whole(&api, UPLOADS, "/fundings?until=2026-03-01", 2).await.len(), 0);

    let source = of_batch[0]["source_id"].as_str().unwrap();
    for path in [format!("/fundings?batch={batch_id}&source={source}"), format!("/fundings?source={source}")] {
        let found = whole(&api, UPLOADS, &path, 2).await;
        assert_eq!(ids(&found), ids(&of_batch[..1]), "{path}");
    }
    for (state, expected) in [("available", sources), ("failed", 0)] {
        assert_eq!(whole(&api, UPLOADS, &format!("/fundings?state={state}"), 2).await.len(), expected, "{state}");
    }
    // Operators read them without a second role.
    assert_eq!(ids(&whole(&api, OPERATES, &format!("/fundings?batch={batch_id}"), 2).await), ids(&of_batch));
}
