//! How a send ended whose outcome even the bank's whole list does not tell: one operator says what the bank told them, another confirms it.
//!
//! Guarantees: nothing is said of a send that the bank's list was not looked through for; what is confirmed is what was proposed, of the
//! same attempt; who proposed it does not confirm it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttentionReason, IllegalTransition, Kind, Leg, Reason, State, Step, Transition};
use crate::domain::ids::ItemId;

/// A reason has at most this many characters.
const REASON_SIZE: usize = 500;

/// Why something failed that two operators say never reached the bank. It may be tried again.
pub const NEVER_REACHED: &str = "never_reached_bank";

/// What the bank told an operator by another way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "outcome", deny_unknown_fields)]
pub enum ToldOutcome {
    /// It has it, under this id.
    Found { transfer_id: String },
    /// It never got it, and never will.
    NeverReached,
}

/// The latest proposal about one payment or funding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub item_id: ItemId,
    pub version: u64,
    /// The attempt whose outcome it is.
    pub attempt: u32,
    pub told: ToldOutcome,
    pub reason: String,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<String>,
    /// While it is to be carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Why it was not carried out: what the bank has under the id is something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<SettlementFailure>,
}

/// Why a confirmed outcome is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettlementFailure {
    /// The outcome became known in between, or another attempt began.
    NoLongerUnknown,
    /// The bank has nothing under this id.
    NoSuchTransfer,
    /// The transfer was made for something else.
    OtherTransfer,
}

/// Why an operator's word does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlementRefusal {
    #[error(
        "its outcome is not unknown, or the bank's list has not been looked through for it yet: wait for attention outcome_unknown"
    )]
    NotUnknown,
    #[error("nobody has proposed an outcome for this attempt; propose it first")]
    NothingProposed,
    #[error("who proposed an outcome cannot confirm it; ask a second person")]
    SamePerson,
    #[error("the proposal is not the one you name; read it again")]
    OtherProposal,
    #[error("a reason has 1 to {REASON_SIZE} characters")]
    Reason,
}

impl Leg {
    /// Whether the bank's whole list was looked through and does not tell: nothing automatic will ever end it.
    pub fn is_unknown_for_good(&self) -> bool {
        let is_looked_through =
            self.attention.as_ref().is_some_and(|attention| attention.reason == AttentionReason::OutcomeUnknown);
        self.state == State::Submitting && self.may_be_out() && fault!(OutcomeSettledUnseen, true, is_looked_through)
    }

    /// Two operators say that it never reached the bank: it failed, and its attention ends.
    pub fn never_reached(&mut self, kind: Kind) -> Result<Transition, IllegalTransition> {
        let moved = self.unclaimed(kind, Step::Refused, Reason::Refused(NEVER_REACHED.to_owned()))?;
        self.attention = None;
        Ok(moved)
    }
}

impl Settlement {
    /// One operator's word. It takes the place of an earlier one.
    pub fn propose(
        leg: &Leg,
        item_id: ItemId,
        told: ToldOutcome,
        by: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<Self, SettlementRefusal> {
        if !leg.is_unknown_for_good() {
            return Err(SettlementRefusal::NotUnknown);
        }
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_SIZE {
            return Err(SettlementRefusal::Reason);
        }
        Ok(Self {
            item_id,
            version: 1,
            attempt: leg.attempt,
            told,
            reason: reason.to_owned(),
            proposed_by: by.to_owned(),
            proposed_at: now,
            confirmed_by: None,
            due_at: None,
            failure: None,
        })
    }

    /// The other operator's word. `seen` is the outcome that they looked at.
    pub fn confirm(
        &mut self,
        leg: &Leg,
        seen: &ToldOutcome,
        by: &str,
        now: Timestamp,
    ) -> Result<(), SettlementRefusal> {
        if self.attempt != leg.attempt || self.confirmed_by.is_some() {
            return Err(SettlementRefusal::NothingProposed);
        }
        if !leg.is_unknown_for_good() {
            return Err(SettlementRefusal::NotUnknown);
        }
        if fault!(OutcomeSettledByOne, false, self.proposed_by == by) {
            return Err(SettlementRefusal::SamePerson);
        }
        if self.told != *seen {
            return Err(SettlementRefusal::OtherProposal);
        }
        self.confirmed_by = Some(by.to_owned());
        self.due_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::{Claim, Outcome};
    use super::*;
    use crate::domain::ids::PaymentId;

    fn unknown() -> Leg {
        let mut leg = Leg::new();
        leg.state = State::Submitting;
        leg.claim = Some(Claim {
            owner: "run".to_owned(),
            lease_until: Timestamp::UNIX_EPOCH,
            first_sent_at: Timestamp::UNIX_EPOCH,
            last_sent_at: None,
            sends: 1,
            outcome: Outcome::Unknown,
            look: None,
        });
        leg.raise(AttentionReason::OutcomeUnknown, Timestamp::UNIX_EPOCH);
        leg
    }

    fn propose(leg: &Leg, reason: &str) -> Result<Settlement, SettlementRefusal> {
        let item_id = ItemId::Payment(PaymentId::Single(Uuid::nil()));
        Settlement::propose(leg, item_id, ToldOutcome::NeverReached, "olga", reason, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn nothing_is_said_of_what_the_banks_list_was_not_looked_through_for() {
        let mut unlooked = unknown();
        unlooked.attention = None;
        assert_eq!(propose(&unlooked, "asked"), Err(SettlementRefusal::NotUnknown));
        unlooked.raise(AttentionReason::KeepsFailing, Timestamp::UNIX_EPOCH);
        assert_eq!(propose(&unlooked, "asked"), Err(SettlementRefusal::NotUnknown));
        assert_eq!(propose(&unknown(), " "), Err(SettlementRefusal::Reason));
        assert!(propose(&unknown(), "asked").is_ok());
    }

    #[test]
    fn another_person_confirms_what_was_proposed_of_this_attempt() {
        let leg = unknown();
        let proposed = propose(&leg, "asked the bank's desk").unwrap();
        let confirm = |leg: &Leg, seen: &ToldOutcome, by: &str| proposed.clone().confirm(leg, seen, by, leg_at());
        let never = ToldOutcome::NeverReached;
        assert_eq!(confirm(&leg, &never, "olga"), Err(SettlementRefusal::SamePerson));
        let found = ToldOutcome::Found { transfer_id: "acht_1".to_owned() };
        assert_eq!(confirm(&leg, &found, "oscar"), Err(SettlementRefusal::OtherProposal));
        let later = Leg { attempt: 2, ..leg.clone() };
        assert_eq!(confirm(&later, &never, "oscar"), Err(SettlementRefusal::NothingProposed));
        let known = Leg { state: State::Processing, ..leg.clone() };
        assert_eq!(confirm(&known, &never, "oscar"), Err(SettlementRefusal::NotUnknown));
        let mut once = proposed.clone();
        assert_eq!(once.confirm(&leg, &never, "oscar", leg_at()), Ok(()));
        assert!(once.due_at.is_some());
        assert_eq!(once.confirm(&leg, &never, "otto", leg_at()), Err(SettlementRefusal::NothingProposed));
    }

    fn leg_at() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    #[test]
    fn what_never_reached_the_bank_has_failed_and_bears_no_attention() {
        let mut leg = unknown();
        let moved = leg.never_reached(Kind::Payout).unwrap();
        assert_eq!((moved.to, leg.claim, leg.attention), (State::Failed, None, None));
        assert_eq!(leg.reason, Some(Reason::Refused("never_reached_bank".to_owned())));
    }
}
