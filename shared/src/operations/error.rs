//! Why an operation was not done, and whether the same again may help.

use crate::adapters::sealing::SealingError;
use crate::domain::ach::account_correction::WithdrawalRefusal;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::bank::body::RequestProblem;
use crate::domain::bank::disputed::AttentionRefusal;
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::MalformedBankData;
use crate::domain::batch::BatchRefusal;
use crate::domain::biller::BillerRefusal;
use crate::domain::dead_letter::DeadLetterRefusal;
use crate::domain::file_mapping::FileMappingRefusal;
use crate::domain::ids::{IdFormat, PaymentId};
use crate::domain::ledger::correction::CorrectionRefusal;
use crate::domain::leg::{IllegalTransition, SettlementRefusal, State};
use crate::domain::money::MoneyOverflow;
use crate::domain::payment::replacement::ReplacementRefusal;
use crate::domain::plaid::error::PlaidError;
use crate::domain::reconciliation::ReconciliationRefusal;
use crate::domain::source::SourceRefusal;
use crate::domain::stop::StopRefusal;
use crate::domain::webhooks::WebhookRefusal;
use crate::ports::objects::ObjectError;
use crate::ports::queue::QueueError;
use crate::ports::secrets::SecretError;
use crate::ports::table::TableError;

#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Bank(#[from] BankError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Sealing(#[from] SealingError),
    #[error(transparent)]
    Attention(#[from] AttentionRefusal),
    #[error(transparent)]
    Batch(#[from] BatchRefusal),
    #[error(transparent)]
    Biller(#[from] BillerRefusal),
    #[error(transparent)]
    FileMapping(#[from] FileMappingRefusal),
    #[error(transparent)]
    DeadLetter(#[from] DeadLetterRefusal),
    #[error(transparent)]
    Reconciliation(#[from] ReconciliationRefusal),
    #[error(transparent)]
    Correction(#[from] CorrectionRefusal),
    #[error(transparent)]
    Replacement(#[from] ReplacementRefusal),
    #[error(transparent)]
    Settlement(#[from] SettlementRefusal),
    #[error(transparent)]
    Stop(#[from] StopRefusal),
    #[error(transparent)]
    Source(#[from] SourceRefusal),
    #[error(transparent)]
    Withdrawal(#[from] WithdrawalRefusal),
    #[error(transparent)]
    Webhook(#[from] WebhookRefusal),
    #[error(transparent)]
    Autopay(#[from] AutopayRefusal),
    #[error(transparent)]
    Plaid(#[from] PlaidError),
    #[error(transparent)]
    IllegalTransition(#[from] IllegalTransition),
    #[error(transparent)]
    Money(#[from] MoneyOverflow),
    #[error(transparent)]
    Malformed(#[from] MalformedBankData),
    #[error(transparent)]
    Id(#[from] IdFormat),
    /// There is no such thing, or not for this caller.
    #[error("there is no {kind} {id}")]
    NotFound { kind: &'static str, id: String },
    /// What is asked of a payment is not possible where it stands now.
    #[error("{payment_id} is {}: it can no longer be {wanted}", state.as_str())]
    PaymentState { payment_id: PaymentId, state: State, wanted: &'static str },
    /// What a payment was to be paid with is not there any more, or an operator is to look at it first.
    #[error("the money of {payment_id} is not here: its debit is {}", funding.as_str())]
    MoneyGone { payment_id: PaymentId, funding: State },
    /// Plaid could not say how an institution takes payments.
    #[error("the biller directory cannot be asked about {institution_id}: {cause}")]
    Directory { institution_id: String, cause: String },
    /// Another write was faster, several times over.
    #[error("{0} is being changed by others; try again")]
    Contended(String),
    /// The bank's request cannot carry what is stored. Refused at the door today; what was stored before ends the leg.
    #[error("the bank cannot be asked for it: {0}")]
    Unsendable(#[from] RequestProblem),
    /// Stored data does not fit together. A defect, or a change by hand.
    #[error("stored data does not fit: {0}")]
    Inconsistent(String),
}

impl OperationError {
    pub fn not_found(kind: &'static str, id: impl ToString) -> Self {
        Self::NotFound { kind, id: id.to_string() }
    }

    /// Whether doing the same again later may succeed: then the message or webhook is delivered again.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Table(TableError::Unavailable(_) | TableError::ConditionFailed { .. })
            | Self::Queue(_)
            | Self::Object(ObjectError::Unavailable(_))
            | Self::Bank(_)
            | Self::Secret(_)
            | Self::Directory { .. }
            | Self::Contended(_) => true,
            Self::Plaid(error) => error.retryable(),
            Self::Table(TableError::CursorInvalid | TableError::Defect(_))
            | Self::Object(ObjectError::Missing(_) | ObjectError::Defect(_))
            | Self::Sealing(_)
            | Self::Attention(_)
            | Self::Batch(_)
            | Self::Biller(_)
            | Self::FileMapping(_)
            | Self::DeadLetter(_)
            | Self::Reconciliation(_)
            | Self::Correction(_)
            | Self::Replacement(_)
            | Self::Settlement(_)
            | Self::Stop(_)
            | Self::Source(_)
            | Self::Withdrawal(_)
            | Self::Webhook(_)
            | Self::Autopay(_)
            | Self::IllegalTransition(_)
            | Self::Money(_)
            | Self::Malformed(_)
            | Self::Id(_)
            | Self::NotFound { .. }
            | Self::PaymentState { .. }
            | Self::Unsendable(_)
            | Self::MoneyGone { .. }
            | Self::Inconsistent(_) => false,
        }
    }
}
