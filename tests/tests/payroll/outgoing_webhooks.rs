//! What a company's own systems are told: signed, once per occasion, through outages of their receivers, and nothing that is nobody's
//! business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use http::{Method, StatusCode};
use jiff::SignedDuration;
use journeys::api::{Api, OPERATES, Sent};
use journeys::delivery::{Arrival, Delivery};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::adapters::simulated::SeededRandom;
use shared::domain::batch::BatchState;
use shared::domain::webhooks::delivery::SendFailure;
use shared::ports::clock::Clock as _;
use shared::ports::webhook_sender::WebhookCall;
use simulation::crash::CrashControl;
use simulators::column::Control;

const URL: &str = "https://payroll.example.com/clearway";

const ALL_TYPES: [&str; 18] = [
    "batch.summarized",
    "batch.rejected",
    "batch.approved",
    "batch.declined",
    "batch.expired",
    "batch.completed",
    "batch.retried",
    "batch.failed",
    "batch.canceled",
    "payment.settled",
    "payment.failed",
    "payment.returned",
    "payment.canceled",
    "funding.available",
    "funding.failed",
    "funding.returned",
    "attention.raised",
    "attention.cleared",
];

/// A journey with one endpoint.
struct Told {
    journey: Journey,
    api: Api,
    path: String,
    secret: String,
}

impl Told {
    async fn of(file: &PayrollFile, event_types: &[&str]) -> Self {
        let journey = Journey::start(file);
        let api = Api::of(&journey);
        let made = api.post(OPERATES, "/webhook-endpoints", json!({"url": URL, "event_types": event_types})).await;
        let path = format!("/webhook-endpoints/{}", made["endpoint_id"].as_str().unwrap());
        Self { journey, api, path, secret: made["secret"].as_str().unwrap().to_owned() }
    }

    async fn pay(&self, file: &PayrollFile) -> String {
        let batch_id = self.journey.begin(file).await;
        assert_eq!(self.journey.finish(batch_id).await.state, BatchState::Completed);
        self.settle().await;
        batch_id.to_string()
    }

    /// What happened just now is delivered.
    async fn settle(&self) {
        self.journey.go_on_to(self.journey.now() + SignedDuration::from_mins(2)).await;
    }

    /// Everything that was taken, verified.
    fn taken(&self) -> Vec<Received> {
        let calls = self.journey.webhooks.calls().into_iter();
        let taken = calls.filter(|(_, answer)| matches!(answer, Ok(200..=299)));
        taken.map(|(call, _)| Received::verified(&call, &self.secret)).collect()
    }

    fn of_type(&self, event_type: &str) -> Vec<Value> {
        self.taken().into_iter().filter(|received| received.body["type"] == event_type).map(|r| r.body).collect()
    }

    /// How many events of each type were taken, each id once.
    fn count(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        let taken: BTreeMap<String, Value> = self.taken().into_iter().map(|r| (r.id, r.body)).collect();
        for body in taken.into_values() {
            *count.entry(body["type"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        count
    }

    fn stored_events(&self) -> usize {
        self.journey.dump().iter().filter(|item| item["pk"].as_str().unwrap().starts_with("WEBHOOK_EVENTS#")).count()
    }
}

/// An event as a receiver has it.
struct Received {
    id: String,
    body: Value,
}

impl Received {
    /// Verified by the text of the specification, with nothing of what has signed it.
    fn verified(call: &WebhookCall, secret: &str) -> Self {
        assert!(verifies(call, secret), "{call:?}");
        Self { id: header(call, "webhook-id").to_owned(), body: serde_json::from_slice(&call.body).unwrap() }
    }
}

fn header<'c>(call: &'c WebhookCall, wanted: &str) -> &'c str {
    call.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str()).unwrap()
}

fn verifies(call: &WebhookCall, secret: &str) -> bool {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut signed = format!("{}.{}.", header(call, "webhook-id"), header(call, "webhook-timestamp")).into_bytes();
    signed.extend_from_slice(&call.body);
    header(call, "webhook-signature").split(' ').filter_map(|signature| signature.strip_prefix("v1,")).any(
        |signature| {
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(&signed);
            STANDARD.decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
        },
    )
}

fn counted<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.into_iter().map(|(event_type, count)| (event_type.to_owned(), count)).collect()
}

#[tokio::test]
async fn a_batch_is_told_of_from_its_summary_to_its_end_with_every_payment() {
    let file = PayrollFile::of(40);
    let told = Told::of(&file, &ALL_TYPES).await;
    let batch_id = told.pay(&file).await;
    let contents = &file.contents;
    let (settled, failed) = (contents.payable.rows as usize, contents.unpayable.rows as usize);
    let expected = counted([
        ("batch.summarized", 1),
        ("batch.approved", 1),
        ("batch.completed", 1),
        ("payment.settled", settled),
        ("payment.failed", failed),
        ("funding.available", contents.payable_by_source.len()),
    ]);
    assert!(failed > 0, "the file has rows that nobody can pay");
    assert_eq!(told.count(), expected);

    let completed = &told.of_type("batch.completed")[0]["data"];
    assert_eq!(
        (&completed["batch_id"], &completed["paid"], &completed["not_paid"]),
        (&json!(batch_id), &json!(settled), &json!(failed))
    );
    let first = &told.of_type("payment.settled")[0];
    assert_eq!((&first["data"]["object"], &first["data"]["state"]), (&json!("payment"), &json!("completed")));
    assert!(first["timestamp"].as_str().unwrap().ends_with('Z'));
}

/// The signed time is the machine's own, whatever business time is.
#[tokio::test]
async fn what_is_sent_holds_no_name_and_no_account_number() {
    let file = PayrollFile::of(20);
    let told = Told::of(&file, &ALL_TYPES).await;
    told.pay(&file).await;
    let calls = told.journey.webhooks.calls();
    for (call, _) in &calls {
        let text = String::from_utf8(call.body.to_vec()).unwrap();
        for row in &file.rows {
            let (last, loan) = (&row.employee.last_name, &row.payee.loan_account_number);
            let personal = [last, loan, &row.source.account_number];
            assert!(!personal.into_iter().any(|value| text.contains(value.as_str())), "{text}");
        }
        let sent_at: i64 = header(call, "webhook-timestamp").parse().unwrap();
        assert!(sent_at <= told.journey.clock.elapsed_now().as_second());
    }
    assert!(!calls.is_empty());
}

#[tokio::test]
async fn nothing_is_written_of_what_nobody_takes() {
    let file = PayrollFile::generated(&one_source(6));
    let told = Told::of(&file, &["batch.completed"]).await;
    told.pay(&file).await;
    assert_eq!((told.stored_events(), told.count()), (1, counted([("batch.completed", 1)])));

    told.api.expect(OPERATES, Method::DELETE, &told.path, Sent::Nothing).await;
    let other = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    told.pay(&other).await;
    assert_eq!(told.stored_events(), 1, "its endpoint is gone");
    let (status, _) = told.api.send(OPERATES, Method::GET, &told.path, Sent::Nothing).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_receiver_that_is_down_for_a_day_has_each_event_once_afterwards() {
    let file = PayrollFile::generated(&one_source(6));
    let told = Told::of(&file, &["batch.completed", "payment.settled"]).await;
    told.journey.webhooks.always(Some(Err(SendFailure::TimedOut)));
    told.pay(&file).await;
    told.journey.let_days_pass(1).await;
    assert_eq!(told.taken().len(), 0);
    assert!(told.api.get(OPERATES, &told.path).await["failing_since"].is_string());

    told.journey.webhooks.always(None);
    told.journey.let_days_pass(1).await;
    assert_eq!(told.count(), counted([("batch.completed", 1), ("payment.settled", 6)]));
    assert_eq!(told.taken().len(), 7, "none came twice");
    let endpoint = told.api.get(OPERATES, &told.path).await;
    assert_eq!((&endpoint["state"], &endpoint["failing_since"]), (&json!("enabled"), &Value::Null));
    told.journey.let_days_pass(4).await;
    assert_eq!(told.taken().len(), 7);
}

/// Every message comes twice and at once, in disorder.
#[tokio::test]
async fn however_often_it_is_sent_an_occasion_has_one_id_and_one_body() {
    let file = PayrollFile::generated(&one_source(8));
    let mut sent_again = 0;
    for seed in 1..=4 {
        let mut told = Told::of(&file, &ALL_TYPES).await;
        told.journey.restart(CrashControl::scattered(Arc::new(SeededRandom::new(seed))));
        let arrival = Arrival::Shuffled(told.journey.random());
        told.journey.delivery = Delivery { arrival, messages_twice: true, webhooks_twice: true, lost: None };
        told.pay(&file).await;
        let mut bodies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for received in told.taken() {
            bodies.entry(received.id).or_default().insert(received.body.to_string());
        }
        assert!(bodies.values().all(|bodies| bodies.len() == 1), "{bodies:?}");
        sent_again += told.taken().len() - bodies.len();
        let settled = counted([
            ("batch.summarized", 1),
            ("batch.approved", 1),
            ("batch.completed", 1),
            ("payment.settled", 8),
            ("funding.available", 1),
        ]);
        assert_eq!(told.count(), settled, "seed {seed}");
    }
    assert!(sent_again > 0, "some are sent again");
}

#[tokio::test]
async fn after_a_rotation_both_secrets_verify_until_the_old_one_ends() {
    let file = PayrollFile::generated(&one_source(4));
    let told = Told::of(&file, &["batch.summarized"]).await;
    let rotated = told.api.post(OPERATES, &format!("{}/rotate-secret", told.path), json!({"overlap_hours": 24})).await;
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, told.secret);
    assert!(rotated["previous_secret_until"].is_string());

    let send = async || {
        let batch_id = told.journey.upload(&file).await;
        told.journey.summarize(batch_id).await;
        told.settle().await;
        told.journey.webhooks.calls().pop().unwrap().0
    };
    let call = send().await;
    assert!(verifies(&call, new) && verifies(&call, &told.secret));
    told.journey.let_days_pass(1).await;
    let call = send().await;
    assert!(verifies(&call, new) && !verifies(&call, &told.secret));
    assert_eq!(told.api.get(OPERATES, &told.path).await["previous_secret_until"], Value::Null);
}

#[tokio::test]
async fn what_was_taken_is_sent_again_where_somebody_asks() {
    let file = PayrollFile::generated(&one_source(5));
    let told = Told::of(&file, &["payment.settled", "batch.completed"]).await;
    let began = told.journey.now().to_string();
    told.pay(&file).await;
    let ids = |told: &Told| told.taken().into_iter().map(|received| received.id).collect::<Vec<_>>();
    let first = ids(&told);
    let replay = format!("{}/replay", told.path);
    told.api.post(OPERATES, &replay, json!({"event_id": first[0]})).await;
    told.settle().await;
    assert_eq!(ids(&told)[first.len()..], first[..1]);

    assert_eq!(told.api.post(OPERATES, &replay, json!({"since": began})).await["replay_under_way"], true);
    told.settle().await;
    let again: BTreeSet<String> = ids(&told)[first.len() + 1..].iter().cloned().collect();
    assert_eq!(again, first.iter().cloned().collect(), "under the ids that they had");
    assert_eq!(told.api.get(OPERATES, &told.path).await["replay_under_way"], false);

    for refused in [json!({}), json!({"event_id": first[0], "since": began}), json!({"since": "2020-01-01T00:00:00Z"})]
    {
        let (status, _) = told.api.send(OPERATES, Method::POST, &replay, Sent::Json(refused)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn nobody_has_clearway_call_what_only_it_can_reach() {
    let file = PayrollFile::of(4);
    let told = Told::of(&file, &["batch.completed"]).await;
    for url in [
        "http://payroll.example.com/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.5/x",
        "https://2130706433/x",
        "https://[::ffff:127.0.0.1]/x",
    ] {
        let body = json!({"url": url, "event_types": ["batch.completed"]});
        let (status, problem) = told.api.send(OPERATES, Method::POST, "/webhook-endpoints", Sent::Json(body)).await;
        let code = problem["code"].as_str().unwrap_or_default();
        assert_eq!((status, code), (StatusCode::UNPROCESSABLE_ENTITY, "webhook_url_refused"), "{url}");
    }
    let same = json!({"url": URL, "event_types": ["batch.completed"]});
    let (status, problem) = told.api.send(OPERATES, Method::POST, "/webhook-endpoints", Sent::Json(same)).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("webhook_url_exists")));
    let unknown = json!({"url": "https://example.org/x", "event_types": ["batch.paid"]});
    let (status, _) = told.api.send(OPERATES, Method::POST, "/webhook-endpoints", Sent::Json(unknown)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_return_after_the_batch_was_completed_is_told_with_its_code() {
    let file = PayrollFile::generated(&one_source(6));
    let told = Told::of(&file, &ALL_TYPES).await;
    told.pay(&file).await;
    let payout = told.journey.bank.payouts().remove(0);
    told.journey.bank.return_now(&payout.id, "R03");
    told.settle().await;
    let returned = told.of_type("payment.returned");
    assert_eq!(returned.len(), 1);
    let data = &returned[0]["data"];
    let says =
        [&data["payment_id"], &data["state"], &data["previous_state"], &data["return_code"], &data["transfer_id"]];
    assert_eq!(
        says,
        [&json!(payout.item()), &json!("returned"), &json!("completed"), &json!("R03"), &json!(payout.id)]
    );
    assert_eq!(told.of_type("batch.completed").len(), 1);
}

#[tokio::test]
async fn a_flag_is_told_of_when_it_is_raised_and_when_it_is_cleared() {
    let file = PayrollFile::generated(&one_source(6));
    let told = Told::of(&file, &ALL_TYPES).await;
    told.pay(&file).await;
    let payout = told.journey.bank.payouts().remove(0);
    told.journey.bank.return_now(&payout.id, "R03");
    told.journey.bank.control(Control::DishonorReturn { transfer_id: payout.id.clone() });
    told.settle().await;
    let raised = told.of_type("attention.raised");
    assert_eq!(raised.len(), 1);
    assert_eq!(
        (&raised[0]["data"]["item_id"], &raised[0]["data"]["reason"]),
        (&json!(payout.item()), &json!("return_disputed"))
    );
    assert_eq!(told.of_type("attention.cleared").len(), 0);

    let path = format!("/payments/{}/attention/clear", payout.item());
    told.api.post(OPERATES, &path, json!({"note": "asked the bank"})).await;
    told.settle().await;
    let cleared = told.of_type("attention.cleared");
    assert_eq!(cleared.len(), 1);
    assert_eq!(cleared[0]["data"], raised[0]["data"]);
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_for_three_days_is_disabled_and_loses_nothing() {
    let file = PayrollFile::generated(&one_source(4));
    let told = Told::of(&file, &["batch.completed", "batch.summarized"]).await;
    told.journey.webhooks.always(Some(Ok(500)));
    let began = told.journey.now().to_string();
    told.pay(&file).await;
    told.journey.let_days_pass(4).await;
    assert_eq!(told.api.get(OPERATES, &told.path).await["state"], "disabled");
    let sent = told.journey.notices.sent();
    let notices: Vec<_> = sent.iter().filter(|notice| notice.kind == "webhook_endpoint_disabled").collect();
    assert_eq!(notices.len(), 1);
    assert!(notices[0].text.contains("/enable"), "{}", notices[0].text);

    let calls = told.journey.webhooks.calls().len();
    let other = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    told.pay(&other).await;
    assert_eq!(told.journey.webhooks.calls().len(), calls, "nothing is sent to it");
    let (status, _) = told
        .api
        .send(OPERATES, Method::POST, &format!("{}/replay", told.path), Sent::Json(json!({"since": began})))
        .await;
    assert_eq!(status, StatusCode::CONFLICT);

    told.journey.webhooks.always(None);
    let enabled = told.api.post(OPERATES, &format!("{}/enable", told.path), Value::Null).await;
    assert_eq!(enabled["state"], "enabled");
    told.api.post(OPERATES, &format!("{}/replay", told.path), json!({"since": began})).await;
    told.settle().await;
    assert_eq!(told.count(), counted([("batch.completed", 2), ("batch.summarized", 2)]));
}

#[tokio::test]
async fn operators_see_what_became_of_each_event() {
    let file = PayrollFile::generated(&one_source(4));
    let told = Told::of(&file, &["batch.summarized", "batch.approved"]).await;
    told.journey.webhooks.once(Ok(503));
    told.journey.begin(&file).await;
    told.journey.settle_now().await;
    let listed = async |query: &str| {
        let page = told.api.get(OPERATES, &format!("{}/deliveries?{query}", told.path)).await;
        page["items"].as_array().unwrap().clone()
    };
    let waiting = listed("state=waiting").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0]["last_status"], &waiting[0]["tries"]), (&json!(503), &json!(1)));
    assert!(waiting[0]["next_try_at"].is_string());
    assert_eq!(listed("state=delivered&day=2026-03-02").await.len(), 1);
    assert_eq!(listed("day=2026-03-01").await.len(), 0);

    told.settle().await;
    let all = listed("day=2026-03-02").await;
    assert!(all.iter().all(|delivery| delivery["state"] == "delivered"), "{all:?}");
    let first = told.api.get(OPERATES, &format!("{}/deliveries?limit=1", told.path)).await;
    let next = first["next_cursor"].as_str().unwrap();
    let second = told.api.get(OPERATES, &format!("{}/deliveries?limit=1&cursor={next}", told.path)).await;
    assert_eq!([&first["items"][0], &second["items"][0]], [&all[0], &all[1]]);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    let file = PayrollFile::of(4);
    let told = Told::of(&file, &["batch.completed"]).await;
    let secret = told.secret.strip_prefix("whsec_").unwrap();
    assert_eq!(STANDARD.decode(secret).unwrap().len(), 32);
    for path in ["/webhook-endpoints", &told.path] {
        assert!(!told.api.get(OPERATES, path).await.to_string().contains(secret), "{path}");
    }
    let stored = json!(told.journey.dump()).to_string();
    assert!(stored.contains(URL) && !stored.contains(secret));
}
