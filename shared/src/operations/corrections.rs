//! Correcting the books: one operator proposes, another confirms, and a new entry is booked.

use uuid::Uuid;

use super::autopay::own;
use super::{OperationError, System, audit, payers};
use crate::domain::autopay::person::Person;
use crate::domain::batch::Command;
use crate::domain::funding::Funding;
use crate::domain::ids::CorrectionId;
use crate::domain::ledger::correction::{Correction, CorrectionTerms};
use crate::domain::source::Source;
use crate::ports::table::TableError;
use crate::store::stored::{create, read, replace};
use crate::store::{keys, ledger};

/// Proposes a correction. It counts once a second person has confirmed it. Proposed again under the same id, it answers how that one stands.
pub async fn propose(
    system: &System,
    id: Uuid,
    terms: CorrectionTerms,
    caller: &str,
) -> Result<Correction, OperationError> {
    let id = CorrectionId::new(id);
    // Once it is booked, what it says was repaid could not be repaid again.
    if let Some(known) = read::<Correction>(&*system.table, &keys::correction(id)).await? {
        return Ok(known);
    }
    own::refuse(system, caller, &terms.payer_id).await?;
    payers::since(system, &terms.payer_id).await?;
    let correction = Correction::propose(id, terms, caller, system.clock.business_now())?;
    repaid(system, &correction.terms).await?;
    let entry = audit::entry(system, caller, "propose_correction", &id.to_string(), Some(&shown(&correction)))?;
    match system.table.write(vec![create(&correction)?, entry]).await {
        Ok(()) => Ok(correction),
        Err(TableError::ConditionFailed { .. }) => load(system, id).await,
        Err(other) => Err(other.into()),
    }
}

/// The second person's word: books the correction that they looked at. What the payer owed may be settled by it; then it is free.
pub async fn confirm(
    system: &System,
    id: CorrectionId,
    seen: &CorrectionTerms,
    caller: &str,
) -> Result<Correction, OperationError> {
    let mut correction = load(system, id).await?;
    own::refuse(system, caller, &correction.terms.payer_id).await?;
    let now = system.clock.business_now();
    if correction.confirm(caller, seen, now)? == Command::Executed {
        let entry = audit::entry(system, caller, "confirm_correction", &id.to_string(), Some(&shown(&correction)))?;
        let mut changes = ledger::puts_of_correction(&correction, now)?;
        changes.push(replace(&mut correction)?);
        changes.push(entry);
        if let Some(mut funding) = repaid(system, &correction.terms).await? {
            funding.updated_at = now;
            changes.push(replace(&mut funding)?);
        }
        if correction.terms.touches_receivable() {
            changes.push(payers::touched(system, &correction.terms.payer_id).await?);
        }
        system.table.write(changes).await?;
    }
    if correction.terms.touches_receivable() {
        settle(system, &correction.terms.payer_id).await?;
    }
    Ok(correction)
}

/// The lost funding that a source repays with a correction, as it is afterwards.
async fn repaid(system: &System, terms: &CorrectionTerms) -> Result<Option<Funding>, OperationError> {
    let Some((id, cents)) = terms.repaid()? else { return Ok(None) };
    let funding: Option<Funding> = read(&*system.table, &keys::funding(id)).await?;
    let mut funding = funding.ok_or_else(|| OperationError::not_found("funding", id))?;
    funding.note_repaid(&terms.payer_id, cents)?;
    Ok(Some(funding))
}

/// Done again where a run stopped between the entry and this.
async fn settle(system: &System, payer_id: &str) -> Result<(), OperationError> {
    let key = payers::key_of(payer_id);
    if key.pk.starts_with("SOURCE#") {
        payers::settle_receivable::<Source>(system, &key).await?;
    } else {
        payers::settle_receivable::<Person>(system, &key).await?;
    }
    Ok(())
}

pub async fn load(system: &System, id: CorrectionId) -> Result<Correction, OperationError> {
    read(&*system.table, &keys::correction(id)).await?.ok_or_else(|| OperationError::not_found("correction", id))
}

fn shown(correction: &Correction) -> String {
    let terms = &correction.terms;
    let (debit, credit) = (terms.debit.as_str(), terms.credit.as_str());
    format!("{} of {}: {debit} to {credit}: {}", terms.amount, terms.payer_id, terms.reason)
}
