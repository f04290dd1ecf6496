//! A table that tells of the money that its writes moved: one line of the log for each step, as soon as its write stands.
//!
//! The dashboard counts these lines. Guarantees: no line for a write that did not happen, and one for each step of one that did. Limit: a
//! process that ends between a write and its line tells nothing of it, so that the dashboard shows what happens and proves nothing; the
//! reports and the ledger do. A row that can never be paid is recorded as failed, which is no step.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;

use super::keys;
use crate::domain::ids::ItemId;
use crate::domain::leg::{Effect, State};
use crate::domain::money::Cents;
use crate::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};

/// What the dashboard shows of a payment or funding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyStep {
    /// The bank has accepted it: once for each attempt.
    Sent,
    Settled,
    /// Fundings only: past the hold.
    Available,
    Failed,
    Returned,
}

impl MoneyStep {
    pub const ALL: [MoneyStep; 5] =
        [MoneyStep::Sent, MoneyStep::Settled, MoneyStep::Available, MoneyStep::Failed, MoneyStep::Returned];

    pub const fn as_str(self) -> &'static str {
        match self {
            MoneyStep::Sent => "sent",
            MoneyStep::Settled => "settled",
            MoneyStep::Available => "available",
            MoneyStep::Failed => "failed",
            MoneyStep::Returned => "returned",
        }
    }

    const fn of_effect(effect: Effect) -> Option<Self> {
        match effect {
            Effect::FundingAccepted | Effect::PayoutAccepted | Effect::CheckIssued => Some(MoneyStep::Sent),
            Effect::FundingAvailable
            | Effect::FundingReturnedPending
            | Effect::FundingReturnedAvailable
            | Effect::PayoutReversed
            | Effect::CheckSettled
            | Effect::CheckReversed
            | Effect::CheckReturnedAfterSettled
            | Effect::UnfundedFailed
            | Effect::ReceivableRecovered
            | Effect::ReceivableRepaid => None,
        }
    }

    const fn of_state(state: State) -> Option<Self> {
        match state {
            State::Completed => Some(MoneyStep::Settled),
            State::Available => Some(MoneyStep::Available),
            State::Failed => Some(MoneyStep::Failed),
            State::Returned => Some(MoneyStep::Returned),
            State::Unprocessed | State::Submitting | State::Processing | State::Canceled => None,
        }
    }
}

/// A step of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Move {
    item: ItemId,
    step: MoneyStep,
    amount: Cents,
}

impl Move {
    /// A refund is a payment as well.
    const fn of(&self) -> &'static str {
        match self.item {
            ItemId::Payment(_) => "payment",
            ItemId::Funding(_) => "funding",
        }
    }

    fn tell(&self) {
        let (of, step, cents) = (self.of(), self.step.as_str(), self.amount.get());
        tracing::info!(metric = "money_moved", item = %self.item, of, step, cents, "money moved");
    }
}

/// A table beneath which another one does the work.
#[derive(Debug)]
pub struct MeteredTable {
    table: Arc<dyn Table>,
}

impl MeteredTable {
    pub fn new(table: Arc<dyn Table>) -> Self {
        Self { table }
    }
}

#[async_trait]
impl Table for MeteredTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.table.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.table.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let moves = moves(&changes);
        self.table.write(changes).await?;
        moves.iter().for_each(Move::tell);
        Ok(())
    }
}

/// A write holds the history of each step beside the item that took it.
fn moves(changes: &[Change]) -> Vec<Move> {
    changes.iter().flat_map(|change| moves_of(change, changes)).collect()
}

fn moves_of(change: &Change, changes: &[Change]) -> Vec<Move> {
    let Change::Put { key, attributes, .. } = change else { return Vec::new() };
    let Some(item) = keys::item_of_history(key) else { return Vec::new() };
    let steps = steps(attributes);
    if steps.is_empty() {
        return Vec::new();
    }
    let Some(amount) = amount_of(item, changes) else { return Vec::new() };
    steps.into_iter().map(|step| Move { item, step, amount }).collect()
}

/// The steps that an entry of a history tells.
fn steps(entry: &Attributes) -> Vec<MoneyStep> {
    let effects: Vec<Effect> = field(entry, "effects").unwrap_or_default();
    let mut steps: Vec<MoneyStep> = effects.into_iter().filter_map(MoneyStep::of_effect).collect();
    let (from, to): (Option<State>, Option<State>) = (field(entry, "from"), field(entry, "to"));
    steps.extend(to.filter(|_| from != to).and_then(MoneyStep::of_state));
    steps
}

fn amount_of(item: ItemId, changes: &[Change]) -> Option<Cents> {
    let wanted = match item {
        ItemId::Payment(id) => keys::payment(id),
        ItemId::Funding(id) => keys::funding(id),
    };
    changes.iter().find_map(|change| match change {
        Change::Put { key, attributes, .. } if *key == wanted => field(attributes, "amount"),
        Change::Put { .. } | Change::Delete { .. } | Change::Check { .. } => None,
    })
}

fn field<'a, T: Deserialize<'a>>(attributes: &'a Attributes, name: &str) -> Option<T> {
    attributes.get(name).filter(|value| !matches!(value, Value::Null)).and_then(|value| T::deserialize(value).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::{FundingId, PaymentId};
    use crate::ports::table::{Condition, Indexing};

    fn put(key: Key, attributes: &Value) -> Change {
        let attributes = attributes.as_object().unwrap().clone();
        Change::Put { key, attributes, indexing: Indexing::default(), condition: Condition::Absent }
    }

    /// The write of one step of a payment over $12.50.
    fn told(entry: &Value) -> Vec<(&'static str, &'static str, i64)> {
        let id = PaymentId::Single(Uuid::from_u128(1));
        let payment = put(keys::payment(id), &json!({"amount": "12.50"}));
        let entry = put(keys::history_step(ItemId::Payment(id), 2), entry);
        moves(&[payment, entry]).into_iter().map(|told| (told.of(), told.step.as_str(), told.amount.get())).collect()
    }

    #[test]
    fn what_the_bank_accepts_is_sent_once() {
        let accepted = json!({"from": "submitting", "to": "processing", "effects": ["payout_accepted"]});
        assert_eq!(told(&accepted), [("payment", "sent", 1250)]);
        assert_eq!(told(&json!({"from": "processing", "to": "processing"})), []);
    }

    #[test]
    fn a_settlement_that_comes_before_our_own_answer_is_both() {
        let overtaken = json!({"from": "submitting", "to": "completed", "effects": ["payout_accepted"]});
        assert_eq!(told(&overtaken), [("payment", "sent", 1250), ("payment", "settled", 1250)]);
    }

    #[test]
    fn ends_are_told_and_what_waits_is_not() {
        for (to, wanted) in [("failed", Some("failed")), ("returned", Some("returned")), ("canceled", None)] {
            let steps: Vec<&str> = told(&json!({"from": "processing", "to": to})).iter().map(|told| told.1).collect();
            assert_eq!(steps, wanted.into_iter().collect::<Vec<_>>(), "{to}");
        }
        assert_eq!(told(&json!({"what": "attention_cleared"})), []);
    }

    #[test]
    fn a_funding_is_told_as_one() {
        let id = FundingId::Single(Uuid::from_u128(1));
        let funding = put(keys::funding(id), &json!({"amount": "3.00"}));
        let entry = json!({"from": "completed", "to": "available", "effects": ["funding_available"]});
        let entry = put(keys::history_step(ItemId::Funding(id), 4), &entry);
        let moves = moves(&[funding, entry]);
        assert_eq!(moves.len(), 1, "{moves:?}");
        assert_eq!((moves[0].of(), moves[0].step, moves[0].amount), ("funding", MoneyStep::Available, Cents::new(300)));
    }
}
