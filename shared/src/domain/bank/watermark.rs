//! How far the bank's events are known to be recorded, and which of them are looked through next.
//!
//! Guarantees: the watermark moves only when a window was looked through to its oldest event. The bank lists newest first, so a window is
//! fixed when it is opened and its pages are taken one after another, however many runs that needs. Windows overlap: an event that the
//! list shows up to 75 minutes after its time (the overlap, and what is left to the webhook) is still found.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Between two windows.
pub const POLL_MINUTES: i64 = 60;

/// Newer events are left to their webhooks, which are on their way.
const WEBHOOK_MINUTES: i64 = 15;

/// How far a window reaches back before the watermark. How late its list may show an event the bank does not say.
const OVERLAP_MINUTES: i64 = 60;

/// A run that takes pages is left alone for this long.
const RUN_MINUTES: i64 = 3;

/// After the bank was out of reach.
const RETRY_MINUTES: i64 = 10;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    pub version: u64,
    /// Every event of the bank up to this moment is applied or in the inbox.
    pub recorded_until: Timestamp,
    /// What is being looked through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// When it is looked at again.
    pub due_at: Timestamp,
}

/// Events of this time, both ends included, from the newest on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Everything newer than this event is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than: Option<String>,
}

impl Watermark {
    /// Before anything of ours was at the bank.
    pub fn new(now: Timestamp) -> Self {
        Self { version: 1, recorded_until: now, window: None, due_at: later(now, POLL_MINUTES) }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at <= now
    }

    /// The window that is open, or the next one.
    pub fn open(&mut self, now: Timestamp) -> &Window {
        self.window.get_or_insert_with(|| Window {
            from: later(self.recorded_until, -OVERLAP_MINUTES),
            until: later(now, -WEBHOOK_MINUTES).max(self.recorded_until),
            older_than: None,
        })
    }

    /// Every event of a page is applied or in the inbox. `older` is where the next page begins; on the last page the watermark moves.
    pub fn page_taken(&mut self, older: Option<String>, now: Timestamp) {
        match (self.window.take(), older) {
            (Some(window), Some(older)) => {
                self.window = Some(Window { older_than: Some(older), ..window });
                self.due_at = later(now, RUN_MINUTES);
            }
            (Some(window), None) => {
                self.recorded_until = window.until;
                self.due_at = later(now, POLL_MINUTES);
            }
            (None, _) => {}
        }
    }

    /// The run's time is over, and the window is not.
    pub fn go_on_at_once(&mut self, now: Timestamp) {
        self.due_at = now;
    }

    /// The bank gave no page. What was done of the window is not done again, unless it was our place in its list that the bank refused.
    pub fn no_page(&mut self, place_refused: bool, now: Timestamp) {
        if place_refused {
            self.window = None;
        }
        self.due_at = later(now, RETRY_MINUTES);
    }
}

fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        later("2026-03-02T15:00:00Z".parse().unwrap(), minute)
    }

    #[test]
    fn a_window_reaches_back_before_the_watermark_and_leaves_the_newest_to_the_webhook() {
        let mut watermark = Watermark::new(at(0));
        assert!(!watermark.is_due(at(59)) && watermark.is_due(at(60)));
        assert_eq!(watermark.open(at(60)), &Window { from: at(-60), until: at(45), older_than: None });
        watermark.page_taken(None, at(61));
        assert_eq!((watermark.recorded_until, watermark.due_at, watermark.window), (at(45), at(121), None));
    }

    #[test]
    fn the_watermark_stays_until_the_last_page_and_the_window_until_then() {
        let mut watermark = Watermark::new(at(0));
        watermark.open(at(60));
        watermark.page_taken(Some("evnt_2".to_owned()), at(61));
        assert_eq!((watermark.recorded_until, watermark.due_at), (at(0), at(64)));
        // Another run, much later, goes on with the same window.
        let open = watermark.open(at(500)).clone();
        assert_eq!(open, Window { from: at(-60), until: at(45), older_than: Some("evnt_2".to_owned()) });
        watermark.page_taken(None, at(501));
        assert_eq!(watermark.recorded_until, at(45));
    }

    #[test]
    fn what_was_done_is_kept_through_an_outage_and_forgotten_where_the_bank_forgot_our_place() {
        let mut watermark = Watermark::new(at(0));
        watermark.open(at(60));
        watermark.page_taken(Some("evnt_2".to_owned()), at(61));
        watermark.no_page(false, at(70));
        assert!(watermark.window.is_some() && watermark.due_at == at(80));
        watermark.no_page(true, at(80));
        assert_eq!((watermark.window.as_ref(), watermark.recorded_until), (None, at(0)));
    }

    proptest! {
        /// However far apart the runs are, and however many pages a window has, no moment lies between two windows, and what the list
        /// shows 75 minutes late lies in a window that is opened after that.
        #[test]
        fn no_moment_is_left_out(runs in proptest::collection::vec((1_i64..400, 0_u8..4), 2..40)) {
            let mut watermark = Watermark::new(at(0));
            let (mut now, mut opened) = (0_i64, Vec::new());
            for (pause, pages) in runs {
                now += pause;
                if !watermark.is_due(at(now)) {
                    continue;
                }
                let is_new = watermark.window.is_none();
                let window = watermark.open(at(now)).clone();
                if is_new {
                    opened.push((now, window));
                }
                watermark.page_taken((pages > 0).then(|| format!("evnt_{pages}")), at(now));
            }
            for minute in 0..now {
                let late = opened.iter().filter(|(opened_at, _)| *opened_at >= minute + 75);
                let mut late = late.peekable();
                let is_seen = late.clone().any(|(_, window)| window.from <= at(minute) && at(minute) <= window.until);
                // Not where no window was opened that late.
                prop_assert!(is_seen || late.peek().is_none(), "minute {minute} of {opened:?}");
            }
        }
    }
}
