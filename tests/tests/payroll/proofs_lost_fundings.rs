//! Proofs by an adversary about fundings that come back late: what had been made on their money and not sent ends, and takes off no more
//! than is owed.

use std::time::Duration;

use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::{Reason, State};
use shared::operations::{fund, ledger, refund, retry, stops};

/// A source whose batch of these amounts, in cents, was paid.
struct Paid {
    journey: Journey,
    file: PayrollFile,
    batch_id: BatchId,
    source_id: String,
}

impl Paid {
    async fn rows(cents: &[i64]) -> Self {
        let file = PayrollFile::generated(&one_source(cents.len() as u64));
        let file = file.changed(|rows| rows.iter_mut().zip(cents).for_each(|(row, cents)| row.amount_cents = *cents));
        let journey = Journey::start(&file);
        let batch_id = journey.begin(&file).await;
        journey.finish(batch_id).await;
        let source_id = file.rows[0].source.source_id.clone();
        Self { journey, file, batch_id, source_id }
    }

    async fn throw(&self, stopped: bool) {
        stops::throw(&self.journey.system, &self.source_id, stopped, OPERATOR, "somebody looks").await.unwrap();
        // Every process has seen what the switch says.
        self.journey.clock.advance(Duration::from_secs(1));
    }

    async fn let_hours_pass(&self, hours: i64) {
        self.journey.go_on_to(self.journey.now() + SignedDuration::from_hours(hours)).await;
    }

    /// The row's payout comes back to us.
    async fn comes_back(&self, row: usize, code: &str) {
        let transfer_id = self.journey.payments(self.batch_id).await[row].leg.transfer_id.clone().unwrap();
        self.journey.bank.return_now(&transfer_id, code);
        self.journey.settle_now().await;
    }

    /// The funding of this round comes back, long after its money was available.
    async fn funding_comes_back(&self, round: u32) {
        let batch = self.journey.batch(self.batch_id).await;
        let fundings = fund::all_fundings(&self.journey.system, &batch).await.unwrap();
        let funding = fundings.iter().find(|funding| funding.id.round() == Some(round)).unwrap();
        assert_eq!(funding.leg.state, State::Available);
        self.journey.bank.return_now(funding.leg.transfer_id.as_deref().unwrap(), "R01");
        self.journey.settle_now().await;
    }

    /// What the source owes by the books, in cents.
    async fn owed(&self) -> i64 {
        let books = ledger::trial_balance(&self.journey.system).await.unwrap();
        let account = Account { kind: AccountKind::Receivable, payer_id: self.source_id.clone() };
        books.accounts.get(&account.to_string()).map_or(0, |totals| totals.balance().unwrap().get())
    }

    async fn row(&self, row: usize) -> (State, Option<Reason>) {
        let leg = self.journey.payments(self.batch_id).await[row].leg.clone();
        (leg.state, leg.reason)
    }
}

const UNFUNDED: (State, Option<Reason>) = (State::Failed, Some(Reason::Unfunded));

/// Sent all the same, it would give a source its money twice: by the bank's return, and out of another batch's money.
#[tokio::test]
async fn a_refund_that_has_not_left_when_its_funding_comes_back_fails_and_owes_nothing() {
    let story = Paid::rows(&[10_000]).await;
    let journey = &story.journey;
    story.comes_back(0, "R02").await;
    story.throw(true).await;
    let made = refund::refund(&journey.system, story.batch_id, OPERATOR).await.unwrap().made.remove(0);
    story.let_hours_pass(1).await;
    story.funding_comes_back(1).await;
    story.let_hours_pass(1).await;
    assert!(story.owed().await >= 0);
    story.throw(false).await;
    story.let_hours_pass(1).await;
    let next = story.file.changed(|rows| rows[0].amount_cents += 1);
    let second = journey.begin(&next).await;
    assert_eq!(journey.finish(second).await.state, BatchState::Completed);
    story.let_hours_pass(24).await;

    let sent = journey.bank.payouts().into_iter().filter(|paid| paid.item() == made.id.to_string()).count();
    assert_eq!(sent, 0, "the refund never leaves");
    let audit = Audit::of(journey, &[(story.batch_id, &story.file), (second, &next)]).await.is_clean(journey);
    let [refund] = &audit.batch(story.batch_id).refunds[..] else { panic!("one refund") };
    assert_eq!((refund.leg.state, refund.leg.reason.clone()), UNFUNDED);
    assert_eq!(audit.balance(AccountKind::Receivable, &story.source_id), 0);
    assert_eq!(audit.balance(AccountKind::Funds, &story.source_id), 0);
    assert!(!audit.sources[0].receivable_open);
    assert_eq!(audit.batch(second).count(State::Completed), 1, "paid with its own money");
}

/// A round that pulls nothing has no funding of its own to ask: it lives on those of the rounds before it.
#[tokio::test]
async fn a_row_paid_with_what_was_left_fails_when_the_funding_of_an_earlier_round_comes_back() {
    let story = Paid::rows(&[10_000]).await;
    let journey = &story.journey;
    story.comes_back(0, "R18").await;
    story.throw(true).await;
    retry::retry(&journey.system, story.batch_id, OPERATOR, &Default::default()).await.unwrap();
    story.let_hours_pass(1).await;
    let waiting = journey.payments(story.batch_id).await.remove(0);
    assert_eq!((waiting.round, waiting.leg.state), (2, State::Unprocessed));
    assert_eq!(journey.bank.debits().len(), 1, "round 2 pulls nothing");

    story.funding_comes_back(1).await;
    story.let_hours_pass(1).await;
    story.throw(false).await;
    assert_eq!(journey.finish(story.batch_id).await.state, BatchState::Completed);
    assert_eq!(story.row(0).await, UNFUNDED);
    let audit = Audit::of(journey, &[(story.batch_id, &story.file)]).await.is_clean(journey);
    assert_eq!(audit.balance(AccountKind::Receivable, &story.source_id), 0);
    assert!(!audit.sources[0].receivable_open);
    assert!(journey.bank.payouts().iter().all(|paid| !paid.is_live()), "nothing is paid");
}

/// A row costs more than its round pulled, since something was left for it: only what was pulled is owed, and no more is taken off.
#[tokio::test]
async fn a_row_that_a_round_funded_in_part_takes_off_no_more_than_its_funding_was() {
    let story = Paid::rows(&[10_000, 4_000]).await;
    let journey = &story.journey;
    story.comes_back(0, "R18").await;
    assert_eq!(refund::refund(&journey.system, story.batch_id, OPERATOR).await.unwrap().made.len(), 1);
    while journey.step().await {}
    story.comes_back(1, "R02").await;
    retry::retry(&journey.system, story.batch_id, OPERATOR, &Default::default()).await.unwrap();
    while journey.bank.debits().len() < 2 {
        assert!(journey.step().await, "round 2 is never pulled");
    }
    assert_eq!(journey.bank.debits()[1].cents, 6_000, "40.00 were left");
    story.throw(true).await;
    journey.let_days_pass(5).await;
    story.funding_comes_back(2).await;
    assert!(story.owed().await >= 0);
    story.let_hours_pass(1).await;
    assert!(story.owed().await >= 0);

    story.throw(false).await;
    journey.finish(story.batch_id).await;
    assert_eq!(story.row(0).await, UNFUNDED);
    assert_eq!(story.owed().await, 0, "what was lost is taken off, and not the 40.00 that were left");
    let made = refund::refund(&journey.system, story.batch_id, OPERATOR).await.unwrap().made;
    assert_eq!(made.iter().map(|refund| refund.amount.get()).collect::<Vec<_>>(), [4_000]);
}
