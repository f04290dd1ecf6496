//! How old what Plaid said is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// When something was read, and how recent Plaid's own data were then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Age {
    /// When Plaid answered.
    #[schema(value_type = String, format = DateTime)]
    pub read_at: Timestamp,
    /// When Plaid last heard from the institution, where it says so: an answer made now may be days old inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

impl Age {
    pub const fn read_now(read_at: Timestamp) -> Self {
        Self { read_at, updated_at: None }
    }

    /// The moment that the data speak of: whichever is earlier.
    pub fn as_of(self) -> Timestamp {
        self.updated_at.map_or(self.read_at, |updated_at| updated_at.min(self.read_at))
    }

    /// Whether the data are older than that many hours. Data from the future count as fresh: clocks differ.
    pub fn is_older_than(self, hours: u32, now: Timestamp) -> bool {
        now.duration_since(self.as_of()) > SignedDuration::from_hours(i64::from(hours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_made_now_of_old_data_is_old() {
        let now: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
        let hours_ago = |hours| now.checked_sub(SignedDuration::from_hours(hours)).unwrap();
        assert!(!Age::read_now(hours_ago(36)).is_older_than(36, now));
        assert!(Age::read_now(hours_ago(37)).is_older_than(36, now));
        assert!(Age { read_at: now, updated_at: Some(hours_ago(37)) }.is_older_than(36, now));
        assert!(!Age { read_at: now, updated_at: Some(hours_ago(-5)) }.is_older_than(0, now));
    }
}
