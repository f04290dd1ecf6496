//! The ledger of payroll: which accounts there are, and the entry of each effect (docs/accounting.md shows the same table).
//!
//! Guarantees: every entry balances by construction (one amount, each line once debit or credit, as many of each); entries are never
//! changed, a return or correction is a new one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::IdFormat;
use super::leg::Effect;
use super::money::Cents;

/// A ledger account. Each source has one of every kind, because each has a Column account of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    pub kind: AccountKind,
    pub source_id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountKind {
    /// Asset: what may be spent at the source's Column account. Reconciles to Column's available balance.
    Cash,
    /// Asset: pulled, not yet available. Reconciles to Column's pending balance.
    Pulled,
    /// Asset: what the source owes, because a funding came back after it was spent or released.
    Receivable,
    /// Liability: the source's money with us, available.
    SourceFunds,
    /// Liability: the source's money with us, not yet available.
    SourceFundsPending,
}

impl AccountKind {
    pub const ALL: [AccountKind; 5] = [
        AccountKind::Cash,
        AccountKind::Pulled,
        AccountKind::Receivable,
        AccountKind::SourceFunds,
        AccountKind::SourceFundsPending,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            AccountKind::Cash => "cash",
            AccountKind::Pulled => "pulled",
            AccountKind::Receivable => "receivable",
            AccountKind::SourceFunds => "source_funds",
            AccountKind::SourceFundsPending => "source_funds_pending",
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind.as_str(), self.source_id)
    }
}

impl FromStr for Account {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        let refused = || IdFormat { kind: "ledger account", text: text.to_owned() };
        let (kind, source_id) = text.split_once(':').ok_or_else(refused)?;
        let kind = AccountKind::ALL.into_iter().find(|known| known.as_str() == kind).ok_or_else(refused)?;
        Ok(Account { kind, source_id: source_id.to_owned() })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Debit,
    Credit,
}

/// One line of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub account: Account,
    pub side: Side,
    pub amount: Cents,
}

/// The entry of an effect, for one source and amount.
pub fn entry(effect: Effect, source_id: &str, amount: Cents) -> Vec<Line> {
    use AccountKind as A;
    use Side::{Credit, Debit};
    let lines: &[(Side, A)] = match effect {
        Effect::FundingAccepted => &[(Debit, A::Pulled), (Credit, A::SourceFundsPending)],
        Effect::FundingAvailable => {
            &[(Debit, A::Cash), (Debit, A::SourceFundsPending), (Credit, A::Pulled), (Credit, A::SourceFunds)]
        }
        Effect::FundingReturnedPending => &[(Debit, A::SourceFundsPending), (Credit, A::Pulled)],
        Effect::FundingReturnedAvailable => &[(Debit, A::Receivable), (Credit, A::Cash)],
        Effect::UnfundedFailed => &[(Debit, A::SourceFunds), (Credit, A::Receivable)],
        Effect::PayoutAccepted => &[(Debit, A::SourceFunds), (Credit, A::Cash)],
        Effect::PayoutReversed => &[(Debit, A::Cash), (Credit, A::SourceFunds)],
    };
    lines
        .iter()
        .map(|(side, kind)| Line {
            account: Account { kind: *kind, source_id: source_id.to_owned() },
            side: *side,
            amount,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EFFECTS: [Effect; 7] = [
        Effect::FundingAccepted,
        Effect::FundingAvailable,
        Effect::FundingReturnedPending,
        Effect::FundingReturnedAvailable,
        Effect::PayoutAccepted,
        Effect::PayoutReversed,
        Effect::UnfundedFailed,
    ];

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
        for effect in EFFECTS {
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
    fn a_returned_payout_is_the_sources_money_again() {
        let life = [Effect::FundingAccepted, Effect::FundingAvailable, Effect::PayoutAccepted, Effect::PayoutReversed];
        assert_eq!(balance(&life, AccountKind::Cash), 1000);
        assert_eq!(balance(&life, AccountKind::SourceFunds), -1000);
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
        let account = Account { kind: AccountKind::SourceFunds, source_id: "CORP-1".to_owned() };
        assert_eq!(account.to_string().parse(), Ok(account));
    }
}
