//! Proofs by an adversary about corrected accounts: what the bank corrected and two operators took back. Whatever was debited, paid or given
//! back meanwhile stays with the account that it was really made with, and nothing else goes there.

use std::collections::BTreeMap;

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::ach::account_correction::Standing;
use shared::domain::ids::BatchId;
use shared::domain::leg::{Reason, State};
use shared::operations::{account_corrections, fund, refund, retry};
use simulators::column::{CallFaultKind, Control};

use crate::external_account::debited;

pub(crate) const OTHER_OPERATOR: &str = "second-operator@journey.test";

/// The account that the bank's first notification names.
const CORRECTED: &str = "00000042";
/// The account that a later notification names.
const CORRECTED_AGAIN: &str = "00000043";

/// A source whose first batch is paid, and whose account the bank has corrected since.
pub(crate) struct Corrected {
    pub journey: Journey,
    pub file: PayrollFile,
    pub first: BatchId,
    /// The account that the file names.
    pub named: String,
}

pub(crate) async fn corrected_source(rows: u64) -> Corrected {
    let file = PayrollFile::generated(&one_source(rows));
    let named = file.rows[0].source.account_number.clone();
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let debit = journey.bank.debits().remove(0);
    correct(&journey, &debit.id, CORRECTED).await;
    Corrected { journey, file, first, named }
}

pub(crate) async fn correct(journey: &Journey, transfer_id: &str, account_number: &str) {
    journey.bank.correct_account(transfer_id, account_number);
    journey.let_days_pass(1).await;
}

/// Two operators take back the only correction there is. Answers what its account is known by.
async fn take_back(journey: &Journey) -> String {
    let (listed, _) = account_corrections::list(&journey.system, None, 10).await.unwrap();
    let [correction] = &listed[..] else { panic!("one: {listed:?}") };
    let account = correction.account.clone();
    account_corrections::propose_withdrawal(&journey.system, &account, "its bank denies it", OPERATOR).await.unwrap();
    account_corrections::confirm_withdrawal(&journey.system, &account, OTHER_OPERATOR).await.unwrap();
    account
}

/// The same payments, each so many cents more.
pub(crate) fn later(file: &PayrollFile, cents: i64) -> PayrollFile {
    file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += cents))
}

pub(crate) async fn paid(journey: &Journey, file: &PayrollFile) -> BatchId {
    let batch_id = journey.begin(file).await;
    journey.finish(batch_id).await;
    batch_id
}

/// The row's payout comes back to us.
pub(crate) async fn comes_back(journey: &Journey, batch_id: BatchId, row: usize, code: &str) {
    let transfer_id = journey.payments(batch_id).await[row].leg.transfer_id.clone().unwrap();
    journey.bank.return_now(&transfer_id, code);
    journey.settle_now().await;
}

/// Refunds what is left of a batch. Answers, by account, how many cents the bank moved there for it, and the id of the last transfer.
pub(crate) async fn given_back(journey: &Journey, batch_id: BatchId) -> (BTreeMap<String, i64>, String) {
    let made = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made;
    while journey.step().await {}
    let (mut by_account, mut last) = (BTreeMap::new(), String::new());
    for transfer in journey.bank.payouts() {
        if made.iter().any(|refund| refund.id.to_string() == transfer.item()) {
            *by_account.entry(journey.bank.account_of(&transfer)).or_default() += transfer.cents;
            last = transfer.id;
        }
    }
    (by_account, last)
}

/// A refused debit was never sent: what the next send pulls from is what counts then, not what the refused one would have pulled from.
#[tokio::test]
async fn a_debit_that_was_refused_leaves_a_correction_that_is_taken_back_before_it_is_sent_again() {
    let Corrected { journey, file, first, named } = corrected_source(1).await;
    let next = later(&file, 1);
    journey.bank.fail_transfers(CallFaultKind::Unauthorized, 1_000);
    let second = journey.begin(&next).await;
    let refused = Some(Reason::Deferred("http_401".to_owned()));
    loop {
        let fundings = fund::all_fundings(&journey.system, &journey.batch(second).await).await.unwrap();
        if let Some(funding) = fundings.first().filter(|funding| funding.leg.reason == refused) {
            assert_eq!(funding.leg.state, State::Unprocessed);
            break;
        }
        assert!(journey.step().await, "the debit is never refused");
    }
    take_back(&journey).await;
    journey.bank.control(Control::ClearFaults);
    journey.finish(second).await;

    assert_eq!(debited(&journey, second).await, [named]);
    Audit::of(&journey, &[(first, &file), (second, &next)]).await.is_clean(&journey);
}

/// A correction of the account that the file names says nothing about the one that had been debited in its place.
#[tokio::test]
async fn a_refund_goes_where_its_money_came_from_though_the_named_account_is_corrected_anew() {
    let Corrected { journey, file, named, .. } = corrected_source(1).await;
    let second = paid(&journey, &later(&file, 1)).await;
    assert_eq!(debited(&journey, second).await, [CORRECTED]);
    take_back(&journey).await;
    journey.let_days_pass(1).await;
    let third = paid(&journey, &later(&file, 2)).await;
    assert_eq!(debited(&journey, third).await, [named]);
    let debit = journey.bank.debits().pop().unwrap();
    correct(&journey, &debit.id, CORRECTED_AGAIN).await;
    let fourth = paid(&journey, &later(&file, 3)).await;
    assert_eq!(debited(&journey, fourth).await, [CORRECTED_AGAIN], "the new correction is in use");

    comes_back(&journey, second, 0, "R02").await;
    let (by_account, _) = given_back(&journey, second).await;
    let cents = file.rows[0].amount_cents + 1;
    assert_eq!(by_account, BTreeMap::from([(CORRECTED.to_owned(), cents)]));
}

/// Otherwise a word about an account that nobody debits any more would move the debits of another.
#[tokio::test]
async fn a_correction_told_of_a_refund_belongs_to_the_account_that_the_refund_went_to() {
    let Corrected { journey, file, first, named } = corrected_source(1).await;
    let (second_file, third_file) = (later(&file, 1), later(&file, 2));
    let second = paid(&journey, &second_file).await;
    assert_eq!(debited(&journey, second).await, [CORRECTED]);
    let account = take_back(&journey).await;
    journey.let_days_pass(1).await;
    comes_back(&journey, second, 0, "R02").await;
    let (by_account, refund) = given_back(&journey, second).await;
    assert_eq!(by_account.keys().collect::<Vec<_>>(), [CORRECTED]);
    correct(&journey, &refund, CORRECTED_AGAIN).await;

    let of_named = account_corrections::load(&journey.system, &account).await.unwrap();
    assert!(matches!(of_named.standing, Standing::Withdrawn { .. }), "{of_named:?}");
    let (listed, _) = account_corrections::list(&journey.system, None, 10).await.unwrap();
    let told: Vec<_> = listed.iter().filter(|correction| correction.standing == Standing::InUse).collect();
    assert_eq!(told.len(), 1, "{listed:?}");
    assert!(CORRECTED.ends_with(&told[0].account_last4) && !told[0].account_last4.is_empty(), "{told:?}");
    assert_eq!(told[0].corrected_last4.as_deref(), Some("0043"));

    let third = paid(&journey, &third_file).await;
    assert_eq!(debited(&journey, third).await, [named]);
    let batches = [(first, &file), (second, &second_file), (third, &third_file)];
    Audit::of(&journey, &batches).await.is_clean(&journey);
}

/// Two rounds pulled from two accounts under one name. Were they one, an account would get what the other had paid in.
#[tokio::test]
async fn no_account_gets_back_more_than_it_paid_in_where_a_correction_was_taken_back_between_rounds() {
    let Corrected { journey, file, first, named } = corrected_source(2).await;
    let next = file.changed(|rows| {
        rows[0].amount_cents = 4_000;
        rows[1].amount_cents = 6_000;
    });
    let second = paid(&journey, &next).await;
    comes_back(&journey, second, 1, "R18").await;
    let (early, _) = given_back(&journey, second).await;
    assert_eq!(early, BTreeMap::from([(CORRECTED.to_owned(), 6_000)]));

    take_back(&journey).await;
    journey.let_days_pass(1).await;
    retry::retry(&journey.system, second, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(second).await;
    assert_eq!(debited(&journey, second).await, [CORRECTED.to_owned(), named.clone()]);
    for row in [0, 1] {
        comes_back(&journey, second, row, "R02").await;
    }
    let (late, _) = given_back(&journey, second).await;
    // Paid in: 100.00 by the corrected account, of which it has had 60.00 back, and 60.00 by the named one.
    assert_eq!(late, BTreeMap::from([(CORRECTED.to_owned(), 4_000), (named, 6_000)]));
    Audit::of(&journey, &[(first, &file), (second, &next)]).await.is_clean(&journey);
}
