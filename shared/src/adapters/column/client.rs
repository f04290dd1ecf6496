//! The calls themselves.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers::{
    BankAccount, BankAccountPage, CancelOutcome, EventPage, Found, PageCursor, TransferPage, WireBankAccount,
    WireBankAccountList, WireEventList, WireTransferList,
};
use super::query::{EventQuery, TransferFamily, TransferQuery, accounts_path, escaped};
use crate::adapters::api_key::ApiKey;
use crate::adapters::provider_call::{CallLimits, ProviderCaller};
use crate::domain::bank::body::TransferBody;
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::{BankEvent, TransferSnapshot};
use crate::domain::bank::institution::Institution;
use crate::domain::bank::refusal;
use crate::domain::bank::request::{AccountType, InlineCounterparty};
use crate::domain::deadline::Deadline;
use crate::ports::clock::Clock;
use crate::ports::random::Random;
use crate::ports::transport::{ProviderRequest, Transport};

/// Where Column is and how hard it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnSettings {
    /// Without a slash at the end: `https://api.column.com`.
    pub base_url: String,
    pub api_key: ApiKey,
    pub limits: CallLimits,
}

/// Pages of a list that one search reads; it goes on where it stopped.
pub const FIND_PAGES: u32 = 20;

/// The client. One per process: its rate limit counts all its calls.
#[derive(Debug)]
pub struct ColumnClient {
    caller: ProviderCaller,
    settings: ColumnSettings,
}

/// One call before it becomes a request.
pub(super) struct Call<'a> {
    /// For errors and logs.
    pub(super) name: &'static str,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) idempotency_key: Option<&'a str>,
    pub(super) body: Bytes,
}

impl ColumnClient {
    pub fn new(
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: ColumnSettings,
    ) -> Self {
        Self { caller: ProviderCaller::new(transport, clock, random, settings.limits), settings }
    }

    /// Opens a dollar account for an entity. `description` has at least 3 characters. The same key opens it once.
    pub async fn create_bank_account(
        &self,
        entity_id: &str,
        description: &str,
        idempotency_key: &str,
        deadline: Deadline,
    ) -> Result<BankAccount, BankError> {
        let body = json!({"entity_id": entity_id, "description": description, "currency_code": "USD"}).to_string();
        let call = Call {
            name: "create bank account",
            method: Method::POST,
            path: "/bank-accounts".to_owned(),
            idempotency_key: Some(idempotency_key),
            body: body.into(),
        };
        let account: WireBankAccount = self.read(call, deadline).await?;
        Ok(account.into())
    }

    /// One of our accounts with its balances.
    pub async fn bank_account(&self, bank_account_id: &str, deadline: Deadline) -> Result<BankAccount, BankError> {
        let path = format!("/bank-accounts/{}", escaped(bank_account_id));
        let account: WireBankAccount = self.read(Call::get("get bank account", path), deadline).await?;
        Ok(account.into())
    }

    /// One page of an entity's accounts.
    pub async fn bank_accounts(
        &self,
        entity_id: &str,
        older_than: Option<&PageCursor>,
        deadline: Deadline,
    ) -> Result<BankAccountPage, BankError> {
        let path = accounts_path(entity_id, older_than);
        let list: WireBankAccountList = self.read(Call::get("list bank accounts", path), deadline).await?;
        Ok(list.into())
    }

    /// Sends a transfer. Record the body and key first; after an unknown outcome send the same two again. With a key that the bank
    /// knows, the answer is the first transfer made with it, even where the body differs: compare before believing.
    pub async fn create_ach_transfer(
        &self,
        body: &TransferBody,
        idempotency_key: &str,
        deadline: Deadline,
    ) -> Result<TransferSnapshot, BankError> {
        let call = Call {
            name: "create ACH transfer",
            method: Method::POST,
            path: "/transfers/ach".to_owned(),
            idempotency_key: Some(idempotency_key),
            body: body.bytes().clone(),
        };
        self.transfer(call, deadline).await
    }

    pub async fn ach_transfer(&self, transfer_id: &str, deadline: Deadline) -> Result<TransferSnapshot, BankError> {
        let path = format!("/transfers/ach/{}", escaped(transfer_id));
        self.transfer(Call::get("get ACH transfer", path), deadline).await
    }

    /// One page of an account's transfers.
    pub async fn ach_transfers(&self, query: &TransferQuery, deadline: Deadline) -> Result<TransferPage, BankError> {
        let name = "list ACH transfers";
        let list: WireTransferList = self.read(Call::get(name, query.path(TransferFamily::Ach)), deadline).await?;
        list.try_into().map_err(|what| unreadable(name, what))
    }

    /// The transfer made with a key, among those of a query, for a key whose outcome is unknown. Reads [`FIND_PAGES`] pages at most.
    pub async fn find_ach_transfer(
        &self,
        mut query: TransferQuery,
        idempotency_key: &str,
        deadline: Deadline,
    ) -> Result<Found<TransferSnapshot>, BankError> {
        for read in 0..FIND_PAGES {
            let page = match self.ach_transfers(&query, deadline).await {
                Ok(page) => page,
                Err(error) => return stopped(read, query.older_than, error),
            };
            let made_with_key =
                |transfer: &TransferSnapshot| transfer.idempotency_key.as_deref() == Some(idempotency_key);
            if let Some(found) = page.transfers.into_iter().find(made_with_key) {
                return Ok(Found::It(Box::new(found)));
            }
            if page.older.is_none() {
                return Ok(Found::Nothing);
            }
            query.older_than = page.older;
        }
        stopped(FIND_PAGES, query.older_than, unreadable("list ACH transfers", "no page was read"))
    }

    /// Whether a call that is begun now can still end before the deadline.
    pub fn has_time(&self, deadline: Deadline) -> bool {
        self.caller.has_time(deadline)
    }

    /// Stops a transfer that the bank has not sent yet. Has no key: after an unknown outcome read the transfer, because a second wish
    /// finds a canceled transfer no longer cancelable.
    pub async fn cancel_ach_transfer(&self, transfer_id: &str, deadline: Deadline) -> Result<CancelOutcome, BankError> {
        let call = Call {
            name: "cancel ACH transfer",
            method: Method::POST,
            path: format!("/transfers/ach/{}/cancel", escaped(transfer_id)),
            idempotency_key: None,
            body: Bytes::new(),
        };
        match self.transfer(call, deadline).await {
            Ok(transfer) => Ok(CancelOutcome::Canceled(Box::new(transfer))),
            Err(BankError::AboutUs { code: Some(code), .. }) if code == "cancellation_not_allowed" => {
                Ok(CancelOutcome::TooLate)
            }
            Err(other) => Err(other),
        }
    }

    /// One page of the events that were sent as webhooks.
    pub async fn events(&self, query: &EventQuery, deadline: Deadline) -> Result<EventPage, BankError> {
        let list: WireEventList = self.read(Call::get("list events", query.path()), deadline).await?;
        Ok(list.into())
    }

    /// One event, to see with our own key what a webhook claimed.
    pub async fn event(&self, event_id: &str, deadline: Deadline) -> Result<BankEvent, BankError> {
        let name = "get event";
        let value: Value = self.read(Call::get(name, format!("/events/{}", escaped(event_id))), deadline).await?;
        BankEvent::from_json(value).map_err(|what| unreadable(name, what))
    }

    /// The bank behind a routing number; `None` if no bank has it.
    pub async fn institution(
        &self,
        routing_number: &str,
        deadline: Deadline,
    ) -> Result<Option<Institution>, BankError> {
        let call = Call::get("get institution", format!("/institutions/{}", escaped(routing_number)));
        match self.read(call, deadline).await {
            Ok(institution) => Ok(Some(institution)),
            Err(BankError::AboutUs { status: 404, .. }) => Ok(None),
            Err(BankError::Refused { code, .. }) if code == "routing_number_not_found" => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// The account that a counterparty stands for.
    pub async fn counterparty(
        &self,
        counterparty_id: &str,
        deadline: Deadline,
    ) -> Result<InlineCounterparty, BankError> {
        let name = "get counterparty";
        let path = format!("/counterparties/{}", escaped(counterparty_id));
        let wire: WireCounterparty = self.read(Call::get(name, path), deadline).await?;
        let account_type = wire.account_type.filter(|text| !text.is_empty());
        // The bank's default.
        let account_type = account_type.map_or(Some(AccountType::Checking), |text| AccountType::parse(&text));
        let routing_number = wire.routing_number.parse();
        let account_number = wire.account_number.as_str().try_into();
        Ok(InlineCounterparty {
            routing_number: routing_number.map_err(|_| unreadable(name, "a routing number that is none"))?,
            account_number: account_number.map_err(|_| unreadable(name, "an account number that is none"))?,
            account_type: account_type.ok_or_else(|| unreadable(name, "an account type that is not documented"))?,
            name: wire.name.unwrap_or_default(),
        })
    }

    async fn transfer(&self, call: Call<'_>, deadline: Deadline) -> Result<TransferSnapshot, BankError> {
        let name = call.name;
        let value: Value = self.read(call, deadline).await?;
        TransferSnapshot::from_json(value).map_err(|what| unreadable(name, what))
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, call: Call<'_>, deadline: Deadline) -> Result<T, BankError> {
        let name = call.name;
        let request = self.request(call);
        let answer = self.caller.call(&request, deadline).await.map_err(|failure| BankError::Unavailable {
            outcome_unknown: failure.outcome_unknown,
            cause: failure.cause,
        })?;
        let response = answer.response;
        if (200..300).contains(&response.status) {
            // serde's own message would quote the content.
            return serde_json::from_slice(&response.body)
                .map_err(|cause| unreadable(name, format!("{:?} error at byte {}", cause.classify(), cause.column())));
        }
        let error = refusal::classify(response.status, &response.body);
        tracing::warn!(call = name, status = response.status, %error, "the bank refused a call");
        match error {
            // It may have been refused before the bank looked whether an earlier try had gone through.
            BankError::AboutUs { status, .. } if answer.earlier_outcome_unknown => Err(BankError::Unavailable {
                outcome_unknown: true,
                cause: format!("status {status} after a try without an answer"),
            }),
            BankError::Refused { code, fields, outcome_unknown: _ } => {
                Err(BankError::Refused { code, fields, outcome_unknown: answer.earlier_outcome_unknown })
            }
            BankError::AboutUs { .. } | BankError::Unavailable { .. } | BankError::Unreadable { .. } => Err(error),
        }
    }

    fn request(&self, call: Call<'_>) -> ProviderRequest {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // Basic authentication with an empty user name (column.md section 1.1).
        let credentials =
            base64::engine::general_purpose::STANDARD.encode(format!(":{}", self.settings.api_key.reveal()));
        let mut headers = vec![header("authorization", &format!("Basic {credentials}"))];
        if !call.body.is_empty() {
            headers.push(header("content-type", "application/json"));
        }
        if let Some(key) = call.idempotency_key {
            headers.push(header("idempotency-key", key));
        }
        ProviderRequest {
            method: call.method,
            url: format!("{}{}", self.settings.base_url, call.path),
            headers,
            body: call.body,
            timeout: self.caller.call_timeout(),
        }
    }
}

/// Where a search ends that reads no further now: what was read of the list need not be read again.
pub(super) fn stopped<T>(read: u32, older_than: Option<PageCursor>, error: BankError) -> Result<Found<T>, BankError> {
    match older_than {
        Some(cursor) if read > 0 => Ok(Found::Further(cursor)),
        Some(_) | None => Err(error),
    }
}

#[derive(serde::Deserialize)]
struct WireCounterparty {
    routing_number: String,
    account_number: String,
    #[serde(default)]
    account_type: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl Call<'_> {
    pub(super) fn get(name: &'static str, path: String) -> Self {
        Self { name, method: Method::GET, path, idempotency_key: None, body: Bytes::new() }
    }
}

pub(super) fn unreadable(call: &'static str, what: impl ToString) -> BankError {
    BankError::Unreadable { call, what: what.to_string() }
}
