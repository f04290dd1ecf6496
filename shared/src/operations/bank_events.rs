//! Applying the bank's events: to the payment or funding that the echoed key names, in any order, any number of times.
//!
//! Guarantees: state, history and postings of an event are one write, and the event's id in the history is put if absent: an event is
//! never recorded without being applied, nor applied twice. Anything that cannot be written is an error: the bank delivers again.

use jiff::Timestamp;

use super::send::report_of;
use super::step::{self, Carrier};
use super::{OperationError, System, fund, inbox, sources};
use crate::domain::ach::notification_of_change::{ChangeCode, NotificationOfChange};
use crate::domain::bank::event::TransferEvent;
use crate::domain::bank::request::AccountType;
use crate::domain::calendar;
use crate::domain::funding::Funding;
use crate::domain::ids::{ItemId, TransferKey};
use crate::domain::leg::{Effect, State, Verdict};
use crate::domain::payment::Payment;
use crate::domain::source::Source;
use crate::ports::table::{Change, Condition, TableError};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{read, replace};

/// Writes of one event before the bank is asked to deliver it again.
const TRIES_MAX: usize = 8;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// The item changed.
    Moved,
    /// Kept in the history; nothing moved.
    Recorded,
    /// It was applied before.
    Replayed,
    /// It matches no item yet, and is looked at again later.
    Waiting,
    /// It bears no key of ours.
    NotOurs,
}

/// Applies one event.
pub async fn apply(system: &System, event: &TransferEvent) -> Result<Applied, OperationError> {
    let key = event.transfer.idempotency_key.as_deref().unwrap_or_default();
    let Ok(key) = key.parse::<TransferKey>() else {
        tracing::info!(event = event.event_id, "an event of a transfer that is not ours");
        return Ok(Applied::NotOurs);
    };
    let applied = match key.item {
        ItemId::Payment(id) => match read::<Payment>(&*system.table, &keys::payment(id)).await? {
            Some(payment) => apply_to(system, payment, key, event).await?,
            None => None,
        },
        ItemId::Funding(id) => match read::<Funding>(&*system.table, &keys::funding(id)).await? {
            Some(funding) => apply_to(system, funding, key, event).await?,
            None => None,
        },
    };
    match applied {
        Some(applied) => Ok(applied),
        None => {
            inbox::keep(system, &event.event_id).await?;
            Ok(Applied::Waiting)
        }
    }
}

/// What an item does besides carrying a leg when the bank speaks.
trait Listener: Carrier {
    /// Facts of the item itself that the event brings, before it is saved.
    fn heed(&mut self, event: &TransferEvent, hold_banking_days: u32);
    /// Fingerprint of the account at the other end.
    async fn fingerprint(&self, system: &System) -> Result<Option<String>, OperationError>;
    /// More changes for the same write, and the source they rest on.
    async fn more_changes(&self, system: &System, effects: &[Effect]) -> Result<Vec<Change>, OperationError>;
    /// Hints after the write.
    async fn afterwards(&self, system: &System) -> Result<(), OperationError>;
}

impl Listener for Payment {
    fn heed(&mut self, _: &TransferEvent, _: u32) {}

    async fn fingerprint(&self, _: &System) -> Result<Option<String>, OperationError> {
        Ok(Some(self.payee.fingerprint.clone()))
    }

    async fn more_changes(&self, _: &System, _: &[Effect]) -> Result<Vec<Change>, OperationError> {
        Ok(Vec::new())
    }

    async fn afterwards(&self, _: &System) -> Result<(), OperationError> {
        Ok(())
    }
}

impl Listener for Funding {
    fn heed(&mut self, event: &TransferEvent, hold_banking_days: u32) {
        if self.leg.state == State::Completed && self.available_at.is_none() {
            let settled_at = event.transfer.settled_at.unwrap_or(event.created_at);
            let settled_on = calendar::eastern_date(settled_at);
            let effective_on = event.transfer.effective_on.unwrap_or(settled_on);
            self.settle_terms(effective_on, settled_on, hold_banking_days);
        }
    }

    async fn fingerprint(&self, system: &System) -> Result<Option<String>, OperationError> {
        let source = read::<Source>(&*system.table, &keys::source(&self.source_id)).await?;
        Ok(source.map(|source| source.account.fingerprint))
    }

    /// A return after the money was available blocks new releases of the payer until the receivable is settled.
    async fn more_changes(&self, system: &System, effects: &[Effect]) -> Result<Vec<Change>, OperationError> {
        if !effects.contains(&Effect::FundingReturnedAvailable) {
            return Ok(Vec::new());
        }
        let mut source = sources::load(system, &self.source_id).await?;
        source.receivable_open = true;
        source.updated_at = system.clock.business_now();
        tracing::error!(funding = %self.id, source = self.source_id, "attention: a funding came back after it was available");
        Ok(vec![replace(&mut source)?])
    }

    async fn afterwards(&self, system: &System) -> Result<(), OperationError> {
        match self.leg.state {
            State::Returned | State::Failed => fund::release_all(system, self.id.batch).await,
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Canceled => Ok(()),
        }
    }
}

/// `None` where the item went away, which only a batch that never was can do.
async fn apply_to<T: Listener>(
    system: &System,
    mut item: T,
    key: TransferKey,
    event: &TransferEvent,
) -> Result<Option<Applied>, OperationError> {
    let history_key = keys::history_event(key.item, &event.event_id);
    for _ in 0..TRIES_MAX {
        let now = system.clock.business_now();
        let (changes, outcome, moves) = changes_of(system, &mut item, key, event, now).await?;
        match system.table.write(changes).await {
            Ok(()) => {
                if moves {
                    item.afterwards(system).await?;
                }
                return Ok(Some(outcome));
            }
            Err(TableError::ConditionFailed { key: failed, .. }) if failed == history_key => {
                return Ok(Some(Applied::Replayed));
            }
            Err(TableError::ConditionFailed { .. }) => match read(&*system.table, &item.key()).await? {
                Some(fresh) => item = fresh,
                None => return Ok(None),
            },
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended(key.item.to_string()))
}

async fn changes_of<T: Listener>(
    system: &System,
    item: &mut T,
    key: TransferKey,
    event: &TransferEvent,
    now: Timestamp,
) -> Result<(Vec<Change>, Applied, bool), OperationError> {
    let expected = item.expected();
    let verdict = item.leg_mut().report(expected, &report_of(&event.transfer, key.attempt), now);
    let mut entry = HistoryEntry::new(&event.event_type, item.leg(), event.created_at);
    entry.event_id = Some(event.event_id.clone());
    entry.attempt = key.attempt;
    entry.bank_status = Some(event.transfer.status.as_str().to_owned());
    entry.transfer_id = Some(event.transfer.id.clone());
    let mut changes = match &verdict {
        Verdict::Recorded => vec![entry.put(key.item, 0)?],
        Verdict::Disputed(reason) => {
            tracing::error!(item = %key.item, event = event.event_id, ?reason, "attention: an event is not as expected");
            step::changes(item, &entry, &[], now)?
        }
        Verdict::Applied(moved) => {
            item.heed(event, system.settings.hold_banking_days);
            let entry = entry.moved(moved);
            let mut changes = step::changes(item, &entry, &moved.effects, now)?;
            changes.extend(item.more_changes(system, &moved.effects).await?);
            changes
        }
    };
    if let Some(notice) = &event.transfer.notification_of_change {
        changes.extend(correction(system, item, notice, now).await?);
    }
    let moves = matches!(verdict, Verdict::Applied(_));
    let outcome = if moves { Applied::Moved } else { Applied::Recorded };
    Ok((changes, outcome, moves))
}

/// A notification of change is kept with the account it is about, and used from the next payment on (`money-rules.md` section 1.5).
async fn correction<T: Listener>(
    system: &System,
    item: &T,
    notice: &NotificationOfChange,
    now: Timestamp,
) -> Result<Option<Change>, OperationError> {
    let ChangeCode::Replace { .. } = notice.code else { return Ok(None) };
    let Some(fingerprint) = item.fingerprint(system).await?.filter(|text| !text.is_empty()) else { return Ok(None) };
    let vault = system.vault().await?;
    let bound_to = keys::counterparty(&fingerprint).pk;
    let sealed_account = match notice.account_number() {
        Some(number) => Some(vault.sealing.seal(number, &bound_to, &*system.random)?.as_str().to_owned()),
        None => None,
    };
    let correction = Correction {
        change_code: notice.code.as_str().to_owned(),
        routing_number: notice.routing_number().map(str::to_owned),
        sealed_account,
        account_type: notice.account_type().and_then(AccountType::parse),
    };
    let known = KnownCounterparty { counterparty_id: None, correction: Some(correction), version: 1, updated_at: now };
    Ok(Some(counterparty::put(&fingerprint, &known, Condition::Always)?))
}
