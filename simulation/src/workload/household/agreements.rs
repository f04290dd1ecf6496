//! What a person agrees to: any range, anew or the same again, and how it ends.

use auditor::evidence::{CommandKind, Permission};
use http::Method;
use scenarios::simulation::people::Sent;
use serde_json::{Value, json};

use super::super::payroll::command;
use super::{Life, dollars};
use crate::actor::Request;

/// What most agree to: the least and the most, in cents.
pub(super) const USUAL: (i64, i64) = (100, 250_000);

/// Ranges that many payments are outside of.
const OTHERS: [(i64, i64); 4] = [(100, 30_000), (100, 90_000), (20_000, 60_000), USUAL];

/// The SHA-256 of no text that anybody was shown.
const NO_TEXT: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Life {
    pub(super) async fn agree_to_another_range(&mut self) {
        let range = self.actor.fault_injector.pick(&OTHERS).copied().unwrap_or(USUAL);
        let is_other = range != self.range;
        self.range = range;
        let before = self.actor.now();
        if self.authorize().await && is_other {
            // What was agreed to before holds no more.
            self.end_permissions(|permission| permission.from < before);
        }
    }

    /// Agrees to the debits of the range as it is. Answers whether that was heard.
    pub(super) async fn authorize(&mut self) -> bool {
        let (least_cents, most_cents) = self.range;
        let (least, most) = (dollars(least_cents), dollars(most_cents));
        let path = format!("/authorization-text?card_id={}&least={least}&most={most}", self.card_id);
        let Some(text) = self.actor.get(self.caller(), &path).await else { return false };
        let Some((account, account_type)) = self.named(&text).await else { return false };
        let is_unread = self.actor.fault_injector.is_one_in(8);
        let hash = if is_unread { json!(NO_TEXT) } else { text["text_sha256"].clone() };
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": hash, "bank_account_id": text["bank_account_id"],
            "range": { "least": least, "most": most },
        });
        let path = format!("/cards/{}/authorization", self.card_id);
        let from = self.actor.now();
        // Noted before it is asked: it may hold although nobody heard the answer.
        let permission = Permission { from, until: None, account, account_type, least_cents, most_cents };
        self.change_card(|card| card.permissions.push(permission));
        let (by, sent) = (self.caller(), Sent::Json(agreed));
        let answer = command(&self.actor, by, CommandKind::Authorize, &self.card_id, &path, sent).await;
        let is_refused = answer.as_ref().is_some_and(|answer| answer.status.is_client_error());
        if is_refused {
            self.change_card(|card| card.permissions.retain(|permission| permission.from != from));
        }
        answer.is_some_and(|answer| answer.status.is_success())
    }

    /// The account that the text names by its last digits, and its kind as it is shown.
    async fn named(&self, text: &Value) -> Option<(auditor::evidence::Account, String)> {
        let words = text["text"].as_str()?;
        let (_, rest) = words.split_once("ending in ")?;
        let account = self.actor.hub.world.number_ending(self.household.bank, rest.get(..4)?)?;
        let shown = self.actor.get(self.caller(), "/bank-accounts").await?;
        let mut accounts = shown["items"].as_array()?.iter();
        let shown = accounts.find(|account| account["bank_account_id"] == text["bank_account_id"])?;
        Some((account, shown["account_type"].as_str()?.to_owned()))
    }

    pub(super) async fn revoke(&mut self) {
        let path = format!("/cards/{}/authorization", self.card_id);
        let request = Request { method: Method::DELETE, ..Request::post(self.caller(), path, Sent::Nothing) };
        let answer = self.actor.ask(request.commands(CommandKind::Revoke, self.card_id.clone())).await;
        if answer.is_some_and(|answer| answer.status.is_success()) {
            self.end_permissions(|_| true);
        }
    }

    /// These permissions hold no more.
    pub(super) fn end_permissions(&self, is_meant: impl Fn(&Permission) -> bool) {
        let now = self.actor.now();
        self.change_card(|card| {
            for permission in card.permissions.iter_mut().filter(|known| known.until.is_none() && is_meant(known)) {
                permission.until = Some(now);
            }
        });
    }
}
