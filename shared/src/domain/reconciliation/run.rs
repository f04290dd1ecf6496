//! One payer's part of a reconciliation: its transfers, its checks, its books, its balances, one after the other.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::balances::{BalanceDifference, LOOKS, MINUTES_BETWEEN_LOOKS};
use super::{Counts, Verdict};
use crate::domain::ids::ReconciliationId;

/// A run that is at work is left alone for this long.
const RUN_MINUTES: i64 = 5;

/// Whatever is left of a payer is looked at again after an outage.
const RETRY_MINUTES: i64 = 15;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayerRun {
    pub reconciliation_id: ReconciliationId,
    pub version: u64,
    pub payer_id: String,
    /// The payer's own account at the bank.
    pub bank_account_id: String,
    /// Since when the payer has books.
    pub since: Timestamp,
    pub stage: Stage,
    /// Pages of the bank's lists that are compared.
    pub pages: u32,
    pub counts: Counts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// What is compared next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Stage {
    /// A page of the bank's list, newest first.
    Transfers {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older_than: Option<String>,
    },
    Checks {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        older_than: Option<String>,
    },
    /// Every line against what made it, and what was made against its line.
    Books,
    Balances {
        /// Looks that found these differences.
        looks: u32,
        last: Vec<BalanceDifference>,
    },
    /// Everything is compared: what was found is told.
    Outcome,
    Done,
}

impl PayerRun {
    pub fn new(
        id: ReconciliationId,
        payer_id: String,
        bank_account_id: String,
        since: Timestamp,
        now: Timestamp,
    ) -> Self {
        Self {
            reconciliation_id: id,
            version: 1,
            payer_id,
            bank_account_id,
            since,
            stage: Stage::Transfers { older_than: None },
            pages: 0,
            counts: Counts::default(),
            due_at: Some(now),
        }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// A page of transfers or checks is compared, with these verdicts. `older` is where the next page begins.
    pub fn page_compared(
        &mut self,
        verdicts: impl IntoIterator<Item = Verdict>,
        older: Option<String>,
        now: Timestamp,
    ) {
        self.pages = self.pages.saturating_add(1);
        for verdict in verdicts {
            match verdict {
                Verdict::Matched => self.counts.matched = self.counts.matched.saturating_add(1),
                Verdict::InFlight => self.counts.in_flight = self.counts.in_flight.saturating_add(1),
                // Counted from the findings in the end: a page may be compared twice.
                Verdict::MissingHere
                | Verdict::MissingThere
                | Verdict::OtherAmount
                | Verdict::OtherAccount
                | Verdict::OtherState
                | Verdict::Duplicate
                | Verdict::NotPosted
                | Verdict::OtherBalance => {}
            }
        }
        self.stage = match (&self.stage, older) {
            (Stage::Transfers { .. }, older @ Some(_)) => Stage::Transfers { older_than: older },
            (Stage::Transfers { .. }, None) => Stage::Checks { older_than: None },
            (Stage::Checks { .. }, older @ Some(_)) => Stage::Checks { older_than: older },
            (Stage::Checks { .. }, None) => Stage::Books,
            (other @ (Stage::Books | Stage::Balances { .. } | Stage::Outcome | Stage::Done), _) => other.clone(),
        };
        self.at_work(now);
    }

    pub fn books_compared(&mut self, now: Timestamp) {
        self.stage = Stage::Balances { looks: 0, last: Vec::new() };
        self.at_work(now);
    }

    /// One look at the balances. Answers the differences that every look found: then they count.
    pub fn balances_compared(&mut self, found: Vec<BalanceDifference>, now: Timestamp) -> Vec<BalanceDifference> {
        let (looks, last) = match &self.stage {
            Stage::Balances { looks, last } => (*looks, last.clone()),
            Stage::Transfers { .. } | Stage::Checks { .. } | Stage::Books | Stage::Outcome | Stage::Done => {
                (0, Vec::new())
            }
        };
        let lasting: Vec<BalanceDifference> =
            if looks == 0 { found } else { found.into_iter().filter(|difference| last.contains(difference)).collect() };
        let looks = looks.saturating_add(1);
        if lasting.is_empty() || looks >= LOOKS {
            self.stage = Stage::Outcome;
            self.at_work(now);
            return lasting;
        }
        self.stage = Stage::Balances { looks, last: lasting };
        self.due_at = later(now, MINUTES_BETWEEN_LOOKS);
        Vec::new()
    }

    /// What was found is told, and this is what it adds up to.
    pub fn finish(&mut self, findings: Counts) {
        let (matched, in_flight) = (self.counts.matched, self.counts.in_flight);
        self.counts = Counts { matched, in_flight, ..findings };
        self.stage = Stage::Done;
        self.due_at = None;
    }

    /// Other runs leave it alone while this one is at work.
    pub fn at_work(&mut self, now: Timestamp) {
        self.due_at = later(now, RUN_MINUTES);
    }

    pub fn go_on_at_once(&mut self, now: Timestamp) {
        self.due_at = Some(now);
    }

    /// The bank is out of reach.
    pub fn wait(&mut self, now: Timestamp) {
        self.due_at = later(now, RETRY_MINUTES);
    }
}

fn later(now: Timestamp, minutes: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_mins(minutes)).ok()
}
