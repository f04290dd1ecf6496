//! A send without an answer may have been done, or may still arrive: nothing that is said of another send settles it.

use super::*;

const DAY: i64 = 24;

fn hours_later(hours: i64) -> Timestamp {
    start() + SignedDuration::from_hours(hours)
}

fn claim_again(leg: &mut Leg, at: Timestamp) {
    leg.claim(Kind::Payout, request("other body"), lease_from(at)).unwrap();
}

/// Sent without an answer, in the ways there are: silence, a worker that died, silence in a try before the refusal.
fn unanswered() -> [Leg; 2] {
    let mut silent = sent(Kind::Payout);
    silent.silent(Silence::OutOfReach);
    claim_again(&mut silent, hours_later(1));
    let mut died = sent(Kind::Payout);
    claim_again(&mut died, hours_later(1));
    [silent, died]
}

fn stays_out(leg: &Leg) {
    assert_eq!((leg.state, leg.may_be_out()), (State::Submitting, true));
    assert_eq!(leg.claim.as_ref().map(|claim| claim.first_sent_at), Some(start()));
    let mut tried = leg.clone();
    assert!(tried.cancel(Kind::Payout).is_err());
    assert!(tried.fail_unfunded(Kind::Payout, true).is_err());
    assert!(tried.fail_by_rule(Kind::Payout, Reason::Unfunded).is_err());
    assert!(tried.retry(Kind::Payout).is_err());
    assert_eq!(tried, *leg);
}

#[test]
fn what_nobody_wants_and_the_bank_does_not_have_was_never_sent() {
    for mut leg in unanswered() {
        let further = Looked::Further(Look { older_than: "acht_9".to_owned() });
        leg.looked_unwanted(Kind::Payout, further, hours_later(26)).unwrap();
        stays_out(&leg);
        leg.looked_unwanted(Kind::Payout, Looked::Through, hours_later(27)).unwrap();
        assert_eq!((leg.state, leg.may_be_out(), attention(&leg)), (State::Unprocessed, false, None));
    }
}

#[test]
fn a_refusal_of_a_later_send_settles_nothing() {
    for refusal in [bad_key(), bad_payee(), forgotten()] {
        for mut leg in unanswered() {
            let moved = no(&mut leg, refusal.clone());
            assert_eq!((moved.from, moved.to), (State::Submitting, State::Submitting), "{refusal:?}");
            stays_out(&leg);
        }
    }
}

#[test]
fn nor_does_a_refusal_after_a_silent_try_of_the_same_send() {
    for refusal in [bad_key(), bad_payee(), forgotten()] {
        let mut leg = sent(Kind::Payout);
        leg.refused(Kind::Payout, refusal, EarlierTries::OneSilent).unwrap();
        stays_out(&leg);
    }
}

#[test]
fn nor_a_later_send_that_never_left() {
    for mut leg in unanswered() {
        leg.not_sent(Kind::Payout).unwrap();
        stays_out(&leg);
    }
}

#[test]
fn refused_for_a_reason_of_ours_the_same_goes_out_again() {
    for mut leg in unanswered() {
        no(&mut leg, bad_key());
        assert_eq!(leg.next_send(hours_later(2), start()), NextSend::Send);
        claim_again(&mut leg, hours_later(2));
        assert_eq!(leg.request.as_deref(), Some("first body"));
    }
}

#[test]
fn a_month_of_refusals_does_not_make_the_key_young_again() {
    let [mut leg, _] = unanswered();
    for day in 1..RESEND_DAYS_MAX {
        no(&mut leg, bad_key());
        claim_again(&mut leg, hours_later(DAY * day));
    }
    no(&mut leg, bad_key());
    let late = hours_later(DAY * RESEND_DAYS_MAX + 1);
    assert!(matches!(leg.next_send(late, start()), NextSend::LookUp { .. }));
}

#[test]
fn refused_for_good_it_is_not_sent_again_and_what_was_sent_has_a_day_to_arrive() {
    for refusal in [bad_payee(), forgotten()] {
        let [mut leg, _] = unanswered();
        no(&mut leg, refusal);
        let arrived = hours_later(1 + ON_ITS_WAY_HOURS);
        assert_eq!(leg.next_send(hours_later(2), start()), NextSend::Rest { until: arrived });
        let look = NextSend::LookUp { since: hours_later(-1), until: arrived, from: None };
        assert_eq!(leg.next_send(arrived, start()), look);
        assert!(leg.claim(Kind::Payout, request("again"), lease_from(arrived)).is_err());
    }
}

#[test]
fn a_refusal_holds_when_the_banks_whole_list_does_not_have_it() {
    let [mut leg, _] = unanswered();
    no(&mut leg, bad_payee());
    let place = Look { older_than: "acht_9".to_owned() };
    leg.looked(Kind::Payout, Looked::Further(place.clone()), hours_later(26)).unwrap();
    stays_out(&leg);
    assert!(
        matches!(leg.next_send(hours_later(26), start()), NextSend::LookUp { from: Some(from), .. } if from == place)
    );

    leg.looked(Kind::Payout, Looked::Through, hours_later(27)).unwrap();
    assert_eq!((leg.state, leg.may_be_out()), (State::Failed, false));
    assert_eq!(leg.reason, Some(Reason::Refused("invalid_routing_number".to_owned())));
}

#[test]
fn a_forgotten_counterparty_is_sent_anew_when_the_banks_whole_list_does_not_have_it() {
    let [mut leg, _] = unanswered();
    no(&mut leg, forgotten());
    leg.looked(Kind::Payout, Looked::Through, hours_later(27)).unwrap();
    assert_eq!((leg.state, leg.attempt, leg.request), (State::Unprocessed, 1, None));
}

#[test]
fn what_arrives_after_a_refusal_is_what_happened() {
    let [mut leg, _] = unanswered();
    no(&mut leg, bad_payee());
    hear(&mut leg, Kind::Payout, BankStatus::Initiated);
    assert_eq!((leg.state, attention(&leg)), (State::Processing, None));
}

#[test]
fn what_is_too_old_and_not_in_the_list_is_a_persons_and_looked_for_anew_when_they_say_so() {
    let [mut leg, _] = unanswered();
    leg.silent(Silence::OutOfReach);
    let late = hours_later(DAY * RESEND_DAYS_MAX + 1);
    leg.looked(Kind::Payout, Looked::Further(Look { older_than: "acht_9".to_owned() }), late).unwrap();
    leg.looked(Kind::Payout, Looked::Through, late).unwrap();
    assert_eq!(attention(&leg), Some(AttentionReason::OutcomeUnknown));
    stays_out(&leg);
    leg.clear_attention();
    assert!(matches!(leg.next_send(late, start()), NextSend::LookUp { from: None, .. }));
}

#[test]
fn what_was_sent_a_moment_ago_is_not_looked_for_yet_however_old_its_key() {
    let mut leg = sent(Kind::Payout);
    leg.silent(Silence::OutOfReach);
    let last = hours_later(DAY * RESEND_DAYS_MAX);
    claim_again(&mut leg, last);
    let soon = last + SignedDuration::from_mins(5);
    let until = last + SignedDuration::from_hours(ON_ITS_WAY_HOURS);
    assert_eq!(leg.next_send(soon, hours_later(DAY * 30)), NextSend::Rest { until });
}

#[test]
fn refusals_of_ours_and_outages_use_up_no_tries_and_a_person_starts_the_count_anew() {
    let mut leg = sent(Kind::Payout);
    for _ in 0..2 * SENDS_MAX {
        leg.silent(Silence::OutOfReach);
        claim_again(&mut leg, start());
        no(&mut leg, bad_key());
        claim_again(&mut leg, start());
    }
    no(&mut leg, bad_key());
    assert_eq!(leg.next_send(start(), start()), NextSend::Send);

    for _ in 0..SENDS_MAX {
        claim_again(&mut leg, start());
        leg.silent(Silence::Unreadable);
    }
    assert_eq!(leg.next_send(start(), start()), NextSend::GiveUp(AttentionReason::KeepsFailing));
    leg.raise(AttentionReason::KeepsFailing, start());
    leg.clear_attention();
    assert_eq!(leg.next_send(start(), start()), NextSend::Send);
}

/// As releases before stored it: deferred, or failed and tried again, with a claim whose sends nobody had noted.
#[test]
fn what_was_stored_before_sends_were_noted_may_be_out() {
    let stored = |state: &str| {
        serde_json::json!({ "state": state, "attempt": 1, "bank_rank": 0, "request": "first body", "bank_account_id": "bacc_1", "claim": {
            "owner": "worker", "lease_until": start(), "first_sent_at": start(), "sends": 3,
        } })
    };
    let deferred: Leg = serde_json::from_value(stored("unprocessed")).unwrap();
    stays_out(&deferred);

    let mut failed: Leg = serde_json::from_value(stored("failed")).unwrap();
    failed.retry(Kind::Payout).unwrap();
    stays_out(&failed);
    assert_eq!(failed.request.as_deref(), Some("first body"));

    let kept: Leg = serde_json::from_value(serde_json::to_value(&deferred).unwrap()).unwrap();
    assert_eq!(kept, deferred);
}

#[test]
fn money_that_is_lacking_for_days_is_a_persons_to_look_at() {
    let mut leg = sent(Kind::Payout);
    let lack = |leg: &mut Leg, hours: i64| {
        claim_again(leg, hours_later(hours));
        leg.refused(Kind::Payout, Refusal::Ours("transfer_non_sufficient_fund".to_owned()), EarlierTries::Answered)
            .unwrap();
        leg.note_lack(hours_later(hours))
    };
    assert!(!lack(&mut leg, 0) && !lack(&mut leg, 3 * DAY - 1));
    // Refused for something else meanwhile, it counts anew.
    let mut other = leg.clone();
    claim_again(&mut other, hours_later(3 * DAY));
    other.refused(Kind::Payout, Refusal::Ours("limit_exceeded".to_owned()), EarlierTries::Answered).unwrap();
    assert!(!other.note_lack(hours_later(3 * DAY)));
    assert!(!lack(&mut other, 4 * DAY));
    assert!(lack(&mut leg, 3 * DAY) && !lack(&mut leg, 3 * DAY + 1), "told once");
    assert_eq!(leg.attention.as_ref().map(|attention| attention.reason), Some(AttentionReason::KeepsFailing));
    leg.clear_attention();
    assert!(!lack(&mut leg, 4 * DAY));
}
