//! Why a thing waits for a person, and since when.

use jiff::Timestamp;

use super::Subject;
use crate::domain::ach::account_correction::{AccountCorrection, Standing};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::person::Person;
use crate::domain::bank::unmatched::{UnmatchedEvent, Why};
use crate::domain::biller::Biller;
use crate::domain::leg::Attention;
use crate::domain::source::{Pause, PauseReason, Source};

/// One reason why something waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Stable: programs may rely on it.
    pub reason: &'static str,
    pub since: Timestamp,
    /// What goes with the reason: a return code, a reconciliation, or who proposed it.
    pub detail: Option<String>,
}

impl Flag {
    const fn new(reason: &'static str, since: Timestamp) -> Self {
        Self { reason, since, detail: None }
    }

    fn with(reason: &'static str, since: Timestamp, detail: impl ToString) -> Self {
        Self { reason, since, detail: Some(detail.to_string()) }
    }
}

/// Every reason why something waits for a person now.
pub fn flags(subject: Subject<'_>) -> Vec<Flag> {
    match subject {
        Subject::Batch(batch) => of_attention(batch.attention.as_ref()),
        Subject::Funding(funding) => of_attention(funding.leg.attention.as_ref()),
        Subject::Payment(payment) => of_attention(payment.leg.attention.as_ref()),
        Subject::Source(source) => of_source(source),
        Subject::Person(person) => of_person(person),
        Subject::Card(card) => of_card(card),
        Subject::UnmatchedEvent(event) => of_event(event),
        Subject::DeadLetter(letter) if letter.state.is_open() => vec![Flag::new("given_up", letter.since)],
        Subject::DeadLetter(_) => Vec::new(),
        Subject::LedgerCorrection(correction) if correction.booked.is_none() => {
            vec![Flag::with("correction_proposed", correction.proposed_at, &correction.proposed_by)]
        }
        Subject::LedgerCorrection(_) => Vec::new(),
        Subject::AccountCorrection(correction) => of_account_correction(correction),
        Subject::Biller(biller) => of_biller(biller),
    }
}

/// Since when something waits: since the earliest of its reasons.
pub fn since(subject: Subject<'_>) -> Option<Timestamp> {
    flags(subject).into_iter().map(|flag| flag.since).min()
}

fn of_attention(attention: Option<&Attention>) -> Vec<Flag> {
    attention.map(|flag| Flag::new(flag.reason.as_str(), flag.since)).into_iter().collect()
}

fn of_source(source: &Source) -> Vec<Flag> {
    let paused = [&source.barred, &source.pause].into_iter().flatten().filter_map(of_pause);
    let owes = source.receivable_open.then(|| Flag::new("receivable_open", source.updated_at));
    paused.chain(owes).collect()
}

/// A pause that ends by itself waits for nobody.
fn of_pause(pause: &Pause) -> Option<Flag> {
    if pause.until.is_some() {
        return None;
    }
    Some(match &pause.reason {
        PauseReason::Operator => Flag::new("paused", pause.since),
        PauseReason::Bank(code) => Flag::with("bank_refuses", pause.since, code),
        PauseReason::Difference(reconciliation) => Flag::with("difference_found", pause.since, reconciliation),
        PauseReason::ReturnCode(code) => Flag::with("debit_returned", pause.since, code),
    })
}

fn of_person(person: &Person) -> Vec<Flag> {
    let blocked = person.debit_block.map(|block| Flag::with("debit_returned", block.since, block.return_code));
    let paused = person.pause.as_ref().and_then(of_pause);
    let owes_since = person.receivable_since.unwrap_or(person.updated_at);
    let owes = person.receivable_open.then(|| Flag::new("receivable_open", owes_since));
    blocked.into_iter().chain(paused).chain(owes).collect()
}

/// What only an operator lifts; the rest ends when its person changes something.
fn of_card(card: &Card) -> Vec<Flag> {
    let ended = card.payments.iter().filter_map(|payment| payment.ended.as_ref().map(|ended| (payment, ended)));
    let is_operators = ended.filter(|(_, ended)| ended.by.is_operators());
    is_operators.map(|(payment, ended)| Flag::with(held_by(ended.by), ended.at, payment.payment_id)).collect()
}

const fn held_by(by: EndedBy) -> &'static str {
    match by {
        EndedBy::NoMoney => "no_money",
        EndedBy::AccountRefused => "account_refused",
        EndedBy::NotAuthorized => "not_authorized",
        EndedBy::Stopped => "stopped",
        EndedBy::DebitRefused => "debit_refused",
        EndedBy::CheckFailed => "check_failed",
    }
}

fn of_event(event: &UnmatchedEvent) -> Vec<Flag> {
    let reason = match event.why {
        Why::Unmatched => "unmatched",
        Why::Unreadable => "unreadable",
        Why::Keyless => "keyless",
    };
    let wanted = event.attention_since.filter(|_| event.is_open());
    wanted.map(|since| Flag::new(reason, since)).into_iter().collect()
}

fn of_account_correction(correction: &AccountCorrection) -> Vec<Flag> {
    let proposed = correction.withdrawal.as_ref().filter(|_| correction.standing == Standing::InUse);
    proposed.map(|proposed| Flag::with("withdrawal_proposed", proposed.at, &proposed.by)).into_iter().collect()
}

fn of_biller(biller: &Biller) -> Vec<Flag> {
    let entry = biller.proposal.as_ref().map(|proposal| Flag::with("biller_proposed", proposal.at, &proposal.by));
    let address = biller.remittance_proposal.as_ref();
    let address = address.map(|proposal| Flag::with("remittance_proposed", proposal.at, &proposal.by));
    entry.into_iter().chain(address).collect()
}
