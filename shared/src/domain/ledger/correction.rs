//! A correction of the books: a new entry with a reason, which one person proposes and another confirms. Nothing is ever edited.
//!
//! Guarantees: it balances by construction (one amount, one account debited and one credited, both of one payer); it is booked once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Account, AccountKind, Line, Side};
use crate::domain::autopay::ids::PersonId;
use crate::domain::batch::Command;
use crate::domain::ids::{CorrectionId, FundingId, ItemId};
use crate::domain::money::Cents;

pub const REASON_CHARACTERS_MAX: usize = 500;

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
    #[error("a correction has a positive amount")]
    Amount,
    #[error("a correction debits one account and credits another")]
    SameAccount,
    #[error("this payer has no account {}", .0.as_str())]
    NoSuchAccount(AccountKind),
    #[error("say in 1 to {REASON_CHARACTERS_MAX} characters why")]
    Reason,
    #[error("who proposed a correction cannot confirm it; ask a second person")]
    SamePerson,
    #[error("the correction is not the one you name; read it again")]
    OtherTerms,
    #[error("name in `about` the funding that the source repays; of several, each in a correction of its own")]
    AboutMissing,
    #[error("the funding in `about` is another payer's, or did not come back after it was available")]
    NothingLost,
    #[error("more would be repaid than the funding in `about` lost; what goes beyond it belongs in `funds`")]
    MoreThanLost,
}

impl CorrectionTerms {
    pub fn check(&self) -> Result<(), CorrectionRefusal> {
        let reason_fits = !self.reason.trim().is_empty() && self.reason.chars().count() <= REASON_CHARACTERS_MAX;
        if !self.amount.is_positive() {
            Err(CorrectionRefusal::Amount)
        } else if self.debit == self.credit {
            Err(CorrectionRefusal::SameAccount)
        } else if let Some(kind) = self.lacking() {
            Err(CorrectionRefusal::NoSuchAccount(kind))
        } else if !reason_fits {
            Err(CorrectionRefusal::Reason)
        } else {
            self.repaid().map(|_| ())
        }
    }

    /// The funding of a batch that a source repays with it from outside, and how much of it: less than nothing where the correction takes a
    /// repayment back. Without the funding's name the money would be no batch's, and nobody could spend it or give it back.
    pub fn repaid(&self) -> Result<Option<(FundingId, Cents)>, CorrectionRefusal> {
        let is_repaid = (self.debit, self.credit) == (AccountKind::Cash, AccountKind::Receivable);
        let is_taken_back = (self.debit, self.credit) == (AccountKind::Receivable, AccountKind::Cash);
        // What a person owes is kept with their lone payment.
        if !self.is_of_source() || !(is_repaid || is_taken_back) {
            return Ok(None);
        }
        let cents = if is_repaid { self.amount } else { Cents::new(self.amount.get().saturating_neg()) };
        match self.about {
            Some(ItemId::Funding(id @ FundingId::Round { .. })) => Ok(Some((id, cents))),
            Some(ItemId::Funding(FundingId::Lone(_)) | ItemId::Payment(_)) | None => {
                Err(CorrectionRefusal::AboutMissing)
            }
        }
    }

    fn is_of_source(&self) -> bool {
        self.payer_id.parse::<PersonId>().is_err()
    }

    /// An account that the payer does not have: a source has none for checks. A line in it would be in no trial balance.
    fn lacking(&self) -> Option<AccountKind> {
        let kinds: &[AccountKind] = if self.is_of_source() { &AccountKind::OF_SOURCES } else { &AccountKind::ALL };
        let lacking = [self.debit, self.credit].into_iter().find(|kind| !kinds.contains(kind));
        fault!(CorrectionOfForeignAccount, None, lacking)
    }

    /// The two lines.
    pub fn entry(&self) -> [Line; 2] {
        let line =
            |side, kind| Line { account: Account { kind, payer_id: self.payer_id.clone() }, side, amount: self.amount };
        [line(Side::Debit, self.debit), line(Side::Credit, self.credit)]
    }

    /// It changes what the payer owes: it may be free afterwards.
    pub fn touches_receivable(&self) -> bool {
        self.debit == AccountKind::Receivable || self.credit == AccountKind::Receivable
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
    pub fn confirm(&mut self, by: &str, seen: &CorrectionTerms, now: Timestamp) -> Result<Command, CorrectionRefusal> {
        if self.terms != *seen {
            return Err(CorrectionRefusal::OtherTerms);
        }
        if self.booked.as_ref().is_some_and(|booked| booked.by == by) {
            return Ok(Command::AlreadyApplied);
        }
        // What was proposed before this was refused is not booked either.
        self.terms.check()?;
        if self.proposed_by == by {
            return Err(CorrectionRefusal::SamePerson);
        }
        if self.booked.is_some() {
            return Ok(Command::AlreadyApplied);
        }
        self.booked = Some(Booked { by: by.to_owned(), at: now });
        Ok(Command::Executed)
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
        let changes: [(Change, CorrectionRefusal); 8] = [
            (|terms| terms.debit = AccountKind::CashLocked, locked),
            (|terms| terms.credit = AccountKind::ChecksOutstanding, outstanding),
            (|terms| terms.amount = Cents::ZERO, CorrectionRefusal::Amount),
            (|terms| terms.amount = Cents::new(-1), CorrectionRefusal::Amount),
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
            CorrectionTerms { debit, credit, about, payer_id: payer_id.to_owned(), ..terms() }.repaid()
        };
        let of_batch = Some(ItemId::Funding(lost()));
        let person = "per_00000000000000000000000000000001";
        assert_eq!(repaid(cash, receivable, of_batch, "CORP-1"), Ok(Some((lost(), Cents::new(1_250)))));
        assert_eq!(repaid(receivable, cash, of_batch, "CORP-1"), Ok(Some((lost(), Cents::new(-1_250)))));
        for other in ["", "fnd_00000000000000000000000000000001", "pay_00000000000000000000000000000001"] {
            let about = other.parse::<ItemId>().ok();
            assert_eq!(repaid(cash, receivable, about, "CORP-1"), Err(CorrectionRefusal::AboutMissing));
            assert_eq!(repaid(cash, receivable, about, person), Ok(None));
        }
        // No money came in: what lies there for the source is set against what it owes.
        assert_eq!(repaid(funds, receivable, None, "CORP-1"), Ok(None));
        assert_eq!(repaid(cash, funds, None, "CORP-1"), Ok(None));
    }

    #[test]
    fn a_second_person_books_what_they_have_seen_and_once() {
        let mut correction = proposed();
        assert_eq!(correction.confirm("ann", &terms(), now()), Err(CorrectionRefusal::SamePerson));
        let other = CorrectionTerms { amount: Cents::new(1), ..terms() };
        assert_eq!(correction.confirm("bob", &other, now()), Err(CorrectionRefusal::OtherTerms));
        assert_eq!(correction.confirm("bob", &terms(), now()), Ok(Command::Executed));
        assert_eq!(correction.confirm("bob", &terms(), now()), Ok(Command::AlreadyApplied));
        assert_eq!(correction.confirm("eve", &terms(), now()), Ok(Command::AlreadyApplied));
        assert_eq!(correction.booked.map(|booked| booked.by).as_deref(), Some("bob"));
    }
}
