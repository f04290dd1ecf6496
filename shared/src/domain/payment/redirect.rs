//! A refund that came back and is to go to another account of its person's: one operator proposes it, another confirms.
//!
//! Guarantees: what is confirmed is the account, as it was when it was proposed, and the attempt that came back; who proposed it does not
//! confirm it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Payment;
use super::replacement::ReplacementRefusal;
use crate::domain::autopay::ids::BankAccountId;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::{AttentionReason, Reason, State};

/// The latest proposal for a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub payment_id: PaymentId,
    pub version: u64,
    /// The attempt that came back.
    pub attempt: u32,
    pub bank_account_id: BankAccountId,
    /// What the account's numbers and type are known by.
    pub account: String,
    pub account_last4: String,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
}

/// The account that the second person looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAccount {
    pub bank_account_id: BankAccountId,
    pub account_last4: String,
}

/// Whether a refund may be sent again: the bank has given it back or never took it, and nothing else is to be understood about it first.
pub fn may_be_sent_again(refund: &Payment) -> bool {
    let is_back = match refund.leg.state {
        State::Returned => true,
        State::Failed => matches!(refund.leg.reason, Some(Reason::Refused(_) | Reason::CanceledByBank)),
        State::Unprocessed
        | State::Submitting
        | State::Processing
        | State::Completed
        | State::Available
        | State::Canceled => false,
    };
    let is_understood = refund
        .leg
        .attention
        .as_ref()
        .is_none_or(|flag| matches!(flag.reason, AttentionReason::RefundReturned | AttentionReason::CannotBeSent));
    refund.refund_of().is_some() && is_back && is_understood
}

/// Whether a refund that did not arrive has its money here, which only another send would move. Where operators have booked that some of it
/// went elsewhere, there is nothing whole to send.
pub fn waits_here(refund: &Payment, funding: &Funding) -> bool {
    let is_here = funding.leg.state == State::Available || funding.is_repaid();
    may_be_sent_again(refund) && is_here && funding.unused() >= refund.amount
}

impl Redirect {
    /// The second person's word. `account` is what the account is known by now.
    pub fn confirm(
        &mut self,
        by: &str,
        attempt: u32,
        seen: &SeenAccount,
        account: &str,
    ) -> Result<(), ReplacementRefusal> {
        if self.attempt != attempt || self.confirmed_by.is_some() {
            return Err(ReplacementRefusal::NothingProposed);
        }
        if fault!(RedirectedByOne, false, self.proposed_by == by) {
            return Err(ReplacementRefusal::SamePerson);
        }
        let is_seen = self.bank_account_id == seen.bank_account_id && self.account_last4 == seen.account_last4;
        if !is_seen || self.account != account {
            return Err(ReplacementRefusal::OtherProposal);
        }
        self.confirmed_by = Some(by.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_person_confirms_the_account_that_was_proposed_as_it_was() {
        let id = |digit: u8| BankAccountId::of_fingerprint(&format!("f1_{digit:032x}")).unwrap();
        let seen = |digit: u8, last4: &str| SeenAccount { bank_account_id: id(digit), account_last4: last4.to_owned() };
        let proposed = Redirect {
            payment_id: PaymentId::Single(uuid::Uuid::nil()),
            version: 1,
            attempt: 2,
            bank_account_id: id(1),
            account: "f1_a".to_owned(),
            account_last4: "4321".to_owned(),
            proposed_by: "olga".to_owned(),
            proposed_at: Timestamp::UNIX_EPOCH,
            confirmed_by: None,
        };
        let confirmed =
            |by: &str, attempt, seen: &SeenAccount, account| proposed.clone().confirm(by, attempt, seen, account);
        let (right, refused) = (seen(1, "4321"), ReplacementRefusal::OtherProposal);
        assert_eq!(confirmed("oscar", 2, &right, "f1_a"), Ok(()));
        assert_eq!(confirmed("olga", 2, &right, "f1_a"), Err(ReplacementRefusal::SamePerson));
        assert_eq!(confirmed("oscar", 3, &right, "f1_a"), Err(ReplacementRefusal::NothingProposed));
        assert_eq!(confirmed("oscar", 2, &right, "f1_b"), Err(refused), "its numbers have changed since");
        assert_eq!(confirmed("oscar", 2, &seen(2, "4321"), "f1_a"), Err(refused));
        assert_eq!(confirmed("oscar", 2, &seen(1, "6789"), "f1_a"), Err(refused));
    }
}
