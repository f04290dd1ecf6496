//! Whether the books can be relied on, by the daily reconciliation.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{DailySchedule, Reconciliation, ReconciliationState};

/// How long the daily one may be late, and how long it may take: its looks at the balances take three hours.
const LATE_HOURS: i64 = 12;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Nothing of ours was at the bank before the last eight o'clock.
    NothingYet,
    /// Payments, books and bank agree, but for what is on its way and what was remedied.
    Sound,
    /// The latest one is not done.
    Running,
    /// The latest one found what nothing explains.
    Differences,
    /// It did not begin or end in its time.
    Overdue,
}

pub fn health(round: Option<&DailySchedule>, latest: Option<&Reconciliation>, now: Timestamp) -> Health {
    let is_late = |at: Timestamp| at.checked_add(SignedDuration::from_hours(LATE_HOURS)).is_ok_and(|late| late < now);
    let Some(round) = round else { return Health::NothingYet };
    if is_late(round.due_at) {
        return Health::Overdue;
    }
    let Some(latest) = latest else { return Health::NothingYet };
    match latest.state {
        ReconciliationState::Completed if latest.counts.unexplained > 0 => Health::Differences,
        ReconciliationState::Completed => Health::Sound,
        ReconciliationState::Starting | ReconciliationState::Running if is_late(latest.as_of) => Health::Overdue,
        ReconciliationState::Starting | ReconciliationState::Running => Health::Running,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ReconciliationId;
    use crate::domain::reconciliation::{Counts, Range};

    fn at(hour: i64) -> Timestamp {
        let start: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        start + SignedDuration::from_hours(hour)
    }

    fn begun() -> (DailySchedule, Reconciliation) {
        let id = ReconciliationId::new(uuid::Uuid::nil());
        let mut round = DailySchedule::new(at(-1));
        round.go_on(id, at(0));
        (round, Reconciliation::new(id, Range::daily(at(0)), None, false, "schedule", at(0)))
    }

    #[test]
    fn it_is_sound_when_the_latest_one_found_nothing_that_is_unexplained() {
        assert_eq!(health(None, None, at(0)), Health::NothingYet);
        let first = DailySchedule::new(at(-1));
        assert_eq!(health(Some(&first), None, at(0)), Health::NothingYet);
        assert_eq!(health(Some(&first), None, at(13)), Health::Overdue);

        let (round, mut latest) = begun();
        assert_eq!(health(Some(&round), Some(&latest), at(4)), Health::Running);
        assert_eq!(health(Some(&round), Some(&latest), at(13)), Health::Overdue);
        latest.complete(Counts { differences: 1, remedied: 1, ..Counts::default() }, at(4));
        assert_eq!(health(Some(&round), Some(&latest), at(20)), Health::Sound);
        assert_eq!(health(Some(&round), Some(&latest), at(37)), Health::Overdue);
        latest.complete(Counts { differences: 1, unexplained: 1, ..Counts::default() }, at(4));
        assert_eq!(health(Some(&round), Some(&latest), at(20)), Health::Differences);
    }
}
