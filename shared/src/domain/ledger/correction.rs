//! A correction of the books: a new entry with a reason, which one person proposes and another confirms. Nothing is ever edited.
//!
//! Guarantees: it balances by construction (one amount, one account debited and one credited, both of one payer); it is booked once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Account, AccountKind, Line, Side};
use crate::domain::autopay::ids::PersonId;
use crate::domain::bank::limits::TransferAmount;
use crate::domain::batch::Idempotent;
use crate::domain::ids::{CorrectionId, FundingId, ItemId};
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::payment::Payment;

pub const REASON_CHARACTERS_MAX: usize = 500;

/// What the bank moves at once at most; sums of such amounts do not leave the range of the books.
const LARGEST_AMOUNT: Cents = TransferAmount::LARGEST;

/// What is to be booked, as both persons see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionTerms {
    pub payer_id: String,
    pub debit: AccountKind,
    pub credit: AccountKind,
    pub amount: Cents,
    /// Why, for whoever reads the books later: 1 to 500 characters.
    pub reason: String,
    /// The payment or funding that it is about, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<ItemId>,
    /// The funding whose money is set against what is owed for the one in `about`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<ItemId>,
}

/// What a correction does to the money that a payer's fundings brought, or that is there for them beside those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The lost funding that is repaid, and how much of it: less than nothing where that is taken back.
    pub repaid: Option<(FundingId, Cents)>,
    /// Whose money in `funds` is used up, and how much: less than nothing where some is added. Without a funding it is money that the payer
    /// paid in beside batches and payments.
    pub used: Option<(Option<FundingId>, Cents)>,
    /// That is spent, on what is owed for another one; else the books are told what the bank did.
    pub is_spent: bool,
    /// It takes back what was repaid beyond the debt, of no funding: the receivable has to be below zero by that much.
    pub is_of_overpaid: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub id: CorrectionId,
    pub version: u64,
    pub terms: CorrectionTerms,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked: Option<Booked>,
}

/// The second person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    pub by: String,
    pub at: Timestamp,
}

/// Why a correction is not proposed or booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CorrectionRefusal {
    #[error("a correction has a positive amount, of {LARGEST_AMOUNT} dollars at most; book more in several")]
    Amount,
    #[error("a correction debits one account and credits another")]
    SameAccount,
    #[error("this payer has no account {}", .0.as_str())]
    NoSuchAccount(AccountKind),
    #[error("what a payer owes is booked against cash or funds alone")]
    ReceivableWithOther,
    #[error(
        "the payer's books do not say that they owe less than nothing by that much: there is nothing to give back of it"
    )]
    NotBelowNothing,
    #[error("say in 1 to {REASON_CHARACTERS_MAX} characters why")]
    Reason,
    #[error("who proposed a correction cannot confirm it; ask a second person")]
    SamePerson,
    #[error("the correction is not the one you name; read it again")]
    OtherTerms,
    #[error(
        "name in `about` the funding that the payer repays, or whose money is used up, and in `uses` the one whose money is set against \
         what they owe; of several, each in a correction of its own"
    )]
    AboutMissing,
    #[error("the funding in `about` is another payer's, or did not come back after it was available")]
    NothingLost,
    #[error(
        "more would be repaid than is still owed, or than is for the funding in `about`; what goes beyond it belongs in `funds`"
    )]
    MoreThanLost,
    #[error(
        "the funding whose money this uses up or adds to is another payer's, was never available, or has no such sum to it"
    )]
    NotItsMoney,
    #[error(
        "no such sum is left of the funding in `uses`: it was paid out, given back or is held for payments; where the bank moved less than was \
         asked for, correct the books for that first"
    )]
    NotLeft,
    #[error(
        "the bank has said something about the funding in `uses` that nobody has decided on; clear its attention first"
    )]
    Undecided,
    #[error(
        "a refund that came back is set against a debt whole or not at all; send it again, and have the person repay what they owe"
    )]
    RefundInPart,
    #[error(
        "what was left of the funding in `uses` was given back, so that what was set against the debt stays so; what the person is owed is \
         booked as debit `cash`, credit `funds`"
    )]
    RestGivenBack,
    #[error("more would be taken back than was repaid of the funding in `about`")]
    NotRepaid,
}

impl CorrectionTerms {
    pub fn check(&self) -> Result<(), CorrectionRefusal> {
        let reason_fits = !self.reason.trim().is_empty() && self.reason.chars().count() <= REASON_CHARACTERS_MAX;
        let fits = self.amount.is_positive() && fault!(CorrectionOfAnyAmount, true, self.amount <= LARGEST_AMOUNT);
        if !fits {
            Err(CorrectionRefusal::Amount)
        } else if self.debit == self.credit {
            Err(CorrectionRefusal::SameAccount)
        } else if let Some(kind) = self.lacking() {
            Err(CorrectionRefusal::NoSuchAccount(kind))
        } else if !reason_fits {
            Err(CorrectionRefusal::Reason)
        } else {
            self.reach().map(|_| ())
        }
    }

    /// What it does to the money of its payer's fundings. Without their names the money would be no batch's and no payment's, and nobody could
    /// spend it or give it back; or it would be spent twice.
    pub fn reach(&self) -> Result<Reach, CorrectionRefusal> {
        use AccountKind::{Cash, CashLocked, ChecksOutstanding, DebitsInTransit, Funds, FundsPending, Receivable};
        let is_of_source = !self.is_of_person();
        let less = Cents::new(self.amount.get().saturating_neg());
        let named = |item: Option<ItemId>| match item {
            Some(ItemId::Funding(id @ FundingId::Round { .. })) if is_of_source => Some(id),
            Some(ItemId::Funding(id @ FundingId::Single(_))) if !is_of_source => Some(id),
            Some(ItemId::Funding(_) | ItemId::Payment(_)) | None => None,
        };
        let (about, uses) = (named(self.about), named(self.uses));
        let beside = [self.debit, self.credit].into_iter().find(|kind| *kind != Receivable);
        let is_owed = self.debit == Receivable || self.credit == Receivable;
        let is_beside_money = match beside {
            Some(DebitsInTransit | FundsPending | CashLocked | ChecksOutstanding) => true,
            Some(Cash | Funds | Receivable) | None => false,
        };
        if is_owed && fault!(DebtBookedAgainstAnything, false, is_beside_money) {
            return Err(CorrectionRefusal::ReceivableWithOther);
        }
        let repaid = match (self.debit, self.credit) {
            // What a person owes is kept with them, and not with what they lost.
            _ if !is_of_source => None,
            (Cash | Funds, Receivable) => Some((about.ok_or(CorrectionRefusal::AboutMissing)?, self.amount)),
            (Receivable, Cash) => Some((about.ok_or(CorrectionRefusal::AboutMissing)?, less)),
            // Also how a receivable below zero is put right, which is no funding's.
            (Receivable, Funds) => about.map(|about| (about, less)),
            _ => None,
        };
        let used = match (self.debit, self.credit) {
            (Funds, Receivable) => Some((uses, self.amount)),
            (Receivable, Funds) => Some((uses, less)),
            (Funds, Cash) => Some((about, self.amount)),
            (Cash, Funds) => Some((about, less)),
            // Not money that came or went beside the batches: it is some funding's.
            (Funds, _) => Some((Some(about.ok_or(CorrectionRefusal::AboutMissing)?), self.amount)),
            (_, Funds) => Some((Some(about.ok_or(CorrectionRefusal::AboutMissing)?), less)),
            _ => None,
        };
        let is_spent = self.debit == Funds && self.credit == Receivable;
        let taken_back = if is_of_source { about } else { uses };
        let is_of_overpaid = self.debit == Receivable && self.credit == Funds && taken_back.is_none();
        Ok(Reach { repaid, used, is_spent, is_of_overpaid })
    }

    pub fn is_of_person(&self) -> bool {
        self.payer_id.parse::<PersonId>().is_ok()
    }

    /// An account that the payer does not have: a source has none for checks. A line in it would be in no trial balance.
    fn lacking(&self) -> Option<AccountKind> {
        let kinds: &[AccountKind] = if self.is_of_person() { &AccountKind::ALL } else { &AccountKind::OF_SOURCES };
        let lacking = [self.debit, self.credit].into_iter().find(|kind| !kinds.contains(kind));
        fault!(CorrectionOfForeignAccount, None, lacking)
    }

    /// The two lines.
    pub fn entry(&self) -> [Line; 2] {
        let line =
            |side, kind| Line { account: Account { kind, payer_id: self.payer_id.clone() }, side, amount: self.amount };
        [line(Side::Debit, self.debit), line(Side::Credit, self.credit)]
    }

    /// How much more the payer owes by it; less than nothing where they owe less.
    pub fn more_owed(&self) -> Cents {
        match (self.debit, self.credit) {
            (AccountKind::Receivable, _) => self.amount,
            (_, AccountKind::Receivable) => Cents::new(self.amount.get().saturating_neg()),
            _ => Cents::ZERO,
        }
    }

    /// It changes what the payer owes: it may be free afterwards, or blocked.
    pub fn touches_receivable(&self) -> bool {
        self.debit == AccountKind::Receivable || self.credit == AccountKind::Receivable
    }
}

/// Takes in what a correction used up of a payer's money in `funds` that is no funding's, or added to it.
pub fn note_used(beside: &mut Option<Cents>, cents: Cents) -> Result<(), CorrectionRefusal> {
    let left = beside.unwrap_or_default().minus(cents).ok();
    let fits = |left: &Cents| *left >= Cents::ZERO;
    *beside = Some(left.filter(fits).ok_or(CorrectionRefusal::AboutMissing)?);
    Ok(())
}

/// What may be used of the money that a person's debit brought. `left` is what lies with us for nothing else than to be given back, where it
/// does; a refund that came back is sent again as it is, so that its money is used, and given back to it, whole.
pub fn left_of_single(holder: &Payment, left: Option<Cents>, cents: Cents) -> Result<Cents, CorrectionRefusal> {
    let is_taken_back = !cents.is_positive();
    let Some(left) = left else {
        return Err(if is_taken_back { CorrectionRefusal::RestGivenBack } else { CorrectionRefusal::NotLeft });
    };
    let after = left.minus(cents).map_err(|MoneyOverflow| CorrectionRefusal::NotLeft)?;
    let is_whole = after.is_zero() || after == holder.amount;
    if fault!(RefundSetOffInPart, true, holder.refund_of().is_none() || is_whole || after < Cents::ZERO) {
        Ok(left)
    } else {
        Err(CorrectionRefusal::RefundInPart)
    }
}

impl Correction {
    pub fn propose(
        id: CorrectionId,
        terms: CorrectionTerms,
        by: &str,
        now: Timestamp,
    ) -> Result<Self, CorrectionRefusal> {
        terms.check()?;
        Ok(Self { id, version: 1, terms, proposed_by: by.to_owned(), proposed_at: now, booked: None })
    }

    /// Books it. `seen` is what the second person looked at.
    pub fn confirm(
        &mut self,
        by: &str,
        seen: &CorrectionTerms,
        now: Timestamp,
    ) -> Result<Idempotent, CorrectionRefusal> {
        if self.terms != *seen {
            return Err(CorrectionRefusal::OtherTerms);
        }
        if self.booked.as_ref().is_some_and(|booked| booked.by == by) {
            return Ok(Idempotent::AlreadyApplied);
        }
        // What was proposed before this was refused is not booked either.
        self.terms.check()?;
        if self.proposed_by == by {
            return Err(CorrectionRefusal::SamePerson);
        }
        if self.booked.is_some() {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.booked = Some(Booked { by: by.to_owned(), at: now });
        Ok(Idempotent::Executed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> CorrectionTerms {
        CorrectionTerms {
            payer_id: "CORP-1".to_owned(),
            debit: AccountKind::Cash,
            credit: AccountKind::Receivable,
            amount: Cents::new(1_250),
            reason: "repaid by wire".to_owned(),
            about: Some(ItemId::Funding(lost())),
            uses: None,
        }
    }

    fn lost() -> FundingId {
        "fnd_019caf10318076b3b31c1c3f3585ea88-8a198d1bcb44281f-1".parse().unwrap()
    }

    fn now() -> Timestamp {
        "2026-03-02T18:00:00Z".parse().unwrap()
    }

    fn proposed() -> Correction {
        Correction::propose(CorrectionId::new(uuid::Uuid::nil()), terms(), "ann", now()).unwrap()
    }

    #[test]
    fn it_balances_and_has_an_amount_two_accounts_and_a_reason() {
        let [debit, credit] = terms().entry();
        assert_eq!((debit.side, credit.side, debit.amount), (Side::Debit, Side::Credit, credit.amount));
        type Change = fn(&mut CorrectionTerms);
        let locked = CorrectionRefusal::NoSuchAccount(AccountKind::CashLocked);
        let outstanding = CorrectionRefusal::NoSuchAccount(AccountKind::ChecksOutstanding);
        let changes: [(Change, CorrectionRefusal); 9] = [
            (|terms| terms.debit = AccountKind::CashLocked, locked),
            (|terms| terms.credit = AccountKind::ChecksOutstanding, outstanding),
            (|terms| terms.amount = Cents::ZERO, CorrectionRefusal::Amount),
            (|terms| terms.amount = Cents::new(-1), CorrectionRefusal::Amount),
            (|terms| terms.amount = LARGEST_AMOUNT.plus(Cents::new(1)).unwrap(), CorrectionRefusal::Amount),
            (|terms| terms.credit = AccountKind::Cash, CorrectionRefusal::SameAccount),
            (|terms| terms.reason = "  ".to_owned(), CorrectionRefusal::Reason),
            (|terms| terms.reason = "x".repeat(501), CorrectionRefusal::Reason),
            (|terms| terms.about = None, CorrectionRefusal::AboutMissing),
        ];
        for (change, refusal) in changes {
            let mut changed = terms();
            change(&mut changed);
            assert_eq!(changed.check(), Err(refusal));
        }
    }

    #[test]
    fn what_a_source_repays_or_takes_back_names_the_funding_that_it_lost() {
        let (cash, receivable, funds) = (AccountKind::Cash, AccountKind::Receivable, AccountKind::Funds);
        let repaid = |debit, credit, about, payer_id: &str| {
            let terms = CorrectionTerms { debit, credit, about, payer_id: payer_id.to_owned(), ..terms() };
            terms.reach().map(|reach| reach.repaid)
        };
        let of_batch = Some(ItemId::Funding(lost()));
        let person = "per_00000000000000000000000000000001";
        for paid_with in [cash, funds] {
            assert_eq!(repaid(paid_with, receivable, of_batch, "CORP-1"), Ok(Some((lost(), Cents::new(1_250)))));
            assert_eq!(repaid(receivable, paid_with, of_batch, "CORP-1"), Ok(Some((lost(), Cents::new(-1_250)))));
        }
        for other in ["", "fnd_00000000000000000000000000000001", "pay_00000000000000000000000000000001"] {
            let about = other.parse::<ItemId>().ok();
            assert_eq!(repaid(cash, receivable, about, "CORP-1"), Err(CorrectionRefusal::AboutMissing));
            assert_eq!(repaid(funds, receivable, about, "CORP-1"), Err(CorrectionRefusal::AboutMissing));
            assert_eq!(repaid(cash, receivable, about, person), Ok(None));
        }
        assert_eq!(repaid(receivable, funds, None, "CORP-1"), Ok(None), "a receivable below zero is no funding's");
    }

    #[test]
    fn what_a_source_owes_is_booked_against_cash_or_funds_alone() {
        for other in [AccountKind::DebitsInTransit, AccountKind::FundsPending] {
            for (debit, credit) in [(other, AccountKind::Receivable), (AccountKind::Receivable, other)] {
                let terms = CorrectionTerms { debit, credit, ..terms() };
                assert_eq!(terms.check(), Err(CorrectionRefusal::ReceivableWithOther), "{terms:?}");
            }
            for (debit, credit) in [(other, AccountKind::Funds), (AccountKind::Funds, other)] {
                let terms = CorrectionTerms { debit, credit, about: None, ..terms() };
                assert_eq!(terms.check(), Err(CorrectionRefusal::AboutMissing), "money beside the batches: {terms:?}");
            }
        }
    }

    #[test]
    fn what_uses_up_a_persons_funds_names_their_debit() {
        let (cash, receivable, funds) = (AccountKind::Cash, AccountKind::Receivable, AccountKind::Funds);
        let debit: FundingId = "fnd_00000000000000000000000000000001".parse().unwrap();
        let reach = |debit, credit, about: Option<FundingId>, uses: Option<FundingId>| {
            let payer_id = "per_00000000000000000000000000000001".to_owned();
            let (about, uses) = (about.map(ItemId::Funding), uses.map(ItemId::Funding));
            CorrectionTerms { payer_id, debit, credit, about, uses, ..terms() }.reach()
        };
        let used = |debit, credit, about, uses| reach(debit, credit, about, uses).unwrap().used;
        let (more, less) = (Cents::new(1_250), Cents::new(-1_250));
        assert_eq!(used(funds, receivable, None, Some(debit)), Some((Some(debit), more)));
        assert_eq!(used(funds, receivable, None, Some(lost())), Some((None, more)), "no batch's money is a person's");
        assert_eq!(used(funds, receivable, Some(debit), None), Some((None, more)), "what was paid in beside payments");
        assert_eq!(used(receivable, funds, None, Some(debit)), Some((Some(debit), less)));
        assert_eq!(used(funds, cash, Some(debit), None), Some((Some(debit), more)));
        assert_eq!(used(cash, funds, None, None), Some((None, less)));
        assert_eq!(
            reach(funds, AccountKind::ChecksOutstanding, None, None),
            Err(CorrectionRefusal::AboutMissing),
            "a check is some payment's"
        );
        assert_eq!(
            reach(AccountKind::FundsPending, receivable, None, None),
            Err(CorrectionRefusal::ReceivableWithOther)
        );
    }

    #[test]
    fn what_uses_up_funds_says_whose() {
        let (cash, receivable, funds) = (AccountKind::Cash, AccountKind::Receivable, AccountKind::Funds);
        let used = |debit, credit, about, uses| {
            CorrectionTerms { debit, credit, about, uses, ..terms() }.reach().unwrap().used
        };
        let (of_batch, more, less) = (Some(ItemId::Funding(lost())), Cents::new(1_250), Cents::new(-1_250));
        assert_eq!(used(funds, receivable, of_batch, of_batch), Some((Some(lost()), more)));
        assert_eq!(used(funds, receivable, of_batch, None), Some((None, more)), "what was paid in beside the batches");
        assert_eq!(used(receivable, funds, of_batch, of_batch), Some((Some(lost()), less)));
        assert_eq!(used(funds, cash, of_batch, None), Some((Some(lost()), more)));
        assert_eq!(used(funds, cash, None, None), Some((None, more)));
        assert_eq!(used(cash, funds, of_batch, None), Some((Some(lost()), less)));
        assert_eq!(used(cash, funds, None, None), Some((None, less)));
        assert_eq!(used(cash, receivable, of_batch, None), None);
    }

    #[test]
    fn a_second_person_books_what_they_have_seen_and_once() {
        let mut correction = proposed();
        assert_eq!(correction.confirm("ann", &terms(), now()), Err(CorrectionRefusal::SamePerson));
        let other = CorrectionTerms { amount: Cents::new(1), ..terms() };
        assert_eq!(correction.confirm("bob", &other, now()), Err(CorrectionRefusal::OtherTerms));
        assert_eq!(correction.confirm("bob", &terms(), now()), Ok(Idempotent::Executed));
        assert_eq!(correction.confirm("bob", &terms(), now()), Ok(Idempotent::AlreadyApplied));
        assert_eq!(correction.confirm("eve", &terms(), now()), Ok(Idempotent::AlreadyApplied));
        assert_eq!(correction.booked.map(|booked| booked.by).as_deref(), Some("bob"));
    }
}
