//! Links with institutions: made, removed, made again beside the first; and whether what a new one shows is known already.

use auditor::evidence::{CommandKind, LargeLink, Sighting};
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};

use super::super::values::HOLDERS;
use super::{BANK, Household, ISSUER, Life};
use crate::actor::{Actor, Request};

/// Looks before a person gives up on what should appear.
const LOOKS_MAX: u32 = 60;

/// The person goes through Link, as often as it takes.
/// Answers the holder's name that was taken.
pub(super) async fn link(actor: &Actor, household: Household, institution_id: &str) -> Option<&'static str> {
    let caller = Caller::Person(household.subject);
    for _ in 0..6 {
        let started = actor.ask(Request::post(caller, "/link-tokens", Sent::Json(json!({})))).await?;
        let link_token = started.body["link_token"].as_str().map(str::to_owned);
        if let Some(link_token) = link_token {
            let finished = actor.simulation.providers.tell_plaid(json!({
                "control": "finish_link", "link_token": link_token, "user_id": household.subject,
                "institution_id": institution_id,
            }));
            let finished = finished.ok()?;
            let strange = actor.fault_injector.is_one_in(3);
            let holder = if strange { actor.fault_injector.pick(&HOLDERS).copied() } else { None };
            let holder = holder.unwrap_or("Ann Example");
            let linked = json!({ "public_token": finished["public_token"], "holder_name": holder });
            let answer = actor.ask(Request::post(caller, "/items", Sent::Json(linked))).await?;
            if answer.status.is_success() {
                return Some(holder);
            }
        }
        actor.wait_minutes(5, 600).await;
    }
    None
}

/// The ids of card and bank account, once both have been read.
pub(super) async fn what_appears(actor: &Actor, household: Household) -> Option<(String, String)> {
    let caller = Caller::Person(household.subject);
    for _ in 0..LOOKS_MAX {
        let first = |list: Option<Value>, name: &str| -> Option<String> {
            list?["items"].as_array()?.first()?[name].as_str().map(str::to_owned)
        };
        let card = first(actor.get(caller, "/cards").await, "card_id");
        let bank_account = first(actor.get(caller, "/bank-accounts").await, "bank_account_id");
        if let (Some(card), Some(bank_account)) = (card, bank_account) {
            return Some((card, bank_account));
        }
        actor.wait_minutes(30, 24 * 60).await;
    }
    None
}

fn items(list: Option<Value>) -> Vec<Value> {
    list.and_then(|list| list["items"].as_array().cloned()).unwrap_or_default()
}

/// More cards than one write takes.
const MANY: usize = 110;

/// A person links an issuer who has given them very many cards, looks at them some days later, and removes the link.
pub(in super::super) async fn link_many(actor: Actor) {
    let household = super::HOUSEHOLDS[2];
    let card = |number: usize| {
        json!({
            "key": format!("card {number}"), "name": format!("Card {number}"), "mask": format!("{:04}", 1_000 + number),
            "type": "credit", "subtype": "credit card", "balances": { "current": "10.00", "limit": "500.00" },
        })
    };
    let told = json!({
        "control": "create_person", "user_id": household.subject, "institution_id": ISSUER,
        "accounts": (0..MANY).map(card).collect::<Vec<_>>(),
    });
    let linked = actor.simulation.providers.tell_plaid(told).is_ok() && link(&actor, household, ISSUER).await.is_some();
    if !linked {
        return;
    }
    actor.wait_minutes(4 * 24 * 60, 5 * 24 * 60).await;
    let caller = Caller::Person(household.subject);
    let shown = items(actor.get(caller, "/cards").await).len();
    actor.has_large_link(LargeLink { subject: household.subject.to_owned(), shared: MANY, shown });
    for link in items(actor.get(caller, "/items").await) {
        let path = format!("/items/{}", link["item_id"].as_str().unwrap_or_default());
        actor.ask(Request { method: Method::DELETE, ..Request::post(caller, path, Sent::Nothing) }).await;
    }
}

impl Life {
    /// The bank accounts that the person is shown; what they see is noted.
    pub(super) async fn look_at_accounts(&self) -> Vec<Value> {
        let shown = items(self.actor.get(self.caller(), "/bank-accounts").await);
        let word = |account: &Value, name: &str| account[name].as_str().unwrap_or_default().to_owned();
        let at = self.actor.now();
        self.actor.has_seen(shown.iter().map(|account| Sighting {
            at,
            subject: self.household.subject.to_owned(),
            bank_account_id: word(account, "bank_account_id"),
            last4: word(account, "account_last4"),
        }));
        shown
    }

    pub(super) async fn unlink(&self, institution_id: &str) {
        let links = items(self.actor.get(self.caller(), "/items").await);
        for link in links.iter().filter(|link| link["institution_id"] == institution_id && link["state"] != "removed") {
            let Some(id) = link["item_id"].as_str() else { continue };
            let path = format!("/items/{id}");
            let request = Request { method: Method::DELETE, ..Request::post(self.caller(), path, Sent::Nothing) };
            let answer = self.actor.ask(request.commands(CommandKind::Unlink, id)).await;
            if answer.is_some_and(|answer| answer.status.is_success()) {
                self.end_permissions(|_| true);
            }
        }
    }

    /// Without its link a bank account is not debited, and with another link only once its holder has agreed again.
    pub(super) async fn link_bank_again(&mut self) {
        self.look_at_accounts().await;
        self.unlink(BANK).await;
        if self.actor.fault_injector.is_one_in(2) {
            super::bank::close_by_return(&self.actor, self.household.bank);
        }
        self.actor.wait_minutes(60, 4 * 24 * 60).await;
        if link(&self.actor, self.household, BANK).await.is_none() {
            return;
        }
        self.actor.wait_minutes(60, 3 * 24 * 60).await;
        self.choose_account(false).await;
        self.actor.wait_minutes(60, 4 * 24 * 60).await;
        if !self.actor.fault_injector.is_one_in(4) {
            self.authorize().await;
        }
    }

    /// Another link shows the same account beside the first.
    pub(super) async fn link_bank_beside(&mut self) {
        self.look_at_accounts().await;
        if link(&self.actor, self.household, BANK).await.is_none() {
            return;
        }
        self.actor.wait_minutes(60, 3 * 24 * 60).await;
        self.choose_account(true).await;
        self.authorize().await;
    }

    /// The account to pay from: the one of before while it is shown, unless the newest is wanted.
    async fn choose_account(&mut self, newest: bool) {
        let shown = self.look_at_accounts().await;
        let own = |account: &&Value| account["bank_account_id"] == self.bank_account_id.as_str();
        let other =
            shown.iter().rfind(|account| !own(account)).filter(|_| newest || !shown.iter().any(|one| own(&one)));
        let Some(id) = other.and_then(|account| account["bank_account_id"].as_str()) else { return };
        let answer = self.put(json!({ "bank_account_id": id })).await;
        if answer.is_some_and(|answer| answer.status.is_success()) {
            self.bank_account_id = id.to_owned();
        }
    }

    /// The issuer is linked again, after its link was removed or beside it; the person says what the new card is, mostly.
    pub(super) async fn link_issuer_again(&mut self) {
        let is_beside = self.actor.fault_injector.is_one_in(2);
        if !is_beside {
            self.unlink(ISSUER).await;
        }
        self.actor.wait_minutes(5, 2 * 24 * 60).await;
        if link(&self.actor, self.household, ISSUER).await.is_none() {
            return;
        }
        self.actor.wait_minutes(60, 2 * 24 * 60).await;
        for card in items(self.actor.get(self.caller(), "/cards").await) {
            let Some(id) = card["card_id"].as_str().filter(|id| *id != self.card_id) else { continue };
            self.say_which(id).await;
        }
        if !is_beside {
            self.authorize().await;
        }
    }

    /// Everything that looks like the person's card is it. Now and then they first say that it is another, and enter its number.
    async fn say_which(&self, card_id: &str) {
        if self.actor.fault_injector.is_one_in(4) {
            return;
        }
        if self.actor.fault_injector.is_one_in(2) {
            self.say(card_id, false).await;
            let path = format!("/cards/{card_id}/autopay");
            let entered = json!({ "card_number": self.household.card_number });
            let request = Request { method: Method::PUT, ..Request::post(self.caller(), path, Sent::Json(entered)) };
            self.actor.ask(request.commands(CommandKind::SetAutopay, card_id)).await;
        }
        self.say(card_id, true).await;
    }

    async fn say(&self, card_id: &str, is_same: bool) {
        let path = format!("/cards/{card_id}/identity");
        let said = Sent::Json(json!({ "card_id": self.card_id, "is_same": is_same }));
        let request = Request { method: Method::PUT, ..Request::post(self.caller(), path, said) };
        self.actor.ask(request.commands(CommandKind::SayWhich, card_id)).await;
    }
}
