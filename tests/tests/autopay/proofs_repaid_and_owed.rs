//! Proofs by an adversary about what is owed: by a person, whom a booking frees or binds, and by a card, which may be paid otherwise before
//! its debit leaves.

use http::Method;
use serde_json::json;
use shared::domain::leg::State;
use shared::domain::payment::Payment;
use simulators::column::{CallFault, CallFaultKind, Control};

use super::story::{OLGA, OSCAR, Story};

impl Story {
    /// Two operators book an entry about what Ann owes.
    async fn two_book(&self, debit: &str, credit: &str, amount: &str) {
        let terms = json!({
            "payer_id": self.standing().persons[0].id, "debit": debit, "credit": credit, "amount": amount,
            "reason": "Looked into.",
        });
        let proposed = self.call(OLGA, Method::POST, "/ledger/corrections", terms.clone()).await;
        let path = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
        self.call(OSCAR, Method::POST, &path, terms).await;
        self.simulation.settle().await.unwrap();
    }

    fn refuse_debits(&self) {
        self.tell_bank(Control::FaultCalls(CallFault {
            fault: CallFaultKind::Unauthorized,
            count: 10_000,
            method: Some("POST".to_owned()),
            path_prefix: "/transfers/ach".to_owned(),
        }));
    }
}

/// The debit behind a refund that had arrived comes back and is repaid; then the refund comes back too.
#[tokio::test]
async fn a_refund_that_comes_back_after_its_debt_was_repaid_is_sent_again() {
    let story = Story::after("check-returned-by-mail").await;
    story.money_goes_back().await;
    story.bank_returns(story.debit_id()).await;
    story.until("the person owes", |now| now.persons[0].receivable_open).await;
    let amount = story.standing().payment().unwrap().amount.to_string();
    story.wire(&amount).await;
    story.two_book("cash", "receivable", &amount).await;
    assert!(!story.standing().persons[0].receivable_open);
    let cleared = format!("/payments/{}/attention/clear", story.standing().refunds[0].id);
    story.call(OLGA, Method::POST, &cleared, json!({ "note": "She repaid it." })).await;
    story.bank_returns(story.standing().refunds[0].leg.transfer_id.clone().unwrap()).await;
    let came_back = |refund: &Payment| refund.leg.state == State::Returned;
    story.until("the refund came back", |now| now.refunds.iter().any(came_back)).await;

    let path = format!("/payments/{}/refund/send-again", story.standing().refunds[0].id);
    story.call(OLGA, Method::POST, &path, json!({})).await;
    let is_back = |refund: &Payment| refund.leg.state == State::Completed;
    story.until("the money is back", |now| now.refunds.iter().any(is_back)).await;
    assert_eq!(story.standing().refunds.len(), 1);
    story.is_balanced().await;
}

#[tokio::test]
async fn a_repayment_that_is_taken_back_blocks_its_person_again() {
    let story = Story::that_will_pay().await;
    story.until_payment_is(State::Processing).await;
    story.tell_bank(Control::FaultCalls(CallFault {
        fault: CallFaultKind::ErrorBefore,
        count: 1_000,
        method: Some("POST".to_owned()),
        path_prefix: "/transfers/checks".to_owned(),
    }));
    story.bank_returns(story.debit_id()).await;
    let amount = story.standing().payment().unwrap().amount.to_string();
    story.two_book("cash", "receivable", &amount).await;
    assert!(!story.standing().persons[0].receivable_open);
    story.two_book("receivable", "cash", &amount).await;
    assert!(story.standing().persons[0].receivable_open, "she owes it as before");

    story.tell_bank(Control::ClearFaults);
    story.until_payment_is(State::Returned).await;
    story.let_days_pass(2).await;
    let standing = story.standing();
    assert!(standing.refunds.is_empty(), "the check's money is set against what she owes");
    assert!(!standing.persons[0].receivable_open);
    story.is_balanced().await;
}

#[tokio::test]
async fn a_first_debit_that_waits_does_not_leave_for_a_card_that_was_paid_otherwise() {
    let story = Story::after("below-threshold").await;
    story.let_days_pass(1).await;
    story.refuse_debits();
    story.buy("card", "2700.00");
    story.until("a payment is opened", |now| now.payment().is_some()).await;
    story.tell_plaid(json!({ "control": "pay_card", "user_id": "ann", "account": "card", "amount": "3155.00" }));
    story.let_days_pass(1).await;
    story.tell_bank(Control::ClearFaults);
    story.let_days_pass(4).await;
    assert_eq!(story.at_bank(), (0, 0));
    assert_eq!(story.standing().payments[0].leg.state, State::Canceled);
}
