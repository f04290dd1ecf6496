//! What a payment of autopay needs next: retries, cancels, stops and refunds.

use super::*;
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::rule::Rule;
use crate::domain::bank::mailing_address::AddressParts;
use crate::domain::leg::Reason;
use crate::domain::payment::CheckPayee;

const DIGITS: &str = "00112233445566778899aabbccddeeff";

fn check(state: State) -> Payment {
    let address = AddressParts {
        line_1: "PO Box 100".to_owned(),
        line_2: None,
        city: "Wilmington".to_owned(),
        state: "DE".to_owned(),
        postal_code: "19886".to_owned(),
    };
    let payee = CheckPayee {
        name: "Example Card Services".to_owned(),
        address: address.try_into().unwrap(),
        memo: "Acct 4421".to_owned(),
        message: "Payment for account".to_owned(),
        sealed_account: None,
        account_last4: "4421".to_owned(),
        account_fingerprint: None,
    };
    let facts = AutopayFacts {
        card_id: CardId::of_fingerprint(&format!("f1_{DIGITS}")).unwrap(),
        bank_account_id: BankAccountId::of_fingerprint(&format!("f1_{DIGITS}")).unwrap(),
        utilization_before: None,
        rule: Rule::default(),
        reason: "because".to_owned(),
        decided_at: now(),
        agreement: None,
        cancel_asked_at: None,
        stop_asked_at: None,
        mailed_before: Vec::new(),
        refund_of: None,
        refunded_by: None,
        used_up_at: None,
    };
    Payment { payee: Payee::Check(payee), autopay: Some(Box::new(facts)), ..payment(state) }
}

fn with(mut payment: Payment, change: impl FnOnce(&mut AutopayFacts)) -> Payment {
    change(payment.autopay.as_mut().unwrap());
    payment
}

fn canceled(state: State) -> Payment {
    with(check(state), |facts| facts.cancel_asked_at = Some(now()))
}

fn returned(code: &str, presentments: u32, effects: &[Effect]) -> Funding {
    let mut back = funding(State::Returned);
    back.leg.reason = Some(Reason::Returned(code.to_owned()));
    back.leg.attempt = presentments;
    back.leg.transfer_id = Some("acht_1".to_owned());
    back.leg.effects = effects.to_vec();
    back
}

#[test]
fn a_canceled_payment_sends_no_check_and_gives_back_what_comes_in() {
    assert_eq!(line(&canceled(State::Unprocessed), CALM), "C F f H G U U -");
    assert_eq!(line(&canceled(State::Submitting), CALM), "P P P P P P P P");
}

#[test]
fn the_money_of_a_debit_that_nobody_wanted_when_the_bank_told_of_it_goes_back() {
    let unwanted = Funding { unwanted_at: Some(now()), ..funding(State::Available) };
    assert_eq!(letter(action(&check(State::Unprocessed), &unwanted, CALM)), 'G');
    assert_eq!(letter(action(&check(State::Submitting), &unwanted, CALM)), 'P', "its check may be out");
}

#[test]
fn a_debit_is_presented_again_only_while_its_bill_was_not_presented_three_times() {
    let (payment, back) = (check(State::Unprocessed), returned("R01", 1, &[Effect::FundingAccepted]));
    let next = |presented| {
        let (business_now, elapsed_now) = (now(), now());
        let (payment, funding) = (&payment, &back);
        let (may_debit, may_present_again, may_mail) = (true, true, true);
        let payer = CALM;
        next_action(PaymentContext {
            payment,
            funding,
            payer,
            may_debit,
            is_still_owed: true,
            may_present_again,
            may_mail,
            presented,
            business_now,
            elapsed_now,
        })
    };
    assert_eq!([0, 1, 2, 3, 4].map(|presented| letter(next(presented))), ['A', 'A', 'A', 'U', 'U']);
}

#[test]
fn a_debit_that_is_no_longer_allowed_is_not_sent_and_one_under_way_goes_on() {
    let forbidden = |payment: &Payment, funding: &Funding| {
        let (business_now, elapsed_now) = (now(), now());
        next_action(PaymentContext {
            payment,
            funding,
            payer: CALM,
            may_debit: false,
            is_still_owed: true,
            may_present_again: true,
            may_mail: true,
            presented: 0,
            business_now,
            elapsed_now,
        })
    };
    let line = State::ALL.map(|state| letter(forbidden(&check(State::Unprocessed), &funding(state))));
    assert_eq!(line, ['C', 'F', 'f', 'H', 'P', 'U', 'U', '-']);
    let back = returned("R01", 1, &[Effect::FundingAccepted, Effect::FundingReturnedPending]);
    assert_eq!(letter(forbidden(&check(State::Unprocessed), &back)), 'U');
}

#[test]
fn a_debit_without_money_is_presented_again_twice_before_its_payment_fails() {
    let pending = [Effect::FundingAccepted, Effect::FundingReturnedPending];
    let owing = |receivable_open| PayerFacts { receivable_open, ..CALM };
    let next = |code, presentments, effects: &[Effect]| {
        let payer = owing(effects.contains(&Effect::FundingReturnedAvailable));
        letter(action(&check(State::Unprocessed), &returned(code, presentments, effects), payer))
    };
    for code in ["R01", "R09"] {
        assert_eq!([1, 2, 3].map(|presentments| next(code, presentments, &pending)), ['A', 'A', 'U'], "{code}");
    }
    for code in ["R02", "R10", "R99", ""] {
        assert_eq!(next(code, 1, &pending), 'U', "{code}");
    }
    let late = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable];
    assert_eq!(next("R01", 1, &late), 'U');
    let back = returned("R01", 1, &pending);
    assert_eq!(letter(action(&canceled(State::Unprocessed), &back, CALM)), 'U');
}

#[test]
fn a_debit_that_is_presented_again_waits_for_its_day() {
    let mut again = returned("R01", 1, &[Effect::FundingAccepted, Effect::FundingReturnedPending]);
    again.present_again(calendar::eastern_date(now())).unwrap();
    assert_eq!((again.leg.state, again.leg.attempt, again.available_at), (State::Unprocessed, 2, None));
    assert_eq!(letter(action(&check(State::Unprocessed), &again, CALM)), 'F');
    again.not_before = Some(now() + SignedDuration::from_secs(1));
    again.schedule(now());
    assert_eq!(letter(action(&check(State::Unprocessed), &again, CALM)), '-');
    assert_eq!(again.due_at, again.not_before);
}

#[test]
fn a_check_is_stopped_as_soon_as_the_bank_takes_it_and_only_as_long_as_it_helps() {
    let cases = [
        ("initiated", 'p', StopRequest::Soon),
        ("manual_review", 'S', StopRequest::Now),
        ("issued", 'S', StopRequest::Now),
        ("pending_stop", 'p', StopRequest::None),
        ("pending_deposit", 'p', StopRequest::None),
        ("pending_first_return", 'p', StopRequest::None),
    ];
    for (status, next, wish) in cases {
        let mut out = with(check(State::Processing), |facts| facts.stop_asked_at = Some(now()));
        out.leg.bank_status = Some(status.to_owned());
        assert_eq!(out.stop_request(), wish, "{status}");
        assert_eq!(letter(action(&out, &funding(State::Returned), CALM)), next, "{status}");
        out.autopay.as_mut().unwrap().stop_asked_at = None;
        assert_eq!(letter(action(&out, &funding(State::Available), CALM)), 'p', "{status}");
    }
}

#[test]
fn what_a_check_did_not_pay_goes_back_once_if_it_is_still_here() {
    let mut back = check(State::Returned);
    back.leg.effects = vec![Effect::CheckIssued, Effect::CheckReversed];
    assert_eq!(line(&back, CALM), "X F f H G - - -");
    let mut refused = check(State::Failed);
    refused.leg.reason = Some(Reason::Refused("invalid_address".to_owned()));
    assert_eq!(line(&refused, CALM), "X F f H G - - -");

    let available = funding(State::Available);
    let gives_back = |payment: &Payment| action(payment, &available, CALM) == Action::GiveBack;
    let mut flagged = back.clone();
    flagged.leg.raise(AttentionReason::CheckUndeliverable, now());
    assert!(!gives_back(&flagged), "an operator may replace it");
    let other = Some(PaymentId::Single(Uuid::from_u128(8)));
    assert!(!gives_back(&with(back.clone(), |facts| facts.refunded_by = other)));
    assert!(!gives_back(&with(back.clone(), |facts| facts.refund_of = other)));
    let mut met = back.clone();
    met.leg.effects.push(Effect::ReceivableRecovered);
    assert!(!gives_back(&met), "it met what was owed");
    assert!(!gives_back(&check(State::Failed)), "it failed with its funding");
}

#[test]
fn a_refund_pays_out_what_the_other_payments_funding_brought() {
    let refunded = PaymentId::Single(Uuid::from_u128(8));
    let refund = Payment {
        payee: payment(State::Unprocessed).payee,
        ..with(check(State::Unprocessed), |facts| facts.refund_of = Some(refunded))
    };
    assert_eq!(refund.funding_id(), FundingId::Single(Uuid::from_u128(8)));
    assert_eq!(letter(action(&refund, &funding(State::Available), CALM)), 'P');
    let late = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable];
    let gone = returned("R10", 1, &late);
    let owing = PayerFacts { receivable_open: true, ..CALM };
    assert_eq!(action(&refund, &gone, owing), Action::FailUnfunded { after_available: true });
    assert_eq!(letter(action(&refund, &gone, CALM)), 'N', "its person has repaid it");
}

/// A funding that came back after it was available.
fn lost() -> Funding {
    returned("R10", 1, &[Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable])
}

#[test]
fn money_that_came_back_to_whoever_repaid_its_lost_debit_goes_back_to_them_once_they_owe_nothing() {
    let mut stopped = check(State::Returned);
    stopped.leg.effects = vec![Effect::CheckReversed];
    let owing = PayerFacts { receivable_open: true, ..CALM };
    assert_eq!([CALM, owing].map(|payer| letter(action(&stopped, &lost(), payer))), ['G', '-']);
    let taken_off = Funding { debt_taken_off_at: Some(now()), ..lost() };
    assert_eq!(letter(action(&stopped, &taken_off, CALM)), '-', "it was set against what they owed");
    stopped.leg.effects.push(Effect::ReceivableRecovered);
    assert_eq!(letter(action(&stopped, &lost(), CALM)), '-');
}

#[test]
fn a_refund_of_what_was_repaid_is_paid_out_although_its_funding_came_back() {
    let refund = with(payment_to_account(), |facts| facts.refund_of = Some(PaymentId::Single(UUID)));
    let repaid = Funding { repaid: Some(Cents::new(165_500)), ..lost() };
    assert!(repaid.is_repaid() && is_taken_off(&refund.leg, &repaid));
    let owing = PayerFacts { receivable_open: true, ..CALM };
    assert_eq!([CALM, owing].map(|payer| letter(action(&refund, &repaid, payer))), ['P', '-']);
    assert_eq!(letter(action(&refund, &lost(), owing)), 'U', "what nobody repaid is lost");
}

#[test]
fn the_money_of_a_check_that_was_never_sent_goes_back_to_whoever_has_repaid_its_lost_debit() {
    let unsent = check(State::Unprocessed);
    let owing = PayerFacts { receivable_open: true, ..CALM };
    assert_eq!([CALM, owing].map(|payer| letter(action(&unsent, &lost(), payer))), ['G', 'U']);
}

fn payment_to_account() -> Payment {
    Payment { autopay: check(State::Unprocessed).autopay, ..payment(State::Unprocessed) }
}

#[test]
fn what_its_card_would_not_be_paid_for_any_more_is_neither_presented_again_nor_mailed() {
    let next = |funding: &Funding, (may_present_again, may_mail): (bool, bool)| {
        let payment = &check(State::Unprocessed);
        letter(next_action(PaymentContext {
            payment,
            funding,
            payer: CALM,
            may_debit: true,
            is_still_owed: true,
            may_present_again,
            may_mail,
            presented: 1,
            business_now: now(),
            elapsed_now: now(),
        }))
    };
    let back = returned("R01", 1, &[Effect::FundingAccepted, Effect::FundingReturnedPending]);
    let mut waiting = back.clone();
    waiting.present_again(calendar::eastern_date(now())).unwrap();
    let all = [(true, true), (false, true)];
    assert_eq!(all.map(|may| next(&back, may)), ['A', 'U']);
    assert_eq!(all.map(|may| next(&waiting, may)), ['F', 'C']);
    assert_eq!(all.map(|may| next(&funding(State::Unprocessed), may)), ['F', 'F'], "it was not presented yet");
    assert_eq!([true, false].map(|may_mail| next(&funding(State::Available), (true, may_mail))), ['P', 'G']);
}
