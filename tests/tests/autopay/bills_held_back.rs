//! What ended a payment holds the next one back, until something changed that makes a difference.

use ::scenarios::simulation::people::Caller;
use http::Method;
use serde_json::json;
use shared::domain::leg::State;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use super::story::{OLGA, OSCAR, Story, count};

pub(super) const ISSUER: &str = "ins_3";

impl Story {
    /// The next debits come back with these codes, one after the other.
    pub(super) fn debits_come_back(&self, codes: &[&str]) {
        let plan = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, codes.len() as u64, codes);
        self.tell_bank(Control::PlanReturns(plan));
    }

    /// How often the bank account was debited, over all payments.
    fn presentments(&self) -> u32 {
        self.standing().fundings.iter().map(|funding| funding.leg.attempt).sum()
    }

    pub(super) async fn correct_issuer_address(&self) {
        let path = format!("/billers/{ISSUER}/remittance");
        let corrected = json!({
            "name": "Example Card Services",
            "address": { "line_1": "PO Box 200", "city": "Wilmington", "state": "DE", "postal_code": "19886" },
        });
        self.call(OLGA, Method::PUT, &path, corrected.clone()).await;
        self.call(OSCAR, Method::POST, &format!("{path}/confirm"), corrected).await;
    }

    pub(super) fn lines_of_checks(&self) -> Vec<String> {
        let line = |id: &str| {
            let check = self.simulation.providers.bank_get(&format!("/transfers/checks/{id}")).unwrap();
            check["payee_address"]["line_1"].as_str().unwrap().to_owned()
        };
        let payments = self.standing().payments;
        payments.iter().filter_map(|payment| payment.leg.transfer_id.as_deref()).map(line).collect()
    }
}

#[tokio::test]
async fn a_bill_is_presented_three_times_and_never_again_however_many_payments_it_would_take() {
    let story = Story::that_will_pay().await;
    story.debits_come_back(&["R01"; 18]);
    story.until_debit_is(State::Returned).await;
    story.let_days_pass(20).await;
    assert_eq!((story.presentments(), story.standing().payments.len()), (3, 1));
    assert_eq!(story.review().await["code"], "presentments_used_up");
    story.agree_again().await;
    story.let_days_pass(3).await;
    assert_eq!(story.presentments(), 3, "no agreement makes a fourth");
}

#[tokio::test]
async fn a_debit_that_comes_back_for_a_reason_nobody_knows_is_not_opened_anew_until_an_operator_says_so() {
    for code in ["R24", "R99"] {
        let story = Story::that_will_pay().await;
        story.debits_come_back(&[code; 6]);
        story.until_payment_is(State::Failed).await;
        story.let_days_pass(24).await;
        let standing = story.standing();
        assert_eq!((story.presentments(), standing.payments.len()), (1, 1), "{code}");
        assert_eq!(count(&standing, "card_held_back"), 1, "operators are told what is so");
        let review = story.review().await;
        assert_eq!(review["code"], "held_back");
        story.agree_again().await;
        assert_eq!(story.review().await["code"], "held_back", "it was not the agreement");
    }
}

#[tokio::test]
async fn an_operator_lets_the_next_payment_be_opened() {
    let story = Story::that_will_pay().await;
    story.debits_come_back(&["R99"]);
    story.until_payment_is(State::Failed).await;
    let path = format!("{}/hold/clear", story.card_path());
    let note = json!({ "note": "The bank had mistaken our company id." });
    let own = Caller::Operator("ann");
    assert!(story.refusal(own, Method::POST, &path, note.clone()).await.contains("own_block"));
    story.call(OLGA, Method::POST, &path, note).await;
    story.until("the next payment is opened", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_check_that_did_not_arrive_is_not_mailed_there_again_and_the_money_not_pulled() {
    let story = Story::after("check-returned-by-mail").await;
    story.clear_attention().await;
    story.until("the money is back", |now| now.refunds.iter().any(|refund| refund.leg.state == State::Completed)).await;
    story.let_days_pass(24).await;
    assert_eq!(story.standing().payments.len(), 1);
    assert_eq!(story.review().await["code"], "held_back");
    assert_eq!(count(&story.standing(), "card_held_back"), 1);
    story.correct_issuer_address().await;
    story
        .until("the next check is out", |now| {
            now.payments.len() == 2 && now.payment().unwrap().leg.state == State::Processing
        })
        .await;
    assert_eq!(story.lines_of_checks(), ["PO Box 100", "PO Box 200"]);
}

#[tokio::test]
async fn a_debit_that_our_bank_rejects_after_a_review_is_not_opened_anew() {
    let story = Story::that_will_pay().await;
    story.tell_bank(Control::ReviewNext { count: 6 });
    story.until_debit_is(State::Processing).await;
    story.tell_bank(Control::RejectReview { transfer_id: story.debit_id() });
    story.until_payment_is(State::Failed).await;
    story.let_days_pass(14).await;
    assert_eq!(story.standing().payments.len(), 1);
    assert_eq!(story.review().await["code"], "held_back");
}

#[tokio::test]
async fn agreeing_again_to_the_same_has_a_canceled_payment_opened_before_the_next_statement() {
    let story = Story::after("canceled-and-still-owed").await;
    assert_eq!(story.review().await["code"], "canceled");
    story.agree_again().await;
    story.until("it is paid before", |now| now.payments.len() == 2).await;
}
