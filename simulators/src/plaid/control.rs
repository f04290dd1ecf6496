//! Control calls: what a test or an operator of the laptop stack tells the simulated Plaid. Not a Plaid API: they live under a path that Plaid does not have.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::accounts::Account;
use super::call::is_url;
use super::error::{self, Failure};
use super::faults::{CallFault, Faults, Forgery, Limit, Switches, WebhookFaults};
use super::items::ItemState;
use super::money::Dollars;
use super::persons::seconds;
use super::transactions::{Movement, TransactionKind};
use super::webhooks::Notice;
use super::{Due, Plaid};

/// One control call. `seen_after_s` is how long Plaid does not know yet what an institution already does; a balance call does not wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "control", rename_all = "snake_case")]
pub enum Control {
    /// A person becomes a customer of an institution. Called again for the same two, the person opens more accounts there, and their items are told.
    CreatePerson {
        user_id: String,
        institution_id: String,
        accounts: Vec<Account>,
    },
    /// Changes an account by a JSON merge patch of [`Account`]: balances, limit, statement, minimum, due date, overdue, numbers, `is_closed`, any quirk.
    /// What Plaid tells of it: `LIABILITIES` `DEFAULT_UPDATE` for a card's balances or bill, `AUTH` `DEFAULT_UPDATE` for numbers, nothing for the rest.
    SetAccount {
        user_id: String,
        account: String,
        change: Map<String, Value>,
        #[serde(default)]
        seen_after_s: u32,
    },
    /// Money leaves the account, or comes in when the amount is negative. Answers the `transaction` number.
    Purchase {
        user_id: String,
        account: String,
        amount: Dollars,
        #[serde(default)]
        name: String,
        #[serde(default)]
        is_pending: bool,
        #[serde(default)]
        seen_after_s: u32,
    },
    /// A payment arrives at a card's issuer, which books it `booked_after_s` later; only then does `seen_after_s` begin.
    PayCard {
        user_id: String,
        account: String,
        amount: Dollars,
        #[serde(default)]
        check_number: Option<String>,
        #[serde(default)]
        booked_after_s: u32,
        #[serde(default)]
        seen_after_s: u32,
    },
    /// A pending transaction becomes final. Answers the new `transaction` number.
    PostTransaction {
        transaction: u64,
        #[serde(default)]
        seen_after_s: u32,
    },
    RemoveTransaction {
        transaction: u64,
        #[serde(default)]
        seen_after_s: u32,
    },
    /// The transaction is told as modified; without a name it stays as it was.
    ModifyTransaction {
        transaction: u64,
        #[serde(default)]
        name: Option<String>,
    },
    /// The person finishes Link. For a new item: who, where, and which accounts (all open ones without a list); answers `public_token`, `item_id` and what the front end
    /// is told. In update mode only `accounts` counts: without a list they stay as they are.
    FinishLink {
        link_token: String,
        #[serde(default)]
        user_id: Option<String>,
        #[serde(default)]
        institution_id: Option<String>,
        #[serde(default)]
        accounts: Option<Vec<String>>,
    },
    /// The bank no longer lets Plaid in: `ITEM` `ERROR`.
    RequireLogin {
        item_id: String,
        #[serde(default)]
        reason: Option<String>,
    },
    /// Repaired in another application: `LOGIN_REPAIRED`.
    RepairLogin {
        item_id: String,
    },
    /// The person revokes the permission at Plaid: `USER_PERMISSION_REVOKED`.
    RevokePermission {
        item_id: String,
    },
    /// The person revokes one account at the bank: `USER_ACCOUNT_REVOKED`.
    RevokeAccount {
        item_id: String,
        account: String,
    },
    /// `PENDING_DISCONNECT` seven days before, then the login is required without a webhook. Null: never.
    SetConsentExpiration {
        item_id: String,
        at: Option<Timestamp>,
    },
    /// `liabilities.credit` is null from now on, or no longer.
    HideLiabilities {
        item_id: String,
        is_hidden: bool,
    },
    /// Sends any webhook about an item, forged or not, to its URL or another one. Fields given here win over the usual ones.
    FireWebhook {
        item_id: String,
        webhook_type: String,
        webhook_code: String,
        #[serde(default)]
        fields: Map<String, Value>,
        #[serde(default)]
        forgery: Option<Forgery>,
        #[serde(default)]
        url: Option<String>,
    },
    /// Signs a webhook's body as if it were sent at `at`, and sends nothing; answers the `verification`.
    SignWebhook {
        body: String,
        at: Timestamp,
    },
    /// A new key signs; the old one expires.
    RotateKeys,
    FaultCalls(CallFault),
    FaultWebhooks(WebhookFaults),
    /// No webhook is sent while they are held. Answers how many are `under_way` all the same: sent before, and not answered yet.
    HoldWebhooks {
        is_held: bool,
    },
    /// The next `count` calls for a further page of transactions find that they changed meanwhile.
    MutateNext {
        count: u64,
    },
    /// Replaces all limits of calls; see [`super::production_limits`].
    Limits {
        limits: Vec<Limit>,
    },
    /// All calls answer 503 until then.
    Outage {
        until: Timestamp,
    },
    /// Takes back all switches and outages; limits and the clock stay.
    ClearFaults,
    /// Moves Plaid's clock ahead of the caller's.
    Advance {
        seconds: u32,
    },
    /// The simplest faults, replaced as a whole.
    Faults(Faults),
}

impl Plaid {
    /// Carries out a control call at the caller's time `now`; answers what the HTTP call would.
    pub fn control(&mut self, now: Timestamp, control: Control) -> Result<Value, Failure> {
        self.advance(now);
        match control {
            Control::CreatePerson { user_id, institution_id, accounts } => {
                self.add_login(user_id, institution_id, accounts)?;
            }
            Control::SetAccount { user_id, account, change, seen_after_s } => {
                self.set_account(&user_id, &account, change, seen_after_s)?;
            }
            Control::Purchase { user_id, account, amount, name, is_pending, seen_after_s } => {
                let kind = TransactionKind::Purchase;
                let purchase = Movement { account, amount, name, kind, is_pending, seen_after_s };
                return self.purchase(&user_id, purchase);
            }
            Control::PayCard { user_id, account, amount, check_number, booked_after_s, seen_after_s } => {
                let kind = TransactionKind::CardPayment { check_number };
                let (amount, name) = (amount.negated(), "Payment received".to_owned());
                let payment = Movement { account, amount, name, kind, is_pending: false, seen_after_s };
                self.pay_card(&user_id, payment, booked_after_s)?;
                self.advance(now);
            }
            Control::PostTransaction { transaction, seen_after_s } => {
                let number = self.post_transaction(transaction, seen_after_s)?;
                return Ok(json!({ "transaction": number }));
            }
            Control::RemoveTransaction { transaction, seen_after_s } => {
                self.remove_transaction(transaction, seen_after_s)?;
            }
            Control::ModifyTransaction { transaction, name } => self.modify_transaction(transaction, name)?,
            Control::FinishLink { link_token, user_id, institution_id, accounts } => {
                return self.finish_link(
                    &link_token,
                    user_id.as_deref(),
                    institution_id.as_deref(),
                    accounts.as_deref(),
                );
            }
            Control::RequireLogin { item_id, reason } => {
                let item = self.find_item(&item_id)?;
                self.require_login(item, reason, true);
            }
            Control::RepairLogin { item_id } => {
                let item = self.find_item(&item_id)?;
                self.repair_login(item, true);
            }
            Control::RevokePermission { item_id } => {
                let item = self.find_item(&item_id)?;
                self.items[item].state = ItemState::Revoked;
                self.announce(item, Notice::UserPermissionRevoked);
            }
            Control::RevokeAccount { item_id, account } => self.revoke_account(&item_id, &account)?,
            Control::SetConsentExpiration { item_id, at } => {
                let item = self.find_item(&item_id)?;
                self.set_consent(item, at);
                self.advance(now);
            }
            Control::HideLiabilities { item_id, is_hidden } => {
                let item = self.find_item(&item_id)?;
                self.items[item].hides_liabilities = is_hidden;
            }
            Control::FireWebhook { item_id, webhook_type, webhook_code, fields, forgery, url } => {
                let item = self.find_item(&item_id)?;
                let url = url.or_else(|| self.items[item].webhook.clone()).filter(|url| is_url(url));
                let url = url.ok_or(error::SANDBOX_WEBHOOK_INVALID)?;
                self.send(item, &webhook_type, &webhook_code, Value::Object(fields), forgery, url);
            }
            Control::SignWebhook { body, at } => {
                return Ok(json!({ "verification": self.keys.sign(at, &body, None) }));
            }
            Control::RotateKeys => self.keys.rotate(self.now),
            Control::FaultCalls(fault) => self.faults.calls.push(fault),
            Control::HoldWebhooks { is_held } => {
                self.faults.holds_webhooks = is_held;
                return Ok(json!({ "under_way": self.outbox.under_way() }));
            }
            Control::FaultWebhooks(webhooks) => self.faults.webhooks = webhooks,
            Control::MutateNext { count } => self.faults.mutate_next = count,
            Control::Limits { limits } => self.limits = limits,
            Control::Outage { until } => self.faults.outage_until = Some(until),
            Control::ClearFaults => self.faults = Switches::default(),
            Control::Advance { seconds: ahead } => {
                self.offset = self.offset.saturating_add(SignedDuration::from_secs(i64::from(ahead)));
                self.advance(now);
            }
            Control::Faults(faults) => self.set_faults(faults),
        }
        Ok(json!({}))
    }

    fn purchase(&mut self, user_id: &str, purchase: Movement) -> Result<Value, Failure> {
        let (login, _) = self.find_account(user_id, &purchase.account)?;
        Ok(json!({ "transaction": self.book(login, purchase) }))
    }

    fn pay_card(&mut self, user_id: &str, payment: Movement, booked_after_s: u32) -> Result<(), Failure> {
        let (login, _) = self.find_account(user_id, &payment.account)?;
        let at = self.now.saturating_add(seconds(booked_after_s)).unwrap_or(Timestamp::MAX);
        self.schedule(at, Due::Book { login, movement: payment });
        Ok(())
    }

    fn find_item(&self, item_id: &str) -> Result<usize, Failure> {
        let is_it = |item: &super::items::Item| item.item_id == item_id && item.state != ItemState::Removed;
        self.items.iter().position(is_it).ok_or_else(|| error::ITEM_NOT_FOUND.into())
    }

    fn revoke_account(&mut self, item_id: &str, key: &str) -> Result<(), Failure> {
        let item = self.find_item(item_id)?;
        let account_id = self.items[item].account_id(key).ok_or(error::INVALID_ACCOUNT_ID)?.to_owned();
        self.items[item].accounts.retain(|shared| shared.account_id != account_id);
        self.announce(item, Notice::UserAccountRevoked { account_id });
        Ok(())
    }
}
