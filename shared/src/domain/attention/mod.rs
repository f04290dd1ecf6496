//! What waits for a person, of every kind of thing: why, since when, and what can be done about it.
//!
//! Guarantees: pure. What is said to be possible is what the operation behind it would take now, as far as the thing itself tells; nobody is
//! told to confirm what they proposed. Limit: whose money it is is not looked at: an operation may still answer `own_money`.

mod actions;
mod flags;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use actions::{Action, ActionContext, actions, named_by};
pub use flags::{Flag, flags, since};

use super::ach::account_correction::AccountCorrection;
use super::autopay::card::Card;
use super::autopay::person::Person;
use super::bank::unmatched::UnmatchedEvent;
use super::batch::Batch;
use super::biller::Biller;
use super::dead_letter::DeadLetter;
use super::funding::Funding;
use super::ledger::correction::Correction;
use super::payment::Payment;
use super::source::Source;

/// A kind of thing that can wait for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    Batch,
    Source,
    Person,
    Funding,
    Payment,
    Card,
    UnmatchedEvent,
    DeadLetter,
    /// A correction of the books that nobody has confirmed.
    LedgerCorrection,
    /// A correction of an account that one operator wants to take back.
    AccountCorrection,
    /// An entry of the biller directory that nobody has confirmed.
    Biller,
}

impl AttentionKind {
    /// In the order in which they are shown: what holds most back comes first.
    pub const ALL: [AttentionKind; 11] = [
        AttentionKind::Batch,
        AttentionKind::Source,
        AttentionKind::Person,
        AttentionKind::Funding,
        AttentionKind::Payment,
        AttentionKind::Card,
        AttentionKind::UnmatchedEvent,
        AttentionKind::DeadLetter,
        AttentionKind::LedgerCorrection,
        AttentionKind::AccountCorrection,
        AttentionKind::Biller,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            AttentionKind::Batch => "batch",
            AttentionKind::Source => "source",
            AttentionKind::Person => "person",
            AttentionKind::Funding => "funding",
            AttentionKind::Payment => "payment",
            AttentionKind::Card => "card",
            AttentionKind::UnmatchedEvent => "unmatched_event",
            AttentionKind::DeadLetter => "dead_letter",
            AttentionKind::LedgerCorrection => "ledger_correction",
            AttentionKind::AccountCorrection => "account_correction",
            AttentionKind::Biller => "biller",
        }
    }
}

/// One thing that may wait for a person.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    Batch(&'a Batch),
    Source(&'a Source),
    Person(&'a Person),
    Funding(&'a Funding),
    Payment(&'a Payment),
    Card(&'a Card),
    UnmatchedEvent(&'a UnmatchedEvent),
    DeadLetter(&'a DeadLetter),
    LedgerCorrection(&'a Correction),
    AccountCorrection(&'a AccountCorrection),
    Biller(&'a Biller),
}

impl Subject<'_> {
    pub const fn kind(self) -> AttentionKind {
        match self {
            Subject::Batch(_) => AttentionKind::Batch,
            Subject::Source(_) => AttentionKind::Source,
            Subject::Person(_) => AttentionKind::Person,
            Subject::Funding(_) => AttentionKind::Funding,
            Subject::Payment(_) => AttentionKind::Payment,
            Subject::Card(_) => AttentionKind::Card,
            Subject::UnmatchedEvent(_) => AttentionKind::UnmatchedEvent,
            Subject::DeadLetter(_) => AttentionKind::DeadLetter,
            Subject::LedgerCorrection(_) => AttentionKind::LedgerCorrection,
            Subject::AccountCorrection(_) => AttentionKind::AccountCorrection,
            Subject::Biller(_) => AttentionKind::Biller,
        }
    }

    /// What routes name it by.
    pub fn id(self) -> String {
        match self {
            Subject::Batch(batch) => batch.id.to_string(),
            Subject::Source(source) => source.id.clone(),
            Subject::Person(person) => person.id.to_string(),
            Subject::Funding(funding) => funding.id.to_string(),
            Subject::Payment(payment) => payment.id.to_string(),
            Subject::Card(card) => card.id.to_string(),
            Subject::UnmatchedEvent(event) => event.event_id.clone(),
            Subject::DeadLetter(letter) => letter.id.to_string(),
            Subject::LedgerCorrection(correction) => correction.id.to_string(),
            Subject::AccountCorrection(correction) => correction.account.clone(),
            Subject::Biller(biller) => biller.institution_id.clone(),
        }
    }
}
