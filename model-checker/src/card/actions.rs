//! What can happen to a card, one step at a time.

use shared::domain::autopay::card::{Card, PostedPayment};
use shared::domain::calendar::eastern_date;
use shared::domain::leg::Kind;
use shared::domain::money::Cents;

use super::bank::{Status, now};
use super::item::Item;
use super::table::{Part, Put, Write};
use super::worker::{self, Found};
use super::{BILL, CardWorld, Cards, DAYS_PLAYED, WORDS_MAX, heard, operators, persons, review, sends, stored};

/// One step of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A person's card is reviewed.
    Review(usize),
    /// A worker looks at a payment and does what is next.
    Advance(usize),
    /// The same, but for the write: what was read and decided is held until [`Action::Writes`].
    Reads(Step),
    /// What was held is written, where all that it is held to is as it was read.
    Writes,
    /// A call of the bank comes to its end.
    Call(usize, Answer),
    TransferMoves(usize, Status),
    /// An event about a transfer or check is delivered, late or again.
    Event(usize, Status),
    /// The letter with a check comes back, and the bank says so.
    LetterComesBack(usize),
    Agree(usize, Range),
    Revoke(usize),
    /// A person caps what may be pulled in a month.
    Cap(usize),
    /// A person cancels a payment.
    Cancel(usize),
    PayByHand(usize),
    /// A person pays what they owe us otherwise.
    Repay(usize),
    /// An operator has a check made anew.
    Replace(usize),
    /// An operator sends a refund again.
    RefundAgain(usize),
    ClearFlag(usize, Part),
    ClearBlock(usize),
    /// An operator has looked into what ended a person's payments.
    ClearEnds(usize),
    TimePasses,
}

/// What is read before something is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Review(usize),
    Advance(usize),
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Accepts,
    /// The bank does it, and the answer is lost.
    ActsInSilence,
    /// It never arrives, and nobody learns that.
    Lost,
    /// For good.
    Refuses,
}

/// Up to what amount a person agrees to debits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Wide,
    /// Less than the bill.
    Narrow,
}

impl Range {
    pub(super) const fn most(self) -> i64 {
        match self {
            Range::Wide => 2 * BILL,
            Range::Narrow => BILL / 2,
        }
    }
}

pub(super) fn possible(world: &CardWorld, cards: &Cards) -> Vec<Action> {
    let mut actions = Vec::new();
    let is_free = cards.held.is_none();
    for holder in 0..cards.table.holders.len() {
        actions.push(Action::Review(holder));
        actions.extend(is_free.then_some(Action::Reads(Step::Review(holder))));
        actions.extend(about_holder(cards, holder));
    }
    for life in 0..cards.table.lives.len() {
        actions.push(Action::Advance(life));
        actions.extend(is_free.then_some(Action::Reads(Step::Advance(life))));
        actions.extend(about_life(cards, life));
    }
    actions.extend((!is_free).then_some(Action::Writes));
    for (place, call) in cards.calls.iter().enumerate() {
        let answers = [Answer::Accepts, Answer::ActsInSilence, Answer::Lost];
        actions.extend(answers.map(|answer| Action::Call(place, answer)));
        // What the bank remembers it answers with, and does not look at again.
        if cards.find(call.life, call.part, call.attempt).is_none() {
            actions.push(Action::Call(place, Answer::Refuses));
        }
    }
    for (position, transfer) in cards.transfers.iter().enumerate() {
        let next = transfer.next(cards.day).into_iter();
        actions.extend(next.map(|status| Action::TransferMoves(position, status)));
        actions.extend(transfer.said().into_iter().map(|status| Action::Event(position, status)));
        if transfer.kind == Kind::Check && transfer.status == Status::Issued && !transfer.is_letter_back {
            actions.push(Action::LetterComesBack(position));
        }
    }
    if cards.calls.is_empty() && cards.day + 1 < world.moment.day() + DAYS_PLAYED {
        actions.push(Action::TimePasses);
    }
    actions
}

fn about_holder(cards: &Cards, holder: usize) -> Vec<Action> {
    let own = &cards.table.holders[holder];
    let mut actions = Vec::new();
    // What one person says is enough to try what it does to the other.
    if holder == 0 && cards.outside.words_of(0) < WORDS_MAX {
        let words = [Action::Agree(0, Range::Wide), Action::Agree(0, Range::Narrow), Action::Revoke(0), Action::Cap(0)];
        actions.extend(words);
    }
    if holder == 0 && own.books.receivable() > 0 {
        actions.push(Action::Repay(0));
    }
    if holder == 0 {
        actions.push(Action::PayByHand(0));
    }
    if own.person.debit_block.is_some() {
        actions.push(Action::ClearBlock(holder));
    }
    if own.card.payments.iter().any(|payment| payment.ended.is_some()) {
        actions.push(Action::ClearEnds(holder));
    }
    actions
}

fn about_life(cards: &Cards, life: usize) -> Vec<Action> {
    let known = &cards.table.lives[life];
    let mut actions = Vec::new();
    if known.holder == 0 && persons::may_cancel(&known.payment) {
        actions.push(Action::Cancel(life));
    }
    if known.payment.refund_of().is_some() {
        actions.push(Action::RefundAgain(life));
    } else {
        actions.push(Action::Replace(life));
    }
    if known.payment.leg.attention.is_some() {
        actions.push(Action::ClearFlag(life, Part::Payout));
    }
    if known.funding.as_ref().is_some_and(|funding| funding.leg.attention.is_some()) {
        actions.push(Action::ClearFlag(life, Part::Debit));
    }
    actions
}

/// Answers whether anything happened.
pub(super) fn perform(world: &CardWorld, cards: &mut Cards, action: Action) -> bool {
    match action {
        Action::Review(holder) => {
            worker::settle_receivables(cards);
            commit_some(cards, review::review(world, cards, holder))
        }
        Action::Advance(life) => worker::advance(world, cards, life),
        Action::Reads(step) => read(world, cards, step),
        Action::Writes => {
            let held = cards.held.take();
            commit_some(cards, held)
        }
        Action::Call(place, answer) => sends::ends(world, cards, place, answer),
        Action::TransferMoves(position, status) => {
            let day = cards.day;
            cards.transfers[position].moves_to(status, day);
            true
        }
        Action::Event(position, status) => heard::hear(world, cards, position, status),
        Action::LetterComesBack(position) => {
            cards.transfers[position].is_letter_back = true;
            heard::hear(world, cards, position, Status::Issued)
        }
        Action::Agree(holder, range) => persons::agree(cards, holder, range),
        Action::Revoke(holder) => persons::revoke(cards, holder),
        Action::Cap(holder) => persons::cap(cards, holder, Range::Narrow.most()),
        Action::Cancel(life) => persons::cancel(cards, life),
        Action::PayByHand(holder) => persons::pay_by_hand(world, cards, holder),
        Action::Repay(holder) => persons::repay(cards, holder),
        Action::Replace(life) => operators::replace(cards, life),
        Action::RefundAgain(life) => operators::refund_again(cards, life),
        Action::ClearFlag(life, part) => operators::clear_flag(cards, life, part),
        Action::ClearBlock(holder) => operators::clear_block(cards, holder),
        Action::ClearEnds(holder) => operators::clear_ends(cards, holder),
        Action::TimePasses => {
            pass_time(world, cards);
            true
        }
    }
}

fn commit_some(cards: &mut Cards, write: Option<Write>) -> bool {
    let Some(write) = write.filter(|write| !write.is_nothing()) else { return false };
    cards.commit(write);
    true
}

fn read(world: &CardWorld, cards: &mut Cards, step: Step) -> bool {
    worker::settle_receivables(cards);
    let write = match step {
        Step::Review(holder) => review::review(world, cards, holder),
        Step::Advance(life) => match worker::look(world, cards, life) {
            Found::Write(write) => Some(write),
            // The bank's answer is applied to what the table holds by then.
            Found::Asks(_) | Found::Stops | Found::Nothing => None,
        },
    };
    cards.held = write.filter(|write| !write.is_nothing());
    cards.held.is_some()
}

/// Nobody holds what they read for that long, and every card is read anew.
pub(super) fn pass_time(world: &CardWorld, cards: &mut Cards) {
    cards.day += 1;
    cards.held = None;
    let today = cards.today();
    for holder in 0..cards.table.holders.len() {
        let (paid, posted) = credited(world, cards, holder);
        let mut card = Card::clone(&cards.table.holders[holder].card);
        card.take(stored::reading(paid, posted, cards.now()), today);
        cards.commit(Write { puts: vec![Put::Card(holder, Item::new(card))], ..Write::default() });
    }
}

/// What the issuer has credited to a person's card, whoever paid it.
fn credited(world: &CardWorld, cards: &Cards, holder: usize) -> (i64, Vec<PostedPayment>) {
    let bill = world.bill_of(holder);
    let mut posted = Vec::new();
    for transfer in cards.transfers.iter().filter(|transfer| transfer.status == Status::Cashed) {
        if world.bill_of(cards.table.lives[transfer.life].holder) == bill {
            let number = transfer.check_number();
            posted.push(PostedPayment {
                transaction_id: format!("check{number}"),
                amount: Cents::new(transfer.amount),
                on: eastern_date(transfer.settled_at()),
                check_number: Some(number.to_string()),
            });
        }
    }
    if let Some(day) = cards.outside.by_hand(bill) {
        posted.push(PostedPayment {
            transaction_id: "by hand".to_owned(),
            amount: Cents::new(BILL),
            on: eastern_date(now(day)),
            check_number: None,
        });
    }
    (posted.iter().map(|posted| posted.amount.get()).sum(), posted)
}
