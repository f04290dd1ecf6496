//! A worker that looks at a payment and does the one thing that is next.

use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::facts::AutopayFacts;
use shared::domain::autopay::held::{Ended, EndedBy};
use shared::domain::autopay::payment_effects::{CardStep, ended_by_debit, is_still_owed, may_debit, may_mail};
use shared::domain::autopay::person::Person;
use shared::domain::autopay::real_account::shared_bank_account;
use shared::domain::funding::Funding;
use shared::domain::leg::{AttentionReason, Effect, Kind, State};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::domain::payment::single::{
    Action as Next, PayerFacts, PaymentContext, is_lost_and_owed, is_taken_off, next_action, repays_receivable,
};

use super::bank::Status;
use super::item::Item;
use super::sends::{self, Sending};
use super::table::{Key, Life, Part, Put, Write};
use super::{CardWorld, Cards, ELAPSED_NOW, heard, review, stored};

/// Steps of one look: the hold ends, and the money goes out.
const STEPS_MAX: usize = 3;

/// A payment, its funding and everything around it, as a worker reads them.
pub(super) struct Look<'a> {
    pub world: &'a CardWorld,
    pub cards: &'a Cards,
    pub life: usize,
    pub payment: Payment,
    pub funding: Funding,
    pub holder: usize,
    pub card: Card,
    pub account: BankAccount,
}

/// What a look leads to.
pub(super) enum Found {
    Write(Write),
    /// The bank is asked, and its answer is applied to what the table holds by then.
    Asks(Part),
    /// The bank is asked to stop a check, and its answer applied in the same way.
    Stops,
    Nothing,
}

/// Does what is next, until there is nothing or the bank is called. Answers whether anything happened.
pub(super) fn advance(world: &CardWorld, cards: &mut Cards, life: usize) -> bool {
    let mut has_happened = false;
    for _ in 0..STEPS_MAX {
        settle_receivables(cards);
        match look(world, cards, life) {
            Found::Write(write) if !write.is_nothing() => {
                let goes_on = write.goes_on;
                cards.commit(write);
                has_happened = true;
                if !goes_on {
                    break;
                }
            }
            Found::Write(_) | Found::Nothing => break,
            Found::Asks(part) => {
                has_happened |= heard::asked(world, cards, life, part);
                break;
            }
            Found::Stops => {
                has_happened |= stop(world, cards, life);
                break;
            }
        }
    }
    has_happened
}

/// What a worker that has just read everything would do.
pub(super) fn look(world: &CardWorld, cards: &Cards, life: usize) -> Found {
    Look::at(world, cards, life).map_or(Found::Nothing, Look::next)
}

/// Whoever owes nothing by their books is free.
pub(super) fn settle_receivables(cards: &mut Cards) {
    for holder in 0..cards.table.holders.len() {
        let own = &cards.table.holders[holder];
        if own.person.receivable_open && own.books.receivable() == 0 {
            let person = Person { receivable_open: false, ..Person::clone(&own.person) };
            cards.commit(Write { puts: vec![Put::Person(holder, Item::new(person))], ..Write::default() });
        }
    }
}

fn stop(world: &CardWorld, cards: &mut Cards, life: usize) -> bool {
    let attempt = cards.table.lives[life].payment.leg.attempt;
    let Some(position) = cards.find(life, Part::Payout, attempt) else { return false };
    if cards.transfers[position].status == Status::Issued {
        let day = cards.day;
        cards.transfers[position].moves_to(Status::Stopping, day);
    }
    let status = cards.transfers[position].status;
    heard::hear(world, cards, position, status)
}

impl<'a> Look<'a> {
    pub(super) fn at(world: &'a CardWorld, cards: &'a Cards, life: usize) -> Option<Self> {
        let known = &cards.table.lives[life];
        let funding = Funding::clone(cards.table.funding_of(life)?);
        let own = &cards.table.holders[known.holder];
        let mut account = BankAccount::clone(&own.account);
        account.unusable = account.unusable.or(cards.table.number.unusable());
        Some(Self {
            world,
            cards,
            life,
            payment: Payment::clone(&known.payment),
            funding,
            holder: known.holder,
            card: Card::clone(&own.card),
            account,
        })
    }

    pub(super) fn person(&self) -> &Person {
        &self.cards.table.holders[self.holder].person
    }

    fn standing(&self) -> PaymentContext<'_> {
        let (person, card) = (self.person(), &self.card);
        let facts = self.payment.autopay.as_deref();
        let is_held = review::is_held(self.cards, self.holder);
        let shared = review::as_shared(self.cards, self.holder, None);
        PaymentContext {
            payment: &self.payment,
            funding: &self.funding,
            payer: self.payer(),
            may_debit: facts.is_none_or(|facts| !is_held && may_debit(person, card, &self.account, facts)),
            is_still_owed: self.is_still_owed(&shared),
            may_present_again: self.bears_again(),
            may_mail: may_mail(card, &self.payment.payee),
            presented: shared.presented_with(self.payment.id),
            business_now: self.cards.now(),
            elapsed_now: ELAPSED_NOW,
        }
    }

    /// Whether its debit is still to be made: then everybody else who has card or bank account is read.
    fn may_be_debited(&self) -> bool {
        let is_unsent = matches!(self.funding.leg.state, State::Unprocessed | State::Returned);
        is_unsent && self.payment.leg.state == State::Unprocessed
    }

    fn is_still_owed(&self, shared: &Card) -> bool {
        let card = if self.may_be_debited() { shared } else { &self.card };
        is_still_owed(card, self.payment.id, self.payment.amount)
    }

    fn bears_again(&self) -> bool {
        let (id, amount) = (self.payment.id, self.payment.amount);
        let others = review::others(self.cards, self.holder).filter(|_| self.may_be_debited());
        let others: Vec<&BankAccount> = others.map(|other| &*self.cards.table.holders[other].account).collect();
        let shared = shared_bank_account(&self.account, &[&self.cards.table.number], others);
        shared.bears_again(id, amount)
    }

    fn payer(&self) -> PayerFacts {
        let (person, now) = (self.person(), self.cards.now());
        PayerFacts { is_paused: person.is_paused(now), receivable_open: person.receivable_open }
    }

    fn next(self) -> Found {
        match next_action(self.standing()) {
            Next::SendFunding => self.send(Part::Debit),
            Next::SendPayout => self.send(Part::Payout),
            Next::AskFunding => Found::Asks(Part::Debit),
            Next::AskPayout => Found::Asks(Part::Payout),
            Next::StopCheck => Found::Stops,
            Next::EndHold => self.end_hold(),
            Next::CancelFunding => self.cancel_funding(),
            Next::PresentAgain { not_before } => self.present_again(not_before),
            Next::FailUnfunded { after_available } => self.fail_unfunded(after_available),
            Next::CancelUnsent => self.cancel_both(),
            Next::GiveBack => self.give_back(),
            Next::NoteRepaid => self.note_repaid(),
            Next::Wait => self.postpone(),
        }
    }

    fn send(mut self, part: Part) -> Found {
        if part == Part::Debit && self.payment.due_at.is_some_and(|at| at <= self.cards.now()) {
            let puts = vec![self.put_payment()];
            return Found::Write(Write { puts, goes_on: true, ..Write::default() });
        }
        match sends::next(&self, part) {
            Sending::Write(write) => Found::Write(write),
            Sending::Found => Found::Asks(part),
            Sending::Not => Found::Nothing,
        }
    }

    /// The life whose own the funding is.
    pub(super) fn funded_by(&self) -> usize {
        self.cards.table.funded_by(self.life).unwrap_or(self.life)
    }

    fn put_payment(&mut self) -> Put {
        self.payment.schedule(self.cards.now());
        Put::Payment(self.life, Item::new(self.payment.clone()))
    }

    fn put_funding(&mut self) -> Put {
        self.funding.schedule(self.cards.now());
        Put::Funding(self.funded_by(), Item::new(self.funding.clone()))
    }

    /// The postings of the effects of a step of the payment.
    fn posts(&self, effects: &[Effect]) -> Vec<(usize, Effect, Cents)> {
        effects
            .iter()
            .map(|effect| (self.holder, *effect, self.payment.leg.posts(*effect, self.payment.amount)))
            .collect()
    }

    fn end_hold(mut self) -> Found {
        let now = self.cards.now();
        let Ok(mut moved) = self.funding.leg.end_hold() else { return Found::Nothing };
        let mut puts = Vec::new();
        let owes = self.cards.table.holders[self.holder].books.receivable() >= self.funding.amount.get();
        if repays_receivable(&self.payment.leg, self.payer()) {
            puts.push(Put::Person(self.holder, Item::new(self.person().clone())));
            if owes {
                moved.effects.push(Effect::ReceivableRepaid);
                self.funding.leg.effects.push(Effect::ReceivableRepaid);
            }
        }
        let posts = self.posts(&moved.effects);
        puts.push(self.put_funding());
        self.payment.due_at = Some(now);
        puts.push(Put::Payment(self.life, Item::new(self.payment.clone())));
        let number = self.funding.account.as_ref().map(|pulled| pulled.debited_number().to_owned());
        let mut account = BankAccount::clone(&self.cards.table.holders[self.holder].account);
        if number.is_some_and(|number| account.proven_by(&number, now)) {
            puts.push(Put::Account(self.holder, Item::new(account)));
        }
        Found::Write(Write { puts, posts, goes_on: true, ..Write::default() })
    }

    fn cancel_funding(mut self) -> Found {
        if self.funding.leg.cancel(Kind::Funding).is_err() {
            return Found::Nothing;
        }
        Found::Write(Write { puts: vec![self.put_funding()], ..Write::default() })
    }

    /// Nothing comes of the payment: the issuer gets nothing, and the debit takes nothing.
    fn undo(&mut self, ended: Option<Ended>) -> [Put; 2] {
        if let Some(ended) = &ended {
            self.card.end(self.payment.id, ended);
        }
        CardStep::Reversed.mark(&mut self.card, self.payment.id, self.cards.now());
        let mut account = BankAccount::clone(&self.cards.table.holders[self.holder].account);
        account.debit_gone(self.payment.id);
        [self.put_card(), Put::Account(self.holder, Item::new(account))]
    }

    fn put_card(&self) -> Put {
        let updated_at = self.cards.table.holders[self.holder].card.updated_at;
        Put::Card(self.holder, Item::new(Card { updated_at, ..self.card.clone() }))
    }

    fn fail_unfunded(mut self, after_available: bool) -> Found {
        let now = self.cards.now();
        let takes_off = after_available && !is_taken_off(&self.payment.leg, &self.funding);
        if takes_off && self.cards.table.holders[self.holder].books.receivable() < self.payment.amount.get() {
            return self.flag(AttentionReason::ReceivableOpen);
        }
        let kind = self.payment.kind();
        let Ok(moved) = self.payment.leg.fail_unfunded(kind, takes_off) else { return Found::Nothing };
        let posts = self.posts(&moved.effects);
        let mut puts = vec![self.put_payment()];
        if takes_off {
            self.funding.debt_taken_off_at = Some(now);
            puts.push(Put::Funding(self.funded_by(), Item::new(self.funding.clone())));
            puts.push(Put::Person(self.holder, Item::new(self.person().clone())));
        }
        if self.payment.refund_of().is_none() {
            let ended = ended_by_debit(&self.payment, &self.funding, now);
            puts.extend(self.undo(Some(ended)));
        }
        Found::Write(Write { puts, posts, goes_on: true, ..Write::default() })
    }

    fn cancel_both(mut self) -> Found {
        let presented = self.funding.leg.attempt.saturating_sub(1);
        self.card.present(self.payment.id, presented);
        let kind = self.payment.kind();
        if self.payment.leg.cancel(kind).is_err() || self.funding.leg.cancel(Kind::Funding).is_err() {
            return Found::Nothing;
        }
        let mut puts = vec![self.put_payment(), self.put_funding()];
        puts.extend(self.undo(None));
        Found::Write(Write { puts, ..Write::default() })
    }

    fn present_again(mut self, not_before: jiff::civil::Date) -> Found {
        if self.funding.present_again(not_before).is_err() {
            return Found::Nothing;
        }
        let (id, amount, attempt) = (self.payment.id, self.payment.amount, self.funding.leg.attempt);
        let mut account = BankAccount::clone(&self.cards.table.holders[self.holder].account);
        account.debit_gone(id);
        account.open_debit(id, amount);
        self.card.present(id, attempt);
        let puts = vec![
            self.put_funding(),
            self.put_payment(),
            Put::Account(self.holder, Item::new(account)),
            self.put_card(),
        ];
        let others = review::others(self.cards, self.holder).flat_map(|other| [Key::Card(other), Key::Account(other)]);
        Found::Write(Write { puts, checks: others.collect(), ..Write::default() })
    }

    /// The refund of what was not paid out. What was never sent ends canceled in the same write.
    fn give_back(mut self) -> Found {
        let (now, table) = (self.cards.now(), &self.cards.table);
        let number = table.lives.iter().filter(|life| life.holder == self.holder).count();
        let Some(facts) = self.payment.autopay.as_deref().cloned() else { return Found::Nothing };
        let mut puts = Vec::new();
        let mut checks = vec![Key::Funding(self.funded_by())];
        if is_lost_and_owed(&self.payment.leg, &self.funding) {
            let Some(noted) = self.repaid() else { return self.flag(AttentionReason::ReceivableOpen) };
            puts.extend(noted);
            checks.clear();
        }
        let id = stored::payment_id(self.holder, number);
        let refunded_by = self.payment.id;
        let of = AutopayFacts {
            cancel_asked_at: None,
            stop_asked_at: None,
            mailed_before: Vec::new(),
            refund_of: Some(refunded_by),
            refunded_by: None,
            used_up_at: None,
            ..facts
        };
        let refund = stored::refund(id, &self.payment, of, now);
        if let Some(facts) = &mut self.payment.autopay {
            facts.refunded_by = Some(id);
        }
        let is_unsent = self.payment.leg.state == State::Unprocessed;
        let is_requested = is_unsent || self.payment.is_cancel_asked();
        let ended = (!is_requested).then(|| Ended::of(EndedBy::CheckFailed, &self.payment, now));
        let kind = self.payment.kind();
        if is_unsent && self.payment.leg.cancel(kind).is_err() {
            return Found::Nothing;
        }
        puts.push(self.put_payment());
        puts.push(Put::Open(Life { holder: self.holder, payment: Item::new(refund), funding: None }));
        CardStep::Reversed.mark(&mut self.card, self.payment.id, now);
        if let Some(ended) = &ended {
            self.card.end(self.payment.id, ended);
        }
        puts.push(self.put_card());
        Found::Write(Write { puts, checks, ..Write::default() })
    }

    /// The puts that note that its person has repaid its lost funding, where the books hold that.
    fn repaid(&mut self) -> Option<[Put; 2]> {
        let books = &self.cards.table.holders[self.holder].books;
        if self.person().receivable_open || books.funds() < self.payment.amount.get() {
            return None;
        }
        self.funding.repaid = Some(self.funding.amount);
        let funding = Put::Funding(self.funded_by(), Item::new(self.funding.clone()));
        Some([funding, Put::Person(self.holder, Item::new(self.person().clone()))])
    }

    fn note_repaid(mut self) -> Found {
        let Some(noted) = self.repaid() else { return self.flag(AttentionReason::ReceivableOpen) };
        Found::Write(Write { puts: noted.into(), goes_on: true, ..Write::default() })
    }

    fn flag(mut self, reason: AttentionReason) -> Found {
        let now = self.cards.now();
        self.payment.leg.raise(reason, now);
        Found::Write(Write { puts: vec![self.put_payment()], ..Write::default() })
    }

    /// Nothing can be done now: what is due is looked at again later.
    fn postpone(mut self) -> Found {
        let now = self.cards.now();
        let is_due = |at: Option<jiff::Timestamp>| at.is_some_and(|at| at <= now);
        let later = || now.checked_add(jiff::SignedDuration::from_hours(12)).ok();
        let mut puts = Vec::new();
        if is_due(self.payment.due_at) {
            self.payment.schedule(now);
            if self.payment.owes_refund() && !self.funding.leg.state.holds_money() {
                self.payment.due_at = later().filter(|_| is_lost_and_owed(&self.payment.leg, &self.funding));
            }
            let is_blocked = self.payment.leg.state == State::Unprocessed && self.funding.leg.state == State::Available;
            if is_blocked && self.payment.due_at.is_some() {
                self.payment.due_at = later();
            }
            puts.push(Put::Payment(self.life, Item::new(self.payment.clone())));
        }
        if is_due(self.funding.due_at) {
            puts.push(self.put_funding());
        }
        Found::Write(Write { puts, ..Write::default() })
    }
}
