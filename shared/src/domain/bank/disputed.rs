//! Words of the bank that were not applied, because they do not fit what was asked for. Each is kept, so that an operator may still take
//! the bank's word.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::check::status::CheckStatus;
use super::status::BankStatus;
use crate::domain::ids::ItemId;
use crate::domain::leg::{AttentionReason, Rail};

/// One word of the bank about a payment or funding, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedWord {
    pub item_id: ItemId,
    /// The event's id, or one made of what the bank answered.
    pub id: String,
    pub version: u64,
    pub attempt: u32,
    pub reason: AttentionReason,
    pub transfer_id: String,
    pub rail: Rail,
    /// The bank's own status.
    pub status: String,
    /// The bank's time.
    pub at: Timestamp,
    /// The transfer or check as the bank wrote it, sealed under this item's key.
    pub sealed_word: String,
    /// While it is to be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Who decided that it is applied, or that it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<WordDecision>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordDecision {
    pub by: String,
    pub at: Timestamp,
    pub apply: bool,
}

/// What an operator cannot do about attention. Final until something else is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttentionRefusal {
    #[error("the bank's word about it is recorded and was not applied: say with apply whether it is to be")]
    WordUndecided,
    #[error("there is no flag to clear: read it again, since nothing waits for you there")]
    NothingFlagged,
    #[error(
        "the refund's money lies with us and nothing would move it: send the refund again, or book first what became of the money"
    )]
    RefundWaits,
    #[error("there is no word of the bank about it that was not applied: clear it without apply")]
    NothingToApply,
    #[error(
        "the bank's word is about an attempt before or after this one: correct the books where money moved, and clear it with apply false"
    )]
    OtherAttempt,
    #[error(
        "the bank's words are about several transfers: correct the books where money moved, and clear it with apply false"
    )]
    SeveralTransfers,
    #[error(
        "this version does not know the bank's status: clear it with apply false, or wait for a version that knows it"
    )]
    StatusUnknown,
}

impl DisputedWord {
    /// How far along it says the transfer is, as this version reads it.
    fn rank(&self) -> Option<u8> {
        match self.rail {
            Rail::Ach => BankStatus::parse(&self.status).rank(),
            Rail::Check => CheckStatus::parse(&self.status).rank(),
        }
    }
}

/// Which of the words is applied where an operator takes the bank's word about this attempt: the one that is furthest along. Effects that
/// earlier ones had follow from it.
pub fn word_to_apply(words: &[DisputedWord], attempt: u32) -> Result<&DisputedWord, AttentionRefusal> {
    if words.is_empty() {
        return Err(AttentionRefusal::NothingToApply);
    }
    let current: Vec<&DisputedWord> = words.iter().filter(|word| word.attempt == attempt).collect();
    let first = current.first().ok_or(AttentionRefusal::OtherAttempt)?;
    if current.iter().any(|word| word.transfer_id != first.transfer_id || word.rail != first.rail) {
        return Err(AttentionRefusal::SeveralTransfers);
    }
    let furthest = current.into_iter().max_by_key(|word| (word.rank(), word.at)).filter(|word| word.rank().is_some());
    furthest.ok_or(AttentionRefusal::StatusUnknown)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::PaymentId;

    fn word(status: &str) -> DisputedWord {
        DisputedWord {
            item_id: ItemId::Payment(PaymentId::Single(Uuid::from_u128(7))),
            id: format!("evnt_{status}"),
            version: 1,
            attempt: 1,
            reason: AttentionReason::BankDisagrees,
            transfer_id: "acht_1".to_owned(),
            rail: Rail::Ach,
            status: status.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            sealed_word: "sealed".to_owned(),
            due_at: None,
            decision: None,
        }
    }

    #[test]
    fn the_word_that_is_furthest_along_is_applied() {
        let words = [word("SETTLED"), word("RETURNED"), word("SUBMITTED"), word("BRAND_NEW")];
        assert_eq!(word_to_apply(&words, 1).map(|word| word.status.as_str()), Ok("RETURNED"));
    }

    #[test]
    fn what_cannot_be_applied_is_named() {
        let second = DisputedWord { transfer_id: "acht_2".to_owned(), ..word("SETTLED") };
        let earlier = DisputedWord { attempt: 2, ..word("SETTLED") };
        for (words, refusal) in [
            (vec![], AttentionRefusal::NothingToApply),
            (vec![earlier.clone()], AttentionRefusal::OtherAttempt),
            (vec![word("SETTLED"), second], AttentionRefusal::SeveralTransfers),
            (vec![word("BRAND_NEW")], AttentionRefusal::StatusUnknown),
        ] {
            assert_eq!(word_to_apply(&words, 1), Err(refusal));
        }
        assert!(word_to_apply(&[earlier, word("SETTLED")], 1).is_ok());
    }
}
