//! Our payments and fundings against the bank's transfers and checks, the books against the bank's balances.
//!
//! Guarantees: a finding says of one thing what differs, and never changes. What is still on its way is no difference: neither side is
//! judged by what happened after the cut, and a balance counts as different only once it was so, by the same amount, for
//! [`balances::LOOKS`] looks an hour apart.
//! Limits: transfers that agree are counted and not listed. At the account of a payer, what the bank made of its own (fees, money that
//! others sent) has no item here and is a difference until a correction books it.

pub mod balances;
pub mod compare;
pub mod health;
pub mod run;
#[cfg(test)]
mod tests;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::ReconciliationId;
use super::ledger::closing::{day_of, next_day};
use super::money::Cents;

/// What the bank tells us of is here within this time: by its webhook, or by the poll of its list, which finds it within two and a quarter.
pub const GRACE_HOURS: i64 = 3;

/// Days of a range at most: as long as a debit may come back.
pub const RANGE_DAYS_MAX: i64 = 62;

/// Days that the daily reconciliation looks back over: by then transfers have settled, weekends and holidays between.
pub const DAILY_RANGE_DAYS: i64 = 5;

/// What became of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Matched,
    /// It changed after the cut: not judged.
    InFlight,
    /// The bank has it; nothing here made it.
    MissingHere,
    /// The bank told us of it and has it no more.
    MissingThere,
    /// Another amount, currency, direction or account.
    OtherAmount,
    /// The account at the other end is not the one that it was made for, nor what the bank had corrected that to.
    OtherAccount,
    /// The bank says something else about where it stands.
    OtherState,
    /// Another transfer moved money for the same payment or funding.
    Duplicate,
    /// What it did to the books is not in the books, or the books have a line that nothing here accounts for.
    NotPosted,
    /// The books hold another sum than the bank.
    OtherBalance,
}

impl Verdict {
    pub const ALL: [Verdict; 10] = [
        Verdict::Matched,
        Verdict::InFlight,
        Verdict::MissingHere,
        Verdict::MissingThere,
        Verdict::OtherAmount,
        Verdict::OtherAccount,
        Verdict::OtherState,
        Verdict::Duplicate,
        Verdict::NotPosted,
        Verdict::OtherBalance,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Matched => "matched",
            Verdict::InFlight => "in_flight",
            Verdict::MissingHere => "missing_here",
            Verdict::MissingThere => "missing_there",
            Verdict::OtherAmount => "other_amount",
            Verdict::OtherAccount => "other_account",
            Verdict::OtherState => "other_state",
            Verdict::Duplicate => "duplicate",
            Verdict::NotPosted => "not_posted",
            Verdict::OtherBalance => "other_balance",
        }
    }

    pub const fn is_difference(self) -> bool {
        match self {
            Verdict::Matched | Verdict::InFlight => false,
            Verdict::MissingHere
            | Verdict::MissingThere
            | Verdict::OtherAmount
            | Verdict::OtherAccount
            | Verdict::OtherState
            | Verdict::Duplicate
            | Verdict::NotPosted
            | Verdict::OtherBalance => true,
        }
    }
}

/// One difference that was found. Never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    pub payer_id: String,
    /// What differs: a payment's or funding's id and its attempt, a transfer's id at the bank, or the name of a balance.
    pub subject: String,
    pub verdict: Verdict,
    /// The transfer or check at the bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_id: Option<String>,
    /// What we have: an amount and, of a payment or funding, its state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here: Option<String>,
    /// What the bank has, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub there: Option<String>,
    /// The bank's word was applied, and now both agree.
    pub remedied: bool,
    /// An earlier reconciliation raised the alarm about the same.
    pub known: bool,
    #[schema(value_type = String, format = DateTime)]
    pub found_at: Timestamp,
}

impl Finding {
    /// Names a difference across reconciliations. A balance that differs by another amount is another one.
    pub fn name(&self) -> String {
        match self.verdict {
            Verdict::OtherBalance => {
                let sums = (self.here.as_deref().unwrap_or_default(), self.there.as_deref().unwrap_or_default());
                format!("{}#{}#{}#{}", self.verdict.as_str(), self.subject, sums.0, sums.1)
            }
            Verdict::Matched
            | Verdict::InFlight
            | Verdict::MissingHere
            | Verdict::MissingThere
            | Verdict::OtherAmount
            | Verdict::OtherAccount
            | Verdict::OtherState
            | Verdict::Duplicate
            | Verdict::NotPosted => {
                let transfer_id = self.transfer_id.as_deref().unwrap_or_default();
                format!("{}#{}#{transfer_id}", self.verdict.as_str(), self.subject)
            }
        }
    }

    /// Nothing known makes it go away: an operator has to look.
    pub const fn is_unexplained(&self) -> bool {
        self.verdict.is_difference() && !self.remedied
    }
}

/// Comparisons of a payer or of all, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Counts {
    pub matched: u64,
    pub in_flight: u64,
    /// Differences, remedied ones included.
    pub differences: u64,
    pub remedied: u64,
    /// Differences that are not remedied.
    pub unexplained: u64,
}

impl Counts {
    pub fn plus(self, other: Self) -> Self {
        Self {
            matched: self.matched.saturating_add(other.matched),
            in_flight: self.in_flight.saturating_add(other.in_flight),
            differences: self.differences.saturating_add(other.differences),
            remedied: self.remedied.saturating_add(other.remedied),
            unexplained: self.unexplained.saturating_add(other.unexplained),
        }
    }

    /// Counts a finding.
    pub const fn take(&mut self, finding: &Finding) {
        match finding.verdict {
            Verdict::Matched => self.matched = self.matched.saturating_add(1),
            Verdict::InFlight => self.in_flight = self.in_flight.saturating_add(1),
            Verdict::MissingHere
            | Verdict::MissingThere
            | Verdict::OtherAmount
            | Verdict::OtherAccount
            | Verdict::OtherState
            | Verdict::Duplicate
            | Verdict::NotPosted
            | Verdict::OtherBalance => {
                self.differences = self.differences.saturating_add(1);
                if finding.remedied {
                    self.remedied = self.remedied.saturating_add(1);
                } else {
                    self.unexplained = self.unexplained.saturating_add(1);
                }
            }
        }
    }
}

/// Days in UTC, both included, in which the bank made the transfers that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub from: Date,
    pub to: Date,
}

/// Why a reconciliation is not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReconciliationRefusal {
    #[error("a range begins before it ends, and has {RANGE_DAYS_MAX} days at most")]
    Range,
    #[error("the range begins in the future")]
    NotYet,
}

impl Range {
    /// The days that a person asked for.
    pub fn asked(from: Date, to: Date, now: Timestamp) -> Result<Self, ReconciliationRefusal> {
        let days = (to - from).get_days();
        if days < 0 || i64::from(days) >= RANGE_DAYS_MAX {
            return Err(ReconciliationRefusal::Range);
        }
        if from > day_of(now) {
            return Err(ReconciliationRefusal::NotYet);
        }
        Ok(Self { from, to })
    }

    /// The days up to yesterday that the daily one looks at.
    pub fn daily(now: Timestamp) -> Self {
        let today = day_of(now);
        let before = |days: i64| today.checked_sub(jiff::Span::new().days(days)).unwrap_or(today);
        Self { from: before(DAILY_RANGE_DAYS), to: before(1) }
    }

    pub fn begins_at(self) -> Timestamp {
        start_of(self.from)
    }

    /// The end of the range, or the cut where that is earlier: nothing later is looked at.
    pub fn ends_at(self, cut: Timestamp) -> Timestamp {
        start_of(next_day(self.to)).checked_sub(SignedDuration::from_secs(1)).unwrap_or(cut).min(cut)
    }
}

fn start_of(day: Date) -> Timestamp {
    day.to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// What happened after this is not judged.
pub fn cut(as_of: Timestamp) -> Timestamp {
    as_of.checked_sub(SignedDuration::from_hours(GRACE_HOURS)).unwrap_or(as_of)
}

/// Whom and what, and how far it is. The work is done payer by payer, see [`run::PayerRun`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub id: ReconciliationId,
    pub version: u64,
    pub range: Range,
    /// One payer; absent for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_id: Option<String>,
    /// Only reports: nothing is applied, nobody is paused.
    pub dry_run: bool,
    pub state: ReconciliationState,
    /// Number of the list of payers that is gone through, and the place in it.
    #[serde(default)]
    pub list: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Payers that are compared.
    pub payers: u64,
    pub counts: Counts,
    /// Who asked for it; the daily one is the schedule's.
    pub by: String,
    pub as_of: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReconciliationState {
    /// Its payers are being found.
    Starting,
    /// Payer by payer.
    Running,
    Completed,
}

impl Reconciliation {
    pub fn new(
        id: ReconciliationId,
        range: Range,
        payer_id: Option<String>,
        dry_run: bool,
        by: &str,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            version: 1,
            range,
            payer_id,
            dry_run,
            state: ReconciliationState::Starting,
            list: 0,
            after: None,
            payers: 0,
            counts: Counts::default(),
            by: by.to_owned(),
            as_of: now,
            completed_at: None,
            due_at: Some(now),
        }
    }

    pub fn cut(&self) -> Timestamp {
        cut(self.as_of)
    }

    /// A page of a list's payers is found. `lists` is how many there are.
    pub fn payers_found(&mut self, found: u64, next: Option<String>, lists: usize, now: Timestamp) {
        self.payers = self.payers.saturating_add(found);
        self.after = next;
        if self.after.is_none() {
            self.list = self.list.saturating_add(1);
        }
        if self.list >= lists {
            self.state = ReconciliationState::Running;
        }
        self.due_at = Some(now);
    }

    /// Some payers are not done.
    pub fn wait(&mut self, minutes: i64, now: Timestamp) {
        self.due_at = now.checked_add(SignedDuration::from_mins(minutes)).ok();
    }

    /// All payers are done, and this is what they add up to.
    pub fn complete(&mut self, counts: Counts, now: Timestamp) {
        self.state = ReconciliationState::Completed;
        self.counts = counts;
        self.completed_at = Some(now);
        self.due_at = None;
    }
}

/// When the next daily reconciliation begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailySchedule {
    pub version: u64,
    /// The one that was begun last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<ReconciliationId>,
    pub due_at: Timestamp,
}

/// Nothing of the bank's moves then: its day has not begun, ours has ended.
const DAILY_AT_HOUR_UTC: i8 = 8;

impl DailySchedule {
    pub fn new(now: Timestamp) -> Self {
        Self { version: 1, latest: None, due_at: next_daily(now) }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at <= now
    }

    /// One a day: days that nobody was there for are in the range of the next.
    pub fn go_on(&mut self, begun: ReconciliationId, now: Timestamp) {
        self.latest = Some(begun);
        self.due_at = next_daily(now);
    }
}

fn next_daily(now: Timestamp) -> Timestamp {
    let hour = SignedDuration::from_hours(i64::from(DAILY_AT_HOUR_UTC));
    let of_day = |day: Date| start_of(day).checked_add(hour).unwrap_or(Timestamp::MAX);
    let today = of_day(day_of(now));
    if today > now { today } else { of_day(next_day(day_of(now))) }
}

/// An amount and a state, as a finding shows them.
pub(crate) fn shown(amount: Cents, state: &str) -> String {
    format!("{amount} {state}")
}
