//! The biller directory: one operator proposes how an institution is paid, a second one confirms.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::aba::RoutingNumber;
use shared::domain::bank::limits::EntryDescription;
use shared::domain::bank::mailing_address::{AddressParts, MailingAddress};
use shared::domain::batch::manifest::InstitutionDecision;
use shared::domain::biller::{AddressLookup, Biller, Proposal, Remittance, RemittanceProposal};
use shared::domain::caller::Caller;
use shared::http::body::{JsonBody, PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, ProblemEntry, Refused};
use shared::operations::{System, billers, lists};
use utoipa::{IntoParams, ToSchema};

/// Of why an institution cannot be paid.
const REASON_CHARACTERS_MAX: usize = 200;

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BillerView {
    institution_id: String,
    /// What counts; absent until a second person has confirmed the first proposal.
    decision: Option<InstitutionDecision>,
    proposal: Option<ProposalView>,
    /// Where checks for it go; absent until a second person has confirmed it.
    remittance: Option<RemittanceParts>,
    remittance_proposal: Option<RemittanceProposalView>,
    /// The institution's own address is being looked up, or was not found there.
    address_lookup: Option<AddressLookupView>,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProposalView {
    decision: InstitutionDecision,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// To whose order a check is made out, and where it is mailed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemittanceEntry {
    /// 1 to 40 printable ASCII characters.
    name: String,
    address: AddressParts,
}

/// That checks go to where the institution itself is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstitutionAddressChoice {
    /// Of the institution in the bank's directory.
    #[schema(value_type = String)]
    routing_number: RoutingNumber,
    /// To whose order the check is made out: 1 to 40 printable ASCII characters.
    name: String,
}

/// A remittance address as it is stored, and whose word it is.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemittanceParts {
    name: String,
    address: AddressParts,
    /// Of the institution whose own address in the bank's directory this is; absent where an operator entered the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    institution_routing_number: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RemittanceProposalView {
    remittance: RemittanceParts,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// A look into the bank's directory for an institution's address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddressLookupView {
    routing_number: String,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Why nothing is proposed; absent while it is being looked up.
    failure: Option<String>,
}

impl From<AddressLookup> for AddressLookupView {
    fn from(AddressLookup { routing_number, name: _, by, at, failure }: AddressLookup) -> Self {
        Self { routing_number, by, at, failure }
    }
}

impl From<Remittance> for RemittanceParts {
    fn from(remittance: Remittance) -> Self {
        Self {
            name: remittance.name,
            address: remittance.address.into(),
            institution_routing_number: remittance.institution_routing_number,
        }
    }
}

impl From<RemittanceEntry> for RemittanceParts {
    fn from(RemittanceEntry { name, address }: RemittanceEntry) -> Self {
        Self { name, address, institution_routing_number: None }
    }
}

impl From<RemittanceProposal> for RemittanceProposalView {
    fn from(proposal: RemittanceProposal) -> Self {
        Self { remittance: proposal.remittance.into(), by: proposal.by, at: proposal.at }
    }
}

impl TryFrom<RemittanceParts> for Remittance {
    type Error = Problem;

    fn try_from(parts: RemittanceParts) -> Result<Self, Problem> {
        let address = MailingAddress::try_from(parts.address);
        let address = address.map_err(|problem| remittance_invalid("address", problem.to_string()))?;
        check_name(&parts.name)?;
        let institution_routing_number = parts.institution_routing_number;
        Ok(Remittance { name: parts.name, address, institution_routing_number })
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    Remittance::check_name(name).map_err(|problem| remittance_invalid("name", problem.to_string()))
}

fn remittance_invalid(field: &str, message: String) -> Problem {
    let code = "field_invalid".to_owned();
    let entry = ProblemEntry {
        row: None,
        line: None,
        column: None,
        field: Some(field.to_owned()),
        code,
        offset: None,
        message,
    };
    let detail = "No check can be mailed to this address: see errors.";
    Problem::unprocessable("remittance_invalid", detail).with_errors(vec![entry], 1)
}

impl From<Proposal> for ProposalView {
    fn from(proposal: Proposal) -> Self {
        Self { decision: proposal.decision, by: proposal.by, at: proposal.at }
    }
}

impl From<Biller> for BillerView {
    fn from(biller: Biller) -> Self {
        Self {
            institution_id: biller.institution_id,
            decision: biller.decision,
            proposal: biller.proposal.map(ProposalView::from),
            remittance: biller.remittance.map(RemittanceParts::from),
            remittance_proposal: biller.remittance_proposal.map(RemittanceProposalView::from),
            address_lookup: biller.address_lookup.map(AddressLookupView::from),
            updated_at: biller.updated_at,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BillersWanted {
    /// Only institutions of which something is proposed that a second person has not confirmed; false where it is left out.
    #[serde(default)]
    waiting: bool,
}

/// What operators entered of institutions, by id. The list lags a moment.
#[utoipa::path(get, path = "/billers", tag = "billers",
    params(BillersWanted, PageQuery),
    responses((status = 200, body = PageBody<BillerView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    QueryParameters(wanted): QueryParameters<BillersWanted>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<BillerView>>, Problem> {
    let found = lists::billers(&system, wanted.waiting, page.start_after()?, page.limit()?).await?;
    Ok(Json(PageBody::new(found.items.into_iter().map(BillerView::from).collect(), found.next)))
}

/// How an institution is paid, as operators entered it.
#[utoipa::path(get, path = "/billers/{institution_id}", tag = "billers",
    params(("institution_id" = String, Path)),
    responses((status = 200, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    PathParameters(institution_id): PathParameters<String>,
) -> Result<Json<BillerView>, Problem> {
    Ok(Json(billers::load(&system, &institution_id).await?.into()))
}

/// Proposes how an institution is paid. It counts once a second person has confirmed it.
#[utoipa::path(put, path = "/billers/{institution_id}", tag = "billers",
    params(("institution_id" = String, Path)),
    request_body = InstitutionDecision,
    responses((status = 200, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn propose(
    State(system): State<System>,
    caller: Caller,
    PathParameters(institution_id): PathParameters<String>,
    body: JsonBody<InstitutionDecision>,
) -> Result<Json<BillerView>, Problem> {
    refuse_unusable(&body.value)?;
    Ok(Json(billers::propose(&system, &institution_id, body.value, &caller.subject).await?.into()))
}

/// Makes the proposal count. The body repeats it, so that nobody confirms what they have not seen.
#[utoipa::path(post, path = "/billers/{institution_id}/confirm", tag = "billers",
    params(("institution_id" = String, Path)),
    request_body = InstitutionDecision,
    responses((status = 200, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm(
    State(system): State<System>,
    caller: Caller,
    PathParameters(institution_id): PathParameters<String>,
    body: JsonBody<InstitutionDecision>,
) -> Result<Json<BillerView>, Problem> {
    Ok(Json(billers::confirm(&system, &institution_id, &body.value, &caller.subject).await?.into()))
}

/// Proposes where checks for an institution are mailed. It counts once a second person has confirmed it.
#[utoipa::path(put, path = "/billers/{institution_id}/remittance", tag = "billers",
    params(("institution_id" = String, Path)),
    request_body = RemittanceEntry,
    responses((status = 200, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn propose_remittance(
    State(system): State<System>,
    caller: Caller,
    PathParameters(institution_id): PathParameters<String>,
    body: JsonBody<RemittanceEntry>,
) -> Result<Json<BillerView>, Problem> {
    let remittance = RemittanceParts::from(body.value).try_into()?;
    Ok(Json(billers::propose_remittance(&system, &institution_id, remittance, &caller.subject).await?.into()))
}

/// Proposes that checks for an institution are mailed to its own address in the bank's directory, which is read for it in the background: read
/// the biller until it is proposed. That is not where card payments are taken, unless you know that it is. It counts once a second person has
/// confirmed the address that was found.
#[utoipa::path(put, path = "/billers/{institution_id}/remittance/institution-address", tag = "billers",
    params(("institution_id" = String, Path)),
    request_body = InstitutionAddressChoice,
    responses((status = 202, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn propose_institution_address(
    State(system): State<System>,
    caller: Caller,
    PathParameters(institution_id): PathParameters<String>,
    body: JsonBody<InstitutionAddressChoice>,
) -> Result<(StatusCode, Json<BillerView>), Problem> {
    let InstitutionAddressChoice { routing_number, name } = body.value;
    check_name(&name)?;
    let by = &caller.subject;
    let asked = billers::propose_institution_address(&system, &institution_id, routing_number, name, by).await?;
    Ok((StatusCode::ACCEPTED, Json(asked.into())))
}

/// Makes the proposed address count. The body repeats it, so that nobody confirms what they have not seen.
#[utoipa::path(post, path = "/billers/{institution_id}/remittance/confirm", tag = "billers",
    params(("institution_id" = String, Path)),
    request_body = RemittanceParts,
    responses((status = 200, body = BillerView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm_remittance(
    State(system): State<System>,
    caller: Caller,
    PathParameters(institution_id): PathParameters<String>,
    body: JsonBody<RemittanceParts>,
) -> Result<Json<BillerView>, Problem> {
    let seen = body.value.try_into()?;
    Ok(Json(billers::confirm_remittance(&system, &institution_id, &seen, &caller.subject).await?.into()))
}

/// It stands on every payment that fails for it.
fn is_reason(text: &str) -> bool {
    let is_written = text.chars().any(char::is_alphanumeric) && !text.chars().any(char::is_control);
    is_written && text.chars().count() <= REASON_CHARACTERS_MAX
}

fn refuse_unusable(decision: &InstitutionDecision) -> Result<(), Problem> {
    let fault = match decision {
        InstitutionDecision::Ach { routing_number, entry_description, .. } => {
            let description = EntryDescription::try_from(entry_description.as_str());
            match (routing_number.parse::<RoutingNumber>(), description) {
                (Err(error), _) => Some(("routing_number", error.to_string())),
                (Ok(_), Err(error)) => Some(("entry_description", error.to_string())),
                (Ok(_), Ok(_)) => None,
            }
        }
        InstitutionDecision::Unpayable { reason } if !is_reason(reason) => {
            Some(("reason", "say why the institution cannot be paid, in 1 to 200 characters".to_owned()))
        }
        InstitutionDecision::Unpayable { .. } => None,
    };
    let Some((field, message)) = fault else { return Ok(()) };
    let code = "field_invalid".to_owned();
    let entry = ProblemEntry {
        row: None,
        line: None,
        column: None,
        field: Some(field.to_owned()),
        code,
        offset: None,
        message,
    };
    let detail = "The institution cannot be paid this way: see errors.";
    Err(Problem::unprocessable("biller_invalid", detail).with_errors(vec![entry], 1))
}

#[cfg(test)]
mod tests {
    use shared::domain::bank::request::{AccountType, EntryClass};

    use super::*;

    fn ach(routing_number: &str, entry_description: &str) -> InstitutionDecision {
        InstitutionDecision::Ach {
            routing_number: routing_number.to_owned(),
            account_type: AccountType::Loan,
            entry_class: EntryClass::Ppd,
            entry_description: entry_description.to_owned(),
        }
    }

    #[test]
    fn a_proposal_must_be_payable_or_say_why_not() {
        let unpayable = |reason: &str| InstitutionDecision::Unpayable { reason: reason.to_owned() };
        for (decision, usable) in [
            (ach("021000021", "LOAN PMT"), true),
            (ach("021000020", "LOAN PMT"), false),
            (ach("021000021", ""), false),
            (ach("021000021", "LOAN PAYMENT"), false),
            (ach("021000021", "LOÄN"), false),
            (unpayable("closed"), true),
            (unpayable(" "), false),
            (unpayable("a\nb"), false),
            (unpayable(&"x".repeat(200)), true),
            (unpayable(&"x".repeat(201)), false),
            (ach("021000021", "--"), false),
        ] {
            assert_eq!(refuse_unusable(&decision).is_ok(), usable, "{decision:?}");
        }
    }
}
