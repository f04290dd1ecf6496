//! Payouts that come back: what they change, what may be tried again, and who pays for it.

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::ids::BatchId;
use shared::domain::ledger::AccountKind;
use shared::domain::leg::{AttentionReason, State};
use shared::domain::source::Source;
use shared::operations::{OperationError, refund, retry};
use shared::store::keys;
use shared::store::stored::{read, replace};
use simulators::column::{Control, NotificationOfChange};

/// Pays the file, with these returns following the settlement, until they have arrived.
async fn paid_with_returns(file: &PayrollFile, codes: &[&str]) -> (Journey, BatchId) {
    let journey = Journey::start(file);
    journey.bank.return_payouts(codes);
    let batch_id = journey.begin(file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    journey.let_days_pass(4).await;
    (journey, batch_id)
}

/// Pays a file, and answers the bank's id of its last payout and the account that it went to.
pub(crate) async fn paid(journey: &Journey, file: &PayrollFile) -> (String, String) {
    let batch_id = journey.begin(file).await;
    journey.finish(batch_id).await;
    let paid = journey.bank.payouts().pop().unwrap();
    (paid.id.clone(), journey.bank.account_of(&paid))
}

#[tokio::test]
async fn a_later_return_changes_counts_and_reports_but_not_the_batchs_state() {
    let file = PayrollFile::of(40);
    let codes = ["R02", "R03", "R04", "R20", "R16", "R23"];
    let (journey, batch_id) = paid_with_returns(&file, &codes).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.batch.state, BatchState::Completed);
    assert_eq!(batch.count(State::Returned), codes.len(), "{batch}");
    for code in codes {
        assert_eq!(batch.with_reason(&format!("returned:{code}")).len(), 1);
    }
    // What came back is the sources' money again, and cash at the bank.
    assert_eq!(audit.balance_of_all(AccountKind::Cash), batch.cents(State::Returned));
    assert_eq!(audit.balance_of_all(AccountKind::Funds), -batch.cents(State::Returned));
}

#[tokio::test]
async fn a_retry_pays_with_the_money_that_came_back_and_pulls_nothing() {
    let file = PayrollFile::generated(&one_source(12));
    let (journey, batch_id) = paid_with_returns(&file, &["R18"]).await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);

    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.cents(State::Completed), file.contents.total_cents, "{batch}");
    assert_eq!(batch.fundings.len(), 1, "the money of the returned payout is still there");
    assert_eq!(batch.batch.rounds, 2);
    let again: Vec<_> = batch.payments.iter().filter(|payment| payment.leg.attempt == 2).collect();
    assert_eq!(again.len(), 1);
    // Asked for once more there is nothing left to do.
    let refused = retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NothingToRetry))), "{refused:?}");
}

#[tokio::test]
async fn a_retry_after_a_refund_pulls_only_what_is_missing() {
    let file = PayrollFile::generated(&one_source(12));
    let (journey, batch_id) = paid_with_returns(&file, &["R18", "R27"]).await;
    let refunds = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made;
    assert_eq!(refunds.len(), 1);
    // Asked for again at once, nothing more is given back.
    assert!(refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap().made.is_empty());
    while journey.step().await {}

    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let returned = audit.batch(batch_id).cents(State::Returned);
    assert_eq!(audit.batch(batch_id).refunds[0].amount.get(), returned);
    assert_eq!(audit.batch(batch_id).refunds[0].leg.state, State::Completed);
    assert_eq!(audit.balance_of_all(AccountKind::Cash), 0, "all that was left went back");

    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    let second = batch.fundings.iter().find(|funding| funding.id.round() == Some(2)).unwrap();
    assert_eq!(second.amount.get(), returned, "the money had been given back, so it is pulled again");
    assert_eq!(batch.cents(State::Completed), file.contents.total_cents);
}

#[tokio::test]
async fn closed_accounts_are_not_tried_again_until_the_data_are_corrected() {
    let file = PayrollFile::generated(&one_source(6));
    let (journey, batch_id) = paid_with_returns(&file, &["R03"]).await;
    let refused = retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await;
    assert!(matches!(refused, Err(OperationError::Batch(BatchRefusal::NothingToRetry))), "{refused:?}");

    // The bank says where the account is now.
    let returned = journey.bank.payouts().into_iter().find(|transfer| transfer.status == "RETURNED").unwrap();
    journey.bank.correct_account(&returned.id, "000777000");
    journey.settle_now().await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.total_cents);
    assert_eq!(journey.bank.account_of(journey.bank.payouts().last().unwrap()), "000777000");
}

#[tokio::test]
async fn a_notification_of_change_is_used_from_the_next_payment_on() {
    let first_file = PayrollFile::generated(&one_source(6));
    let second_file = first_file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let journey = Journey::start(&first_file);
    let first = journey.begin(&first_file).await;
    journey.finish(first).await;
    let corrected = journey.bank.payouts().remove(0);
    let loan = journey.bank.account_of(&corrected);
    journey.bank.correct_account(&corrected.id, "000999000");
    journey.let_days_pass(1).await;

    let second = journey.begin(&second_file).await;
    journey.finish(second).await;
    let audit = Audit::of(&journey, &[(first, &first_file), (second, &second_file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(second).count(State::Completed), 6);
    let mut accounts: Vec<String> =
        journey.bank.payouts().iter().skip(6).map(|transfer| journey.bank.account_of(transfer)).collect();
    accounts.sort_unstable();
    assert!(accounts.contains(&"000999000".to_owned()));
    assert!(!accounts.contains(&loan), "the old number is not used any more");
}

/// NACHA wants every notification followed up: what nothing here can follow is for a person, once, and its payment stays paid.
#[tokio::test]
async fn a_notification_that_is_about_no_account_is_looked_into_by_an_operator() {
    for (code, is_for_a_person) in [("C13", true), ("C99", true), ("C09", false), ("C61", false)] {
        let file = PayrollFile::generated(&one_source(1));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.finish(batch_id).await;
        let transfer_id = journey.bank.payouts().remove(0).id;
        let change = NotificationOfChange { change_code: code.to_owned(), ..NotificationOfChange::default() };
        journey.bank.control(Control::NotificationOfChange { transfer_id, change });
        journey.settle_now().await;
        let leg = journey.payments(batch_id).await.remove(0).leg;
        let expected = is_for_a_person.then_some(AttentionReason::CorrectionUnusable);
        assert_eq!((leg.state, leg.attention_reason()), (State::Completed, expected), "{code}");

        // The bank's later words repeat it.
        journey.let_go(batch_id).await;
        let transfer_id = journey.bank.payouts().remove(0).id;
        journey.bank.return_now(&transfer_id, "R03");
        journey.settle_now().await;
        let leg = journey.payments(batch_id).await.remove(0).leg;
        assert_eq!((leg.state, leg.attention_reason()), (State::Returned, None), "{code}");
    }
}

/// Every later word of the bank about a transfer repeats what its bank had corrected then.
#[tokio::test]
async fn a_later_correction_adds_to_an_earlier_one_and_old_news_take_nothing_back() {
    let file = PayrollFile::generated(&one_source(1));
    let next = |cents: i64| file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += cents));
    let journey = Journey::start(&file);
    let pay = async |file: &PayrollFile| paid(&journey, file).await;
    let (first, _) = pay(&file).await;
    journey.bank.correct_account(&first, "000999000");
    journey.let_days_pass(1).await;
    let (second, account) = pay(&next(1)).await;
    assert_eq!(account, "000999000");
    journey.bank.correct_account(&second, "000888000");
    journey.let_days_pass(1).await;
    let (return_code, addenda) = ("R02".to_owned(), String::new());
    journey.bank.control(Control::Return { transfer_id: first, return_code, addenda });
    journey.let_days_pass(1).await;
    let (third, account) = pay(&next(2)).await;
    assert_eq!(account, "000888000", "the return of the first transfer brings no old number back");

    let change = NotificationOfChange {
        change_code: "C05".to_owned(),
        account_type: "savings".to_owned(),
        ..NotificationOfChange::default()
    };
    journey.bank.control(Control::NotificationOfChange { transfer_id: third, change });
    journey.let_days_pass(1).await;
    assert_eq!(pay(&next(3)).await.1, "000888000", "another kind of account is still the same account");
}

/// The bank's people stop a payout and let it go, or cancel it.
#[tokio::test]
async fn a_payout_in_review_waits_and_a_canceled_one_may_be_retried() {
    let file = PayrollFile::generated(&one_source(4));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    journey.bank.control(Control::ReviewNext { count: 2 });
    while journey.bank.payouts().len() < 4 {
        assert!(journey.step().await);
    }
    journey.let_days_pass(2).await;
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Paying);
    let in_review: Vec<_> =
        journey.bank.payouts().into_iter().filter(|transfer| transfer.status == "MANUAL_REVIEW").collect();
    assert_eq!(in_review.len(), 2);
    journey.bank.control(Control::ApproveReview { transfer_id: in_review[0].id.clone() });
    journey.bank.control(Control::RejectReview { transfer_id: in_review[1].id.clone() });
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).with_reason("canceled_by_bank").len(), 1);
    assert_eq!(audit.batch(batch_id).count(State::Completed), 3);

    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).count(State::Completed), 4);
    assert_eq!(audit.batch(batch_id).fundings.len(), 1);
}

/// Race: two operators ask for the same at the same moment. Without the header's version in both writes, two rounds would open, or the
/// same money would go back twice.
#[tokio::test]
async fn a_retry_and_a_refund_asked_for_twice_at_once_happen_once() {
    let file = PayrollFile::generated(&one_source(8));
    let (journey, batch_id) = paid_with_returns(&file, &["R02", "R16"]).await;
    let refund = || refund::refund(&journey.system, batch_id, OPERATOR);
    let (one, other) = futures::join!(refund(), refund());
    assert!(one.is_ok() || other.is_ok());
    while journey.step().await {}
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).refunds.len(), 1);
    assert_eq!(audit.balance_of_all(AccountKind::Cash), 0);

    let (journey, batch_id) = paid_with_returns(&file, &["R18", "R27"]).await;
    let retry = async || retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await;
    let (one, other) = futures::join!(retry(), retry());
    assert!(one.is_ok() || other.is_ok());
    journey.finish(batch_id).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).batch.rounds, 2);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.total_cents);
}

#[tokio::test]
async fn what_is_left_for_a_source_that_owes_is_withheld_and_named() {
    let file = PayrollFile::generated(&one_source(12));
    let (journey, batch_id) = paid_with_returns(&file, &["R18"]).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let source_id = audit.batch(batch_id).payments[0].payer_id.clone();

    owes(&journey, &source_id, true).await;
    let refunded = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert!(refunded.made.is_empty());
    let withheld: Vec<_> = refunded.withheld.into_iter().collect();

    owes(&journey, &source_id, false).await;
    let refunded = refund::refund(&journey.system, batch_id, OPERATOR).await.unwrap();
    assert_eq!(withheld, [(source_id, refunded.made[0].amount)]);
    assert!(refunded.withheld.is_empty());
}

async fn owes(journey: &Journey, source_id: &str, is_open: bool) {
    let table = &*journey.system.table;
    let mut source = read::<Source>(table, &keys::source(source_id)).await.unwrap().unwrap();
    source.receivable_open = is_open;
    table.write(vec![replace(&mut source).unwrap()]).await.unwrap();
}

/// What follows a return is between banks: recorded, and a person looks. The books keep to what the bank's balances say.
#[tokio::test]
async fn a_disputed_return_needs_attention_and_moves_nothing_by_itself() {
    let file = PayrollFile::generated(&one_source(5));
    let (journey, batch_id) = paid_with_returns(&file, &["R03"]).await;
    let returned = journey.bank.payouts().into_iter().find(|transfer| transfer.status == "RETURNED").unwrap();
    journey.bank.control(Control::DishonorReturn { transfer_id: returned.id.clone() });
    journey.bank.control(Control::ContestDishonor { transfer_id: returned.id });
    journey.settle_now().await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.agrees();
    let batch = audit.batch(batch_id);
    let flagged: Vec<_> = batch.payments.iter().filter(|payment| payment.leg.attention.is_some()).collect();
    assert_eq!(flagged.len(), 1);
    assert_eq!(flagged[0].leg.state, State::Returned);
    journey.let_go(batch_id).await;
    Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
}
