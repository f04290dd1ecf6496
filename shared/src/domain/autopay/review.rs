//! What a review of a card came to, kept so that a person can ask why something was paid, or not.
//!
//! Guarantees: holds the figures that decided and no account number; written when a review pays or announces, or when its code differs
//! from the last.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::CardId;
use super::utilization::BasisPoints;
use crate::domain::money::Cents;

/// The code of an answer that waits for a bank balance.
pub(in crate::domain::autopay) const BANK_BALANCE_STALE: &str = "bank_balance_stale";

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub card_id: CardId,
    pub version: u64,
    pub at: Timestamp,
    pub action: Action,
    /// The stable name of the answer.
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Cents>,
    /// For people.
    pub reason: String,
    pub figures: Figures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Pay,
    Announce,
    Skip,
    Attention,
}

/// What the review saw.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Figures {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub balance: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub limit: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilization: Option<BasisPoints>,
    #[schema(value_type = String)]
    pub in_flight: Cents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub statement_balance: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub minimum_payment: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub due_on: Option<Date>,
    /// What the bank account could bear, after debits on their way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub bank_balance: Option<Cents>,
}

impl Review {
    /// Whether it would pay if only the bank balance were read anew.
    pub fn wants_bank_balance(&self) -> bool {
        self.code == BANK_BALANCE_STALE
    }
}

impl std::fmt::Debug for Review {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Review({} {} {})", self.card_id, self.at, self.code)
    }
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Figures({:?})", self.as_of)
    }
}
