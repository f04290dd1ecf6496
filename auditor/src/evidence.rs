//! What an audit sees: what the bank did, what people asked for, what our reports say, and what still stands open. Plain facts in other
//! people's words: the bank's objects and our answers are kept as the JSON that was read.
//!
//! Amounts that this crate names are whole cents; those inside JSON and CSV are as their writer spells them.

mod people;
mod standing;
mod webhooks;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use people::{
    Balance, BalanceAsked, Booked, Caps, Card, LargeLink, Permission, Person, RealAccount, RealCard, Shown, Sighting,
    Statement, ToldNotice,
};
pub use standing::{Standing, StandingKind};
pub use webhooks::{Endpoint, EndpointSecret, Received};

/// Everything about one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// Business time of the gathering.
    pub gathered_at: Timestamp,
    /// Nothing is on its way, faults have ceased, and business time was moved on until nothing due moved anything: then what can end has ended.
    pub is_at_rest: bool,
    pub terms: Terms,
    pub bank: Bank,
    pub asked: Asked,
    pub told: Told,
    /// Every batch, payment, funding, card and bank account of a person that the table holds.
    pub standing: Vec<Standing>,
    /// Every write of the table that changed where a payment, funding or batch stands, in order.
    pub moves: Vec<Move>,
    /// Every write after which nothing leaves a payer, for a reason of the bank.
    pub pauses: Vec<Pause>,
    /// Every message that a queue gave up.
    pub given_up: Vec<GivenUp>,
    pub logs: Logs,
}

/// Counts everything that was seen happen, over calls, deliveries, commands and moves: what has the smaller one came first.
pub type Order = u64;

/// What the deployment promised.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Our own hold on a settled funding, in banking days from its settlement.
    pub hold_banking_days: u32,
    /// The same of a person's account whose number no debit has been good of before.
    pub hold_new_banking_days: u32,
    /// For how long nobody else may send what a worker claimed, in seconds of elapsed time.
    pub lease_seconds: u32,
}

/// What the bank did, by its own API.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bank {
    /// `GET /bank-accounts`, with balances.
    pub accounts: Vec<Value>,
    /// `GET /counterparties`, with account and routing numbers.
    pub counterparties: Vec<Value>,
    /// `GET /transfers/ach`.
    pub ach_transfers: Vec<Value>,
    /// `GET /transfers/checks`.
    pub checks: Vec<Value>,
    /// `GET /events`: each with the object as it was then.
    pub events: Vec<Value>,
    /// Every call that reached the bank and would change something, in order.
    pub calls: Vec<BankCall>,
    /// Every answer that our client got to a send, whoever gave it in the bank's name.
    pub answers: Vec<SendAnswer>,
    /// Every delivery of a webhook that our receiver answered or died over, forged ones left out.
    pub deliveries: Vec<Delivery>,
    /// Events that the bank signed, that no version can read or that fit nothing here, and that our receiver took: by their ids.
    pub unfit: Vec<String>,
}

/// A call that reached the bank.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BankCall {
    pub order: Order,
    /// Business time.
    pub at: Timestamp,
    /// Elapsed time.
    pub elapsed_at: Timestamp,
    /// `POST`.
    pub method: String,
    /// Without query: `/transfers/ach`.
    pub path: String,
    pub idempotency_key: Option<String>,
    /// When our client sent it, which may be long before it arrived.
    pub sent_order: Order,
    /// What the bank answered, whether or not the answer arrived: 200, 400, 503.
    pub status: Option<u16>,
    /// Elapsed time at which our client had an answer, a failure or its own time-out; `None` where it died before.
    pub client_heard_at: Option<Timestamp>,
}

/// What came back for a send.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendAnswer {
    /// Business time.
    pub at: Timestamp,
    pub idempotency_key: String,
    /// `None` where none came.
    pub status: Option<u16>,
}

/// A delivery of a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Of the answer.
    pub order: Order,
    /// Business time of the answer.
    pub at: Timestamp,
    pub event_id: String,
    /// The event as it was delivered, which a faulty bank may have spelled otherwise than it lists it.
    pub body: Value,
    /// What our receiver answered; `None` where it died.
    pub status: Option<u16>,
}

/// What people asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Asked {
    pub files: Vec<PayrollFile>,
    /// What was asked over HTTP, in order; reading left out.
    pub commands: Vec<Command>,
    pub persons: Vec<Person>,
    /// The accounts of persons at their banks, as those know them.
    pub real_accounts: Vec<RealAccount>,
    /// The cards of persons, as their issuers know them.
    pub real_cards: Vec<RealCard>,
    /// What persons saw of their bank accounts, in order.
    pub sightings: Vec<Sighting>,
    /// What persons saw of links with many accounts.
    pub large_links: Vec<LargeLink>,
    /// Every time that we asked a person's bank for a balance.
    pub balances_asked: Vec<BalanceAsked>,
    /// Where the company's own system takes what it is told.
    pub endpoints: Vec<Endpoint>,
}

/// A payroll file that was stored for a batch, read in one way. A batch whose content was replaced has several, in order; a file that a mapping
/// may have read by one or another column of amounts stands here once for each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayrollFile {
    /// `bat_…`, as the API answered.
    pub batch_id: String,
    /// Who stored it.
    pub uploaded_by: String,
    pub order: Order,
    /// Of its bytes, as a summary names it.
    pub sha256: String,
    /// The column that its amounts are taken from, where a mapping has to say so.
    pub amounts: Option<String>,
    /// In the order of the file; the first is row 1.
    pub rows: Vec<Row>,
}

/// One payment of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    pub source_id: String,
    pub branch_id: String,
    pub employee_id: String,
    pub institution_id: String,
    pub cents: i64,
    /// The account at the institution, or the bank account that is paid in its stead.
    pub payee_account: String,
    /// Where the institution takes payments; `None` where it takes none.
    pub payee_routing: Option<String>,
    /// `checking` or `savings`, where the row pays into a bank account; `institution_id` is empty then.
    pub payee_type: Option<String>,
    /// Whose bank account it is, as the file spells it.
    pub payee_name: Option<String>,
    /// What the source is to be debited at.
    pub source_account: Account,
    /// Of the employee, as the file spells it.
    pub name: String,
    /// Where the file names one.
    pub currency: Option<String>,
}

/// An account at a bank.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    pub routing_number: String,
    pub account_number: String,
}

/// Something that was asked of the API.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Of the answer, or of the asking where none came.
    pub order: Order,
    /// Business time of the asking.
    pub at: Timestamp,
    /// Business time of the answer; `None` where none came.
    pub answered_at: Option<Timestamp>,
    /// The caller's subject.
    pub by: String,
    pub kind: CommandKind,
    /// What it is about: a batch, payment, source, card, correction or dead letter by its id; the scope of a stop; the fingerprint of an
    /// account. Empty for what has no id before it is answered.
    pub about: String,
    /// The JSON body that was sent, where there was one.
    pub sent: Value,
    /// The HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    /// The body of the answer.
    pub answer: Value,
}

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandKind {
    /// Of a batch, with or without its file.
    Create,
    /// Asks for a place to put the file of a batch.
    Link,
    Summarize,
    /// What columns are called, under a name.
    StoreMapping,
    /// Looks at a summary that is being made.
    ReadSummary,
    Approve,
    Decline,
    /// Of a batch.
    Cancel,
    Retry,
    Refund,
    PauseSource,
    ResumeSource,
    /// Of a scope: the body says whether on or off.
    Stop,
    /// Of what a bank corrected about an account.
    WithdrawCorrection,
    ConfirmWithdrawal,
    ClearAttention,
    /// How a send ended whose outcome is unknown.
    ProposeOutcome,
    ConfirmOutcome,
    /// How an institution is paid.
    ConfirmBiller,
    /// Of a card's payment.
    CancelPayment,
    Authorize,
    Revoke,
    SetAutopay,
    /// Of a card: whether it is another one that the body names.
    SayWhich,
    /// Of a card, now; the answer says what came of it.
    Review,
    /// Of a link with an institution.
    Unlink,
    /// Where a check goes that is made anew.
    ReplaceCheck,
    ConfirmReplacement,
    /// Where a refund goes that came back.
    SendRefundAgain,
    ConfirmRefundAccount,
    /// Where an issuer takes checks.
    ProposeRemittance,
    ConfirmRemittance,
    ClearBlock,
    /// Of a card, that keeps its next payment back.
    ClearHold,
    /// Of the books against payments and bank.
    Reconcile,
    ProposeCorrection,
    ConfirmCorrection,
    SendLetterAgain,
    SendAllLettersAgain,
    DiscardLetter,
}

/// What our API answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Told {
    pub batches: Vec<ToldBatch>,
    /// Every payment: rows, refunds and those of persons.
    pub payments: Vec<ToldItem>,
    pub fundings: Vec<ToldItem>,
    pub card_payments: Vec<ToldCardPayment>,
    /// `GET /cards`, of every person.
    pub cards: Vec<Shown>,
    /// `GET /bank-accounts`, of every person.
    pub bank_accounts: Vec<Shown>,
    /// `GET /items`, of every person.
    pub links: Vec<Shown>,
    /// Everything that anybody was told, in order.
    pub notices: Vec<ToldNotice>,
    /// What the company's own system was sent and kept, in order.
    pub events: Vec<Received>,
    /// `GET /webhook-endpoints`.
    pub endpoints: Vec<Value>,
    /// `GET /ledger/trial-balance`.
    pub trial_balance: Value,
    /// `GET /ledger/accounts/{account}/postings`, all pages of all accounts of the trial balance.
    pub postings: Vec<Value>,
    pub reconciliations: Vec<ToldReconciliation>,
    /// `GET /dead-letters/{id}`, of every dead letter that the table holds.
    pub dead_letters: Vec<Value>,
    /// `GET /unmatched-events`, all pages.
    pub unmatched_events: Vec<Value>,
}

/// A reconciliation that was begun, by an operator or by the schedule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldReconciliation {
    /// `GET /reconciliations/{id}`.
    pub reconciliation: Value,
    /// `GET /reconciliations/{id}/items`, all pages.
    pub items: Vec<Value>,
}

/// A batch that was uploaded, whatever became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldBatch {
    /// `GET /batches/{id}`.
    pub batch: Value,
    /// The three reports as CSV; empty where the API answers that there is none.
    pub payments_csv: String,
    pub sources_csv: String,
    pub branches_csv: String,
}

/// A payment or funding with its history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldItem {
    /// `GET /payments/{id}` or `GET /fundings/{id}`.
    pub item: Value,
    /// `items` of `GET …/history`.
    pub history: Vec<Value>,
}

/// A line of `GET /cards/{card_id}/payments`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldCardPayment {
    pub card_id: String,
    pub payment: Value,
}

/// A write that the table took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Move {
    pub order: Order,
    /// Business time.
    pub at: Timestamp,
    /// As the API names it.
    pub id: String,
    /// Where it stands from then on: the state's word.
    pub state: String,
    /// From then on; 0 for a batch.
    pub attempt: u32,
}

/// A payer rests, since the bank said so or said nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pause {
    /// Business time.
    pub at: Timestamp,
    pub payer: String,
    /// The bank's code, or `no_answer`.
    pub reason: String,
}

/// A message that came too often without being done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GivenUp {
    /// Business time.
    pub at: Timestamp,
    /// Under which the API has to tell of it.
    pub dead_letter_id: String,
}

/// What was logged, and what must not be in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Logs {
    /// As they would leave the process, every level that is on in production.
    pub lines: Vec<String>,
    pub forbidden: Vec<Forbidden>,
}

/// A text that no log line may hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Forbidden {
    /// What it is, for the finding: `account number of a payee`. The text itself is never repeated.
    pub what: String,
    pub text: String,
}
