//! The table, as badly as the service can be reached.

use async_trait::async_trait;
use shared::ports::table::{Attributes, Change, Condition, Index, Key, Page, Query, Table, TableError};

use super::Powered;
use crate::faults::Fault;

fn lost(why: &str) -> TableError {
    TableError::Unavailable(why.to_owned())
}

#[async_trait]
impl Table for Powered<dyn Table> {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.power.give_way().await;
        if self.power.strikes(Fault::ReadFailed) {
            return Err(lost("the connection broke"));
        }
        self.port.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.power.give_way().await;
        if self.power.strikes(Fault::ReadFailed) {
            return Err(lost("the connection broke"));
        }
        let page = self.port.query(query).await?;
        Ok(match (query.index, &self.power.weather) {
            (Index::Due, Some(weather)) => weather.perhaps_stale(&query.pk, page),
            (Index::Due | Index::Primary | Index::Lists | Index::Attention, _) => page,
        })
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        self.power.effect().await;
        let what = told(&changes);
        let outcome = self.write_in_this_weather(changes).await;
        match &outcome {
            Ok(()) => self.power.tell(format_args!("write {what}")),
            Err(error) => self.power.tell(format_args!("write {what}: {error}")),
        }
        // It happened, and the process may never learn of it.
        self.power.give_way().await;
        outcome
    }
}

impl Powered<dyn Table> {
    async fn write_in_this_weather(&self, changes: Vec<Change>) -> Result<(), TableError> {
        if self.power.strikes(Fault::StoreThrottled) {
            return Err(lost("throttled"));
        }
        if changes.len() > 1 && self.power.strikes(Fault::TransactionConflict) {
            return Err(lost("in conflict with another transaction"));
        }
        if self.power.strikes(Fault::WriteTimedOutUndone) {
            return Err(lost("no answer"));
        }
        if self.power.strikes(Fault::WriteTimedOutDone) {
            return self.write_and_note(changes).await.and(Err(lost("no answer")));
        }
        if self.power.strikes(Fault::WriteFoundItself) {
            return self.write_twice(changes).await;
        }
        self.write_and_note(changes).await
    }

    async fn write_and_note(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let Some(witness) = &self.power.witness else { return self.port.write(changes).await };
        self.port.write(changes.clone()).await?;
        witness.wrote(&changes);
        Ok(())
    }

    /// The client got no answer and sends its request again, as the real one does: a transaction is known by its token; a single put is
    /// known by its writer, unless somebody else has changed the item meanwhile.
    async fn write_twice(&self, changes: Vec<Change>) -> Result<(), TableError> {
        self.write_and_note(changes.clone()).await?;
        // The client waits for a while before it sends again, and others go on.
        for _ in 0..self.power.weather.as_ref().map_or(1, |weather| weather.between(1, 20)) {
            self.power.give_way().await;
        }
        let again = match changes.as_slice() {
            [Change::Put { condition: Condition::Always, .. }] => self.port.write(changes).await,
            [Change::Put { key, attributes, .. }] => {
                let version = |item: &Attributes| item.get("version").cloned();
                let existing = self.port.get(key).await?;
                match existing {
                    Some(item) if version(&item) == version(attributes) => Ok(()),
                    existing => Err(TableError::ConditionFailed { key: key.clone(), existing: existing.map(Box::new) }),
                }
            }
            _ => Ok(()),
        };
        if let (Err(TableError::ConditionFailed { .. }), Some(weather)) = (&again, &self.power.weather) {
            weather.count(Fault::WriteOvertaken);
        }
        again
    }
}

/// The keys of a write, and for what carries a leg or state, where it then stands.
fn told(changes: &[Change]) -> String {
    let each = changes.iter().map(|change| {
        let key = change.key();
        let state = match change {
            Change::Put { attributes, .. } => {
                let of_leg = attributes.get("leg").and_then(|leg| leg.get("state"));
                of_leg.or_else(|| attributes.get("state")).and_then(|state| state.as_str())
            }
            Change::Delete { .. } => Some("deleted"),
            Change::Check { .. } => Some("checked"),
        };
        match state {
            Some(state) => format!("{} {} ({state})", key.pk, key.sk),
            None => format!("{} {}", key.pk, key.sk),
        }
    });
    each.collect::<Vec<_>>().join(", ")
}
