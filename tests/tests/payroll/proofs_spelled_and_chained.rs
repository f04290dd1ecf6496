//! Proofs by an adversary about corrected accounts: another spelling evades no correction, the account that a correction leads to is its
//! source's alone, and a refund follows the corrections that were said one after another.

use std::collections::BTreeMap;

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::ach::account_correction::{AccountCorrection, Standing};
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::external_account::account_key;
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::leg::AttentionReason;
use shared::domain::payment::{AccountPayee, Payee};
use shared::operations::attention::{self, Clearing};
use shared::operations::{OperationError, account_corrections, fund};
use shared::ports::table::Condition;
use shared::store::counterparty::{self, Correction, KnownCounterparty};
use shared::store::keys;
use shared::store::stored::create;

use crate::external_account::debited;
use crate::proofs_corrected_ends::{
    Corrected, OTHER_OPERATOR, comes_back, correct, corrected_source, given_back, later, paid,
};

pub(crate) const OTHER_SOURCE: &str = "CORP-00000000-0000-4000-8000-000000000001";

/// One loan, so many cents, its number spelled so.
pub(crate) fn loan(file: &PayrollFile, number: &str, cents: i64) -> PayrollFile {
    file.changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents += cents;
            number.clone_into(&mut row.payee.loan_account_number);
        }
    })
}

/// The account to which the only row of a batch was paid.
pub(crate) async fn paid_to(journey: &Journey, batch_id: BatchId) -> String {
    let payment = journey.payments(batch_id).await.remove(0);
    let transfer_id = payment.leg.transfer_id.unwrap();
    let transfer = journey.bank.payouts().into_iter().find(|transfer| transfer.id == transfer_id).unwrap();
    journey.bank.account_of(&transfer)
}

async fn payee(journey: &Journey, batch_id: BatchId) -> AccountPayee {
    match journey.payments(batch_id).await.remove(0).payee {
        Payee::Account(payee) => payee,
        Payee::Check(_) => panic!("a check"),
    }
}

pub(crate) async fn in_use(journey: &Journey) -> Vec<AccountCorrection> {
    let (listed, _) = account_corrections::list(&journey.system, None, 100).await.unwrap();
    listed.into_iter().filter(|correction| correction.standing == Standing::InUse).collect()
}

pub(crate) async fn take_back(journey: &Journey, account: &str) {
    account_corrections::propose_withdrawal(&journey.system, account, "its bank denies it", OPERATOR).await.unwrap();
    account_corrections::confirm_withdrawal(&journey.system, account, OTHER_OPERATOR).await.unwrap();
}

/// The same payments of another source with this account.
pub(crate) fn of_other_source(file: &PayrollFile, account: &str, cents: i64) -> PayrollFile {
    file.changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents += cents;
            OTHER_SOURCE.clone_into(&mut row.source.source_id);
            account.clone_into(&mut row.source.account_number);
            "Other Company LLC".clone_into(&mut row.source.legal_name);
        }
    })
}

/// Uploads and summarizes a file, and answers the source that its account is of, by the refusal of its approval.
pub(crate) async fn refused_for(journey: &Journey, file: &PayrollFile) -> String {
    let batch_id = journey.upload(file).await;
    let batch = journey.summarize(batch_id).await;
    let refused = journey.approve(&journey.consent(&batch).await, batch_id).await;
    let Err(OperationError::Batch(BatchRefusal::AccountOfAnotherSource { holder, .. })) = refused else {
        panic!("{refused:?}");
    };
    holder
}

#[tokio::test]
async fn a_correction_follows_every_spelling_of_its_account() {
    for (first, second) in [("11628993", "1162-8993"), ("AB628993", "ab-628993"), ("ab-62899-3", "AB628993")] {
        let file = loan(&PayrollFile::generated(&one_source(1)), first, 0);
        let again = loan(&file, second, 1);
        let journey = Journey::start(&file);
        let batch_id = paid(&journey, &file).await;
        assert_eq!(paid_to(&journey, batch_id).await, first);
        let payout = journey.bank.payouts().remove(0);
        correct(&journey, &payout.id, "99990001").await;

        let next = journey.upload(&again).await;
        let batch = journey.summarize(next).await;
        let manifest = journey.manifest(&batch).await;
        let [shown] = &manifest.corrections[..] else { panic!("{second}: {:?}", manifest.corrections) };
        assert_eq!((shown.account_last4.as_str(), shown.corrected_last4.as_deref()), ("8993", Some("0001")));
        journey.approve(&journey.consent(&batch).await, next).await.unwrap();
        journey.finish(next).await;
        assert_eq!(paid_to(&journey, next).await, "99990001", "{second}");
        assert_eq!(payee(&journey, next).await.account_last4, "8993");
        Audit::of(&journey, &[(batch_id, &file), (next, &again)]).await.is_clean(&journey);
    }
}

/// Without a correction too: what the bank knows one spelling by serves the other, and reconciliation finds nothing strange in it.
#[tokio::test]
async fn two_spellings_of_an_account_are_one_counterparty() {
    let file = loan(&PayrollFile::generated(&one_source(1)), "ab-628993", 0);
    let again = loan(&file, "AB628993", 1);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    let second = paid(&journey, &again).await;
    assert_eq!(paid_to(&journey, second).await, "ab-628993");
    assert_eq!(payee(&journey, first).await.fingerprint, payee(&journey, second).await.fingerprint);
    journey.let_days_pass(2).await;
    Audit::of(&journey, &[(first, &file), (second, &again)]).await.is_clean(&journey);
}

/// As the release before kept it: under the number as it was typed.
async fn corrected_before(journey: &Journey, payee: &AccountPayee, typed: &str, corrected: &str, said_of: ItemId) {
    let vault = journey.system.vault().await.unwrap();
    let fingerprint = vault.fingerprints.fingerprint(&[&payee.routing_number, typed]);
    let account = account_key(fingerprint.as_str(), payee.account_type);
    assert_ne!(account, payee.fingerprint);
    let bound_to = keys::counterparty(&account).pk;
    let sealed = vault.sealing.seal(corrected, &bound_to, &*journey.system.random).unwrap();
    let now = journey.now();
    let correction = Correction {
        change_code: "C01".to_owned(),
        of: Some(now),
        said_at: None,
        said_of: None,
        routing_number: None,
        sealed_account: Some(sealed.as_str().to_owned()),
        corrected_last4: Some(corrected[corrected.len() - 4..].to_owned()),
        account_type: None,
    };
    let corrected_last4 = correction.corrected_last4.clone();
    let known = KnownCounterparty { counterparty_id: None, correction: Some(correction), version: 1, updated_at: now };
    let note = AccountCorrection {
        account: account.clone(),
        version: 1,
        change_code: "C01".to_owned(),
        of: now,
        said_of,
        payer_id: "CORP-1".to_owned(),
        account_last4: typed[typed.len() - 4..].to_owned(),
        corrected_last4,
        routing_number: None,
        account_type: None,
        since: now,
        standing: Standing::InUse,
        unusable_of: None,
        unusable_said_at: None,
        withdrawal: None,
        duplicate: None,
        led_to: std::collections::BTreeSet::new(),
        earlier_endings: std::collections::BTreeSet::new(),
    };
    let changes = vec![counterparty::put(&account, &known, Condition::Absent).unwrap(), create(&note).unwrap()];
    journey.system.table.write(changes).await.unwrap();
}

#[tokio::test]
async fn what_a_release_of_before_kept_by_a_number_as_it_was_typed_is_found_and_moves_with_the_next_word() {
    let file = loan(&PayrollFile::generated(&one_source(1)), "11628-993", 0);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    let said_of = ItemId::Payment(journey.payments(first).await[0].id);
    corrected_before(&journey, &payee(&journey, first).await, "11628-993", "99990001", said_of).await;
    journey.let_days_pass(1).await;

    let second = paid(&journey, &loan(&file, "11628-993", 1)).await;
    assert_eq!(paid_to(&journey, second).await, "99990001");
    let transfer = journey.bank.payouts().pop().unwrap();
    correct(&journey, &transfer.id, "99990002").await;
    let third = paid(&journey, &loan(&file, "11628993", 2)).await;
    assert_eq!(paid_to(&journey, third).await, "99990002");
    let fourth = paid(&journey, &loan(&file, "11628-993", 3)).await;
    assert_eq!(paid_to(&journey, fourth).await, "99990002");
    let named: Vec<_> =
        in_use(&journey).await.into_iter().filter(|correction| correction.account_last4 == "8993").collect();
    assert_eq!(named.len(), 1, "{named:?}");
}

#[tokio::test]
async fn the_account_that_a_correction_leads_to_is_its_sources_alone() {
    let Corrected { journey, file, .. } = corrected_source(1).await;
    let source_id = &file.rows[0].source.source_id;
    assert_eq!(refused_for(&journey, &of_other_source(&file, "00000042", 1)).await, *source_id);
    let second = paid(&journey, &later(&file, 2)).await;
    assert_eq!(debited(&journey, second).await, ["00000042"]);
    assert_eq!(refused_for(&journey, &of_other_source(&file, "00000042", 3)).await, *source_id);

    // The source itself may name it.
    let moved = later(&file, 4).changed(|rows| "00000042".clone_into(&mut rows[0].source.account_number));
    let third = paid(&journey, &moved).await;
    assert_eq!(debited(&journey, third).await, ["00000042"]);
    assert_eq!(refused_for(&journey, &of_other_source(&file, "00000042", 5)).await, *source_id);
    // What it named before leads there still.
    let named = file.rows[0].source.account_number.clone();
    assert_eq!(refused_for(&journey, &of_other_source(&file, &named, 6)).await, *source_id);
}

#[tokio::test]
async fn a_correction_that_leads_to_another_sources_account_is_flagged_and_never_used() {
    let file = PayrollFile::generated(&one_source(1));
    let named = file.rows[0].source.account_number.clone();
    let other = of_other_source(&file, "00000042", 1);
    let journey = Journey::start(&file);
    let first = paid(&journey, &file).await;
    let second = paid(&journey, &other).await;
    let debit = journey.bank.debits().remove(0);
    journey.bank.correct_account(&debit.id, "00000042");
    journey.settle_now().await;
    let fundings = fund::all_fundings(&journey.system, &journey.batch(first).await).await.unwrap();
    let flag = fundings[0].leg.attention.as_ref().unwrap();
    assert_eq!(flag.reason, AttentionReason::CorrectionUnusable);
    let clearing = Clearing { by: OPERATOR, note: "asked the source", apply: None };
    attention::clear(&journey.system, ItemId::Funding(fundings[0].id), clearing).await.unwrap();
    journey.let_days_pass(1).await;

    let third_file = later(&file, 2);
    let third = paid(&journey, &third_file).await;
    assert_eq!(debited(&journey, third).await, [named]);
    let fundings = fund::all_fundings(&journey.system, &journey.batch(first).await).await.unwrap();
    assert!(fundings[0].leg.attention.is_none(), "said once");
    let batches = [(first, &file), (second, &other), (third, &third_file)];
    Audit::of(&journey, &batches).await.is_clean(&journey);
}

/// A word about a payee says nothing of sources; where the payee's account is a source's own too, nothing is pulled from another source.
#[tokio::test]
async fn a_source_is_not_debited_where_its_account_leads_to_another_sources() {
    let Corrected { journey, file, .. } = corrected_source(1).await;
    let account = in_use(&journey).await.remove(0).account;
    let vault = journey.system.vault().await.unwrap();
    let mut known = counterparty::find(&*journey.system.table, &account).await.unwrap().unwrap();
    let next = later(&file, 1);
    let batch_id = journey.begin(&next).await;
    let other = of_other_source(&file, "00000077", 2);
    paid_elsewhere(&journey, batch_id, &other).await;
    let bound_to = keys::counterparty(&account).pk;
    let sealed = vault.sealing.seal("00000077", &bound_to, &*journey.system.random).unwrap();
    let correction = known.correction.as_mut().unwrap();
    correction.sealed_account = Some(sealed.as_str().to_owned());
    let read_at = known.version;
    known.version += 1;
    let put = counterparty::put(&account, &known, Condition::VersionIs(read_at)).unwrap();
    journey.system.table.write(vec![put]).await.unwrap();

    let third = journey.upload(&later(&file, 3)).await;
    let batch = journey.summarize(third).await;
    let manifest = journey.manifest(&batch).await;
    assert_eq!(manifest.sources[0].account_of.as_deref(), Some(OTHER_SOURCE));
}

/// Both batches are paid.
async fn paid_elsewhere(journey: &Journey, first: BatchId, other: &PayrollFile) {
    let second = journey.begin(other).await;
    for batch_id in [first, second] {
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    }
}

#[tokio::test]
async fn what_a_correction_claimed_is_free_again_when_it_is_taken_back() {
    let Corrected { journey, file, first, .. } = corrected_source(1).await;
    let account = in_use(&journey).await.remove(0).account;
    take_back(&journey, &account).await;
    let other = of_other_source(&file, "00000042", 1);
    let second = paid(&journey, &other).await;
    assert_eq!(debited(&journey, second).await, ["00000042"]);
    Audit::of(&journey, &[(first, &file), (second, &other)]).await.is_clean(&journey);
}

/// A source whose account the bank has corrected as often as there are batches after the first: each is pulled from the next account.
async fn chained(accounts: &[&str]) -> (Journey, Vec<(BatchId, PayrollFile)>, String) {
    let Corrected { journey, file, first, named } = corrected_source(1).await;
    let mut batches = vec![(first, file.clone())];
    let mut from = "00000042".to_owned();
    for (account, cents) in accounts.iter().zip(1..) {
        let next = later(&file, cents);
        let batch_id = paid(&journey, &next).await;
        assert_eq!(debited(&journey, batch_id).await, [from.clone()]);
        let debit = journey.bank.debits().pop().unwrap();
        correct(&journey, &debit.id, account).await;
        (*account).clone_into(&mut from);
        batches.push((batch_id, next));
    }
    (journey, batches, named)
}

#[tokio::test]
async fn a_refund_follows_the_whole_chain_of_corrections() {
    let (journey, mut batches, _) = chained(&["00000043", "00000044"]).await;
    let last = later(&batches[0].1, 9);
    batches.push((paid(&journey, &last).await, last));
    assert_eq!(debited(&journey, batches[3].0).await, ["00000044"]);
    for (batch_id, file) in &batches {
        comes_back(&journey, *batch_id, 0, "R02").await;
        let (by_account, _) = given_back(&journey, *batch_id).await;
        assert_eq!(by_account, BTreeMap::from([("00000044".to_owned(), file.rows[0].amount_cents)]));
    }
    let batches: Vec<_> = batches.iter().map(|(batch_id, file)| (*batch_id, file)).collect();
    Audit::of(&journey, &batches).await.is_clean(&journey);
}

/// By whichever of its two names the last word is taken back.
#[tokio::test]
async fn a_refund_goes_no_further_than_what_was_taken_back() {
    for by_named in [true, false] {
        let (journey, batches, named) = chained(&["00000043"]).await;
        let corrections = in_use(&journey).await;
        let [one, other] = &corrections[..] else { panic!("{corrections:?}") };
        let is_named = |correction: &AccountCorrection| named.ends_with(&correction.account_last4);
        let (of_named, of_sent) = if is_named(one) { (one, other) } else { (other, one) };
        assert_eq!(of_sent.account_last4, "0042");
        take_back(&journey, if by_named { &of_named.account } else { &of_sent.account }).await;
        assert_eq!(in_use(&journey).await.len(), 0, "one word is taken back whole");

        journey.let_days_pass(1).await;
        let third = paid(&journey, &later(&batches[0].1, 5)).await;
        assert_eq!(debited(&journey, third).await, std::slice::from_ref(&named));
        comes_back(&journey, batches[1].0, 0, "R02").await;
        let (by_account, _) = given_back(&journey, batches[1].0).await;
        assert_eq!(by_account.keys().collect::<Vec<_>>(), ["00000042"]);
    }
}

#[tokio::test]
async fn corrections_that_lead_back_end_where_the_newest_leads() {
    let Corrected { journey, file, named, .. } = corrected_source(1).await;
    let second = paid(&journey, &later(&file, 1)).await;
    let debit = journey.bank.debits().pop().unwrap();
    correct(&journey, &debit.id, &named).await;
    let third = paid(&journey, &later(&file, 2)).await;
    assert_eq!(debited(&journey, third).await, std::slice::from_ref(&named));
    comes_back(&journey, second, 0, "R02").await;
    let (by_account, _) = given_back(&journey, second).await;
    assert_eq!(by_account.keys().collect::<Vec<_>>(), [&named]);
}
