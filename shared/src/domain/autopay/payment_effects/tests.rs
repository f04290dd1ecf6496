use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::rule::Rule;
use crate::domain::bank::check::snapshot::CheckSnapshot;
use crate::domain::bank::request::{AccountType, EntryClass};
use crate::domain::leg::{Leg, Reason};
use crate::domain::money::Cents;
use crate::domain::payment::{AccountPayee, Payee};

const DIGITS: &str = "00112233445566778899aabbccddeeff";

fn now() -> Timestamp {
    "2026-03-10T18:00:00Z".parse().unwrap()
}

fn facts() -> AutopayFacts {
    AutopayFacts {
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
    }
}

/// A payment whose leg stands so. The payee does not matter here.
fn payment(state: State, bank_status: &str, effects: &[Effect]) -> Payment {
    let leg = Leg {
        state,
        bank_status: Some(bank_status.to_owned()),
        effects: effects.to_vec(),
        reason: (state == State::Returned).then(|| Reason::Returned(bank_status.to_owned())),
        ..Leg::new()
    };
    Payment {
        id: PaymentId::Single(Uuid::from_u128(7)),
        version: 1,
        amount: Cents::new(165_500),
        payer_id: "per_example".to_owned(),
        round: 1,
        leg,
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
        autopay: Some(Box::new(facts())),
        row: None,
        due_at: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn news(payment: &Payment, from: State) -> CheckNews<'_> {
    CheckNews {
        payment,
        from: Some(from),
        funding_came_back: false,
        card_name: "Everyday Card",
        outlook: Outlook::GoesOn,
        at: now(),
    }
}

fn told(after: &Aftermath) -> Vec<&'static str> {
    after.notices.iter().map(NoticeKind::code).collect()
}

const REVERSED: [Effect; 2] = [Effect::CheckIssued, Effect::CheckReversed];

#[test]
fn a_cashed_check_is_told_and_the_card_waits_for_plaid_to_show_it() {
    let cashed = payment(State::Completed, "settled", &[Effect::CheckIssued, Effect::CheckSettled]);
    let after = after_check(news(&cashed, State::Processing));
    assert_eq!((after.card, after.attention), (Some(CardStep::Cashed { at: now(), check_number: None }), None));
    assert_eq!(told(&after), ["check_cashed"]);
}

#[test]
fn a_check_that_is_cashed_although_its_debit_came_back_leaves_what_is_owed_to_an_operator() {
    let cashed = payment(State::Completed, "settled", &[Effect::CheckIssued, Effect::CheckSettled]);
    let after = after_check(CheckNews { funding_came_back: true, ..news(&cashed, State::Processing) });
    assert_eq!(after.attention, Some(AttentionReason::ReceivableOpen));
}

#[test]
fn how_a_check_came_back_decides_what_happens_to_its_money() {
    let asked = |stop: bool, cancel: bool, status: &str| {
        let mut back = payment(State::Returned, status, &REVERSED);
        let facts = back.autopay.as_mut().unwrap();
        facts.stop_asked_at = stop.then(now);
        facts.cancel_asked_at = cancel.then(now);
        let after = after_check(news(&back, State::Processing));
        assert_eq!(after.card, None);
        (told(&after), after.attention)
    };
    assert_eq!(asked(true, true, "stopped"), (vec![], None));
    assert_eq!(asked(true, false, "stopped"), (vec![], Some(AttentionReason::CheckUndeliverable)));
    assert_eq!(asked(false, false, "stopped"), (vec!["check_voided"], None));
    assert_eq!(asked(false, false, "rejected"), (vec!["check_rejected"], Some(AttentionReason::CheckRejected)));
    assert_eq!(asked(true, true, "second_return"), (vec!["check_rejected"], Some(AttentionReason::CheckRejected)));
    let by_us = asked(false, false, "user_initiated_returned");
    assert_eq!(by_us, (vec!["check_returned"], Some(AttentionReason::CheckRejected)));
}

#[test]
fn a_stop_that_wins_settles_what_was_owed_and_undoes_the_payment() {
    let effects = [Effect::CheckIssued, Effect::CheckReversed, Effect::ReceivableRecovered];
    let back = payment(State::Returned, "stopped", &effects);
    let after = after_check(CheckNews { funding_came_back: true, ..news(&back, State::Processing) });
    assert_eq!((after.card, after.attention), (Some(CardStep::Reversed), None));
    assert_eq!(told(&after), ["check_stopped", "receivable_ended"]);
}

#[test]
fn a_check_presented_for_another_amount_is_told_once_and_not_as_rejected() {
    let mut back = payment(State::Returned, "second_return", &REVERSED);
    back.leg.raise(AttentionReason::PresentedForOtherAmount, now());
    assert_eq!(told(&after_check(news(&back, State::Processing))), ["check_other_amount"]);
}

#[test]
fn a_letter_on_its_way_is_told_and_one_that_comes_back_asks_for_a_stop_once() {
    let mut out = payment(State::Processing, "issued", &[Effect::CheckIssued]);
    let letter = |status: &str, out: &mut Payment| {
        let check = json!({
            "id": "chkt_1", "type": "debit", "status": "issued", "positive_pay_amount": 165_500,
            "currency_code": "USD", "bank_account_id": "bacc_1", "delivery_status": status,
            "created_at": "2026-03-09T18:00:00Z",
        });
        out.note_check(&CheckSnapshot::from_json(check).unwrap());
        let after = after_check(CheckNews { from: None, ..news(out, State::Processing) });
        (after.asks_stop, told(&after))
    };
    assert_eq!(letter("created", &mut out), (false, vec![]));
    assert_eq!(letter("mailed", &mut out), (false, vec!["check_mailed"]));
    assert_eq!(letter("returned_to_sender", &mut out), (true, vec!["check_returned_by_mail"]));
    out.autopay.as_mut().unwrap().stop_asked_at = Some(now());
    assert_eq!(letter("returned_to_sender", &mut out), (false, vec![]));
}

#[test]
fn only_money_that_left_for_good_is_lost() {
    let lost = |kind| State::ALL.into_iter().filter(|state| is_lost(kind, *state)).collect::<Vec<_>>();
    assert_eq!(lost(Kind::Check), [State::Completed, State::Available]);
    assert_eq!(lost(Kind::Payout), [State::Submitting, State::Processing, State::Completed, State::Available]);
    assert_eq!(lost(Kind::Funding), []);
}
