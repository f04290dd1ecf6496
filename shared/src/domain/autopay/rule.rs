//! What a person wants paid of a card, and how much at most.

use serde::{Deserialize, Serialize};

use super::utilization::BasisPoints;
use crate::domain::bank::limits::TransferAmount;
use crate::domain::money::Cents;

/// Staying at or under 30 % of the limit is the common guideline.
pub const DEFAULT_THRESHOLD: BasisPoints = BasisPoints(3_000);

/// When to pay, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Above this share of the limit something is paid.
    pub threshold: BasisPoints,
    /// What is paid then.
    pub above_threshold: Amount,
    /// What is paid when the bill is nearly due, whatever the balance.
    pub when_due: Bill,
}

/// How much is paid above the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// So much that the balance comes down to this share of the limit, which is at most the threshold.
    DownTo(BasisPoints),
    StatementBalance,
    FullBalance,
    Minimum,
}

/// What is paid of a bill that is nearly due, less what was paid since the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bill {
    Minimum,
    StatementBalance,
}

/// The most that may be pulled for one card: at once, in a calendar day and in a calendar month, both Eastern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Caps {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub payment: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub day: Option<Cents>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub month: Option<Cents>,
}

/// Why a rule or a cap is refused. Final until it is corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleProblem {
    #[error("the threshold is a share of the limit: from 1 to 10000 hundredths of a percent")]
    Threshold,
    #[error("what is paid down to cannot be above the threshold")]
    TargetAboveThreshold,
    #[error("a cap is an amount above zero, and at most 99999999.99, which is what a check can carry")]
    Cap,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            threshold: DEFAULT_THRESHOLD,
            above_threshold: Amount::DownTo(DEFAULT_THRESHOLD),
            when_due: Bill::Minimum,
        }
    }
}

impl Rule {
    pub fn check(&self) -> Result<(), RuleProblem> {
        if !(1..=10_000).contains(&self.threshold.0) {
            return Err(RuleProblem::Threshold);
        }
        match self.above_threshold {
            Amount::DownTo(target) if target > self.threshold => Err(RuleProblem::TargetAboveThreshold),
            Amount::DownTo(_) | Amount::StatementBalance | Amount::FullBalance | Amount::Minimum => Ok(()),
        }
    }
}

impl Caps {
    pub fn check(&self) -> Result<(), RuleProblem> {
        let caps = [self.payment, self.day, self.month];
        let sound = caps.into_iter().flatten().all(|cap| TransferAmount::try_from(cap).is_ok());
        if sound { Ok(()) } else { Err(RuleProblem::Cap) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_nobody_changed_pays_down_to_thirty_percent() {
        let stored = serde_json::to_string(&Rule::default()).unwrap();
        assert_eq!(stored, r#"{"threshold":3000,"above_threshold":{"down_to":3000},"when_due":"minimum"}"#);
        assert_eq!(serde_json::from_str::<Rule>(&stored).unwrap().check(), Ok(()));
    }

    #[test]
    fn a_rule_that_makes_no_sense_is_refused() {
        let with = |threshold: u32, target: u32| Rule {
            threshold: BasisPoints(threshold),
            above_threshold: Amount::DownTo(BasisPoints(target)),
            when_due: Bill::Minimum,
        };
        assert_eq!(with(0, 0).check(), Err(RuleProblem::Threshold));
        assert_eq!(with(10_001, 0).check(), Err(RuleProblem::Threshold));
        assert_eq!(with(3_000, 3_001).check(), Err(RuleProblem::TargetAboveThreshold));
        assert_eq!(with(3_000, 0).check(), Ok(()));
        for cents in [0, -1, 10_000_000_000] {
            let caps = Caps { month: Some(Cents::new(cents)), ..Caps::default() };
            assert_eq!(caps.check(), Err(RuleProblem::Cap));
        }
    }
}
