//! Time at the simulated Plaid, and what happens by itself when it comes.

use jiff::{SignedDuration, Timestamp};

use super::items::ItemState;
use super::webhooks::Notice;
use super::{Counters, Due, NOTICE_OF_DISCONNECT, Plaid};

impl Plaid {
    /// Does everything that falls due up to the caller's time `now`, each at its own time.
    pub fn advance(&mut self, now: Timestamp) {
        let until = now.saturating_add(self.offset).unwrap_or(now).max(self.now);
        while let Some((&(at, _), _)) = self.due.first_key_value()
            && at <= until
        {
            let Some((_, due)) = self.due.pop_first() else { break };
            self.now = self.now.max(at);
            self.fall_due(due);
        }
        self.now = until;
    }

    pub(crate) fn schedule(&mut self, at: Timestamp, due: Due) {
        let number = self.ids.number();
        self.due.insert((at, number), due);
    }

    fn fall_due(&mut self, due: Due) {
        match due {
            Due::See(login) => self.see_login(login),
            Due::Look(item) => {
                self.see(item);
                self.look_later(item);
            }
            Due::Book { login, movement } => {
                self.book(login, movement);
            }
            Due::Read { item, readiness } => {
                if self.items[item].state != ItemState::Removed {
                    self.finish_reading(item, readiness);
                }
            }
            Due::ConsentNotice { item, ends_at } => {
                let known = &self.items[item];
                if known.consent_expires_at == Some(ends_at) && known.state == ItemState::Healthy {
                    self.announce(item, Notice::PendingDisconnect { at: ends_at });
                }
            }
            Due::ConsentEnd { item, ends_at } => {
                if self.items[item].consent_expires_at == Some(ends_at) {
                    self.require_login(item, Some("OAUTH_CONSENT_EXPIRED".to_owned()), false);
                }
            }
        }
    }

    /// Plaid looks at the item again after the usual time, unless it is gone.
    pub(crate) fn look_later(&mut self, item: usize) {
        let Some(after_s) = self.settings.looks_every_s else { return };
        if self.items[item].state != ItemState::Removed {
            let at = self.now.saturating_add(SignedDuration::from_secs(i64::from(after_s))).unwrap_or(Timestamp::MAX);
            self.schedule(at, Due::Look(item));
        }
    }

    /// The consent ends then, or never.
    pub(crate) fn set_consent(&mut self, item: usize, ends_at: Option<Timestamp>) {
        self.items[item].consent_expires_at = ends_at;
        let Some(ends_at) = ends_at else { return };
        let notice_at = ends_at.saturating_sub(NOTICE_OF_DISCONNECT).unwrap_or(ends_at);
        self.schedule(notice_at, Due::ConsentNotice { item, ends_at });
        self.schedule(ends_at, Due::ConsentEnd { item, ends_at });
    }

    /// When something happens next (by itself, or a webhook is due), on the caller's clock.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next_transition().into_iter().chain(self.next_delivery()).min()
    }

    /// When something happens next by itself, on the caller's clock. What was overtaken meanwhile may leave a time behind at which nothing happens.
    #[must_use]
    pub fn next_transition(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|(&(at, _), _)| self.caller_time(at))
    }

    /// Whether nothing is due at the caller's time `now` and no webhook that was taken is still without a report.
    #[must_use]
    pub fn is_quiet(&self, now: Timestamp) -> bool {
        self.outbox.under_way() == 0 && self.next_due().is_none_or(|due| due > now)
    }

    /// The latest time that Plaid has seen, on the caller's clock.
    #[must_use]
    pub fn latest_time(&self) -> Timestamp {
        self.caller_time(self.now)
    }

    pub(crate) fn caller_time(&self, at: Timestamp) -> Timestamp {
        at.saturating_sub(self.offset).unwrap_or(at)
    }

    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            calls: self.calls,
            calls_by_path: self.calls_by_path.clone(),
            items: self.items.iter().filter(|item| item.state != ItemState::Removed).count(),
            deliveries: self.outbox.counts(),
        }
    }
}
