//! Links to institutions.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::domain::autopay::ids::{BankAccountId, CardId};
use shared::domain::autopay::item::{Item, ItemState};
use shared::domain::autopay::person::HolderName;
use shared::domain::autopay::refusal::AutopayRefusal;
use shared::domain::bank::mailing_address::{AddressParts, AddressProblem, MailingAddress};
use shared::domain::caller::Caller;
use shared::domain::secret::PublicToken;
use shared::http::api_router::request_deadline;
use shared::http::body::{JsonBody, PathParameters};
use shared::http::idempotency::{IDEMPOTENCY_KEY, Idempotency, IdempotencyKey, IdempotentRequest};
use shared::http::problem::{Problem, Refused};
use shared::operations::autopay::people::{self, Holder};
use shared::operations::autopay::{items, link};
use shared::operations::{OperationError, System};
use utoipa::ToSchema;

use crate::{CameFrom, Myself};

/// Plaid's are about fifty.
const PUBLIC_TOKEN_BYTES_MAX: usize = 500;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    /// What Link handed to the browser; good for thirty minutes and once.
    public_token: String,
    /// Who holds the accounts, as their bank knows them: 1 to 40 Latin letters and spaces. Checks are printed with it, without accents.
    holder_name: String,
    /// Printed on checks as the payer's.
    #[serde(default)]
    holder_address: Option<AddressParts>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ItemView {
    item_id: String,
    institution_id: String,
    institution_name: String,
    state: ItemState,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    consent_expires_at: Option<Timestamp>,
    /// When it was last read; absent until it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    read_at: Option<Timestamp>,
    #[schema(value_type = Vec<String>)]
    cards: Vec<CardId>,
    #[schema(value_type = Vec<String>)]
    bank_accounts: Vec<BankAccountId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ItemList {
    items: Vec<ItemView>,
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        let bank_accounts = item.each_bank_account();
        Self {
            item_id: item.id,
            institution_id: item.institution_id,
            institution_name: item.institution_name,
            state: item.state,
            consent_expires_at: item.consent_expires_at,
            read_at: item.read_at,
            cards: item.cards.into_values().collect(),
            bank_accounts,
            created_at: item.created_at,
        }
    }
}

/// Plaid answers a fault of ours to what no Link has handed over.
fn public_token(text: String) -> Result<PublicToken, Problem> {
    if (1..=PUBLIC_TOKEN_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(PublicToken::new(text));
    }
    Err(Problem::unprocessable("public_token_invalid", "Send the public token as Link handed it over."))
}

fn address(parts: Option<AddressParts>) -> Result<Option<MailingAddress>, Problem> {
    let refused = |problem: AddressProblem| {
        Problem::unprocessable("holder_address_invalid", format!("The address cannot be printed: {problem}."))
    };
    parts.map(MailingAddress::try_from).transpose().map_err(refused)
}

/// Keeps what a person linked, and reads its accounts.
///
/// With the header `Idempotency-Key` the same request may be sent again.
#[utoipa::path(post, path = "/items", tag = "links",
    params(("Idempotency-Key" = Option<String>, Header, description = "A name of yours for this request")),
    request_body = NewItem,
    responses((status = 201, body = ItemView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn create(
    State(system): State<System>,
    caller: Caller,
    myself: Myself,
    headers: HeaderMap,
    body: JsonBody<NewItem>,
) -> Result<Response, Problem> {
    let JsonBody { value, bytes } = body;
    let linked = async |value: NewItem| {
        let made = async {
            let name = HolderName::try_from(value.holder_name.as_str());
            let name = name.map_err(|_| OperationError::from(AutopayRefusal::HolderName))?;
            let holder = Holder { name, address: address(value.holder_address)? };
            let token = public_token(value.public_token)?;
            let item = link::exchange(&system, myself.id, holder, &token, request_deadline(&*system.clock)).await?;
            Ok::<_, Problem>((StatusCode::CREATED, Json(ItemView::from(item))))
        };
        made.await.into_response()
    };
    if !headers.contains_key(IDEMPOTENCY_KEY) {
        return Ok(linked(value).await);
    }
    let key = IdempotencyKey::from_request(&headers, None)?;
    let request = IdempotentRequest { caller: &caller, key: &key, operation: "POST /items", body: &bytes };
    let idempotency = Idempotency {
        table: system.table.clone(),
        clock: system.clock.clone(),
        random: system.random.clone(),
        lease: system.settings.lease,
    };
    Ok(idempotency.run(request, async |_| linked(value).await).await)
}

/// Every link of the caller's, ended ones included.
#[utoipa::path(get, path = "/items", tag = "links",
    responses((status = 200, body = ItemList), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn list(State(system): State<System>, myself: Myself) -> Result<Json<ItemList>, Problem> {
    let items = people::items(&system, myself.id).await?;
    Ok(Json(ItemList { items: items.into_iter().map(ItemView::from).collect() }))
}

/// One link.
#[utoipa::path(get, path = "/items/{item_id}", tag = "links",
    params(("item_id" = String, Path)),
    responses((status = 200, body = ItemView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn read(
    State(system): State<System>,
    myself: Myself,
    PathParameters(item_id): PathParameters<String>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(people::item(&system, myself.id, &item_id).await?.into()))
}

/// Ends a link: autopay of its cards stops, the authorizations are revoked, Plaid takes the permission back. The history stays.
#[utoipa::path(delete, path = "/items/{item_id}", tag = "links",
    params(("item_id" = String, Path)),
    responses((status = 200, body = ItemView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn remove(
    State(system): State<System>,
    myself: Myself,
    from: CameFrom,
    PathParameters(item_id): PathParameters<String>,
) -> Result<Json<ItemView>, Problem> {
    let item = items::remove(&system, myself.id, &item_id, &from.ip_address, request_deadline(&*system.clock)).await?;
    Ok(Json(item.into()))
}

/// The person has been through Link's update mode: the link is read anew.
#[utoipa::path(post, path = "/items/{item_id}/repaired", tag = "links",
    params(("item_id" = String, Path)),
    responses((status = 200, body = ItemView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn repaired(
    State(system): State<System>,
    myself: Myself,
    PathParameters(item_id): PathParameters<String>,
) -> Result<Json<ItemView>, Problem> {
    Ok(Json(link::repaired(&system, myself.id, &item_id, request_deadline(&*system.clock)).await?.into()))
}
