//! A debit outside the agreed range: the person has ten days from the moment that they are told.

use std::sync::Arc;

use ::scenarios::simulation::Systems;
use async_trait::async_trait;
use shared::operations::System;
use shared::ports::notices::{Notice, NoticeError, Notices};

use super::story::{Story, count};

/// Takes no notice.
#[derive(Debug)]
struct OutOfReach;

#[async_trait]
impl Notices for OutOfReach {
    async fn send(&self, _: &Notice) -> Result<(), NoticeError> {
        Err(NoticeError("nobody takes notices".to_owned()))
    }
}

#[tokio::test]
async fn the_ten_days_of_an_announced_debit_begin_when_its_person_is_told() {
    let mut story = Story::after("below-threshold").await;
    let system = story.simulation.system.clone();
    story.simulation.run_on(Systems::shared(&System { notices: Arc::new(OutOfReach), ..system.clone() }));
    story.buy("card", "4000.00");
    story.until("it is announced", |now| count(now, "debit_announced") == 1).await;
    story.let_days_pass(6).await;
    story.simulation.run_on(Systems::shared(&system));
    story.let_days_pass(8).await;
    assert!(story.standing().payments.is_empty(), "fourteen days after the decision, eight after the delivery");
    story.let_days_pass(3).await;
    assert_eq!(story.standing().payments.len(), 1);
}
