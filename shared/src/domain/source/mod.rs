//! A source: a payer of payroll. Its external account, its own account at the bank, and whether it may be paid from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub id: String,
    pub version: u64,
    /// Legal name, as NACHA's receiver name of the debit.
    pub name: String,
    pub account: ExternalAccount,
    /// The source's own account at the bank, opened before its first funding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// A funding came back after it was available and the books still show a receivable: no release until it is settled.
    #[serde(default)]
    pub receivable_open: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A payer's bank account outside, that fundings are pulled from. `Debug` shows the last four.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalAccount {
    pub routing_number: String,
    /// Sealed under the key of the item that holds it.
    pub sealed_account: String,
    pub account_last4: String,
    /// Keyed hash of routing and account number: a changed account has another.
    pub fingerprint: String,
}

impl std::fmt::Debug for ExternalAccount {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ExternalAccount(…{})", self.account_last4)
    }
}

/// Why nothing leaves a payer at the moment, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Pause {
    pub reason: PauseReason,
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// It ends by itself then; without one an operator resumes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    Operator,
    /// The bank refused for a reason of ours, with this code or status.
    Bank(String),
    /// This reconciliation found a difference that nothing explains.
    Difference(String),
}

impl Pause {
    pub fn is_on(&self, business_now: Timestamp) -> bool {
        self.until.is_none_or(|until| business_now < until)
    }
}

impl Source {
    pub fn is_paused(&self, business_now: Timestamp) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.is_on(business_now))
    }
}
