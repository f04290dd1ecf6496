//! What the bank did: transfers and checks, the calls that asked for them, the events that told of them.

use serde_json::{Value, json};

use super::{CLAIMED, PAID, SENT, Sample, at};
use crate::evidence::{BankCall, Delivery};

/// A transfer to put into the evidence.
pub(super) struct Moved<'a> {
    pub(super) item: &'a str,
    pub(super) kind: &'a str,
    pub(super) cents: i64,
    pub(super) bank_account: &'a str,
    pub(super) external_account: &'a str,
}

impl Sample {
    /// A payout that settled.
    pub(super) fn send(&mut self, moved: Moved<'_>) {
        let id = moved.item;
        let path = if moved.kind == "check" { "/transfers/checks/issue" } else { "/transfers/ach" };
        self.step(id, "submitting", 1, CLAIMED);
        self.call(path, Some(&format!("{id}:1")), SENT);
        if moved.kind == "check" {
            self.check(&moved);
        } else {
            self.ach(&moved, SENT, PAID);
        }
        self.step(id, "processing", 1, SENT);
        self.step(id, "completed", 1, PAID);
    }

    /// What is left at the bank: nothing, for everything pulled was paid out.
    pub(super) fn bank_account(&mut self, id: &str) {
        let balances = json!({ "available_amount": 0, "pending_amount": 0, "locked_amount": 0, "holding_amount": 0 });
        self.evidence.bank.accounts.push(json!({ "id": id, "balances": balances }));
    }

    pub(super) fn ach(&mut self, moved: &Moved<'_>, created_at: &str, settled_at: &str) {
        let id = format!("tr_{}", moved.item);
        let end = format!("cpty_{}", moved.external_account);
        let object = json!({
            "id": id, "type": moved.kind, "status": "SETTLED", "amount": moved.cents, "currency_code": "USD",
            "bank_account_id": moved.bank_account, "counterparty_id": end, "idempotency_key": format!("{}:1", moved.item),
            "created_at": created_at, "effective_on": "2026-03-03T08:00:00Z", "settled_at": settled_at,
            "returned_at": null, "cancelled_at": null,
        });
        let external_account = json!({ "id": end, "routing_number": "021000021", "account_number": moved.external_account, "account_type": "checking" });
        self.evidence.bank.counterparties.push(external_account);
        self.deliver(moved.item, "ach.outgoing_transfer.settled", &object, settled_at);
        self.evidence.bank.ach_transfers.push(object);
    }

    pub(super) fn check(&mut self, moved: &Moved<'_>) {
        let object = json!({
            "id": format!("tr_{}", moved.item), "type": "debit", "status": "settled", "positive_pay_amount": moved.cents,
            "currency_code": "USD", "bank_account_id": moved.bank_account, "idempotency_key": format!("{}:1", moved.item),
            "message": "Payment for card account 4000000000000002", "created_at": SENT, "settled_at": PAID,
            "pending_deposit_at": PAID, "stopped_at": null,
        });
        self.deliver(moved.item, "check.outgoing_debit.settled", &object, PAID);
        self.evidence.bank.checks.push(object);
    }

    pub(super) fn deliver(&mut self, item: &str, kind: &str, object: &Value, moment: &str) {
        let event_id = format!("evnt_{item}");
        let body = json!({ "id": event_id, "type": kind, "created_at": moment, "data": object });
        let delivery = Delivery { order: self.next(), at: at(moment), event_id, body: body.clone(), status: Some(200) };
        self.evidence.bank.deliveries.push(delivery);
        self.evidence.bank.events.push(body);
    }

    pub(super) fn call(&mut self, path: &str, key: Option<&str>, moment: &str) {
        let order = self.next();
        let call = BankCall {
            order,
            sent_order: order,
            at: at(moment),
            elapsed_at: at(moment),
            method: "POST".to_owned(),
            path: path.to_owned(),
            idempotency_key: key.map(str::to_owned),
            status: Some(200),
            client_heard_at: Some(at(moment)),
        };
        self.evidence.bank.calls.push(call);
    }
}
