//! The table is restored from a backup while the bank goes on knowing all: the runbook of docs/operate.md, step by step.

use std::collections::BTreeSet;

use http::Method;
use jiff::Timestamp;
use journeys::api::{Api, OPERATES, Sent};
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::leg::State;

async fn throw(api: &Api, stopped: bool) -> Value {
    let body = json!({"stopped": stopped, "reason": "restoring the table"});
    api.expect(OPERATES, Method::PUT, "/stops/all", Sent::Json(body)).await
}

/// A real one of the days since before the backup; answers what it found.
async fn reconciled(journey: &Journey, api: &Api) -> Vec<Value> {
    let to = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let range = json!({"from": "2026-03-02", "to": to, "dry_run": false});
    let begun = api.post(OPERATES, "/reconciliations", range).await;
    let path = format!("/reconciliations/{}", begun["reconciliation_id"].as_str().unwrap());
    for _ in 0..48 {
        journey.go_on_to(journey.now() + jiff::SignedDuration::from_mins(30)).await;
        if api.get(OPERATES, &path).await["state"] == "completed" {
            let found = api.get(OPERATES, &format!("{path}/items?limit=200")).await;
            return found["items"].as_array().unwrap().clone();
        }
    }
    panic!("the reconciliation never ends");
}

/// One batch was under way when the backup was taken and has been paid since; another was uploaded, approved and paid since, and the
/// restored table has never heard of it.
#[tokio::test]
async fn after_a_restore_nothing_is_paid_twice() {
    let (known, unknown) = (PayrollFile::of(12), PayrollFile::of(12).changed(|rows| rows[0].amount_cents += 100));
    let mut journey = Journey::start(&known);
    journey.keeps_rounds = true;
    let known_id = journey.begin(&known).await;
    while journey.bank.debits().len() < known.contents.payable_by_source.len() {
        assert!(journey.step().await);
    }
    let backup = journey.dump();
    assert_eq!(journey.finish(known_id).await.state, BatchState::Completed);
    let unknown_id = journey.begin(&unknown).await;
    assert_eq!(journey.finish(unknown_id).await.state, BatchState::Completed);

    // 1 and 2: stopped, the backup is put in place of the table, and it is still stopped.
    throw(&Api::of(&journey), true).await;
    journey.let_days_pass(1).await;
    let (stopped_at, at_bank) = (journey.now(), journey.bank.transfers().len());
    journey.restore(backup);
    let api = Api::of(&journey);
    assert_eq!(api.get(OPERATES, "/stops/all").await["stopped"], true, "the copy outlives the table");
    throw(&api, true).await;

    // 3: the bank's events since the backup come in.
    journey.let_days_pass(1).await;
    let until: Timestamp = api.get(OPERATES, "/health").await["bank_events_until"].as_str().unwrap().parse().unwrap();
    assert!(until > stopped_at, "{until}");
    assert_eq!(journey.batch(known_id).await.state, BatchState::Completed);
    let payments = journey.payments(known_id).await;
    assert!(payments.iter().all(|payment| !payment.leg.state.is_open()));
    assert!(payments.iter().any(|payment| payment.leg.state == State::Completed));

    // 4: what nothing here made is named, and its payers rest.
    let found = reconciled(&journey, &api).await;
    let missing = found.iter().filter(|item| item["verdict"] == "missing_here");
    let missing: BTreeSet<&str> = missing.filter_map(|item| item["transfer_id"].as_str()).collect();
    let lost = journey.bank.transfers().into_iter().filter(|made| made.key.contains(&*simple(unknown_id)));
    let lost: BTreeSet<String> = lost.map(|made| made.id).collect();
    assert!(!lost.is_empty());
    assert_eq!(missing, lost.iter().map(String::as_str).collect());
    let sources = api.get(OPERATES, "/sources").await;
    assert!(sources["items"].as_array().unwrap().iter().all(|source| source["paused"] == true), "{sources}");

    // 5: started again. The file that the table has forgotten is approved once more before anybody has looked: it does not leave.
    throw(&api, false).await;
    journey.let_days_pass(3).await;
    journey.begin(&unknown).await;
    journey.let_days_pass(6).await;
    assert_eq!(journey.bank.transfers().len(), at_bank, "nothing was sent again");
    let keys: BTreeSet<String> = journey.bank.transfers().into_iter().map(|made| made.key).collect();
    assert_eq!(keys.len(), at_bank, "one transfer under each key");
    let paid: i64 = journey.bank.payouts().iter().map(|made| made.cents).sum();
    assert_eq!(paid, known.contents.payable.total_cents + unknown.contents.payable.total_cents);
}

/// The backup is older than its payers: nothing here knows their accounts, so that no comparison of a payer would ever look at them.
#[tokio::test]
async fn the_accounts_of_payers_younger_than_the_backup_are_named() {
    let file = PayrollFile::of(12);
    let mut journey = Journey::start(&file);
    let backup = journey.dump();
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    journey.let_days_pass(1).await;
    let (at_bank, sources) = (journey.bank.transfers(), Api::of(&journey).get(OPERATES, "/sources").await);
    let sources = sources["items"].as_array().unwrap().clone();
    journey.restore(backup);

    let api = Api::of(&journey);
    let found = reconciled(&journey, &api).await;
    let named: BTreeSet<(&str, &str)> =
        found.iter().map(|item| (item["payer_id"].as_str().unwrap(), item["subject"].as_str().unwrap())).collect();
    let accounts: BTreeSet<&str> = at_bank.iter().map(|made| made.bank_account_id.as_str()).collect();
    assert_eq!(named.iter().map(|(_, account)| *account).collect::<BTreeSet<_>>(), accounts);
    let payers: BTreeSet<&str> = sources.iter().map(|source| source["source_id"].as_str().unwrap()).collect();
    let named: BTreeSet<&str> = named.into_iter().map(|(payer, _)| payer).collect();
    assert!(!named.is_empty() && named.is_subset(&payers), "{named:?} of {payers:?}");
    assert!(found.iter().all(|item| item["verdict"] == "missing_here" && item["known"] == false), "{found:?}");
    journey.settle_now().await;
    let told = journey.notices.sent().into_iter().filter(|notice| notice.kind == "difference_found").count();
    assert_eq!(told, named.len());

    let again = reconciled(&journey, &api).await;
    assert!(again.len() == found.len() && again.iter().all(|item| item["known"] == true), "{again:?}");
    assert_eq!(journey.bank.transfers().len(), at_bank.len());
}

/// The id as keys at the bank hold it.
fn simple(id: shared::domain::ids::BatchId) -> String {
    id.to_string().trim_start_matches("bat_").to_owned()
}
