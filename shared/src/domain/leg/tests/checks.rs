use super::*;
use crate::domain::bank::check::status::CheckStatus;

/// The bank's word about a check of the first attempt, as it would be if all is well.
fn word(status: &str) -> BankReport {
    let status = CheckStatus::parse(status);
    BankReport {
        transfer_id: "chkt_1".to_owned(),
        status: status.to_string(),
        meaning: status.meaning().for_leg(),
        rank: status.rank(),
        return_code: Some(status.to_string()),
        ..report(Kind::Check, BankStatus::Initiated)
    }
}

fn tell(leg: &mut Leg, status: &str) -> ReportOutcome {
    leg.report(expected(Kind::Check), &word(status), start())
}

fn told(statuses: &[&str]) -> Leg {
    let mut leg = sent(Kind::Check);
    for status in statuses {
        tell(&mut leg, status);
    }
    leg
}

const LIVES: [&[&str]; 8] = [
    &["initiated", "issued", "pending_deposit", "settled"],
    &["initiated", "manual_review", "rejected"],
    &["initiated", "issued", "pending_stop", "stopped"],
    &["initiated", "issued", "pending_stop", "pending_deposit", "settled"],
    &["issued", "pending_deposit", "pending_first_return", "first_return", "pending_reclear", "settled"],
    &["issued", "pending_deposit", "first_return", "pending_reclear", "pending_second_return", "second_return"],
    &["issued", "pending_deposit", "settled", "user_initiated_return_submitted", "user_initiated_returned"],
    &["issued", "settled", "user_initiated_returned", "user_initiated_return_dishonored"],
];

proptest! {
    #[test]
    fn any_order_and_repetition_of_its_statuses_ends_as_the_right_order_does(
        (life, delivered) in prop::sample::select(LIVES.to_vec()).prop_flat_map(|life| {
            (Just(life), Just([life, life].concat()).prop_shuffle())
        }),
    ) {
        let (right, shuffled) = (told(life), told(&delivered));
        prop_assert_eq!(shuffled.effects, right.effects);
        prop_assert_eq!((shuffled.state, shuffled.bank_status, shuffled.reason), (right.state, right.bank_status, right.reason));
    }
}

#[test]
fn every_end_of_a_check_has_its_state_and_its_entries() {
    use Effect::{CheckIssued, CheckReturnedAfterSettled, CheckReversed, CheckSettled};
    for (status, state, effects) in [
        ("initiated", State::Processing, vec![CheckIssued]),
        ("issued", State::Processing, vec![CheckIssued]),
        ("pending_stop", State::Processing, vec![CheckIssued]),
        ("pending_deposit", State::Processing, vec![CheckIssued]),
        ("settled", State::Completed, vec![CheckIssued, CheckSettled]),
        ("stopped", State::Returned, vec![CheckIssued, CheckReversed]),
        ("rejected", State::Returned, vec![CheckIssued, CheckReversed]),
        ("second_return", State::Returned, vec![CheckIssued, CheckReversed]),
        ("user_initiated_returned", State::Returned, vec![CheckIssued, CheckSettled, CheckReturnedAfterSettled]),
    ] {
        let leg = told(&[status]);
        assert_eq!((leg.state, leg.effects), (state, effects), "{status}");
    }
}

#[test]
fn a_first_return_that_is_presented_again_is_still_on_its_way() {
    let leg = told(&["issued", "pending_deposit", "pending_first_return", "first_return", "pending_reclear"]);
    assert_eq!((leg.state, leg.effects), (State::Processing, vec![Effect::CheckIssued]));
}

#[test]
fn a_stop_that_loses_against_the_payment_leaves_it_paid() {
    let mut leg = told(&["issued", "pending_stop", "pending_deposit", "settled"]);
    assert_eq!(tell(&mut leg, "pending_stop"), ReportOutcome::Recorded);
    assert_eq!((leg.state, leg.reason), (State::Completed, None));
}

#[test]
fn a_check_that_came_back_says_why_and_may_be_replaced_under_a_new_key() {
    let mut leg = told(&["issued", "stopped"]);
    assert_eq!(leg.reason, Some(Reason::Returned("stopped".to_owned())));
    leg.retry(Kind::Check).unwrap();
    assert_eq!((leg.state, leg.attempt, leg.effects), (State::Unprocessed, 2, vec![]));
}

#[test]
fn a_check_presented_for_another_amount_is_noticed() {
    let mut leg = told(&["issued"]);
    let presented = BankReport { presented_amount: Some(Cents::new(12_500)), ..word("pending_deposit") };
    leg.report(expected(Kind::Check), &presented, start());
    assert_eq!(leg.state, State::Processing);
    assert_eq!(attention(&leg), Some(AttentionReason::PresentedForOtherAmount));

    let mut good = told(&["issued"]);
    let presented = BankReport { presented_amount: Some(AMOUNT), ..word("pending_deposit") };
    good.report(expected(Kind::Check), &presented, start());
    assert_eq!(attention(&good), None);
}
