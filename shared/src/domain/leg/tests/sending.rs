use super::*;

#[test]
fn a_claim_stores_the_request_and_a_second_one_repeats_it() {
    let mut leg = sent(Kind::Payout);
    let later = start() + SignedDuration::from_hours(1);
    leg.claim(Kind::Payout, request("other body"), lease_from(later)).unwrap();

    assert_eq!(leg.request.as_deref(), Some("first body"));
    let claim = leg.claim.unwrap();
    assert_eq!((claim.sends, claim.first_sent_at), (2, start()));
}

#[test]
fn a_lease_keeps_others_off_until_it_ends() {
    let leg = sent(Kind::Payout);
    let end = start() + SignedDuration::from_secs(60);
    assert!(leg.is_leased(end - SignedDuration::from_secs(1)));
    assert!(!leg.is_leased(end));
}

/// The bank has nothing of it: the month for which it keeps the key begins with the next send, and what is true of the account by then is sent.
#[test]
fn what_was_deferred_goes_out_again_as_it_is_then_and_counts_from_then() {
    let mut leg = sent(Kind::Payout);
    no(&mut leg, bad_key());
    assert_eq!((leg.state, leg.attempt, leg.may_be_out()), (State::Unprocessed, 1, false));

    let later = start() + SignedDuration::from_hours(24);
    leg.claim(Kind::Payout, request("other body"), lease_from(later)).unwrap();
    assert_eq!(leg.request.as_deref(), Some("other body"));
    assert_eq!(leg.claim.unwrap().first_sent_at, later);
}

#[test]
fn a_send_that_never_left_is_as_if_there_had_been_none() {
    let mut leg = sent(Kind::Payout);
    leg.not_sent(Kind::Payout).unwrap();
    assert_eq!((leg.state, leg.may_be_out()), (State::Unprocessed, false));
    leg.cancel(Kind::Payout).unwrap();
}

#[test]
fn a_request_that_named_a_forgotten_counterparty_is_made_anew_under_the_same_key() {
    let mut leg = sent(Kind::Payout);
    no(&mut leg, forgotten());
    assert_eq!((leg.state, leg.attempt), (State::Unprocessed, 1));
    leg.claim(Kind::Payout, request("body with the account itself"), lease_from(start())).unwrap();
    assert_eq!(leg.request.as_deref(), Some("body with the account itself"));
}

#[test]
fn an_unknown_outcome_is_sent_again_for_29_days_only() {
    let leg = sent(Kind::Payout);
    let day_29 = start() + SignedDuration::from_hours(24 * RESEND_DAYS_MAX);
    assert!(!leg.is_too_old_to_resend(day_29));
    assert!(leg.is_too_old_to_resend(day_29 + SignedDuration::from_secs(1)));
}

#[test]
fn what_the_bank_has_cannot_be_claimed() {
    let mut leg = after(Kind::Payout, &[BankStatus::Initiated]);
    let claimed = leg.claim(Kind::Payout, request("again"), lease_from(start()));
    assert_eq!(claimed, Err(IllegalTransition { kind: Kind::Payout, state: State::Processing, step: Step::Claimed }));
}

#[test]
fn a_refusal_that_comes_after_the_banks_yes_changes_nothing() {
    let mut leg = after(Kind::Payout, &[BankStatus::Submitted]);
    let before = leg.clone();
    let moved = no(&mut leg, bad_payee());
    assert_eq!((moved.from, moved.to), (State::Processing, State::Processing));
    assert_eq!(leg, before);
}
