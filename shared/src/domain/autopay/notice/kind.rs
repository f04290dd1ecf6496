//! Every kind of notice: to a person, to payroll's admins, and to operators.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{CheckFailure, DebitFailure, Outlook};
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::autopay::authorization::AuthorizationStep;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::ids::{BankAccountId, CardId};
use crate::domain::autopay::item::ItemNotice;
use crate::domain::batch::FailureCode;
use crate::domain::ids::{BatchId, FundingId, ItemId, PaymentId, ReconciliationId, WebhookEndpointId};
use crate::domain::money::Cents;

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum NoticeKind {
    /// A debit is on its way: the amount, the card, and why.
    PaymentStarted {
        payment_id: PaymentId,
        card_name: String,
        amount: Cents,
        reason: String,
    },
    /// A debit outside the agreed range, ten days ahead.
    DebitAnnounced {
        card_id: CardId,
        card_name: String,
        amount: Cents,
        debit_on: Date,
    },
    /// Something a review found that the person should know; once in that time.
    CardNeeds {
        card_id: CardId,
        card_name: String,
        code: String,
        reason: String,
        since: Date,
    },
    Item {
        item_id: String,
        institution_name: String,
        what: ItemNotice,
    },
    /// The bank returned the debit for lack of money; it is tried again.
    DebitTriedAgain {
        payment_id: PaymentId,
        attempt: u32,
        amount: Cents,
        not_before: Date,
    },
    DebitFailed {
        payment_id: PaymentId,
        card_name: String,
        amount: Cents,
        failure: DebitFailure,
        #[serde(default)]
        outlook: Outlook,
    },
    /// The debit came back after the money had left.
    ReceivableOpened {
        payment_id: PaymentId,
        amount: Cents,
        /// Whether a check is out that may still be stopped.
        #[serde(default = "is_out")]
        check_is_out: bool,
    },
    ReceivableEnded {
        payment_id: PaymentId,
        amount: Cents,
        #[serde(default)]
        outlook: Outlook,
    },
    /// A bill will not be paid in time by autopay; once for every bill.
    BillLate {
        card_id: CardId,
        card_name: String,
        due_on: Date,
        /// What nothing will have paid by then.
        amount: Cents,
        reason: String,
    },
    CheckMailed {
        payment_id: PaymentId,
        /// A check that is made anew is told of anew.
        #[serde(default = "first")]
        attempt: u32,
        card_name: String,
        amount: Cents,
    },
    CheckCashed {
        payment_id: PaymentId,
        card_name: String,
        amount: Cents,
    },
    CheckFailed {
        payment_id: PaymentId,
        #[serde(default = "first")]
        attempt: u32,
        card_name: String,
        amount: Cents,
        failure: CheckFailure,
    },
    /// Plaid does not show a cashed check: has the issuer credited it?
    PostedAsked {
        payment_id: PaymentId,
        card_name: String,
        amount: Cents,
    },
    PaymentCanceled {
        payment_id: PaymentId,
        card_name: String,
        amount: Cents,
    },
    /// The money goes back to the person's bank account.
    RefundSent {
        payment_id: PaymentId,
        /// What is sent again is told of again.
        #[serde(default = "first")]
        attempt: u32,
        amount: Cents,
        bank_account_last4: String,
    },
    /// It did not arrive there.
    RefundCameBack {
        payment_id: PaymentId,
        attempt: u32,
        amount: Cents,
        bank_account_last4: String,
    },
    /// The person's copy of what they agreed to, or that it ended (12 CFR 1005.10(b)).
    Authorization {
        card_id: CardId,
        step: AuthorizationStep,
        at: Timestamp,
        text: String,
        #[serde(default)]
        outlook: Outlook,
    },
    /// The bank corrected the account's numbers, with this transfer.
    NumbersCorrected {
        item_id: ItemId,
        bank_account_id: BankAccountId,
        bank_account_last4: String,
    },
    /// A card waits for its issuer's address for checks.
    AddressWanted {
        institution_id: String,
        institution_name: String,
    },
    BatchCompleted {
        batch_id: BatchId,
        /// A batch that is retried is completed anew.
        #[serde(default = "first_round")]
        round: u64,
        paid: u64,
        failed: u64,
    },
    /// The stored file is not the one that was approved: nothing of the batch is paid.
    ImportFailed {
        batch_id: BatchId,
        code: FailureCode,
        text: String,
    },
    FundingReturned {
        funding_id: FundingId,
        attempt: u32,
        amount: Cents,
        return_code: String,
    },
    /// A payout came back after it was paid, or a refund did not arrive.
    PayoutReturned {
        payment_id: PaymentId,
        attempt: u32,
        amount: Cents,
        reason: String,
    },
    AttentionRaised {
        item_id: ItemId,
        reason: String,
        since: Timestamp,
        /// Whether the flag stands that holds everything automatic back.
        #[serde(default = "is_held")]
        is_held: bool,
        /// What holds the next debit back, of a debit that has ended.
        #[serde(default)]
        outlook: Outlook,
    },
    /// The bank has a transfer or check in review for days, and says nothing more.
    ReviewLasts {
        item_id: ItemId,
        attempt: u32,
        amount: Cents,
        /// When it was made at the bank.
        since: Timestamp,
    },
    /// Two operators sent one check to another address than the biller directory has for those that are not made yet.
    AddressOffered {
        institution_id: String,
        payment_id: PaymentId,
    },
    /// How a payment ended holds the next one of its card back.
    CardHeldBack {
        card_id: CardId,
        payment_id: PaymentId,
        by: EndedBy,
    },
    /// The bank says something that fits nothing of ours, or that cannot be read.
    EventUnmatched {
        event_id: String,
        is_readable: bool,
        since: Timestamp,
    },
    /// The bank corrected the account of a payee or source of payroll: what is sent from now on goes there.
    AccountCorrected {
        account: String,
        version: u64,
        change_code: String,
        account_last4: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        corrected_last4: Option<String>,
    },
    /// A debit came back with a code that forbids another one.
    SourceBarred {
        source_id: String,
        funding_id: FundingId,
        return_code: ReturnCode,
    },
    /// Books, payments and bank differ, and nothing explains it.
    DifferenceFound {
        reconciliation_id: ReconciliationId,
        payer_id: String,
        differences: u64,
    },
    /// A receiver of webhooks has taken nothing for three days.
    WebhookEndpointDisabled {
        endpoint_id: WebhookEndpointId,
        since: Timestamp,
    },
}

/// Of notices that were put down before this was said.
const fn is_out() -> bool {
    true
}

/// The same of flags.
const fn is_held() -> bool {
    true
}

/// Of notices that were put down before checks were counted.
const fn first() -> u32 {
    1
}

/// The same of rounds.
const fn first_round() -> u64 {
    1
}

impl std::fmt::Debug for NoticeKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.occasion())
    }
}

impl NoticeKind {
    /// A stable name.
    pub const fn code(&self) -> &'static str {
        match self {
            NoticeKind::PaymentStarted { .. } => "payment_started",
            NoticeKind::DebitAnnounced { .. } => "debit_announced",
            NoticeKind::CardNeeds { .. } => "card_needs",
            NoticeKind::Item { what, .. } => what.code(),
            NoticeKind::DebitTriedAgain { .. } => "debit_tried_again",
            NoticeKind::DebitFailed { failure, .. } => failure.code(),
            NoticeKind::ReceivableOpened { .. } => "receivable_opened",
            NoticeKind::ReceivableEnded { .. } => "receivable_ended",
            NoticeKind::BillLate { .. } => "bill_late",
            NoticeKind::CheckMailed { .. } => "check_mailed",
            NoticeKind::CheckCashed { .. } => "check_cashed",
            NoticeKind::CheckFailed { failure, .. } => failure.code(),
            NoticeKind::PostedAsked { .. } => "posted_asked",
            NoticeKind::PaymentCanceled { .. } => "payment_canceled",
            NoticeKind::RefundSent { .. } => "refund_sent",
            NoticeKind::RefundCameBack { .. } => "refund_came_back",
            NoticeKind::ReviewLasts { .. } => "review_lasts",
            NoticeKind::AddressOffered { .. } => "address_offered",
            NoticeKind::Authorization { step: AuthorizationStep::Agreed, .. } => "authorization_given",
            NoticeKind::Authorization { step: AuthorizationStep::Revoked, .. } => "authorization_revoked",
            NoticeKind::NumbersCorrected { .. } => "numbers_corrected",
            NoticeKind::AddressWanted { .. } => "address_wanted",
            NoticeKind::BatchCompleted { .. } => "batch_completed",
            NoticeKind::ImportFailed { .. } => "import_failed",
            NoticeKind::FundingReturned { .. } => "funding_returned",
            NoticeKind::PayoutReturned { payment_id: PaymentId::Refund { .. }, .. } => "refund_returned",
            NoticeKind::PayoutReturned { .. } => "payout_returned",
            NoticeKind::AttentionRaised { .. } => "attention_raised",
            NoticeKind::CardHeldBack { .. } => "card_held_back",
            NoticeKind::EventUnmatched { .. } => "event_unmatched",
            NoticeKind::AccountCorrected { .. } => "account_corrected",
            NoticeKind::SourceBarred { .. } => "source_barred",
            NoticeKind::DifferenceFound { .. } => "difference_found",
            NoticeKind::WebhookEndpointDisabled { .. } => "webhook_endpoint_disabled",
        }
    }

    /// What it is about: `{code}#{what}`. Two notices of one recipient with the same occasion are one.
    pub fn occasion(&self) -> String {
        let code = self.code();
        match self {
            NoticeKind::PaymentStarted { payment_id, .. }
            | NoticeKind::CardHeldBack { payment_id, .. }
            | NoticeKind::DebitFailed { payment_id, .. }
            | NoticeKind::ReceivableOpened { payment_id, .. }
            | NoticeKind::ReceivableEnded { payment_id, .. }
            | NoticeKind::CheckCashed { payment_id, .. }
            | NoticeKind::CheckMailed { payment_id, attempt: 1, .. }
            | NoticeKind::CheckFailed { payment_id, attempt: 1, .. }
            | NoticeKind::PostedAsked { payment_id, .. }
            | NoticeKind::PaymentCanceled { payment_id, .. }
            | NoticeKind::RefundSent { payment_id, attempt: 1, .. }
            | NoticeKind::AddressOffered { payment_id, .. } => format!("{code}#{payment_id}"),
            NoticeKind::DebitTriedAgain { payment_id, attempt, .. }
            | NoticeKind::CheckMailed { payment_id, attempt, .. }
            | NoticeKind::RefundSent { payment_id, attempt, .. }
            | NoticeKind::RefundCameBack { payment_id, attempt, .. }
            | NoticeKind::CheckFailed { payment_id, attempt, .. }
            | NoticeKind::PayoutReturned { payment_id, attempt, .. } => format!("{code}#{payment_id}#{attempt}"),
            NoticeKind::BillLate { card_id, due_on, .. } => format!("{code}#{card_id}#{due_on}"),
            NoticeKind::DebitAnnounced { card_id, debit_on, .. } => format!("{code}#{card_id}#{debit_on}"),
            NoticeKind::CardNeeds { card_id, code: need, since, .. } => format!("{code}#{card_id}#{need}#{since}"),
            NoticeKind::Item { item_id, what, .. } => format!("{code}#{item_id}#{}", what.moment()),
            NoticeKind::Authorization { card_id, at, .. } => format!("{code}#{card_id}#{at}"),
            NoticeKind::NumbersCorrected { item_id, bank_account_id, .. } => {
                format!("{code}#{bank_account_id}#{item_id}")
            }
            NoticeKind::AddressWanted { institution_id, .. } => format!("{code}#{institution_id}"),
            NoticeKind::BatchCompleted { batch_id, round: 1, .. } => format!("{code}#{batch_id}"),
            NoticeKind::BatchCompleted { batch_id, round, .. } => format!("{code}#{batch_id}#{round}"),
            NoticeKind::ImportFailed { batch_id, .. } => format!("{code}#{batch_id}"),
            NoticeKind::FundingReturned { funding_id, attempt, .. } => format!("{code}#{funding_id}#{attempt}"),
            NoticeKind::AttentionRaised { item_id, since, .. } => format!("{code}#{item_id}#{since}"),
            NoticeKind::ReviewLasts { item_id, attempt, .. } => format!("{code}#{item_id}#{attempt}"),
            NoticeKind::EventUnmatched { event_id, since, .. } => format!("{code}#{event_id}#{since}"),
            NoticeKind::AccountCorrected { account, version, .. } => format!("{code}#{account}#{version}"),
            NoticeKind::SourceBarred { source_id, funding_id, .. } => format!("{code}#{funding_id}#{source_id}"),
            NoticeKind::DifferenceFound { reconciliation_id, payer_id, .. } => {
                format!("{code}#{reconciliation_id}#{payer_id}")
            }
            NoticeKind::WebhookEndpointDisabled { endpoint_id, since } => format!("{code}#{endpoint_id}#{since}"),
        }
    }
}

impl ItemNotice {
    const fn code(&self) -> &'static str {
        match self {
            ItemNotice::LoginRequired { .. } => "login_required",
            ItemNotice::ConsentExpiring { .. } => "consent_expiring",
            ItemNotice::InstitutionDown { .. } => "institution_down",
            ItemNotice::Revoked { .. } => "link_revoked",
        }
    }

    const fn moment(&self) -> Timestamp {
        match self {
            ItemNotice::LoginRequired { since }
            | ItemNotice::InstitutionDown { since }
            | ItemNotice::Revoked { since } => *since,
            ItemNotice::ConsentExpiring { until } => *until,
        }
    }
}
