//! Stories about the simulated bank, told to its core without a network.

mod checks;
mod checks_properties;
mod faults;
mod idempotency;
mod lists;
mod properties;
mod shapes;
mod transfers;
mod webhooks;

use base64::Engine as _;
use serde_json::{Value, json};

use super::*;

/// A Monday, 10:04 Pacific.
const MONDAY: &str = "2026-03-02T18:04:05Z";
const KEY: &str = "test_key";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A bank with one account, a clock, and a client that keeps to the rules.
struct Story {
    bank: Column,
    now: Timestamp,
    account: String,
    number: String,
}

impl Story {
    fn new() -> Self {
        let config = Config { api_key: KEY.to_owned(), seed: 1, root_entity_name: "EXAMPLE PAY".to_owned() };
        let mut story =
            Self { bank: Column::new(config), now: at(MONDAY), account: String::new(), number: String::new() };
        let entity = story.ok("GET", "/entities", Value::Null)["entities"][0]["id"].clone();
        let account = story.ok("POST", "/bank-accounts", json!({"entity_id": entity, "description": "Payroll"}));
        story.account = account["id"].as_str().unwrap().to_owned();
        story.number = account["default_account_number_id"].as_str().unwrap().to_owned();
        story
    }

    fn funded(cents: i64) -> Self {
        let mut story = Self::new();
        let body = json!({"destination_account_number_id": story.number, "amount": cents, "currency_code": "USD"});
        story.ok("POST", "/simulate/receive-wire", body);
        story
    }

    fn request(method: &str, target: &str, body: &Value) -> Request {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!(":{KEY}"));
        let request = Request::new(method, target).with_header("Authorization", &format!("Basic {credentials}"));
        if body.is_null() {
            request
        } else {
            request.with_header("Content-Type", "application/json").with_body(body.to_string().as_bytes())
        }
    }

    fn send(&mut self, request: &Request) -> Answer {
        self.bank.handle(self.now, request)
    }

    /// Status and body; the body of an empty answer is null.
    fn call(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        match self.send(&Self::request(method, target, &body)) {
            Answer::Reply(reply) => (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null)),
            Answer::Silence => panic!("no answer to {method} {target}"),
        }
    }

    fn ok(&mut self, method: &str, target: &str, body: Value) -> Value {
        let (status, body) = self.call(method, target, body);
        assert_eq!(status, 200, "{method} {target}: {body}");
        body
    }

    fn control(&mut self, control: Control) -> Value {
        serde_json::from_str(&self.bank.control(self.now, control).unwrap()).unwrap()
    }

    fn transfer_body(&self, direction: &str, cents: i64) -> Value {
        json!({
            "type": direction, "amount": cents, "currency_code": "USD", "bank_account_id": self.account, "entry_class_code": "PPD",
            "counterparty": {"routing_number": "021000021", "account_number": "000123456", "name": "Pat Example"},
        })
    }

    /// Creates a transfer and answers its id.
    fn transfer(&mut self, direction: &str, cents: i64) -> String {
        let body = self.transfer_body(direction, cents);
        self.ok("POST", "/transfers/ach", body)["id"].as_str().unwrap().to_owned()
    }

    fn get(&mut self, id: &str) -> Value {
        self.ok("GET", &format!("/transfers/ach/{id}"), Value::Null)
    }

    fn status(&mut self, id: &str) -> String {
        self.get(id)["status"].as_str().unwrap().to_owned()
    }

    fn advance_to(&mut self, text: &str) {
        self.now = at(text);
        self.bank.advance(self.now);
    }

    /// Available and pending, in cents.
    fn balances(&mut self) -> (i64, i64) {
        let account = self.ok("GET", &format!("/bank-accounts/{}", self.account), Value::Null);
        let amount = |name: &str| account["balances"][name].as_i64().unwrap();
        (amount("available_amount"), amount("pending_amount"))
    }

    fn endpoint(&mut self, events: &[&str]) -> Value {
        self.ok("POST", "/webhook-endpoints", json!({"url": "https://pay.example.com/hooks", "enabled_events": events}))
    }

    /// Takes all webhooks due now and reports them all accepted; answers their bodies.
    fn receive(&mut self) -> Vec<Value> {
        let taken = self.bank.due_deliveries(self.now, usize::MAX);
        for webhook in &taken {
            self.bank.report_delivery(self.now, webhook.delivery, DeliveryResult::Accepted);
        }
        taken.iter().map(|webhook| serde_json::from_str(&webhook.body).unwrap()).collect()
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().rsplit('.').next().unwrap()).collect()
}
