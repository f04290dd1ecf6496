//! The stop switch: thrown by an operator, it holds every payer, those that do not exist yet too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use journeys::api::{Api, OPERATES, Sent, UPLOADS};
use journeys::audit::Audit;
use journeys::file::PayrollFile;
use journeys::journey::{Journey, OPERATOR};
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::leg::State;
use shared::domain::stop::ALL;
use shared::operations::system::Clients;
use shared::operations::{OperationError, System, refund, stops};
use shared::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};
use shared::store::keys;

async fn throw(api: &Api, scope: &str, stopped: bool) -> Value {
    let body = json!({"stopped": stopped, "reason": "a drill"});
    api.expect(OPERATES, Method::PUT, &format!("/stops/{scope}"), Sent::Json(body)).await
}

async fn let_hours_pass(journey: &Journey, hours: i64) {
    journey.go_on_to(journey.now() + SignedDuration::from_hours(hours)).await;
}

/// A second later every process has seen what the switch says.
fn let_a_second_pass(journey: &Journey) {
    journey.clock.advance(std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn a_stop_of_all_holds_a_source_that_nobody_has_heard_of_yet() {
    let file = PayrollFile::of(12);
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    throw(&api, "all", true).await;
    let batch_id = journey.begin(&file).await;
    let_hours_pass(&journey, 6).await;
    assert_eq!(journey.bank.transfers().len(), 0, "nothing was pulled");
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Paying);

    let started = throw(&api, "all", false).await;
    assert_eq!((&started["stopped"], &started["confirmed"]), (&json!(false), &json!(false)));
    let_a_second_pass(&journey);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_stop_of_one_payer_thrown_before_it_exists_holds_it_alone() {
    let file = PayrollFile::of(30);
    let held = file.contents.payable_by_source.keys().next().unwrap().clone();
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    throw(&api, &held, true).await;
    let batch_id = journey.begin(&file).await;
    let_hours_pass(&journey, 6).await;
    let pulled: i64 = journey.bank.debits().iter().map(|debit| debit.cents).sum();
    let total = file.contents.payable.total_cents;
    assert_eq!(pulled, total - file.contents.payable_by_source[&held].total_cents);

    throw(&api, &held, false).await;
    let_a_second_pass(&journey);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}

/// The funding is with the bank, the payouts are not: a stop lets none of them leave and says what had left.
#[tokio::test]
async fn a_stop_is_confirmed_when_what_was_claimed_before_is_over_and_says_what_had_left() {
    let file = PayrollFile::of(12);
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    let batch_id = journey.begin(&file).await;
    while journey.bank.debits().len() < file.contents.payable_by_source.len() {
        assert!(journey.step().await);
    }
    let asked = throw(&api, "all", true).await;
    assert_eq!((&asked["stopped"], &asked["confirmed"], &asked["left"]), (&json!(true), &json!(false), &Value::Null));

    let over = journey.system.settings.lease + std::time::Duration::from_secs(1);
    journey.go_on_to(journey.now() + SignedDuration::try_from(over).unwrap() - SignedDuration::from_secs(1)).await;
    assert_eq!(api.get(OPERATES, "/stops/all").await["confirmed"], false, "a claim from before may still be sent");
    journey.go_on_to(journey.now() + SignedDuration::from_secs(3)).await;
    let confirmed = api.get(OPERATES, "/stops/all").await;
    assert_eq!(confirmed["confirmed"], true);
    assert_eq!(confirmed["left"]["fundings"]["count"], file.contents.payable_by_source.len());
    assert_eq!(confirmed["left"]["payouts"]["count"], 0);
    let pulled: i64 = journey.bank.debits().iter().map(|debit| debit.cents).sum();
    assert_eq!(confirmed["left"]["fundings"]["total"], shared::domain::money::Cents::new(pulled).to_string());
    assert_eq!(api.get(OPERATES, "/stops").await["items"], json!([confirmed]));

    journey.let_days_pass(8).await;
    assert_eq!(journey.bank.payouts().len(), 0, "no payout left");
    let payments = journey.payments(batch_id).await;
    assert!(payments.iter().all(|payment| payment.leg.state != State::Submitting));
}

#[tokio::test]
async fn a_stop_holds_refunds() {
    let file = PayrollFile::generated(&journeys::file::one_source(10));
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R02"]);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    let api = Api::of(&journey);
    throw(&api, "all", true).await;
    let_a_second_pass(&journey);
    let payouts = journey.bank.payouts().len();
    refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap();
    let_hours_pass(&journey, 3).await;
    assert_eq!(journey.bank.payouts().len(), payouts, "no refund left");
    throw(&api, "all", false).await;
    let_hours_pass(&journey, 3).await;
    assert_eq!(journey.bank.payouts().len(), payouts + 1);
}

/// Without the copy beside it, a table restored to a moment before the stop would let everything leave.
#[tokio::test]
async fn a_stop_outlives_the_table_that_it_was_written_to() {
    let file = PayrollFile::of(12);
    let mut journey = Journey::start(&file);
    let before = journey.dump();
    throw(&Api::of(&journey), "all", true).await;
    journey.restore(before);
    let api = Api::of(&journey);
    let known = api.get(OPERATES, "/stops/all").await;
    assert_eq!((&known["stopped"], &known["reason"]), (&json!(true), &json!("a drill")));
    let batch_id = journey.begin(&file).await;
    let_hours_pass(&journey, 6).await;
    assert_eq!(journey.bank.transfers().len(), 0);

    throw(&api, "all", true).await;
    let_hours_pass(&journey, 1).await;
    assert_eq!(api.get(OPERATES, "/stops/all").await["confirmed"], true);
    throw(&api, "all", false).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audited = api.get(OPERATES, "/audit?subject=all").await;
    let actions: Vec<&str> = audited["items"].as_array().unwrap().iter().filter_map(|e| e["action"].as_str()).collect();
    assert_eq!(actions, ["stop", "start"], "what was thrown before the restored moment is not in its audit");
}

/// A table on which somebody else writes the switch before each of the first so many writes of ours.
#[derive(Debug)]
struct OthersAreFaster {
    table: Arc<dyn Table>,
    left: AtomicU32,
}

#[async_trait]
impl Table for OthersAreFaster {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.table.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.table.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let of_switch = changes.iter().map(Change::key).find(|key| **key == keys::stop(ALL)).cloned();
        if let Some(key) = of_switch
            && self.left.load(Ordering::SeqCst) > 0
        {
            self.left.fetch_sub(1, Ordering::SeqCst);
            return Err(TableError::ConditionFailed { key, existing: None });
        }
        self.table.write(changes).await
    }
}

fn behind_others(journey: &Journey, times: u32) -> System {
    let table = OthersAreFaster { table: journey.system.table.clone(), left: AtomicU32::new(times) };
    System { table: Arc::new(table), clients: Arc::new(Clients::default()), ..journey.system.clone() }
}

/// Two operators, or the count of what had left, write the switch at the same moment: nobody has to ask again for that.
#[tokio::test]
async fn a_switch_that_others_write_meanwhile_is_thrown_all_the_same() {
    let journey = Journey::start(&PayrollFile::of(4));
    for stopped in [true, false] {
        let system = behind_others(&journey, 3);
        let thrown = stops::throw(&system, ALL, stopped, OPERATOR, "a drill").await.unwrap().unwrap();
        assert_eq!(thrown.stopped, stopped);
        assert_eq!(stops::load(&journey.system, ALL).await.unwrap().unwrap().stopped, stopped);
    }
}

/// Whoever is told that nothing was done must not have stopped everybody, without an entry in the audit.
#[tokio::test]
async fn a_stop_that_is_refused_stops_nobody() {
    let journey = Journey::start(&PayrollFile::of(4));
    let refused = stops::throw(&behind_others(&journey, u32::MAX), ALL, true, OPERATOR, "a drill").await;
    assert!(matches!(refused, Err(OperationError::Contended(_))), "{refused:?}");
    assert_eq!(stops::load(&journey.system, ALL).await.unwrap(), None);
    assert!(stops::on(&journey.system).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_switch_is_thrown_by_operators_with_a_reason() {
    let journey = Journey::start(&PayrollFile::of(4));
    let api = Api::of(&journey);
    let throw = |reason: &str| Sent::Json(json!({"stopped": true, "reason": reason}));
    let (status, body) = api.send(OPERATES, Method::PUT, "/stops/all", throw("  ")).await;
    assert_eq!((status, &body["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("reason_invalid")));
    let (status, _) = api.send(UPLOADS, Method::PUT, "/stops/all", throw("because")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let never = api.get(OPERATES, "/stops/CORP-9").await;
    assert_eq!((&never["stopped"], &never["by"]), (&json!(false), &Value::Null));
}
