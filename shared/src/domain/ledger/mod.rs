//! The ledger: which accounts there are, and the entry of each effect (docs/accounting.md shows the same table).
//!
//! Guarantees: every entry balances by construction (one amount, each line once debit or credit, as many of each); entries are never
//! changed, a return or correction is a new one.

pub mod closing;
pub mod correction;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{CorrectionId, IdFormat, ItemId};
use super::leg::Effect;
use super::money::Cents;

/// A ledger account. Each payer, a source or a person, has their own, because each has a Column account of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub kind: AccountKind,
    /// A source's id, or a person's.
    pub payer_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Asset: what may be spent at the payer's Column account. Reconciles to Column's available balance.
    Cash,
    /// Asset: locked at the payer's Column account for checks that are out. Reconciles to Column's locked balance.
    CashLocked,
    /// Asset: pulled, not yet available. Reconciles to Column's pending balance.
    DebitsInTransit,
    /// Asset: what the payer owes, because a funding came back after it was spent or released.
    Receivable,
    /// Liability: the payer's money with us, available.
    Funds,
    /// Liability: the payer's money with us, not yet available.
    FundsPending,
    /// Liability: checks issued and not yet cashed.
    ChecksOutstanding,
}

impl AccountKind {
    pub const ALL: [AccountKind; 7] = [
        AccountKind::Cash,
        AccountKind::CashLocked,
        AccountKind::DebitsInTransit,
        AccountKind::Receivable,
        AccountKind::Funds,
        AccountKind::FundsPending,
        AccountKind::ChecksOutstanding,
    ];

    /// What a source has: payroll mails no checks.
    pub const OF_SOURCES: [AccountKind; 5] = [
        AccountKind::Cash,
        AccountKind::DebitsInTransit,
        AccountKind::Receivable,
        AccountKind::Funds,
        AccountKind::FundsPending,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            AccountKind::Cash => "cash",
            AccountKind::CashLocked => "cash_locked",
            AccountKind::DebitsInTransit => "debits_in_transit",
            AccountKind::Receivable => "receivable",
            AccountKind::Funds => "funds",
            AccountKind::FundsPending => "funds_pending",
            AccountKind::ChecksOutstanding => "checks_outstanding",
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind.as_str(), self.payer_id)
    }
}

impl FromStr for Account {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "ledger account", text: text.to_owned() };
        let (kind, payer_id) = text.split_once(':').ok_or_else(refused)?;
        let kind = AccountKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(refused)?;
        Ok(Account { kind, payer_id: payer_id.to_owned() })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Debit,
    Credit,
}

/// What an entry was made for: an effect of a transfer or check, or a correction by two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EntryKind {
    Of(Effect),
    Correction(CorrectionKind),
}

/// One name, beside those of the effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionKind {
    Correction,
}

impl EntryKind {
    pub const CORRECTION: EntryKind = EntryKind::Correction(CorrectionKind::Correction);

    pub const fn of_leg(self) -> Option<Effect> {
        match self {
            EntryKind::Of(effect) => Some(effect),
            EntryKind::Correction(CorrectionKind::Correction) => None,
        }
    }
}

/// What caused an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CauseId {
    Correction(CorrectionId),
    Item(ItemId),
}

impl fmt::Display for CauseId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CauseId::Correction(id) => id.fmt(formatter),
            CauseId::Item(id) => id.fmt(formatter),
        }
    }
}

/// One line of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub account: Account,
    pub side: Side,
    pub amount: Cents,
}

/// The entry of an effect, for one payer and amount.
pub fn entry(effect: Effect, payer_id: &str, amount: Cents) -> Vec<Line> {
    use AccountKind as A;
    use Side::{Credit, Debit};
    let lines: &[(Side, A)] = match effect {
        Effect::FundingAccepted => &[(Debit, A::DebitsInTransit), (Credit, A::FundsPending)],
        Effect::FundingAvailable => {
            &[(Debit, A::Cash), (Debit, A::FundsPending), (Credit, A::DebitsInTransit), (Credit, A::Funds)]
        }
        Effect::FundingReturnedPending => &[(Debit, A::FundsPending), (Credit, A::DebitsInTransit)],
        Effect::FundingReturnedAvailable => &[(Debit, A::Receivable), (Credit, A::Cash)],
        Effect::PayoutAccepted => &[(Debit, A::Funds), (Credit, A::Cash)],
        Effect::PayoutReversed | Effect::CheckReturnedAfterSettled => {
            fault!(PostingForgotten, &[], &[(Debit, A::Cash), (Credit, A::Funds)])
        }
        Effect::CheckIssued => {
            &[(Debit, A::Funds), (Debit, A::CashLocked), (Credit, A::ChecksOutstanding), (Credit, A::Cash)]
        }
        Effect::CheckSettled => &[(Debit, A::ChecksOutstanding), (Credit, A::CashLocked)],
        Effect::CheckReversed => {
            &[(Debit, A::ChecksOutstanding), (Debit, A::Cash), (Credit, A::Funds), (Credit, A::CashLocked)]
        }
        Effect::UnfundedFailed | Effect::ReceivableRecovered | Effect::ReceivableRepaid => {
            &[(Debit, A::Funds), (Credit, A::Receivable)]
        }
    };
    lines
        .iter()
        .map(|(side, kind)| Line {
            account: Account { kind: *kind, payer_id: payer_id.to_owned() },
            side: *side,
            amount,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the account holds after these effects of 10.00 each; assets count debits up, liabilities credits.
    fn balance(effects: &[Effect], kind: AccountKind) -> i64 {
        let signed = |line: &Line| if line.side == Side::Debit { line.amount.get() } else { -line.amount.get() };
        effects
            .iter()
            .flat_map(|effect| entry(*effect, "CORP-1", Cents::new(1000)))
            .filter(|line| line.account.kind == kind)
            .map(|line| signed(&line))
            .sum()
    }

    #[test]
    fn every_entry_balances() {
        for effect in Effect::ALL {
            let total: i64 = AccountKind::ALL.into_iter().map(|kind| balance(&[effect], kind)).sum();
            assert_eq!(total, 0, "{effect:?}");
        }
    }

    #[test]
    fn money_pulled_and_paid_out_leaves_nothing_behind() {
        let life = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::PayoutAccepted];
        for kind in AccountKind::ALL {
            assert_eq!(balance(&life, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn money_that_waits_in_a_check_is_locked_and_owed_to_whoever_cashes_it() {
        let issued = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::CheckIssued];
        assert_eq!((balance(&issued, AccountKind::Cash), balance(&issued, AccountKind::Funds)), (0, 0));
        assert_eq!(balance(&issued, AccountKind::CashLocked), 1000);
        assert_eq!(balance(&issued, AccountKind::ChecksOutstanding), -1000);
        let cashed: Vec<Effect> = issued.into_iter().chain([Effect::CheckSettled]).collect();
        for kind in AccountKind::ALL {
            assert_eq!(balance(&cashed, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn a_check_that_is_not_paid_or_is_given_back_leaves_the_payers_money() {
        let funded = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::CheckIssued];
        let ends = [vec![Effect::CheckReversed], vec![Effect::CheckSettled, Effect::CheckReturnedAfterSettled]];
        for end in ends {
            let life: Vec<Effect> = funded.into_iter().chain(end).collect();
            assert_eq!((balance(&life, AccountKind::Cash), balance(&life, AccountKind::Funds)), (1000, -1000));
            assert_eq!(balance(&life, AccountKind::CashLocked), 0);
            assert_eq!(balance(&life, AccountKind::ChecksOutstanding), 0);
        }
    }

    #[test]
    fn a_stopped_check_pays_what_is_owed_for_its_returned_funding() {
        let late = [
            Effect::FundingAccepted,
            Effect::FundingAvailable,
            Effect::CheckIssued,
            Effect::FundingReturnedAvailable,
            Effect::CheckReversed,
            Effect::ReceivableRecovered,
        ];
        for kind in AccountKind::ALL {
            assert_eq!(balance(&late, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn a_debit_presented_again_pays_what_is_owed_for_the_first_one() {
        let paid = [
            Effect::FundingAccepted,
            Effect::FundingAvailable,
            Effect::CheckIssued,
            Effect::FundingReturnedAvailable,
            Effect::CheckSettled,
        ];
        assert_eq!(balance(&paid, AccountKind::Receivable), 1000);
        let again = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::ReceivableRepaid];
        let repaid: Vec<Effect> = paid.into_iter().chain(again).collect();
        for kind in AccountKind::ALL {
            assert_eq!(balance(&repaid, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn a_returned_payout_is_the_sources_money_again() {
        let life = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::PayoutAccepted, Effect::PayoutReversed];
        assert_eq!(balance(&life, AccountKind::Cash), 1000);
        assert_eq!(balance(&life, AccountKind::Funds), -1000);
    }

    #[test]
    fn a_funding_returned_before_it_was_available_leaves_nothing_behind() {
        let life = [Effect::FundingAccepted, Effect::FundingReturnedPending];
        for kind in AccountKind::ALL {
            assert_eq!(balance(&life, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn a_late_return_is_owed_until_the_unpaid_payment_failed() {
        let late = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::FundingReturnedAvailable];
        assert_eq!(balance(&late, AccountKind::Receivable), 1000);
        let unpaid: Vec<Effect> = late.into_iter().chain([Effect::UnfundedFailed]).collect();
        for kind in AccountKind::ALL {
            assert_eq!(balance(&unpaid, kind), 0, "{kind:?}");
        }
    }

    #[test]
    fn an_account_reads_what_it_prints() {
        let account = Account { kind: AccountKind::Funds, payer_id: "CORP-1".to_owned() };
        assert_eq!(account.to_string().parse(), Ok(account));
    }
}
