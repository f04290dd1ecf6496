//! A person with a card and a bank account: links both, turns autopay on, buys, changes their mind. Accounts and persons change meanwhile,
//! and two persons may share an account or a card.

mod agreements;
mod amid;
mod bank;
mod changes;
mod links;
mod office;

use auditor::evidence::{Account, Caps, Card, CommandKind, Person};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::operations::autopay::subjects;

use super::payroll::command;
use crate::actor::{Actor, Answer, Request};
use crate::fault_injector::FaultInjector;
use crate::world::Holder;

pub(super) use bank::{book_debits, review_for_weeks, say_nothing_for_days};
pub(super) use links::link_many;
pub(super) use office::{correct_addresses, enter_remittance_address, look_after_autopay};

/// Where everybody's bank account is, and who issued everybody's card.
pub(super) const BANK: &str = "ins_2";
pub(super) const ISSUER: &str = "ins_3";

/// A valid number that is none of theirs but one's.
const OTHER_CARD: &str = "4000056655665556";

const CHECKING: &str = "checking";
const CARD: &str = "card";

/// A person as the world knows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Household {
    pub subject: &'static str,
    /// Key of the bank's own; two who share the account have the same.
    pub bank: &'static str,
    /// The same of the card and its issuer.
    pub card: &'static str,
    pub account_number: &'static str,
    pub card_number: &'static str,
    pub mask: &'static str,
}

/// Made up; the last digit of each card number checks the others.
const HOUSEHOLDS: [Household; 3] = [
    Household {
        subject: "ann",
        bank: "account 1",
        card: "card 1",
        account_number: "000123456789",
        card_number: "4111000001004421",
        mask: "4421",
    },
    Household {
        subject: "ben",
        bank: "account 2",
        card: "card 2",
        account_number: "000222333444",
        card_number: "4012888888881881",
        mask: "1881",
    },
    Household {
        subject: "cleo",
        bank: "account 3",
        card: "card 3",
        account_number: "000555666777",
        card_number: "5555555555554444",
        mask: "4444",
    },
];

/// The households of a run. The second may share the first one's bank account, and its card as well.
pub(super) fn drawn(fault_injector: &FaultInjector, count: usize) -> Vec<Household> {
    let mut households: Vec<Household> = HOUSEHOLDS.into_iter().take(count).collect();
    if let [first, second, ..] = households.as_mut_slice() {
        let shares = fault_injector.below(5);
        if shares < 3 {
            (second.bank, second.account_number) = (first.bank, first.account_number);
        }
        if shares == 2 || shares == 3 {
            (second.card, second.card_number, second.mask) = (first.card, first.card_number, first.mask);
        }
    }
    households
}

/// A person and what they have agreed to so far.
struct Life {
    actor: Actor,
    holder: &'static str,
    household: Household,
    card_id: String,
    bank_account_id: String,
    /// What they agreed to last: the least and the most.
    range: (i64, i64),
    acts_amid: bool,
}

pub(super) async fn live(actor: Actor, household: Household, acts_amid: bool, end: Timestamp) {
    if open_accounts(&actor, household).is_none() {
        return;
    }
    actor.wait_minutes(0, 3 * 24 * 60).await;
    let Some(holder) = links::link(&actor, household, BANK).await else { return };
    if links::link(&actor, household, ISSUER).await.is_none() {
        return;
    }
    let Some((card_id, bank_account_id)) = links::what_appears(&actor, household).await else { return };
    let mut life = Life { actor, holder, household, card_id, bank_account_id, range: agreements::USUAL, acts_amid };
    life.is_known().await;
    life.set_up().await;
    while life.actor.now() < end {
        life.actor.wait_minutes(6 * 60, 3 * 24 * 60).await;
        life.act().await;
    }
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The day so many days from now.
fn day_in(actor: &Actor, days: i64) -> String {
    let at = actor.now().saturating_add(SignedDuration::from_hours(24 * days)).unwrap_or(actor.now());
    at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}

fn between(actor: &Actor, least: u64, most: u64) -> i64 {
    i64::try_from(actor.fault_injector.between(least, most)).unwrap_or_default()
}

/// Whoever shares an account finds it as the other one left it.
fn open_accounts(actor: &Actor, household: Household) -> Option<()> {
    let now = actor.now();
    let limit = between(actor, 150_000, 500_000);
    // Some are above their threshold from the first day.
    let owed = if actor.fault_injector.is_one_in(2) {
        between(actor, 0, 60_000)
    } else {
        limit * between(actor, 35, 80) / 100
    };
    let available = between(actor, 50_000, 700_000);
    let number = Account {
        routing_number: simulators::plaid::routing_number(BANK),
        account_number: household.account_number.to_owned(),
    };
    let world = &actor.hub.world;
    let holder = |account, real: &str| Holder { subject: household.subject, account, real: real.to_owned() };
    world.has_account(holder(CHECKING, household.bank), number, available, now);
    world.has_card(holder(CARD, household.card), household.card_number, owed, now);
    let (available, owed) = (world.stands(household.bank, now), world.stands(household.card, now).max(0));
    let card = json!([{
        "key": CARD, "name": format!("Everyday Card {}", household.mask), "official_name": "Everyday Rewards Card",
        "mask": household.mask, "type": "credit", "subtype": "credit card",
        "balances": { "current": dollars(owed), "limit": dollars(limit) },
        "credit": {
            "is_overdue": false, "last_statement_balance": dollars(owed), "last_statement_issue_date": day_in(actor, -8),
            "minimum_payment_amount": dollars(owed.min(3_500)),
            "next_payment_due_date": day_in(actor, between(actor, 5, 40)),
        },
    }]);
    let checking = json!([{
        "key": CHECKING, "name": "Example Checking", "mask": last4(household.account_number), "type": "depository",
        "subtype": "checking", "balances": { "available": dollars(available), "current": dollars(available) },
        "numbers": { "account": household.account_number, "routing": simulators::plaid::routing_number(BANK) },
    }]);
    for (institution_id, accounts) in [(BANK, checking), (ISSUER, card)] {
        let told = json!({
            "control": "create_person", "user_id": household.subject, "institution_id": institution_id, "accounts": accounts,
        });
        actor.simulation.providers.tell_plaid(told).ok()?;
    }
    Some(())
}

fn last4(number: &str) -> &str {
    number.get(number.len().saturating_sub(4)..).unwrap_or(number)
}

impl Life {
    fn caller(&self) -> Caller {
        Caller::Person(self.household.subject)
    }

    async fn is_known(&self) {
        let system = &self.actor.simulation.system;
        let Ok(person_id) = subjects::keyed(system, self.household.subject).await else { return };
        let account = self.actor.hub.world.number(self.household.bank);
        self.actor.is_person(Person {
            person_id: person_id.to_string(),
            subject: self.household.subject.to_owned(),
            holder: self.holder.to_owned(),
            accounts: account.into_iter().collect(),
            cards: vec![Card {
                card_id: self.card_id.clone(),
                real: self.household.card.to_owned(),
                card_number: self.household.card_number.to_owned(),
                mask: self.household.mask.to_owned(),
                permissions: Vec::new(),
                caps: Vec::new(),
            }],
        });
    }

    fn change_card(&self, change: impl FnOnce(&mut Card)) {
        self.actor.change_card(&self.card_id, change);
    }

    async fn put(&self, body: Value) -> Option<Answer> {
        let path = format!("/cards/{}/autopay", self.card_id);
        let request = Request { method: Method::PUT, ..Request::post(self.caller(), path, Sent::Json(body)) };
        self.actor.ask(request.commands(CommandKind::SetAutopay, self.card_id.clone())).await
    }

    /// In any order, and agreed to in the end.
    async fn set_up(&mut self) {
        if self.actor.fault_injector.is_one_in(4) {
            self.mistype_card().await;
        }
        let down_to = 100 * self.actor.fault_injector.between(0, 30);
        let chosen = json!({
            "bank_account_id": self.bank_account_id, "card_number": self.household.card_number,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": down_to }, "when_due": "minimum" },
        });
        self.put(chosen).await;
        if self.actor.fault_injector.is_one_in(3) {
            self.set_caps().await;
        }
        self.authorize().await;
    }

    /// The number of another card: where that is taken, it is what the person typed in.
    async fn mistype_card(&mut self) {
        let wrong = if self.household.card_number == OTHER_CARD { HOUSEHOLDS[0].card_number } else { OTHER_CARD };
        let chosen = json!({
            "bank_account_id": self.bank_account_id, "card_number": wrong,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": 0 }, "when_due": "minimum" },
        });
        let answer = self.put(chosen).await;
        if answer.is_some_and(|answer| answer.status.is_success()) {
            self.change_card(|card| card.card_number = wrong.to_owned());
            self.authorize().await;
            self.actor.wait_minutes(60, 20 * 24 * 60).await;
            self.change_card(|card| card.card_number = self.household.card_number.to_owned());
        }
    }

    /// New caps, which hold at once.
    async fn set_caps(&self) {
        let cap = between(&self.actor, 30_000, 150_000);
        let chosen = json!({ "caps": { "payment": dollars(cap), "month": dollars(2 * cap) } });
        let answer = self.put(chosen).await;
        let from = self.actor.now();
        let caps = match answer {
            Some(answer) if answer.status.is_success() => {
                Caps { from, payment_cents: Some(cap), day_cents: None, month_cents: Some(2 * cap) }
            }
            Some(_) => return,
            // They may hold although nobody heard the answer, or those of before.
            None => Caps { from, ..Caps::default() },
        };
        self.change_card(|card| card.caps.push(caps));
    }

    /// One thing that happens in a life with a card.
    async fn act(&mut self) {
        if self.acts_amid && self.actor.fault_injector.is_one_in(8) {
            return self.act_amid_a_payment().await;
        }
        match self.actor.fault_injector.below(35) {
            0..=8 => self.buy(self.household.card, 10_000, 220_000),
            9 | 10 => self.buy(self.household.bank, 1_000, 60_000),
            11..=13 => self.earn(),
            14 => self.pay_otherwise(),
            15 | 16 => self.pay_as_we_do().await,
            17 | 18 => self.cancel_and_agree_again().await,
            19 => {
                self.revoke().await;
                self.actor.wait_minutes(60, 4 * 24 * 60).await;
                self.authorize().await;
            }
            20 => self.agree_to_another_range().await,
            21 | 22 => _ = self.authorize().await,
            23 => self.set_caps().await,
            24 => self.change_number().await,
            25 => self.change_description(),
            26 => self.change_type().await,
            27 => self.link_bank_again().await,
            28 => self.link_issuer_again().await,
            29 => self.give_old_balances().await,
            30 => self.get_a_statement(),
            31 | 32 => self.get_a_pressing_bill().await,
            33 => self.spend_while_the_bank_is_silent().await,
            _ => self.review().await,
        }
    }

    async fn review(&self) {
        let path = format!("/cards/{}/review", self.card_id);
        let request = Request::post(self.caller(), path, Sent::Nothing);
        self.actor.ask(request.commands(CommandKind::Review, self.card_id.clone())).await;
    }

    fn buy(&self, real: &str, least: u64, most: u64) {
        let cents = between(&self.actor, least, most);
        self.actor.tell(format_args!("{} spends {} by {real}", self.household.subject, dollars(cents)));
        self.actor.spend(real, cents, self.actor.fault_injector.below(3) * 3_600);
    }

    /// Our bank answers nothing for hours, a debit may be at it or not, and the person ends their permission meanwhile.
    async fn spend_while_the_bank_is_silent(&mut self) {
        let hours = SignedDuration::from_hours(between(&self.actor, 12, 40));
        let until = self.actor.now().saturating_add(hours).unwrap_or(Timestamp::MAX);
        self.actor.fault_injector.bank_is_silent_until(until);
        self.actor.tell(format_args!("the bank answers no send until {until}"));
        self.buy(self.household.card, 150_000, 250_000);
        self.actor.wait_minutes(2 * 60, 12 * 60).await;
        self.review().await;
        self.actor.wait_minutes(10, 60).await;
        self.revoke().await;
        self.actor.wait_minutes(2 * 24 * 60, 8 * 24 * 60).await;
        self.authorize().await;
    }

    fn earn(&self) {
        let cents = between(&self.actor, 100_000, 500_000);
        self.actor.spend(self.household.bank, -cents, self.actor.fault_injector.below(3) * 3_600);
    }

    fn pay_otherwise(&self) {
        let cents = self.actor.hub.world.stands(self.household.card, self.actor.now()).max(0) / 2;
        if cents > 0 {
            self.actor.pay_card(self.household.card, cents, None, 0);
        }
    }

    /// What a payment of ours is about to pay, the person pays by hand as well.
    async fn pay_as_we_do(&self) {
        let path = format!("/cards/{}/payments", self.card_id);
        let Some(list) = self.actor.get(self.caller(), &path).await else { return };
        let payments = list["items"].as_array().into_iter().flatten();
        let mut open = payments.filter(|payment| {
            matches!(payment["state"].as_str(), Some("unprocessed" | "submitting" | "processing" | "completed"))
        });
        let Some(amount) = open.next().and_then(|payment| payment["amount"].as_str()) else { return };
        let Ok(cents) = amount.replace('.', "").parse::<i64>() else { return };
        self.actor.tell(format_args!("{} pays {amount} by hand", self.household.subject));
        self.actor.pay_card(self.household.card, cents, None, 3_600 * self.actor.fault_injector.below(24));
    }

    async fn cancel_a_payment(&self) {
        let path = format!("/cards/{}/payments", self.card_id);
        let Some(list) = self.actor.get(self.caller(), &path).await else { return };
        let open = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|payment| matches!(payment["state"].as_str(), Some("unprocessed" | "submitting" | "processing")));
        let Some(payment_id) = open.and_then(|payment| payment["payment_id"].as_str()) else { return };
        let path = format!("/cards/{}/payments/{payment_id}/cancel", self.card_id);
        let by = self.caller();
        command(&self.actor, by, CommandKind::CancelPayment, payment_id, &path, Sent::Nothing).await;
    }

    /// Cancels, and agrees to the same again some days later.
    async fn cancel_and_agree_again(&mut self) {
        self.cancel_a_payment().await;
        if self.actor.fault_injector.is_one_in(2) {
            self.actor.wait_minutes(24 * 60, 9 * 24 * 60).await;
            if self.authorize().await {
                self.actor.wait_minutes(10, 24 * 60).await;
                self.review().await;
            }
        }
    }
}
