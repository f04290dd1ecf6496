//! The audit: who did what to which thing. Written with the action itself, in one write, and never changed.

use super::{OperationError, System};
use crate::http::csv_text::CsvText;
use crate::ports::random::random_u64;
use crate::ports::table::{Change, TableError};
use crate::store::audit::{self, AuditEntry};

/// The put of an entry, for the write of the action. `actor` is the caller's subject, or a person's id; `detail` holds ids, amounts, or
/// what an operator wrote as their reason, and no personal data.
pub(crate) fn entry(
    system: &System,
    actor: &str,
    action: &str,
    subject: &str,
    detail: Option<&str>,
) -> Result<Change, TableError> {
    let entry = AuditEntry {
        at: system.clock.business_now(),
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail: detail.map(str::to_owned),
    };
    // Keeps two actions of one moment apart.
    audit::put(&entry, random_u64(&*system.random))
}

/// Entries for a spreadsheet.
pub fn csv(entries: &[AuditEntry]) -> Result<Vec<u8>, OperationError> {
    let unwritable = |cause: csv::Error| OperationError::Inconsistent(format!("the audit cannot be written: {cause}"));
    let mut csv = CsvText::new(&["at", "actor", "action", "subject", "detail"]).map_err(unwritable)?;
    for AuditEntry { at, actor, action, subject, detail } in entries {
        let at = at.to_string();
        let [at, actor, action, subject] = [&at, actor, action, subject].map(|text| text.as_str().into());
        csv.row(&[at, actor, action, subject, detail.as_deref().into()]).map_err(unwritable)?;
    }
    csv.finish().map_err(unwritable)
}
