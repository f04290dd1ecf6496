//! What the table holds, and its conditional writes.

use std::fmt::Write as _;

use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::person::Person;
use shared::domain::autopay::real_account::RealAccount;
use shared::domain::funding::Funding;
use shared::domain::ids::PaymentId;
use shared::domain::leg::Effect;
use shared::domain::money::Cents;
use shared::domain::payment::Payment;

use super::books::Books;
use super::item::Item;

/// Everything of one person.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub person: Item<Person>,
    pub card: Item<Card>,
    pub account: Item<BankAccount>,
    pub books: Books,
}

/// A payment with the funding that brings its money. A refund gives back what another one's brought.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub holder: usize,
    pub payment: Item<Payment>,
    pub funding: Option<Item<Funding>>,
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub holders: Vec<Holder>,
    /// The number of the bank account that all holders have in common.
    pub number: Item<RealAccount>,
    pub lives: Vec<Life>,
}

/// Which item it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Person(usize),
    Card(usize),
    Account(usize),
    Number,
    Payment(usize),
    Funding(usize),
}

#[derive(Clone, Debug)]
pub(super) enum Put {
    Person(usize, Item<Person>),
    Card(usize, Item<Card>),
    Account(usize, Item<BankAccount>),
    Number(Item<RealAccount>),
    Payment(usize, Item<Payment>),
    Funding(usize, Item<Funding>),
    Open(Life),
}

/// Which of the two transfers of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Debit,
    Payout,
}

/// A call of the bank that has been claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub life: usize,
    pub part: Part,
    pub attempt: u32,
    /// Its item is as it was claimed.
    pub is_current: bool,
    /// An earlier send may have reached the bank.
    pub is_again: bool,
}

/// One write: it holds where everything that it puts or checks is as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Write {
    pub puts: Vec<Put>,
    pub checks: Vec<Key>,
    pub posts: Vec<(usize, Effect, Cents)>,
    /// What is called once it holds.
    pub call: Option<Call>,
    /// Whoever has written it looks again at once.
    pub goes_on: bool,
}

impl Put {
    /// The item that is replaced; a new one replaces none.
    pub(super) const fn key(&self) -> Option<Key> {
        match self {
            Put::Person(holder, _) => Some(Key::Person(*holder)),
            Put::Card(holder, _) => Some(Key::Card(*holder)),
            Put::Account(holder, _) => Some(Key::Account(*holder)),
            Put::Number(_) => Some(Key::Number),
            Put::Payment(life, _) => Some(Key::Payment(*life)),
            Put::Funding(life, _) => Some(Key::Funding(*life)),
            Put::Open(_) => None,
        }
    }

    fn print(&self) -> (u64, u64) {
        match self {
            Put::Person(_, item) => item.print(),
            Put::Card(_, item) => item.print(),
            Put::Account(_, item) => item.print(),
            Put::Number(item) => item.print(),
            Put::Payment(_, item) => item.print(),
            Put::Funding(_, item) => item.print(),
            Put::Open(life) => life.payment.print(),
        }
    }
}

impl Write {
    /// What has changed since it was read holds it back.
    pub(super) fn is_overtaken_by(&self, other: &Write) -> bool {
        let keys = self.puts.iter().filter_map(Put::key).chain(self.checks.iter().copied());
        let changed: Vec<Key> = other.puts.iter().filter_map(Put::key).collect();
        keys.into_iter().any(|key| changed.contains(&key))
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.puts.is_empty()
    }

    pub(super) fn print(&self, out: &mut String) {
        for put in &self.puts {
            let _ = write!(out, "{:?}{:?}", put.key(), put.print());
        }
        let _ = write!(out, "{:?}{:?}{:?}", self.checks, self.posts, self.call);
    }
}

impl Table {
    pub(super) fn apply(&mut self, write: &Write) {
        for put in &write.puts {
            match put.clone() {
                Put::Person(holder, item) => self.holders[holder].person = item,
                Put::Card(holder, item) => self.holders[holder].card = item,
                Put::Account(holder, item) => self.holders[holder].account = item,
                Put::Number(item) => self.number = item,
                Put::Payment(life, item) => self.lives[life].payment = item,
                Put::Funding(life, item) => self.lives[life].funding = Some(item),
                Put::Open(life) => self.lives.push(life),
            }
        }
        for (holder, effect, amount) in &write.posts {
            self.holders[*holder].books.post(*effect, *amount);
        }
    }

    pub(super) fn life_of(&self, payment_id: PaymentId) -> Option<usize> {
        self.lives.iter().position(|life| life.payment.id == payment_id)
    }

    /// The life whose funding pays for this one: its own, or that of the payment whose money it gives back.
    pub(super) fn funded_by(&self, life: usize) -> Option<usize> {
        match self.lives[life].payment.refund_of() {
            Some(refunded) => self.life_of(refunded),
            None => Some(life),
        }
    }

    pub(super) fn funding_of(&self, life: usize) -> Option<&Item<Funding>> {
        self.lives[self.funded_by(life)?].funding.as_ref()
    }

    pub(super) fn print(&self, out: &mut String) {
        for holder in &self.holders {
            let items = (holder.person.print(), holder.card.print(), holder.account.print());
            let _ = write!(out, "{items:?}{:?}", holder.books);
        }
        let _ = write!(out, "{:?}", self.number.print());
        for life in &self.lives {
            let funding = life.funding.as_ref().map(Item::print);
            let _ = write!(out, "{}{:?}{funding:?}", life.holder, life.payment.print());
        }
    }
}
