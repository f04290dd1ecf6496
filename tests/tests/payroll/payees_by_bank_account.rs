//! Wages paid into bank accounts: from the file to the bank, back by a return, and to where the bank has corrected an account.

use std::time::Duration;

use generator::Field;
use http::{Method, StatusCode};
use journeys::api::{Api, Sent, UPLOADS};
use journeys::audit::Audit;
use journeys::bank::Transfer;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::leg::State;
use shared::domain::payment::Payment;
use shared::domain::payroll_file::Warning;
use shared::domain::reconciliation::{Range, ReconciliationState};
use shared::domain::task::{ReportFormat, ReportKind};
use shared::operations::{OperationError, reconciliation, report_text, retry};

use super::returns::paid;

const ROUTING: &str = "021000021";

#[derive(Clone, Copy)]
pub(crate) struct Account {
    pub number: &'static str,
    pub kind: &'static str,
    pub holder: &'static str,
}

const CHECKING: Account = Account { number: "000123456789", kind: "checking", holder: "Pat Example" };
const SAVINGS: Account = Account { number: "55-0098-X1", kind: "Savings", holder: "Zoë Sample" };
const OTHER: Account = Account { number: "7700112233", kind: "checking", holder: "Noor Example" };

/// The file as a table whose first rows are paid into these accounts; the other ones pay their loans.
pub(crate) fn paid_into(file: &PayrollFile, accounts: &[Account]) -> PayrollFile {
    let of_payee = ["payee_routing_number", "payee_account_number", "payee_account_type", "payee_name"];
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(Field::ALL.map(Field::path).into_iter().chain(of_payee)).unwrap();
    for (place, row) in file.rows.iter().enumerate() {
        let account = accounts.get(place);
        let cell = |field: &Field| match (field, account) {
            (Field::InstitutionId | Field::LoanAccountNumber, Some(_)) => String::new(),
            _ => row.text(*field).into_owned(),
        };
        let payee = account.map_or([""; 4], |account| [ROUTING, account.number, account.kind, account.holder]);
        writer.write_record(Field::ALL.iter().map(cell).chain(payee.map(str::to_owned))).unwrap();
    }
    let bytes = writer.into_inner().unwrap();
    let mut contents = file.contents.clone();
    contents.sha256 = hex::encode(Sha256::digest(&bytes));
    contents.bytes = bytes.len() as u64;
    PayrollFile { bytes: bytes.into(), rows: file.rows.clone(), contents }
}

/// The same with a cent more a row.
fn next(file: &PayrollFile) -> PayrollFile {
    file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1))
}

fn payout_of(journey: &Journey, payment: &Payment) -> Transfer {
    let id = payment.id.to_string();
    journey.bank.payouts().into_iter().rfind(|payout| payout.item() == id).unwrap()
}

/// Routing number, account number and kind of account at the other end of a payout, as the bank has them.
fn external_account(journey: &Journey, payout: &Transfer) -> Value {
    let known = journey.bank.get(&format!("/counterparties/{}", payout.counterparty_id));
    json!([known["routing_number"], known["account_number"], known["account_type"]])
}

#[tokio::test]
async fn wages_go_into_bank_accounts_beside_loans_and_are_reported_by_name_and_last_four() {
    let file = paid_into(&PayrollFile::generated(&one_source(4)), &[CHECKING, SAVINGS]);
    let journey = Journey::start(&file);
    let api = Api::of(&journey);
    let created = api.expect(UPLOADS, Method::POST, "/batches", Sent::File("text/csv", file.bytes.clone())).await;
    let batch_id = created["batch_id"].as_str().unwrap();
    let summary = api.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
    let shown = &summary["bank_accounts"];
    assert_eq!((&shown["accounts"], &shown["rows"], &summary["loans"]), (&json!(2), &json!(2), &json!(2)), "{summary}");
    assert_eq!((&shown["entry_class"], &shown["entry_description"]), (&json!("PPD"), &json!("PAYROLL")));
    assert_eq!(api.approve(batch_id, &summary).await, StatusCode::ACCEPTED);
    let id: BatchId = batch_id.parse().unwrap();
    assert_eq!(journey.finish(id).await.state, BatchState::Completed);

    let audit = Audit::of(&journey, &[(id, &file)]).await.is_clean(&journey);
    let payments = &audit.batch(id).payments;
    assert_eq!(audit.batch(id).cents(State::Completed), file.contents.total_cents);
    for (place, account, kind, name) in
        [(0, CHECKING, "checking", "PAT EXAMPLE"), (1, SAVINGS, "savings", "ZOE SAMPLE")]
    {
        let payout = payout_of(&journey, &payments[place]);
        assert_eq!(external_account(&journey, &payout), json!([ROUTING, account.number, kind]));
        let transfer = journey.bank.get(&format!("/transfers/ach/{}", payout.id));
        assert_eq!(
            (&transfer["entry_class_code"], &transfer["company_entry_description"]),
            (&json!("PPD"), &json!("PAYROLL"))
        );
        let payment = api.get(UPLOADS, &format!("/payments/{}", payments[place].id)).await;
        assert_eq!((&payment["payee_name"], &payment["institution_id"]), (&json!(name), &Value::Null));
    }
    let (_, report) = report_text::render(&journey.system, id, ReportKind::Payments, ReportFormat::Json).await.unwrap();
    let lines: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(json!([lines[0]["payee_name"], lines[0]["account_last4"]]), json!(["PAT EXAMPLE", "6789"]));
    assert_eq!(json!([lines[1]["payee_name"], lines[1]["account_last4"]]), json!(["ZOE SAMPLE", "98X1"]));
    assert_eq!(
        (&lines[2]["payee_name"], &lines[2]["institution_id"]),
        (&json!(""), &json!(file.rows[2].payee.institution_id))
    );
}

#[tokio::test]
async fn an_account_that_is_unknown_is_paid_again_once_the_bank_has_corrected_it() {
    let file = paid_into(&PayrollFile::generated(&one_source(3)), &[CHECKING, SAVINGS, OTHER]);
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R03"]);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    let refused = retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NothingToRetry))), "{refused:?}");

    let returned = journey.bank.payouts().into_iter().find(|payout| payout.status == "RETURNED").unwrap();
    let before = external_account(&journey, &returned);
    journey.bank.correct_account(&returned.id, "000777000");
    journey.settle_now().await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let again = journey.bank.payouts().into_iter().rfind(|payout| payout.item() == returned.item()).unwrap();
    assert_eq!(external_account(&journey, &again), json!([before[0], "000777000", before[2]]));
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.total_cents);
}

#[tokio::test]
async fn a_corrected_account_is_shown_and_accepted_and_used_from_the_next_batch_on() {
    let plain = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&plain);
    let (first, number) = paid(&journey, &paid_into(&plain, &[SAVINGS])).await;
    assert_eq!(number, SAVINGS.number);
    journey.bank.correct_account(&first, "000999000");
    journey.let_days_pass(1).await;

    let file = paid_into(&next(&plain), &[Account { number: "550098x1", ..SAVINGS }]);
    let batch_id = journey.upload(&file).await;
    let batch = journey.summarize(batch_id).await;
    let manifest = journey.manifest(&batch).await;
    let [correction] = manifest.corrections.as_slice() else { panic!("{:?}", manifest.corrections) };
    assert_eq!((correction.account_last4.as_str(), correction.first_row, correction.rows), ("98X1", Some(1), 1));
    assert_eq!((correction.change_code.as_str(), correction.corrected_last4.as_deref()), ("C01", Some("9000")));
    let consent = journey.consent(&batch).await;
    journey.approve(&consent, batch_id).await.unwrap();
    journey.finish(batch_id).await;
    let payment = journey.payments(batch_id).await.remove(0);
    assert_eq!(external_account(&journey, &payout_of(&journey, &payment)), json!([ROUTING, "000999000", "savings"]));
    Audit::of(&journey, &[(journey.batches().await[0].id, &plain), (batch_id, &file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn one_account_twice_is_a_warning_and_one_counterparty_that_later_batches_name() {
    let plain = PayrollFile::generated(&one_source(2)).changed(|rows| rows[1].employee = rows[0].employee.clone());
    let file = paid_into(&plain, &[CHECKING, CHECKING]);
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    let manifest = journey.manifest(&journey.batch(first).await).await;
    assert!(
        manifest.warnings.iter().any(|warning| warning.code == Warning::RepeatedAccount),
        "{:?}",
        manifest.warnings
    );
    assert_eq!(manifest.bank_accounts.as_ref().unwrap().accounts, 1);
    journey.finish(first).await;
    let second_file = paid_into(&next(&plain), &[CHECKING, CHECKING]);
    let second = journey.begin(&second_file).await;
    journey.finish(second).await;
    let named: Vec<String> = journey.bank.payouts().into_iter().map(|payout| payout.counterparty_id).collect();
    assert_eq!(named.len(), 4);
    assert!(named[..2].contains(&named[2]) && named[2] == named[3], "{named:?}");
    Audit::of(&journey, &[(first, &file), (second, &second_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_row_that_another_batch_pays_into_the_same_account_is_an_overlap() {
    let plain = PayrollFile::generated(&one_source(3));
    let file = paid_into(&plain, &[CHECKING, SAVINGS]);
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let others = plain.changed(|rows| rows.iter_mut().skip(1).for_each(|row| row.amount_cents += 1));
    let spelled = Account { number: "0001-2345-6789", holder: "P. Example", ..CHECKING };
    let second = journey.upload(&paid_into(&others, &[spelled, SAVINGS])).await;
    let manifest = journey.manifest(&journey.summarize(second).await).await;
    let overlaps: Vec<_> = manifest.overlaps.iter().map(|overlap| (overlap.batch_id, overlap.rows)).collect();
    assert_eq!(overlaps, [(first, 1)]);
}

#[tokio::test]
async fn the_table_holds_no_payee_s_account_number_in_clear() {
    let file = paid_into(&PayrollFile::generated(&one_source(3)), &[CHECKING, SAVINGS, OTHER]);
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R03"]);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    let table: String = journey.dump().iter().map(|item| serde_json::to_string(item).unwrap()).collect();
    for account in [CHECKING, SAVINGS, OTHER] {
        assert!(
            !table.contains(account.number) && !table.contains(&account.number.replace('-', "")),
            "{}",
            account.number
        );
    }
}

#[tokio::test]
async fn a_reconciliation_finds_each_payout_at_the_account_that_its_row_named() {
    let file = paid_into(&PayrollFile::generated(&one_source(3)), &[CHECKING, SAVINGS]);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.clock.advance(Duration::from_hours(5));
    journey.settle_now().await;
    let to = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let range = Range::asked("2026-03-02".parse().unwrap(), to, journey.now()).unwrap();
    let id = reconciliation::request(&journey.system, uuid::Uuid::from_u128(1), range, None, false, OPERATOR);
    let id = id.await.unwrap().id;
    while reconciliation::load(&journey.system, id).await.unwrap().state != ReconciliationState::Completed {
        journey.settle_now().await;
        journey.clock.advance(Duration::from_mins(16));
    }
    let (found, _) = reconciliation::findings(&journey.system, id, None, 100).await.unwrap();
    assert_eq!(found, []);
    assert_eq!(reconciliation::load(&journey.system, id).await.unwrap().counts.matched, 4);
}
