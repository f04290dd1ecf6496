//! What a payment of autopay knows beyond any payment.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agreement::PinnedAgreement;
use super::held::MailedTo;
use super::ids::{BankAccountId, CardId};
use super::rule::Rule;
use super::utilization::BasisPoints;
use crate::domain::ids::PaymentId;

/// Why and for what a payment was opened, and what has been asked of it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutopayFacts {
    pub card_id: CardId,
    /// The bank account it is pulled from, and given back to.
    pub bank_account_id: BankAccountId,
    /// Absent where the limit was unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilization_before: Option<BasisPoints>,
    /// The rule in force when it was decided.
    pub rule: Rule,
    /// The decision in words.
    pub reason: String,
    pub decided_at: Timestamp,
    /// What the person had agreed to then. Absent in what was opened before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<PinnedAgreement>,
    /// The person canceled it: no check is issued, and what was pulled goes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_asked_at: Option<Timestamp>,
    /// The bank is to stop the check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_asked_at: Option<Timestamp>,
    /// Where its checks went before it was replaced with another address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mailed_before: Vec<MailedTo>,
    /// The payment whose money this one gives back to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_of: Option<PaymentId>,
    /// The payment that gives this one's money back to the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_by: Option<PaymentId>,
    /// When it ended without a refund, because operators had set all of its money against what the person owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_up_at: Option<Timestamp>,
}
