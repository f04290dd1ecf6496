//! The simulated bank and Plaid, and what a story asks them for.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use serde_json::{Value, json};
use shared::adapters::simulated::ManualClock;
use shared::ports::clock::Clock as _;
use simulators::column::{
    CallFault, CallFaultKind, Config, Control, DeliveryResult, Direction, NotificationOfChange, OutgoingWebhook,
    ReturnMoment, ReturnPlan, WebhookFaults,
};
use simulators::http::{Answer, Request};
use simulators::shell::{ColumnServer, PlaidServer};

/// Where the bank sends its webhooks.
pub const WEBHOOK_PATH: &str = "/webhooks/column";

/// Both providers.
#[derive(Debug)]
pub struct Bank {
    pub column: ColumnServer,
    pub plaid: PlaidServer,
    pub entity_id: String,
    /// Signs the webhooks.
    pub webhook_secret: String,
    /// Webhooks on their way to us.
    on_their_way: Mutex<Vec<usize>>,
}

/// An ACH transfer as the bank lists it.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub id: String,
    /// Our key: the item and its attempt.
    pub key: String,
    pub status: String,
    pub is_debit: bool,
    pub cents: i64,
    pub bank_account_id: String,
    pub counterparty_id: String,
    pub created_at: jiff::Timestamp,
}

impl Transfer {
    /// It moved money, or will: neither canceled nor returned.
    pub fn is_live(&self) -> bool {
        !matches!(self.status.as_str(), "CANCELED" | "RETURNED" | "RETURN_DISHONORED" | "RETURN_CONTESTED")
    }

    /// The payment or funding it belongs to.
    pub fn item(&self) -> &str {
        self.key.rsplit_once(':').map_or(self.key.as_str(), |(item, _)| item)
    }
}

impl Bank {
    /// An empty bank that sends every event of outgoing transfers, and a Plaid that does not know `unknown_institutions`.
    pub fn open(clock: &Arc<ManualClock>, unknown_institutions: BTreeSet<String>) -> Self {
        let business: simulators::shell::Clock = {
            let clock = clock.clone();
            Arc::new(move || clock.business_now())
        };
        let mut bank = Self {
            column: ColumnServer::new(config(), business.clone()),
            plaid: PlaidServer::new(directory(unknown_institutions), business),
            entity_id: String::new(),
            webhook_secret: String::new(),
            on_their_way: Mutex::default(),
        };
        bank.entity_id = text(&bank.get("/entities")["entities"][0]["id"]);
        let endpoint = json!({ "url": format!("https://clearway.test{WEBHOOK_PATH}"), "enabled_events": ["*"] });
        bank.webhook_secret = text(&bank.post("/webhook-endpoints", &endpoint)["secret"]);
        bank
    }

    /// The bank of a moment, and a Plaid that knows everything.
    pub fn of_moment(clock: &Arc<ManualClock>, moment: &world::Moment) -> Self {
        let clock = clock.clone();
        let business: simulators::shell::Clock = Arc::new(move || clock.business_now());
        Self {
            column: moment.column(config(), business.clone()),
            plaid: PlaidServer::new(directory(BTreeSet::new()), business),
            entity_id: moment.entity_id().to_owned(),
            webhook_secret: moment.webhook_secret().to_owned(),
            on_their_way: Mutex::default(),
        }
    }

    pub fn get(&self, target: &str) -> Value {
        self.call("GET", target, None)
    }

    pub fn post(&self, target: &str, body: &Value) -> Value {
        self.call("POST", target, Some(body))
    }

    /// The same, under an idempotency key of the caller's.
    pub fn post_under(&self, key: &str, target: &str, body: &Value) -> Value {
        self.answer(Request::new("POST", target).with_header("idempotency-key", key), Some(body))
    }

    /// From now on the bank sends these events alone.
    pub fn send_only(&self, events: &[String]) {
        let endpoint = text(&self.get("/webhook-endpoints")["webhook_endpoints"][0]["id"]);
        self.call("PATCH", &format!("/webhook-endpoints/{endpoint}"), Some(&json!({ "enabled_events": events })));
    }

    fn call(&self, method: &str, target: &str, body: Option<&Value>) -> Value {
        self.answer(Request::new(method, target), body)
    }

    fn answer(&self, request: Request, body: Option<&Value>) -> Value {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!(":{}", world::BANK_KEY));
        let mut request = request.with_header("authorization", &format!("Basic {credentials}"));
        if let Some(body) = body {
            request = request.with_header("content-type", "application/json").with_body(body.to_string().as_bytes());
        }
        match self.column.call(&request) {
            Answer::Reply(reply) if reply.status == 200 => serde_json::from_str(&reply.body).unwrap(),
            other @ (Answer::Reply(_) | Answer::Silence) => panic!("{request:?}: {other:?}"),
        }
    }

    /// Every ACH transfer, oldest first.
    pub fn transfers(&self) -> Vec<Transfer> {
        let mut transfers = Vec::new();
        let mut target = "/transfers/ach?limit=100".to_owned();
        loop {
            let page = self.get(&target);
            let listed = page["transfers"].as_array().unwrap();
            transfers.extend(listed.iter().map(transfer));
            if page["has_more"] != json!(true) {
                transfers.reverse();
                return transfers;
            }
            target = format!("/transfers/ach?limit=100&starting_after={}", transfers.last().unwrap().id);
        }
    }

    /// The transfers that pay out, oldest first.
    pub fn payouts(&self) -> Vec<Transfer> {
        self.transfers().into_iter().filter(|transfer| !transfer.is_debit).collect()
    }

    /// The transfers that pull in, oldest first.
    pub fn debits(&self) -> Vec<Transfer> {
        self.transfers().into_iter().filter(|transfer| transfer.is_debit).collect()
    }

    /// The account number at the other end of a transfer.
    pub fn account_of(&self, transfer: &Transfer) -> String {
        text(&self.get(&format!("/counterparties/{}", transfer.counterparty_id))["account_number"])
    }

    /// Available and pending of an account, in cents.
    pub fn balances(&self, account_id: &str) -> (i64, i64) {
        let account = self.get(&format!("/bank-accounts/{account_id}"));
        let cents = |name: &str| account["balances"][name].as_i64().unwrap();
        (cents("available_amount"), cents("pending_amount"))
    }

    /// Takes the webhooks that are due.
    pub fn take_webhooks(&self) -> Vec<OutgoingWebhook> {
        let taken = self.column.due_deliveries(200);
        let mut on_their_way = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        on_their_way.extend(taken.iter().map(|webhook| webhook.delivery));
        taken
    }

    /// How deliveries went.
    pub fn report(&self, reports: Vec<(usize, DeliveryResult)>) {
        let mut on_their_way = self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner);
        on_their_way.retain(|delivery| reports.iter().all(|(reported, _)| reported != delivery));
        self.column.report(reports);
    }

    /// Our side is gone: what was on its way is delivered again later.
    pub fn hang_up(&self) {
        let lost = std::mem::take(&mut *self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner));
        self.column.report(lost.into_iter().map(|delivery| (delivery, DeliveryResult::NotAccepted)).collect());
    }

    pub fn control(&self, control: Control) {
        self.column.control(control).unwrap_or_else(|refusal| panic!("the bank refuses a control call: {refusal:?}"));
    }

    /// The next `count` transfers to be made meet this.
    pub fn fail_transfers(&self, fault: CallFaultKind, count: u64) {
        self.fail_calls(fault, "POST", "/transfers/ach", count);
    }

    /// The next `count` calls with this method and path meet this.
    pub fn fail_calls(&self, fault: CallFaultKind, method: &str, path_prefix: &str, count: u64) {
        let path_prefix = path_prefix.to_owned();
        self.control(Control::FaultCalls(CallFault { fault, count, method: Some(method.to_owned()), path_prefix }));
    }

    pub fn refuse_transfers(&self, code: &str, count: u64) {
        self.fail_transfers(CallFaultKind::Refuse { code: code.to_owned() }, count);
    }

    /// Receiving banks return the next payouts after their settlement, with these codes in turn.
    pub fn return_payouts(&self, codes: &[&str]) {
        let count = codes.len() as u64;
        self.control(Control::PlanReturns(ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, count, codes)));
    }

    /// The next funding is returned after its settlement, before it is available.
    pub fn return_funding_pending(&self, code: &str) {
        self.control(Control::PlanReturns(ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, 1, &[code])));
    }

    /// The receiving bank corrects the account number of a transfer.
    pub fn correct_account(&self, transfer_id: &str, account_number: &str) {
        let change = NotificationOfChange {
            change_code: "C01".to_owned(),
            account_number: account_number.to_owned(),
            ..NotificationOfChange::default()
        };
        self.control(Control::NotificationOfChange { transfer_id: transfer_id.to_owned(), change });
    }

    /// A transfer is returned now.
    pub fn return_now(&self, transfer_id: &str, code: &str) {
        let (transfer_id, return_code) = (transfer_id.to_owned(), code.to_owned());
        self.control(Control::Return { transfer_id, return_code, addenda: String::new() });
    }

    pub fn webhook_faults(&self, faults: WebhookFaults) {
        self.control(Control::FaultWebhooks(faults));
    }
}

fn config() -> Config {
    Config { api_key: world::BANK_KEY.to_owned(), seed: 1, root_entity_name: "Journey Payroll".to_owned() }
}

fn directory(unknown_institutions: BTreeSet<String>) -> simulators::plaid::Config {
    simulators::plaid::Config {
        client_id: world::PLAID_KEYS.to_owned(),
        secret: world::PLAID_KEYS.to_owned(),
        unknown_institutions,
        without_routing_numbers: BTreeSet::new(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn transfer(listed: &Value) -> Transfer {
    Transfer {
        id: text(&listed["id"]),
        key: text(&listed["idempotency_key"]),
        status: text(&listed["status"]),
        is_debit: listed["type"] == json!("DEBIT"),
        cents: listed["amount"].as_i64().unwrap(),
        bank_account_id: text(&listed["bank_account_id"]),
        counterparty_id: text(&listed["counterparty_id"]),
        created_at: text(&listed["created_at"]).parse().unwrap(),
    }
}
