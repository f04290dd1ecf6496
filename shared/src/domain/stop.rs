//! The stop switch: one for all payers and one per payer, a source or a person, which may be thrown before the payer exists.
//!
//! Guarantees: whoever claims money has read the switch at most [`READ_AGE_MAX`] before. A stop is over, that is, nothing leaves any more
//! for certain, once that and the longest lease have passed: what was claimed before has then been sent or was given up by its sender.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::autopay::ids::PersonId;
use super::ids::BatchId;
use super::money::{Cents, MoneyOverflow};
use super::source::is_source_id;

/// The scope of everybody.
pub const ALL: &str = "all";

/// Whether money can be of this scope: everybody's, a source's or a person's.
pub fn is_scope(text: &str) -> bool {
    fault!(StopOfNobody, true, text == ALL || is_source_id(text) || text.parse::<PersonId>().is_ok())
}

/// How old a reading of a switch may be when money is claimed.
pub const READ_AGE_MAX: Duration = Duration::from_secs(1);

pub const REASON_CHARACTERS_MAX: usize = 500;

/// A switch. It says who threw it last, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// `all`, or a payer's id.
    pub scope: String,
    pub version: u64,
    pub stopped: bool,
    pub by: String,
    pub reason: String,
    pub since: Timestamp,
    /// The same moment in elapsed time, by which readings and leases run out.
    pub asked_at: Timestamp,
    /// When what had left is counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it was certain that nothing leaves any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// What had left before, as far as it is counted.
    #[serde(default)]
    pub left: Left,
    /// Where the count goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What the bank has, or may have, and has not settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Left {
    /// Debits that pull money in.
    pub fundings: Sum,
    /// Transfers and checks that pay money out, refunds among them.
    pub payouts: Sum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Sum {
    pub count: u64,
    #[schema(value_type = String)]
    pub total: Cents,
}

/// Batches whose payments are still to be counted, and the shard of the last one that is next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub batches: Vec<BatchId>,
    pub shard: u8,
}

/// Why a switch is not thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopRefusal {
    #[error("say in 1 to {REASON_CHARACTERS_MAX} characters why")]
    Reason,
}

/// Who throws a switch, why and when.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    pub by: &'a str,
    pub reason: &'a str,
    pub business_now: Timestamp,
    pub elapsed_now: Timestamp,
}

impl Word<'_> {
    pub fn check(&self) -> Result<(), StopRefusal> {
        let fits = !self.reason.trim().is_empty() && self.reason.chars().count() <= REASON_CHARACTERS_MAX;
        if fits { Ok(()) } else { Err(StopRefusal::Reason) }
    }
}

impl Stop {
    /// The switch as `word` throws it; `known` is the one that it replaces.
    pub fn thrown(scope: &str, known: Option<&Stop>, stopped: bool, word: Word<'_>, lease: Duration) -> Self {
        let over = word.business_now.checked_add(Self::takes(lease)).unwrap_or(word.business_now);
        Self {
            scope: scope.to_owned(),
            version: known.map_or(1, |known| known.version),
            stopped,
            by: word.by.to_owned(),
            reason: word.reason.to_owned(),
            since: word.business_now,
            asked_at: word.elapsed_now,
            due_at: stopped.then_some(over),
            confirmed_at: None,
            left: Left::default(),
            place: None,
        }
    }

    /// The longest that a claim before it can still be sent afterwards.
    fn takes(lease: Duration) -> Duration {
        READ_AGE_MAX.saturating_add(lease)
    }

    /// Whether every reading from before it and every claim that rests on one is over.
    pub fn is_over(&self, lease: Duration, elapsed_now: Timestamp) -> bool {
        self.asked_at.checked_add(Self::takes(lease)).is_ok_and(|over| over <= elapsed_now)
    }

    pub fn concerns(&self, payer_id: &str) -> bool {
        self.scope == ALL || self.scope == payer_id
    }
}

impl Sum {
    pub fn add(&mut self, amount: Cents) -> Result<(), MoneyOverflow> {
        self.total = self.total.plus(amount)?;
        self.count = self.count.saturating_add(1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEASE: Duration = Duration::from_secs(150);

    fn word(reason: &str) -> Word<'_> {
        let now = "2026-03-02T15:00:00Z".parse().unwrap();
        Word { by: "an operator", reason, business_now: now, elapsed_now: now }
    }

    #[test]
    fn a_stop_is_over_when_the_last_reading_and_the_last_lease_are() {
        let stop = Stop::thrown(ALL, None, true, word("a drill"), LEASE);
        assert!(!stop.is_over(LEASE, stop.asked_at + Duration::from_millis(150_999)));
        assert!(stop.is_over(LEASE, stop.asked_at + Duration::from_secs(151)));
    }

    #[test]
    fn a_stop_concerns_its_payer_and_that_of_all_everybody() {
        let of_all = Stop::thrown(ALL, None, true, word("a drill"), LEASE);
        let of_one = Stop::thrown("CORP-1", None, true, word("a drill"), LEASE);
        let concerned = |stop: &Stop| ["CORP-1", "CORP-2"].map(|payer| stop.concerns(payer));
        assert_eq!((concerned(&of_all), concerned(&of_one)), ([true, true], [true, false]));
    }

    #[test]
    fn a_switch_is_not_thrown_without_a_reason() {
        assert_eq!(word(" ").check(), Err(StopRefusal::Reason));
        assert_eq!(word(&"x".repeat(501)).check(), Err(StopRefusal::Reason));
        assert_eq!(word("a drill").check(), Ok(()));
    }
}
