//! The bank accounts that cards can be paid from.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use shared::domain::autopay::bank_account::{BankAccount, UnusableReason};
use shared::domain::autopay::ids::BankAccountId;
use shared::domain::bank::request::AccountType;
use shared::domain::money::Cents;
use shared::http::problem::{Problem, Refused};
use shared::operations::System;
use shared::operations::autopay::people;
use utoipa::ToSchema;

use crate::Myself;

#[derive(Serialize, ToSchema)]
pub(crate) struct BankAccountView {
    #[schema(value_type = String)]
    bank_account_id: BankAccountId,
    item_id: String,
    institution_id: String,
    name: String,
    account_type: AccountType,
    account_last4: String,
    /// What may be spent, as last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    available: Option<Cents>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
    /// Why nothing can be pulled from it: a return code of the bank's, `withdrawn` or `numbers_changed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    unusable: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BankAccountList {
    items: Vec<BankAccountView>,
}

impl From<BankAccount> for BankAccountView {
    fn from(account: BankAccount) -> Self {
        let reading = account.reading.as_ref();
        Self {
            available: reading.and_then(shared::domain::autopay::bank_account::BankReading::spendable),
            as_of: reading.map(|reading| reading.age.as_of()),
            unusable: account.unusable.map(|unusable| match unusable.reason {
                UnusableReason::Returned(code) => code.to_string(),
                UnusableReason::Withdrawn => "withdrawn".to_owned(),
                UnusableReason::NumbersChanged => "numbers_changed".to_owned(),
            }),
            bank_account_id: account.id,
            item_id: account.item_id,
            institution_id: account.institution_id,
            name: account.name,
            account_type: account.account_type,
            account_last4: account.account.account_last4,
        }
    }
}

/// Every bank account that the caller shared.
#[utoipa::path(get, path = "/bank-accounts", tag = "links",
    responses((status = 200, body = BankAccountList), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn list(State(system): State<System>, myself: Myself) -> Result<Json<BankAccountList>, Problem> {
    let accounts = people::bank_accounts_now(&system, myself.id).await?;
    Ok(Json(BankAccountList { items: accounts.into_iter().map(BankAccountView::from).collect() }))
}
