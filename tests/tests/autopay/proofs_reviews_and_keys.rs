//! What somebody who meant ill proved of debits that their bank reviewed for weeks. It holds no more.

use ::scenarios::simulation::standing::Standing;
use shared::domain::leg::State;
use simulators::column::Control;

use super::story;

/// Longer than a debit usually takes to settle and through its hold.
const REVIEW_DAYS: i64 = 25;

fn is_paused(now: &Standing) -> bool {
    now.persons[0].pause.is_some() || now.has_notice("difference_found")
}

#[tokio::test]
async fn a_debit_that_was_in_review_for_weeks_is_no_difference_while_it_is_held() {
    let story = story::Story::after("below-threshold").await;
    story.tell_bank(Control::ReviewNext { count: 1 });
    story.buy("card", "2700.00");
    story.until_debit_is(State::Processing).await;
    story.let_days_pass(REVIEW_DAYS).await;
    story.tell_bank(Control::ApproveReview { transfer_id: story.debit_id() });
    story.until_debit_is(State::Completed).await;
    story.until_debit_is(State::Available).await;
    story.until_payment_is(State::Processing).await;
    assert!(!is_paused(&story.standing()));
}
