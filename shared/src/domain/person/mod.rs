//! A person: a payer who pays bills of their own. What moving their money needs to know of them.
//!
//! Nothing prints a name or an address.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bank::mailing_address::MailingAddress;
use super::ids::PersonId;
use super::source::Pause;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub version: u64,
    /// As their bank and their payees know them.
    pub name: String,
    /// Printed on their checks, where they gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<MailingAddress>,
    /// The person's own account at the bank, opened before their first funding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_account_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// A funding came back after it was available and the books still show a receivable: no new payment until it is settled.
    #[serde(default)]
    pub receivable_open: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Person({})", self.id)
    }
}

impl Person {
    pub fn is_paused(&self, business_now: Timestamp) -> bool {
        self.pause.as_ref().is_some_and(|pause| pause.is_on(business_now))
    }
}
