//! A debit of which nobody knows whether the bank has it, when the person takes their permission back.

use ::scenarios::simulation::standing::Standing;
use shared::domain::leg::State;
use simulators::column::{CallFault, CallFaultKind, Control};

use super::story::{Story, count};

/// The bank's answer to the next debit never comes, and Ann has revoked.
async fn unanswered(fault: CallFaultKind) -> Story {
    let story = Story::that_will_pay().await;
    let debits = |fault| CallFault {
        fault,
        count: 200,
        method: Some("POST".to_owned()),
        path_prefix: "/transfers/ach".to_owned(),
    };
    story.tell_bank(Control::FaultCalls(debits(fault)));
    story.tell_bank(Control::HoldWebhooks { is_held: true });
    story.until_debit_is(State::Submitting).await;
    story.revoke().await;
    story.tell_bank(Control::ClearFaults);
    story.tell_bank(Control::HoldWebhooks { is_held: false });
    story
}

#[tokio::test]
async fn a_debit_that_the_bank_does_not_have_is_not_sent_after_a_revocation() {
    let story = unanswered(CallFaultKind::SilenceBefore).await;
    story.until_payment_is(State::Canceled).await;
    assert_eq!(story.standing().funding().unwrap().leg.state, State::Canceled);
    story.let_days_pass(10).await;
    story.is_balanced().await;
    let sent = story.simulation.providers.bank_get("/transfers/ach").unwrap();
    assert_eq!(sent["transfers"].as_array().map(Vec::len), Some(0), "{sent}");
}

#[tokio::test]
async fn a_debit_that_the_bank_had_is_given_back_after_a_revocation_and_no_check_is_mailed() {
    let story = unanswered(CallFaultKind::SilenceAfter).await;
    let is_back = |now: &Standing| now.refunds.iter().any(|refund| refund.leg.state == State::Completed);
    let standing = story.until("the money is back", is_back).await;
    assert_eq!((count(&standing, "refund_sent"), count(&standing, "check_mailed")), (1, 0));
    assert_eq!(standing.payment().unwrap().leg.state, State::Canceled);
    story.is_balanced().await;
}
