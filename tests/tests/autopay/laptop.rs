//! Autopay as a laptop serves it: our API, both providers and their webhooks through sockets, and the embedded DynamoDB behind the real
//! SDK.

use std::time::Duration;

use ::local::stack::time::Moved;
use ::local::stack::{Stack, StackOptions};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use shared::adapters::http_transport::HttpTransport;
use shared::domain::caller::Role;
use shared::ports::transport::{ProviderRequest, Transport as _};
use simulators::{column, plaid};

const BANK: &str = "ins_2";
const ISSUER: &str = "ins_3";
const PERSON: (&str, Role) = ("ann", Role::Person);
const OPERATOR: (&str, Role) = ("olga", Role::Operate);
const SECOND_OPERATOR: (&str, Role) = ("oscar", Role::Operate);
const PATIENCE: Duration = Duration::from_secs(30);
/// More moments than a payment takes.
const MOMENTS_MAX: usize = 200;

struct Laptop {
    stack: Stack,
    http: HttpTransport,
}

impl Laptop {
    async fn start() -> Self {
        Self { stack: Stack::start(StackOptions::default()).await.unwrap(), http: HttpTransport::new() }
    }

    async fn call(&self, (subject, role): (&str, Role), method: Method, path: &str, body: Value) -> Value {
        let request = ProviderRequest {
            method: method.clone(),
            url: format!("{}{path}", self.stack.base_url),
            headers: vec![
                ("authorization".to_owned(), format!("Bearer {}", self.stack.token(subject, &[role]))),
                ("content-type".to_owned(), "application/json".to_owned()),
            ],
            body: if body.is_null() { Bytes::new() } else { body.to_string().into() },
            timeout: PATIENCE,
        };
        let answer = self.http.exchange(request).await.unwrap();
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {:?}", answer.status, answer.body);
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    async fn get(&self, path: &str) -> Value {
        self.call(PERSON, Method::GET, path, Value::Null).await
    }

    fn tell_plaid(&self, control: Value) -> Value {
        let control: plaid::Control = serde_json::from_value(control).unwrap();
        self.stack.plaid.control(control).unwrap()
    }

    async fn link(&self, institution_id: &str, accounts: Value) {
        self.tell_plaid(json!({
            "control": "create_person", "user_id": "ann", "institution_id": institution_id, "accounts": accounts,
        }));
        let started = self.call(PERSON, Method::POST, "/link-tokens", json!({})).await;
        let finished = self.tell_plaid(json!({
            "control": "finish_link", "link_token": started["link_token"], "user_id": "ann",
            "institution_id": institution_id,
        }));
        let linked = json!({ "public_token": finished["public_token"], "holder_name": "Ann Example" });
        self.call(PERSON, Method::POST, "/items", linked).await;
    }

    async fn enter_remittance_address(&self) {
        let path = format!("/billers/{ISSUER}/remittance");
        let remittance = json!({
            "name": "Example Card Services",
            "address": { "line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886" },
        });
        self.call(OPERATOR, Method::PUT, &path, remittance.clone()).await;
        self.call(SECOND_OPERATOR, Method::POST, &format!("{path}/confirm"), remittance).await;
    }

    /// Answers the card's path.
    async fn set_up(&self) -> String {
        let card = self.get("/cards").await["items"][0]["card_id"].as_str().unwrap().to_owned();
        let bank_account_id = self.get("/bank-accounts").await["items"][0]["bank_account_id"].clone();
        let path = format!("/cards/{card}");
        let chosen = json!({
            "bank_account_id": bank_account_id, "card_number": "4111000001004421",
            "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
        });
        self.call(PERSON, Method::PUT, &format!("{path}/autopay"), chosen).await;
        let text = self.get(&format!("/authorization-text?card_id={card}&least=1.00&most=2500.00")).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": bank_account_id, "range": text["range"],
        });
        self.call(PERSON, Method::POST, &format!("{path}/authorization"), agreed).await;
        path
    }

    /// Goes on, moment by moment, until the card's payment is met; answers it.
    async fn until(&self, card: &str, wish: &str, is_met: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..MOMENTS_MAX {
            let moved = self.stack.step().await.unwrap();
            let payment = self.get(&format!("{card}/payments")).await["items"][0].clone();
            if is_met(&payment) {
                return payment;
            }
            assert_eq!(moved, Moved::Forward, "nothing is due any more, and not {wish}: {payment}");
        }
        panic!("not {wish} after {MOMENTS_MAX} moments");
    }
}

#[tokio::test]
async fn a_card_is_paid_over_the_embedded_dynamodb() {
    let laptop = Laptop::start().await;
    laptop.enter_remittance_address().await;
    let routing = simulators::plaid::routing_number(BANK);
    let checking = json!({
        "key": "checking", "name": "Example Checking", "mask": "6789", "type": "depository", "subtype": "checking",
        "balances": { "available": "8000.00", "current": "8000.00" },
        "numbers": { "account": "000123456789", "routing": routing },
    });
    let everyday = json!({
        "key": "card", "name": "Everyday Card", "mask": "4421", "type": "credit", "subtype": "credit card",
        "balances": { "current": "455.00", "limit": "5000.00" }, "credit": { "is_overdue": false },
    });
    laptop.link(BANK, json!([checking])).await;
    laptop.link(ISSUER, json!([everyday])).await;
    let card = laptop.set_up().await;

    laptop.tell_plaid(json!({
        "control": "purchase", "user_id": "ann", "account": "card", "amount": "2700.00", "name": "Example Shop",
    }));
    let opened = laptop.until(&card, "opened", |payment| payment.is_object()).await;
    assert_eq!(opened["amount"], "1655.00");
    let delivered =
        laptop.until(&card, "delivered", |payment| payment["check"]["delivery_status"] == "delivered").await;
    assert_eq!(delivered["state"], "processing");

    let path = format!("/payments/{}", delivered["payment_id"].as_str().unwrap());
    let payment = laptop.call(OPERATOR, Method::GET, &path, Value::Null).await;
    let transfer_id = payment["transfer_id"].as_str().unwrap().to_owned();
    laptop.stack.column.control(column::Control::CashCheck { transfer_id, amount: None, beats_stop: false }).unwrap();
    laptop.until(&card, "cashed", |payment| payment["state"] == "completed").await;
    let books = laptop.call(OPERATOR, Method::GET, "/ledger/trial-balance", Value::Null).await;
    assert_eq!(books["total"]["debits"], books["total"]["credits"]);
    for (account, totals) in books["accounts"].as_object().unwrap() {
        assert_eq!(totals["balance"], "0.00", "what is left on {account}");
    }
    let told: Vec<String> = laptop.stack.notices.sent().into_iter().map(|notice| notice.kind).collect();
    assert_eq!(told, ["authorization_given", "payment_started", "check_mailed", "check_cashed"]);
    assert_eq!(laptop.stack.column.counters().duplicate_keys_with_other_content, 0);
}
