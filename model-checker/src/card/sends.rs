//! Claiming a send, calling the bank, and taking in what comes of it.

use jiff::{SignedDuration, Timestamp};
use shared::domain::autopay::payment_effects::may_mail;
use shared::domain::autopay::sending;
use shared::domain::funding::Funding;
use shared::domain::leg::{
    AttentionReason, EarlierTries, Kind, Lease, Leg, Looked, NextSend, PreparedRequest, Refusal, Silence, State,
};
use shared::domain::payment::Payment;
use shared::domain::payment::single::may_resend;

use super::actions::Answer;
use super::bank::Transfer;
use super::item::Item;
use super::table::{Call, Key, Part, Put, Write};
use super::worker::Look;
use super::{CardWorld, Cards, ELAPSED_NOW, heard, outside, review, stored};

/// What becomes of a wish to send.
pub(super) enum Sending {
    Write(Write),
    /// It is in the bank's list.
    Found,
    Not,
}

/// A leg that is to be sent, and who may write it.
struct Sender<'a> {
    look: &'a Look<'a>,
    part: Part,
    leg: Leg,
    kind: Kind,
}

/// What comes of sending one of the two transfers of a payment now.
pub(super) fn next(look: &Look<'_>, part: Part) -> Sending {
    let (leg, kind) = match part {
        Part::Debit => (look.funding.leg.clone(), Kind::Funding),
        Part::Payout => (look.payment.leg.clone(), look.payment.kind()),
    };
    Sender { look, part, leg, kind }.next()
}

/// Whether a debit may be sent at this moment.
pub(super) fn is_debit_allowed(look: &Look<'_>) -> bool {
    let Some(facts) = look.payment.autopay.as_deref() else { return true };
    sending::Sending {
        payment: &look.payment,
        facts,
        person: look.person(),
        card: &review::as_shared(look.cards, look.holder, None),
        bank_account: &look.account,
        is_held: review::is_held(look.cards, look.holder),
    }
    .is_allowed()
}

impl Sender<'_> {
    fn next(mut self) -> Sending {
        let now = self.look.cards.now();
        match self.leg.next_send(now, ELAPSED_NOW) {
            NextSend::Send => {}
            NextSend::LookUp { .. } => {
                let is_wanted = self.permission().is_some();
                return self.look_up(is_wanted);
            }
            NextSend::Rest { until: _ } => return self.save(),
            NextSend::GiveUp(reason) => {
                self.leg.raise(reason, now);
                return self.save();
            }
            NextSend::NotNow => return Sending::Not,
        }
        let Some(checks) = self.permission() else { return self.unwanted() };
        let is_again = self.leg.may_be_out();
        let request = PreparedRequest {
            sealed_body: "request".to_owned(),
            bank_account_id: stored::account_at_bank(self.look.holder),
        };
        let until = ELAPSED_NOW.saturating_add(SignedDuration::from_mins(5)).unwrap_or(Timestamp::MAX);
        let lease = Lease { owner: "worker".to_owned(), until, business_now: now };
        if self.leg.claim(self.kind, request, lease).is_err() {
            return Sending::Not;
        }
        let call =
            Call { life: self.look.life, part: self.part, attempt: self.leg.attempt, is_current: true, is_again };
        match self.save() {
            Sending::Write(write) => Sending::Write(Write { checks, call: Some(call), ..write }),
            other @ (Sending::Found | Sending::Not) => other,
        }
    }

    /// What the claim is held to; nothing where nobody allows the send.
    fn permission(&self) -> Option<Vec<Key>> {
        let look = self.look;
        match self.part {
            Part::Debit if !is_debit_allowed(look) => None,
            Part::Debit if !look.world.is_held_to => Some(Vec::new()),
            Part::Debit => {
                let mut checks = review::held_to(look.cards, look.holder);
                checks.extend(
                    review::others(look.cards, look.holder).flat_map(|other| [Key::Card(other), Key::Account(other)]),
                );
                let own = [Key::Person(look.holder), Key::Card(look.holder), Key::Account(look.holder)];
                checks.extend(own);
                checks.push(Key::Payment(look.life));
                Some(checks)
            }
            Part::Payout if self.leg.may_be_out() => {
                may_resend(&look.payment, &look.funding).then(|| vec![Key::Funding(look.funded_by())])
            }
            Part::Payout if self.kind != Kind::Check => Some(Vec::new()),
            Part::Payout => may_mail(&look.card, &look.payment.payee).then(|| vec![Key::Card(look.holder)]),
        }
    }

    /// Nobody allows it any more. An earlier send may have reached the bank: its list says so.
    fn unwanted(self) -> Sending {
        match self.leg.next_unwanted(self.look.cards.now()) {
            NextSend::LookUp { .. } => self.look_up(false),
            NextSend::Rest { until: _ } => self.save(),
            NextSend::Send | NextSend::GiveUp(_) | NextSend::NotNow => Sending::Not,
        }
    }

    fn look_up(mut self, is_wanted: bool) -> Sending {
        let cards = self.look.cards;
        if cards.find(self.look.life, self.part, self.leg.attempt).is_some() {
            return Sending::Found;
        }
        let looked = if is_wanted {
            self.leg.looked(self.kind, Looked::Through, cards.now())
        } else {
            self.leg.looked_unwanted(self.kind, Looked::Through, cards.now())
        };
        if looked.is_ok() { self.save() } else { Sending::Not }
    }

    fn save(self) -> Sending {
        Sending::Write(Write {
            puts: vec![put(self.look.cards, self.look.life, self.part, self.leg)],
            ..Write::default()
        })
    }
}

/// The put of an item with this leg.
fn put(cards: &Cards, life: usize, part: Part, leg: Leg) -> Put {
    let known = &cards.table.lives[life];
    match (part, &known.funding) {
        (Part::Debit, Some(funding)) => {
            let mut funding = Funding { leg, ..Funding::clone(funding) };
            funding.schedule(cards.now());
            Put::Funding(life, Item::new(funding))
        }
        (Part::Debit, None) | (Part::Payout, _) => {
            let mut payment = Payment { leg, ..Payment::clone(&known.payment) };
            payment.schedule(cards.now());
            Put::Payment(life, Item::new(payment))
        }
    }
}

/// A call comes to its end.
pub(super) fn ends(world: &CardWorld, cards: &mut Cards, place: usize, answer: Answer) -> bool {
    let call = cards.calls.remove(place);
    match answer {
        Answer::Accepts => {
            let position = act(world, cards, call);
            let status = cards.transfers[position].status;
            heard::hear(world, cards, position, status);
        }
        Answer::ActsInSilence => {
            act(world, cards, call);
            take_in(cards, call, |leg, _| leg.silent(Silence::OutOfReach));
        }
        Answer::Lost => take_in(cards, call, |leg, _| leg.silent(Silence::OutOfReach)),
        Answer::Refuses => {
            take_in(cards, call, |leg, kind| {
                // What the domain does not take leaves the leg as it is.
                drop(leg.refused(kind, Refusal::Final("refused".to_owned()), EarlierTries::Answered));
            });
        }
    }
    true
}

/// Writes down what a worker knows, where the item is as it was claimed. Else the lease ends some minutes later.
fn take_in(cards: &mut Cards, call: Call, change: impl FnOnce(&mut Leg, Kind)) {
    let Some((mut leg, kind)) = leg_of(cards, call) else { return };
    if call.is_current {
        change(&mut leg, kind);
    } else {
        end_lease(&mut leg);
    }
    let is_refund = call.part == Part::Payout && cards.table.lives[call.life].payment.refund_of().is_some();
    if is_refund && leg.state == State::Failed {
        leg.raise(AttentionReason::RefundReturned, cards.now());
    }
    let write = Write { puts: vec![put(cards, call.life, call.part, leg)], ..Write::default() };
    cards.commit(write);
}

fn leg_of(cards: &Cards, call: Call) -> Option<(Leg, Kind)> {
    let known = &cards.table.lives[call.life];
    match call.part {
        Part::Debit => known.funding.as_ref().map(|funding| (funding.leg.clone(), Kind::Funding)),
        Part::Payout => Some((known.payment.leg.clone(), known.payment.kind())),
    }
}

/// Elapsed time goes on beyond the lease. Nobody writes that.
fn end_lease(leg: &mut Leg) {
    if let Some(claim) = leg.claim.as_mut().filter(|_| leg.state == State::Submitting) {
        claim.lease_until = Timestamp::UNIX_EPOCH;
    }
}

/// The bank does what a call asks for: what it remembers it does not do again.
fn act(world: &CardWorld, cards: &mut Cards, call: Call) -> usize {
    if let Some(known) = cards.find(call.life, call.part, call.attempt) {
        return known;
    }
    let payment = &cards.table.lives[call.life].payment;
    let kind = if call.part == Part::Debit { Kind::Funding } else { payment.kind() };
    cards.transfers.push(Transfer {
        life: call.life,
        part: call.part,
        kind,
        attempt: call.attempt,
        amount: payment.amount.get(),
        made_on: cards.day,
        status: Transfer::first_status(kind),
        settled_on: None,
        was_stopping: false,
        is_letter_back: false,
    });
    outside::judge_made(world, cards);
    cards.transfers.len() - 1
}

impl Cards {
    /// The transfer that a send of this attempt made.
    pub(super) fn find(&self, life: usize, part: Part, attempt: u32) -> Option<usize> {
        self.transfers.iter().position(|one| (one.life, one.part, one.attempt) == (life, part, attempt))
    }
}
