//! One test for each scenario, and none left out.

use std::collections::BTreeSet;

/// Plays a scenario; the ledger balances, the bank agrees to the cent, and everything ended as expected.
async fn ends_well(name: &str) {
    let scenario = scenarios::find(name).unwrap();
    if let Err(failure) = scenario.play().await {
        panic!("{name}: {failure}");
    }
}

macro_rules! scenarios {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                ends_well($name).await;
            }
        )*

        #[test]
        fn every_scenario_has_its_test() {
            let tested = BTreeSet::from([$($name),*]);
            let listed: BTreeSet<&str> = scenarios::all().map(|scenario| scenario.name).collect();
            assert_eq!(listed, tested);
        }
    };
}

scenarios! {
    happy_path: "happy-path",
    below_threshold: "below-threshold",
    due_date_near: "due-date-near",
    threshold_reached_while_payment_open: "threshold-reached-while-payment-open",
    cashed_but_balance_old: "cashed-but-balance-old",
    insufficient_bank_balance: "insufficient-bank-balance",
    limit_unknown: "limit-unknown",
    two_cards_one_bank_account: "two-cards-one-bank-account",
    amount_outside_authorized_range: "amount-outside-authorized-range",
    funding_returned_r01_then_good: "funding-returned-r01-then-good",
    funding_returned_r01_three_times: "funding-returned-r01-three-times",
    funding_returned_r10_unauthorized: "funding-returned-r10-unauthorized",
    funding_returned_r02_account_closed: "funding-returned-r02-account-closed",
    funding_returned_after_mailing_stop_wins: "funding-returned-after-mailing-stop-wins",
    funding_returned_after_mailing_stop_loses: "funding-returned-after-mailing-stop-loses",
    check_returned_by_mail: "check-returned-by-mail",
    check_never_cashed: "check-never-cashed",
    check_cashed_for_another_amount: "check-cashed-for-another-amount",
    login_required_then_repaired: "login-required-then-repaired",
    permission_revoked: "permission-revoked",
    card_linked_twice: "card-linked-twice",
    plaid_down_for_a_day: "plaid-down-for-a-day",
    authorization_revoked: "authorization-revoked",
    setup_left_half_way_and_resumed: "setup-left-half-way-and-resumed",
    issuer_address_unknown: "issuer-address-unknown",
    canceled_before_debit_settled: "canceled-before-debit-settled",
    canceled_after_debit_settled: "canceled-after-debit-settled",
    canceled_with_check_out: "canceled-with-check-out",
    canceled_and_still_owed: "canceled-and-still-owed",
    webhook_forged_stale_replayed_wrong_body: "webhook-forged-stale-replayed-wrong-body",
    webhooks_duplicated_and_reordered: "webhooks-duplicated-and-reordered",
}
