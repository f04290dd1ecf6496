//! What a single payment needs next, as one table over the two legs, and the rules beside it.

mod autopay;

use jiff::SignedDuration;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::leg::{AttentionReason, Claim, Outcome};
use crate::domain::money::Cents;
use crate::domain::payment::{AccountPayee, Payee};

const UUID: Uuid = Uuid::from_u128(7);
const CALM: PayerFacts = PayerFacts { is_paused: false, receivable_open: false };

fn now() -> Timestamp {
    "2026-03-09T18:00:00Z".parse().unwrap()
}

/// A leg that is due in every way: its lease is over.
fn leg(state: State) -> Leg {
    let claim = Claim {
        owner: "worker".to_owned(),
        lease_until: now(),
        first_sent_at: now(),
        last_sent_at: Some(now()),
        sends: 1,
        outcome: Outcome::Unknown,
        look: None,
    };
    Leg { state, claim: (state == State::Submitting).then_some(claim), ..Leg::new() }
}

fn payment(state: State) -> Payment {
    Payment {
        id: PaymentId::Single(UUID),
        version: 1,
        amount: Cents::new(165_500),
        payer_id: "per_example".to_owned(),
        round: 1,
        leg: leg(state),
        payee: Payee::Account(AccountPayee {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            account_type: AccountType::Checking,
            fingerprint: "fingerprint".to_owned(),
            name: "EXAMPLE PAYEE".to_owned(),
            entry_class: EntryClass::Ppd,
            entry_description: "CARD PAY".to_owned(),
            came_from: None,
        }),
        check: None,
        autopay: None,
        row: None,
        due_at: Some(now()),
        created_at: now(),
        updated_at: now(),
    }
}

fn funding(state: State) -> Funding {
    let funding = Funding::new(FundingId::Single(UUID), Cents::new(165_500), "per_example".to_owned(), now());
    Funding { leg: leg(state), available_at: Some(now()), ..funding }
}

fn action(payment: &Payment, funding: &Funding, payer: PayerFacts) -> Action {
    next_action(PaymentContext {
        payment,
        funding,
        payer,
        may_debit: true,
        is_still_owed: true,
        may_present_again: true,
        may_mail: true,
        presented: 0,
        business_now: now(),
        elapsed_now: now(),
    })
}

fn letter(action: Action) -> char {
    match action {
        Action::SendFunding => 'F',
        Action::AskFunding => 'f',
        Action::EndHold => 'H',
        Action::CancelFunding => 'X',
        Action::SendPayout => 'P',
        Action::AskPayout => 'p',
        Action::FailUnfunded { .. } => 'U',
        Action::PresentAgain { .. } => 'A',
        Action::CancelUnsent => 'C',
        Action::StopCheck => 'S',
        Action::GiveBack => 'G',
        Action::NoteRepaid => 'N',
        Action::Wait => '-',
    }
}

fn line(payment: &Payment, payer: PayerFacts) -> String {
    State::ALL.map(|state| letter(action(payment, &funding(state), payer)).to_string()).join(" ")
}

#[test]
fn what_is_next_is_decided_by_the_two_legs() {
    // Columns: the funding's state, in the order of `State::ALL`.
    let table = [
        (State::Unprocessed, "F F f H P U U -"),
        (State::Submitting, "P P P P P P P P"),
        (State::Processing, "p p p p p p p p"),
        (State::Completed, "F F f H - - - -"),
        (State::Available, "F F f H - - - -"),
        (State::Failed, "X F f H - - - -"),
        (State::Returned, "X F f H - - - -"),
        (State::Canceled, "X F f H - - - -"),
    ];
    assert_eq!(table.map(|(state, _)| state), State::ALL);
    for (state, expected) in table {
        assert_eq!(line(&payment(state), CALM), expected, "{state:?}");
    }
}

#[test]
fn while_a_check_is_out_its_funding_is_looked_after() {
    let out = Payment { due_at: Some(now() + SignedDuration::from_hours(1)), ..payment(State::Processing) };
    assert_eq!(line(&out, CALM), "F F f H - - - -");
}

#[test]
fn a_paused_payer_sends_nothing_and_is_still_asked_about() {
    let paused = PayerFacts { is_paused: true, ..CALM };
    assert_eq!(line(&payment(State::Unprocessed), paused), "- - f H - U U -");
    assert_eq!(line(&payment(State::Submitting), paused), "- - f H - - - -");
}

#[test]
fn a_payer_who_owes_starts_nothing_new_and_may_repay() {
    let owing = PayerFacts { receivable_open: true, ..CALM };
    assert_eq!(line(&payment(State::Unprocessed), owing), "- F f H - U U -");
    let mut again = funding(State::Unprocessed);
    again.leg.attempt = 2;
    assert_eq!(action(&payment(State::Completed), &again, owing), Action::SendFunding);
}

#[test]
fn nothing_is_done_before_its_time() {
    let later = Some(now() + SignedDuration::from_secs(1));
    let unsent = payment(State::Unprocessed);
    assert_eq!(action(&unsent, &Funding { due_at: later, ..funding(State::Processing) }, CALM), Action::Wait);
    assert_eq!(action(&unsent, &Funding { available_at: later, ..funding(State::Completed) }, CALM), Action::Wait);
    assert_eq!(action(&unsent, &Funding { available_at: None, ..funding(State::Completed) }, CALM), Action::Wait);
}

#[test]
fn a_lease_keeps_others_off() {
    let mut leased = funding(State::Submitting);
    leased.leg.claim.as_mut().unwrap().lease_until = now() + SignedDuration::from_secs(1);
    assert_eq!(action(&payment(State::Unprocessed), &leased, CALM), Action::Wait);
}

#[test]
fn what_failed_with_its_funding_knows_whether_the_money_had_been_there() {
    for (effects, after_available) in [
        (vec![Effect::FundingAccepted, Effect::FundingReturnedPending], false),
        (vec![Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable], true),
    ] {
        let mut back = funding(State::Returned);
        back.leg.effects = effects;
        let expected = Action::FailUnfunded { after_available };
        let owing = PayerFacts { receivable_open: after_available, ..CALM };
        assert_eq!(action(&payment(State::Unprocessed), &back, owing), expected);
    }
}

#[test]
fn attention_on_either_leg_keeps_the_money_from_leaving() {
    let (mut flagged, mut flagged_funding) = (payment(State::Unprocessed), funding(State::Available));
    flagged.leg.raise(AttentionReason::BankDisagrees, now());
    assert_eq!(action(&flagged, &funding(State::Available), CALM), Action::Wait);
    flagged_funding.leg.raise(AttentionReason::BankDisagrees, now());
    assert_eq!(action(&payment(State::Unprocessed), &flagged_funding, CALM), Action::Wait);
}

#[test]
fn money_that_did_not_stay_out_covers_what_is_owed_once() {
    let late = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable];
    let with = |effects: &[Effect]| {
        let mut back = funding(State::Returned);
        back.leg.effects = effects.to_vec();
        back
    };
    let owed = with(&late);
    for (state, covers) in [
        (State::Unprocessed, false),
        (State::Submitting, false),
        (State::Processing, false),
        (State::Completed, false),
        (State::Available, false),
        (State::Failed, true),
        (State::Returned, true),
        (State::Canceled, true),
    ] {
        assert_eq!(offsets_receivable(&leg(state), &owed), covers, "{state:?}");
        assert!(!offsets_receivable(&leg(state), &funding(State::Available)), "{state:?}");
    }
    for effect in [Effect::UnfundedFailed, Effect::ReceivableRecovered] {
        assert!(!offsets_receivable(&Leg { effects: vec![effect], ..leg(State::Failed) }, &owed));
    }
    let noted = with(&[late.as_slice(), &[Effect::ReceivableRecovered]].concat());
    assert!(!offsets_receivable(&leg(State::Returned), &noted));
    // A check that was made anew knows nothing of what its first attempt did: the funding does.
    let marked = Funding { debt_taken_off_at: Some(now()), ..owed };
    assert!(is_taken_off(&leg(State::Unprocessed), &marked) && !offsets_receivable(&leg(State::Returned), &marked));
}

#[test]
fn a_debit_presented_again_repays_what_had_been_paid_out() {
    let owing = PayerFacts { receivable_open: true, ..CALM };
    let out = [State::Submitting, State::Processing, State::Completed, State::Available];
    for state in State::ALL {
        assert_eq!(repays_receivable(&leg(state), owing), out.contains(&state), "{state:?}");
        assert!(!repays_receivable(&leg(state), CALM), "{state:?}");
    }
}

fn states() -> impl Strategy<Value = State> {
    prop::sample::select(State::ALL.to_vec())
}

proptest! {
    #[test]
    fn nothing_new_leaves_unless_its_money_is_there_and_nobody_objects(
        (paying, pulling) in (states(), states()),
        (is_paused, receivable_open, flagged, flagged_funding) in any::<(bool, bool, bool, bool)>(),
    ) {
        let (mut payment, mut funding) = (payment(paying), funding(pulling));
        if flagged {
            payment.leg.raise(AttentionReason::KeepsFailing, now());
        }
        if flagged_funding {
            funding.leg.raise(AttentionReason::KeepsFailing, now());
        }
        let next = action(&payment, &funding, PayerFacts { is_paused, receivable_open });
        if next == Action::SendPayout && paying == State::Unprocessed {
            prop_assert!(pulling == State::Available && !is_paused && !receivable_open && !flagged && !flagged_funding);
        }
        if matches!(next, Action::SendPayout | Action::SendFunding) {
            prop_assert!(!is_paused);
        }
    }
}
