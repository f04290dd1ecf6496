//! The biller directory: an operator's entry, confirmed by a second person, wins; otherwise Plaid is asked.

use super::upload::{audit_entry, nonce};
use super::{OperationError, System};
use crate::adapters::plaid::InstitutionLookup;
use crate::domain::batch::manifest::InstitutionDecision;
use crate::domain::biller::{self, Biller, Proposal};
use crate::domain::deadline::Deadline;
use crate::store::stored::{create, read, replace};
use crate::store::{audit, keys};

/// How rows of this institution are paid.
pub(crate) async fn decision(
    system: &System,
    institution_id: &str,
    deadline: Deadline,
) -> Result<InstitutionDecision, OperationError> {
    let entered: Option<Biller> = read(&*system.table, &keys::biller(institution_id)).await?;
    if let Some(decision) = entered.and_then(|biller| biller.decision) {
        return Ok(decision);
    }
    match system.plaid().await?.institution(institution_id, deadline).await {
        Ok(InstitutionLookup::Found(facts)) => Ok(biller::decide(&facts.routing_numbers)),
        Ok(InstitutionLookup::Unknown) => Ok(biller::unknown()),
        Err(cause) => {
            Err(OperationError::Directory { institution_id: institution_id.to_owned(), cause: cause.to_string() })
        }
    }
}

/// Proposes how an institution takes payments. Counts once a second person has confirmed it.
pub async fn propose(
    system: &System,
    institution_id: &str,
    decision: InstitutionDecision,
    caller: &str,
) -> Result<Biller, OperationError> {
    let now = system.clock.business_now();
    let proposal = Proposal { decision, by: caller.to_owned(), at: now };
    let entry = audit::put(&audit_entry(system, caller, "propose_biller", institution_id, None), nonce(system))?;
    match read::<Biller>(&*system.table, &keys::biller(institution_id)).await? {
        Some(mut biller) => {
            biller.proposal = Some(proposal);
            biller.updated_at = now;
            system.table.write(vec![replace(&mut biller)?, entry]).await?;
            Ok(biller)
        }
        None => {
            let biller = Biller::new(institution_id.to_owned(), proposal);
            system.table.write(vec![create(&biller)?, entry]).await?;
            Ok(biller)
        }
    }
}

/// The second person's word: makes the proposal that they looked at count.
pub async fn confirm(
    system: &System,
    institution_id: &str,
    seen: &InstitutionDecision,
    caller: &str,
) -> Result<Biller, OperationError> {
    let mut biller = load(system, institution_id).await?;
    biller.confirm(caller, seen, system.clock.business_now())?;
    let entry = audit::put(&audit_entry(system, caller, "confirm_biller", institution_id, None), nonce(system))?;
    system.table.write(vec![replace(&mut biller)?, entry]).await?;
    Ok(biller)
}

pub async fn load(system: &System, institution_id: &str) -> Result<Biller, OperationError> {
    read(&*system.table, &keys::biller(institution_id))
        .await?
        .ok_or_else(|| OperationError::not_found("biller", institution_id))
}
