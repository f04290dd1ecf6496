//! What the bank corrected about an account: heard from a notification of change, used from the next transfer on, and taken back by two
//! operators where it was wrong.
//!
//! Guarantees: a word about an older transfer takes nothing back of what was said of a newer one, nor an older word of a newer one about the
//! same transfer; what two people took back does not come
//! back by a word about a transfer that was made before they did; who proposes to take back does not confirm it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::bank::request::AccountType;
use crate::domain::ids::ItemId;

/// A reason has at most this many characters.
const REASON_SIZE: usize = 500;

/// The newest word about one account. Account numbers show their last four; what is sent is sealed with the counterparty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCorrection {
    /// What the account is known by.
    pub account: String,
    /// Counts the words and decisions about it.
    pub version: u64,
    pub change_code: String,
    /// When the transfer was made that it was said of.
    pub of: Timestamp,
    /// The payment or funding that it was said of.
    pub said_of: ItemId,
    /// A source, or a person: the account is the payer's own where a funding is corrected. Of sources the one that had it when it was said.
    pub payer_id: String,
    pub account_last4: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected_last4: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// When it was heard.
    pub since: Timestamp,
    pub standing: Standing,
    /// Of which transfer a later word could not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable_of: Option<Timestamp>,
    /// When the bank said that one. Absent where that was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unusable_said_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawal: Option<Withdrawal>,
    /// The other account that the same word is kept with: of the one that the transfer's item names and the one that it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<String>,
    /// Fingerprints of the accounts that corrections of a source's account have claimed for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub led_to: BTreeSet<String>,
    /// The last digits of every number that earlier words said to use, whatever became of those words: rows were paid so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub earlier_endings: BTreeSet<String>,
}

/// How new a word of the bank's is: by when its transfer was made, and of one transfer by when it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordAge {
    pub made_at: Timestamp,
    pub said_at: Timestamp,
}

impl WordAge {
    /// Whether another word was said of a later transfer, or later of the same one. One of which it was not kept when counts as the earlier.
    pub fn is_older_than(self, of: Option<Timestamp>, said_at: Option<Timestamp>) -> bool {
        let is_of_same = of == Some(self.made_at);
        of > Some(self.made_at) || (is_of_same && fault!(LastHeardCorrectionWins, false, said_at > Some(self.said_at)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum Standing {
    /// Transfers are sent so.
    InUse,
    /// It holds what no request could carry: nothing is sent so.
    Unusable,
    /// Two operators took it back: transfers are sent as the account was named.
    Withdrawn {
        by: String,
        #[schema(value_type = String, format = DateTime)]
        at: Timestamp,
    },
}

/// One operator's wish to take a correction back; it counts once another confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Withdrawal {
    pub by: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    pub reason: String,
}

/// Why a correction is not taken back. Final until somebody else, or another request, does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalRefusal {
    #[error("the correction is not in use, so there is nothing to take back")]
    NotInUse,
    #[error(
        "nobody has proposed to take this correction back, or the bank has said something new since; propose it first"
    )]
    NotProposed,
    #[error("who proposed to take a correction back cannot confirm it; ask a second person")]
    SamePerson,
    #[error("a reason has 1 to {REASON_SIZE} characters")]
    Reason,
}

impl AccountCorrection {
    /// Returns the last digits of every number that a bank has said to use for the account.
    pub fn endings(&self) -> BTreeSet<String> {
        let said = self.earlier_endings.iter().chain(&self.corrected_last4);
        fault!(FormerNumberForgotten, self.corrected_last4.iter().cloned().collect(), said.cloned().collect())
    }

    /// Whether a usable word says nothing new. Two usable ones about the same transfer are told apart by what is sent ([`WordAge`]).
    pub fn outlasts(&self, word: WordAge) -> bool {
        if self.is_unusable_since(word) {
            return true;
        }
        match &self.standing {
            Standing::InUse | Standing::Unusable => self.of > word.made_at,
            Standing::Withdrawn { at, .. } => *at >= word.made_at,
        }
    }

    /// Whether a word that cannot be used says nothing new: every later word about the same transfer repeats it.
    pub fn outlasts_unusable(&self, word: WordAge) -> bool {
        let is_known = self.standing == Standing::Unusable && self.of == word.made_at;
        is_known || self.unusable_of >= Some(word.made_at) || self.outlasts(word)
    }

    /// Whether what could not be used was said of a later transfer, or of the same one and not before.
    fn is_unusable_since(&self, word: WordAge) -> bool {
        let unusable_of = self.unusable_of.or_else(|| (self.standing == Standing::Unusable).then_some(self.of));
        let is_said_since = self.unusable_said_at.is_none_or(|said_at| said_at >= word.said_at);
        unusable_of > Some(word.made_at) || (unusable_of == Some(word.made_at) && is_said_since)
    }

    /// Whether it is in use by the same word of the bank's that made another.
    pub fn is_of_same_word(&self, other: &Self) -> bool {
        self.standing == Standing::InUse && self.of == other.of && self.said_of == other.said_of
    }

    /// What an approval names to accept it: another correction of the same account has another name.
    pub fn token(&self) -> String {
        format!("{}:{}", self.account, self.version)
    }

    /// One operator's word.
    pub fn propose_withdrawal(&mut self, by: &str, reason: &str, now: Timestamp) -> Result<(), WithdrawalRefusal> {
        if self.standing != Standing::InUse {
            return Err(WithdrawalRefusal::NotInUse);
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_SIZE {
            return Err(WithdrawalRefusal::Reason);
        }
        self.withdrawal = Some(Withdrawal { by: by.to_owned(), at: now, reason: reason.to_owned() });
        Ok(())
    }

    /// The other operator's word. Answers the reason that was given; nothing where they have said so before.
    pub fn confirm_withdrawal(&mut self, by: &str, now: Timestamp) -> Result<Option<String>, WithdrawalRefusal> {
        if matches!(&self.standing, Standing::Withdrawn { by: known, .. } if known == by) {
            return Ok(None);
        }
        if self.standing != Standing::InUse {
            return Err(WithdrawalRefusal::NotInUse);
        }
        let proposed = self.withdrawal.as_ref().ok_or(WithdrawalRefusal::NotProposed)?;
        if proposed.by == by {
            return Err(WithdrawalRefusal::SamePerson);
        }
        self.standing = Standing::Withdrawn { by: by.to_owned(), at: now };
        Ok(self.withdrawal.take().map(|proposed| proposed.reason))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::FundingId;

    fn at(hour: i64) -> Timestamp {
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hour)
    }

    fn correction() -> AccountCorrection {
        AccountCorrection {
            account: "v1-abc".to_owned(),
            version: 1,
            change_code: "C01".to_owned(),
            of: at(0),
            said_of: ItemId::Funding(FundingId::Single(Uuid::nil())),
            payer_id: "CORP-1".to_owned(),
            account_last4: "6789".to_owned(),
            corrected_last4: Some("4321".to_owned()),
            routing_number: None,
            account_type: None,
            since: at(24),
            standing: Standing::InUse,
            unusable_of: None,
            unusable_said_at: None,
            withdrawal: None,
            duplicate: None,
            led_to: BTreeSet::new(),
            earlier_endings: BTreeSet::new(),
        }
    }

    #[test]
    fn one_word_that_is_kept_with_two_accounts_is_one_as_long_as_neither_has_a_newer_one() {
        let (named, mut sent) = (correction(), AccountCorrection { account: "v1-def".to_owned(), ..correction() });
        assert!(sent.is_of_same_word(&named));
        sent.of = at(1);
        assert!(!sent.is_of_same_word(&named));
        let withdrawn = Standing::Withdrawn { by: "other".to_owned(), at: at(2) };
        assert!(!AccountCorrection { standing: withdrawn, ..correction() }.is_of_same_word(&named));
    }

    #[test]
    fn two_people_take_it_back_and_one_does_not() {
        let mut taken = correction();
        assert_eq!(taken.confirm_withdrawal("other", at(25)), Err(WithdrawalRefusal::NotProposed));
        assert_eq!(taken.propose_withdrawal("one", "  ", at(25)), Err(WithdrawalRefusal::Reason));
        assert_eq!(taken.propose_withdrawal("one", "the payee denies it", at(25)), Ok(()));
        assert_eq!(taken.confirm_withdrawal("one", at(26)), Err(WithdrawalRefusal::SamePerson));
        assert_eq!(taken.confirm_withdrawal("other", at(26)), Ok(Some("the payee denies it".to_owned())));
        assert_eq!(taken.propose_withdrawal("one", "again", at(27)), Err(WithdrawalRefusal::NotInUse));
        assert_eq!(taken.confirm_withdrawal("other", at(27)), Ok(None), "said again");
        assert_eq!(taken.confirm_withdrawal("third", at(27)), Err(WithdrawalRefusal::NotInUse));
    }

    /// Said of a transfer, at once.
    fn word(hour: i64) -> WordAge {
        WordAge { made_at: at(hour), said_at: at(hour) }
    }

    #[test]
    fn what_was_taken_back_stays_so_until_the_bank_speaks_of_a_transfer_made_since() {
        let mut known = correction();
        assert!(!known.outlasts(word(0)), "the same transfer may be spoken of with more");
        assert!(known.outlasts(word(-1)));
        known.propose_withdrawal("one", "wrong", at(25)).unwrap();
        known.confirm_withdrawal("other", at(26)).unwrap();
        assert!(known.outlasts(word(0)) && known.outlasts(word(26)));
        assert!(!known.outlasts(word(27)));
        known.standing = Standing::InUse;
        known.unusable_of = Some(at(30));
        assert!(known.outlasts(word(30)) && !known.outlasts(word(31)));
        (known.standing, known.unusable_of) = (Standing::Unusable, None);
        assert!(known.outlasts(word(0)) && !known.outlasts(word(1)));
    }

    #[test]
    fn of_one_transfer_the_word_that_was_said_last_counts() {
        let word = |said: i64| WordAge { made_at: at(0), said_at: at(said) };
        let older_than = |said_at: Option<i64>| word(5).is_older_than(Some(at(0)), said_at.map(at));
        assert!(older_than(Some(6)) && !older_than(Some(5)) && !older_than(Some(4)) && !older_than(None));
        assert!(word(5).is_older_than(Some(at(1)), None), "of a later transfer");
        assert!(!word(5).is_older_than(Some(at(-1)), Some(at(9))) && !word(5).is_older_than(None, None));
    }

    #[test]
    fn after_one_that_could_not_be_used_a_later_word_about_the_same_transfer_counts() {
        let word = |said: i64| WordAge { made_at: at(0), said_at: at(said) };
        let unusable = (Some(at(0)), Some(at(5)));
        for standing in [Standing::InUse, Standing::Unusable] {
            let (unusable_of, unusable_said_at) = unusable;
            let known = AccountCorrection { standing, unusable_of, unusable_said_at, ..correction() };
            assert!(known.outlasts(word(4)) && known.outlasts(word(5)) && !known.outlasts(word(6)));
            assert!(known.outlasts_unusable(word(6)), "it is repeated");
        }
    }
}
