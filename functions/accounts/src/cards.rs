//! Cards, and what is to be done with them.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::autopay::authorization::{Announcement, Authorization};
use shared::domain::autopay::card::Card;
use shared::domain::autopay::card_number::{CardNumber, NoCardNumber};
use shared::domain::autopay::ids::{BankAccountId, CardId};
use shared::domain::autopay::refusal::AutopayRefusal;
use shared::domain::autopay::rule::{Caps, Rule};
use shared::domain::autopay::setup::Missing;
use shared::domain::money::Cents;
use shared::http::body::{JsonBody, PathParameters};
use shared::http::problem::{Problem, Refused};
use shared::operations::autopay::same::{self, Said};
use shared::operations::autopay::setup::Chosen;
use shared::operations::autopay::{people, setup};
use shared::operations::{OperationError, System};
use utoipa::ToSchema;

use crate::{CameFrom, Myself};

#[derive(Serialize, ToSchema)]
pub(crate) struct CardView {
    #[schema(value_type = String)]
    card_id: CardId,
    item_id: String,
    institution_id: String,
    institution_name: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<CardReadingView>,
    autopay: AutopayView,
    /// A card that was linked before and that this one looks like: it is not paid until the caller says whether it is that one.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    looks_like: Option<CardId>,
    /// What is still to be done before it can be paid, in the order to do it.
    missing: Vec<MissingView>,
}

/// What the institution said of it last.
#[derive(Serialize, ToSchema)]
pub(crate) struct CardReadingView {
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    #[schema(value_type = Option<String>)]
    balance: Option<Cents>,
    #[schema(value_type = Option<String>)]
    limit: Option<Cents>,
    #[schema(value_type = Option<String>)]
    statement_balance: Option<Cents>,
    #[schema(value_type = Option<String>)]
    minimum_payment: Option<Cents>,
    #[schema(value_type = Option<String>, format = Date)]
    due_on: Option<Date>,
    /// The account is no longer among those shared.
    is_gone: bool,
}

/// What was chosen so far.
#[derive(Serialize, ToSchema)]
pub(crate) struct AutopayView {
    #[schema(value_type = Option<String>)]
    bank_account_id: Option<BankAccountId>,
    rule: Option<Rule>,
    caps: Caps,
    card_number_last4: Option<String>,
    authorization: Option<Authorization>,
    /// A debit outside the agreed range that is to be made, told ten days ahead.
    announced: Option<Announcement>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MissingView {
    code: Missing,
    text: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CardList {
    items: Vec<CardView>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedAutopay {
    /// The bank account to pay from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    bank_account_id: Option<BankAccountId>,
    #[serde(default)]
    rule: Option<Rule>,
    #[serde(default)]
    caps: Option<Caps>,
    /// As it stands on the card: 12 to 19 digits, the first no zero, that end as its mask does; kept sealed, and printed around each check.
    #[serde(default)]
    card_number: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhichCard {
    /// The card that was linked before, or that has the same number.
    #[schema(value_type = String)]
    card_id: CardId,
    /// The same card: then that one goes on with this link. Else two cards, each with its own set-up; said before, that is taken back.
    is_same: bool,
    /// The number that was entered for the other card: wanted where the two end otherwise.
    #[serde(default)]
    card_number: Option<String>,
}

pub(crate) async fn view(system: &System, card: Card) -> Result<Json<CardView>, Problem> {
    Ok(Json(described(system, card).await?))
}

async fn described(system: &System, card: Card) -> Result<CardView, Problem> {
    let missing = setup::missing_of(system, &card).await?;
    let reading = card.reading.map(|reading| CardReadingView {
        as_of: reading.age.as_of(),
        balance: reading.balance,
        limit: reading.limit,
        statement_balance: reading.statement_balance,
        minimum_payment: reading.minimum_payment,
        due_on: reading.due_on,
        is_gone: reading.is_gone,
    });
    Ok(CardView {
        card_id: card.id,
        item_id: card.item_id,
        institution_id: card.institution_id,
        institution_name: card.institution_name,
        name: card.name,
        mask: card.mask,
        reading,
        autopay: AutopayView {
            bank_account_id: card.setup.bank_account_id,
            rule: card.setup.rule,
            caps: card.setup.caps,
            card_number_last4: card.setup.card_number.map(|number| number.last4),
            authorization: card.authorization,
            announced: card.announced,
        },
        looks_like: card.looks_like,
        missing: missing.into_iter().map(|code| MissingView { code, text: code.text() }).collect(),
    })
}

/// Every card that the caller shared.
#[utoipa::path(get, path = "/cards", tag = "cards",
    responses((status = 200, body = CardList), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn list(State(system): State<System>, myself: Myself) -> Result<Json<CardList>, Problem> {
    let mut items = Vec::new();
    for card in people::cards(&system, myself.id).await? {
        items.push(described(&system, card).await?);
    }
    Ok(Json(CardList { items }))
}

/// One card: what is known of it, what was chosen, and what is missing.
#[utoipa::path(get, path = "/cards/{card_id}", tag = "cards",
    params(("card_id" = String, Path)),
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn read(
    State(system): State<System>,
    myself: Myself,
    PathParameters(card_id): PathParameters<CardId>,
) -> Result<Json<CardView>, Problem> {
    view(&system, people::card(&system, myself.id, card_id).await?).await
}

fn entered(number: String) -> Result<CardNumber, OperationError> {
    CardNumber::try_from(number).map_err(|NoCardNumber| AutopayRefusal::CardNumber.into())
}

/// Chooses how a card is paid. What is left out stays as it is, so that a set-up can be done step by step.
#[utoipa::path(put, path = "/cards/{card_id}/autopay", tag = "cards",
    params(("card_id" = String, Path)),
    request_body = WantedAutopay,
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn set_up(
    State(system): State<System>,
    myself: Myself,
    PathParameters(card_id): PathParameters<CardId>,
    body: JsonBody<WantedAutopay>,
) -> Result<Json<CardView>, Problem> {
    let wanted = body.value;
    let card_number = wanted.card_number.map(entered).transpose()?;
    let chosen = Chosen { bank_account_id: wanted.bank_account_id, rule: wanted.rule, caps: wanted.caps, card_number };
    view(&system, setup::choose(&system, myself.id, card_id, chosen).await?).await
}

/// Says whether a card is one that was linked before. Answers the card as it goes on; the same again changes nothing.
#[utoipa::path(put, path = "/cards/{card_id}/identity", tag = "cards",
    params(("card_id" = String, Path)),
    request_body = WhichCard,
    responses((status = 200, body = CardView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn say_which(
    State(system): State<System>,
    myself: Myself,
    from: CameFrom,
    PathParameters(card_id): PathParameters<CardId>,
    body: JsonBody<WhichCard>,
) -> Result<Json<CardView>, Problem> {
    let said = body.value;
    let number = said.card_number.map(entered).transpose()?;
    let said = Said { other: said.card_id, is_same: said.is_same, number, person: myself.id };
    view(&system, same::say(&system, card_id, said, &from.ip_address).await?).await
}
