//! A person with a card and a bank account: links both, turns autopay on, buys, changes their mind.

use auditor::evidence::{Account, Balance, Caps, Card, CommandKind, Permission, Person};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::operations::autopay::subjects;

use super::payroll::{OPERATORS, command};
use super::values::HOLDERS;
use crate::actor::{Actor, Answer, Request};

/// Where everybody's bank account is, and who issued everybody's card.
pub(super) const BANK: &str = "ins_2";
pub(super) const ISSUER: &str = "ins_3";

/// A valid number that is none of theirs but one's.
const OTHER_CARD: &str = "4000056655665556";

const CHECKING: &str = "checking";
const CARD: &str = "card";

/// Looks before a person gives up on what should appear.
const LOOKS_MAX: u32 = 60;

/// A person as the world knows them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Household {
    pub subject: &'static str,
    pub account_number: &'static str,
    pub card_number: &'static str,
    pub mask: &'static str,
}

/// Made up; the last digit of each card number checks the others.
pub(super) const HOUSEHOLDS: [Household; 3] = [
    Household { subject: "ann", account_number: "000123456789", card_number: "4111000001004421", mask: "4421" },
    Household { subject: "ben", account_number: "000222333444", card_number: "4012888888881881", mask: "1881" },
    Household { subject: "cleo", account_number: "000555666777", card_number: "5555555555554444", mask: "4444" },
];

/// A person and what they have agreed to so far.
struct Life {
    actor: Actor,
    holder: &'static str,
    household: Household,
    card_id: String,
    bank_account_id: String,
    owed_cents: i64,
}

pub(super) async fn live(actor: Actor, household: Household, end: Timestamp) {
    let cents = |least, most| i64::try_from(actor.weather.between(least, most)).unwrap_or_default();
    let (limit_cents, owed_cents) = (cents(200_000, 600_000), cents(0, 60_000));
    if open_accounts(&actor, household, limit_cents, owed_cents, cents(50_000, 900_000)).is_none() {
        return;
    }
    actor.wait_minutes(0, 3 * 24 * 60).await;
    let Some(holder) = link(&actor, household, BANK).await else { return };
    if link(&actor, household, ISSUER).await.is_none() {
        return;
    }
    let Some((card_id, bank_account_id)) = what_appears(&actor, household).await else { return };
    let mut life = Life { actor, holder, household, card_id, bank_account_id, owed_cents };
    life.is_known().await;
    life.set_up().await;
    while life.actor.now() < end {
        life.actor.wait_minutes(6 * 60, 6 * 24 * 60).await;
        life.act().await;
    }
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn open_accounts(actor: &Actor, household: Household, limit: i64, owed: i64, available: i64) -> Option<()> {
    let day = |days: i64| -> Option<String> {
        let at = actor.now().saturating_add(SignedDuration::from_hours(24 * days)).ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    let card = json!([{
        "key": CARD, "name": format!("Everyday Card {}", household.mask), "official_name": "Everyday Rewards Card",
        "mask": household.mask, "type": "credit", "subtype": "credit card",
        "balances": { "current": dollars(owed), "limit": dollars(limit) },
        "credit": {
            "is_overdue": false, "last_statement_balance": dollars(owed), "last_statement_issue_date": day(-8)?,
            "minimum_payment_amount": dollars(owed.min(3_500)),
            "next_payment_due_date": day(i64::try_from(actor.weather.between(5, 40)).unwrap_or(20))?,
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

/// The person goes through Link, as often as it takes.
/// Answers the holder's name that was taken.
async fn link(actor: &Actor, household: Household, institution_id: &str) -> Option<&'static str> {
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
            let strange = actor.weather.is_one_in(3);
            let holder = if strange { actor.weather.pick(&HOLDERS).copied() } else { None };
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
async fn what_appears(actor: &Actor, household: Household) -> Option<(String, String)> {
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

impl Life {
    fn caller(&self) -> Caller {
        Caller::Person(self.household.subject)
    }

    fn account(&self) -> Account {
        Account {
            routing_number: simulators::plaid::routing_number(BANK),
            account_number: self.household.account_number.to_owned(),
        }
    }

    async fn is_known(&self) {
        let system = &self.actor.simulation.system;
        let Ok(person_id) = subjects::keyed(system, self.household.subject).await else { return };
        self.actor.is_person(Person {
            person_id: person_id.to_string(),
            holder: self.holder.to_owned(),
            accounts: vec![self.account()],
            cards: vec![Card {
                card_id: self.card_id.clone(),
                card_number: self.household.card_number.to_owned(),
                mask: self.household.mask.to_owned(),
                balances: vec![Balance { at: self.actor.now(), cents: self.owed_cents }],
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
        if self.actor.weather.is_one_in(4) {
            self.mistype_card().await;
        }
        let down_to = 100 * self.actor.weather.between(0, 30);
        let mut chosen = json!({
            "bank_account_id": self.bank_account_id, "card_number": self.household.card_number,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": down_to }, "when_due": "minimum" },
        });
        let cap = self.actor.weather.is_one_in(3).then(|| self.actor.weather.between(50_000, 150_000));
        let cap = cap.and_then(|cents| i64::try_from(cents).ok());
        if let Some(cap) = cap {
            chosen["caps"] = json!({ "payment": dollars(cap), "month": dollars(2 * cap) });
        }
        let answer = self.put(chosen).await;
        if let (Some(cap), true) = (cap, answer.is_some_and(|answer| answer.status.is_success())) {
            let caps =
                Caps { from: self.actor.now(), payment_cents: Some(cap), day_cents: None, month_cents: Some(2 * cap) };
            self.change_card(|card| card.caps.push(caps));
        }
        self.authorise().await;
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
            self.authorise().await;
            self.actor.wait_minutes(60, 20 * 24 * 60).await;
            self.change_card(|card| card.card_number = self.household.card_number.to_owned());
        }
    }

    async fn authorise(&mut self) {
        let (least_cents, most_cents) = (100, 250_000);
        let (least, most) = (dollars(least_cents), dollars(most_cents));
        let path = format!("/authorisation-text?card_id={}&least={least}&most={most}", self.card_id);
        let Some(text) = self.actor.get(self.caller(), &path).await else { return };
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"],
            "range": { "least": least, "most": most },
        });
        let path = format!("/cards/{}/authorisation", self.card_id);
        let permission =
            Permission { from: self.actor.now(), until: None, account: self.account(), least_cents, most_cents };
        // Noted before it is asked: it may hold although nobody heard the answer.
        self.change_card(|card| card.permissions.push(permission));
        let (by, sent) = (self.caller(), Sent::Json(agreed));
        command(&self.actor, by, CommandKind::Authorise, &self.card_id, &path, sent).await;
    }

    async fn revoke(&mut self) {
        let path = format!("/cards/{}/authorisation", self.card_id);
        let request = Request { method: Method::DELETE, ..Request::post(self.caller(), path, Sent::Nothing) };
        let answer = self.actor.ask(request.commands(CommandKind::Revoke, self.card_id.clone())).await;
        if answer.is_some_and(|answer| answer.status.is_success()) {
            let now = self.actor.now();
            self.change_card(|card| {
                for permission in card.permissions.iter_mut().filter(|permission| permission.until.is_none()) {
                    permission.until = Some(now);
                }
            });
        }
    }

    /// One thing that happens in a life with a card.
    async fn act(&mut self) {
        match self.actor.weather.below(16) {
            0..=6 => self.buy(CARD, 5_000, 180_000),
            7 | 8 => self.buy(CHECKING, 1_000, 90_000),
            9 | 10 => self.earn(),
            11 => self.pay_otherwise(),
            12 | 13 => self.cancel_a_payment().await,
            14 => {
                self.revoke().await;
                self.actor.wait_minutes(60, 4 * 24 * 60).await;
                self.authorise().await;
            }
            _ => {
                let path = format!("/cards/{}/reviews", self.card_id);
                self.actor.ask(Request::post(self.caller(), path, Sent::Nothing)).await;
            }
        }
    }

    fn move_money(&mut self, account: &str, cents: i64, control: &str) {
        let told = json!({
            "control": control, "user_id": self.household.subject, "account": account,
            "amount": if cents < 0 { format!("-{}", dollars(-cents)) } else { dollars(cents) }, "name": "Example Shop",
            "seen_after_s": self.actor.weather.below(3) * 3_600,
        });
        if self.actor.simulation.providers.tell_plaid(told).is_ok() && account == CARD {
            self.owed_cents += if control == "pay_card" { -cents } else { cents };
            let balance = Balance { at: self.actor.now(), cents: self.owed_cents };
            self.change_card(|card| card.balances.push(balance));
        }
    }

    fn buy(&mut self, account: &str, least: u64, most: u64) {
        let cents = i64::try_from(self.actor.weather.between(least, most)).unwrap_or_default();
        self.actor.tell(format_args!("{} spends {} by {account}", self.household.subject, dollars(cents)));
        self.move_money(account, cents, "purchase");
    }

    fn earn(&mut self) {
        let cents = i64::try_from(self.actor.weather.between(50_000, 400_000)).unwrap_or_default();
        self.move_money(CHECKING, -cents, "purchase");
    }

    fn pay_otherwise(&mut self) {
        let cents = self.owed_cents.max(0) / 2;
        if cents > 0 {
            self.move_money(CARD, cents, "pay_card");
        }
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
}

/// Two operators enter where the issuer takes checks.
pub(super) async fn enter_remittance_address(actor: Actor) {
    let remittance = json!({
        "name": "Example Card Services",
        "address": { "line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886" },
    });
    let path = format!("/billers/{ISSUER}/remittance");
    let [first, second] = OPERATORS.map(Caller::Operator);
    let proposal = Request::post(first, path.clone(), Sent::Json(remittance.clone()));
    actor.ask(Request { method: Method::PUT, ..proposal }).await;
    actor.ask(Request::post(second, format!("{path}/confirm"), Sent::Json(remittance))).await;
}
