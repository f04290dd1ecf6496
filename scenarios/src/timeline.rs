//! What really happened, in order: from the histories of payments and fundings, the reviews, and the journal of what passed between us
//! and the providers.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use shared::domain::ach::return_codes::ReturnCode;
use shared::domain::autopay::explain::money;
use shared::domain::autopay::in_flight::Stage;
use shared::domain::calendar::eastern_date;
use shared::domain::funding::Funding;
use shared::domain::ids::ItemId;
use shared::domain::leg::State;
use shared::domain::payment::{Payee, Payment};
use shared::store::history::{self, HistoryEntry};

use crate::error::Played;
use crate::simulation::Simulation;
use crate::simulation::standing::Standing;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Business time.
    pub at: Timestamp,
    pub what: String,
    pub id: String,
}

/// A reading that a review or a lower balance followed within this time is worth telling; scheduled ones are not.
const FOLLOWED_WITHIN: SignedDuration = SignedDuration::from_secs(60);

impl Simulation {
    pub(crate) async fn timeline(&self, standing: &Standing) -> Played<Vec<Entry>> {
        let mut entries = Vec::new();
        for item in &standing.items {
            add(&mut entries, item.created_at, format!("linked: {}", item.institution_name), &item.id);
        }
        for review in &standing.reviews {
            add(&mut entries, review.at, format!("decision: {}", review.reason), &review.card_id.to_string());
        }
        for funding in &standing.fundings {
            let item = ItemId::Funding(funding.id);
            for entry in history::read(&*self.system.table, item).await? {
                funding_step(&mut entries, funding, &entry);
            }
        }
        for payment in standing.payments.iter().chain(&standing.refunds) {
            let item = ItemId::Payment(payment.id);
            for entry in history::read(&*self.system.table, item).await? {
                payment_step(&mut entries, payment, &entry);
            }
        }
        lower_balances(&mut entries, standing);
        self.journal(&mut entries);
        entries.sort_by_key(|entry| (entry.at, rank(&entry.what)));
        Ok(entries)
    }

    fn journal(&self, entries: &mut Vec<Entry>) {
        let told: Vec<Timestamp> = entries.iter().map(|entry| entry.at).collect();
        let mut last_reading: Option<Entry> = None;
        for moment in self.providers.journal() {
            let entry = Entry { at: moment.at, what: moment.what, id: moment.id };
            if entry.what != "read from Plaid" {
                entries.push(entry);
                continue;
            }
            let is_followed =
                told.iter().any(|at| (SignedDuration::ZERO..=FOLLOWED_WITHIN).contains(&at.duration_since(entry.at)));
            if is_followed && last_reading.as_ref() != Some(&entry) {
                entries.push(entry.clone());
                last_reading = Some(entry);
            }
        }
    }
}

/// What leads to what, within one moment.
fn rank(what: &str) -> u8 {
    let in_order = ["linked", "webhook", "read from Plaid", "card balance", "decision"];
    let place = in_order.iter().position(|first| what.starts_with(first)).unwrap_or(in_order.len());
    u8::try_from(place).unwrap_or(u8::MAX)
}

fn add(entries: &mut Vec<Entry>, at: Timestamp, what: impl Into<String>, id: &str) {
    entries.push(Entry { at, what: what.into(), id: id.to_owned() });
}

fn funding_step(entries: &mut Vec<Entry>, funding: &Funding, step: &HistoryEntry) {
    let Some(to) = step.to.filter(|to| step.from != Some(*to)) else { return };
    let id = funding.id.to_string();
    match to {
        State::Unprocessed if step.from == Some(State::Returned) => {
            add(entries, step.at, "debit to be tried again", &id)
        }
        State::Processing if step.attempt > 1 => {
            add(entries, step.at, format!("debit sent again: ${}", money(funding.amount)), &id);
        }
        State::Processing => add(entries, step.at, format!("debit sent: ${}", money(funding.amount)), &id),
        State::Completed => {
            add(entries, step.at, "debit settled", &id);
            // Of a debit that came back, the hold of its last presentment alone is kept.
            if let Some(until) = funding.available_at.filter(|_| step.attempt == funding.leg.attempt) {
                add(entries, step.at, format!("hold until {}", eastern_date(until)), &id);
            }
        }
        State::Available => add(entries, step.at, "available", &id),
        State::Returned => add(entries, step.at, format!("debit returned: {}", plain(step)), &id),
        State::Failed => add(entries, step.at, format!("debit failed: {}", plain(step)), &id),
        State::Canceled => add(entries, step.at, "debit canceled", &id),
        State::Unprocessed | State::Submitting => {}
    }
}

fn payment_step(entries: &mut Vec<Entry>, payment: &Payment, step: &HistoryEntry) {
    let id = payment.id.to_string();
    if let Some(told) = step_in_words(&step.what) {
        add(entries, step.at, told, &id);
    }
    let Some(to) = step.to.filter(|to| step.from != Some(*to)) else { return };
    let (sent, settled, back) = match payment.payee {
        Payee::Check(_) => ("check issued", "check cashed", "check"),
        Payee::Account(_) => ("money sent back", "money back in the bank account", "refund"),
    };
    match to {
        State::Processing => add(entries, step.at, sent, &id),
        State::Completed => add(entries, step.at, settled, &id),
        State::Returned => add(entries, step.at, format!("{back} returned: {}", plain(step)), &id),
        State::Failed => add(entries, step.at, format!("payment failed: {}", plain(step)), &id),
        State::Canceled => add(entries, step.at, "payment canceled", &id),
        State::Unprocessed | State::Submitting | State::Available => {}
    }
}

/// Steps that a payment takes within a state.
fn step_in_words(what: &str) -> Option<&'static str> {
    match what {
        "cancel_asked" => Some("canceled by the person"),
        "stop_asked" => Some("the bank is asked to stop the check"),
        "check.incoming_debit.stopped" => Some("check stopped"),
        "check.incoming_debit.first_return" => Some("check not paid when it was presented"),
        "replaced" => Some("check replaced by another"),
        "refunded" => Some("money to be sent back"),
        _ => None,
    }
}

/// Why something did not go on: a return code with what it means, any other reason in its own words.
fn plain(step: &HistoryEntry) -> String {
    let reason = step.reason.as_deref().unwrap_or_default();
    let told = reason.strip_prefix("returned:").unwrap_or(reason);
    match told.parse::<ReturnCode>() {
        Ok(code) => format!("{code}, {}", code.meaning()),
        Err(_) if told == "unfunded" => "its debit brought no money".to_owned(),
        Err(_) => told.replace('_', " "),
    }
}

/// What Plaid shows of our payments.
fn lower_balances(entries: &mut Vec<Entry>, standing: &Standing) {
    for card in &standing.cards {
        let is_shown = card.payments.iter().any(|payment| matches!(payment.stage, Stage::Posted { .. }));
        let before = standing.reviews.iter().find(|review| review.card_id == card.id && review.amount.is_some());
        let (Some(reading), Some(before)) = (card.reading.as_ref().filter(|_| is_shown), before) else { continue };
        if let (Some(was), Some(is)) =
            (before.figures.balance, reading.balance.filter(|is| Some(*is) < before.figures.balance))
        {
            let what = format!("card balance down from {} to {}", money(was), money(is));
            add(entries, reading.age.read_at, what, &card.id.to_string());
        }
    }
}
