//! The payments of a card.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::autopay::ids::CardId;
use shared::domain::ids::PaymentId;
use shared::domain::leg::State as LegState;
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery};
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::{cancel as canceling, people, setup};
use utoipa::ToSchema;

use crate::Myself;
use crate::cards::{self, CardView};

#[derive(Serialize, ToSchema)]
pub(crate) struct CardPaymentView {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    #[schema(value_type = String)]
    amount: Cents,
    /// Of the check, or of the transfer that gives the money back.
    state: LegState,
    /// Why it was made, for people.
    reason: Option<String>,
    /// Once the bank has issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<CheckView>,
    /// The payment whose money this one gives back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refund_of: Option<PaymentId>,
    /// The payment that gives this one's money back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refunded_by: Option<PaymentId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    cancel_asked_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// The bank's own words for a check.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckView {
    status: Option<String>,
    /// Where the letter is.
    delivery_status: Option<String>,
}

impl CheckView {
    fn of(payment: &Payment) -> Option<Self> {
        let check = payment.check.as_ref()?;
        let delivery_status = check.delivery_status.as_ref().map(ToString::to_string);
        Some(Self { status: payment.leg.bank_status.clone(), delivery_status })
    }
}

impl From<Payment> for CardPaymentView {
    fn from(payment: Payment) -> Self {
        let facts = payment.autopay.as_deref();
        let check = CheckView::of(&payment);
        Self {
            payment_id: payment.id,
            amount: payment.amount,
            state: payment.leg.state,
            reason: facts.map(|facts| facts.reason.clone()),
            check,
            refund_of: facts.and_then(|facts| facts.refund_of),
            refunded_by: facts.and_then(|facts| facts.refunded_by),
            cancel_asked_at: facts.and_then(|facts| facts.cancel_asked_at),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// Payments of a card, newest first.
#[utoipa::path(get, path = "/cards/{card_id}/payments", tag = "cards",
    params(("card_id" = String, Path), PageQuery),
    responses((status = 200, body = PageBody<CardPaymentView>), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn list(
    State(system): State<System>,
    myself: Myself,
    PathParameters(card_id): PathParameters<CardId>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<CardPaymentView>>, Problem> {
    let listed = people::payments(&system, myself.id, card_id, page.start_after()?, page.limit()?).await?;
    let items = listed.items.into_iter().map(CardPaymentView::from).collect();
    Ok(Json(PageBody::new(items, listed.next)))
}

/// Cancels a payment: at once where nothing has left; else its money goes back to the bank account as soon as it is here, after the
/// check is stopped where one is out. Before the card's next statement no review opens such a payment again; a bill that was not what is
/// canceled is still paid in time. Agreeing to the debits anew lifts that.
#[utoipa::path(post, path = "/cards/{card_id}/payments/{payment_id}/cancel", tag = "cards",
    params(("card_id" = String, Path), ("payment_id" = String, Path)),
    responses((status = 200, body = CardPaymentView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn cancel(
    State(system): State<System>,
    myself: Myself,
    PathParameters((card_id, payment_id)): PathParameters<(CardId, PaymentId)>,
) -> Result<Json<CardPaymentView>, Problem> {
    Ok(Json(canceling::cancel(&system, myself.id, card_id, payment_id).await?.into()))
}

/// The person says that the issuer credited a cashed check that the card's balance does not show. It no longer counts as on its way.
#[utoipa::path(post, path = "/cards/{card_id}/payments/{payment_id}/posted", tag = "cards",
    params(("card_id" = String, Path), ("payment_id" = String, Path)),
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn posted(
    State(system): State<System>,
    myself: Myself,
    PathParameters((card_id, payment_id)): PathParameters<(CardId, PaymentId)>,
) -> Result<Json<CardView>, Problem> {
    cards::view(&system, setup::confirm_posted(&system, myself.id, card_id, payment_id).await?).await
}
