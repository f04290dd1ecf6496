//! Batches of unusual shape each end in a sensible state.

use generator::Options;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source, options};
use journeys::journey::Journey;
use shared::domain::batch::BatchState;
use shared::domain::leg::State;

/// Pays a file; answers how many payments completed, failed, and how many fundings there were.
async fn outcome(options: &Options) -> (usize, usize, usize) {
    let file = PayrollFile::generated(options);
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    let batch = audit.batch(batch_id);
    assert_eq!(batch.cents(State::Completed), file.contents.payable.total_cents);
    (batch.count(State::Completed), batch.count(State::Failed), batch.fundings.len())
}

#[tokio::test]
async fn one_row() {
    assert_eq!(outcome(&one_source(1)).await, (1, 0, 1));
}

#[tokio::test]
async fn one_row_that_nobody_can_pay() {
    assert_eq!(outcome(&Options { servicers: 1, dead_servicers: 1, ..one_source(1) }).await, (0, 1, 0));
}

#[tokio::test]
async fn no_payable_row_ends_completed_with_every_row_failed() {
    assert_eq!(outcome(&Options { servicers: 3, dead_servicers: 3, ..options(40) }).await, (0, 40, 0));
}

#[tokio::test]
async fn one_source_for_all_rows() {
    assert_eq!(outcome(&one_source(40)).await, (40, 0, 1));
}

#[tokio::test]
async fn two_hundred_sources() {
    let (completed, failed, fundings) = outcome(&Options { sources: 200, dead_servicers: 0, ..options(300) }).await;
    assert_eq!((completed, failed), (300, 0));
    assert!((140..=200).contains(&fundings), "{fundings} sources were drawn");
}

#[tokio::test]
async fn the_largest_amounts_that_a_row_may_have() {
    let options = Options { min_cents: 99_999_999, max_cents: 100_000_000, ..one_source(20) };
    assert_eq!(outcome(&options).await, (20, 0, 1));
}
