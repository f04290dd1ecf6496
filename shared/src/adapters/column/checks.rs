//! The calls about checks.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::answers::{CheckPage, Found, StopOutcome, WireTransferList};
use super::client::{Call, ColumnClient, FIND_PAGES, stopped, unreadable};
use super::query::{TransferFamily, TransferQuery, escaped};
use crate::domain::bank::body::TransferBody;
use crate::domain::bank::check::snapshot::CheckSnapshot;
use crate::domain::bank::check::status::StopChance;
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;

impl ColumnClient {
    /// Has a check made and mailed. Record the body and key first; after an unknown outcome send the same two again. With a key that the
    /// bank knows, the answer is the first check made with it, even where the body differs: compare before believing.
    pub async fn issue_check(
        &self,
        body: &TransferBody,
        idempotency_key: &str,
        deadline: Deadline,
    ) -> Result<CheckSnapshot, BankError> {
        let call = Call {
            name: "issue check",
            method: Method::POST,
            path: "/transfers/checks/issue".to_owned(),
            idempotency_key: Some(idempotency_key),
            body: body.bytes().clone(),
        };
        self.read_check(call, deadline).await
    }

    pub async fn check(&self, check_id: &str, deadline: Deadline) -> Result<CheckSnapshot, BankError> {
        let path = format!("/transfers/checks/{}", escaped(check_id));
        self.read_check(Call::get("get check", path), deadline).await
    }

    /// One page of an account's checks.
    pub async fn checks(&self, query: &TransferQuery, deadline: Deadline) -> Result<CheckPage, BankError> {
        let name = "list checks";
        let list: WireTransferList = self.read(Call::get(name, query.path(TransferFamily::Checks)), deadline).await?;
        list.try_into().map_err(|what| unreadable(name, what))
    }

    /// The check made with a key, among those of a query, for a key whose outcome is unknown. Reads [`FIND_PAGES`] pages at most.
    pub async fn find_check(
        &self,
        mut query: TransferQuery,
        idempotency_key: &str,
        deadline: Deadline,
    ) -> Result<Found<CheckSnapshot>, BankError> {
        for read in 0..FIND_PAGES {
            let page = match self.checks(&query, deadline).await {
                Ok(page) => page,
                Err(error) => return stopped(read, query.older_than, error),
            };
            let made_with_key = |check: &CheckSnapshot| check.idempotency_key.as_deref() == Some(idempotency_key);
            if let Some(found) = page.checks.into_iter().find(made_with_key) {
                return Ok(Found::It(Box::new(found)));
            }
            if page.older.is_none() {
                return Ok(Found::Nothing);
            }
            query.older_than = page.older;
        }
        stopped(FIND_PAGES, query.older_than, unreadable("list checks", "no page was read"))
    }

    /// Stops a check that was not presented yet. Has no key, and may be asked again after an unknown outcome: which code refuses a stop
    /// is not documented, so the check itself is read then, and its status says why.
    pub async fn stop_check(&self, check_id: &str, deadline: Deadline) -> Result<StopOutcome, BankError> {
        let call = Call {
            name: "stop check",
            method: Method::POST,
            path: format!("/transfers/checks/{}/stop-payment", escaped(check_id)),
            idempotency_key: None,
            body: Bytes::new(),
        };
        let refusal = match self.read_check(call, deadline).await {
            Ok(check) => return Ok(StopOutcome::Stopping(Box::new(check))),
            Err(refusal @ (BankError::Refused { .. } | BankError::AboutUs { status: 400, .. })) => refusal,
            Err(other) => return Err(other),
        };
        let check = self.check(check_id, deadline).await?;
        match check.status.meaning().stop_chance() {
            StopChance::AlreadyStopped => Ok(StopOutcome::Already(Box::new(check))),
            StopChance::TooLate => Ok(StopOutcome::TooLate(Box::new(check))),
            // Refused for another reason, which may pass.
            StopChance::Open | StopChance::Unknown => Err(refusal),
        }
    }

    async fn read_check(&self, call: Call<'_>, deadline: Deadline) -> Result<CheckSnapshot, BankError> {
        let name = call.name;
        let value: Value = self.read(call, deadline).await?;
        CheckSnapshot::from_json(value).map_err(|what| unreadable(name, what))
    }
}
