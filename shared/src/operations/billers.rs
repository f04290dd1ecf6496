//! The biller directory: an operator's entry, confirmed by a second person, wins; otherwise Plaid is asked.

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::{OperationError, System, audit};
use crate::adapters::plaid::InstitutionLookup;
use crate::domain::aba::RoutingNumber;
use crate::domain::batch::manifest::{InstitutionDecision, Manifest};
use crate::domain::biller::{self, AddressLookup, Biller, Proposal, Remittance, RemittanceProposal};
use crate::domain::deadline::Deadline;
use crate::domain::task::Task;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// Institutions of a file that are read at once.
const READS_AT_ONCE: usize = 16;

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

/// Whether two operators have decided otherwise about an institution of a file than its summary shows.
pub(crate) async fn are_others_now(system: &System, manifest: &Manifest) -> Result<bool, OperationError> {
    let others = stream::iter(&manifest.institutions)
        .map(|shown| async move {
            let entered: Option<Biller> = read(&*system.table, &keys::biller(&shown.id)).await?;
            let decision = entered.and_then(|biller| biller.decision);
            Ok::<bool, TableError>(decision.is_some_and(|decision| decision != shown.decision))
        })
        .boxed()
        .buffer_unordered(READS_AT_ONCE);
    let is_any = others.try_any(|is_other| async move { is_other }).await?;
    Ok(fault!(BillerOfSummaryPaid, false, is_any))
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
    let set = |biller: &mut Biller| biller.proposal = Some(proposal);
    change(system, institution_id, set, caller, "propose_biller", None).await
}

/// Proposes where checks for an institution go. Counts once a second person has confirmed it.
pub async fn propose_remittance(
    system: &System,
    institution_id: &str,
    remittance: Remittance,
    caller: &str,
) -> Result<Biller, OperationError> {
    let detail = remittance.institution_routing_number.clone();
    let proposal = RemittanceProposal { remittance, by: caller.to_owned(), at: system.clock.business_now() };
    let set = |biller: &mut Biller| biller.remittance_proposal = Some(proposal);
    change(system, institution_id, set, caller, "propose_remittance", detail.as_deref()).await
}

/// Proposes that checks for an institution go to the address that our bank's directory has of it. That is not where issuers take
/// payments: it is used for no biller but this one, and only once a second person has confirmed what was found.
pub async fn propose_institution_address(
    system: &System,
    institution_id: &str,
    routing_number: RoutingNumber,
    name: String,
    caller: &str,
) -> Result<Biller, OperationError> {
    let (by, at) = (caller.to_owned(), system.clock.business_now());
    let routing_number = routing_number.as_str().to_owned();
    let detail = routing_number.clone();
    let lookup = AddressLookup { routing_number, name, by, at, failure: None };
    let set = |biller: &mut Biller| biller.address_lookup = Some(lookup);
    let biller = change(system, institution_id, set, caller, "propose_remittance", Some(&detail)).await?;
    system.hint([Task::LookUpAddress { institution_id: institution_id.to_owned() }]).await;
    Ok(biller)
}

/// Reads the bank's directory for a proposal that waits for it.
pub async fn look_up_address(system: &System, institution_id: &str, deadline: Deadline) -> Result<(), OperationError> {
    let Some(mut biller) = read::<Biller>(&*system.table, &keys::biller(institution_id)).await? else { return Ok(()) };
    let Some(lookup) = biller.address_lookup.as_ref().filter(|lookup| lookup.failure.is_none()) else { return Ok(()) };
    let institution = system.column().await?.institution(&lookup.routing_number, deadline).await?;
    biller.looked_up(institution.as_ref(), system.clock.business_now());
    match system.table.write(vec![replace(&mut biller)?]).await {
        // Changed in between: what waits is due again.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Changes an entry, or makes the first of an institution.
async fn change(
    system: &System,
    institution_id: &str,
    set: impl FnOnce(&mut Biller),
    caller: &str,
    action: &str,
    detail: Option<&str>,
) -> Result<Biller, OperationError> {
    let now = system.clock.business_now();
    let entry = audit::entry(system, caller, action, institution_id, detail)?;
    let known: Option<Biller> = read(&*system.table, &keys::biller(institution_id)).await?;
    let is_new = known.is_none();
    let mut biller = known.unwrap_or_else(|| Biller::new(institution_id.to_owned(), now));
    set(&mut biller);
    biller.updated_at = now;
    let put = if is_new { create(&biller)? } else { replace(&mut biller)? };
    system.table.write(vec![put, entry]).await?;
    Ok(biller)
}

/// The second person's word on a remittance address.
pub async fn confirm_remittance(
    system: &System,
    institution_id: &str,
    seen: &Remittance,
    caller: &str,
) -> Result<Biller, OperationError> {
    let mut biller = load(system, institution_id).await?;
    biller.confirm_remittance(caller, seen, system.clock.business_now())?;
    let detail = seen.institution_routing_number.as_deref();
    let entry = audit::entry(system, caller, "confirm_remittance", institution_id, detail)?;
    system.table.write(vec![replace(&mut biller)?, entry]).await?;
    Ok(biller)
}

/// Where checks for an institution go, if that is known.
pub(crate) async fn remittance(system: &System, institution_id: &str) -> Result<Option<Remittance>, OperationError> {
    let entered: Option<Biller> = read(&*system.table, &keys::biller(institution_id)).await?;
    Ok(entered.and_then(|biller| biller.remittance))
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
    let entry = audit::entry(system, caller, "confirm_biller", institution_id, None)?;
    system.table.write(vec![replace(&mut biller)?, entry]).await?;
    Ok(biller)
}

pub async fn load(system: &System, institution_id: &str) -> Result<Biller, OperationError> {
    read(&*system.table, &keys::biller(institution_id))
        .await?
        .ok_or_else(|| OperationError::not_found("biller", institution_id))
}
