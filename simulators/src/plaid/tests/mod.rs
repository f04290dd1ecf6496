//! Stories about the simulated Plaid, told to its core without a network.

mod accounts;
mod control;
mod deliveries;
mod faults;
mod institutions;
mod items;
mod liabilities;
mod link;
mod properties;
mod shapes;
mod signatures;
mod transactions;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

const START: &str = "2026-03-02T18:04:05Z";
const HOOK: &str = "https://pay.example.com/plaid";
/// Where the person has a card, and where a checking account.
const CARD_BANK: &str = "ins_3";
const BANK: &str = "ins_4";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config() -> Config {
    Config {
        client_id: "client".to_owned(),
        secret: "secret".to_owned(),
        unknown_institutions: BTreeSet::from(["ins_404".to_owned()]),
        without_routing_numbers: BTreeSet::from(["ins_9".to_owned()]),
    }
}

fn request(path: &str, fields: &Value) -> Request {
    Request::new("POST", path)
        .with_header("Content-Type", "application/json")
        .with_header("PLAID-CLIENT-ID", "client")
        .with_header("PLAID-SECRET", "secret")
        .with_body(fields.to_string().as_bytes())
}

fn card() -> Value {
    json!({
        "key": "card", "name": "Everyday Card", "official_name": "Everyday Rewards Visa", "mask": "4821", "type": "credit",
        "subtype": "credit card", "balances": {"available": 3120.55, "current": 879.45, "limit": 4000},
        "credit": {
            "is_overdue": false, "last_statement_balance": 912.1, "last_statement_issue_date": "2026-02-20", "minimum_payment_amount": 35,
            "next_payment_due_date": "2026-03-14", "aprs": [{"apr_percentage": 21.49, "apr_type": "purchase_apr"}],
        },
    })
}

fn checking() -> Value {
    json!({
        "key": "checking", "name": "Checking", "mask": "0000", "type": "depository", "subtype": "checking",
        "balances": {"available": 1500, "current": 1510.25}, "numbers": {"account": "000123456789", "routing": "021000021"},
    })
}

/// What is left of a link.
#[derive(Clone)]
struct Linked {
    token: String,
    item_id: String,
}

/// A Plaid, a clock, a person with a card and a checking account, and an application that keeps to the rules.
struct Story {
    plaid: Plaid,
    now: Timestamp,
}

impl Story {
    fn with(settings: Settings) -> Self {
        let mut story = Self { plaid: Plaid::with_settings(config(), settings), now: at(START) };
        story.control("create-person", json!({"user_id": "pat", "institution_id": CARD_BANK, "accounts": [card()]}));
        story.control("create-person", json!({"user_id": "pat", "institution_id": BANK, "accounts": [checking()]}));
        story
    }

    fn new() -> Self {
        Self::with(Settings::default())
    }

    /// Status and body; silence is status 0.
    fn send(&mut self, request: &Request) -> (u16, Value) {
        match self.plaid.handle(self.now, request) {
            Answer::Reply(reply) => (reply.status, serde_json::from_str(&reply.body).unwrap_or(Value::Null)),
            Answer::Silence => (0, Value::Null),
        }
    }

    fn call(&mut self, path: &str, fields: &Value) -> (u16, Value) {
        self.send(&request(path, fields))
    }

    fn ok(&mut self, path: &str, fields: Value) -> Value {
        let (status, body) = self.call(path, &fields);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The code that the call is refused with.
    fn code(&mut self, path: &str, fields: Value) -> String {
        let (status, body) = self.call(path, &fields);
        assert_ne!(status, 200, "{path}: {body}");
        body["error_code"].as_str().unwrap_or_default().to_owned()
    }

    fn control(&mut self, name: &str, fields: Value) -> Value {
        let request = Request::new("POST", &format!("/__control/{name}")).with_body(fields.to_string().as_bytes());
        let (status, body) = self.send(&request);
        assert_eq!(status, 200, "{name}: {body}");
        body
    }

    fn link_token(&mut self, products: &[&str]) -> String {
        let fields = json!({
            "client_name": "Clearway", "language": "en", "country_codes": ["US"], "user": {"client_user_id": "u-1"},
            "products": products, "webhook": HOOK,
        });
        self.ok("/link/token/create", fields)["link_token"].as_str().unwrap().to_owned()
    }

    /// The person links an institution, and the application exchanges the public token.
    fn link(&mut self, institution_id: &str, products: &[&str]) -> Linked {
        let link_token = self.link_token(products);
        let finished = self.control(
            "finish-link",
            json!({"link_token": link_token, "user_id": "pat", "institution_id": institution_id}),
        );
        let exchanged = self.ok("/item/public_token/exchange", json!({"public_token": finished["public_token"]}));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Linked { token: text(&exchanged["access_token"]), item_id: text(&exchanged["item_id"]) }
    }

    fn link_card(&mut self) -> Linked {
        self.link(CARD_BANK, &["liabilities", "transactions"])
    }

    fn set(&mut self, account: &str, change: Value) {
        self.control("set-account", json!({"user_id": "pat", "account": account, "change": change}));
    }

    fn advance_to(&mut self, text: &str) {
        self.now = at(text);
        self.plaid.advance(self.now);
    }

    fn later(&mut self, seconds: i64) {
        self.now = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        self.plaid.advance(self.now);
    }

    /// Takes all webhooks due now and reports them all accepted; answers their bodies.
    fn receive(&mut self) -> Vec<Value> {
        let taken = self.plaid.due_deliveries(self.now, usize::MAX);
        for webhook in &taken {
            self.plaid.report_delivery(self.now, webhook.delivery, DeliveryResult::Accepted);
        }
        taken.iter().map(|webhook| serde_json::from_str(&webhook.body).unwrap()).collect()
    }

    /// As [`Story::receive`]: type and code of each.
    fn told(&mut self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.receive()
            .iter()
            .map(|body| format!("{} {}", text(&body["webhook_type"]), text(&body["webhook_code"])))
            .collect()
    }
}
