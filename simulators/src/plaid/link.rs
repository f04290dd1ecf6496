//! Link: link tokens, what the person does with them, and the exchange of the public token (plaid.md sections 4.1 and 4.2).
//!
//! The person is played by a control call. The institution asks for no password: who has accounts there gets in.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::call::{Call, is_url};
use super::error::{self, Failure};
use super::items::{Item, ItemState, Product, SharedAccount};
use super::persons::seconds;
use super::transactions::Readiness;
use super::{Environment, Plaid};
use crate::ids::Ids;

const LINK_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(4);
const UPDATE_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(30);
const PUBLIC_TOKEN_LIFE: SignedDuration = SignedDuration::from_mins(30);
pub(crate) const ID_LENGTH: usize = 37;
const PRODUCT_FIELDS: [&str; 4] =
    ["products", "required_if_supported_products", "optional_products", "additional_consented_products"];

/// What an application wants from the person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LinkToken {
    expires_at: Timestamp,
    is_used: bool,
    purpose: Purpose,
}

#[derive(Debug, Clone, PartialEq)]
enum Purpose {
    NewItem(Wish),
    Update { item: usize },
}

/// What a new item shall have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Wish {
    pub(crate) webhook: Option<String>,
    pub(crate) products: BTreeSet<Product>,
    pub(crate) consented: BTreeSet<Product>,
    /// Account types and their subtypes; empty means all.
    pub(crate) filters: Vec<(String, Vec<String>)>,
}

/// A link that is waiting for its exchange.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PublicToken {
    expires_at: Timestamp,
    item: usize,
}

impl Plaid {
    fn token(&mut self, kind: &str) -> String {
        format!("{kind}-{}-{}", self.settings.environment.name(), self.ids.uuid())
    }

    pub(crate) fn create_link_token(&mut self, call: &Call) -> Result<Value, Failure> {
        for field in ["client_name", "language"] {
            call.text(field)?;
        }
        if !call.texts("country_codes")?.iter().any(|country| country == "US") {
            return Err(Failure::field(
                "country_codes",
                "must contain US, the only country of the simulated institutions",
            ));
        }
        let has_user = call.value("user").is_some_and(|user| user["client_user_id"].is_string());
        if !has_user && call.value("user_id").is_none() {
            return Err(Failure::new(
                error::MISSING_FIELDS,
                "the following required fields are missing: user.client_user_id",
            ));
        }
        let (purpose, life) = match call.value("access_token") {
            None => (Purpose::NewItem(wish(call)?), LINK_TOKEN_LIFE),
            Some(_) => {
                let item = self.item_of(call)?;
                if self.items[item].state == ItemState::Revoked {
                    return Err(error::USER_PERMISSION_REVOKED.into());
                }
                (Purpose::Update { item }, UPDATE_TOKEN_LIFE)
            }
        };
        let expires_at = self.now.saturating_add(life).unwrap_or(self.now);
        let link_token = self.token("link");
        self.link_tokens.insert(link_token.clone(), LinkToken { expires_at, is_used: false, purpose });
        Ok(json!({ "link_token": link_token, "expiration": expires_at }))
    }

    /// The person finishes Link: a new item and its public token, or the item of the update mode repaired. A link token may be used again in Sandbox only.
    pub(crate) fn finish_link(
        &mut self,
        link_token: &str,
        user_id: Option<&str>,
        institution_id: Option<&str>,
        accounts: Option<&[String]>,
    ) -> Result<Value, Failure> {
        let (now, environment) = (self.now, self.settings.environment);
        let token = self.link_tokens.get_mut(link_token).ok_or(error::INVALID_LINK_TOKEN)?;
        let is_spent = token.is_used && environment != Environment::Sandbox;
        if now >= token.expires_at || is_spent {
            return Err(error::INVALID_LINK_TOKEN.into());
        }
        token.is_used = true;
        match token.purpose.clone() {
            Purpose::Update { item } => {
                match self.items[item].state {
                    ItemState::Removed => return Err(error::ITEM_NOT_FOUND.into()),
                    ItemState::Revoked => return Err(error::USER_PERMISSION_REVOKED.into()),
                    ItemState::Healthy | ItemState::LoginRequired(_) => {}
                }
                self.update_item(item, accounts);
                Ok(json!({ "item_id": self.items[item].item_id }))
            }
            Purpose::NewItem(wish) => {
                let missing = |field: &str| {
                    Failure::new(error::MISSING_FIELDS, &format!("the following required fields are missing: {field}"))
                };
                let user_id = user_id.ok_or_else(|| missing("user_id"))?;
                let institution_id = institution_id.ok_or_else(|| missing("institution_id"))?;
                let login = self.find_login(user_id, institution_id).ok_or(error::INVALID_CREDENTIALS)?;
                self.link(login, &wish, accounts)
            }
        }
    }

    /// A new item, with account ids of its own even if the same person linked the same institution before.
    pub(crate) fn link(&mut self, login: usize, wish: &Wish, keys: Option<&[String]>) -> Result<Value, Failure> {
        let number = self.ids.number();
        let ids = Ids::new(self.ids.scatter(number));
        let mut item = Item {
            item_id: ids.opaque(0, ID_LENGTH),
            ids,
            login,
            state: ItemState::Healthy,
            webhook: wish.webhook.clone(),
            products: wish.products.clone(),
            consented: wish.consented.clone(),
            accounts: Vec::new(),
            consent_expires_at: None,
            created_at: self.now,
            last_webhook: None,
            seen_changes: 0,
            readiness: Readiness::NotReady,
            is_sync_armed: false,
            last_update_at: Some(self.now),
            hides_liabilities: false,
        };
        self.share(&mut item, keys, &wish.filters);
        if item.accounts.is_empty() {
            return Err(error::NO_ACCOUNTS.into());
        }
        let position = self.items.len();
        let (item_id, institution_id) = (item.item_id.clone(), self.logins[login].institution_id.clone());
        self.items.push(item);
        if wish.products.contains(&Product::Transactions) {
            self.begin_reading(position);
        }
        self.begin_consent(position);
        self.look_later(position);
        let public_token = self.token("public");
        let expires_at = self.now.saturating_add(PUBLIC_TOKEN_LIFE).unwrap_or(self.now);
        self.public_tokens.insert(public_token.clone(), PublicToken { expires_at, item: position });
        Ok(json!({
            "public_token": public_token,
            "item_id": item_id,
            "link_session_id": self.ids.uuid(),
            "institution": { "institution_id": institution_id, "name": super::institutions::name(&institution_id) },
            "accounts": self.link_accounts(position),
        }))
    }

    /// What `onSuccess` tells the front end.
    fn link_accounts(&self, item: usize) -> Vec<Value> {
        let accounts = self.items[item].accounts.iter();
        let view = |SharedAccount { account_id, seen }: &SharedAccount| {
            json!({
                "id": account_id, "name": seen.name, "mask": seen.mask, "type": seen.kind, "subtype": seen.subtype,
                "verification_status": null,
            })
        };
        accounts.map(view).collect()
    }

    /// Gives the item the open accounts that are chosen; those that it had keep their ids.
    fn share(&mut self, item: &mut Item, keys: Option<&[String]>, filters: &[(String, Vec<String>)]) {
        let login = &self.logins[item.login];
        let is_chosen = |key: &String| keys.is_none_or(|keys| keys.contains(key));
        let fits = |kind: &str, subtype: Option<&str>| {
            let is_subtype = |wanted: &String| wanted == "all" || subtype == Some(wanted.as_str());
            filters.is_empty() || filters.iter().any(|(of, subtypes)| of == kind && subtypes.iter().any(is_subtype))
        };
        let before = std::mem::take(&mut item.accounts);
        for account in login.accounts.iter().filter(|account| !account.is_closed) {
            if is_chosen(&account.key) && fits(&account.kind, account.subtype.as_deref()) {
                let known = before.iter().find(|shared| shared.seen.key == account.key);
                let account_id = match known {
                    Some(shared) => shared.account_id.clone(),
                    None => item.ids.opaque(self.ids.number(), ID_LENGTH),
                };
                let seen = known.map_or_else(|| account.clone(), |shared| shared.seen.clone());
                item.accounts.push(SharedAccount { account_id, seen });
            }
        }
    }

    /// Update mode: the login works again and the consent is renewed; other accounts may be shared. No webhook tells it.
    fn update_item(&mut self, position: usize, keys: Option<&[String]>) {
        if let Some(keys) = keys {
            let mut item = self.items[position].clone();
            self.share(&mut item, Some(keys), &[]);
            self.items[position] = item;
        }
        self.begin_consent(position);
        self.repair_login(position, false);
    }

    /// The consent holds as long as the settings say, from now on.
    pub(crate) fn begin_consent(&mut self, item: usize) {
        let days = self.settings.consent_lasts_days;
        let ends_at = days.and_then(|days| self.now.checked_add(seconds(days.saturating_mul(86_400))).ok());
        self.set_consent(item, ends_at);
    }

    pub(crate) fn exchange_public_token(&mut self, call: &Call) -> Result<Value, Failure> {
        let text = call.text("public_token")?;
        let public = self.public_tokens.remove(text).ok_or(error::INVALID_PUBLIC_TOKEN)?;
        if self.now >= public.expires_at {
            return Err(error::INVALID_PUBLIC_TOKEN.into());
        }
        let access_token = self.token("access");
        self.access_tokens.insert(access_token.clone(), public.item);
        Ok(json!({ "access_token": access_token, "item_id": self.items[public.item].item_id }))
    }
}

fn wish(call: &Call) -> Result<Wish, Failure> {
    let webhook = call.optional_text("webhook")?.map(str::to_owned);
    if webhook.as_deref().is_some_and(|url| !is_url(url)) {
        return Err(Failure::field("webhook", "must be a URL"));
    }
    let mut wish = Wish { webhook, ..Wish::default() };
    for (position, field) in PRODUCT_FIELDS.into_iter().enumerate() {
        let products = products(call, field)?;
        wish.consented.extend(&products);
        if position < 3 {
            wish.products.extend(&products);
        }
    }
    if wish.products.is_empty() {
        return Err(Failure::new(error::MISSING_FIELDS, "the following required fields are missing: products"));
    }
    if let Some(filters) = call.value("account_filters").and_then(Value::as_object) {
        for (kind, filter) in filters {
            let subtypes = filter["account_subtypes"].as_array().into_iter().flatten();
            wish.filters
                .push((kind.clone(), subtypes.filter_map(|subtype| subtype.as_str().map(str::to_owned)).collect()));
        }
    }
    Ok(wish)
}

pub(crate) fn products(call: &Call, field: &str) -> Result<BTreeSet<Product>, Failure> {
    let names = call.texts(field)?;
    names.iter().map(|name| Product::of_name(name).ok_or_else(|| error::INVALID_PRODUCT.into())).collect()
}
