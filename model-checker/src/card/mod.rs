//! The life of a card: decided on, opened, debited, returned, revoked, agreed to anew, stopped, replaced, in any order.
//!
//! A worker reads and then writes, and anything may happen in between; the bank acts or not and answers or not; its events come late and
//! repeatedly; debits and refunds come back, checks are cashed, stopped, refused or returned by mail; a person agrees to other ranges, caps,
//! revokes, cancels, and pays the issuer or us by hand; a second one has the same bank account, and the same card or another; an operator
//! replaces checks, clears flags, blocks and what ended payments, and sends refunds again.
//!
//! What each of them does to a card is the domain's word: `decide`, `next_action`, `Sending`, `Leg`, `after_check`, `after_return` and what
//! stands beside them. The world keeps the protocol around it as operations have it: what a step reads, what its write is held to, what goes
//! into one write. What must never be is judged by what the bank did and what persons said alone (`outside`).
//!
//! A whole life is longer than any search is deep. So each search begins at a moment of a life that went well until then (`Moment`).

mod actions;
mod bank;
mod books;
mod end;
mod heard;
mod item;
mod moments;
mod operators;
mod outside;
mod persons;
mod review;
mod sends;
mod stored;
mod table;
mod worker;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use shared::domain::autopay::decision::Policy;
use shared::domain::bank::check::snapshot::CheckSnapshot;
use shared::domain::biller::Remittance;
use shared::domain::calendar::eastern_date;

pub use actions::{Action, Answer, Range, Step};
pub use bank::{Code, Status};
pub use moments::Moment;
pub use table::Part;

use bank::{Transfer, now};
use outside::Outside;
use table::{Call, Key, Put, Table, Write};

use crate::search::{World, fingerprint};

/// Elapsed time stands still: no lease ends while a call is under way.
const ELAPSED_NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// What the statement of a card asks for, in cents, as much as is owed.
const BILL: i64 = 5_000;

/// What the bank account held at first: enough for one bill, and not for two.
const HOLDS: i64 = 8_000;

/// Days at which time stands, counted from Monday, March 2: a debit sent on one is settled on the next, and its hold is over on the one after.
const DAYS: [i64; 13] = [0, 1, 7, 9, 15, 17, 23, 25, 31, 38, 45, 52, 59];

/// So many days, beginning with the moment's, anything may happen on; the others leave time for what has begun to come to its end.
const DAYS_PLAYED: usize = 3;

/// Payments of one person, refunds left out.
const PAYMENTS_MAX: usize = 2;

/// Words of a person about what may be debited, the first agreement included.
const WORDS_MAX: u32 = 3;

/// Everything that there is.
#[derive(Clone, Debug)]
pub struct Cards {
    day: usize,
    table: Table,
    /// What one has read and decided, and not written yet.
    held: Option<Write>,
    calls: Vec<Call>,
    transfers: Vec<Transfer>,
    outside: Outside,
}

/// The world of a card.
#[derive(Debug)]
pub struct CardWorld {
    /// Where the search begins.
    pub moment: Moment,
    /// Who has the bank account.
    pub holders: Holders,
    /// Whether the claim of a debit is held to the person, the card and the bank account, as they were judged.
    pub is_held_to: bool,
    policy: Policy,
    remittance: Remittance,
    some_check: CheckSnapshot,
    /// States that are known to come to a good end.
    end_well: RefCell<HashSet<(u64, u64)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holders {
    One,
    /// Two persons with one bank account and a card each.
    TwoWithAnAccount,
    /// Two persons with one bank account and one card.
    TwoWithACard,
}

impl CardWorld {
    pub fn new(moment: Moment, holders: Holders) -> Self {
        Self {
            moment,
            holders,
            is_held_to: true,
            policy: Policy::default(),
            remittance: stored::remittance(),
            some_check: stored::check(),
            end_well: RefCell::new(HashSet::new()),
        }
    }

    const fn persons(&self) -> usize {
        match self.holders {
            Holders::One => 1,
            Holders::TwoWithAnAccount | Holders::TwoWithACard => 2,
        }
    }

    /// The bill that a person's payments pay.
    const fn bill_of(&self, holder: usize) -> usize {
        match self.holders {
            Holders::One | Holders::TwoWithACard => 0,
            Holders::TwoWithAnAccount => holder,
        }
    }
}

impl Cards {
    fn now(&self) -> Timestamp {
        now(self.day)
    }

    fn today(&self) -> Date {
        eastern_date(self.now())
    }

    /// Writes; what others had read of it is overtaken.
    fn commit(&mut self, write: Write) {
        if self.held.as_ref().is_some_and(|held| held.is_overtaken_by(&write)) {
            self.held = None;
        }
        let changed: Vec<Key> = write.puts.iter().filter_map(Put::key).collect();
        for call in &mut self.calls {
            call.is_current &= !changed.contains(&call.item());
        }
        self.table.apply(&write);
        self.outside.apply(&self.table, self.day);
        if let Some(call) = write.call {
            outside::judge_call(self, call);
            self.calls.push(call);
        }
    }
}

impl Call {
    const fn item(self) -> Key {
        match self.part {
            Part::Debit => Key::Funding(self.life),
            Part::Payout => Key::Payment(self.life),
        }
    }
}

impl World for CardWorld {
    type State = Cards;
    type Action = Action;

    fn initial(&self) -> Cards {
        moments::reach(self)
    }

    fn actions(&self, cards: &Cards) -> Vec<Action> {
        actions::possible(self, cards)
    }

    fn after(&self, cards: &Cards, action: &Action) -> Option<Cards> {
        let mut after = cards.clone();
        actions::perform(self, &mut after, *action).then_some(after)
    }

    fn identity(&self, cards: &Cards) -> String {
        let mut text = String::new();
        cards.table.print(&mut text);
        if let Some(held) = &cards.held {
            held.print(&mut text);
        }
        let _ = write!(text, "{}{:?}{:?}{:?}", cards.day, cards.calls, cards.transfers, cards.outside);
        text
    }

    fn violation(&self, cards: &Cards) -> Option<String> {
        outside::violation(self, cards).or_else(|| end::violation(self, cards))
    }
}

impl CardWorld {
    fn print(&self, cards: &Cards) -> (u64, u64) {
        fingerprint(&self.identity(cards))
    }
}
