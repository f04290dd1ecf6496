use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::items::TokenBody;
use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::account::PlaidAccount;
use crate::domain::plaid::auth::{AchNumbers, WireNumbers};
use crate::domain::plaid::item::PlaidItem;
use crate::domain::plaid::liability::{CardLiability, WireLiabilities};
use crate::domain::secret::AccessToken;

/// A balance is asked for at the institution, which sometimes takes more than half a minute.
const BALANCE_TIMEOUT: Duration = Duration::from_secs(45);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccountsAnswer {
    pub accounts: Vec<PlaidAccount>,
    pub item: PlaidItem,
}

/// All accounts of the item, and the bills of its cards; joined by `account_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiabilitiesAnswer {
    pub accounts: Vec<PlaidAccount>,
    pub item: PlaidItem,
    pub cards: Vec<CardLiability>,
}

/// The accounts that have numbers, and the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthAnswer {
    pub accounts: Vec<PlaidAccount>,
    pub item: PlaidItem,
    pub ach: Vec<AchNumbers>,
}

/// Whose balance to ask for at the institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceQuery {
    /// Empty: all accounts of the item.
    pub account_ids: Vec<String>,
    /// How old the answer may be. Capital One demands it where a card is among the accounts; others ignore it.
    pub updated_from: Option<Timestamp>,
}

impl PlaidClient {
    /// The accounts as Plaid last saw them: free, and up to a day old or more.
    pub async fn accounts(&self, access_token: &AccessToken, deadline: Deadline) -> Result<AccountsAnswer, PlaidError> {
        self.post("/accounts/get", &TokenBody::new(access_token), deadline).await
    }

    /// Balances as the institution has them now. Paid for by the call, and five times a minute for an item.
    pub async fn balances(
        &self,
        access_token: &AccessToken,
        query: &BalanceQuery,
        deadline: Deadline,
    ) -> Result<AccountsAnswer, PlaidError> {
        #[derive(Serialize)]
        struct Options<'a> {
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            account_ids: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            min_last_updated_datetime: Option<Timestamp>,
        }
        #[derive(Serialize)]
        struct Body<'a> {
            access_token: &'a str,
            options: Options<'a>,
        }
        let options = Options { account_ids: &query.account_ids, min_last_updated_datetime: query.updated_from };
        let body = Body { access_token: access_token.expose(), options };
        self.post_within(BALANCE_TIMEOUT, "/accounts/balance/get", &body, deadline).await
    }

    /// The bills of the item's cards, refreshed about once a day.
    pub async fn liabilities(
        &self,
        access_token: &AccessToken,
        deadline: Deadline,
    ) -> Result<LiabilitiesAnswer, PlaidError> {
        #[derive(Deserialize)]
        struct Answer {
            accounts: Vec<PlaidAccount>,
            item: PlaidItem,
            liabilities: WireLiabilities,
        }
        let answer: Answer = self.post("/liabilities/get", &TokenBody::new(access_token), deadline).await?;
        let cards = answer.liabilities.into_cards();
        Ok(LiabilitiesAnswer { accounts: answer.accounts, item: answer.item, cards })
    }

    /// Account and routing numbers of the item's bank accounts.
    pub async fn auth(&self, access_token: &AccessToken, deadline: Deadline) -> Result<AuthAnswer, PlaidError> {
        #[derive(Deserialize)]
        struct Answer {
            accounts: Vec<PlaidAccount>,
            item: PlaidItem,
            numbers: WireNumbers,
        }
        let answer: Answer = self.post("/auth/get", &TokenBody::new(access_token), deadline).await?;
        Ok(AuthAnswer { accounts: answer.accounts, item: answer.item, ach: answer.numbers.into_ach() })
    }
}
