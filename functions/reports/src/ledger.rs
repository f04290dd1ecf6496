//! The books: the trial balance, and the lines of an account.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use shared::domain::caller::Caller;
use shared::domain::ledger::Account;
use shared::domain::money::Cents;
use shared::domain::source::ALL_PERSONS;
use shared::http::body::{PathParameters, QueryParameters};
use shared::http::pages::{PageBody, PageQuery, cursor_invalid};
use shared::http::problem::{Problem, Refused};
use shared::operations::{OperationError, System, ledger};
use shared::ports::table::Cursor;
use shared::store::ledger::{Posting, Totals};
use utoipa::ToSchema;

use crate::readers::{is_person, may_read};

/// Debits and credits of every account. The two totals are equal, always.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TrialBalanceView {
    accounts: BTreeMap<String, AccountView>,
    total: Totals,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    #[serde(flatten)]
    totals: Totals,
    /// Debits less credits: positive for what an asset holds, negative for what a liability owes.
    #[schema(value_type = String)]
    balance: Cents,
}

/// Debits and credits of every account. Those of persons are for operators; everybody else reads one sum of each kind of theirs, such as
/// `cash:people`.
#[utoipa::path(get, path = "/ledger/trial-balance", tag = "ledger",
    responses((status = 200, body = TrialBalanceView), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn trial_balance(
    State(system): State<System>,
    caller: Caller,
) -> Result<Json<TrialBalanceView>, Problem> {
    let balance = ledger::trial_balance(&system).await?;
    let accounts = readable_accounts(&caller, balance.accounts)?
        .into_iter()
        .map(|(account, totals)| Ok((account, AccountView { totals, balance: totals.balance()? })))
        .collect::<Result<_, OperationError>>()?;
    Ok(Json(TrialBalanceView { accounts, total: balance.total }))
}

/// The accounts with those that the caller may not read summed up by their kind.
fn readable_accounts(
    caller: &Caller,
    accounts: BTreeMap<String, Totals>,
) -> Result<BTreeMap<String, Totals>, OperationError> {
    let mut readable: BTreeMap<String, Totals> = BTreeMap::new();
    for (account, totals) in accounts {
        let name = match account.split_once(':') {
            Some((kind, payer_id)) if is_person(payer_id) && !may_read(caller, payer_id) => {
                format!("{kind}:{ALL_PERSONS}")
            }
            Some(_) | None => account,
        };
        let sum = readable.entry(name).or_default();
        *sum = sum.plus(totals)?;
    }
    Ok(readable)
}

/// The lines of an account such as `cash:CORP-1`, month by month. A person's are for operators.
#[utoipa::path(get, path = "/ledger/accounts/{account}/postings", tag = "ledger",
    params(("account" = String, Path), PageQuery),
    responses((status = 200, body = PageBody<Posting>), Refused),
    security(("bearer" = ["reports:read"]), ("bearer" = ["operate"])))]
pub(crate) async fn postings(
    State(system): State<System>,
    caller: Caller,
    PathParameters(account): PathParameters<String>,
    QueryParameters(page): QueryParameters<PageQuery>,
) -> Result<Json<PageBody<Posting>>, Problem> {
    let account: Account = account.parse().map_err(OperationError::from)?;
    if !may_read(&caller, &account.payer_id) {
        return Err(OperationError::not_found("account", &account.payer_id).into());
    }
    let from = match page.start_after()? {
        Some(cursor) => place(&cursor)?,
        None => (0, None),
    };
    let found = ledger::postings(&system, &account, from, page.limit()?).await?;
    Ok(Json(PageBody::new(found.postings, found.next.map(|place| cursor(&place)))))
}

/// Number of the partition, and the place in it.
type Place = (usize, Option<Cursor>);

fn cursor((partition, within): &Place) -> Cursor {
    let within = within.as_ref().map(|cursor| cursor.0.as_str()).unwrap_or_default();
    Cursor(URL_SAFE_NO_PAD.encode(format!("{partition}:{within}")))
}

fn place(cursor: &Cursor) -> Result<Place, Problem> {
    let text = URL_SAFE_NO_PAD.decode(&cursor.0).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let read = text.as_deref().and_then(|text| text.split_once(':')).and_then(|(partition, within)| {
        let within = (!within.is_empty()).then(|| Cursor(within.to_owned()));
        Some((partition.parse().ok()?, within))
    });
    read.ok_or_else(cursor_invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        for place_before in [(3, None), (0, Some(Cursor("abc-_9".to_owned())))] {
            assert_eq!(place(&cursor(&place_before)).unwrap(), place_before);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        for text in ["", "!", "abc", "eDp5"] {
            assert_eq!(place(&Cursor(text.to_owned())).unwrap_err().code(), "cursor_invalid", "{text}");
        }
    }
}
