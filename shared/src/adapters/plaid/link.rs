//! Link: the token that opens it in a person's browser, and the exchange of what it hands over.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::items::ExchangedItem;
use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::secret::{AccessToken, PublicToken};

/// Shown to the person in Link; a name over 30 characters would be replaced.
const CLIENT_NAME: &str = "Clearway";

/// What every item needs. Cards and bank accounts are linked in one go, because at some institutions a second item of the same login
/// breaks the first.
const PRODUCTS: [&str; 1] = ["transactions"];
/// Needed of every institution that has them: a card alone has no numbers, a bank account alone no bill.
const PRODUCTS_WHERE_SUPPORTED: [&str; 2] = ["auth", "liabilities"];
const PRODUCTS_TO_CONSENT_TO: [&str; 3] = ["auth", "liabilities", "transactions"];

/// What Link is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTokenRequest {
    /// Who links: an id of ours, nothing personal.
    pub client_user_id: String,
    pub purpose: LinkPurpose,
    /// Where institutions with a login page of their own send the person back to. Registered with Plaid.
    pub redirect_uri: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// A new item, whose webhooks go to this address.
    NewItem { webhook_url: Option<String> },
    /// Update mode: the item and its token stay the same, and nothing is exchanged afterwards.
    Repair { access_token: AccessToken, need: RepairNeed },
}

/// What an item lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairNeed {
    /// The person signs in again, or renews the consent.
    Login,
    /// The person chooses again which accounts to share.
    Accounts,
    /// The person agrees to the products that were not asked for before.
    Consent,
}

/// What opens Link, once: four hours for a new item, thirty minutes for a repair.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct LinkToken {
    pub link_token: String,
    pub expiration: Timestamp,
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "LinkToken(*** until {})", self.expiration)
    }
}

#[derive(Serialize)]
struct WireRequest<'a> {
    client_name: &'static str,
    language: &'static str,
    country_codes: [&'static str; 1],
    user: WireUser<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    products: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    required_if_supported_products: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    additional_consented_products: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    account_filters: Option<WireFilters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    update: Option<WireUpdate>,
}

#[derive(Serialize)]
struct WireUser<'a> {
    client_user_id: &'a str,
}

#[derive(Serialize)]
struct WireUpdate {
    account_selection_enabled: bool,
}

/// Accounts of other types are not offered in Link.
#[derive(Serialize)]
struct WireFilters {
    depository: WireFilter,
    credit: WireFilter,
}

#[derive(Serialize)]
struct WireFilter {
    account_subtypes: &'static [&'static str],
}

const FILTERS: WireFilters = WireFilters {
    depository: WireFilter { account_subtypes: &["checking", "savings"] },
    credit: WireFilter { account_subtypes: &["credit card"] },
};

impl LinkTokenRequest {
    fn wire(&self) -> WireRequest<'_> {
        let bare = WireRequest {
            client_name: CLIENT_NAME,
            language: "en",
            country_codes: ["US"],
            user: WireUser { client_user_id: &self.client_user_id },
            redirect_uri: self.redirect_uri.as_deref(),
            webhook: None,
            products: &[],
            required_if_supported_products: &[],
            additional_consented_products: &[],
            account_filters: None,
            access_token: None,
            update: None,
        };
        match &self.purpose {
            LinkPurpose::NewItem { webhook_url } => WireRequest {
                webhook: webhook_url.as_deref(),
                products: &PRODUCTS,
                required_if_supported_products: &PRODUCTS_WHERE_SUPPORTED,
                account_filters: Some(FILTERS),
                ..bare
            },
            LinkPurpose::Repair { access_token, need } => {
                let repair = WireRequest { access_token: Some(access_token.expose()), ..bare };
                match need {
                    RepairNeed::Login => repair,
                    RepairNeed::Accounts => WireRequest {
                        account_filters: Some(FILTERS),
                        update: Some(WireUpdate { account_selection_enabled: true }),
                        ..repair
                    },
                    RepairNeed::Consent => {
                        WireRequest { additional_consented_products: &PRODUCTS_TO_CONSENT_TO, ..repair }
                    }
                }
            }
        }
    }
}

impl PlaidClient {
    /// A token that opens Link.
    pub async fn create_link_token(
        &self,
        request: &LinkTokenRequest,
        deadline: Deadline,
    ) -> Result<LinkToken, PlaidError> {
        self.post("/link/token/create", &request.wire(), deadline).await
    }

    /// The item behind what Link handed over. A second exchange of the same token may be refused ([`PlaidError::LinkAgain`]): put the
    /// item down under its id, so that both ways end the same.
    pub async fn exchange_public_token(
        &self,
        public_token: &PublicToken,
        deadline: Deadline,
    ) -> Result<ExchangedItem, PlaidError> {
        #[derive(Serialize)]
        struct Body<'a> {
            public_token: &'a str,
        }
        #[derive(Deserialize)]
        struct Answer {
            access_token: String,
            item_id: String,
        }
        let body = Body { public_token: public_token.expose() };
        let answer: Answer = self.post("/item/public_token/exchange", &body, deadline).await?;
        Ok(ExchangedItem { item_id: answer.item_id, access_token: AccessToken::new(answer.access_token) })
    }
}
