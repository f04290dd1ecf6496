//! The table, as badly as the service can be reached.

use async_trait::async_trait;
use shared::ports::table::{Attributes, Change, Condition, Index, Key, Page, Query, Table, TableError};

use super::FaultyPort;
use crate::faults::Fault;

fn lost(why: &str) -> TableError {
    TableError::Unavailable(why.to_owned())
}

#[async_trait]
impl Table for FaultyPort<dyn Table> {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.crash.give_way().await;
        if self.crash.strikes(Fault::ReadFailed) {
            return Err(lost("the connection broke"));
        }
        self.port.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.crash.give_way().await;
        if self.crash.strikes(Fault::ReadFailed) {
            return Err(lost("the connection broke"));
        }
        let page = self.port.query(query).await?;
        Ok(match (query.index, &self.crash.fault_injector) {
            (Index::Due, Some(fault_injector)) => fault_injector.perhaps_stale(&query.pk, page),
            (Index::Due | Index::Primary | Index::Lists | Index::Attention, _) => page,
        })
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        self.crash.effect().await;
        let what = told(&changes);
        let outcome = self.write_in_this_weather(changes).await;
        match &outcome {
            Ok(()) => self.crash.tell(format_args!("write {what}")),
            Err(error) => self.crash.tell(format_args!("write {what}: {error}")),
        }
        // It happened, and the process may never learn of it.
        self.crash.give_way().await;
        outcome
    }
}

impl FaultyPort<dyn Table> {
    async fn write_in_this_weather(&self, changes: Vec<Change>) -> Result<(), TableError> {
        if self.crash.strikes(Fault::StoreThrottled) {
            return Err(lost("throttled"));
        }
        if changes.len() > 1 && self.crash.strikes(Fault::TransactionConflict) {
            return Err(lost("in conflict with another transaction"));
        }
        if self.crash.strikes(Fault::WriteTimedOutUndone) {
            return Err(lost("no answer"));
        }
        if self.crash.strikes(Fault::WriteTimedOutDone) {
            return self.write_and_note(changes).await.and(Err(lost("no answer")));
        }
        if self.crash.strikes(Fault::WriteFoundItself) {
            return self.write_twice(changes).await;
        }
        self.write_and_note(changes).await
    }

    async fn write_and_note(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let Some(recorder) = &self.crash.recorder else { return self.port.write(changes).await };
        self.port.write(changes.clone()).await?;
        recorder.wrote(&changes);
        Ok(())
    }

    /// The client got no answer and sends its request again, as the real one does: a transaction is known by its token; a single put is
    /// known by its writer, unless somebody else has changed the item meanwhile.
    async fn write_twice(&self, changes: Vec<Change>) -> Result<(), TableError> {
        self.write_and_note(changes.clone()).await?;
        // The client waits for a while before it sends again, and others go on.
        for _ in 0..self.crash.fault_injector.as_ref().map_or(1, |fault_injector| fault_injector.between(1, 20)) {
            self.crash.give_way().await;
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
        if let (Err(TableError::ConditionFailed { .. }), Some(fault_injector)) = (&again, &self.crash.fault_injector) {
            fault_injector.count(Fault::WriteOvertaken);
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
