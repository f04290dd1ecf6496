//! A payroll that is sent and of which nothing has been heard; and linked accounts.

use std::time::Duration;

use generator::{Manifest, Options};
use jiff::SignedDuration;
use local::stack::time::Moved;
use local::stack::{Stack, StackOptions, Store};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::caller::Role;
use shared::domain::ids::BatchId;
use shared::operations::upload;
use shared::ports::clock::Clock as _;
use shared::ports::queue::QueueName;
use simulators::column::{Control, Direction, MIXED_RETURN_CODES, ReturnMoment, ReturnPlan};
use simulators::plaid;
use tokio::task::JoinSet;

use crate::held::{Held, Webhook};

const PEOPLE: [&str; 4] = ["ann@load.test", "bob@load.test", "cleo@load.test", "dora@load.test"];
const LOOK_EVERY: Duration = Duration::from_millis(20);

pub(crate) struct Scene {
    pub(crate) stack: Stack,
    pub(crate) batch_id: BatchId,
    pub(crate) file: Manifest,
    held: Held,
    item_ids: Vec<String>,
    http: reqwest::Client,
    _deliverer: JoinSet<()>,
}

impl Scene {
    /// So many payable rows or a few more, all of them at the bank.
    pub(crate) async fn with_payments_of(payable: usize) -> Self {
        let options = Options { rows: payable as u64 * 10 / 9, ..Options::default() };
        let mut bytes = Vec::new();
        let file = generator::generate(&options, &mut bytes).unwrap();
        let stack = Stack::start(StackOptions {
            store: Store::Dynamodb,
            unknown_institutions: file.dead_servicers.iter().cloned().collect(),
            ..StackOptions::default()
        })
        .await
        .unwrap();
        let held = Held::before(&stack.base_url).await;
        let http = reqwest::Client::new();
        let (mut deliverer, plaid_server, plaid_http) = (JoinSet::new(), stack.plaid.clone(), http.clone());
        deliverer.spawn(async move { plaid_server.deliver(&plaid_http).await });
        let batch_id = BatchId::new(stack.system.new_uuid());
        let mut scene = Self { stack, batch_id, file, held, item_ids: Vec::new(), http, _deliverer: deliverer };
        scene.divert_the_bank().await;
        scene.link_accounts().await;
        scene.batch_id = scene.begin(bytes).await;
        scene.send_all().await;
        scene
    }

    async fn call(&self, token: &str, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.stack.base_url)).bearer_auth(token);
        let response = request.json(&body).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// The bank's own API.
    pub(crate) async fn ask_bank(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.stack.column_url));
        let request = request.basic_auth("", Some("test_local"));
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// From now on the bank tells everything about transfers, to the holder.
    async fn divert_the_bank(&self) {
        let endpoints = self.ask_bank(Method::GET, "/webhook-endpoints", Value::Null).await;
        let id = endpoints["webhook_endpoints"][0]["id"].as_str().unwrap();
        let diverted = json!({
            "url": format!("{}/webhooks/column", self.held.url), "enabled_events": ["ach.outgoing_transfer.*"],
        });
        self.ask_bank(Method::PATCH, &format!("/webhook-endpoints/{id}"), diverted).await;
    }

    async fn link_accounts(&mut self) {
        for person in PEOPLE {
            let public = json!({
                "client_id": "local", "secret": "local", "institution_id": "ins_3",
                "initial_products": ["auth", "transactions", "liabilities"],
                "options": { "webhook": format!("{}/webhooks/plaid", self.held.url) },
            });
            let url = format!("{}/sandbox/public_token/create", self.stack.plaid_url);
            let public = self.http.post(url).json(&public).send().await.unwrap().error_for_status().unwrap();
            let public: Value = public.json().await.unwrap();
            let token = self.stack.token(person, &[Role::Person]);
            let link = json!({ "public_token": public["public_token"], "holder_name": "Ann Example" });
            let linked = self.call(&token, Method::POST, "/items", link).await;
            self.item_ids.push(linked["item_id"].as_str().unwrap().to_owned());
        }
        self.works_off_its_tasks().await;
    }

    async fn begin(&self, file: Vec<u8>) -> BatchId {
        // A tenth of the payments comes back.
        let count = self.file.payable.rows / 10;
        let returns = ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, count, &MIXED_RETURN_CODES);
        self.stack.column.control(Control::PlanReturns(returns)).unwrap();
        let url = format!("{}/batches", self.stack.base_url);
        let posted = self.http.post(url).bearer_auth(self.stack.uploader_token());
        let posted = posted.header("content-type", "application/xml").body(file).send().await.unwrap();
        assert_eq!(posted.status(), StatusCode::CREATED);
        let posted: Value = posted.json().await.unwrap();
        let batch_id = posted["batch_id"].as_str().unwrap();
        let path = format!("/batches/{batch_id}/summary");
        let summary = self.call(&self.stack.uploader_token(), Method::POST, &path, Value::Null).await;
        let approval = json!({
            "manifest_hash": summary["manifest_hash"], "total": summary["total"],
            "accept_accounts": summary["to_acknowledge"]["accounts"],
            "accept_overlaps": summary["to_acknowledge"]["overlaps"],
        });
        let path = format!("/batches/{batch_id}/approve");
        self.call(&self.stack.approver_token(), Method::POST, &path, approval).await;
        batch_id.parse().unwrap()
    }

    /// Lets business time pass until the bank has every payment.
    async fn send_all(&self) {
        let transfers = self.file.payable.rows + self.file.payable_by_source.len() as u64;
        while (self.stack.column.counters().transfers as u64) < transfers {
            assert_eq!(self.stack.step().await.unwrap(), Moved::Forward, "not every payment is sent");
        }
        self.works_off_its_tasks().await;
    }

    /// The bank's days pass, and ours with them; but our scheduler sleeps, so that nothing looks after the payments but webhooks.
    /// Answers all that the bank has told of them.
    pub(crate) async fn bank_has_told_everything(&self) -> Vec<Webhook> {
        let Stack { column, clock, .. } = &self.stack;
        loop {
            while !column.is_quiet() {
                clock.pause(LOOK_EVERY).await;
            }
            let Some(next) = column.next_due() else { break };
            let by = next.duration_since(clock.business_now()).max(SignedDuration::ZERO);
            clock.move_forward(Duration::try_from(by).unwrap() + Duration::from_secs(1));
            column.advance();
        }
        self.held.of("column")
    }

    /// So many different webhooks of Plaid's, about the linked accounts. Those of the links themselves are of other kinds, and stale by now.
    pub(crate) async fn plaid_tells(&self, count: usize) -> Vec<Webhook> {
        for (number, item_id) in (0..count).zip(self.item_ids.iter().cycle()) {
            let fired = plaid::Control::FireWebhook {
                item_id: item_id.clone(),
                webhook_type: "TRANSACTIONS".to_owned(),
                webhook_code: "DEFAULT_UPDATE".to_owned(),
                fields: json!({ "new_transactions": number }).as_object().unwrap().clone(),
                forgery: None,
                url: None,
            };
            self.stack.plaid.control(fired).unwrap();
        }
        loop {
            let mut told = self.held.of("plaid");
            told.retain(|webhook| webhook.json()["webhook_code"] == json!("DEFAULT_UPDATE"));
            if told.len() == count {
                return told;
            }
            self.stack.clock.pause(LOOK_EVERY).await;
        }
    }

    /// Waits until no task waits or runs. Business time stands still.
    pub(crate) async fn works_off_its_tasks(&self) {
        let queue = &self.stack.queue;
        loop {
            queue.wait_idle(QueueName::Bulk).await;
            queue.wait_idle(QueueName::Other).await;
            let idle = |name| queue.counters(name).waiting == 0 && queue.counters(name).in_flight == 0;
            if idle(QueueName::Bulk) && idle(QueueName::Other) {
                return;
            }
        }
    }

    /// Lets everything go its way until the batch has ended.
    pub(crate) async fn batch_ends(&self) {
        while upload::load(&self.stack.system, self.batch_id).await.unwrap().state != BatchState::Completed {
            assert_eq!(self.stack.step().await.unwrap(), Moved::Forward, "the batch does not end");
        }
    }
}
