//! What is done with a payment of a batch, as one table over its batch and its funding, and the rules beside it.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::release::{ReleaseAction, ReleaseContext};
use super::*;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::bank::status::BankStatus;
use crate::domain::batch::BatchState;
use crate::domain::funding::FundingStatus;
use crate::domain::leg::{AttentionReason, BankReport, Lease, PreparedRequest, Rail};
use crate::domain::source::{ExternalAccount, Pause, PauseReason, Source};

fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn source() -> Source {
    Source {
        id: "CORP-1".to_owned(),
        version: 1,
        name: "EXAMPLE COMPANY".to_owned(),
        account: ExternalAccount {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            fingerprint: "fingerprint".to_owned(),
        },
        account_version: 1,
        bank_account_id: Some("bacc_1".to_owned()),
        pause: None,
        pause_word: None,
        barred: None,
        receivable_open: false,
        beside_batches: None,
        created_at: start(),
        updated_at: start(),
    }
}

fn unsent() -> Payment {
    Payment {
        id: PaymentId::Row { batch: BatchId::new(Uuid::from_u128(1)), row: 1 },
        version: 1,
        amount: Cents::new(1_250),
        payer_id: "CORP-1".to_owned(),
        round: 1,
        leg: Leg::new(),
        payee: Payee::Account(AccountPayee {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            account_type: AccountType::Checking,
            fingerprint: "fingerprint".to_owned(),
            name: "EXAMPLE PAYEE".to_owned(),
            entry_class: EntryClass::Ppd,
            entry_description: "PAYROLL".to_owned(),
            came_from: None,
        }),
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    }
}

fn claimed() -> Payment {
    let mut payment = unsent();
    let request = PreparedRequest { sealed_body: "sealed".to_owned(), bank_account_id: "bacc_1".to_owned() };
    let until = start() + SignedDuration::from_secs(60);
    let lease = Lease { owner: "worker".to_owned(), until, business_now: start() };
    payment.leg.claim(Kind::Payout, request, lease).unwrap();
    payment
}

fn in_process() -> Payment {
    let mut payment = claimed();
    let report = BankReport {
        transfer_id: "acht_1".to_owned(),
        rail: Rail::Ach,
        attempt: 1,
        status: BankStatus::Submitted.to_string(),
        meaning: BankStatus::Submitted.meaning(),
        rank: BankStatus::Submitted.rank(),
        amount: payment.amount,
        currency: "USD".to_owned(),
        is_debit: false,
        is_incoming: false,
        bank_account_id: "bacc_1".to_owned(),
        settled_at: None,
        return_code: None,
        presented_amount: None,
    };
    payment.leg.report(payment.expected(), &report, start());
    payment
}

fn around(source: &Source, batch: BatchState, cover: FundingStatus) -> ReleaseContext<'_> {
    ReleaseContext { batch, cover, source, stopped: false, business_now: start(), elapsed_now: start() }
}

#[test]
fn an_unsent_payment_is_decided_by_its_batch_and_its_funding() {
    use BatchState as B;
    use ReleaseAction::{Cancel, Leave, Submit};
    let pending = ReleaseAction::FailUnfunded { after_available: false };
    let owed = ReleaseAction::FailUnfunded { after_available: true };
    // Columns: awaited, available, undecided, short, gone before it was available, gone after.
    let table = [
        (B::Draft, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Summarizing, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Ready, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Rejected, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Importing, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Paying, [Leave, Submit, Leave, Leave, pending, owed]),
        (B::Completed, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Canceling, [Cancel, Cancel, Cancel, Cancel, pending, owed]),
        (B::Canceled, [Cancel, Cancel, Cancel, Cancel, pending, owed]),
        (B::Declined, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Expired, [Leave, Leave, Leave, Leave, Leave, Leave]),
        (B::Failed, [Cancel, Cancel, Cancel, Cancel, Cancel, Cancel]),
    ];
    let covers = [
        FundingStatus::Awaited,
        FundingStatus::Available,
        FundingStatus::Undecided,
        FundingStatus::Short,
        FundingStatus::Gone { after_available: false },
        FundingStatus::Gone { after_available: true },
    ];
    let source = source();
    for (batch, decisions) in table {
        for (cover, decision) in covers.into_iter().zip(decisions) {
            assert_eq!(unsent().push(around(&source, batch, cover)), decision, "{batch:?}, {cover:?}");
        }
    }
}

#[test]
fn a_paused_source_pays_nothing_and_still_cancels_and_fails() {
    let pause = Pause { reason: PauseReason::Operator, since: start(), until: None };
    let paused = Source { pause: Some(pause), ..source() };
    assert_eq!(unsent().push(around(&paused, BatchState::Paying, FundingStatus::Available)), ReleaseAction::Leave);
    assert_eq!(unsent().push(around(&paused, BatchState::Canceling, FundingStatus::Available)), ReleaseAction::Cancel);
    let gone = FundingStatus::Gone { after_available: true };
    let failed = ReleaseAction::FailUnfunded { after_available: true };
    assert_eq!(unsent().push(around(&paused, BatchState::Paying, gone)), failed);
}

#[test]
fn a_pause_with_an_end_ends_then() {
    let until = start() + SignedDuration::from_mins(5);
    let pause = Pause { reason: PauseReason::Bank("http_401".to_owned()), since: start(), until: Some(until) };
    let paused = Source { pause: Some(pause), ..source() };
    let now = around(&paused, BatchState::Paying, FundingStatus::Available);
    assert_eq!(unsent().push(now), ReleaseAction::Leave);
    assert_eq!(unsent().push(ReleaseContext { business_now: until, ..now }), ReleaseAction::Submit);
}

#[test]
fn an_open_receivable_holds_new_releases_back() {
    let owing = Source { receivable_open: true, ..source() };
    assert_eq!(unsent().push(around(&owing, BatchState::Paying, FundingStatus::Available)), ReleaseAction::Leave);
}

#[test]
fn a_claimed_payment_is_sent_again_when_its_lease_is_over() {
    let source = source();
    let now = around(&source, BatchState::Paying, FundingStatus::Available);
    assert_eq!(claimed().push(now), ReleaseAction::Leave);
    let lease_over = start() + SignedDuration::from_secs(60);
    assert_eq!(claimed().push(ReleaseContext { elapsed_now: lease_over, ..now }), ReleaseAction::Submit);
}

/// Its batch is canceled, or its funding has come back: stopped or not, nothing of it is sent any more.
#[test]
fn a_claimed_payment_that_nobody_wants_sent_is_looked_for_once_its_send_has_arrived_or_never_will() {
    let source = source();
    let gone = |after_available| FundingStatus::Gone { after_available };
    for (batch, cover) in [
        (BatchState::Canceling, FundingStatus::Available),
        (BatchState::Paying, FundingStatus::Undecided),
        (BatchState::Paying, gone(true)),
        (BatchState::Paying, gone(false)),
        (BatchState::Canceling, gone(true)),
    ] {
        let now = ReleaseContext { stopped: true, ..around(&source, batch, cover) };
        assert_eq!(claimed().push(now), ReleaseAction::Leave, "{batch:?} {cover:?}");
        let lease_over = ReleaseContext { elapsed_now: start() + SignedDuration::from_secs(60), ..now };
        assert_eq!(claimed().push(lease_over), ReleaseAction::Leave, "{batch:?} {cover:?}");
        let later = ReleaseContext { business_now: start() + SignedDuration::from_hours(25), ..lease_over };
        assert_eq!(claimed().push(later), ReleaseAction::LookUp, "{batch:?} {cover:?}");
    }
}

#[test]
fn a_silent_transfer_is_asked_about_after_five_days() {
    let source = source();
    let now = around(&source, BatchState::Paying, FundingStatus::Available);
    let five_days = start() + SignedDuration::from_hours(24 * 5);
    assert_eq!(in_process().push(ReleaseContext { business_now: five_days, ..now }), ReleaseAction::Leave);
    let later = five_days + SignedDuration::from_secs(1);
    assert_eq!(in_process().push(ReleaseContext { business_now: later, ..now }), ReleaseAction::FollowUp);
}

#[test]
fn nothing_happens_by_itself_while_attention_stands() {
    let source = source();
    for mut payment in [unsent(), claimed(), in_process()] {
        payment.leg.raise(AttentionReason::BankDisagrees, start());
        let now = around(&source, BatchState::Paying, FundingStatus::Available);
        let much_later = start() + SignedDuration::from_hours(24 * 30);
        assert_eq!(
            payment.push(ReleaseContext { business_now: much_later, elapsed_now: much_later, ..now }),
            ReleaseAction::Leave
        );
    }
}
