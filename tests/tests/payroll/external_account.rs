//! The account at the other end: whoever was debited, paid or given back to is whom the approver looked at, whatever becomes of the payer's
//! record in between.

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{APPROVER, Journey, OPERATOR};
use shared::domain::ach::account_correction::{Standing, WithdrawalRefusal};
use shared::domain::bank::request::{AccountType, EntryClass};
use shared::domain::batch::manifest::InstitutionDecision;
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::leg::AttentionReason;
use shared::domain::source::SourceRefusal;
use shared::operations::{OperationError, account_corrections, billers, fund, refund, retry, sources};
use simulators::column::CallFaultKind;

use super::returns::paid;

const OTHER_OPERATOR: &str = "second-operator@journey.test";

/// The same file, a cent more a row, with this account of its source.
fn from_account(file: &PayrollFile, account: &str, cents: i64) -> PayrollFile {
    file.changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents += cents;
            account.clone_into(&mut row.source.account_number);
        }
    })
}

/// The account numbers that were debited for a batch, in the order of its rounds.
pub(crate) async fn debited(journey: &Journey, batch_id: BatchId) -> Vec<String> {
    let fundings = fund::all_fundings(&journey.system, &journey.batch(batch_id).await).await.unwrap();
    let debits = journey.bank.debits();
    let mut accounts = Vec::new();
    for funding in &fundings {
        let id = funding.id.to_string();
        let of_this = debits.iter().filter(|debit| debit.item() == id);
        accounts.extend(of_this.map(|debit| journey.bank.account_of(debit)));
    }
    accounts
}

/// Without the pin, the first debit's account was learned under the second one's name, and every later debit went there.
#[tokio::test]
async fn a_debit_sent_again_after_the_account_changed_pulls_from_its_own_and_teaches_nothing_about_the_new_one() {
    let first_file = PayrollFile::generated(&one_source(4));
    let old = first_file.rows[0].source.account_number.clone();
    let second_file = from_account(&first_file, "00000042", 1);
    let third_file = from_account(&first_file, "00000042", 2);
    let journey = Journey::start(&first_file);
    journey.bank.fail_transfers(CallFaultKind::Unauthorized, 1);
    let first = journey.begin(&first_file).await;
    journey.work().await;
    assert!(journey.bank.debits().is_empty(), "refused for a reason of ours");
    let second = journey.begin(&second_file).await;
    journey.finish(first).await;
    journey.finish(second).await;
    let third = journey.begin(&third_file).await;
    journey.finish(third).await;

    assert_eq!(debited(&journey, first).await, [old]);
    assert_eq!(debited(&journey, second).await, ["00000042"]);
    assert_eq!(debited(&journey, third).await, ["00000042"]);
}

#[tokio::test]
async fn a_retry_pulls_from_the_account_that_is_accepted_now_and_leaves_the_source_as_it_is() {
    let first_file = PayrollFile::generated(&one_source(6));
    let second_file = from_account(&first_file, "00000042", 1);
    let journey = Journey::start(&first_file);
    journey.bank.return_payouts(&["R18"]);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;
    journey.let_days_pass(4).await;
    refund::refund(&journey.system, first, OPERATOR).await.unwrap();
    let second = journey.begin(&second_file).await;
    journey.finish(second).await;

    retry::retry(&journey.system, first, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(journey.finish(first).await.state, BatchState::Completed);
    let old = first_file.rows[0].source.account_number.clone();
    assert_eq!(debited(&journey, first).await, [old, "00000042".to_owned()]);
    let source = sources::load(&journey.system, &first_file.rows[0].source.source_id).await.unwrap();
    assert_eq!(source.account_version, 2);
    Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
}

/// Two approvers accept two accounts in place of the same one: the second acceptance is of nothing that is still there.
#[tokio::test]
async fn an_acceptance_counts_for_the_account_it_replaces_and_no_later_one() {
    let first_file = PayrollFile::generated(&one_source(4));
    let second_file = from_account(&first_file, "00000042", 1);
    let third_file = from_account(&first_file, "00000043", 2);
    let journey = Journey::start(&first_file);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;
    let second = journey.upload(&second_file).await;
    let seen = journey.summarize(second).await;
    let consent = journey.consent(&seen).await;
    let third = journey.begin(&third_file).await;
    journey.finish(third).await;

    if journey.approve(&consent, second).await.is_ok() {
        let flagged = journey.until(second, "flagged", |batch| batch.attention.is_some()).await;
        assert_eq!(flagged.attention.unwrap().reason, AttentionReason::SourceChanged);
    }
    assert_eq!(debited(&journey, second).await, Vec::<String>::new());
    let source = sources::load(&journey.system, &first_file.rows[0].source.source_id).await.unwrap();
    assert_eq!(source.account.account_last4, "0043");
}

#[tokio::test]
async fn a_refund_goes_to_the_accounts_that_paid_in() {
    let first_file = PayrollFile::generated(&one_source(6));
    let old = first_file.rows[0].source.account_number.clone();
    let second_file = from_account(&first_file, "00000042", 1);
    let journey = Journey::start(&first_file);
    journey.bank.return_payouts(&["R02"]);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;
    journey.let_days_pass(4).await;
    let second = journey.begin(&second_file).await;
    journey.finish(second).await;

    let refunds = refund::refund(&journey.system, first, OPERATOR).await.unwrap().made;
    while journey.step().await {}
    assert_eq!(refunds.len(), 1);
    let paid = journey.bank.payouts().into_iter().find(|paid| paid.item() == refunds[0].id.to_string()).unwrap();
    assert_eq!(journey.bank.account_of(&paid), old);
    Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
}

#[tokio::test]
async fn a_correction_belongs_to_the_account_of_its_transfer() {
    let first_file = PayrollFile::generated(&one_source(4));
    let second_file = from_account(&first_file, "00000042", 1);
    let third_file = from_account(&first_file, "00000042", 2);
    let journey = Journey::start(&first_file);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;
    let second = journey.begin(&second_file).await;
    journey.finish(second).await;
    let old_debit = journey.bank.debits().remove(0);
    journey.bank.correct_account(&old_debit.id, "000999000");
    journey.let_days_pass(1).await;

    let third = journey.begin(&third_file).await;
    journey.finish(third).await;
    assert_eq!(debited(&journey, third).await, ["00000042"]);
    let (listed, _) = account_corrections::list(&journey.system, None, 10).await.unwrap();
    let old = &first_file.rows[0].source.account_number;
    assert_eq!(listed.len(), 1);
    assert!(old.ends_with(&listed[0].account_last4) && !listed[0].account_last4.is_empty());
    assert_eq!(listed[0].corrected_last4.as_deref(), Some("9000"));
}

#[tokio::test]
async fn two_operators_take_a_correction_back() {
    let file = PayrollFile::generated(&one_source(1));
    let next = |cents: i64| file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += cents));
    let journey = Journey::start(&file);
    let pay = async |file: &PayrollFile| paid(&journey, file).await;
    let (first, loan) = pay(&file).await;
    journey.bank.correct_account(&first, "000999000");
    journey.let_days_pass(1).await;
    assert_eq!(pay(&next(1)).await.1, "000999000");

    let system = &journey.system;
    let (listed, _) = account_corrections::list(system, None, 10).await.unwrap();
    let account = listed[0].account.clone();
    account_corrections::propose_withdrawal(system, &account, "the payee denies it", OPERATOR).await.unwrap();
    let alone = account_corrections::confirm_withdrawal(system, &account, OPERATOR).await;
    assert!(matches!(alone, Err(OperationError::Withdrawal(WithdrawalRefusal::SamePerson))), "{alone:?}");
    assert_eq!(pay(&next(2)).await.1, "000999000", "one person alone takes nothing back");
    let taken = account_corrections::confirm_withdrawal(system, &account, OTHER_OPERATOR).await.unwrap();
    assert!(matches!(taken.standing, Standing::Withdrawn { .. }));
    journey.let_days_pass(1).await;
    assert_eq!(pay(&next(3)).await.1, loan, "and later words about the old transfers bring it back no more");
}

#[tokio::test]
async fn a_correction_that_no_request_could_carry_needs_attention_once_and_is_never_used() {
    let file = PayrollFile::generated(&one_source(2));
    let again = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let paid = journey.bank.payouts().remove(0);
    journey.bank.correct_account(&paid.id, "123456789012345678");
    journey.settle_now().await;
    let flagged: Vec<_> =
        journey.payments(first).await.into_iter().filter(|payment| payment.leg.attention.is_some()).collect();
    assert_eq!(flagged.len(), 1);
    assert_eq!(flagged[0].leg.attention.as_ref().unwrap().reason, AttentionReason::CorrectionUnusable);
    journey.let_go(first).await;
    journey.let_days_pass(70).await;
    assert!(journey.payments(first).await.iter().all(|payment| payment.leg.attention.is_none()), "said once");

    let second = journey.begin(&again).await;
    assert_eq!(journey.finish(second).await.state, BatchState::Completed);
    let accounts: Vec<String> = journey.bank.payouts().iter().map(|paid| journey.bank.account_of(paid)).collect();
    assert!(!accounts.contains(&"123456789012345678".to_owned()));
}

/// A company that says "not authorized" is asked before it is debited again.
#[tokio::test]
async fn a_source_whose_debit_came_back_unauthorized_is_not_debited_until_a_person_says_why() {
    let file = PayrollFile::generated(&one_source(3));
    let again = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let source_id = &file.rows[0].source.source_id;
    let journey = Journey::start(&file);
    journey.bank.return_funding_pending("R29");
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    assert!(sources::load(&journey.system, source_id).await.unwrap().is_paused(journey.now()));
    retry::retry(&journey.system, first, OPERATOR, &Default::default()).await.unwrap();
    let second = journey.begin(&again).await;
    journey.let_days_pass(5).await;
    assert_eq!(journey.bank.debits().len(), 1, "neither the retry nor the next batch debits it");

    let wordless = sources::resume(&journey.system, source_id, OPERATOR, None).await;
    assert!(matches!(wordless, Err(OperationError::Source(SourceRefusal::ReasonWanted))), "{wordless:?}");
    sources::resume(&journey.system, source_id, OPERATOR, Some("its bank took our name off its list")).await.unwrap();
    journey.finish(first).await;
    journey.finish(second).await;
    Audit::of(&journey, &[(first, &file), (second, &again)]).await.is_clean(&journey);
    assert_eq!(journey.bank.debits().len(), 3);
}

#[tokio::test]
async fn a_biller_whose_accounts_are_of_another_kind_is_told_so_for_known_accounts_too() {
    let file = PayrollFile::generated(&one_source(2));
    let again = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let routing_number =
        journey.bank.get(&format!("/counterparties/{}", journey.bank.payouts()[0].counterparty_id))["routing_number"]
            .as_str()
            .unwrap()
            .to_owned();
    let institutions: std::collections::BTreeSet<_> =
        file.rows.iter().map(|row| row.payee.institution_id.clone()).collect();
    for institution in &institutions {
        let decision = InstitutionDecision::Ach {
            routing_number: routing_number.clone(),
            account_type: AccountType::Checking,
            entry_class: EntryClass::Ppd,
            entry_description: "LOAN PMT".to_owned(),
        };
        billers::propose(&journey.system, institution, decision.clone(), OPERATOR).await.unwrap();
        billers::confirm(&journey.system, institution, &decision, APPROVER).await.unwrap();
    }
    let second = journey.begin(&again).await;
    journey.finish(second).await;
    for paid in journey.bank.payouts().iter().skip(2) {
        let counterparty = journey.bank.get(&format!("/counterparties/{}", paid.counterparty_id));
        assert_eq!(counterparty["account_type"], "checking");
    }
}

#[tokio::test]
async fn one_account_is_one_source_across_files() {
    let file = PayrollFile::generated(&one_source(2));
    let other = file.changed(|rows| {
        for row in rows.iter_mut() {
            row.amount_cents += 1;
            row.source.source_id = "CORP-00000000-0000-4000-8000-000000000001".to_owned();
        }
    });
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let second = journey.upload(&other).await;
    let batch = journey.summarize(second).await;
    let consent = journey.consent(&batch).await;
    let refused = journey.approve(&consent, second).await;
    let Err(OperationError::Batch(BatchRefusal::AccountOfAnotherSource { holder, .. })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(holder, file.rows[0].source.source_id);
}

#[tokio::test]
async fn a_corrected_account_is_shown_told_once_and_accepted_by_the_approver() {
    let file = PayrollFile::generated(&one_source(3));
    let again = file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let journey = Journey::start(&file);
    let first = journey.begin(&file).await;
    journey.finish(first).await;
    let early = journey.upload(&again).await;
    let before = journey.summarize(early).await;
    let unaware = journey.consent(&before).await;
    let paid = journey.bank.payouts().remove(0);
    let loan = journey.bank.account_of(&paid);
    journey.bank.correct_account(&paid.id, "000999000");
    journey.let_days_pass(3).await;
    let told: Vec<_> = journey.notices.sent().into_iter().filter(|notice| notice.kind == "account_corrected").collect();
    assert_eq!(told.len(), 1, "{told:?}");

    let refused = journey.approve(&unaware, early).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NotShown(_)))), "{refused:?}");
    let batch = journey.summarize(early).await;
    let manifest = journey.manifest(&batch).await;
    let [shown] = &manifest.corrections[..] else { panic!("{:?}", manifest.corrections) };
    assert!(loan.ends_with(&shown.account_last4));
    assert_eq!((shown.corrected_last4.as_deref(), shown.change_code.as_str()), (Some("9000"), "C01"));
    let mut consent = journey.consent(&batch).await;
    assert!(consent.accepted.accounts.remove(&shown.name));
    let refused = journey.approve(&consent, early).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NotAcknowledged(_)))), "{refused:?}");
    consent.accepted.accounts.insert(shown.name.clone());
    journey.approve(&consent, early).await.unwrap();
    journey.finish(early).await;

    let corrected: Vec<_> =
        journey.payments(early).await.into_iter().filter_map(|payment| payment.leg.corrected).collect();
    assert_eq!(corrected.len(), 1);
    assert_eq!((corrected[0].account_last4.as_str(), corrected[0].change_code.as_str()), ("9000", "C01"));
}
