//! The money of a funding: what its payments may spend of it, and what is still owed of one that came back after it was available.
//!
//! Guarantees: what is owed of a funding is its amount less what was repaid of it and less what payments that never left have taken off,
//! each at most what was left then, so that no debt is taken off twice and none is another funding's. Of a funding about which the bank has
//! said something undecided nothing is spent, given back or set against a debt.

use super::{Funding, FundingStatus};
use crate::domain::ids::FundingId;
use crate::domain::ledger::correction::CorrectionRefusal;
use crate::domain::leg::{AttentionReason, Effect, State};
use crate::domain::money::{Cents, MoneyOverflow};

impl Funding {
    /// Whether it came back after its money was available, so that its payer owes for it.
    pub fn is_lost(&self) -> bool {
        self.leg.effects.contains(&Effect::FundingReturnedAvailable)
    }

    /// Whether the bank has said something about it that nobody has decided on yet: its money may be there, or gone.
    pub fn is_undecided(&self) -> bool {
        fault!(UndecidedFundingSpent, false, self.leg.attention_reason().is_some_and(AttentionReason::is_undecided))
    }

    /// What its payer still owes for it. Never below zero.
    pub fn owed(&self) -> Result<Cents, MoneyOverflow> {
        if !self.is_lost() {
            return Ok(Cents::ZERO);
        }
        let settled = self.repaid.unwrap_or_default().plus(self.taken_off.unwrap_or_default())?;
        Ok(self.amount.minus(settled)?.max(Cents::ZERO))
    }

    /// Takes off what is still owed for it, at most this. Answers how much that was.
    fn take_off(&mut self, most: Cents) -> Result<Cents, MoneyOverflow> {
        let part = self.owed()?.min(most).max(Cents::ZERO);
        if part.is_positive() {
            self.taken_off = Some(self.taken_off.unwrap_or_default().plus(part)?);
        }
        Ok(part)
    }

    /// Takes in what a correction says this payer repaid of it, or took back. No more than is still owed, or was repaid.
    pub fn note_repaid(&mut self, payer_id: &str, cents: Cents) -> Result<(), CorrectionRefusal> {
        if self.payer_id != payer_id || !self.is_lost() {
            return Err(CorrectionRefusal::NothingLost);
        }
        let owed = self.owed().map_err(|MoneyOverflow| CorrectionRefusal::MoreThanLost)?;
        if cents > owed {
            return Err(CorrectionRefusal::MoreThanLost);
        }
        let repaid = self.repaid.unwrap_or_default().plus(cents).ok().filter(|repaid| *repaid <= self.amount);
        let repaid = repaid.ok_or(CorrectionRefusal::MoreThanLost)?;
        if fault!(RepaidBelowNothing, false, repaid < Cents::ZERO) {
            return Err(CorrectionRefusal::NotRepaid);
        }
        self.repaid = Some(repaid);
        Ok(())
    }

    /// Takes in what a correction sets against what its payer owes: that spends it. `left` is what is left of its payer's money, which no
    /// payment or refund holds or was paid with. `own_debt`: what is owed for itself.
    pub fn note_set_against_debt(
        &mut self,
        payer_id: &str,
        cents: Cents,
        left: Cents,
        own_debt: bool,
    ) -> Result<(), CorrectionRefusal> {
        if self.payer_id != payer_id {
            return Err(CorrectionRefusal::NotItsMoney);
        }
        if self.is_undecided() {
            return Err(CorrectionRefusal::Undecided);
        }
        // What a person's debit brought stays with its payment when they repay what they owe for it; what a lost one brought and payouts
        // gave back pays its own debt.
        let is_all_left = own_debt || matches!(self.id, FundingId::Single(_));
        let own = if is_all_left { Ok(left) } else { self.paid_in() };
        let own = own.map_err(|MoneyOverflow| CorrectionRefusal::NotLeft)?;
        let lacking = self.lacking().map_err(|MoneyOverflow| CorrectionRefusal::NotLeft)?;
        // As long as the books do not say what the bank moved less, what is used up would count as that.
        let is_booked = lacking <= self.set_off.unwrap_or_default();
        if fault!(SpentMoneySetOff, true, is_booked && cents <= own.min(left)) {
            self.note_set_off(payer_id, cents)
        } else {
            Err(CorrectionRefusal::NotLeft)
        }
    }

    /// Takes in what a correction used up of its money for something else than its batch, or gave back to it. Never more than it brought;
    /// and more is given than was used only where the bank moved more than was asked for.
    pub fn note_set_off(&mut self, payer_id: &str, cents: Cents) -> Result<(), CorrectionRefusal> {
        if self.payer_id != payer_id || !self.leg.effects.contains(&Effect::FundingAvailable) {
            return Err(CorrectionRefusal::NotItsMoney);
        }
        let least = self.lacking().ok().map(|lacking| lacking.min(Cents::ZERO));
        let set_off = self.set_off.unwrap_or_default().plus(cents).ok();
        let fits = |set_off: &Cents| least.is_some_and(|least| least <= *set_off) && *set_off <= self.amount;
        self.set_off = Some(set_off.filter(fits).ok_or(CorrectionRefusal::NotItsMoney)?);
        Ok(())
    }

    /// What corrections have left of what it brought.
    pub fn unused(&self) -> Cents {
        let used = fault!(SetOffForgotten, Cents::ZERO, self.set_off.unwrap_or_default());
        self.amount.minus(used).unwrap_or_default().max(Cents::ZERO)
    }

    /// What the bank moved less than was asked for, where an operator took its word. Below zero where it moved more.
    fn lacking(&self) -> Result<Cents, MoneyOverflow> {
        let accepted =
            self.leg.accepted.as_ref().filter(|word| Some(&word.transfer_id) == self.leg.transfer_id.as_ref());
        let moved = accepted.map_or(self.amount, |word| word.amount);
        self.amount.minus(moved)
    }

    /// What of its money its batch has had, less what corrections used up: all that the bank moved while it is available, and of a returned
    /// one what its source has repaid since. Nothing while it is undecided. A correction that tells the books what the bank moved less uses up
    /// nothing more.
    pub fn paid_in(&self) -> Result<Cents, MoneyOverflow> {
        let set_off = self.set_off.unwrap_or_default();
        let paid_in = match self.leg.state {
            _ if self.is_undecided() => Cents::ZERO,
            State::Available => self.amount.minus(set_off.max(self.lacking()?))?,
            State::Returned => {
                fault!(RepaymentForgotten, Cents::ZERO, self.repaid.unwrap_or_default()).minus(set_off)?
            }
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Failed
            | State::Canceled => Cents::ZERO,
        };
        Ok(paid_in.max(Cents::ZERO))
    }

    /// Whether all that it was to bring is there for its batch, or none of it ever was.
    pub fn is_whole(&self) -> Result<bool, MoneyOverflow> {
        let is_short = self.set_off.unwrap_or_default().max(self.lacking()?).is_positive();
        Ok(!self.is_lost() && !is_short && !self.is_undecided())
    }
}

/// Takes a payment off what is still owed for the fundings that stand behind it, one after the other. Answers how much of it that was.
pub fn take_off(behind: &mut [Funding], amount: Cents) -> Result<Cents, MoneyOverflow> {
    let mut left = amount;
    for funding in behind {
        left = left.minus(funding.take_off(left)?)?;
    }
    amount.minus(left)
}

/// What payments of one source in a batch hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Those of the round in question.
    pub by_round: Cents,
    /// All of them, and the refunds.
    pub by_all: Cents,
}

/// The fundings of a source that stand behind the payments of one round.
#[derive(Clone, Debug, Default)]
pub struct Behind {
    /// That of the round. A retry that needed no new money has none.
    pub own: Option<Funding>,
    /// Those of the rounds before.
    pub earlier: Vec<Funding>,
}

impl Behind {
    fn all(&self) -> impl Iterator<Item = &Funding> {
        self.own.iter().chain(&self.earlier)
    }

    /// Whether all that they were to bring is there, so that nothing has to be counted.
    pub fn is_whole(&self) -> Result<bool, MoneyOverflow> {
        self.all().try_fold(true, |is_whole, funding| Ok(is_whole && funding.is_whole()?))
    }

    /// What the payments may do, as far as the fundings tell. `None`: what payments hold has to be counted.
    pub fn cover(&self, is_pulled: bool) -> Result<Option<FundingStatus>, MoneyOverflow> {
        match self.own.as_ref().map(Funding::cover) {
            Some(
                known @ (FundingStatus::Awaited
                | FundingStatus::Undecided
                | FundingStatus::Short
                | FundingStatus::Gone { .. }),
            ) => {
                return Ok(Some(known));
            }
            None if is_pulled => return Ok(Some(FundingStatus::Awaited)),
            Some(FundingStatus::Available) | None => {}
        }
        if !self.is_whole()? {
            return Ok(None);
        }
        let is_there = self.all().any(|funding| funding.leg.state == State::Available);
        Ok(Some(if is_there { FundingStatus::Available } else { FundingStatus::Awaited }))
    }

    /// What all of them have paid in.
    fn funded(&self) -> Result<Cents, MoneyOverflow> {
        self.all().try_fold(Cents::ZERO, |funded, funding| funded.plus(funding.paid_in()?))
    }

    /// What is left of that. Never below zero.
    pub fn left(&self, held: Held) -> Result<Cents, MoneyOverflow> {
        Ok(self.funded()?.minus(held.by_all)?.max(Cents::ZERO))
    }

    /// What lies with us of all that they ever brought, those included that came back: payouts that came back too leave it, and it pays what is
    /// owed for a lost one. Never below zero.
    pub fn unspent(&self, held: Held) -> Result<Cents, MoneyOverflow> {
        let brought = self.all().filter(|funding| funding.leg.effects.contains(&Effect::FundingAvailable));
        let unspent = brought.filter(|funding| !funding.is_undecided()).try_fold(Cents::ZERO, |unspent, funding| {
            let used = funding.set_off.unwrap_or_default().max(funding.lacking()?);
            unspent.plus(funding.amount)?.minus(used)?.minus(funding.taken_off.unwrap_or_default())
        })?;
        Ok(unspent.minus(held.by_all)?.max(Cents::ZERO))
    }

    /// The same by amounts: the round lives on its own funding where that suffices, or else on all that is there less all that is held.
    pub fn cover_by(&self, held: Held) -> Result<FundingStatus, MoneyOverflow> {
        let own = self.own.as_ref().map_or(Ok(Cents::ZERO), Funding::paid_in)?;
        let funded = self.funded()?;
        let is_covered = own >= held.by_round || funded >= held.by_all;
        if fault!(SumsNotAsked, funded.is_positive(), is_covered) {
            Ok(FundingStatus::Available)
        } else if self.all().any(Funding::is_undecided) {
            Ok(FundingStatus::Undecided)
        } else if self.all().any(Funding::is_lost) {
            Ok(FundingStatus::Gone { after_available: true })
        } else {
            Ok(FundingStatus::Short)
        }
    }

    /// The order in which a payment is taken off them: the money that came last was to be spent by this round.
    pub fn latest_first(self) -> Vec<Funding> {
        let mut all: Vec<Funding> = self.own.into_iter().chain(self.earlier).collect();
        all.sort_by_key(|funding| std::cmp::Reverse(funding.id.round()));
        all
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::leg::{AcceptedWord, Rail};

    fn funding(round: u32, cents: i64, state: State) -> Funding {
        let id = format!("fnd_019caf10318076b3b31c1c3f3585ea88-8a198d1bcb44281f-{round}").parse().unwrap();
        let mut funding = Funding::new(id, Cents::new(cents), "CORP-1".to_owned(), Timestamp::UNIX_EPOCH);
        funding.leg.state = state;
        funding.leg.effects = vec![Effect::FundingAccepted, Effect::FundingAvailable];
        funding
    }

    fn lost(round: u32, cents: i64) -> Funding {
        let mut funding = funding(round, cents, State::Returned);
        funding.leg.effects.push(Effect::FundingReturnedAvailable);
        funding
    }

    fn there(round: u32, cents: i64) -> Funding {
        funding(round, cents, State::Available)
    }

    /// The bank moved another amount, and an operator took its word.
    fn moved(mut funding: Funding, cents: i64) -> Funding {
        funding.leg.transfer_id = Some("acht_1".to_owned());
        funding.leg.accepted = Some(AcceptedWord {
            transfer_id: "acht_1".to_owned(),
            rail: Rail::Ach,
            amount: Cents::new(cents),
            currency: "USD".to_owned(),
            is_debit: true,
            is_incoming: false,
            bank_account_id: "bacc_1".to_owned(),
        });
        funding
    }

    fn held(by_round: i64, by_all: i64) -> Held {
        Held { by_round: Cents::new(by_round), by_all: Cents::new(by_all) }
    }

    #[test]
    fn a_payment_takes_off_what_is_still_owed_for_its_fundings_and_no_more() {
        let mut behind = [lost(2, 6_000), there(1, 14_000)];
        assert_eq!(take_off(&mut behind, Cents::new(10_000)), Ok(Cents::new(6_000)));
        assert_eq!(take_off(&mut behind, Cents::new(10_000)), Ok(Cents::ZERO));
        let mut behind = [lost(2, 6_000), lost(1, 14_000)];
        behind[0].note_repaid("CORP-1", Cents::new(1_000)).unwrap();
        assert_eq!(take_off(&mut behind, Cents::new(10_000)), Ok(Cents::new(10_000)));
        assert_eq!(behind.map(|funding| funding.taken_off), [Some(Cents::new(5_000)), Some(Cents::new(5_000))]);
    }

    #[test]
    fn no_more_is_repaid_than_is_still_owed() {
        let mut funding = lost(1, 10_000);
        assert_eq!(funding.note_repaid("CORP-2", Cents::new(1)), Err(CorrectionRefusal::NothingLost));
        take_off(std::slice::from_mut(&mut funding), Cents::new(4_000)).unwrap();
        assert_eq!(funding.note_repaid("CORP-1", Cents::new(6_001)), Err(CorrectionRefusal::MoreThanLost));
        assert_eq!(funding.note_repaid("CORP-1", Cents::new(6_000)), Ok(()));
        assert_eq!((funding.owed(), funding.paid_in()), (Ok(Cents::ZERO), Ok(Cents::new(6_000))));
        assert_eq!(funding.note_repaid("CORP-1", Cents::new(-6_000)), Ok(()));
        assert_eq!(funding.owed(), Ok(Cents::new(6_000)));
        assert_eq!(funding.note_repaid("CORP-1", Cents::new(-1)), Err(CorrectionRefusal::NotRepaid));
        assert_eq!(funding.owed(), Ok(Cents::new(6_000)));
    }

    fn undecided(mut funding: Funding) -> Funding {
        funding.leg.raise(AttentionReason::BankDisagrees, Timestamp::UNIX_EPOCH);
        funding
    }

    #[test]
    fn of_an_undecided_funding_nothing_is_spent_and_nothing_ends() {
        let failed = funding(1, 10_000, State::Failed);
        for funding in [there(1, 10_000), lost(1, 10_000), failed] {
            let funding = undecided(Funding { repaid: Some(Cents::new(5_000)), ..funding });
            assert_eq!(
                (funding.cover(), funding.paid_in()),
                (FundingStatus::Undecided, Ok(Cents::ZERO)),
                "{:?}",
                funding.leg
            );
            assert_eq!(funding.is_whole(), Ok(false));
        }
        let mut unsettled = undecided(funding(1, 10_000, State::Completed));
        assert_eq!(unsettled.cover(), FundingStatus::Awaited);
        unsettled.leg.attention = None;
        unsettled.leg.raise(AttentionReason::CorrectionUnusable, Timestamp::UNIX_EPOCH);
        assert!(!unsettled.is_undecided(), "that says nothing of its money");
    }

    #[test]
    fn no_more_is_set_against_a_debt_than_is_left() {
        let set = |mut funding: Funding, cents, left| {
            funding.note_set_against_debt("CORP-1", Cents::new(cents), Cents::new(left), false)
        };
        let refused = Err(CorrectionRefusal::NotLeft);
        assert_eq!(set(there(1, 10_000), 10_000, 10_000), Ok(()));
        assert_eq!(set(there(1, 10_000), 10_000, 9_999), refused, "its batch has spent it");
        assert_eq!(set(there(1, 10_000), 10_001, 20_000), refused, "it is another funding's");
        let repaid = Funding { repaid: Some(Cents::new(5_000)), ..lost(1, 10_000) };
        assert_eq!(set(repaid.clone(), 5_000, 5_000), Ok(()));
        assert_eq!(set(repaid, 5_001, 10_000), refused, "the rest of it is gone");
        assert_eq!(set(undecided(there(1, 10_000)), 1, 10_000), Err(CorrectionRefusal::Undecided));
        let mut short = moved(there(1, 10_000), 6_000);
        assert_eq!(set(short.clone(), 6_000, 6_000), refused, "the books do not know yet that less was moved");
        short.note_set_off("CORP-1", Cents::new(4_000)).unwrap();
        assert_eq!(set(short.clone(), 6_001, 6_001), refused);
        assert_eq!(set(short, 6_000, 6_000), Ok(()));
    }

    #[test]
    fn what_a_correction_used_up_is_not_spent_again_and_can_be_given_back() {
        let mut funding = there(1, 10_000);
        assert_eq!(funding.note_set_off("CORP-1", Cents::new(10_001)), Err(CorrectionRefusal::NotItsMoney));
        assert_eq!(funding.note_set_off("CORP-1", Cents::new(-1)), Err(CorrectionRefusal::NotItsMoney));
        assert_eq!(funding.note_set_off("CORP-1", Cents::new(10_000)), Ok(()));
        assert_eq!(funding.paid_in(), Ok(Cents::ZERO));
        assert_eq!(funding.note_set_off("CORP-1", Cents::new(-4_000)), Ok(()));
        assert_eq!(funding.paid_in(), Ok(Cents::new(4_000)));
    }

    #[test]
    fn a_funding_counts_with_what_the_bank_moved() {
        let mut short = moved(there(1, 10_000), 6_000);
        assert_eq!((short.paid_in(), short.is_whole()), (Ok(Cents::new(6_000)), Ok(false)));
        short.note_set_off("CORP-1", Cents::new(4_000)).unwrap();
        assert_eq!(short.paid_in(), Ok(Cents::new(6_000)), "the books say so too now");
        let mut more = moved(there(1, 10_000), 15_000);
        assert_eq!((more.paid_in(), more.is_whole()), (Ok(Cents::new(10_000)), Ok(true)));
        more.note_set_off("CORP-1", Cents::new(-5_000)).unwrap();
        assert_eq!(more.paid_in(), Ok(Cents::new(15_000)));
    }

    #[test]
    fn a_round_is_covered_by_its_own_funding_or_by_all_that_is_there() {
        let gone = FundingStatus::Gone { after_available: true };
        let cover = |own, earlier: Vec<Funding>, held| {
            let behind = Behind { own, earlier };
            behind.cover(false).unwrap().unwrap_or_else(|| behind.cover_by(held).unwrap())
        };
        // Whole ones need no counting.
        assert_eq!(
            cover(Some(there(2, 6_000)), vec![there(1, 14_000)], held(99_999, 99_999)),
            FundingStatus::Available
        );
        assert_eq!(cover(None, vec![there(1, 14_000)], held(99_999, 99_999)), FundingStatus::Available);
        assert_eq!(cover(None, vec![], held(1, 1)), FundingStatus::Awaited);
        // What was left of an earlier one is gone with it, in part or whole.
        assert_eq!(cover(Some(there(2, 6_000)), vec![lost(1, 14_000)], held(10_000, 20_000)), gone);
        assert_eq!(
            cover(Some(there(2, 10_000)), vec![lost(1, 14_000)], held(10_000, 20_000)),
            FundingStatus::Available
        );
        assert_eq!(cover(Some(lost(2, 6_000)), vec![there(1, 14_000)], held(10_000, 20_000)), gone);
        let cent = Funding { repaid: Some(Cents::new(1)), ..lost(1, 14_000) };
        assert_eq!(cover(None, vec![cent], held(10_000, 10_000)), gone);
        let all = Funding { repaid: Some(Cents::new(14_000)), ..lost(1, 14_000) };
        assert_eq!(cover(None, vec![all], held(10_000, 14_000)), FundingStatus::Available);
        // What nobody has decided on may be there or gone.
        let (waits, own) = (FundingStatus::Undecided, Some(there(2, 6_000)));
        assert_eq!(cover(Some(undecided(there(2, 6_000))), vec![there(1, 14_000)], held(1, 1)), waits);
        assert_eq!(cover(own.clone(), vec![undecided(there(1, 14_000))], held(10_000, 20_000)), waits);
        assert_eq!(cover(own.clone(), vec![undecided(lost(1, 14_000))], held(10_000, 20_000)), waits);
        assert_eq!(cover(own, vec![undecided(there(1, 14_000))], held(6_000, 20_000)), FundingStatus::Available);
        assert_eq!(cover(None, vec![undecided(there(1, 14_000))], held(1, 1)), waits);
        // Nothing came back, and yet less is there than was planned with.
        assert_eq!(cover(Some(moved(there(1, 10_000), 6_000)), vec![], held(10_000, 10_000)), FundingStatus::Short);
        assert_eq!(cover(Some(moved(there(1, 10_000), 6_000)), vec![], held(6_000, 6_000)), FundingStatus::Available);
        let used = Funding { set_off: Some(Cents::new(1)), ..there(1, 10_000) };
        assert_eq!(cover(None, vec![used], held(10_000, 10_000)), FundingStatus::Short);
    }

    proptest! {
        #[test]
        fn whatever_is_taken_off_and_repaid_never_exceeds_the_amount(
            steps in proptest::collection::vec((any::<bool>(), -5_000_i64..15_000), 0..30),
        ) {
            let mut funding = lost(1, 10_000);
            for (is_repaid, cents) in steps {
                if is_repaid {
                    let _ = funding.note_repaid("CORP-1", Cents::new(cents));
                } else {
                    take_off(std::slice::from_mut(&mut funding), Cents::new(cents)).unwrap();
                }
                let settled = funding.repaid.unwrap_or_default().plus(funding.taken_off.unwrap_or_default()).unwrap();
                prop_assert!(settled <= funding.amount && funding.repaid.unwrap_or_default() >= Cents::ZERO);
                prop_assert_eq!(funding.owed().unwrap(), funding.amount.minus(settled).unwrap());
            }
        }
    }
}
