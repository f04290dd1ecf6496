//! The bank refusing for reasons of ours fails no payment and fills no dead-letter queue; a payee's own fault fails that payee alone.

use jiff::SignedDuration;
use std::time::Duration;

use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::leg::{AttentionReason, State};
use shared::domain::source::PauseReason;
use shared::operations::{fund, sources};
use simulators::column::{CallFaultKind, Control, WebhookFaults};

const FAULTY_CALLS: u64 = 60;

async fn all_is_paid(journey: &Journey, file: &PayrollFile, batch_id: BatchId) {
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    // Every fault is over by then, an outage that began late included.
    journey.let_days_pass(1).await;
    let audit = Audit::of(journey, &[(batch_id, file)]).await.is_clean(journey);
    let paid = audit.batch(batch_id);
    assert_eq!(paid.cents(State::Completed), file.contents.payable.total_cents, "{paid}");
}

async fn is_overcome(fault: CallFaultKind) {
    let file = PayrollFile::of(20);
    // From the first call on: opening accounts and pulling fundings fail as well.
    let journey = Journey::start(&file);
    journey.bank.fail_calls(fault.clone(), "POST", "", FAULTY_CALLS);
    let batch_id = journey.begin(&file).await;
    all_is_paid(&journey, &file, batch_id).await;

    // Only the payouts fail.
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until(batch_id, "paying", |batch| batch.state == BatchState::Paying).await;
    while journey.bank.debits().len() < file.contents.payable_by_source.len() {
        assert!(journey.step().await);
    }
    journey.bank.fail_transfers(fault, FAULTY_CALLS);
    all_is_paid(&journey, &file, batch_id).await;
}

#[tokio::test]
async fn a_bad_key_fails_no_payment() {
    is_overcome(CallFaultKind::Unauthorized).await;
}

/// The first that the bank hears of a source is that its account is to be opened.
#[tokio::test]
async fn a_bad_key_at_a_source_s_first_payment_rests_it_and_is_asked_about_once_a_rest() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    journey.bank.fail_calls(CallFaultKind::Unauthorized, "POST", "/bank-accounts", 1);
    let batch_id = journey.begin(&file).await;
    journey.settle_now().await;
    let source = sources::all(&journey.system).await.unwrap().remove(0);
    let pause = source.pause.unwrap();
    assert!(matches!(pause.reason, PauseReason::Bank(_)) && pause.until.is_some(), "{pause:?}");

    // The key is good by now, and nothing is asked before the rest is over.
    fund::fund(&journey.system, batch_id, &source.id, 1, journey.deadline()).await.unwrap();
    assert_eq!(sources::load(&journey.system, &source.id).await.unwrap().bank_account_id, None);
    all_is_paid(&journey, &file, batch_id).await;
}

#[tokio::test]
async fn an_account_without_the_money_fails_no_payment() {
    is_overcome(CallFaultKind::Refuse { code: "transfer_non_sufficient_fund".to_owned() }).await;
}

#[tokio::test]
async fn a_limit_of_our_contract_fails_no_payment() {
    is_overcome(CallFaultKind::Refuse { code: "limit_exceeded".to_owned() }).await;
}

#[tokio::test]
async fn a_code_that_nobody_knows_fails_no_payment() {
    is_overcome(CallFaultKind::Refuse { code: "brand_new_code".to_owned() }).await;
}

#[tokio::test]
async fn too_many_calls_fail_no_payment() {
    is_overcome(CallFaultKind::RateLimited).await;
}

#[tokio::test]
async fn errors_of_the_bank_before_it_acted_fail_no_payment() {
    is_overcome(CallFaultKind::ErrorBefore).await;
}

/// Race: the bank has acted, but we do not learn of it. Without the same key in every send of an attempt, the next send would pay again.
#[tokio::test]
async fn silence_after_the_bank_acted_leads_to_one_transfer() {
    is_overcome(CallFaultKind::SilenceAfter).await;
    is_overcome(CallFaultKind::ErrorAfter).await;
}

#[tokio::test]
async fn silence_before_the_bank_acted_leads_to_one_transfer() {
    is_overcome(CallFaultKind::SilenceBefore).await;
}

/// Race: our send is slow on the network and reaches the bank only after we have given up on it. Without the key that stays the same
/// until the bank says that money came back, the late send and the next one would both pay.
#[tokio::test]
async fn a_send_that_arrives_an_hour_late_leads_to_one_transfer() {
    is_overcome(CallFaultKind::LateSend { delay_s: 3600 }).await;
}

#[tokio::test]
async fn an_outage_of_two_hours_at_any_stage_fails_no_payment() {
    let file = PayrollFile::of(12);
    for stage in [0, 1, 2, 4, 8, 12, 16] {
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        for _ in 0..stage {
            journey.step().await;
        }
        journey.bank.control(Control::Outage { until: journey.now() + SignedDuration::from_hours(2) });
        all_is_paid(&journey, &file, batch_id).await;
    }
}

#[tokio::test]
async fn a_payees_own_fault_fails_that_payment_alone() {
    for code in ["routing_number_not_found", "invalid_beneficiary_account"] {
        let file = PayrollFile::generated(&one_source(12));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.until_pulled().await;
        journey.bank.refuse_transfers(code, 1);
        assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
        let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
        let paid = audit.batch(batch_id);
        assert_eq!(paid.with_reason(&format!("refused:{code}")).len(), 1, "{paid}");
        assert_eq!(paid.count(State::Completed), 11);
    }
}

/// An outage is nobody's fault, however long: a single payment, which is tried again and again, needs no operator after it.
#[tokio::test]
async fn an_outage_of_a_whole_day_needs_no_operator() {
    for rows in [1, 12] {
        let file = PayrollFile::generated(&one_source(rows));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.until_almost_available().await;
        journey.bank.control(Control::Outage { until: journey.now() + SignedDuration::from_hours(24) });
        all_is_paid(&journey, &file, batch_id).await;
    }
}

/// Race: the first send gets no answer and is still on its way; the second is refused for good; then the first arrives and pays. Without
/// applying the bank's word to a payment that had failed, the books would miss money that has left.
#[tokio::test]
async fn a_send_that_arrives_after_a_refusal_is_booked_as_what_happened() {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_pulled().await;
    journey.bank.fail_transfers(CallFaultKind::LateSend { delay_s: 600 }, 1);
    journey.bank.refuse_transfers("invalid_beneficiary_account", 1);
    journey.finish(batch_id).await;
    journey.let_days_pass(3).await;
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.agrees();
    let batch = audit.batch(batch_id);
    assert_eq!(batch.cents(State::Completed), file.contents.total_cents, "{batch}");
    assert_eq!(journey.bank.payouts().len(), 1);
}

/// We lose the outcome of one payment, its webhooks, and then a month, which is longer than the bank remembers keys.
async fn down_for_a_month(fault: CallFaultKind) -> (Journey, PayrollFile, BatchId) {
    let file = PayrollFile::generated(&one_source(1));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_almost_available().await;
    journey.bank.webhook_faults(WebhookFaults { drop_next: 1_000, ..Default::default() });
    // As often as the client tries in two sends: the first silence is asked about at once.
    journey.bank.fail_transfers(fault, 6);
    while journey.payments(batch_id).await[0].leg.state != State::Submitting {
        assert!(journey.step().await);
    }
    journey.clock.advance(Duration::from_secs(31 * 24 * 3600));
    (journey, file, batch_id)
}

/// Column forgets keys after thirty days: a send after that would pay again.
#[tokio::test]
async fn after_a_month_the_bank_is_asked_for_the_transfer_instead_of_sent_it_again() {
    let (journey, file, batch_id) = down_for_a_month(CallFaultKind::SilenceAfter).await;
    all_is_paid(&journey, &file, batch_id).await;
    assert_eq!(journey.bank.payouts().len(), 1);
}

#[tokio::test]
async fn after_a_month_what_the_bank_does_not_have_waits_for_an_operator() {
    let (journey, _, batch_id) = down_for_a_month(CallFaultKind::SilenceBefore).await;
    journey.let_days_pass(2).await;
    let payment = journey.payments(batch_id).await.remove(0);
    assert_eq!(payment.leg.attention.map(|attention| attention.reason), Some(AttentionReason::OutcomeUnknown));
    assert_eq!(journey.bank.payouts().len(), 0);
}
