use super::*;

#[test]
fn a_hold_ends_once() {
    let mut leg = after(Kind::Funding, &[BankStatus::Settled]);
    assert_eq!(leg.end_hold().unwrap().effects, [Effect::FundingAvailable]);
    assert_eq!(leg.end_hold().unwrap().effects, []);
    assert_eq!((leg.state, leg.effects), (State::Available, vec![Effect::FundingAccepted, Effect::FundingAvailable]));
}

#[test]
fn a_hold_does_not_end_before_the_settlement() {
    let mut leg = after(Kind::Funding, &[BankStatus::Submitted]);
    assert!(leg.end_hold().is_err());
}

#[test]
fn a_return_during_the_hold_takes_back_what_was_pending() {
    let leg = after(Kind::Funding, &[BankStatus::Settled, BankStatus::Returned]);
    assert_eq!(leg.state, State::Returned);
    assert_eq!(leg.effects, [Effect::FundingAccepted, Effect::FundingReturnedPending]);
}

#[test]
fn a_return_after_the_hold_becomes_a_receivable_once() {
    let mut leg = after(Kind::Funding, &[BankStatus::Settled]);
    leg.end_hold().unwrap();
    for status in [BankStatus::Returned, BankStatus::Returned, BankStatus::ReturnContested] {
        hear(&mut leg, Kind::Funding, status);
    }
    assert_eq!(leg.state, State::Returned);
    let whole = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable];
    assert_eq!(leg.effects, whole);
}

#[test]
fn a_completion_that_follows_the_hold_leaves_it_available() {
    let mut leg = after(Kind::Funding, &[BankStatus::Settled]);
    leg.end_hold().unwrap();
    hear(&mut leg, Kind::Funding, BankStatus::Completed);
    assert_eq!(leg.state, State::Available);
}

#[test]
fn a_payment_without_its_funding_comes_off_the_receivable_once() {
    let mut leg = Leg::new();
    assert_eq!(leg.fail_unfunded(Kind::Payout, true).unwrap().effects, [Effect::UnfundedFailed]);
    assert_eq!(leg.fail_unfunded(Kind::Payout, true).unwrap().effects, []);
    assert_eq!((leg.state, leg.effects), (State::Failed, vec![Effect::UnfundedFailed]));
}

#[test]
fn a_payment_that_was_sent_does_not_fail_with_its_funding() {
    assert!(sent(Kind::Payout).fail_unfunded(Kind::Payout, true).is_err());
}
