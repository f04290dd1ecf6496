//! A person's way through linking, setting up and being reviewed, told over HTTP to simulated providers.

mod cards;
mod links;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request};
use http_body_util::BodyExt;
use issuer::{Grant, LocalIssuer};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::adapters::simulated::ManualClock;
use shared::adapters::tokens::TokenVerifier;
use shared::domain::autopay::card_number::CardNumber;
use shared::domain::autopay::item::Item;
use shared::domain::autopay::notice::Notice;
use shared::domain::biller::Remittance;
use shared::domain::caller::ExpectedToken;
use shared::domain::funding::Funding;
use shared::domain::ids::PaymentId;
use shared::domain::payment::Payment;
use shared::domain::task::{QueueName, Task};
use shared::operations::autopay::{items as operations, review, sync_item as reading};
use shared::operations::{Settings, billers, due};
use shared::ports::clock::Clock;
use shared::ports::table::{Query, decode};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::keys;
use shared::store::stored::{read, replace};
use simulators::http::Answer;
use simulators::shell::{ColumnServer, PlaidServer};
use tower::ServiceExt;
use world::World;

use super::*;

const ISSUER_URL: &str = "http://issuer.test";
const BANK: &str = "ins_3";

/// A number of a card that ends like this.
fn card_number(mask: &str) -> String {
    let candidates = (0..10).map(|digit| format!("41110000010{digit}{mask}"));
    let mut numbers = candidates.filter_map(|digits| CardNumber::try_from(digits).ok());
    numbers.next().unwrap().expose().to_owned()
}

/// Both providers and the issuer of tokens.
#[derive(Debug)]
struct Network {
    plaid: PlaidServer,
    column: ColumnServer,
    issuer: LocalIssuer,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Network {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        let reply = |status, body: String| Ok(ProviderResponse { status, headers: Vec::new(), body: body.into() });
        if let Some(path) = request.url.strip_prefix(ISSUER_URL) {
            return match path {
                "/.well-known/openid-configuration" => reply(200, self.issuer.discovery().to_string()),
                _ => reply(200, self.issuer.keys().to_string()),
            };
        }
        let (host, path) = request.url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        self.asked.lock().unwrap().push(format!("/{path}"));
        let asked =
            simulators::http::Request::new(request.method.as_str(), &format!("/{path}")).with_body(&request.body);
        let asked = request.headers.iter().fold(asked, |asked, (name, value)| asked.with_header(name, value));
        let answer = if host == "plaid.test" { self.plaid.call(&asked) } else { self.column.call(&asked) };
        match answer {
            Answer::Reply(response) => reply(response.status, response.body),
            Answer::Silence => Err(TransportError::TimedOut),
        }
    }
}

struct Scene {
    world: World,
    router: Router,
    network: Arc<Network>,
}

struct Told {
    status: u16,
    body: Value,
}

impl Told {
    fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap().to_owned()
    }
}

fn card(key: &str, mask: &str) -> Value {
    json!({
        "key": key, "name": "Everyday Card", "official_name": "Everyday Rewards Visa", "mask": mask, "type": "credit",
        "subtype": "credit card", "balances": {"available": 1845, "current": 3155, "limit": 5000},
        "credit": {
            "is_overdue": false, "last_statement_balance": 912.1, "last_statement_issue_date": "2026-02-20",
            "minimum_payment_amount": 35, "next_payment_due_date": "2026-03-28",
            "aprs": [{"apr_percentage": 21.49, "apr_type": "purchase_apr"}],
        },
    })
}

fn checking(available: i64) -> Value {
    json!({
        "key": "checking", "name": "Checking", "mask": "6789", "type": "depository", "subtype": "checking",
        "balances": {"available": available, "current": available},
        "numbers": {"account": "000123456789", "routing": "021000021"},
    })
}

impl Scene {
    /// Pat is a customer of one bank, with these accounts.
    fn with(accounts: &Value) -> Self {
        let clock: Arc<OnceLock<Arc<ManualClock>>> = Arc::default();
        let business: simulators::shell::Clock = {
            let clock = clock.clone();
            Arc::new(move || clock.get().map_or_else(start, |clock| clock.business_now()))
        };
        let (client_id, secret) = (world::PLAID_KEYS.to_owned(), world::PLAID_KEYS.to_owned());
        let directory = simulators::plaid::Config {
            client_id,
            secret,
            unknown_institutions: std::collections::BTreeSet::new(),
            without_routing_numbers: std::collections::BTreeSet::new(),
        };
        let bank = simulators::column::Config {
            api_key: world::BANK_KEY.to_owned(),
            seed: 1,
            root_entity_name: "Clearway".to_owned(),
        };
        let network = Arc::new(Network {
            plaid: PlaidServer::new(directory, business.clone()),
            column: ColumnServer::new(bank, business),
            issuer: LocalIssuer::new(ISSUER_URL),
            asked: Mutex::default(),
        });
        let mut world = World::with_network(start(), network.clone());
        clock.set(world.clock.clone()).unwrap();
        let column_entity_id = entity_of(&network.column);
        world.system.settings = Arc::new(Settings { column_entity_id, ..world::settings() });
        let expected = ExpectedToken { issuer: ISSUER_URL.to_owned(), audience: "clearway".to_owned() };
        let verifier = Arc::new(TokenVerifier::new(expected, network.clone(), world.clock.clone()));
        let router = HTTP.router(world.system.clone(), verifier);
        let scene = Self { world, router, network };
        scene.control("create-person", json!({"user_id": "pat", "institution_id": BANK, "accounts": accounts}));
        scene
    }

    fn usual() -> Self {
        Self::with(&json!([card("card", "4821"), checking(2_500)]))
    }

    fn control(&self, name: &str, fields: Value) -> Value {
        let path = format!("/__control/{name}");
        let request = simulators::http::Request::new("POST", &path).with_body(fields.to_string().as_bytes());
        let Answer::Reply(reply) = self.network.plaid.call(&request) else { panic!("{name}: silence") };
        assert_eq!(reply.status, 200, "{name}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap()
    }

    fn bearer(&self, subject: &str, role: Role) -> String {
        let issued_at = self.world.clock.elapsed_now().as_second();
        let roles = [role.as_str()];
        let grant = Grant { subject, roles: &roles, audience: "clearway", issued_at, lifetime_seconds: 3_600 };
        format!("Bearer {}", self.network.issuer.mint(&grant))
    }

    async fn ask_as(&self, subject: &str, method: Method, path: &str, body: Option<&Value>) -> Told {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(AUTHORIZATION, self.bearer(subject, Role::Person));
        let request = request.header(CONTENT_TYPE, "application/json").header("x-forwarded-for", "10.0.0.9, 192.0.2.7");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Told { status, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    async fn get(&self, path: &str) -> Told {
        self.ask_as("pat", Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Told {
        let told = self.ask_as("pat", Method::POST, path, Some(body)).await;
        assert!(told.status < 300, "{path}: {} {}", told.status, told.body);
        told
    }

    async fn put(&self, path: &str, body: &Value) -> Told {
        self.ask_as("pat", Method::PUT, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Told {
        self.ask_as("pat", Method::DELETE, path, None).await
    }

    /// Pat goes through Link. Answers the item's id.
    async fn link(&self) -> String {
        let token = self.post("/link-tokens", &json!({})).await.text("link_token");
        let finish = json!({"link_token": token, "user_id": "pat", "institution_id": BANK});
        let finished = self.control("finish-link", finish);
        let new = json!({"public_token": finished["public_token"], "holder_name": "Pat Example"});
        self.post("/items", &new).await.text("item_id")
    }

    async fn only_card(&self) -> Value {
        let cards = self.get("/cards").await.body;
        assert_eq!(cards["items"].as_array().unwrap().len(), 1, "{cards}");
        cards["items"][0].clone()
    }

    async fn bank_account_id(&self) -> Value {
        self.get("/bank-accounts").await.body["items"][0]["bank_account_id"].clone()
    }

    /// Two operators enter the issuer's address.
    async fn know_the_issuer(&self) {
        let remittance: Remittance = serde_json::from_value(json!({
            "name": "Example Card Services",
            "address": {"line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886"},
        }))
        .unwrap();
        let system = &self.world.system;
        billers::propose_remittance(system, BANK, remittance.clone(), "dora").await.unwrap();
        billers::confirm_remittance(system, BANK, &remittance, "eve").await.unwrap();
    }

    /// Everything that a card needs, with amounts up to `most` agreed to.
    async fn set_up(&self, card_id: &str, most: &str) {
        let rule = json!({"threshold": 3000, "above_threshold": {"down_to": 3000}, "when_due": "minimum"});
        let bank_account_id = self.bank_account_id().await;
        let card = self.get(&format!("/cards/{card_id}")).await.body;
        let mask = card["mask"].as_str().unwrap();
        let wanted = json!({"bank_account_id": bank_account_id, "rule": rule, "card_number": card_number(mask)});
        let set = self.put(&format!("/cards/{card_id}/autopay"), &wanted).await;
        assert_eq!(set.status, 200, "{}", set.body);
        let text = self.get(&format!("/authorization-text?card_id={card_id}&least=1.00&most={most}")).await.body;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"], "range": text["range"],
        });
        self.post(&format!("/cards/{card_id}/authorization"), &agreed).await;
    }

    /// A linked card with everything set up. Answers its id and its item's.
    async fn ready(&self) -> (String, String) {
        self.know_the_issuer().await;
        let item_id = self.link().await;
        let card_id = self.only_card().await["card_id"].as_str().unwrap().to_owned();
        self.set_up(&card_id, "2000.00").await;
        (card_id, item_id)
    }

    async fn review(&self, card_id: &str) -> Value {
        self.post(&format!("/cards/{card_id}/review"), &json!({})).await.body
    }

    async fn payments(&self, card_id: &str) -> Vec<Value> {
        self.get(&format!("/cards/{card_id}/payments")).await.body["items"].as_array().unwrap().clone()
    }

    async fn item(&self, item_id: &str) -> Item {
        read(&*self.world.system.table, &keys::item(item_id)).await.unwrap().unwrap()
    }

    async fn read(&self, item_id: &str) {
        operations::read_soon(&self.world.system, item_id).await.unwrap();
        reading::sync_item(&self.world.system, item_id, self.world.deadline_in(120)).await.unwrap();
    }

    async fn notices(&self) -> Vec<String> {
        let person_id = shared::operations::autopay::subjects::keyed(&self.world.system, "pat").await.unwrap();
        let recipient = shared::domain::autopay::notice::Recipient::Person(person_id);
        let page = self.world.system.table.query(&Query::primary(keys::notices_of(recipient))).await.unwrap();
        let notices = page.items.into_iter().map(|item| decode::<Notice>(item).unwrap());
        notices.map(|notice| notice.kind.code().to_owned()).collect()
    }

    fn tasks(&self) -> Vec<Task> {
        let mut tasks = Vec::new();
        loop {
            let more = self.world.take_tasks(QueueName::Other).unwrap();
            if more.is_empty() {
                return tasks;
            }
            tasks.extend(more);
        }
    }

    fn calls(&self, path: &str) -> usize {
        self.network.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }
}

fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn entity_of(column: &ColumnServer) -> String {
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.encode(format!(":{}", world::BANK_KEY));
    let request =
        simulators::http::Request::new("GET", "/entities").with_header("authorization", &format!("Basic {key}"));
    let Answer::Reply(reply) = column.call(&request) else { panic!("the bank is silent") };
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    body["entities"][0]["id"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

fn missing(card: &Value) -> Vec<&str> {
    card["missing"].as_array().unwrap().iter().map(|step| step["code"].as_str().unwrap()).collect()
}
