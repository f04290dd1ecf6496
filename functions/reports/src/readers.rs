//! Who may read what: what is about a person is for operators alone, all else for them and for readers of reports.
//!
//! Guarantees: what a caller may not read is not there for them (404).

use shared::domain::autopay::ids::PersonId;
use shared::domain::caller::{Caller, Role};
use shared::operations::OperationError;

/// Whether a caller may read what is about this payer.
pub(crate) fn may_read(caller: &Caller, payer_id: &str) -> bool {
    caller.has(Role::Operate) || (caller.has(Role::ReportsRead) && !is_person(payer_id))
}

pub(crate) fn is_person(payer_id: &str) -> bool {
    payer_id.parse::<PersonId>().is_ok()
}

/// What was found, if the caller may read it.
pub(crate) fn readable<T>(
    caller: &Caller,
    found: Option<T>,
    payer_id: impl FnOnce(&T) -> &str,
    missing: impl FnOnce() -> OperationError,
) -> Result<T, OperationError> {
    let is_readable = |found: &T| may_read(caller, payer_id(found));
    found.filter(is_readable).ok_or_else(missing)
}
