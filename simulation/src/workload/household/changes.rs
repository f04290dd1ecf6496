//! What changes about an account and its bill while somebody pays from it or for it: number, kind, name, digits, the time of its balance,
//! statements, due dates of long ago.

use auditor::evidence::{Account, Statement};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::actor::Actor;

use super::{BANK, Life, between, day_in, dollars, last4};

/// What a card is called.
const NAMES: [&str; 3] = ["Travel Card", "Everyday Card", "Cash Back Card"];

impl Life {
    /// The bank gives the account another number; nobody says so in time, now and then.
    pub(super) async fn change_number(&mut self) {
        let account_number = format!("000{}", self.actor.fault_injector.between(100_000_000, 999_999_999));
        let number = Account { routing_number: simulators::plaid::routing_number(BANK), account_number };
        let (world, real) = (&self.actor.hub.world, self.household.bank);
        let change = json!({
            "mask": last4(&number.account_number),
            "numbers": { "account": number.account_number, "routing": number.routing_number },
        });
        self.actor.tell(format_args!("{real} has another number from now on"));
        world.renumber(real, number.clone());
        for holder in world.holders(real) {
            self.actor.change_person(holder.subject, |person| person.accounts.push(number.clone()));
        }
        self.actor.set_account(real, &change, 3_600 * self.actor.fault_injector.below(30));
        self.actor.wait_minutes(6 * 60, 4 * 24 * 60).await;
        match self.actor.fault_injector.below(4) {
            0 => self.link_bank_beside().await,
            1 => {}
            _ => _ = self.authorize().await,
        }
    }

    /// Checking becomes savings, or the other way.
    pub(super) async fn change_type(&mut self) {
        let subtype = if self.actor.fault_injector.is_one_in(3) { "checking" } else { "savings" };
        self.actor.tell(format_args!("{} is {subtype} from now on", self.household.bank));
        self.actor.set_account(self.household.bank, &json!({ "subtype": subtype }), 0);
        self.actor.wait_minutes(12 * 60, 5 * 24 * 60).await;
        self.authorize().await;
    }

    /// Another name for the card, and for the bank account.
    pub(super) fn change_description(&self) {
        let name = self.actor.fault_injector.pick(&NAMES).copied().unwrap_or("Card");
        self.actor.set_account(self.household.card, &json!({ "name": name, "official_name": name }), 0);
        if self.actor.fault_injector.is_one_in(2) {
            self.actor.set_account(self.household.bank, &json!({ "name": "Our Account" }), 0);
        }
    }

    /// The bank answers each question with a balance of hours ago, for some days.
    pub(super) async fn give_old_balances(&self) {
        let old = self.actor.now().saturating_sub(SignedDuration::from_hours(between(&self.actor, 3, 30)));
        let Ok(old) = old else { return };
        self.actor.tell(format_args!("{} gives only old balances", self.household.bank));
        self.actor.set_account(self.household.bank, &json!({ "balances": { "last_updated_datetime": old } }), 0);
        self.actor.wait_minutes(2 * 24 * 60, 6 * 24 * 60).await;
        let fresh = json!({ "balances": { "last_updated_datetime": Value::Null } });
        self.actor.set_account(self.household.bank, &fresh, 0);
    }

    /// A new statement; now and then its due date is one of long ago, and nobody says whether it is late.
    pub(super) fn get_a_statement(&self) {
        let real = self.household.card;
        let owed = self.actor.hub.world.stands(real, self.actor.now()).max(0);
        let mut credit = bill(&self.actor, owed, owed.min(3_500), between(&self.actor, 5, 30));
        if self.actor.fault_injector.is_one_in(2) {
            credit["next_payment_due_date"] = day_in(&self.actor, -between(&self.actor, 200, 900)).into();
            credit["last_statement_issue_date"] = day_in(&self.actor, -between(&self.actor, 5, 25)).into();
        }
        self.issue(owed.min(3_500), &credit);
    }

    fn issue(&self, minimum_cents: i64, credit: &Value) {
        let real = self.household.card;
        let due_on = credit["next_payment_due_date"].as_str().unwrap_or_default().to_owned();
        self.actor.tell(format_args!("{real} has a statement due on {due_on}"));
        self.actor.hub.world.states(real, Statement { at: self.actor.now(), minimum_cents, due_on });
        self.actor.set_account(real, &json!({ "credit": credit }), 0);
    }

    /// A bill of all that is owed, due in days, beside whatever is on its way.
    pub(super) async fn get_a_pressing_bill(&mut self) {
        let owed = self.actor.hub.world.stands(self.household.card, self.actor.now()).max(0);
        let credit = bill(&self.actor, owed, owed, 6);
        self.issue(owed, &credit);
        self.actor.wait_minutes(44 * 60, 70 * 60).await;
        self.review().await;
    }
}

fn bill(actor: &Actor, owed: i64, minimum: i64, due_in: i64) -> Value {
    json!({
        "last_statement_balance": dollars(owed), "last_statement_issue_date": day_in(actor, 0),
        "minimum_payment_amount": dollars(minimum), "is_overdue": Value::Null,
        "next_payment_due_date": day_in(actor, due_in),
    })
}
