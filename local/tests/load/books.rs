//! What must hold after the volley: of each true webhook its effect once, of each forged one nothing, and the bank's sums in our books.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use shared::domain::ids::{ItemId, PaymentId, TransferKey};
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::State;
use shared::operations::{ledger, reports, sources};
use shared::ports::table::Key;
use shared::store::received_webhooks::{self, ReceivedWebhook};
use shared::store::{history, keys, stored};

use crate::held::Webhook;
use crate::scene::Scene;

/// The payment or funding of a bank's event, and the event's id.
fn about(webhook: &Webhook) -> (ItemId, String) {
    let event = webhook.json();
    let key: TransferKey = event["data"]["idempotency_key"].as_str().unwrap().parse().unwrap();
    (key.item, event["id"].as_str().unwrap().to_owned())
}

fn token_fingerprint(webhook: &Webhook) -> String {
    let token = webhook.proof.clone().unwrap_or_default();
    let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
    hex::encode(Sha256::digest(signed))
}

pub(crate) async fn each_event_is_in_its_history_once(scene: &Scene, told: &[Webhook]) {
    let mut expected: BTreeMap<ItemId, BTreeSet<String>> = BTreeMap::new();
    for webhook in told {
        let (item, event_id) = about(webhook);
        assert!(expected.entry(item).or_default().insert(event_id), "the bank numbers two events alike");
    }
    assert_eq!(expected.len() as u64, scene.file.payable.rows, "payments that the bank told of");
    for (item, event_ids) in expected {
        let entries = history::read(&*scene.stack.system.table, item).await.unwrap();
        let recorded: Vec<String> = entries.into_iter().filter_map(|entry| entry.event_id).collect();
        assert_eq!(recorded.len(), event_ids.len(), "events of {item}: {recorded:?}");
        assert_eq!(recorded.into_iter().collect::<BTreeSet<_>>(), event_ids, "events of {item}");
    }
}

pub(crate) async fn each_webhook_of_plaid_was_heeded(scene: &Scene, told: &[Webhook]) {
    for webhook in told {
        let key = received_webhooks::key(&token_fingerprint(webhook));
        let received: Option<ReceivedWebhook> = stored::read(&*scene.stack.system.table, &key).await.unwrap();
        let received = received.unwrap_or_else(|| panic!("lost: {webhook:?}"));
        assert_eq!(received.due_at, None, "nobody processed {webhook:?}");
    }
}

pub(crate) async fn nothing_is_left_of(scene: &Scene, forged: &[Webhook]) {
    let is_there = async |key: Key| scene.stack.system.table.get(&key).await.unwrap().is_some();
    for webhook in forged {
        if webhook.provider == "plaid" {
            assert!(
                !is_there(received_webhooks::key(&token_fingerprint(webhook))).await || is_copied(webhook),
                "{webhook:?}"
            );
            continue;
        }
        let (item, event_id) = about(webhook);
        // Those that repeat true words cannot be told from them.
        if event_id.contains("forged") {
            assert!(!is_there(keys::history_event(item, &event_id)).await, "{webhook:?}");
            assert!(!is_there(keys::inbox("column", &event_id)).await, "{webhook:?}");
        }
    }
}

/// A forged webhook under the token of a true one, or what that token signs: the fingerprint is known for the true one's sake.
fn is_copied(webhook: &Webhook) -> bool {
    webhook.proof.as_deref().unwrap_or_default().split('.').count() == 3
}

/// Nothing but the webhooks has told us so.
pub(crate) async fn payments_stand_as_the_bank_says(scene: &Scene) {
    let payments = reports::payments_by_row(&scene.stack.system, scene.batch_id).await.unwrap();
    assert_eq!(payments.len() as u64, scene.file.rows);
    let mut by_id: BTreeMap<PaymentId, _> = payments.iter().map(|payment| (payment.id, payment)).collect();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for transfer in transfers(scene).await.iter().filter(|transfer| transfer["type"] == json!("CREDIT")) {
        let key: TransferKey = transfer["idempotency_key"].as_str().unwrap().parse().unwrap();
        let ItemId::Payment(id) = key.item else { panic!("a credit for {key:?}") };
        let payment = by_id.remove(&id).unwrap_or_else(|| panic!("a second transfer of {id}"));
        let expected = match transfer["status"].as_str().unwrap() {
            "SETTLED" | "COMPLETED" => State::Completed,
            "RETURNED" => State::Returned,
            other => panic!("{id} is {other} at the bank"),
        };
        assert_eq!(payment.leg.state, expected, "{id}");
        assert_eq!(transfer["amount"], json!(payment.amount.get()), "{id}");
        *counts.entry(expected.as_str()).or_default() += 1;
    }
    let returned = scene.file.payable.rows / 10;
    assert_eq!(counts, BTreeMap::from([("completed", scene.file.payable.rows - returned), ("returned", returned)]));
    assert!(by_id.values().all(|payment| payment.leg.state == State::Failed), "only the unpayable ones are left");
}

/// Each source's cash and pulled money, to the cent; and debits are credits.
pub(crate) async fn cash_and_pulled_are_the_bank_s_balances(scene: &Scene) {
    let books = ledger::trial_balance(&scene.stack.system).await.unwrap();
    assert_eq!(books.total.debits, books.total.credits);
    let sources = sources::all(&scene.stack.system).await.unwrap();
    assert_eq!(sources.len(), scene.file.by_source.len());
    for source in sources {
        let booked = |kind| {
            let account = Account { kind, payer_id: source.id.clone() };
            books.accounts.get(&account.to_string()).map_or(0, |totals| totals.balance().unwrap().get())
        };
        let path = format!("/bank-accounts/{}", source.bank_account_id.as_deref().unwrap());
        let balances = scene.ask_bank(Method::GET, &path, Value::Null).await["balances"].take();
        assert_eq!(json!(booked(AccountKind::Cash)), balances["available_amount"], "cash of {}", source.id);
        assert_eq!(json!(booked(AccountKind::DebitsInTransit)), balances["pending_amount"], "pulled of {}", source.id);
    }
}

async fn transfers(scene: &Scene) -> Vec<Value> {
    let (mut transfers, mut after) = (Vec::<Value>::new(), String::new());
    loop {
        let page = scene.ask_bank(Method::GET, &format!("/transfers/ach?limit=100{after}"), Value::Null).await;
        transfers.extend(page["transfers"].as_array().unwrap().iter().cloned());
        if page["has_more"] != json!(true) {
            return transfers;
        }
        after = format!("&starting_after={}", transfers.last().unwrap()["id"].as_str().unwrap());
    }
}
