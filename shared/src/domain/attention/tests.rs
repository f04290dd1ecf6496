//! What can be done about what waits, case by case.

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::domain::bank::disputed::DisputedWord;
use crate::domain::batch::BatchState;
use crate::domain::ids::{BatchId, FundingId, ItemId, SourceTag};
use crate::domain::leg::{AttentionReason, Claim, Leg, Outcome, Rail, Settlement, State, ToldOutcome};
use crate::domain::money::Cents;

fn now() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn batch_id() -> BatchId {
    BatchId::new(Uuid::from_u128(1))
}

fn funding() -> Funding {
    let id = FundingId::Round { batch: batch_id(), source: SourceTag::of("CORP-1"), round: 1 };
    Funding::new(id, Cents::new(5_000), "CORP-1".to_owned(), now())
}

fn flagged(reason: AttentionReason) -> Funding {
    let mut funding = funding();
    funding.leg.raise(reason, now());
    funding
}

/// A funding that may be out for ever.
fn unknown() -> Funding {
    let claim = Claim {
        owner: "a run".to_owned(),
        lease_until: Timestamp::UNIX_EPOCH,
        first_sent_at: now(),
        last_sent_at: Some(now()),
        sends: 1,
        outcome: Outcome::Unknown,
        look: None,
    };
    let mut funding = flagged(AttentionReason::OutcomeUnknown);
    funding.leg = Leg { state: State::Submitting, claim: Some(claim), ..funding.leg };
    funding
}

fn word(attempt: u32) -> DisputedWord {
    DisputedWord {
        item_id: ItemId::Funding(funding().id),
        id: "evnt_1".to_owned(),
        version: 1,
        attempt,
        reason: AttentionReason::BankDisagrees,
        transfer_id: "acht_1".to_owned(),
        rail: Rail::Ach,
        status: "SETTLED".to_owned(),
        at: now(),
        sealed_word: "sealed".to_owned(),
        due_at: None,
        decision: None,
    }
}

fn said(by: &str, funding: &Funding) -> Settlement {
    let told = ToldOutcome::NeverReached;
    Settlement::propose(&funding.leg, ItemId::Funding(funding.id), told, by, "asked the bank", now()).unwrap()
}

#[test]
fn what_bears_no_flag_does_not_wait() {
    let batch = Batch::draft(batch_id(), "ann".to_owned(), None, now());
    assert_eq!(since(Subject::Batch(&batch)), None);
    assert_eq!(since(Subject::Funding(&funding())), None);
    assert_eq!(since(Subject::Biller(&Biller::new("ins_1".to_owned(), now()))), None);
}

#[test]
fn a_word_of_the_bank_is_applied_or_left_and_one_of_another_attempt_only_left() {
    let flagged = flagged(AttentionReason::BankDisagrees);
    let possible =
        |words| actions(Subject::Funding(&flagged), &ActionContext { words, ..ActionContext::default() }, "olga");
    assert_eq!(possible(vec![]), [Action::ClearFunding]);
    assert_eq!(possible(vec![word(1)]), [Action::ApplyWordToFunding, Action::LeaveWordOfFunding]);
    assert_eq!(possible(vec![word(2)]), [Action::LeaveWordOfFunding]);
}

#[test]
fn an_unknown_outcome_is_said_by_one_operator_and_confirmed_by_another() {
    let unknown = unknown();
    let possible = |outcome, caller| {
        actions(Subject::Funding(&unknown), &ActionContext { outcome, ..ActionContext::default() }, caller)
    };
    let proposed = said("olga", &unknown);
    assert_eq!(possible(None, "olga"), [Action::ProposeOutcome, Action::ClearFunding]);
    assert_eq!(possible(Some(proposed.clone()), "olga"), [Action::ProposeOutcome, Action::ClearFunding]);
    let another = [Action::ConfirmOutcome, Action::ProposeOutcome, Action::ClearFunding];
    assert_eq!(possible(Some(proposed.clone()), "oscar"), another);
    let carried_out = Settlement { due_at: Some(now()), confirmed_by: Some("oscar".to_owned()), ..proposed };
    assert_eq!(possible(Some(carried_out), "ines"), [Action::ClearFunding]);
}

#[test]
fn a_batch_is_canceled_only_while_that_can_be() {
    for (state, may_cancel) in [
        (BatchState::Paying, true),
        (BatchState::Importing, true),
        (BatchState::Canceling, false),
        (BatchState::Completed, false),
    ] {
        let batch = Batch { state, ..Batch::draft(batch_id(), "ann".to_owned(), None, now()) };
        let possible = actions(Subject::Batch(&batch), &ActionContext::default(), "olga");
        assert_eq!(possible.contains(&Action::CancelBatch), may_cancel, "{state:?}");
        assert!(possible.contains(&Action::ClearBatch));
    }
}

#[test]
fn every_kind_and_action_is_listed_once() {
    let kinds: std::collections::BTreeSet<_> = AttentionKind::ALL.into_iter().map(AttentionKind::as_str).collect();
    assert_eq!(kinds.len(), AttentionKind::ALL.len());
    let actions: std::collections::BTreeSet<_> = Action::ALL.into_iter().collect();
    assert_eq!(actions.len(), Action::ALL.len());
}
