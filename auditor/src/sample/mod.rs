//! Evidence made by hand, for the tests of the checks: a batch of three rows, of which one cannot be paid, and a card's bill; all went
//! well. Each test spoils one thing.

mod bank;
mod reported;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::bank::Moved;
pub(crate) use self::reported::{post, step};
use crate::evidence::{
    Account, Asked, Balance, Bank, Caps, Card, Command, CommandKind, Evidence, Forbidden, Logs, Move, PayrollFile,
    Permission, Person, RealCard, Row, Standing, StandingKind, Terms, Told, ToldCardPayment, ToldItem,
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
        terms: Terms { hold_banking_days: 2, hold_new_banking_days: 2, lease_seconds: 60 },
        bank: Bank::default(),
        asked: Asked::default(),
        told: Told { trial_balance: json!({ "accounts": {} }), ..Told::default() },
        standing: Vec::new(),
        moves: Vec::new(),
        pauses: Vec::new(),
        given_up: Vec::new(),
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
            payee_type: None,
            payee_name: None,
            source_account: source_account.clone(),
            name: "Ann Example".to_owned(),
            currency: None,
        };
        let rows = vec![row(1, 1_000, Some("021000021")), row(2, 2_000, Some("021000021")), row(3, 500, None)];
        let file = PayrollFile {
            batch_id: BATCH.to_owned(),
            uploaded_by: "ann".to_owned(),
            order: self.next(),
            sha256: "f1".to_owned(),
            amounts: None,
            rows,
        };
        self.evidence.asked.files.push(file);
        self.command(CommandKind::Create, "", "ann", APPROVED);
        self.answered(json!({ "batch_id": BATCH }));
        self.command(CommandKind::Summarize, BATCH, "ann", APPROVED);
        self.answered(json!({ "manifest_hash": "m1", "file_sha256": "f1" }));
        self.command(CommandKind::Approve, BATCH, "bob", APPROVED);
        self.answered(json!({ "manifest_hash": "m1", "approved_by": "bob" }));
        for state in ["draft", "ready", "importing", "paying"] {
            self.step(BATCH, state, 0, APPROVED);
        }
        self.funding(FUNDING, SOURCE, 3_000, "bacc_1", "90000001", Some(BATCH));
        for (id, cents, payee) in [(PAYMENT, 1_000, "10000001"), (OTHER_PAYMENT, 2_000, "10000002")] {
            self.step(id, "unprocessed", 1, APPROVED);
            self.send(Moved { item: id, kind: "CREDIT", cents, bank_account: "bacc_1", external_account: payee });
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
        let permission = Permission {
            from: opened,
            until: None,
            account: account.clone(),
            account_type: "checking".to_owned(),
            least_cents: 100,
            most_cents: 10_000,
        };
        let caps = Caps { from: opened, payment_cents: Some(5_000), day_cents: Some(6_000), month_cents: Some(8_000) };
        let card = Card {
            card_id: CARD.to_owned(),
            real: "real_card".to_owned(),
            card_number: "4000000000000002".to_owned(),
            mask: "0002".to_owned(),
            permissions: vec![permission],
            caps: vec![caps],
        };
        let person = Person {
            person_id: PERSON.to_owned(),
            subject: "ann".to_owned(),
            holder: "Ann Example".to_owned(),
            accounts: vec![account],
            cards: vec![card],
        };
        self.evidence.asked.persons.push(person);
        self.evidence.asked.real_cards.push(RealCard {
            key: "real_card".to_owned(),
            number: "4000000000000002".to_owned(),
            owed: vec![Balance { at: opened, cents: 4_000 }],
            ..RealCard::default()
        });
        self.funding(CARD_FUNDING, PERSON, 4_000, "bacc_2", "80000001", None);
        self.step(CARD_PAYMENT, "unprocessed", 1, APPROVED);
        self.send(Moved {
            item: CARD_PAYMENT,
            kind: "check",
            cents: 4_000,
            bank_account: "bacc_2",
            external_account: "",
        });
        self.payment(CARD_PAYMENT, None, CARD_FUNDING, PERSON, 4_000, "completed");
        let payment = json!({ "payment_id": CARD_PAYMENT });
        self.evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
        self.bank_account("bacc_2");
        self.standing(CARD_PAYMENT, StandingKind::LonePayment, "completed", None);
        self.standing(CARD_FUNDING, StandingKind::Funding, "available", None);
        self.standing(CARD, StandingKind::Card, "", Some(at("2026-03-21T00:00:00Z")));
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

    /// To what was asked last.
    fn answered(&mut self, answer: Value) {
        if let Some(last) = self.evidence.asked.commands.last_mut() {
            last.answer = answer;
        }
    }

    fn standing(&mut self, id: &str, kind: StandingKind, state: &str, due_at: Option<Timestamp>) {
        let batch_id = (kind == StandingKind::Row).then(|| BATCH.to_owned());
        let (id, state) = (id.to_owned(), state.to_owned());
        self.evidence.standing.push(Standing { id, kind, state, batch_id, due_at, attention: None, is_paused: false });
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
        sent: Value::Null,
        status: Some(200),
        answer: Value::Null,
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
