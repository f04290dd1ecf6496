//! A file becomes paid, exactly.

use journeys::audit::Audit;
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use shared::domain::batch::BatchState;
use shared::domain::ledger::AccountKind;
use shared::domain::leg::State;

async fn pay(journey: &Journey, file: &PayrollFile) {
    let batch_id = journey.begin(file).await;
    let batch = journey.finish(batch_id).await;
    assert_eq!(batch.state, BatchState::Completed);

    let audit = Audit::of(journey, &[(batch_id, file)]).await.is_clean(journey);
    let paid = audit.batch(batch_id);
    assert_eq!(paid.cents(State::Completed), file.contents.payable.total_cents, "{paid}");
    assert_eq!(paid.count(State::Completed) as u64, file.contents.payable.rows);
    assert_eq!(paid.cents(State::Failed), file.contents.unpayable.total_cents);
    assert_eq!(
        paid.with_reason("unpayable_institution:unknown_institution").len() as u64,
        file.contents.unpayable.rows
    );
    assert_eq!(paid.fundings.len(), file.contents.payable_by_source.len());
    // What came in went out: nothing is left anywhere.
    for kind in AccountKind::ALL {
        assert_eq!(audit.balance_of_all(kind), 0, "{kind:?}");
    }
}

#[tokio::test]
async fn a_file_of_five_sources_and_a_dead_servicer_is_paid_to_the_cent() {
    let file = PayrollFile::of(200);
    assert!(file.contents.unpayable.rows > 0, "the file has rows that nobody can pay");
    pay(&Journey::start(&file), &file).await;
}

#[tokio::test]
async fn the_same_holds_on_dynamodb() {
    let file = PayrollFile::of(60);
    pay(&Journey::start_on_dynamodb(&file).await, &file).await;
}
