//! What our own API answers.

use auditor::evidence::{Shown, Told, ToldBatch, ToldCardPayment, ToldItem, ToldReconciliation};
use axum::Router;
use axum::body::Body;
use futures::FutureExt as _;
use http::header::{ACCEPT, HeaderValue};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use scenarios::simulation::Simulation;
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};
use shared::ports::table::Attributes;
use tower::ServiceExt as _;

use crate::workload::{OPERATOR, PERSONS, READER};

/// More than enough for a handler whose ports answer at once.
const POLLS_MAX: u32 = 100_000;

struct Reader<'a> {
    simulation: &'a Simulation,
    api: &'a Router,
}

pub(super) fn read(simulation: &Simulation, api: &Router, items: &[Attributes]) -> Told {
    let reader = Reader { simulation, api };
    let ids = |prefix: &str, is_batch: bool| -> Vec<String> {
        let of_kind = items.iter().filter(|item| {
            let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
            text("pk").starts_with(prefix) && (text("sk") == "BATCH") == is_batch && item.contains_key("id")
        });
        of_kind.filter_map(|item| item.get("id")?.as_str().map(str::to_owned)).collect()
    };
    let payments = [ids("BATCH#", false), ids("PAYMENT#", false)].concat();
    let payments = payments.into_iter().filter(|id| id.starts_with("pay_"));
    let trial_balance = reader.get("/ledger/trial-balance");
    let accounts = trial_balance["accounts"].as_object().cloned().unwrap_or_default();
    Told {
        batches: ids("BATCH#", true).iter().map(|id| reader.batch(id)).collect(),
        payments: payments.map(|id| reader.item("payments", &id)).collect(),
        fundings: ids("FUNDING#", false).iter().map(|id| reader.item("fundings", id)).collect(),
        cards: reader.shown("/cards"),
        bank_accounts: reader.shown("/bank-accounts"),
        links: reader.shown("/items"),
        notices: Vec::new(),
        events: Vec::new(),
        endpoints: reader.get_as(OPERATOR, "/webhook-endpoints")["items"].as_array().cloned().unwrap_or_default(),
        card_payments: PERSONS.iter().flat_map(|person| reader.card_payments(person)).collect(),
        postings: accounts
            .keys()
            .flat_map(|account| reader.pages(READER, &format!("/ledger/accounts/{account}/postings")))
            .collect(),
        trial_balance,
        reconciliations: of_operators(items, "RECONCILIATION#")
            .filter(|(_, sk)| sk == "RECONCILIATION")
            .map(|(id, _)| reader.reconciliation(&id))
            .collect(),
        unmatched_events: reader.pages(OPERATOR, "/unmatched-events"),
        dead_letters: of_operators(items, "DEADLETTER#")
            .filter(|(_, sk)| sk == "DEADLETTER")
            .map(|(id, _)| reader.get_as(OPERATOR, &format!("/dead-letters/{id}")))
            .collect(),
    }
}

/// Id and sort key of what operators alone read.
fn of_operators(items: &[Attributes], prefix: &str) -> impl Iterator<Item = (String, String)> {
    items.iter().filter_map(move |item| {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        text("pk")?.starts_with(prefix).then(|| Some((text("id")?.to_owned(), text("sk")?.to_owned()))).flatten()
    })
}

impl Reader<'_> {
    fn get(&self, path: &str) -> Value {
        self.get_as(READER, path)
    }

    fn get_as(&self, caller: Caller, path: &str) -> Value {
        let (status, body) = self.ask(caller, path, "application/json");
        if status != 200 {
            return json!({ "status": status, "of": path });
        }
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Status and body; nothing where the handler does not answer.
    fn ask(&self, caller: Caller, path: &str, accept: &'static str) -> (u16, Vec<u8>) {
        let request: Option<Request<Body>> =
            self.simulation.request("read", caller, Method::GET, path, Sent::Nothing).ok();
        let Some(mut request) = request else { return (0, Vec::new()) };
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static(accept));
        let router = self.api.clone();
        let mut answered = Box::pin(async move {
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let status = response.status().as_u16();
            let body = response.into_body().collect().await.map(|body| body.to_bytes().to_vec());
            (status, body.unwrap_or_default())
        });
        let mut context = std::task::Context::from_waker(futures::task::noop_waker_ref());
        for _ in 0..POLLS_MAX {
            if let std::task::Poll::Ready(answer) = answered.poll_unpin(&mut context) {
                return answer;
            }
        }
        (0, Vec::new())
    }

    fn csv(&self, path: &str) -> String {
        match self.ask(READER, path, "text/csv") {
            (200, body) => String::from_utf8_lossy(&body).into_owned(),
            _ => String::new(),
        }
    }

    fn batch(&self, id: &str) -> ToldBatch {
        let report = |kind: &str| self.csv(&format!("/batches/{id}/reports/{kind}"));
        ToldBatch {
            batch: self.get(&format!("/batches/{id}")),
            payments_csv: report("payments"),
            sources_csv: report("sources"),
            branches_csv: report("branches"),
        }
    }

    fn item(&self, kind: &str, id: &str) -> ToldItem {
        let history = self.get(&format!("/{kind}/{id}/history"));
        ToldItem {
            item: self.get(&format!("/{kind}/{id}")),
            history: history["items"].as_array().cloned().unwrap_or_default(),
        }
    }

    fn pages(&self, caller: Caller, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut target = format!("{path}?limit=100");
        loop {
            let page = self.get_as(caller, &target);
            found.extend(page["items"].as_array().into_iter().flatten().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => target = format!("{path}?limit=100&cursor={next}"),
                None => return found,
            }
        }
    }

    fn reconciliation(&self, id: &str) -> ToldReconciliation {
        let path = format!("/reconciliations/{id}");
        ToldReconciliation {
            reconciliation: self.get_as(OPERATOR, &path),
            items: self.pages(OPERATOR, &format!("{path}/items")),
        }
    }

    /// A list as every person is shown it.
    fn shown(&self, path: &str) -> Vec<Shown> {
        let of_one = |subject: &'static str| {
            let list = self.get_as(Caller::Person(subject), path);
            let items = list["items"].as_array().cloned().unwrap_or_default();
            items.into_iter().map(move |view| Shown { subject: subject.to_owned(), view })
        };
        PERSONS.into_iter().flat_map(of_one).collect()
    }

    fn card_payments(&self, person: &'static str) -> Vec<ToldCardPayment> {
        let caller = Caller::Person(person);
        let cards = self.get_as(caller, "/cards");
        let ids = cards["items"].as_array().cloned().unwrap_or_default();
        let ids = ids.iter().filter_map(|card| card["card_id"].as_str().map(str::to_owned));
        let of_card = |card_id: String| {
            let payments = self.pages(caller, &format!("/cards/{card_id}/payments"));
            payments.into_iter().map(move |payment| ToldCardPayment { card_id: card_id.clone(), payment })
        };
        ids.flat_map(of_card).collect()
    }
}
