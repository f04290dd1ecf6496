//! Two persons who may share accounts, what becomes of those at their institutions, and what each does.

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use serde_json::{Value, json};
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::autopay::card::Card;
use shared::domain::autopay::ids::PersonId;
use shared::domain::leg::State;
use shared::operations::autopay::subjects::keyed;
use simulators::column::{Control, Direction, NotificationOfChange, ReturnMoment, ReturnPlan};

pub(super) const BANK: &str = "ins_2";
pub(super) const ISSUER: &str = "ins_3";
pub(super) const ANNS_NUMBER: &str = "4111000001004421";

/// Ann's card is on autopay, and below its threshold; Bob has linked nothing.
pub(super) struct Story {
    pub(super) simulation: Simulation,
}

impl Story {
    pub(super) async fn begin() -> Self {
        let mut simulation = Simulation::start().unwrap();
        ::scenarios::find("below-threshold").unwrap().play_on(&mut simulation).await.unwrap();
        Self { simulation }
    }

    pub(super) fn standing(&self) -> Standing {
        self.simulation.standing().unwrap()
    }

    pub(super) fn id_of(&self, person: &str) -> PersonId {
        futures::executor::block_on(keyed(&self.simulation.system, person)).unwrap()
    }

    pub(super) fn cards_of(&self, person: &str) -> Vec<Card> {
        let id = self.id_of(person);
        self.standing().cards.into_iter().filter(|card| card.person_id == id && card.same_as.is_none()).collect()
    }

    pub(super) fn bank_accounts_of(&self, person: &str) -> Vec<BankAccount> {
        let id = self.id_of(person);
        self.standing().bank_accounts.into_iter().filter(|account| account.person_id == id).collect()
    }

    pub(super) fn bank_account(&self) -> BankAccount {
        let [account] = self.bank_accounts_of("ann").try_into().unwrap();
        account
    }

    pub(super) fn tell_plaid(&self, control: Value) {
        self.simulation.providers.tell_plaid(control).unwrap();
    }

    pub(super) fn change(&self, person: &str, account: &str, change: &Value) {
        self.tell_plaid(json!({ "control": "set_account", "user_id": person, "account": account, "change": change }));
    }

    pub(super) fn set_available(&self, person: &str, amount: &str) {
        self.change(person, "checking", &json!({ "balances": { "available": amount, "current": amount } }));
    }

    pub(super) fn buy(&self, person: &str, account: &str, amount: &str) {
        self.tell_plaid(json!({
            "control": "purchase", "user_id": person, "account": account, "amount": amount, "name": "Example Shop",
        }));
    }

    /// 63.1 % of the limit is owed: 1,655.00 is paid.
    pub(super) fn pass_threshold(&self) {
        self.buy("ann", "card", "2200.00");
    }

    pub(super) async fn link(&self, person: &'static str, institution_id: &str) -> String {
        let item_id = self.simulation.link(person, institution_id).await.unwrap();
        self.simulation.settle().await.unwrap();
        item_id
    }

    pub(super) async fn remove(&self, institution_id: &str) {
        let items = self.standing().items.into_iter();
        let item = items.rev().find(|item| item.institution_id == institution_id).unwrap();
        self.call("ann", Method::DELETE, &format!("/items/{}", item.id), Value::Null).await;
    }

    pub(super) async fn call(&self, person: &'static str, method: Method, path: &str, body: Value) -> Value {
        self.simulation.call(Caller::Person(person), method, path, body).await.unwrap()
    }

    /// The code of the refusal.
    pub(super) async fn refusal(&self, method: Method, path: &str, body: Value) -> String {
        let refused = self.simulation.call(Caller::Person("ann"), method, path, body).await;
        refused.unwrap_err().to_string()
    }

    /// A card on autopay as Ann's is, from the person's own bank account.
    pub(super) async fn set_up(&self, person: &'static str, card: &Card, number: &str) {
        let path = format!("/cards/{}/autopay", card.id);
        let chosen = json!({
            "bank_account_id": self.bank_accounts_of(person)[0].id,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
            "card_number": number,
        });
        self.call(person, Method::PUT, &path, chosen).await;
        self.agree(person, card).await;
    }

    pub(super) async fn agree(&self, person: &'static str, card: &Card) {
        let (least, most) = ("1.00", "2500.00");
        let path = format!("/authorization-text?card_id={}&least={least}&most={most}", card.id);
        let text = self.call(person, Method::GET, &path, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"], "range": { "least": least, "most": most },
        });
        self.call(person, Method::POST, &format!("/cards/{}/authorization", card.id), agreed).await;
    }

    /// Bob has the same bank account as Ann, and the card that is given, at the same institutions.
    pub(super) async fn bob_shares_the_bank_account(&self, card: Value) {
        self.bob_links("000123456789", ISSUER, card).await;
    }

    /// Bob has a bank account of that number where Ann has hers, and the card that is given.
    pub(super) async fn bob_links(&self, account_number: &str, issuer: &str, card: Value) {
        let routing = simulators::plaid::routing_number(BANK);
        let checking = json!({
            "key": "checking", "name": "Our Checking", "mask": account_number.split_at(account_number.len() - 4).1,
            "type": "depository", "subtype": "checking",
            "balances": { "available": "2000.00", "current": "2000.00" },
            "numbers": { "account": account_number, "routing": routing },
        });
        self.links("bob", BANK, checking).await;
        self.links("bob", issuer, card).await;
    }

    /// A person has one more account at an institution, and links it.
    pub(super) async fn links(&self, person: &'static str, institution_id: &str, account: Value) {
        self.tell_plaid(json!({
            "control": "create_person", "user_id": person, "institution_id": institution_id, "accounts": [account],
        }));
        self.link(person, institution_id).await;
    }

    /// Two operators enter where an institution takes checks.
    pub(super) async fn address(&self, institution_id: &str) {
        let address = json!({
            "line_1": "PO Box 400", "city": "Wilmington", "state": "DE", "postal_code": "19886",
        });
        let remittance = json!({ "name": "Example Store Services", "address": address });
        let path = format!("/billers/{institution_id}/remittance");
        self.operate("olga", Method::PUT, &path, remittance.clone()).await;
        self.operate("oscar", Method::POST, &format!("{path}/confirm"), remittance).await;
    }

    pub(super) async fn operate(&self, operator: &'static str, method: Method, path: &str, body: Value) -> Value {
        self.simulation.call(Caller::Operator(operator), method, path, body).await.unwrap()
    }

    /// The bank says of the debit that was made last that its account has another number by now.
    pub(super) async fn bank_corrects_to(&self, account_number: &str) {
        let transfer_id = self.standing().funding().unwrap().leg.transfer_id.clone().unwrap();
        let (change_code, account_number) = ("C01".to_owned(), account_number.to_owned());
        let change = NotificationOfChange { change_code, account_number, ..NotificationOfChange::default() };
        self.simulation.providers.tell_bank(Control::NotificationOfChange { transfer_id, change }).unwrap();
        self.simulation.settle().await.unwrap();
    }

    /// The person enters a number for a card.
    pub(super) async fn number(&self, person: &'static str, card: &Card, number: &str) {
        let path = format!("/cards/{}/autopay", card.id);
        self.call(person, Method::PUT, &path, json!({ "card_number": number })).await;
    }

    /// Why Ann's number is not taken.
    pub(super) async fn number_refused(&self, card: &Card, number: &str) -> String {
        let path = format!("/cards/{}/autopay", card.id);
        self.refusal(Method::PUT, &path, json!({ "card_number": number })).await
    }

    pub(super) async fn review(&self, person: &'static str, card: &Card) -> String {
        let review = self.call(person, Method::POST, &format!("/cards/{}/review", card.id), Value::Null).await;
        review["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn say(&self, card: &Card, other: &Card, is_same: bool) -> Value {
        let said = json!({ "card_id": other.id, "is_same": is_same });
        self.call("ann", Method::PUT, &format!("/cards/{}/identity", card.id), said).await
    }

    /// What the persons' bank has been asked for so far, in dollars.
    pub(super) fn debited(&self) -> Vec<String> {
        self.standing().payments.iter().map(|payment| payment.amount.to_string()).collect()
    }

    pub(super) async fn let_days_pass(&self, days: i64) {
        self.simulation.let_days_pass(days).await.unwrap();
    }

    pub(super) async fn until(&self, wish: &str, is_met: impl Fn(&Standing) -> bool) {
        self.simulation.until(wish, is_met).await.unwrap();
    }

    pub(super) async fn until_debited(&self) {
        let is_at_bank = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Processing);
        self.until("the debit is at the bank", is_at_bank).await;
    }

    pub(super) async fn until_debit_comes_back(&self) {
        let is_back = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Returned);
        self.until("the debit comes back", is_back).await;
    }

    pub(super) fn plan_return(&self, code: &str) {
        self.plan_returns(&[code]);
    }

    /// One debit after the other comes back so.
    pub(super) fn plan_returns(&self, codes: &[&str]) {
        let count = u64::try_from(codes.len()).unwrap();
        let returned = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, count, codes);
        self.simulation.providers.tell_bank(Control::PlanReturns(returned)).unwrap();
    }

    pub(super) fn was_told(&self, person: &str, reason: &str) -> bool {
        let recipient = self.id_of(person).to_string();
        let mut notices = self.standing().notices.into_iter();
        notices.any(|notice| notice.recipient.to_string() == recipient && notice.text.contains(reason))
    }
}

pub(super) fn card_account(key: &str, mask: &str, owed: &str) -> Value {
    json!({
        "key": key, "name": format!("Everyday Card {mask}"), "official_name": "Everyday Rewards Card", "mask": mask,
        "type": "credit", "subtype": "credit card", "balances": { "current": owed, "limit": "5000.00" },
        "credit": {
            "is_overdue": false, "last_statement_balance": "455.00", "last_statement_issue_date": "2026-02-23",
            "minimum_payment_amount": "35.00", "next_payment_due_date": "2026-04-20",
        },
    })
}

/// A number that ends so and passes the check digit.
pub(super) fn number_ending(mask: &str) -> String {
    number_of("41110000010", mask)
}

/// One that begins so as well.
pub(super) fn number_of(beginning: &str, mask: &str) -> String {
    let fits = |digit: u8| {
        let number = format!("{beginning}{digit}{mask}");
        let digits = number.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
        let sum: u32 =
            digits.map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }).sum();
        sum.is_multiple_of(10).then_some(number)
    };
    (0..10).find_map(fits).unwrap()
}
