use super::*;

#[test]
fn the_attempt_changes_only_after_the_money_came_back() {
    for (status, attempt) in [(BankStatus::Returned, 2), (BankStatus::Canceled, 2)] {
        let mut leg = after(Kind::Payout, &[BankStatus::Initiated, status.clone()]);
        leg.retry(Kind::Payout).unwrap();
        assert_eq!((leg.state, leg.attempt), (State::Unprocessed, attempt), "{status}");
    }

    let mut refused = sent(Kind::Payout);
    no(&mut refused, bad_payee());
    refused.retry(Kind::Payout).unwrap();
    assert_eq!((refused.state, refused.attempt), (State::Unprocessed, 1));

    let mut unfunded = Leg::new();
    unfunded.fail_unfunded(Kind::Payout, false).unwrap();
    unfunded.retry(Kind::Payout).unwrap();
    assert_eq!((unfunded.state, unfunded.attempt), (State::Unprocessed, 1));
}

#[test]
fn a_retry_after_a_refusal_may_carry_corrected_data() {
    let mut leg = sent(Kind::Payout);
    no(&mut leg, bad_payee());
    leg.retry(Kind::Payout).unwrap();
    leg.claim(Kind::Payout, request("corrected body"), lease_from(start())).unwrap();
    assert_eq!(leg.request.as_deref(), Some("corrected body"));
}

#[test]
fn a_retry_starts_with_clean_books() {
    let mut leg = after(Kind::Payout, &[BankStatus::Settled, BankStatus::Returned]);
    leg.retry(Kind::Payout).unwrap();
    assert_eq!((leg.effects.as_slice(), leg.bank_rank, leg.transfer_id), (&[][..], 0, None));
}

#[test]
fn late_news_of_an_earlier_attempt_is_recorded() {
    let mut leg = after(Kind::Payout, &[BankStatus::Submitted, BankStatus::Returned]);
    leg.retry(Kind::Payout).unwrap();
    let before = leg.clone();
    for status in [BankStatus::Settled, BankStatus::Completed, BankStatus::Returned] {
        assert_eq!(hear(&mut leg, Kind::Payout, status), ReportOutcome::Recorded);
    }
    assert_eq!(leg, before);
}

#[test]
fn an_earlier_attempt_that_moves_again_needs_a_person() {
    let mut leg = after(Kind::Payout, &[BankStatus::Returned]);
    leg.retry(Kind::Payout).unwrap();
    let verdict = hear(&mut leg, Kind::Payout, BankStatus::ReturnDishonored);
    assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::EarlierAttemptMoved));
    assert_eq!((leg.state, leg.effects.as_slice()), (State::Unprocessed, &[][..]));
}

#[test]
fn an_attempt_that_we_never_made_needs_a_person() {
    let mut leg = sent(Kind::Payout);
    let ahead = BankReport { attempt: 2, ..report(Kind::Payout, BankStatus::Initiated) };
    let verdict = leg.report(expected(Kind::Payout), &ahead, start());
    assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::EarlierAttemptMoved));
    assert_eq!(leg.state, State::Submitting);
}

#[test]
fn a_word_about_an_earlier_attempt_is_held_to_what_that_attempt_was() {
    let mut leg = after(Kind::Payout, &[BankStatus::Submitted, BankStatus::Returned]);
    leg.retry(Kind::Payout).unwrap();
    let good = report(Kind::Payout, BankStatus::Settled);
    let cases = [
        ("transfer", BankReport { transfer_id: "acht_2".to_owned(), ..good.clone() }),
        ("amount", BankReport { amount: Cents::new(1_251), ..good.clone() }),
        ("currency", BankReport { currency: "CAD".to_owned(), ..good.clone() }),
        ("direction", BankReport { is_debit: true, ..good.clone() }),
        ("our account", BankReport { bank_account_id: "bacc_2".to_owned(), ..good.clone() }),
        ("rail", BankReport { rail: Rail::Check, ..good.clone() }),
        ("who sent it", BankReport { is_incoming: true, ..good }),
    ];
    for (what, report) in cases {
        let mut leg = leg.clone();
        let verdict = leg.report(expected(Kind::Payout), &report, start());
        assert_eq!(verdict, ReportOutcome::Disputed(AttentionReason::BankDisagrees), "{what}");
        assert_eq!(attention(&leg), Some(AttentionReason::BankDisagrees), "{what}");
    }
}

#[test]
fn what_an_operator_took_for_an_earlier_attempt_stays_taken() {
    let other = BankReport { amount: Cents::new(1_251), ..report(Kind::Payout, BankStatus::Returned) };
    let mut leg = sent(Kind::Payout);
    leg.accept(&other);
    leg.report(expected(Kind::Payout), &other, start());
    leg.retry(Kind::Payout).unwrap();
    assert_eq!(leg.report(expected(Kind::Payout), &other, start()), ReportOutcome::Recorded);
}

#[test]
fn each_attempt_keeps_where_it_went() {
    let led = |account: &str| SentCorrected {
        change_code: "C01".to_owned(),
        account_last4: "0002".to_owned(),
        account: account.to_owned(),
    };
    let mut leg = after(Kind::Payout, &[BankStatus::Returned]);
    leg.retry(Kind::Payout).unwrap();
    leg.corrected = Some(led("f1_two"));
    leg.report(
        expected(Kind::Payout),
        &BankReport { attempt: 2, ..report(Kind::Payout, BankStatus::Returned) },
        start(),
    );
    leg.retry(Kind::Payout).unwrap();
    leg.corrected = Some(led("f1_three"));
    assert_eq!(leg.destination(1), Destination::Named);
    assert_eq!(leg.destination(2), Destination::Corrected(&led("f1_two")));
    assert_eq!(leg.destination(3), Destination::Corrected(&led("f1_three")));
    assert_eq!(leg.destination(4), Destination::Unknown);
    leg.redirected();
    assert_eq!((leg.destination(1), leg.destination(2)), (Destination::Unknown, Destination::Unknown));
}
