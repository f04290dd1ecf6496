//! Which path does what, which fields it takes, and how often it may be called (plaid.md sections 4 and 6).

use serde_json::Value;

use super::Plaid;
use super::call::Call;
use super::error::{self, Failure, Kind};
use super::faults::Limit;

/// One endpoint.
pub(crate) struct Endpoint {
    path: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    options: &'static [&'static str],
    /// The codes when an item, or the client, calls too often.
    item_limit: Kind,
    client_limit: Kind,
    /// It changes nothing, so that a journal need not keep it.
    pub(crate) is_read: bool,
    handler: fn(&mut Plaid, &Call) -> Result<Value, Failure>,
}

impl Endpoint {
    const fn read(path: &'static str, limit: Kind, handler: fn(&mut Plaid, &Call) -> Result<Value, Failure>) -> Self {
        Self {
            path,
            required: &["access_token"],
            optional: &["options"],
            options: &["account_ids"],
            item_limit: limit,
            client_limit: limit,
            is_read: true,
            handler,
        }
    }

    const fn write(
        path: &'static str,
        required: &'static [&'static str],
        optional: &'static [&'static str],
        handler: fn(&mut Plaid, &Call) -> Result<Value, Failure>,
    ) -> Self {
        Self {
            path,
            required,
            optional,
            options: &[],
            item_limit: error::RATE_LIMIT,
            client_limit: error::RATE_LIMIT,
            is_read: false,
            handler,
        }
    }
}

const LINK_TOKEN_FIELDS: &[&str] = &[
    "user",
    "user_id",
    "user_token",
    "products",
    "required_if_supported_products",
    "optional_products",
    "additional_consented_products",
    "webhook",
    "access_token",
    "redirect_uri",
    "android_package_name",
    "link_customization_name",
    "account_filters",
    "update",
    "transactions",
    "auth",
    "hosted_link",
    "institution_id",
    "enable_multi_item_link",
    "appearance_mode",
];

pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        required: &["institution_id", "country_codes"],
        options: &[
            "include_optional_metadata",
            "include_status",
            "include_auth_metadata",
            "include_payment_initiation_metadata",
        ],
        ..Endpoint::read("/institutions/get_by_id", error::INSTITUTIONS_GET_BY_ID_LIMIT, Plaid::get_institution)
    },
    Endpoint {
        required: &["key_id"],
        optional: &[],
        ..Endpoint::read("/webhook_verification_key/get", error::RATE_LIMIT, Plaid::get_verification_key)
    },
    Endpoint { optional: &[], ..Endpoint::read("/item/get", error::ITEM_GET_LIMIT, Plaid::get_item) },
    Endpoint::read("/accounts/get", error::ACCOUNTS_LIMIT, Plaid::get_accounts),
    Endpoint {
        options: &["account_ids", "min_last_updated_datetime"],
        client_limit: error::ACCOUNTS_BALANCE_GET_LIMIT,
        is_read: false,
        ..Endpoint::read("/accounts/balance/get", error::BALANCE_LIMIT, Plaid::get_balances)
    },
    Endpoint { is_read: false, ..Endpoint::read("/auth/get", error::AUTH_LIMIT, Plaid::get_auth) },
    Endpoint { is_read: false, ..Endpoint::read("/liabilities/get", error::RATE_LIMIT, Plaid::get_liabilities) },
    Endpoint {
        optional: &["cursor", "count", "options"],
        options: &["include_original_description", "personal_finance_category_version", "days_requested", "account_id"],
        is_read: false,
        ..Endpoint::read("/transactions/sync", error::TRANSACTIONS_SYNC_LIMIT, Plaid::sync_transactions)
    },
    Endpoint::write(
        "/link/token/create",
        &["client_name", "language", "country_codes"],
        LINK_TOKEN_FIELDS,
        Plaid::create_link_token,
    ),
    Endpoint::write("/item/public_token/exchange", &["public_token"], &[], Plaid::exchange_public_token),
    Endpoint::write("/item/remove", &["access_token"], &["reason_code", "reason_note"], Plaid::remove_item),
    Endpoint::write("/item/webhook/update", &["access_token"], &["webhook"], Plaid::update_webhook),
    Endpoint {
        options: &["webhook", "override_username", "override_password", "transactions"],
        ..Endpoint::write(
            "/sandbox/public_token/create",
            &["institution_id", "initial_products"],
            &["options"],
            Plaid::create_public_token,
        )
    },
    Endpoint::write(
        "/sandbox/item/fire_webhook",
        &["access_token", "webhook_code"],
        &["webhook_type"],
        Plaid::fire_webhook,
    ),
    Endpoint::write("/sandbox/item/reset_login", &["access_token"], &[], Plaid::reset_login),
];

impl Endpoint {
    pub(crate) fn find(path: &str) -> Option<&'static Self> {
        ENDPOINTS.iter().find(|endpoint| endpoint.path == path)
    }

    pub(crate) fn answer(&self, plaid: &mut Plaid, call: &Call) -> Result<Value, Failure> {
        call.check(self.required, self.optional, self.options)?;
        (self.handler)(plaid, call)
    }

    pub(crate) fn too_often(&self, is_per_item: bool) -> Failure {
        if is_per_item { self.item_limit.into() } else { self.client_limit.into() }
    }
}

/// Plaid's published limits in Production, a minute each: path, calls of one item (none is published where it is absent), calls of the client.
const PRODUCTION_LIMITS: &[(&str, Option<usize>, usize)] = &[
    ("/accounts/balance/get", Some(5), 1_200),
    ("/accounts/get", Some(15), 15_000),
    ("/auth/get", Some(15), 12_000),
    ("/institutions/get_by_id", None, 400),
    ("/item/get", Some(15), 5_000),
    ("/item/remove", Some(30), 2_000),
    ("/liabilities/get", Some(15), 1_000),
    ("/transactions/sync", Some(50), 2_500),
];

/// The limits that Plaid publishes for Production. A new simulated Plaid has none.
#[must_use]
pub fn production_limits() -> Vec<Limit> {
    let limit = |path: &str, is_per_item, calls| Limit { path: path.to_owned(), is_per_item, calls, per_s: 60 };
    let both = |(path, item, client): &(&str, Option<usize>, usize)| {
        let of_item = item.map(|calls| limit(path, true, calls));
        of_item.into_iter().chain([limit(path, false, *client)]).collect::<Vec<_>>()
    };
    PRODUCTION_LIMITS.iter().flat_map(both).collect()
}
