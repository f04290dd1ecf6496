use super::*;

#[test]
fn a_settlement_that_overtakes_the_acceptance_posts_both() {
    let mut leg = sent(Kind::Payout);
    let verdict = hear(&mut leg, Kind::Payout, BankStatus::Settled);
    let effects = vec![Effect::PayoutAccepted];
    assert_eq!(verdict, ReportOutcome::Applied(Transition { from: State::Submitting, to: State::Completed, effects }));
    assert_eq!(hear(&mut leg, Kind::Payout, BankStatus::Initiated), ReportOutcome::Recorded);
    assert_eq!(leg.effects, [Effect::PayoutAccepted]);
}

#[test]
fn a_return_that_is_the_first_word_posts_the_whole_way() {
    let leg = after(Kind::Payout, &[BankStatus::Returned]);
    assert_eq!(leg.effects, [Effect::PayoutAccepted, Effect::PayoutReversed]);
    assert_eq!(leg.reason, Some(Reason::Returned("R01".to_owned())));
}

#[test]
fn an_earlier_rank_never_overwrites_a_later_one() {
    let mut leg = after(Kind::Payout, &[BankStatus::Returned]);
    let before = leg.clone();
    for status in [BankStatus::Initiated, BankStatus::Submitted, BankStatus::Settled, BankStatus::Canceled] {
        assert_eq!(hear(&mut leg, Kind::Payout, status), ReportOutcome::Recorded);
    }
    assert_eq!(leg, before);
}

#[test]
fn a_disagreement_moves_nothing_and_needs_a_person() {
    let good = report(Kind::Payout, BankStatus::Settled);
    let cases = [
        ("amount", BankReport { amount: Cents::new(1_251), ..good.clone() }),
        ("currency", BankReport { currency: "CAD".to_owned(), ..good.clone() }),
        ("direction", BankReport { is_debit: true, ..good.clone() }),
        ("our account", BankReport { bank_account_id: "bacc_2".to_owned(), ..good.clone() }),
        ("rail", BankReport { rail: Rail::Check, ..good.clone() }),
        ("who sent it", BankReport { is_incoming: true, ..good.clone() }),
        ("no id", BankReport { transfer_id: String::new(), ..good }),
    ];
    for (what, report) in cases {
        let mut leg = sent(Kind::Payout);
        let verdict = leg.report(expected(Kind::Payout), &report, start());
        assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::BankDisagrees), "{what}");
        assert_eq!((leg.state, leg.effects.as_slice(), leg.bank_rank), (State::Submitting, &[][..], 0), "{what}");
        assert_eq!(attention(&leg), Some(AttentionReason::BankDisagrees), "{what}");
    }
}

#[test]
fn a_second_transfer_under_one_key_needs_a_person() {
    let mut leg = after(Kind::Payout, &[BankStatus::Initiated]);
    let second = BankReport { transfer_id: "acht_2".to_owned(), ..report(Kind::Payout, BankStatus::Settled) };
    let verdict = leg.report(expected(Kind::Payout), &second, start());
    assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::BankDisagrees));
    assert_eq!(leg.state, State::Processing);
}

#[test]
fn a_status_that_we_do_not_know_decides_nothing() {
    let mut leg = after(Kind::Payout, &[BankStatus::Submitted]);
    let verdict = hear(&mut leg, Kind::Payout, BankStatus::parse("TELEPORTED"));
    assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::UnknownBankStatus));
    assert_eq!((leg.state, leg.bank_status.as_deref()), (State::Processing, Some("SUBMITTED")));
}

#[test]
fn money_that_moves_after_we_gave_up_is_recorded_and_needs_a_person() {
    let mut refused = sent(Kind::Payout);
    no(&mut refused, bad_payee());
    let mut canceled = Leg::new();
    canceled.cancel(Kind::Payout).unwrap();
    for mut leg in [refused, canceled] {
        hear(&mut leg, Kind::Payout, BankStatus::Initiated);
        assert_eq!((leg.state, leg.effects.as_slice()), (State::Processing, &[Effect::PayoutAccepted][..]));
        assert_eq!(attention(&leg), Some(AttentionReason::BankMovedUnexpectedly));
    }
}

#[test]
fn a_stray_success_is_found_even_after_a_retry() {
    let mut leg = sent(Kind::Payout);
    no(&mut leg, bad_payee());
    leg.retry(Kind::Payout).unwrap();
    hear(&mut leg, Kind::Payout, BankStatus::Settled);
    assert_eq!((leg.state, leg.effects.as_slice()), (State::Completed, &[Effect::PayoutAccepted][..]));
}

#[test]
fn what_follows_a_return_moves_no_money_and_needs_a_person() {
    let mut leg = after(Kind::Payout, &[BankStatus::Settled, BankStatus::Returned]);
    let effects = leg.effects.clone();
    hear(&mut leg, Kind::Payout, BankStatus::ReturnDishonored);
    assert_eq!((leg.state, &leg.effects), (State::Returned, &effects));
    assert_eq!(attention(&leg), Some(AttentionReason::ReturnDisputed));
}

#[test]
fn a_word_about_the_money_is_not_hidden_by_another_reason_for_attention() {
    let mut leg = sent(Kind::Payout);
    leg.raise(AttentionReason::KeepsFailing, start());
    hear(&mut leg, Kind::Payout, BankStatus::ReturnDishonored);
    assert_eq!(attention(&leg), Some(AttentionReason::ReturnDisputed));
    leg.raise(AttentionReason::RefundReturned, start());
    assert_eq!(attention(&leg), Some(AttentionReason::ReturnDisputed));
}

#[test]
fn the_first_reason_for_attention_stands() {
    let mut leg = sent(Kind::Payout);
    hear(&mut leg, Kind::Payout, BankStatus::parse("TELEPORTED"));
    hear(&mut leg, Kind::Payout, BankStatus::ReturnDishonored);
    assert_eq!(attention(&leg), Some(AttentionReason::UnknownBankStatus));
}
