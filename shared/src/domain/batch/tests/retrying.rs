use super::*;

pub(super) fn payment(row: u32, state: State, reason: Option<Reason>) -> Payment {
    Payment {
        id: PaymentId::Row { batch: id(1), row },
        version: 1,
        amount: Cents::new(1_250),
        payer_id: "CORP-1".to_owned(),
        round: 1,
        leg: Leg { state, reason, ..Leg::new() },
        payee: Payee::Account(AccountPayee {
            routing_number: "021000021".to_owned(),
            sealed_account: "sealed".to_owned(),
            account_last4: "6789".to_owned(),
            account_type: AccountType::Checking,
            fingerprint: "fingerprint".to_owned(),
            name: "EXAMPLE PAYEE".to_owned(),
            entry_class: EntryClass::Ppd,
            entry_description: "PAYROLL".to_owned(),
            came_from: None,
        }),
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    }
}

#[test]
fn the_reason_decides_what_a_retry_takes() {
    let returned = |code: &str| Some(Reason::Returned(code.to_owned()));
    // As it is; with corrected data.
    let table = [
        (State::Failed, Some(Reason::Unfunded), true, true),
        (State::Failed, Some(Reason::CanceledByBank), true, true),
        (State::Failed, Some(Reason::Refused("invalid_routing_number".to_owned())), false, true),
        (State::Failed, Some(Reason::UnpayableInstitution("no route".to_owned())), false, false),
        (State::Returned, returned("R03"), false, true),
        (State::Returned, returned("R14"), false, false),
        (State::Returned, returned(""), false, false),
        (State::Returned, None, false, false),
        (State::Completed, None, false, false),
        (State::Processing, None, false, false),
        (State::Canceled, Some(Reason::CanceledByUs), false, false),
    ];
    for (state, reason, as_it_is, corrected) in table {
        let payment = payment(1, state, reason.clone());
        let found = (may_retry(&payment, false), may_retry(&payment, true));
        assert_eq!(found, (as_it_is, corrected), "{state:?}, {reason:?}");
    }
}

#[test]
fn attention_keeps_a_payment_out_of_a_retry() {
    let mut payment = payment(1, State::Failed, Some(Reason::Unfunded));
    payment.leg.raise(AttentionReason::BankMovedUnexpectedly, start());
    assert!(!may_retry(&payment, true));
}

/// A correction is news only where it names another account than the payment went to.
#[test]
fn what_is_corrected_goes_elsewhere_than_it_went() {
    let to = |account: &str| SentCorrected {
        change_code: "C01".to_owned(),
        account_last4: "7000".to_owned(),
        account: account.to_owned(),
    };
    for (went_to, now, is_news) in [
        (None, "fingerprint", false),
        (None, "corrected", true),
        (Some("corrected"), "corrected", false),
        (Some("corrected"), "again", true),
        (Some("corrected"), "fingerprint", true),
    ] {
        let mut payment = payment(1, State::Returned, Some(Reason::Returned("R03".to_owned())));
        payment.leg.corrected = went_to.map(to);
        assert_eq!(goes_elsewhere(&payment, &to(now)), is_news, "{went_to:?}, {now}");
    }
}

/// Whichever attempt it was; what may be tried again as it is may go there again.
#[test]
fn what_came_back_for_want_of_another_account_does_not_go_there_again() {
    let earlier = |attempt: u32, sent: Option<&str>, code: &str| EarlierAttempt {
        attempt,
        transfer_id: format!("acht_{attempt}"),
        bank_account_id: None,
        corrected: sent.map(|account| SentCorrected {
            change_code: "C01".to_owned(),
            account_last4: "7000".to_owned(),
            account: account.to_owned(),
        }),
        accepted: None,
        reason: Some(Reason::Returned(code.to_owned())),
        is_redirected: false,
    };
    let attempts =
        vec![earlier(1, None, "R03"), earlier(2, Some("corrected"), "R18"), earlier(3, Some("again"), "R04")];
    let leg = Leg { attempt: 4, earlier: attempts, ..Leg::new() };
    for (account, came_back) in [("fingerprint", true), ("corrected", false), ("again", true), ("other", false)] {
        assert_eq!(came_back_from(&leg, account, "fingerprint"), came_back, "{account}");
    }
}

#[test]
fn money_about_which_the_bank_has_said_something_undecided_is_spent() {
    let table = [
        (State::Completed, None, true),
        (State::Returned, None, false),
        (State::Returned, Some(AttentionReason::ReturnDisputed), true),
        (State::Returned, Some(AttentionReason::BankDisagrees), true),
        (State::Canceled, Some(AttentionReason::BankMovedUnexpectedly), true),
        (State::Failed, Some(AttentionReason::EarlierAttemptMoved), true),
        (State::Failed, Some(AttentionReason::BankDisagrees), true),
        (State::Failed, Some(AttentionReason::CannotBeSent), false),
    ];
    for (state, attention, spent) in table {
        assert_eq!(is_spent(state, attention), spent, "{state:?}, {attention:?}");
    }
}

#[test]
fn a_plan_deals_its_payments_to_their_shards_and_adds_up_each_source() {
    let mut plan = RetryPlan::default();
    for row in [1, 2, 17] {
        plan.take(&payment(row, State::Failed, Some(Reason::Unfunded))).unwrap();
    }
    assert_eq!(plan.payments[&1].len(), 2);
    assert_eq!(plan.payments[&2].len(), 1);
    let need = SourceNeed { payments: 3, needed: Cents::new(3_750), shortfall: Cents::ZERO };
    assert_eq!(plan.sources["CORP-1"], need);
}

#[test]
fn money_of_one_source_never_pays_for_another() {
    let mut plan = RetryPlan::default();
    plan.take(&payment(1, State::Failed, Some(Reason::Unfunded))).unwrap();
    let rich = SourceMoney { funded: Cents::new(1_000_000), ..SourceMoney::default() };
    plan.set_shortfalls(&BTreeMap::from([("CORP-2".to_owned(), rich)])).unwrap();
    assert_eq!(plan.sources["CORP-1"].shortfall, Cents::new(1_250));
}

proptest! {
    #[test]
    fn a_round_pulls_exactly_what_the_money_left_does_not_cover(
        needed in 0_i64..1_000_000,
        funded in 0_i64..1_000_000,
        spent in 0_i64..1_000_000,
    ) {
        let need = SourceNeed { payments: 1, needed: Cents::new(needed), shortfall: Cents::ZERO };
        let mut plan = RetryPlan { sources: BTreeMap::from([("CORP-1".to_owned(), need)]), ..RetryPlan::default() };
        let money = SourceMoney { funded: Cents::new(funded), spent: Cents::new(spent), is_undecided: false };
        plan.set_shortfalls(&BTreeMap::from([("CORP-1".to_owned(), money)])).unwrap();

        let shortfall = plan.sources["CORP-1"].shortfall;
        let unspent = money.unspent().unwrap();
        let at_hand = unspent.plus(shortfall).unwrap();
        prop_assert!(shortfall >= Cents::ZERO && unspent >= Cents::ZERO);
        prop_assert!(at_hand >= Cents::new(needed));
        prop_assert!(shortfall.is_zero() || at_hand == Cents::new(needed));
    }
}
