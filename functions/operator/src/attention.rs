//! Everything that waits for a person, and what can be done about it.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::attention::{AttentionKind, Flag, Subject, actions, flags, named_by};
use shared::domain::caller::Caller;
use shared::domain::ids::BatchId;
use shared::domain::money::Cents;
use shared::http::attention_routes::PossibleAction;
use shared::http::body::QueryParameters;
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::attention_list::{self, Counts, Waiting};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AttentionWanted {
    /// Only things of this kind.
    kind: Option<AttentionKind>,
}

/// A thing that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttentionView {
    /// What kind of thing it is.
    kind: AttentionKind,
    /// What routes name it by.
    id: String,
    /// Why it waits. Something may wait for more than one reason.
    reasons: Vec<ReasonView>,
    /// Of a batch, funding or payment: where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "submitting")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    batch_id: Option<BatchId>,
    /// The source or person whose money it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    amount: Option<Cents>,
    /// What the caller may do about it now, with this role or another one. Empty where it waits for somebody else than who proposed it, or
    /// for the worker.
    actions: Vec<PossibleAction>,
}

/// Why something waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// Stable: programs may rely on it. docs/operate.md says what each means.
    #[schema(value_type = String, example = "outcome_unknown")]
    reason: &'static str,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// What goes with the reason: a return code, a reconciliation, a payment, or who proposed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// How many things wait, by kind; kinds of which nothing waits are there too.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsView {
    total: u64,
    /// How many of each kind.
    #[schema(value_type = std::collections::BTreeMap<String, u64>)]
    by_kind: BTreeMap<&'static str, u64>,
    /// Whether all were counted: of many thousands only the first are.
    is_complete: bool,
}

impl From<Flag> for ReasonView {
    fn from(flag: Flag) -> Self {
        Self { reason: flag.reason, since: flag.since, detail: flag.detail }
    }
}

impl AttentionView {
    fn new(waiting: &Waiting, caller: &str) -> Self {
        let subject = waiting.subject();
        let id = subject.id();
        let possible = actions(subject, &waiting.around(), caller);
        let facts = Facts::of(subject);
        Self {
            kind: subject.kind(),
            reasons: flags(subject).into_iter().map(ReasonView::from).collect(),
            state: facts.state,
            batch_id: facts.batch_id,
            payer_id: facts.payer_id,
            amount: facts.amount,
            actions: possible
                .into_iter()
                .map(|action| PossibleAction::new(action, &named_by(action, subject)))
                .collect(),
            id,
        }
    }
}

/// What a thing says about itself, besides why it waits.
#[derive(Default)]
struct Facts {
    state: Option<&'static str>,
    batch_id: Option<BatchId>,
    payer_id: Option<String>,
    amount: Option<Cents>,
}

impl Facts {
    fn of(subject: Subject<'_>) -> Self {
        match subject {
            Subject::Batch(batch) => {
                Self { state: Some(batch.state.as_str()), batch_id: Some(batch.id), ..Self::default() }
            }
            Subject::Funding(funding) => Self {
                state: Some(funding.leg.state.as_str()),
                batch_id: funding.id.batch(),
                payer_id: Some(funding.payer_id.clone()),
                amount: Some(funding.amount),
            },
            Subject::Payment(payment) => Self {
                state: Some(payment.leg.state.as_str()),
                batch_id: payment.batch_id(),
                payer_id: Some(payment.payer_id.clone()),
                amount: Some(payment.amount),
            },
            Subject::Card(card) => Self { payer_id: Some(card.person_id.to_string()), ..Self::default() },
            Subject::LedgerCorrection(correction) => Self {
                payer_id: Some(correction.terms.payer_id.clone()),
                amount: Some(correction.terms.amount),
                ..Self::default()
            },
            Subject::AccountCorrection(correction) => {
                Self { payer_id: Some(correction.payer_id.clone()), ..Self::default() }
            }
            Subject::Source(_)
            | Subject::Person(_)
            | Subject::UnmatchedEvent(_)
            | Subject::DeadLetter(_)
            | Subject::Biller(_) => Self::default(),
        }
    }
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            total: counts.by_kind.values().sum(),
            by_kind: counts.by_kind.into_iter().map(|(kind, count)| (kind.as_str(), count)).collect(),
            is_complete: counts.is_complete,
        }
    }
}

/// Everything that waits for a person: what bears attention, what is paused or blocked, what is proposed and not confirmed, dead letters,
/// events that fit nothing. Kind by kind, oldest first, each with its reasons and what can be done. Own money is not looked at here: an
/// action may still be answered 403 `own_money`. The list lags a moment.
#[utoipa::path(get, path = "/attention", tag = "attention",
    params(AttentionWanted, PageQuery),
    responses((status = 200, body = PageBody<AttentionView>), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn list(
    State(system): State<System>,
    caller: Caller,
    QueryParameters(wanted): QueryParameters<AttentionWanted>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<AttentionView>>, Problem> {
    let found = attention_list::page(&system, wanted.kind, page.start_after()?, page.limit()?).await?;
    let items = found.items.iter().map(|waiting| AttentionView::new(waiting, &caller.subject)).collect();
    Ok(Json(PageBody::new(items, found.next)))
}

/// How many things wait for a person, by kind. The counts lag a moment.
#[utoipa::path(get, path = "/attention/counts", tag = "attention",
    responses((status = 200, body = CountsView), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn count(State(system): State<System>) -> Result<Json<CountsView>, Problem> {
    Ok(Json(attention_list::counts(&system).await?.into()))
}
