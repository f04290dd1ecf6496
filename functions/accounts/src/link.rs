//! What opens Link in a person's browser.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::adapters::plaid::RepairNeed;
use shared::http::api_router::request_deadline;
use shared::http::body::JsonBody;
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::link::{self, Purpose};
use utoipa::ToSchema;

use crate::Myself;

const REDIRECT_URI_BYTES_MAX: usize = 2_000;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedToken {
    /// Repair this item, in Link's update mode; without it a new one is linked.
    #[serde(default)]
    repair: Option<Repair>,
    /// Where institutions with a login page of their own send the person back to; registered with Plaid.
    #[serde(default)]
    redirect_uri: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repair {
    item_id: String,
    #[serde(default)]
    need: Need,
}

#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Need {
    /// Sign in again, or renew the consent.
    #[default]
    Login,
    /// Choose again which accounts are shared.
    Accounts,
    /// Agree to what was not asked for before.
    Consent,
}

impl From<Need> for RepairNeed {
    fn from(need: Need) -> Self {
        match need {
            Need::Login => Self::Login,
            Need::Accounts => Self::Accounts,
            Need::Consent => Self::Consent,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LinkTokenView {
    link_token: String,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Plaid answers a fault of ours to what is none.
fn is_redirect_uri(text: &str) -> bool {
    let has_scheme = ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme));
    has_scheme && text.len() <= REDIRECT_URI_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A token that opens Link once: to link an institution, or to repair a link.
#[utoipa::path(post, path = "/link-tokens", tag = "links",
    request_body = WantedToken,
    responses((status = 201, body = LinkTokenView), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn create_token(
    State(system): State<System>,
    myself: Myself,
    body: JsonBody<WantedToken>,
) -> Result<(StatusCode, Json<LinkTokenView>), Problem> {
    let wanted = body.value;
    if wanted.redirect_uri.as_deref().is_some_and(|uri| !is_redirect_uri(uri)) {
        let detail = "Send the redirect URI as it is registered with Plaid.";
        return Err(Problem::unprocessable("redirect_uri_invalid", detail));
    }
    let purpose = wanted
        .repair
        .map_or(Purpose::NewItem, |repair| Purpose::Repair { item_id: repair.item_id, need: repair.need.into() });
    let token =
        link::link_token(&system, myself.id, purpose, wanted.redirect_uri, request_deadline(&*system.clock)).await?;
    let view = LinkTokenView { link_token: token.link_token, expires_at: token.expiration };
    Ok((StatusCode::CREATED, Json(view)))
}
