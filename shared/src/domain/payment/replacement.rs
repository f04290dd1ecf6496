//! A check that is to be made anew for another address: one operator proposes it, another confirms. To its own address one is enough.
//!
//! Guarantees: what is confirmed is the address and the attempt that were proposed; who proposed it does not confirm it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Payment;
use crate::domain::bank::mailing_address::MailingAddress;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::{Kind, State};

/// The latest proposal for a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    pub payment_id: PaymentId,
    pub version: u64,
    /// The attempt whose check it replaces.
    pub attempt: u32,
    pub address: MailingAddress,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
}

/// Why a proposal does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplacementRefusal {
    #[error("nothing is proposed for this payment")]
    NothingProposed,
    #[error("who proposed it cannot confirm it; ask a second person")]
    SamePerson,
    #[error("the proposal is not the one you name; read it again")]
    OtherProposal,
}

/// Whether a check may be made anew: the bank has given its money back, and nobody wants that to go back to its payer.
pub fn may_be_replaced(payment: &Payment) -> bool {
    let is_back = payment.kind() == Kind::Check && payment.leg.state == State::Returned;
    is_back && payment.owes_refund() && !payment.is_cancel_asked()
}

/// Whether the money that a debit brought is here, and nothing about it is to be looked into first.
pub fn is_money_here(funding: &Funding) -> bool {
    funding.leg.state == State::Available && funding.leg.attention.is_none()
}

impl Replacement {
    /// The second person's word. `seen` is the address that they looked at.
    pub fn confirm(&mut self, by: &str, attempt: u32, seen: &MailingAddress) -> Result<(), ReplacementRefusal> {
        if self.attempt != attempt || self.confirmed_by.is_some() {
            return Err(ReplacementRefusal::NothingProposed);
        }
        if self.proposed_by == by {
            return Err(ReplacementRefusal::SamePerson);
        }
        if self.address != *seen {
            return Err(ReplacementRefusal::OtherProposal);
        }
        self.confirmed_by = Some(by.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bank::mailing_address::AddressParts;

    fn address(line_1: &str) -> MailingAddress {
        let parts: AddressParts = serde_json::from_value(serde_json::json!({
            "line_1": line_1, "city": "Wilmington", "state": "DE", "postal_code": "19886"
        }))
        .unwrap();
        parts.try_into().unwrap()
    }

    fn proposed() -> Replacement {
        Replacement {
            payment_id: PaymentId::Single(uuid::Uuid::nil()),
            version: 1,
            attempt: 2,
            address: address("PO Box 200"),
            proposed_by: "olga".to_owned(),
            proposed_at: Timestamp::UNIX_EPOCH,
            confirmed_by: None,
        }
    }

    #[test]
    fn another_person_confirms_what_was_proposed_and_only_once() {
        let seen = address("PO Box 200");
        let confirmed = |by: &str, attempt, seen: &MailingAddress| proposed().confirm(by, attempt, seen);
        assert_eq!(confirmed("olga", 2, &seen), Err(ReplacementRefusal::SamePerson));
        assert_eq!(confirmed("oscar", 3, &seen), Err(ReplacementRefusal::NothingProposed));
        assert_eq!(confirmed("oscar", 2, &address("PO Box 201")), Err(ReplacementRefusal::OtherProposal));
        let mut once = proposed();
        assert_eq!(once.confirm("oscar", 2, &seen), Ok(()));
        assert_eq!(once.confirm("oscar", 2, &seen), Err(ReplacementRefusal::NothingProposed));
    }
}
