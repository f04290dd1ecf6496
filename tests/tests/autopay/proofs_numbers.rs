//! What somebody who meant ill proved of a bank account with two numbers: each holds no more.

use http::Method;
use serde_json::{Value, json};
use shared::domain::autopay::bank_account::UnusableReason;
use shared::domain::leg::State;

use super::persons::{ISSUER, Story, card_account, number_ending};

/// The number that the bank puts in the place of Ann's.
const CORRECTED: &str = "000777770001";

/// Ann's first debit is at the bank, which has corrected its number, and Bob holds the same account by the new one.
async fn corrected() -> Story {
    let story = Story::begin().await;
    story.set_available("ann", "2000.00");
    story.pass_threshold();
    story.until_debited().await;
    story.bank_corrects_to(CORRECTED).await;
    bob_shares_it(&story, CORRECTED).await;
    story
}

async fn bob_shares_it(story: &Story, number: &str) {
    story.bob_links(number, ISSUER, card_account("bobs", "5533", "3155.00")).await;
    story.set_up("bob", &story.cards_of("bob")[0], &number_ending("5533")).await;
}

#[tokio::test]
async fn two_holders_of_an_account_that_its_bank_renumbered_do_not_debit_it_for_more_than_it_holds() {
    let story = corrected().await;
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "insufficient_bank_balance");
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
}

#[tokio::test]
async fn a_correction_that_two_operators_took_back_joins_nothing() {
    let story = corrected().await;
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "insufficient_bank_balance");
    let known = story.operate("olga", Method::GET, "/account-corrections", Value::Null).await;
    let path = format!("/account-corrections/{}", known["items"][0]["fingerprint"].as_str().unwrap());
    story.operate("olga", Method::POST, &format!("{path}/withdraw"), json!({ "reason": "not theirs" })).await;
    story.operate("oscar", Method::POST, &format!("{path}/confirm-withdrawal"), Value::Null).await;
    story.until("Bob pays from an account of his own", |now| now.payments.len() == 2).await;
}

/// The second presentment goes to the corrected number, and comes back for good.
#[tokio::test]
async fn a_return_closes_the_number_that_was_debited_for_whoever_holds_it() {
    let story = Story::begin().await;
    story.plan_returns(&["R01", "R02"]);
    story.pass_threshold();
    story.until_debited().await;
    story.bank_corrects_to(CORRECTED).await;
    story.until_debit_comes_back().await;
    story.set_available("ann", "9000.00");
    let is_over = |now: &::scenarios::simulation::standing::Standing| {
        now.payment().is_some_and(|payment| payment.leg.state == State::Failed)
    };
    story.until("the second comes back as well", is_over).await;
    bob_shares_it(&story, CORRECTED).await;
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "bank_account_unusable");

    story.change("ann", "checking", &json!({ "numbers": { "account": CORRECTED } }));
    story.let_days_pass(1).await;
    let account = story.bank_account();
    assert_eq!(account.account.account_last4, "0001");
    let reason = account.unusable.map(|unusable| unusable.reason);
    assert_eq!(reason, Some(UnusableReason::Returned("R02".parse().unwrap())));
}

#[tokio::test]
async fn a_number_that_is_told_with_and_without_zeros_is_one_account() {
    let story = Story::begin().await;
    story.set_available("ann", "2000.00");
    story.pass_threshold();
    story.until_debited().await;
    bob_shares_it(&story, "123456789").await;
    assert_eq!(story.review("bob", &story.cards_of("bob")[0]).await, "insufficient_bank_balance");
    story.let_days_pass(1).await;
    assert_eq!(story.debited(), ["1655.00"], "the account holds 2,000.00");
}
