//! What the API tells of it: payments and fundings with their histories, the books, the reports.

use serde_json::{Value, json};

use super::bank::Moved;
use super::{APPROVED, AVAILABLE, BATCH, OTHER_PAYMENT, PAID, PAYMENT, PULLED, SETTLED, SOURCE, Sample, UNPAYABLE};
use crate::evidence::{Evidence, ToldBatch, ToldItem};

impl Sample {
    /// A debit that settled, whose hold passed.
    pub(super) fn funding(
        &mut self,
        id: &str,
        payer: &str,
        cents: i64,
        bank_account: &str,
        from: &str,
        batch: Option<&str>,
    ) {
        self.step(id, "unprocessed", 1, PULLED);
        self.step(id, "submitting", 1, PULLED);
        self.call("/transfers/ach", Some(&format!("{id}:1")), PULLED);
        self.ach(&Moved { item: id, kind: "DEBIT", cents, bank_account, external_account: from }, PULLED, SETTLED);
        self.step(id, "processing", 1, PULLED);
        self.step(id, "completed", 1, SETTLED);
        self.step(id, "available", 1, AVAILABLE);
        let mut item = json!({
            "funding_id": id, "source_id": payer, "amount": crate::money::dollars(cents), "state": "available", "attempt": 1,
            "transfer_id": format!("tr_{id}"), "bank_status": "SETTLED", "created_at": PULLED,
        });
        if let Some(batch) = batch {
            item["batch_id"] = json!(batch);
        }
        let history = vec![
            step("accepted", Some(("submitting", "processing")), None, &["funding_accepted"]),
            step("ach.outgoing_transfer.settled", Some(("processing", "completed")), Some(&format!("evnt_{id}")), &[]),
            step("available", Some(("completed", "available")), None, &["funding_available"]),
        ];
        self.evidence.told.fundings.push(ToldItem { item, history });
        for (effect, lines) in [
            ("funding_accepted", [("debit", "debits_in_transit"), ("credit", "funds_pending")].as_slice()),
            (
                "funding_available",
                &[("debit", "cash"), ("debit", "funds_pending"), ("credit", "debits_in_transit"), ("credit", "funds")],
            ),
        ] {
            post(&mut self.evidence, id, payer, cents, effect, lines);
        }
    }

    pub(super) fn payment(
        &mut self,
        id: &str,
        batch: Option<&str>,
        funding: &str,
        payer: &str,
        cents: i64,
        state: &str,
    ) {
        let mut item = json!({
            "payment_id": id, "funding_id": funding, "source_id": payer, "amount": crate::money::dollars(cents), "state": state,
            "attempt": 1, "created_at": APPROVED,
        });
        if let Some(batch) = batch {
            item["batch_id"] = json!(batch);
        }
        let mut history = Vec::new();
        if state == "completed" {
            item["transfer_id"] = json!(format!("tr_{id}"));
            let is_check = batch.is_none();
            item["bank_status"] = json!(if is_check { "settled" } else { "SETTLED" });
            let (first, last): (&str, &[&str]) =
                if is_check { ("check_issued", &["check_settled"]) } else { ("payout_accepted", &[]) };
            history.push(step("accepted", Some(("submitting", "processing")), None, &[first]));
            history.push(step("settled", Some(("processing", "completed")), Some(&format!("evnt_{id}")), last));
            let accepted: &[(&str, &str)] = if is_check {
                &[("debit", "funds"), ("debit", "cash_locked"), ("credit", "checks_outstanding"), ("credit", "cash")]
            } else {
                &[("debit", "funds"), ("credit", "cash")]
            };
            post(&mut self.evidence, id, payer, cents, first, accepted);
            for effect in last {
                let lines = [("debit", "checks_outstanding"), ("credit", "cash_locked")];
                post(&mut self.evidence, id, payer, cents, effect, &lines);
            }
        } else {
            item["reason"] = json!("unpayable_institution:closed");
        }
        self.evidence.told.payments.push(ToldItem { item, history });
    }

    pub(super) fn reports(&mut self) {
        let tally = "payments,total,completed,completed_total,failed,failed_total,canceled,canceled_total,returned,returned_total,open,open_total";
        let sums = "3,35.00,2,30.00,1,5.00,0,0.00,0,0.00,0,0.00";
        let line = |number: u32, payment: &str, amount: &str, status: &str, transfer: &str| {
            format!(
                "{number},{payment},EMP-{number},BRC-1,{SOURCE},ins_1,000{number},{amount},{status},,{transfer},,,payment\n"
            )
        };
        let head = "row,payment_id,employee_id,branch_id,source_id,institution_id,account_last4,amount,status,reason,transfer_id,\
                    created_at,updated_at,kind\n";
        let batch = json!({
            "batch_id": BATCH, "state": "completed",
            "totals": {
                "payments": 3, "total": "35.00", "completed": 2, "completed_total": "30.00", "failed": 1, "failed_total": "5.00",
                "canceled": 0, "canceled_total": "0.00", "returned": 0, "returned_total": "0.00", "open": 0, "open_total": "0.00",
            },
        });
        self.evidence.told.batches.push(ToldBatch {
            batch,
            payments_csv: [
                head.to_owned(),
                line(1, PAYMENT, "10.00", "completed", &format!("tr_{PAYMENT}")),
                line(2, OTHER_PAYMENT, "20.00", "completed", &format!("tr_{OTHER_PAYMENT}")),
                line(3, UNPAYABLE, "5.00", "failed", ""),
            ]
            .concat(),
            sources_csv: format!("source_id,{tally}\n{SOURCE},{sums}\n"),
            branches_csv: format!("branch_id,{tally}\nBRC-1,{sums}\n"),
        });
    }
}

pub(crate) fn step(what: &str, moved: Option<(&str, &str)>, event: Option<&str>, effects: &[&str]) -> Value {
    let mut line = json!({ "at": PAID, "what": what, "attempt": 1, "effects": effects });
    if let Some((from, to)) = moved {
        line["from"] = json!(from);
        line["to"] = json!(to);
    }
    if let Some(event) = event {
        line["event_id"] = json!(event);
    }
    line
}

/// An entry in the books and in the trial balance.
pub(crate) fn post(
    evidence: &mut Evidence,
    cause: &str,
    payer: &str,
    cents: i64,
    effect: &str,
    lines: &[(&str, &str)],
) {
    for (side, kind) in lines {
        let account = format!("{kind}:{payer}");
        evidence.told.postings.push(json!({
            "account": account, "side": side, "amount": crate::money::dollars(cents), "effect": effect, "cause": cause, "attempt": 1,
            "at": PAID,
        }));
        let totals = &mut evidence.told.trial_balance["accounts"][&account];
        let column = if *side == "debit" { "debits" } else { "credits" };
        for name in ["debits", "credits"] {
            let before = totals.get(name).and_then(Value::as_str).and_then(crate::money::cents).unwrap_or_default();
            let added = if name == column { cents } else { 0 };
            totals[name] = json!(crate::money::dollars(before + added));
        }
    }
}
