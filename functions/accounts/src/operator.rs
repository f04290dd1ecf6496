//! What an operator does for a person.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use shared::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use shared::domain::bank::mailing_address::{AddressParts, AddressProblem, MailingAddress};
use shared::domain::caller::Caller;
use shared::domain::ids::PaymentId;
use shared::domain::payment::redirect::SeenAccount;
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::http::reason::stated;
use shared::operations::System;
use shared::operations::autopay::replace::{self, Replaced};
use shared::operations::autopay::{held, people, refund_again};
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockClearing {
    /// What was found, for the audit; 1 to 500 characters.
    note: String,
}

/// Where a check goes that is made anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckReplacement {
    address: AddressParts,
}

/// Lets debits of a person be made again, after one came back as not authorized or a reconciliation stopped them, and debits of their bank
/// accounts after one came back because the account was frozen or not open to debits (R16, R20, R90).
#[utoipa::path(post, path = "/people/{person_id}/block/clear", tag = "attention",
    params(("person_id" = String, Path)),
    request_body = BlockClearing,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_block(
    State(system): State<System>,
    caller: Caller,
    PathParameters(person_id): PathParameters<PersonId>,
    body: JsonBody<BlockClearing>,
) -> Result<StatusCode, Problem> {
    let note = stated(&body.value.note, "note_invalid", "what you found")?;
    people::clear_block(&system, person_id, &caller.subject, note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets the next payment of a card be opened, after one that ended held it back. What makes a difference to how that ended (another
/// statement, agreement, bank account or address) lets it be opened without this.
#[utoipa::path(post, path = "/cards/{card_id}/hold/clear", tag = "attention",
    params(("card_id" = String, Path)),
    request_body = BlockClearing,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn clear_hold(
    State(system): State<System>,
    caller: Caller,
    PathParameters(card_id): PathParameters<CardId>,
    body: JsonBody<BlockClearing>,
) -> Result<StatusCode, Problem> {
    let note = stated(&body.value.note, "note_invalid", "what you found")?;
    held::clear(&system, card_id, &caller.subject, note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a check made anew that came back by mail or was stopped: at once for the address it went to, and for another one as soon as a
/// second person has confirmed it.
#[utoipa::path(post, path = "/payments/{payment_id}/check/replace", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = CheckReplacement,
    responses(
        (status = 202, description = "Another address: it waits for a second person"),
        (status = 204, description = "The check is made anew"),
        Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn replace_check(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<CheckReplacement>,
) -> Result<StatusCode, Problem> {
    let address = mailable(body.value)?;
    match replace::replace(&system, payment_id, address, &caller.subject).await? {
        Replaced::Done => Ok(StatusCode::NO_CONTENT),
        Replaced::Proposed => Ok(StatusCode::ACCEPTED),
    }
}

/// Has a check made anew for the address that another person proposed. The body repeats it, so that nobody confirms what they have not
/// seen.
#[utoipa::path(post, path = "/payments/{payment_id}/check/replace/confirm", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = CheckReplacement,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm_replacement(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<CheckReplacement>,
) -> Result<StatusCode, Problem> {
    replace::confirm(&system, payment_id, &mailable(body.value)?, &caller.subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a refund goes that is sent again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundAgain {
    /// Another bank account of the person's. Absent: where the money was pulled from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    bank_account_id: Option<BankAccountId>,
}

/// The account that was looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundAccount {
    #[schema(value_type = String)]
    bank_account_id: BankAccountId,
    account_last4: String,
}

/// Sends a refund again that did not arrive: at once where it was pulled from, and to another bank account of the person's as soon as a
/// second person has confirmed that.
#[utoipa::path(post, path = "/payments/{payment_id}/refund/send-again", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = RefundAgain,
    responses(
        (status = 202, description = "Another account: it waits for a second person"),
        (status = 204, description = "It is sent again"),
        Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn send_refund_again(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<RefundAgain>,
) -> Result<StatusCode, Problem> {
    match refund_again::again(&system, payment_id, body.value.bank_account_id, &caller.subject).await? {
        Replaced::Done => Ok(StatusCode::NO_CONTENT),
        Replaced::Proposed => Ok(StatusCode::ACCEPTED),
    }
}

/// Sends a refund to the account that another person proposed. The body repeats it, so that nobody confirms what they have not seen.
#[utoipa::path(post, path = "/payments/{payment_id}/refund/send-again/confirm", tag = "attention",
    params(("payment_id" = String, Path)),
    request_body = RefundAccount,
    responses((status = 204), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn confirm_refund_account(
    State(system): State<System>,
    caller: Caller,
    PathParameters(payment_id): PathParameters<PaymentId>,
    body: JsonBody<RefundAccount>,
) -> Result<StatusCode, Problem> {
    let RefundAccount { bank_account_id, account_last4 } = body.value;
    let seen = SeenAccount { bank_account_id, account_last4 };
    refund_again::confirm(&system, payment_id, &seen, &caller.subject).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn mailable(wanted: CheckReplacement) -> Result<MailingAddress, Problem> {
    MailingAddress::try_from(wanted.address).map_err(|problem: AddressProblem| {
        Problem::unprocessable("address_invalid", format!("No check can be mailed there: {problem}."))
    })
}
