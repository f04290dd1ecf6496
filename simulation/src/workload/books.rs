//! What operators do for the books: reconciliations on demand, debts that payers repay from outside, mistakes and their corrections.

use auditor::evidence::CommandKind;
use http::StatusCode;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use scenarios::simulation::people::{Caller, Sent};
use serde_json::{Value, json};

use super::READER;
use super::payroll::{OPERATORS, command};
use crate::actor::Actor;
use crate::evidence::bank_list;

/// Looks at a reconciliation before nobody asks any more.
const LOOKS_MAX: u32 = 40;

/// Days of a range at most.
const RANGE_DAYS: i64 = 60;

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

fn days_before(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(at)
}

/// Now and then somebody wants to know, and looks at what was found.
pub(super) async fn reconcile_now_and_then(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(2 * 24 * 60, 16 * 24 * 60).await;
        let to = actor.now();
        let from = days_before(to, i64::try_from(actor.fault_injector.below(40)).unwrap_or_default());
        let mut asked = json!({ "from": day(from), "to": day(to), "dry_run": actor.fault_injector.is_one_in(2) });
        if actor.fault_injector.is_one_in(3)
            && let Some(payer) = some_payer(&actor).await
        {
            asked["payer_id"] = payer.into();
        }
        reconcile(&actor, asked).await;
    }
}

/// Everything that the bank ever moved, once nothing moves any more.
pub(crate) async fn reconcile_everything(actor: Actor, since: Timestamp) {
    let mut to = actor.now();
    while to > since {
        let from = days_before(to, RANGE_DAYS - 1).max(since);
        reconcile(&actor, json!({ "from": day(from), "to": day(to), "dry_run": true })).await;
        to = days_before(from, 1);
    }
}

async fn some_payer(actor: &Actor) -> Option<String> {
    let ids: Vec<String> = actor.simulation.table.dump().iter().filter_map(payer_of).collect();
    actor.fault_injector.pick(&ids).cloned()
}

fn payer_of(item: &shared::ports::table::Attributes) -> Option<String> {
    let word = |name: &str| item.get(name).and_then(Value::as_str);
    let is_payer = word("pk")?.starts_with("SOURCE#") || word("pk")?.starts_with("PERSON#");
    (is_payer && item.contains_key("receivable_open")).then(|| word("id").map(str::to_owned)).flatten()
}

async fn reconcile(actor: &Actor, asked: Value) {
    let by = Caller::Operator(OPERATORS[0]);
    let begun = command(actor, by, CommandKind::Reconcile, "books", "/reconciliations", Sent::Json(asked)).await;
    let Some(id) = begun.and_then(|answer| answer.body["reconciliation_id"].as_str().map(str::to_owned)) else {
        return;
    };
    for _ in 0..LOOKS_MAX {
        actor.wait_minutes(30, 6 * 60).await;
        let stands = actor.get(by, &format!("/reconciliations/{id}")).await.unwrap_or_default();
        if stands["state"] == "completed" {
            break;
        }
    }
    actor.get(by, &format!("/reconciliations/{id}/items")).await;
    actor.get(by, "/health").await;
}

/// A payer who owes wires the money to their account at the bank, and two operators book it.
pub(super) async fn settle_debts(actor: Actor, days: u64) {
    let end = super::banks::in_days(&actor, days);
    while actor.now() < end {
        actor.wait_minutes(3 * 24 * 60, 9 * 24 * 60).await;
        for debt in debts(&actor).await {
            if !actor.fault_injector.is_one_in(3) {
                settle(&actor, debt).await;
            }
        }
    }
}

/// One at a time: two who had seen the same debt would both have it wired.
pub(super) async fn settle(actor: &Actor, (payer, cents): Debt) {
    if !actor.begins_to_settle(&payer) {
        return;
    }
    if cents > 0 {
        if !(actor.fault_injector.is_one_in(2) && set_off(actor, &payer, cents).await) {
            repay(actor, &payer, cents).await;
        }
    } else {
        // It was settled otherwise meanwhile: what they wired is theirs.
        let terms =
            Terms { payer: &payer, debit: "receivable", credit: "funds", cents: -cents, about: None, uses: None };
        book(actor, &terms, "repaid and recovered: theirs").await;
    }
    actor.has_settled(&payer);
}

/// A payer whose receivable is not zero, and its balance.
pub(super) type Debt = (String, i64);

/// What is to be booked.
struct Terms<'a> {
    payer: &'a str,
    debit: &'a str,
    credit: &'a str,
    cents: i64,
    about: Option<String>,
    uses: Option<String>,
}

pub(super) async fn debts(actor: &Actor) -> Vec<Debt> {
    let Some(balances) = actor.get(READER, "/ledger/trial-balance").await else { return Vec::new() };
    let accounts = balances["accounts"].as_object().cloned().unwrap_or_default();
    let owed = accounts.iter().filter_map(|(account, totals)| {
        let payer = account.strip_prefix("receivable:")?.to_owned();
        let cents = cents_of(&totals["balance"])?;
        (cents != 0).then_some((payer, cents))
    });
    owed.collect()
}

/// Operators set what lies with us of a lost funding against what is owed for it; sometimes they take that back and do it again. Answers
/// whether they could.
async fn set_off(actor: &Actor, payer: &str, cents: i64) -> bool {
    for lost in lost_fundings(actor, payer) {
        let most = if payer.starts_with("per_") { cents } else { lost.owed };
        let (debit, credit, part) = ("funds", "receivable", actor.fault_injector.is_one_in(3));
        let cents = if part { (most / 2).max(1) } else { most };
        let terms = Terms { payer, debit, credit, cents, about: Some(lost.id.clone()), uses: Some(lost.id) };
        if book(actor, &terms, "what lies with us").await != Some(StatusCode::OK) {
            continue;
        }
        if actor.fault_injector.is_one_in(4) {
            let back = Terms { debit: credit, credit: debit, ..terms };
            book(actor, &back, "not so").await;
            return false;
        }
        return !part;
    }
    false
}

async fn repay(actor: &Actor, payer: &str, cents: i64) {
    let accounts = bank_list(&actor.simulation, "/bank-accounts", "bank_accounts");
    let own =
        |account: &&Value| account["description"].as_str().is_some_and(|text| text.ends_with(&format!(" {payer}")));
    let Some(account) = accounts.iter().find(own) else { return };
    let wire = json!({
        "destination_account_number_id": account["default_account_number_id"], "amount": cents, "currency_code": "USD",
    });
    if actor.simulation.providers.bank_post("/simulate/receive-wire", &wire).is_err() {
        return;
    }
    actor.tell(format_args!("{payer} wires {cents} cents"));
    // It takes a while until somebody sees it.
    actor.wait_minutes(0, 2 * 24 * 60).await;
    for terms in shares(actor, payer, cents) {
        // What payments that never left have taken off the debt meanwhile is the payer's own.
        if book(actor, &terms, "repaid by wire").await == Some(StatusCode::UNPROCESSABLE_ENTITY) {
            book(actor, &Terms { credit: "funds", about: None, ..terms }, "no longer owed: theirs").await;
        }
    }
}

/// What of a wire repays which lost funding. The rest is the payer's: payments that never left have taken it off the debt meanwhile.
fn shares<'a>(actor: &Actor, payer: &'a str, cents: i64) -> Vec<Terms<'a>> {
    let lost = lost_fundings(actor, payer);
    let terms = |credit, cents, about| Terms { payer, debit: "cash", credit, cents, about, uses: None };
    if payer.starts_with("per_") {
        let about = lost.into_iter().find(|lost| lost.cents == cents).map(|lost| lost.id);
        return vec![terms("receivable", cents, about)];
    }
    let mut left = cents;
    let mut shares = Vec::new();
    for lost in lost {
        let share = lost.owed.min(left);
        if share > 0 {
            left -= share;
            shares.push(terms("receivable", share, Some(lost.id)));
        }
    }
    if left > 0 {
        shares.push(terms("funds", left, None));
    }
    shares
}

/// A funding that came back after it was available.
struct Lost {
    id: String,
    cents: i64,
    /// What was neither repaid of it nor taken off by payments that never left.
    owed: i64,
}

fn lost_fundings(actor: &Actor, payer: &str) -> Vec<Lost> {
    let found = actor.simulation.table.dump().into_iter().filter_map(|item| {
        let word = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let effects = item.get("leg").and_then(|leg| leg.get("effects")?.as_array().cloned()).unwrap_or_default();
        let is_lost = word("pk").starts_with("FUNDING#")
            && word("payer_id") == payer
            && effects.iter().any(|effect| effect == "funding_returned_available");
        let cents = cents_of(item.get("amount")?)?;
        let settled = |name: &str| item.get(name).and_then(cents_of).unwrap_or_default();
        let owed = cents - settled("repaid") - settled("taken_off");
        is_lost.then_some(Lost { id: word("id").to_owned(), cents, owed })
    });
    found.collect()
}

/// The cents of dollars as the API and the table write them.
fn cents_of(dollars: &Value) -> Option<i64> {
    dollars.as_str()?.replace('.', "").parse().ok()
}

/// One operator proposes it, another one confirms; sometimes the first one tries both. Answers what the last of them was told.
async fn book(actor: &Actor, terms: &Terms<'_>, reason: &str) -> Option<StatusCode> {
    let mut body = json!({
        "payer_id": terms.payer, "debit": terms.debit, "credit": terms.credit, "reason": reason,
        "amount": format!("{}.{:02}", terms.cents / 100, terms.cents % 100),
    });
    for (name, id) in [("about", &terms.about), ("uses", &terms.uses)] {
        if let Some(id) = id {
            body[name] = id.clone().into();
        }
    }
    let [first, second] = OPERATORS.map(Caller::Operator);
    let path = "/ledger/corrections";
    let kind = CommandKind::ProposeCorrection;
    let proposed = command(actor, first, kind, terms.payer, path, Sent::Json(body.clone())).await?;
    let Some(id) = proposed.body["correction_id"].as_str().map(str::to_owned) else { return Some(proposed.status) };
    actor.wait_minutes(1, 24 * 60).await;
    let path = format!("/ledger/corrections/{id}/confirm");
    let kind = CommandKind::ConfirmCorrection;
    if actor.fault_injector.is_one_in(3) {
        command(actor, first, kind, &id, &path, Sent::Json(body.clone())).await;
    }
    command(actor, second, kind, &id, &path, Sent::Json(body)).await.map(|confirmed| confirmed.status)
}

/// Operators book something that is not so, and see it some time later.
pub(super) async fn err_and_correct(actor: Actor, days: u64) {
    if !actor.fault_injector.is_one_in(3) {
        return;
    }
    actor.wait_minutes(60, days * 12 * 60).await;
    let Some(payer) = some_payer(&actor).await else { return };
    let cents = i64::try_from(actor.fault_injector.between(1, 9_999)).unwrap_or(1);
    let wrong = Terms { payer: &payer, debit: "cash", credit: "funds", cents, about: None, uses: None };
    book(&actor, &wrong, "thought to be theirs").await;
    actor.wait_minutes(60, 6 * 24 * 60).await;
    let right = Terms { payer: &payer, debit: "funds", credit: "cash", cents, about: None, uses: None };
    book(&actor, &right, "it was not").await;
}
