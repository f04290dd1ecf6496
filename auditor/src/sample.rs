//! Evidence made by hand, for the tests of the checks: a batch of three rows, of which one cannot be paid, and a card's bill; all went
//! well. Each test spoils one thing.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::evidence::{
    Account, Asked, Balance, Bank, BankCall, Caps, Card, Command, CommandKind, Delivery, Evidence, Forbidden, Logs,
    Move, PayrollFile, Permission, Person, Row, Standing, StandingKind, Terms, Told, ToldBatch, ToldCardPayment,
    ToldItem,
};
use crate::finding::Finding;

pub(crate) const BATCH: &str = "bat_b1";
pub(crate) const FUNDING: &str = "fnd_b1-s1-1";
pub(crate) const PAYMENT: &str = "pay_b1-01-0000001";
pub(crate) const OTHER_PAYMENT: &str = "pay_b1-02-0000002";
pub(crate) const UNPAYABLE: &str = "pay_b1-03-0000003";
pub(crate) const SOURCE: &str = "CORP-1";
pub(crate) const PERSON: &str = "per_1";
pub(crate) const CARD: &str = "crd_1";
pub(crate) const CARD_FUNDING: &str = "fnd_l1";
pub(crate) const CARD_PAYMENT: &str = "pay_l1";

const APPROVED: &str = "2026-03-02T18:00:00Z";
const PULLED: &str = "2026-03-02T18:05:00Z";
const SETTLED: &str = "2026-03-03T13:30:00Z";
const AVAILABLE: &str = "2026-03-05T13:31:00Z";
pub(crate) const CLAIMED: &str = "2026-03-05T13:32:00Z";
const SENT: &str = "2026-03-05T13:32:01Z";
const PAID: &str = "2026-03-06T13:30:00Z";
const GATHERED: &str = "2026-03-20T12:00:00Z";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What one check finds in it.
pub(crate) fn findings_of(check: &str, evidence: &Evidence) -> Vec<Finding> {
    let found = crate::audit(evidence);
    found.into_iter().filter(|finding| finding.check == check || finding.check == "evidence").collect()
}

/// Everything went well, until `spoil` had its way; the check's findings.
pub(crate) fn spoiled(check: &str, spoil: impl FnOnce(&mut Evidence)) -> Vec<Finding> {
    let mut evidence = good();
    spoil(&mut evidence);
    findings_of(check, &evidence)
}

/// Fails unless the check finds exactly one thing, about this, and says so.
pub(crate) fn found_one(check: &str, about: &str, what: &str, spoil: impl FnOnce(&mut Evidence)) {
    let found = spoiled(check, spoil);
    let fits = matches!(found.as_slice(), [one] if one.about == about && one.what.contains(what));
    assert!(fits, "{found:#?}");
}

pub(crate) fn good() -> Evidence {
    let mut sample = Sample { evidence: empty(), order: 0 };
    sample.batch();
    sample.card();
    sample.evidence
}

fn empty() -> Evidence {
    Evidence {
        gathered_at: at(GATHERED),
        is_at_rest: true,
        terms: Terms { hold_banking_days: 2, lease_seconds: 60 },
        bank: Bank::default(),
        asked: Asked::default(),
        told: Told { trial_balance: json!({ "accounts": {} }), ..Told::default() },
        standing: Vec::new(),
        moves: Vec::new(),
        logs: Logs {
            lines: vec!["a batch ended".to_owned()],
            forbidden: vec![Forbidden { what: "account number of a payee".to_owned(), text: "10000001".to_owned() }],
        },
    }
}

pub(crate) fn account(number: &str) -> Account {
    Account { routing_number: "021000021".to_owned(), account_number: number.to_owned() }
}

struct Sample {
    evidence: Evidence,
    order: u64,
}

/// A transfer to put into the evidence.
struct Moved<'a> {
    item: &'a str,
    kind: &'a str,
    cents: i64,
    bank_account: &'a str,
    other_end: &'a str,
}

impl Sample {
    fn next(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    fn batch(&mut self) {
        let source_account = account("90000001");
        let row = |number: u32, cents, routing: Option<&str>| Row {
            source_id: SOURCE.to_owned(),
            branch_id: "BRC-1".to_owned(),
            employee_id: format!("EMP-{number}"),
            institution_id: "ins_1".to_owned(),
            cents,
            payee_account: format!("1000000{number}"),
            payee_routing: routing.map(str::to_owned),
            source_account: source_account.clone(),
        };
        let rows = vec![row(1, 1_000, Some("021000021")), row(2, 2_000, Some("021000021")), row(3, 500, None)];
        let file = PayrollFile { batch_id: BATCH.to_owned(), uploaded_by: "ann".to_owned(), rows };
        self.evidence.asked.files.push(file);
        self.command(CommandKind::Approve, BATCH, "bob", APPROVED);
        for state in ["draft", "ready", "importing", "paying"] {
            self.step(BATCH, state, 0, APPROVED);
        }
        self.funding(FUNDING, SOURCE, 3_000, "bacc_1", "90000001", Some(BATCH));
        for (id, cents, payee) in [(PAYMENT, 1_000, "10000001"), (OTHER_PAYMENT, 2_000, "10000002")] {
            self.step(id, "unprocessed", 1, APPROVED);
            self.send(Moved { item: id, kind: "CREDIT", cents, bank_account: "bacc_1", other_end: payee });
            self.payment(id, Some(BATCH), FUNDING, SOURCE, cents, "completed");
        }
        self.step(UNPAYABLE, "failed", 1, APPROVED);
        self.payment(UNPAYABLE, Some(BATCH), FUNDING, SOURCE, 500, "failed");
        self.step(BATCH, "completed", 0, PAID);
        self.reports();
        self.bank_account("bacc_1");
        for (id, kind, state) in [
            (BATCH, StandingKind::Batch, "completed"),
            (PAYMENT, StandingKind::Row, "completed"),
            (OTHER_PAYMENT, StandingKind::Row, "completed"),
            (UNPAYABLE, StandingKind::Row, "failed"),
            (FUNDING, StandingKind::Funding, "available"),
        ] {
            self.standing(id, kind, state, None);
        }
    }

    fn card(&mut self) {
        let (opened, account) = (at(APPROVED), account("80000001"));
        let permission =
            Permission { from: opened, until: None, account: account.clone(), least_cents: 100, most_cents: 10_000 };
        let caps = Caps { from: opened, payment_cents: Some(5_000), day_cents: Some(6_000), month_cents: Some(8_000) };
        let card = Card {
            card_id: CARD.to_owned(),
            card_number: "4000000000000002".to_owned(),
            balances: vec![Balance { at: opened, cents: 4_000 }],
            permissions: vec![permission],
            caps: vec![caps],
        };
        let person = Person { person_id: PERSON.to_owned(), accounts: vec![account], cards: vec![card] };
        self.evidence.asked.persons.push(person);
        self.funding(CARD_FUNDING, PERSON, 4_000, "bacc_2", "80000001", None);
        self.step(CARD_PAYMENT, "unprocessed", 1, APPROVED);
        self.send(Moved { item: CARD_PAYMENT, kind: "check", cents: 4_000, bank_account: "bacc_2", other_end: "" });
        self.payment(CARD_PAYMENT, None, CARD_FUNDING, PERSON, 4_000, "completed");
        let payment = json!({ "payment_id": CARD_PAYMENT });
        self.evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
        self.bank_account("bacc_2");
        self.standing(CARD_PAYMENT, StandingKind::LonePayment, "completed", None);
        self.standing(CARD_FUNDING, StandingKind::Funding, "available", None);
        self.standing(CARD, StandingKind::Card, "", Some(at("2026-03-21T00:00:00Z")));
    }

    /// A debit that settled, whose hold passed.
    fn funding(&mut self, id: &str, payer: &str, cents: i64, bank_account: &str, from: &str, batch: Option<&str>) {
        self.step(id, "unprocessed", 1, PULLED);
        self.step(id, "submitting", 1, PULLED);
        self.call("/transfers/ach", Some(&format!("{id}:1")), PULLED);
        self.ach(&Moved { item: id, kind: "DEBIT", cents, bank_account, other_end: from }, PULLED, SETTLED);
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
            ("funding_accepted", [("debit", "pulled"), ("credit", "funds_pending")].as_slice()),
            (
                "funding_available",
                &[("debit", "cash"), ("debit", "funds_pending"), ("credit", "pulled"), ("credit", "funds")],
            ),
        ] {
            post(&mut self.evidence, id, payer, cents, effect, lines);
        }
    }

    /// A payout that settled.
    fn send(&mut self, moved: Moved<'_>) {
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

    fn payment(&mut self, id: &str, batch: Option<&str>, funding: &str, payer: &str, cents: i64, state: &str) {
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

    fn ach(&mut self, moved: &Moved<'_>, created_at: &str, settled_at: &str) {
        let id = format!("tr_{}", moved.item);
        let end = format!("cpty_{}", moved.other_end);
        let object = json!({
            "id": id, "type": moved.kind, "status": "SETTLED", "amount": moved.cents, "currency_code": "USD",
            "bank_account_id": moved.bank_account, "counterparty_id": end, "idempotency_key": format!("{}:1", moved.item),
            "created_at": created_at, "effective_on": "2026-03-03T08:00:00Z", "settled_at": settled_at,
            "returned_at": null, "cancelled_at": null,
        });
        let other_end = json!({ "id": end, "routing_number": "021000021", "account_number": moved.other_end });
        self.evidence.bank.counterparties.push(other_end);
        self.deliver(moved.item, "ach.outgoing_transfer.settled", &object, settled_at);
        self.evidence.bank.ach_transfers.push(object);
    }

    fn check(&mut self, moved: &Moved<'_>) {
        let object = json!({
            "id": format!("tr_{}", moved.item), "type": "debit", "status": "settled", "positive_pay_amount": moved.cents,
            "currency_code": "USD", "bank_account_id": moved.bank_account, "idempotency_key": format!("{}:1", moved.item),
            "message": "Payment for card account 4000000000000002", "created_at": SENT, "settled_at": PAID,
            "pending_deposit_at": PAID, "stopped_at": null,
        });
        self.deliver(moved.item, "check.outgoing_debit.settled", &object, PAID);
        self.evidence.bank.checks.push(object);
    }

    fn deliver(&mut self, item: &str, kind: &str, object: &Value, moment: &str) {
        let event_id = format!("evnt_{item}");
        let body = json!({ "id": event_id, "type": kind, "created_at": moment, "data": object });
        let delivery = Delivery { order: self.next(), at: at(moment), event_id, body: body.clone(), status: Some(200) };
        self.evidence.bank.deliveries.push(delivery);
        self.evidence.bank.events.push(body);
    }

    fn call(&mut self, path: &str, key: Option<&str>, moment: &str) {
        let call = BankCall {
            order: self.next(),
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

    fn step(&mut self, id: &str, state: &str, attempt: u32, moment: &str) {
        let order = self.next();
        let step = Move { order, at: at(moment), id: id.to_owned(), state: state.to_owned(), attempt };
        self.evidence.moves.push(step);
    }

    fn command(&mut self, kind: CommandKind, about: &str, by: &str, moment: &str) {
        let command = Command { order: self.next(), ..command(kind, about, by, moment) };
        self.evidence.asked.commands.push(command);
    }

    /// What is left at the bank: nothing, for everything pulled was paid out.
    fn bank_account(&mut self, id: &str) {
        let balances = json!({ "available_amount": 0, "pending_amount": 0, "locked_amount": 0, "holding_amount": 0 });
        self.evidence.bank.accounts.push(json!({ "id": id, "balances": balances }));
    }

    fn standing(&mut self, id: &str, kind: StandingKind, state: &str, due_at: Option<Timestamp>) {
        let batch_id = (kind == StandingKind::Row).then(|| BATCH.to_owned());
        let (id, state) = (id.to_owned(), state.to_owned());
        self.evidence.standing.push(Standing { id, kind, state, batch_id, due_at, attention: None, is_paused: false });
    }

    fn reports(&mut self) {
        let tally =
            "payments,total,completed,completed_total,failed,failed_total,returned,returned_total,open,open_total";
        let sums = "3,35.00,2,30.00,1,5.00,0,0.00,0,0.00";
        let line = |number: u32, payment: &str, amount: &str, status: &str, transfer: &str| {
            format!(
                "{number},{payment},EMP-{number},BRC-1,{SOURCE},ins_1,000{number},{amount},{status},,{transfer},,\n"
            )
        };
        let head = "row,payment_id,employee_id,branch_id,source_id,institution_id,account_last4,amount,status,reason,transfer_id,\
                    created_at,updated_at\n";
        let batch = json!({
            "batch_id": BATCH, "state": "completed",
            "totals": {
                "payments": 3, "total": "35.00", "completed": 2, "completed_total": "30.00", "failed": 1, "failed_total": "5.00",
                "returned": 0, "returned_total": "0.00", "open": 0, "open_total": "0.00",
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

pub(crate) fn command(kind: CommandKind, about: &str, by: &str, moment: &str) -> Command {
    Command {
        order: 0,
        at: at(moment),
        answered_at: Some(at(moment)),
        by: by.to_owned(),
        kind,
        about: about.to_owned(),
        status: Some(200),
        answer: Value::Null,
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

/// A transfer as the bank lists it.
pub(crate) fn transfer<'e>(evidence: &'e mut Evidence, item: &str) -> &'e mut Value {
    let bank = &mut evidence.bank;
    let id = format!("tr_{item}");
    bank.ach_transfers.iter_mut().chain(&mut bank.checks).find(|object| object["id"] == id.as_str()).unwrap()
}

/// A payment or funding as the API tells it.
pub(crate) fn told<'e>(evidence: &'e mut Evidence, id: &str) -> &'e mut ToldItem {
    let told = &mut evidence.told;
    let mut payments = told.payments.iter_mut();
    let payment = payments.find(|told| told.item["payment_id"] == id);
    payment.or_else(|| told.fundings.iter_mut().find(|told| told.item["funding_id"] == id)).unwrap()
}

pub(crate) fn standing<'e>(evidence: &'e mut Evidence, id: &str) -> &'e mut Standing {
    evidence.standing.iter_mut().find(|standing| standing.id == id).unwrap()
}

#[test]
fn nothing_is_found_where_all_went_well() {
    let found = crate::audit(&good());
    assert!(found.is_empty(), "{found:#?}");
}
