//! What an item of the table is: its key, its version, where it is indexed, and the two ways it is written.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{attention, keys};
use crate::domain::ach::account_correction::AccountCorrection;
use crate::domain::attention::Subject;
use crate::domain::autopay::person::SubjectClaim;
use crate::domain::bank::watermark::Watermark;
use crate::domain::batch::Batch;
use crate::domain::biller::Biller;
use crate::domain::funding::Funding;
use crate::domain::ledger::closing::ClosingSchedule;
use crate::domain::ledger::correction::Correction;
use crate::domain::payment::Payment;
use crate::domain::payment::redirect::Redirect;
use crate::domain::payment::replacement::Replacement;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::reconciliation::{DailySchedule, Reconciliation};
use crate::domain::source::Source;
use crate::domain::stop::Stop;
use crate::ports::table::{Change, Condition, Indexing, Key, Table, TableError, decode, encode};

/// An item with a version. Every put names the version it replaces.
pub trait Stored: Serialize + DeserializeOwned {
    fn key(&self) -> Key;
    fn indexing(&self) -> Indexing;
    fn version_mut(&mut self) -> &mut u64;
}

/// Puts a new item; refused where one is there already.
pub fn create<T: Stored>(item: &T) -> Result<Change, TableError> {
    Ok(Change::Put {
        key: item.key(),
        attributes: encode(item)?,
        indexing: item.indexing(),
        condition: Condition::Absent,
    })
}

/// Puts the item over the version it was read at, and counts its version up.
pub fn replace<T: Stored>(item: &mut T) -> Result<Change, TableError> {
    let read_at = *item.version_mut();
    *item.version_mut() = read_at.saturating_add(1);
    Ok(Change::Put {
        key: item.key(),
        attributes: encode(item)?,
        indexing: item.indexing(),
        condition: Condition::VersionIs(read_at),
    })
}

/// Reads an item consistently.
pub async fn read<T: DeserializeOwned>(table: &dyn Table, key: &Key) -> Result<Option<T>, TableError> {
    table.get(key).await?.map(decode).transpose()
}

impl Stored for Batch {
    fn key(&self) -> Key {
        keys::batch(self.id)
    }

    fn indexing(&self) -> Indexing {
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: Some((keys::LIST_BATCHES.to_owned(), format!("{}#{}", keys::sortable(self.created_at), self.id))),
            attention: attention::place(Subject::Batch(self), &self.key()),
            expires_at: None,
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Payment {
    fn key(&self) -> Key {
        keys::payment(self.id)
    }

    fn indexing(&self) -> Indexing {
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: match (&self.row, &self.autopay) {
                (Some(row), _) => Some((keys::list_of_employee(&row.employee_id), self.id.to_string())),
                (None, Some(autopay)) => {
                    let at = keys::sortable(self.created_at);
                    Some((keys::list_of_card_payments(autopay.card_id), format!("{at}#{}", self.id)))
                }
                (None, None) => None,
            },
            attention: attention::place(Subject::Payment(self), &self.key()),
            expires_at: None,
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Funding {
    fn key(&self) -> Key {
        keys::funding(self.id)
    }

    fn indexing(&self) -> Indexing {
        let day = self.created_at.to_zoned(jiff::tz::TimeZone::UTC).date();
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: Some((keys::list_of_fundings(day), self.id.to_string())),
            attention: attention::place(Subject::Funding(self), &self.key()),
            expires_at: None,
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Watermark {
    fn key(&self) -> Key {
        keys::watermark()
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: Some(keys::due(&self.key(), self.due_at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for ClosingSchedule {
    fn key(&self) -> Key {
        keys::closing_round()
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: Some(keys::due(&self.key(), self.due_at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for DailySchedule {
    fn key(&self) -> Key {
        keys::daily_round()
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: Some(keys::due(&self.key(), self.due_at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Reconciliation {
    fn key(&self) -> Key {
        keys::reconciliation(self.id)
    }

    fn indexing(&self) -> Indexing {
        let place = format!("{}#{}", keys::sortable(self.as_of), self.id);
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: Some((keys::LIST_RECONCILIATIONS.to_owned(), place)),
            ..Indexing::default()
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for PayerRun {
    fn key(&self) -> Key {
        keys::payer_run(self.reconciliation_id, &self.payer_id)
    }

    fn indexing(&self) -> Indexing {
        Indexing { due: self.due_at.map(|at| keys::due(&self.key(), at)), ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Correction {
    fn key(&self) -> Key {
        keys::correction(self.id)
    }

    fn indexing(&self) -> Indexing {
        let place = attention::place(Subject::LedgerCorrection(self), &self.key());
        Indexing { attention: place, ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for AccountCorrection {
    fn key(&self) -> Key {
        keys::account_correction(&self.account)
    }

    fn indexing(&self) -> Indexing {
        let place = attention::place(Subject::AccountCorrection(self), &self.key());
        Indexing { attention: place, ..Indexing::default() }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Source {
    fn key(&self) -> Key {
        keys::source(&self.id)
    }

    fn indexing(&self) -> Indexing {
        Indexing {
            lists: Some((keys::LIST_SOURCES.to_owned(), self.id.clone())),
            attention: attention::place(Subject::Source(self), &self.key()),
            ..Indexing::default()
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for SubjectClaim {
    fn key(&self) -> Key {
        keys::subject(&self.subject_sha256)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Replacement {
    fn key(&self) -> Key {
        keys::replacement(self.payment_id)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Redirect {
    fn key(&self) -> Key {
        keys::redirect(self.payment_id)
    }

    fn indexing(&self) -> Indexing {
        Indexing::default()
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Stop {
    fn key(&self) -> Key {
        keys::stop(&self.scope)
    }

    fn indexing(&self) -> Indexing {
        Indexing {
            due: self.due_at.map(|at| keys::due(&self.key(), at)),
            lists: self.stopped.then(|| (keys::LIST_STOPS.to_owned(), self.scope.clone())),
            ..Indexing::default()
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}

impl Stored for Biller {
    fn key(&self) -> Key {
        keys::biller(&self.institution_id)
    }

    fn indexing(&self) -> Indexing {
        let waits = self.address_lookup.as_ref().filter(|lookup| lookup.failure.is_none());
        Indexing {
            due: waits.map(|lookup| keys::due(&self.key(), lookup.at)),
            lists: Some((keys::LIST_BILLERS.to_owned(), self.institution_id.clone())),
            attention: attention::place(Subject::Biller(self), &self.key()),
            expires_at: None,
        }
    }

    fn version_mut(&mut self) -> &mut u64 {
        &mut self.version
    }
}
