//! What may have reached the bank stays so until the bank's word about it: nothing that is said of another send ends, repeats or releases it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR, UPLOADER};
use serde_json::Value;
use shared::domain::bank::status::BankStatus;
use shared::domain::batch::{BatchRefusal, BatchState};
use shared::domain::funding::Funding;
use shared::domain::ids::{BatchId, FundingId, PaymentId, SourceTag};
use shared::domain::leg::{BankReport, Reason, State};
use shared::domain::payment::Payment;
use shared::domain::source::Source;
use shared::operations::release::ReleaseCache;
use shared::operations::system::Clients;
use shared::operations::upload::{self, Announced};
use shared::operations::{OperationError, System, approve, fund, retry, submit};
use shared::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::{keys, stored};
use simulators::column::CallFaultKind;

/// As often as the client tries in one send.
const TRIES: u64 = 3;

/// A batch of one source, ten minutes before its funding is available.
async fn almost_available(rows: u64) -> (Journey, PayrollFile, BatchId) {
    let file = PayrollFile::generated(&one_source(rows));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until_almost_available().await;
    (journey, file, batch_id)
}

async fn only_payment(journey: &Journey, batch_id: BatchId) -> Payment {
    journey.payments(batch_id).await.remove(0)
}

async fn go_on_for_hours(journey: &Journey, hours: i64) {
    journey.go_on_to(journey.now() + SignedDuration::from_hours(hours)).await;
}

/// The same payments of the same pay period cannot be approved while the earlier batch holds its claim on them.
pub(crate) async fn is_not_approved_again(journey: &Journey, file: &PayrollFile, batch_id: BatchId) {
    let of_same_period = Announced { pay_period: journey.batch(batch_id).await.pay_period(), ..Announced::default() };
    let again = upload::begin(&journey.system, journey.system.new_uuid(), UPLOADER, of_same_period).await.unwrap().id;
    upload::store(&journey.system, again, file.bytes.clone(), UPLOADER).await.unwrap();
    let consent = journey.consent(&journey.summarize(again).await).await;
    let approved = journey.approve(&consent, again).await;
    let same = BatchRefusal::SamePayments { earlier: batch_id };
    assert!(matches!(&approved, Err(OperationError::Batch(refusal)) if *refusal == same), "{approved:?}");
}

/// Race: the first send is on its way for three hours, and the bank refuses our key meanwhile. Were that refusal to settle the first
/// send, the payment would be canceled and its file free to be approved again: paid twice.
#[tokio::test]
async fn what_may_have_been_paid_is_not_canceled_nor_its_file_free_because_the_bank_refuses_us_later() {
    let (journey, file, batch_id) = almost_available(1).await;
    journey.bank.fail_transfers(CallFaultKind::LateSend { delay_s: 3 * 3600 }, TRIES);
    journey.bank.fail_transfers(CallFaultKind::Unauthorized, 30);
    while only_payment(&journey, batch_id).await.leg.state != State::Submitting {
        assert!(journey.step().await);
    }
    approve::cancel(&journey.system, batch_id, OPERATOR).await.unwrap();
    go_on_for_hours(&journey, 2).await;

    let payment = only_payment(&journey, batch_id).await;
    assert_eq!(payment.leg.state, State::Submitting);
    assert_eq!(payment.leg.reason, Some(Reason::Deferred("http_401".to_owned())));
    assert_eq!(journey.batch(batch_id).await.state, BatchState::Canceling);
    is_not_approved_again(&journey, &file, batch_id).await;

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Completed);
    assert_eq!(journey.bank.payouts().len(), 1);
}

/// A refusal of the payee holds once everything that was sent must have arrived, and the bank's whole list does not have it.
#[tokio::test]
async fn a_refusal_for_good_after_a_silence_holds_when_the_banks_list_does_not_have_the_payment() {
    let (journey, file, batch_id) = almost_available(1).await;
    journey.bank.fail_transfers(CallFaultKind::SilenceBefore, TRIES);
    journey.bank.refuse_transfers("invalid_beneficiary_account", 1);
    while only_payment(&journey, batch_id).await.leg.state != State::Submitting {
        assert!(journey.step().await);
    }
    go_on_for_hours(&journey, 3).await;
    assert_eq!(only_payment(&journey, batch_id).await.leg.state, State::Submitting);

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let failed = only_payment(&journey, batch_id).await;
    assert_eq!(failed.leg.reason, Some(Reason::Refused("invalid_beneficiary_account".to_owned())));
    assert_eq!(journey.bank.payouts().len(), 0);
    Audit::of(&journey, &[(batch_id, &file)]).await.agrees();
}

/// A limit that holds for a day is no payment's fault: it needs nobody, and is paid when the limit is gone.
#[tokio::test]
async fn refusals_for_a_reason_of_ours_never_use_up_the_tries_of_a_payment() {
    let (journey, file, batch_id) = almost_available(1).await;
    journey.bank.refuse_transfers("limit_exceeded", 60);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), file.contents.total_cents);
}

/// The bank no longer knows a counterparty: the account itself is sent along, and paid.
#[tokio::test]
async fn an_account_whose_counterparty_the_bank_has_forgotten_is_paid_and_debited_all_the_same() {
    let first = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&first);
    let earlier = journey.begin(&first).await;
    journey.finish(earlier).await;

    let second = first.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1));
    let batch_id = journey.begin(&second).await;
    journey.bank.refuse_transfers("counterparty_not_found", 1);
    while journey.bank.debits().len() < 2 {
        assert!(journey.step().await);
    }
    journey.bank.refuse_transfers("counterparty_not_found", 1);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let audit = Audit::of(&journey, &[(earlier, &first), (batch_id, &second)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).cents(State::Completed), second.contents.total_cents);
    let [old, new] = &journey.bank.debits()[..] else { panic!("two debits") };
    assert_ne!(old.counterparty_id, new.counterparty_id);
    assert_eq!(journey.bank.account_of(old), journey.bank.account_of(new));
}

/// One payment of a retry's plan has moved since: it takes no part, and the others go on.
#[tokio::test]
async fn a_payment_that_moved_after_a_retry_was_planned_holds_no_other_up() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    journey.bank.return_payouts(&["R18", "R18"]);
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.let_days_pass(4).await;
    retry::retry(&journey.system, batch_id, OPERATOR, &Default::default()).await.unwrap();
    retry::make_plan(&journey.system, batch_id).await.unwrap();
    let mut moved = only_payment(&journey, batch_id).await;
    assert_eq!(moved.leg.state, State::Returned);
    moved.leg.state = State::Completed;
    journey.system.table.write(vec![stored::replace(&mut moved).unwrap()]).await.unwrap();

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let ends: Vec<_> = journey.payments(batch_id).await.iter().map(|p| (p.leg.state, p.leg.attempt)).collect();
    assert_eq!(ends, [(State::Completed, 1), (State::Completed, 2)]);
}

/// The network on which the bank's return and a retry come between a send and its answer.
#[derive(Debug)]
struct ReturnedMeanwhile {
    network: Arc<dyn Transport>,
    table: Arc<dyn Table>,
    payment: PaymentId,
}

#[async_trait]
impl Transport for ReturnedMeanwhile {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let answer = self.network.exchange(request).await?;
        let sent: Value = serde_json::from_slice(&answer.body).unwrap();
        let mut payment: Payment = stored::read(&*self.table, &keys::payment(self.payment)).await.unwrap().unwrap();
        let status = BankStatus::Returned;
        let report = BankReport {
            transfer_id: sent["id"].as_str().unwrap().to_owned(),
            rail: payment.kind().rail(),
            attempt: 1,
            status: status.to_string(),
            meaning: status.meaning(),
            rank: status.rank(),
            amount: payment.amount,
            currency: "USD".to_owned(),
            is_debit: false,
            is_incoming: false,
            bank_account_id: sent["bank_account_id"].as_str().unwrap().to_owned(),
            settled_at: None,
            return_code: Some("R18".to_owned()),
            presented_amount: None,
        };
        payment.leg.report(payment.expected(), &report, payment.updated_at);
        payment.leg.retry(payment.kind()).unwrap();
        self.table.write(vec![stored::replace(&mut payment).unwrap()]).await.unwrap();
        Ok(answer)
    }
}

fn with_transport(journey: &Journey, transport: impl Transport + 'static) -> System {
    System { transport: Arc::new(transport), clients: Arc::new(Clients::default()), ..journey.system.clone() }
}

/// Race: the answer to the first attempt comes when the payment is at its second. Applied to that one, it would call a payment sent that
/// was not.
#[tokio::test]
async fn an_answer_is_about_the_attempt_that_it_was_asked_for() {
    let (journey, _, batch_id) = almost_available(1).await;
    journey.hold_back_after(batch_id, 0).await;
    journey.go_on_to("2026-03-05T14:00:00Z".parse().unwrap()).await;
    let mut payment = only_payment(&journey, batch_id).await;
    payment.leg.attention = None;
    journey.system.table.write(vec![stored::replace(&mut payment).unwrap()]).await.unwrap();
    let meanwhile = ReturnedMeanwhile {
        network: journey.network.clone(),
        table: journey.system.table.clone(),
        payment: payment.id,
    };
    let system = with_transport(&journey, meanwhile);
    submit::submit(&system, &ReleaseCache::default(), payment.id, journey.deadline()).await.unwrap();

    let leg = only_payment(&journey, batch_id).await.leg;
    assert_eq!((leg.attempt, leg.state, leg.transfer_id, leg.attention), (2, State::Unprocessed, None, None));
}

/// A table on which the batch is canceled just before its funding is written.
#[derive(Debug)]
struct CanceledMeanwhile {
    system: System,
    batch_id: BatchId,
    is_done: AtomicBool,
}

#[async_trait]
impl Table for CanceledMeanwhile {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.system.table.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.system.table.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let is_funding = changes.iter().any(|change| change.key().pk.starts_with("FUNDING#"));
        if is_funding && !self.is_done.swap(true, Ordering::SeqCst) {
            approve::cancel(&self.system, self.batch_id, OPERATOR).await.unwrap();
        }
        self.system.table.write(changes).await
    }
}

/// Race: a batch is canceled while its funding, which was put off, is about to be sent.
#[tokio::test]
async fn a_funding_that_was_put_off_is_not_sent_for_a_batch_canceled_meanwhile() {
    let file = PayrollFile::generated(&one_source(2));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.bank.refuse_transfers("limit_exceeded", 1);
    journey.settle_now().await;
    let source_id = journey.manifest(&journey.batch(batch_id).await).await.sources[0].id.clone();
    let id = FundingId::Round { batch: batch_id, source: SourceTag::of(&source_id), round: 1 };
    let put_off: Funding = stored::read(&*journey.system.table, &keys::funding(id)).await.unwrap().unwrap();
    assert_eq!(put_off.leg.reason, Some(Reason::Deferred("limit_exceeded".to_owned())));
    // The source's pause is over.
    journey.clock.advance(Duration::from_secs(6 * 60));

    let table = CanceledMeanwhile { system: journey.system.clone(), batch_id, is_done: AtomicBool::new(false) };
    let system = System { table: Arc::new(table), ..journey.system.clone() };
    fund::fund(&system, batch_id, &source_id, 1, journey.deadline()).await.unwrap();

    assert_eq!(journey.bank.debits().len(), 0);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Canceled);
    assert_eq!(journey.bank.debits().len(), 0);
}

/// A network that loses so many calls with one key.
#[derive(Debug)]
struct LosesCalls {
    network: Arc<dyn Transport>,
    key: String,
    left: AtomicU32,
}

#[async_trait]
impl Transport for LosesCalls {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let is_it = request.headers.iter().any(|(name, value)| name == "idempotency-key" && *value == self.key);
        if is_it && self.left.load(Ordering::SeqCst) > 0 {
            self.left.fetch_sub(1, Ordering::SeqCst);
            return Err(TransportError::TimedOut);
        }
        self.network.exchange(request).await
    }
}

/// Of a thousand calls one gets no answer: that is no reason to let the source rest, and the others of its batch wait.
#[tokio::test]
async fn one_send_without_an_answer_holds_nobody_up() {
    let (mut journey, _, batch_id) = almost_available(30).await;
    let first = only_payment(&journey, batch_id).await;
    let network = LosesCalls {
        network: journey.network.clone(),
        key: format!("{}:1", first.id),
        left: AtomicU32::new(u32::try_from(TRIES).unwrap()),
    };
    journey.system = with_transport(&journey, network);
    journey.go_on_to("2026-03-05T13:32:00Z".parse().unwrap()).await;

    assert_eq!(journey.bank.payouts().len(), 30);
    let source: Source = stored::read(&*journey.system.table, &keys::source(&first.payer_id)).await.unwrap().unwrap();
    assert_eq!(source.pause, None);
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
}
