//! The bank's word about a debit, a check or a refund, and what it means for card, bank account and person, in one write.

use shared::domain::ach::return_codes::ReturnCode;
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::facts::AutopayFacts;
use shared::domain::autopay::notice::Outlook;
use shared::domain::autopay::payment_effects::{self, CheckNews};
use shared::domain::autopay::person::Person;
use shared::domain::autopay::real_account::RealAccount;
use shared::domain::batch::Idempotent;
use shared::domain::calendar::eastern_date;
use shared::domain::funding::Funding;
use shared::domain::leg::{AttentionReason, Effect, Kind, ReportOutcome, State, Transition};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::domain::payment::single::offsets_receivable;

use super::bank::{Status, Transfer};
use super::item::Item;
use super::sends::is_debit_allowed;
use super::table::{Key, Part, Put, Write};
use super::worker::Look;
use super::{CardWorld, Cards, stored};

/// The bank is asked how it stands.
pub(super) fn asked(world: &CardWorld, cards: &mut Cards, life: usize, part: Part) -> bool {
    let known = &cards.table.lives[life];
    let attempt = match (part, &known.funding) {
        (Part::Debit, Some(funding)) => funding.leg.attempt,
        (Part::Debit, None) | (Part::Payout, _) => known.payment.leg.attempt,
    };
    let Some(position) = cards.find(life, part, attempt) else { return false };
    let status = cards.transfers[position].status;
    hear(world, cards, position, status) || ask_later(cards, life, part)
}

/// Nothing new: it is asked again later.
fn ask_later(cards: &mut Cards, life: usize, part: Part) -> bool {
    let (known, now) = (&cards.table.lives[life], cards.now());
    let put = match (part, &known.funding) {
        (Part::Debit, Some(funding)) => {
            let mut funding = Funding::clone(funding);
            funding.schedule(now);
            Put::Funding(life, Item::new(funding))
        }
        (Part::Debit, None) | (Part::Payout, _) => {
            let mut payment = Payment::clone(&known.payment);
            payment.schedule(now);
            Put::Payment(life, Item::new(payment))
        }
    };
    cards.commit(Write { puts: vec![put], ..Write::default() });
    true
}

/// The bank's word is applied to what the table holds now, about the attempt that it is about.
pub(super) fn hear(world: &CardWorld, cards: &mut Cards, position: usize, status: Status) -> bool {
    let transfer = cards.transfers[position].clone();
    let write = match transfer.part {
        Part::Debit => of_debit(world, cards, &transfer, status),
        Part::Payout => of_payout(world, cards, &transfer, status),
    };
    let Some(write) = write else { return false };
    cards.outside.heard(&cards.table, &transfer, status);
    cards.commit(write);
    true
}

/// A payment of autopay whose money moved, and what its write holds so far.
struct Hearing<'a> {
    cards: &'a Cards,
    holder: usize,
    write: Write,
}

impl Hearing<'_> {
    fn post(&mut self, effects: &[Effect], amount: Cents) {
        let holder = self.holder;
        self.write.posts.extend(effects.iter().map(|effect| (holder, *effect, amount)));
    }

    fn put_card(&mut self, card: Card) {
        let updated_at = self.cards.table.holders[self.holder].card.updated_at;
        self.write.puts.push(Put::Card(self.holder, Item::new(Card { updated_at, ..card })));
    }
}

fn of_debit(world: &CardWorld, cards: &Cards, transfer: &Transfer, status: Status) -> Option<Write> {
    let look = Look::at(world, cards, transfer.life)?;
    let (holder, mut funding) = (look.holder, look.funding.clone());
    let account = stored::account_at_bank(holder);
    funding.leg.bank_account_id.get_or_insert_with(|| account.clone());
    let was_flagged = funding.leg.attention.is_some();
    let verdict = funding.leg.report(funding.expected(), &transfer.report(status, &account), cards.now());
    let mut hearing = Hearing { cards, holder, write: Write::default() };
    match verdict {
        ReportOutcome::Applied(mut moved) => {
            apply(world, cards, &mut funding, transfer, status);
            let was_untold = matches!(moved.from, State::Unprocessed | State::Submitting);
            let is_first_word = was_untold && moved.from != moved.to && moved.to.holds_money();
            if is_first_word && !is_debit_allowed(&Look { funding: funding.clone(), ..look }) {
                funding.unwanted_at = Some(cards.now());
            }
            after_funding(&mut hearing, transfer.life, &mut funding, &mut moved);
            hearing.post(&moved.effects, funding.amount);
        }
        ReportOutcome::Disputed(_) if !was_flagged => {}
        ReportOutcome::Recorded | ReportOutcome::Disputed(_) => return None,
    }
    funding.schedule(cards.now());
    hearing.write.puts.push(Put::Funding(transfer.life, Item::new(funding)));
    Some(hearing.write)
}

/// When it took effect, and from when its money may be spent.
fn apply(world: &CardWorld, cards: &Cards, funding: &mut Funding, transfer: &Transfer, status: Status) {
    let settled_on = (status == Status::Settled).then(|| eastern_date(transfer.settled_at()));
    funding.note_presented(Some(transfer.effective_on()), settled_on);
    let Some(settled_on) = settled_on.filter(|_| funding.leg.state == State::Completed) else { return };
    let holder = cards.table.lives[transfer.life].holder;
    let account = &cards.table.holders[holder].account;
    let number = funding.account.as_ref().map_or("", |pulled| pulled.debited_number()).to_owned();
    let hold = account.hold_of_debit(&number, world.policy.hold_new_link, world.policy.hold_proven);
    funding.settle_terms(transfer.effective_on(), settled_on, hold);
}

/// What the bank's word about a debit means beyond it.
fn after_funding(hearing: &mut Hearing<'_>, life: usize, funding: &mut Funding, moved: &mut Transition) {
    let cards = hearing.cards;
    let payment = &cards.table.lives[life].payment;
    if moved.from != State::Completed && moved.to == State::Completed {
        let mut account = BankAccount::clone(&cards.table.holders[hearing.holder].account);
        account.debit_settled(payment.id, funding.leg.settled_at.unwrap_or(cards.now()));
        hearing.write.puts.push(Put::Account(hearing.holder, Item::new(account)));
        return;
    }
    if moved.from == moved.to || funding.leg.state.holds_money() {
        return;
    }
    // What a refund gave back is the refund's to answer for.
    let at = payment.refunded_by().and_then(|refund| cards.table.life_of(refund)).unwrap_or(life);
    let mut holder = Payment::clone(&cards.table.lives[at].payment);
    let is_recovered = offsets_receivable(&holder.leg, funding);
    if is_recovered {
        funding.debt_taken_off_at = Some(cards.now());
        moved.effects.push(Effect::ReceivableRecovered);
        funding.leg.effects.push(Effect::ReceivableRecovered);
    }
    let is_late = moved.effects.contains(&Effect::FundingReturnedAvailable);
    of_person(hearing, funding, is_late);
    if let Some(facts) = holder.autopay.as_deref().cloned() {
        of_ends(hearing, &facts, &holder, funding, Means { is_late, is_recovered });
        if is_late && !is_recovered {
            late(hearing.cards, &mut holder);
        }
    }
    holder.due_at = Some(cards.now());
    hearing.write.puts.push(Put::Payment(at, Item::new(holder)));
}

/// Owing what came back late; blocked where the debit was not authorized.
fn of_person(hearing: &mut Hearing<'_>, funding: &Funding, is_late: bool) {
    let now = hearing.cards.now();
    let blocks = payment_effects::consequences(funding, hearing.cards.today()).is_some_and(|after| after.blocks_person);
    if !is_late && !blocks {
        return;
    }
    let known = &hearing.cards.table.holders[hearing.holder].person;
    let mut person = Person::clone(known);
    if let Some(debit) = funding.returned_debit().filter(|_| blocks) {
        let _ = person.block_debits(debit.return_code, now);
    }
    if is_late {
        person.open_receivable(now);
    }
    let updated_at = known.updated_at;
    hearing.write.puts.push(Put::Person(hearing.holder, Item::new(Person { updated_at, ..person })));
}

/// What a return is, beside its code.
#[derive(Clone, Copy)]
struct Means {
    is_late: bool,
    is_recovered: bool,
}

/// What the code says about the bank account and the agreement.
fn of_ends(hearing: &mut Hearing<'_>, facts: &AutopayFacts, holder: &Payment, funding: &Funding, means: Means) {
    let (cards, now) = (hearing.cards, hearing.cards.now());
    let mut card = Card::clone(&cards.table.holders[hearing.holder].card);
    let after = payment_effects::consequences(funding, cards.today());
    let is_its = card.authorization.as_ref().is_some_and(|present| payment_effects::is_opened_under(facts, present));
    let returned = funding.returned_debit();
    let closes = returned.filter(|_| after.is_some_and(|after| after.closes_bank_account));
    let holds = means.is_late || after.is_some_and(|after| after.blocks_person);
    note(hearing, funding, closes.map(|debit| debit.return_code), holds);
    if after.is_none() && !means.is_late && !means.is_recovered {
        return;
    }
    let payment_id = facts.refund_of.unwrap_or(holder.id);
    let ended = payment_effects::ended_by_debit(holder, funding, now);
    let ending = returned.filter(|_| is_its && after.is_some_and(|after| after.ends_authorization));
    if let Some((mut authorization, debit)) = card.authorization.clone().zip(ending)
        && authorization.end_by_return(debit.return_code, now) == Idempotent::Executed
    {
        card.authorize(authorization);
    }
    if means.is_recovered {
        payment_effects::CardStep::Reversed.mark(&mut card, payment_id, now);
    }
    card.end(payment_id, &ended);
    hearing.put_card(card);
}

/// What a return leaves behind at the bank account and at its number.
fn note(hearing: &mut Hearing<'_>, funding: &Funding, closes: Option<ReturnCode>, holds: bool) {
    let (cards, now) = (hearing.cards, hearing.cards.now());
    let mut number = RealAccount::clone(&cards.table.number);
    let mut account = BankAccount::clone(&cards.table.holders[hearing.holder].account);
    if let Some(return_code) = closes {
        number.close(return_code, now);
        let named = funding.account.as_ref().map_or("", |pulled| pulled.account.fingerprint.as_str());
        account.closed_by_return(named, return_code, now);
        hearing.write.puts.push(Put::Account(hearing.holder, Item::new(account.clone())));
    }
    if holds {
        number.note_return(account.person_id, now);
    }
    if closes.is_some() || holds {
        hearing.write.puts.push(Put::Number(Item::new(number)));
    }
}

/// The money had left: a check is stopped if it still can be; what is gone for good is owed.
fn late(cards: &Cards, holder: &mut Payment) {
    let (kind, state) = (holder.kind(), holder.leg.state);
    if payment_effects::is_check_out(kind, state) {
        if let Some(facts) = &mut holder.autopay {
            facts.stop_asked_at.get_or_insert(cards.now());
        }
    } else if payment_effects::is_lost(kind, state) && holder.leg.attention.is_none() {
        holder.leg.raise(AttentionReason::ReceivableOpen, cards.now());
    }
}

fn of_payout(world: &CardWorld, cards: &Cards, transfer: &Transfer, status: Status) -> Option<Write> {
    let life = transfer.life;
    let holder = cards.table.lives[life].holder;
    let account = stored::account_at_bank(holder);
    let mut payment = Payment::clone(&cards.table.lives[life].payment);
    payment.leg.bank_account_id.get_or_insert_with(|| account.clone());
    let is_current = transfer.attempt == payment.leg.attempt;
    let was_flagged = payment.leg.attention.is_some();
    let verdict = payment.leg.report(payment.expected(), &transfer.report(status, &account), cards.now());
    let mut hearing = Hearing { cards, holder, write: Write::default() };
    let has_news = |payment: &mut Payment| {
        transfer.kind == Kind::Check && payment.note_check(&transfer.snapshot(&world.some_check, status))
    };
    match verdict {
        ReportOutcome::Applied(mut moved) => {
            has_news(&mut payment);
            after_payment(&mut hearing, life, &mut payment, Some(&mut moved));
            hearing.post(&moved.effects, payment.amount);
        }
        ReportOutcome::Recorded if is_current && has_news(&mut payment) => {
            after_payment(&mut hearing, life, &mut payment, None);
        }
        ReportOutcome::Disputed(_) if !was_flagged => {}
        ReportOutcome::Recorded | ReportOutcome::Disputed(_) => return None,
    }
    payment.schedule(cards.now());
    hearing.write.puts.push(Put::Payment(life, Item::new(payment)));
    Some(hearing.write)
}

/// What the bank's word about a check or refund means beyond it.
fn after_payment(hearing: &mut Hearing<'_>, life: usize, payment: &mut Payment, moved: Option<&mut Transition>) {
    let cards = hearing.cards;
    let from = moved.as_ref().map(|moved| moved.from);
    let funded_by = cards.table.funded_by(life).unwrap_or(life);
    let funding = cards.table.lives[funded_by].funding.as_ref().filter(|_| !payment.leg.state.is_open());
    let mut came_back = false;
    if let Some(funding) = funding {
        let mut funding = Funding::clone(funding);
        came_back = funding.leg.effects.contains(&Effect::FundingReturnedAvailable);
        let own = &cards.table.holders[hearing.holder];
        let mut is_owed =
            moved.is_some() && payment.refunded_by().is_none() && offsets_receivable(&payment.leg, &funding);
        if is_owed {
            is_owed = own.person.receivable_open && own.books.receivable() >= payment.amount.get();
            hearing.write.puts.push(Put::Person(hearing.holder, own.person.clone()));
        }
        match moved {
            Some(moved) if is_owed => {
                moved.effects.push(Effect::ReceivableRecovered);
                payment.leg.effects.push(Effect::ReceivableRecovered);
                funding.debt_taken_off_at = Some(cards.now());
                hearing.write.puts.push(Put::Funding(funded_by, Item::new(funding)));
            }
            Some(_) | None => hearing.write.checks.push(Key::Funding(funded_by)),
        }
    }
    if payment.refund_of().is_some() {
        let is_back = from.is_some_and(State::holds_money) && !payment.leg.state.holds_money();
        if is_back && !payment.leg.effects.contains(&Effect::ReceivableRecovered) {
            payment.leg.raise(AttentionReason::RefundReturned, cards.now());
        }
        return;
    }
    of_check(hearing, payment, from, came_back);
}

fn of_check(hearing: &mut Hearing<'_>, payment: &mut Payment, from: Option<State>, funding_came_back: bool) {
    let (cards, now) = (hearing.cards, hearing.cards.now());
    let news = CheckNews { payment, from, funding_came_back, card_name: "A Card", outlook: Outlook::GoesOn, at: now };
    let after = payment_effects::after_check(news);
    if let Some(facts) = payment.autopay.as_mut().filter(|_| after.asks_stop) {
        facts.stop_asked_at = Some(now);
    }
    if let Some(reason) = after.attention {
        payment.leg.raise(reason, now);
    }
    if let Some(step) = after.card {
        let mut card = Card::clone(&cards.table.holders[hearing.holder].card);
        step.mark(&mut card, payment.id, now);
        hearing.put_card(card);
    }
}
