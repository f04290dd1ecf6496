//! Whatever has happened, every payment comes to an end that the bank agrees with, or is due, or a person is asked.

use jiff::Timestamp;
use shared::domain::leg::State;

use super::actions::{Answer, pass_time};
use super::bank::{Status, Transfer};
use super::table::{Life, Part};
use super::{CardWorld, Cards, DAYS, heard, sends, worker};

/// Looks at everything that is due on one day.
const LOOKS_MAX: usize = 12;

/// From now on processes live, the bank acts and answers, events arrive and time passes: where does that end?
pub(super) fn violation(world: &CardWorld, cards: &Cards) -> Option<String> {
    let mut end = cards.clone();
    let mut way = Vec::new();
    loop {
        if let Some(problem) = calm(world, &mut end) {
            return Some(problem);
        }
        let print = world.print(&end);
        if world.end_well.borrow().contains(&print) {
            break;
        }
        way.push(print);
        if end.day + 1 == DAYS.len() {
            if let Some(problem) = judged(&end) {
                return Some(problem);
            }
            break;
        }
        pass_time(world, &mut end);
        settle_all(&mut end);
    }
    world.end_well.borrow_mut().extend(way);
    None
}

/// What a bank does with what it has when nothing goes wrong.
fn settle_all(cards: &mut Cards) {
    let day = cards.day;
    for transfer in &mut cards.transfers {
        match transfer.status {
            Status::Submitted => transfer.moves_to(Status::Settled, day),
            Status::Issued => transfer.moves_to(Status::Cashed, day),
            Status::Stopping => transfer.moves_to(Status::Stopped, day),
            Status::Settled | Status::Returned(_) | Status::Stopped | Status::Cashed | Status::Rejected => {}
        }
    }
}

/// Everything of one day that needs nobody's wish: answers, events, and whatever is due.
fn calm(world: &CardWorld, cards: &mut Cards) -> Option<String> {
    cards.held = None;
    for _ in 0..LOOKS_MAX {
        let mut has_happened = false;
        while !cards.calls.is_empty() {
            has_happened |= sends::ends(world, cards, 0, Answer::Accepts);
        }
        for position in 0..cards.transfers.len() {
            // Only the last word: the earlier ones add nothing to it.
            let status = cards.transfers[position].status;
            has_happened |= heard::hear(world, cards, position, status);
        }
        for life in 0..cards.table.lives.len() {
            has_happened |= is_due(cards, life) && worker::advance(world, cards, life);
        }
        worker::settle_receivables(cards);
        if let Some(problem) = super::outside::violation(world, cards) {
            return Some(format!("{problem}, when nothing more goes wrong"));
        }
        if !has_happened {
            return None;
        }
    }
    Some("goes round and round on one day".to_owned())
}

fn is_due(cards: &Cards, life: usize) -> bool {
    let now = cards.now();
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let known = &cards.table.lives[life];
    is_due(known.payment.due_at) || known.funding.as_ref().is_some_and(|funding| is_due(funding.due_at))
}

fn judged(cards: &Cards) -> Option<String> {
    let mut all_clear = true;
    for (life, known) in cards.table.lives.iter().enumerate() {
        if is_flagged(cards, life) || waits(cards, known) {
            all_clear = false;
            continue;
        }
        if let Some(problem) = ended(cards, life, known) {
            return Some(format!("payment {life} {problem}, and nobody is asked"));
        }
    }
    let books = || (0..cards.table.holders.len()).find_map(|holder| books_of(cards, holder));
    if all_clear { books() } else { None }
}

/// Somebody is asked about the payment, its debit or its refund.
fn is_flagged(cards: &Cards, life: usize) -> bool {
    let bears = |known: &Life| {
        let funding = known.funding.as_ref().is_some_and(|funding| funding.leg.attention.is_some());
        known.payment.leg.attention.is_some() || funding
    };
    let related = |other: usize| cards.table.funded_by(other) == cards.table.funded_by(life);
    let is_asked = |other: usize, known: &Life| bears(known) || cards.outside.is_an_operators(other);
    cards.table.lives.iter().enumerate().any(|(other, known)| related(other) && is_asked(other, known))
}

/// It is due again and again until its person owes nothing any more.
fn waits(cards: &Cards, known: &Life) -> bool {
    let owes = cards.table.holders[known.holder].person.receivable_open;
    let funding = known.funding.as_ref().and_then(|funding| funding.due_at);
    owes && (known.payment.due_at.is_some() || funding.is_some())
}

fn ended(cards: &Cards, life: usize, known: &Life) -> Option<String> {
    let state = known.payment.leg.state;
    if state.is_open() {
        return Some(format!("stays {}", state.as_str()));
    }
    if known.payment.refund_of().is_some() {
        return None;
    }
    let own = &cards.table.holders[known.holder];
    let id = known.payment.id;
    if own.card.open_payments().any(|open| open.payment_id == id) {
        return Some(format!("is {} while its card still waits for it", state.as_str()));
    }
    if own.account.open_debits.iter().any(|debit| debit.payment_id == id && debit.settled_at.is_none()) {
        return Some(format!("is {} while its bank account still waits for its debit", state.as_str()));
    }
    money_of(cards, life, state, own.person.receivable_open || cards.outside.wired(known.holder) > 0)
}

/// What was pulled for a payment is paid, given back, or owed.
fn money_of(cards: &Cards, life: usize, state: State, is_owed_for: bool) -> Option<String> {
    let is_its = |transfer: &&Transfer| cards.table.funded_by(transfer.life) == Some(life) && transfer.is_done();
    let count = |part: Part| cards.transfers.iter().filter(is_its).filter(|one| one.part == part).count();
    match (count(Part::Debit), count(Part::Payout)) {
        (0, 0) | (1, 1) => None,
        (0, 1) if is_owed_for => None,
        // They repaid a debit that came back, and have not been given its money back.
        (pulled, paid) => Some(format!("is {} after {pulled} debits and {paid} payouts", state.as_str())),
    }
}

/// What a person has with us, by the books, is what came in less what went out, by the bank.
fn books_of(cards: &Cards, holder: usize) -> Option<String> {
    let own = &cards.table.holders[holder];
    let done = cards.transfers.iter().filter(|one| one.is_done() && cards.table.lives[one.life].holder == holder);
    let signed = done.map(|one| if one.part == Part::Debit { one.amount } else { -one.amount });
    let has = signed.sum::<i64>() + cards.outside.wired(holder);
    let booked = own.books.funds() - own.books.receivable();
    (has != booked).then(|| format!("person {holder} has {has} with us, and the books say {booked}"))
}
