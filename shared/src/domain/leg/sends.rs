//! The sends of one attempt: who is sending it, and what is known of the sends before. Pure.
//!
//! Guarantees: a leg bears a claim exactly while a send of its attempt may have reached the bank, and is submitting for as long; only
//! the bank's word about those sends ends that. A refusal settles an attempt only where no send of it is unanswered: what was not
//! answered may have been done, or may still arrive.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Attention, AttentionReason, IllegalTransition, Kind, Leg, Reason, State, Step, Transition, next};

/// Column may forget a key after 30 days: an unknown outcome older than this is looked for in the bank's list, never sent again.
pub const RESEND_DAYS_MAX: i64 = 29;

/// After its last send, a transfer that the bank's list does not have is not there, and will not come: nothing is on its way that long.
pub const ON_ITS_WAY_HOURS: i64 = 24;

/// Sends of one attempt whose answers cannot be read, or whose senders never wrote what came of them, before a person is asked.
pub const SENDS_MAX: u32 = 50;

/// How the bank refuses what our own account lacks the money for.
const LACKS_MONEY: &str = "transfer_non_sufficient_fund";

/// So long the money of a payout may be lacking before a person is asked: it was there by our books.
const LACKING_HOURS_MAX: i64 = 72;

/// Why something is unsent again that the bank turned out not to have.
const NOT_AT_BANK: &str = "not_at_bank";

/// Who is sending it, until when nobody else may, and what the bank may have of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// A random token of the worker's run: a claim is recognized as one's own by it.
    pub owner: String,
    /// Elapsed time, not business time.
    pub lease_until: Timestamp,
    /// Business time of the first send of this attempt that the bank may have.
    pub first_sent_at: Timestamp,
    /// The same of the last one. Absent in claims that were stored before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sent_at: Option<Timestamp>,
    /// How often it was sent without an answer, while the bank was in reach.
    pub sends: u32,
    #[serde(default, skip_serializing_if = "Outcome::is_unknown")]
    pub outcome: Outcome,
    /// How far the bank's list has been looked through for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look: Option<Look>,
}

/// What is known of the sends of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There is one, and its answer is awaited: a refusal means that the bank has nothing.
    Awaited,
    /// One was not answered: the bank may have it, whatever it answers to others.
    #[default]
    Unknown,
    /// One was not answered, and a later one was refused: nothing is sent any more, and the bank's list shows whether the refusal holds.
    Refused(Refusal),
}

impl Outcome {
    fn is_unknown(&self) -> bool {
        *self == Outcome::Unknown
    }
}

/// Why the bank said no to a send, by what is to follow; with its code.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The payee or the amount is wrong: for good.
    Final(String),
    /// The request names something that the bank has forgotten: it is made anew.
    Stale(String),
    /// A reason of ours: the same request goes out again later.
    Ours(String),
}

/// Whether the tries of the same send before the answer were answered too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EarlierTries {
    Answered,
    OneSilent,
}

/// A send that came to nothing that we can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Silence {
    /// No answer: an outage is waited for, however long.
    OutOfReach,
    /// An answer that we cannot read: a person is asked when it goes on.
    Unreadable,
}

/// A place in the bank's list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Look {
    /// The bank's cursor: what is older than this has not been looked at.
    pub older_than: String,
}

/// What a look through a part of the bank's list came to, where the transfer was not in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Looked {
    /// The list goes on from there.
    Further(Look),
    /// That was all of it.
    Through,
}

/// A request ready to be stored and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedRequest {
    pub sealed_body: String,
    pub bank_account_id: String,
}

/// Who takes a leg, until when in elapsed time, and the business time of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub owner: String,
    pub until: Timestamp,
    pub business_now: Timestamp,
}

/// What to do with a leg that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextSend {
    /// Claim it and call the bank.
    Send,
    /// Look for it in the bank's list, among what was made between these times.
    LookUp { since: Timestamp, until: Timestamp, from: Option<Look> },
    /// Not before this.
    Rest { until: Timestamp },
    /// A person decides.
    GiveUp(AttentionReason),
    /// Somebody else has it, or it has moved on.
    NotNow,
}

/// The bank's list is looked through once everything that was sent has arrived there.
fn next_look(claim: &Claim, business_now: Timestamp) -> NextSend {
    let until = claim.arrived_by();
    if business_now < until {
        return NextSend::Rest { until };
    }
    let since = claim.first_sent_at;
    let since = since.checked_sub(SignedDuration::from_hours(1)).unwrap_or(since);
    NextSend::LookUp { since, until, from: claim.look.clone() }
}

impl Leg {
    /// Takes the leg for one send. What an earlier claim of this attempt stored goes out again; `request` is what to send where
    /// nothing was stored.
    pub fn claim(&mut self, kind: Kind, request: PreparedRequest, lease: Lease) -> Result<(), IllegalTransition> {
        if let Some(Claim { outcome: Outcome::Refused(_), .. }) = &self.claim {
            return Err(IllegalTransition { kind, state: self.state, step: Step::Claimed });
        }
        self.state = next(kind, self.state, Step::Claimed)?;
        if self.request.is_none() {
            self.request = Some(request.sealed_body);
            self.bank_account_id = Some(request.bank_account_id);
        }
        let earlier = self.claim.take();
        self.claim = Some(Claim {
            owner: lease.owner,
            lease_until: lease.until,
            first_sent_at: earlier.as_ref().map_or(lease.business_now, |claim| claim.first_sent_at),
            last_sent_at: Some(lease.business_now),
            sends: earlier.as_ref().map_or(1, |claim| claim.sends.saturating_add(1)),
            // Whoever claimed it before has not written what came of it.
            outcome: earlier.map_or(Outcome::Awaited, |_| Outcome::Unknown),
            look: None,
        });
        Ok(())
    }

    /// Whether the bank may have something of this attempt that it has not told us about.
    pub fn may_be_out(&self) -> bool {
        self.claim.is_some()
    }

    /// Whether the bank has, had or may have something of it, whichever attempt.
    pub fn was_sent(&self) -> bool {
        self.transfer_id.is_some() || self.may_be_out() || self.attempt > 1
    }

    /// Whether somebody else is sending it now.
    pub fn is_leased(&self, elapsed_now: Timestamp) -> bool {
        let runs = self.claim.as_ref().is_some_and(|claim| elapsed_now < claim.lease_until);
        self.state == State::Submitting && fault!(LeaseIgnored, false, runs)
    }

    /// Whether the bank may have forgotten the key: then it is looked for in the bank's list and never sent again.
    pub fn is_too_old_to_resend(&self, business_now: Timestamp) -> bool {
        let oldest =
            business_now.checked_sub(SignedDuration::from_hours(24 * RESEND_DAYS_MAX)).unwrap_or(Timestamp::MIN);
        self.claim.as_ref().is_some_and(|claim| claim.first_sent_at < oldest)
    }

    /// What is next for a leg that may be sent as far as everything around it goes.
    pub fn next_send(&self, business_now: Timestamp, elapsed_now: Timestamp) -> NextSend {
        match self.state {
            State::Unprocessed | State::Submitting => {}
            State::Processing
            | State::Completed
            | State::Available
            | State::Failed
            | State::Returned
            | State::Canceled => return NextSend::NotNow,
        }
        if self.is_leased(elapsed_now) {
            return NextSend::NotNow;
        }
        let Some(claim) = &self.claim else { return NextSend::Send };
        let is_refused = matches!(claim.outcome, Outcome::Refused(_));
        if is_refused || self.is_too_old_to_resend(business_now) {
            return next_look(claim, business_now);
        }
        if claim.sends >= SENDS_MAX {
            return NextSend::GiveUp(AttentionReason::KeepsFailing);
        }
        NextSend::Send
    }

    /// The same where nobody wants it sent any more: what may be out is looked for, and nothing goes out.
    pub fn next_unwanted(&self, business_now: Timestamp) -> NextSend {
        self.claim.as_ref().map_or(NextSend::NotNow, |claim| next_look(claim, business_now))
    }

    /// Until when there is nothing to do for it but wait.
    pub fn rests_until(&self, business_now: Timestamp) -> Option<Timestamp> {
        match self.next_send(business_now, Timestamp::MAX) {
            NextSend::Rest { until } => Some(until),
            NextSend::Send | NextSend::LookUp { .. } | NextSend::GiveUp(_) | NextSend::NotNow => None,
        }
    }

    /// The bank said no to the send of the claim. `tries` are those of the same send before.
    pub fn refused(
        &mut self,
        kind: Kind,
        refusal: Refusal,
        tries: EarlierTries,
    ) -> Result<Transition, IllegalTransition> {
        let is_first = self.claim.as_ref().is_some_and(|claim| claim.outcome == Outcome::Awaited);
        let is_known = fault!(RefusalSettlesUnknown, true, is_first && tries == EarlierTries::Answered);
        if self.state != State::Submitting || is_known {
            return self.settle(kind, refusal);
        }
        self.end_lease();
        if let Some(claim) = &mut self.claim {
            match refusal {
                Refusal::Ours(code) => {
                    claim.outcome = Outcome::Unknown;
                    claim.sends = claim.sends.saturating_sub(fault!(OwnRefusalsUseUpTries, 0, 1));
                    self.reason = Some(Reason::Deferred(code));
                }
                Refusal::Final(_) | Refusal::Stale(_) => claim.outcome = Outcome::Refused(refusal),
            }
        }
        Ok(Transition { from: self.state, to: self.state, effects: Vec::new() })
    }

    /// Notes whether the bank refused it for want of money, and asks a person where that has gone on for days. Answers whether it did.
    pub fn note_lack(&mut self, now: Timestamp) -> bool {
        let lacks = matches!(&self.reason, Some(Reason::Deferred(code)) if code == LACKS_MONEY);
        let since = self.lacking_since.filter(|_| lacks).or_else(|| lacks.then_some(now));
        self.lacking_since = since;
        let until = since.and_then(|since| since.checked_add(SignedDuration::from_hours(LACKING_HOURS_MAX)).ok());
        let is_long = until.is_some_and(|until| until <= now) && self.attention.is_none();
        if is_long {
            self.raise(AttentionReason::KeepsFailing, now);
        }
        is_long
    }

    /// The bank has nothing of this attempt, and that is why.
    fn settle(&mut self, kind: Kind, refusal: Refusal) -> Result<Transition, IllegalTransition> {
        match refusal {
            Refusal::Final(code) => self.unclaimed(kind, Step::Refused, Reason::Refused(code)),
            Refusal::Stale(code) => self.unclaimed(kind, Step::Deferred, Reason::Deferred(code)),
            Refusal::Ours(code) => {
                let kept = fault!(OwnRefusalsUseUpTries, self.claim.clone(), None);
                let moved = self.unclaimed(kind, Step::Deferred, Reason::Deferred(code))?;
                self.claim = kept.filter(|_| moved.from != moved.to).or(self.claim.take());
                Ok(moved)
            }
        }
    }

    /// Its next request is made anew: what was true of the account at the other end may be so no more.
    pub(super) fn unclaimed(
        &mut self,
        kind: Kind,
        step: Step,
        reason: Reason,
    ) -> Result<Transition, IllegalTransition> {
        let moved = self.step(kind, step, Some(reason))?;
        if moved.from != moved.to {
            self.claim = None;
            fault!(RefusedRequestKept, (), self.request = None);
        }
        Ok(moved)
    }

    /// The send of the claim may have been done, and we do not know.
    pub fn silent(&mut self, silence: Silence) {
        self.end_lease();
        if let Some(claim) = &mut self.claim {
            if claim.outcome == Outcome::Awaited {
                claim.outcome = Outcome::Unknown;
            }
            claim.sends = claim.sends.saturating_sub(u32::from(silence == Silence::OutOfReach));
        }
    }

    /// The send of the claim certainly never reached the bank.
    pub fn not_sent(&mut self, kind: Kind) -> Result<Transition, IllegalTransition> {
        if self.claim.as_ref().is_some_and(|claim| claim.outcome == Outcome::Awaited) {
            return self.unclaimed(kind, Step::Deferred, Reason::Deferred("out_of_reach".to_owned()));
        }
        self.silent(Silence::OutOfReach);
        Ok(Transition { from: self.state, to: self.state, effects: Vec::new() })
    }

    /// A look through the bank's list did not find it. Seen all through, that settles what was refused; what is too old to be sent again
    /// is a person's.
    pub fn looked(&mut self, kind: Kind, looked: Looked, now: Timestamp) -> Result<Transition, IllegalTransition> {
        let stays = Transition { from: self.state, to: self.state, effects: Vec::new() };
        let Some(claim) = self.claim.as_mut().filter(|_| self.state == State::Submitting) else { return Ok(stays) };
        match looked {
            Looked::Further(look) => {
                claim.look = fault!(LookStartsAnew, None, Some(look));
                Ok(stays)
            }
            Looked::Through => {
                claim.look = None;
                match claim.outcome.clone() {
                    Outcome::Refused(refusal) => self.settle(kind, refusal),
                    Outcome::Awaited | Outcome::Unknown => {
                        self.raise(AttentionReason::OutcomeUnknown, now);
                        Ok(stays)
                    }
                }
            }
        }
    }

    /// The bank has nothing of this attempt, by its whole list or by the word of two operators: it is unsent again.
    pub fn never_arrived(&mut self, kind: Kind) -> Result<Transition, IllegalTransition> {
        self.unclaimed(kind, Step::Deferred, Reason::Deferred(NOT_AT_BANK.to_owned()))
    }

    /// The same where nobody wants it sent any more: what the bank does not have by then was never sent.
    pub fn looked_unwanted(
        &mut self,
        kind: Kind,
        looked: Looked,
        now: Timestamp,
    ) -> Result<Transition, IllegalTransition> {
        let is_unknown = self.state == State::Submitting
            && self.claim.as_ref().is_some_and(|claim| !matches!(claim.outcome, Outcome::Refused(_)));
        if fault!(UnwantedStaysUnknown, false, is_unknown && looked == Looked::Through) {
            return self.never_arrived(kind);
        }
        self.looked(kind, looked, now)
    }

    /// Whether it is unsent again because the bank turned out to have nothing of it.
    pub fn is_not_at_bank(&self) -> bool {
        matches!(&self.reason, Some(Reason::Deferred(code)) if code == NOT_AT_BANK)
    }

    /// An operator says that the automatic may go on: what counted toward asking a person counts anew.
    pub fn clear_attention(&mut self) -> Option<Attention> {
        let cleared = self.attention.take()?;
        self.lacking_since = None;
        if let Some(claim) = &mut self.claim {
            claim.sends = 0;
            claim.look = None;
        }
        Some(cleared)
    }

    pub(super) fn end_lease(&mut self) {
        if let Some(claim) = &mut self.claim {
            claim.lease_until = Timestamp::UNIX_EPOCH;
        }
    }
}

impl Claim {
    /// When everything that was sent has arrived at the bank, or never will.
    pub fn arrived_by(&self) -> Timestamp {
        let last = self.last_sent_at.unwrap_or(self.first_sent_at);
        last.checked_add(SignedDuration::from_hours(ON_ITS_WAY_HOURS)).unwrap_or(Timestamp::MAX)
    }
}
