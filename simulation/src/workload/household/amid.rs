//! What persons do in the middle of a payment: a second link shows the account that is being debited under another id, another card's number is
//! typed, a holder of a shared account leaves.

use auditor::evidence::CommandKind;
use http::Method;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::Value;

use super::{BANK, Life};
use crate::actor::{Actor, Request};

/// Looks for a payment that is under way before the person lets it be.
const LOOKS_MAX: u32 = 24;

impl Life {
    pub(super) async fn act_amid_a_payment(&mut self) {
        self.earn();
        self.buy(self.household.card, 150_000, 250_000);
        self.actor.wait_minutes(4 * 60, 24 * 60).await;
        self.review().await;
        if !self.waits_for_a_payment().await {
            return;
        }
        self.actor.tell(format_args!("{} acts in the middle of a payment", self.household.subject));
        match self.actor.fault_injector.below(4) {
            0 => self.link_bank_beside().await,
            1 => {
                self.mistype_card().await;
                let own = serde_json::json!({ "card_number": self.household.card_number });
                self.put(own).await;
                self.authorize().await;
            }
            2 => {
                self.other_leaves().await;
                self.review().await;
            }
            _ => {
                // Whoever else holds the account goes on with it.
                self.unlink(BANK).await;
                self.actor.wait_minutes(24 * 60, 12 * 24 * 60).await;
                self.link_bank_again().await;
            }
        }
    }

    /// Whether a payment of the card is under way some hours later.
    async fn waits_for_a_payment(&self) -> bool {
        let path = format!("/cards/{}/payments", self.card_id);
        for _ in 0..LOOKS_MAX {
            let list = self.actor.get(self.caller(), &path).await.unwrap_or_default();
            let mut payments = list["items"].as_array().into_iter().flatten();
            if payments.any(|payment| matches!(payment["state"].as_str(), Some("submitting" | "processing"))) {
                return true;
            }
            self.actor.wait_minutes(30, 6 * 60).await;
        }
        false
    }

    /// Whoever shares the bank account removes their link with its bank; nobody who shares it, nobody leaves.
    async fn other_leaves(&self) {
        let holders = self.actor.hub.world.holders(self.household.bank);
        let Some(other) = holders.iter().find(|holder| holder.subject != self.household.subject) else { return };
        let caller = Caller::Person(other.subject);
        let links = self.actor.get(caller, "/items").await.unwrap_or_default();
        let is_linked = |link: &&Value| link["institution_id"] == BANK && link["state"] != "removed";
        for link in links["items"].as_array().into_iter().flatten().filter(is_linked) {
            let Some(id) = link["item_id"].as_str() else { continue };
            let request = Request::post(caller, format!("/items/{id}"), Sent::Nothing);
            let request = Request { method: Method::DELETE, ..request }.commands(CommandKind::Unlink, id);
            if self.actor.ask(request).await.is_some_and(|answer| answer.status.is_success()) {
                end_permissions_of(&self.actor, other.subject);
            }
        }
    }
}

/// What this person has agreed to holds no more.
fn end_permissions_of(actor: &Actor, subject: &str) {
    let now = actor.now();
    actor.change_person(subject, |person| {
        for permission in person.cards.iter_mut().flat_map(|card| &mut card.permissions) {
            permission.until = permission.until.or(Some(now));
        }
    });
}
