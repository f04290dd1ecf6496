//! A company's system is told of what happened, and of nothing else: each occasion that the table shows reaches a receiver that is never away
//! for three days, under one id and in one body however often it comes, signed so that it can be verified; and it names no person and no
//! account.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::privacy;
use crate::bank::text;
use crate::evidence::{CommandKind, Endpoint, Received};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::cents;

/// What was signed may have stood still for so long before it left.
const SIGNED_BEFORE_SECONDS: i64 = 1_200;

/// From its answer on a new secret signs what is sent so much later; and what was begun before may still come.
const SLACK: SignedDuration = SignedDuration::from_mins(20);

/// For so long the secret before signs as well.
const OVERLAP: SignedDuration = SignedDuration::from_hours(48);

/// Shorter names are found in anything.
const SHORTEST_NAME: usize = 8;

/// The occasions of one type that one thing had: each is a write that brought it to a state.
type Occasions<'a> = BTreeMap<(&'static str, &'a str), Vec<Timestamp>>;

/// What was told, by type and thing: the ids of events.
type Told<'a> = BTreeMap<(String, String), BTreeSet<&'a str>>;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let received = &facts.evidence.told.events;
    let occasions = occasions(facts);
    for endpoint in &facts.evidence.asked.endpoints {
        let own: Vec<&Received> = received.iter().filter(|call| call.url == endpoint.url).collect();
        for call in &own {
            signed(endpoint, call, findings);
        }
        same_bodies(&own, findings);
        let told = told(&own);
        if facts.evidence.is_at_rest {
            reached(endpoint, &occasions, &told, findings);
            flags(facts, endpoint, &told, findings);
        }
        happened(facts, &occasions, &told, findings);
    }
    for call in received {
        is_so(facts, call, findings);
        names_nobody(facts, call, findings);
    }
    for endpoint in &facts.evidence.told.endpoints {
        let id = text(endpoint, "endpoint_id").unwrap_or("an endpoint");
        findings.unless(text(endpoint, "state") != Some("disabled"), id, || {
            "was disabled, and its receiver was never away for three days".to_owned()
        });
    }
}

/// By one of the secrets that its receiver knows, and by none that has ended.
fn signed(endpoint: &Endpoint, call: &Received, findings: &mut Findings<'_>) {
    let seconds = call.elapsed_at.as_second();
    let is_recent = (seconds - SIGNED_BEFORE_SECONDS..=seconds).contains(&call.signed_at);
    findings.unless(is_recent, &call.event_id, || {
        format!("came at {} of the machines' time, signed for second {}", call.elapsed_at, call.signed_at)
    });
    let since = |at: Timestamp, by: SignedDuration| at.checked_add(by).is_ok_and(|at| at < call.elapsed_at);
    let mut secrets = endpoint.secrets.iter();
    // While a new secret is asked for, its receiver may not know yet what signs.
    if secrets.any(|secret| secret.asked_at <= call.elapsed_at && !since(secret.known_at, SLACK)) {
        return;
    }
    let known = endpoint.secrets.iter().filter(|secret| secret.known_at <= call.elapsed_at).count();
    let holds = known.checked_sub(1).is_none_or(|newest| call.signed_under.contains(&newest));
    findings.unless(holds, &call.event_id, || "came without a signature that its receiver can verify".to_owned());
    let has_ended = |place: &usize| {
        let next = endpoint.secrets.get(place + 1);
        next.is_some_and(|next| since(next.known_at, OVERLAP + SLACK))
    };
    findings.unless(!call.signed_under.iter().any(has_ended), &call.event_id, || {
        "came signed under a secret that had ended".to_owned()
    });
}

fn same_bodies(own: &[&Received], findings: &mut Findings<'_>) {
    let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
    for call in own {
        let first = *bodies.entry(&call.event_id).or_insert(&call.body);
        findings.unless(first == call.body, &call.event_id, || "came again in another body".to_owned());
    }
}

fn occasions<'f>(facts: &Facts<'f>) -> Occasions<'f> {
    let mut occasions = Occasions::new();
    for (id, moves) in &facts.moves {
        let mut before = None;
        for step in moves {
            let state = step.state.as_str();
            if before != Some(state)
                && let Some(kind) = type_of(id, state)
            {
                occasions.entry((kind, *id)).or_default().push(step.at);
            }
            before = Some(state);
        }
    }
    occasions
}

/// What is told of a thing that comes to a state; nothing of what is on its way.
fn type_of(id: &str, state: &str) -> Option<&'static str> {
    match (id.split('_').next()?, state) {
        ("pay", "completed") => Some("payment.settled"),
        ("pay", "failed") => Some("payment.failed"),
        ("pay", "returned") => Some("payment.returned"),
        ("pay", "canceled") => Some("payment.canceled"),
        ("fnd", "available") => Some("funding.available"),
        ("fnd", "failed") => Some("funding.failed"),
        ("fnd", "returned") => Some("funding.returned"),
        ("bat", "ready") => Some("batch.summarized"),
        ("bat", "rejected") => Some("batch.rejected"),
        ("bat", "importing") => Some("batch.approved"),
        ("bat", "completed") => Some("batch.completed"),
        ("bat", "canceled") => Some("batch.canceled"),
        ("bat", "declined") => Some("batch.declined"),
        ("bat", "expired") => Some("batch.expired"),
        ("bat", "failed") => Some("batch.failed"),
        _ => None,
    }
}

fn told<'c>(own: &[&'c Received]) -> Told<'c> {
    let mut told = Told::new();
    for call in own {
        let Some((kind, about, _)) = content(call) else { continue };
        told.entry((kind, about)).or_default().insert(&call.event_id);
    }
    told
}

/// Type, the thing that it is about, and what it says.
fn content(call: &Received) -> Option<(String, String, Value)> {
    let body: Value = serde_json::from_str(&call.body).ok()?;
    let data = body.get("data")?;
    let names = ["payment_id", "funding_id", "item_id", "batch_id"];
    let about = names.iter().find_map(|name| text(data, name))?.to_owned();
    Some((text(&body, "type")?.to_owned(), about, data.clone()))
}

/// Whatever happened since the endpoint hears of it has come.
fn reached(endpoint: &Endpoint, occasions: &Occasions<'_>, told: &Told<'_>, findings: &mut Findings<'_>) {
    for ((kind, about), times) in occasions {
        if !endpoint.event_types.iter().any(|taken| taken == kind) {
            continue;
        }
        let wanted = times.iter().filter(|at| endpoint.hears_from < **at).count();
        let came = told.get(&((*kind).to_owned(), (*about).to_owned())).map_or(0, BTreeSet::len);
        findings.unless(wanted <= came, about, || {
            format!("had {wanted} occasions of {kind} that its receiver takes, of which {came} came")
        });
    }
}

/// A flag that operators were told of has come as well. The notice may be late, and then it says nothing of when the flag was raised.
fn flags(facts: &Facts<'_>, endpoint: &Endpoint, told: &Told<'_>, findings: &mut Findings<'_>) {
    let late = SignedDuration::from_hours(7 * 24);
    let since = endpoint.hears_from.checked_add(late).unwrap_or(Timestamp::MAX);
    let raised = "attention.raised";
    if !endpoint.event_types.iter().any(|taken| taken == raised) {
        return;
    }
    let came: Vec<&str> = told.keys().filter(|(kind, _)| kind == raised).map(|(_, about)| about.as_str()).collect();
    let notices = facts.evidence.told.notices.iter().filter(|notice| notice.kind == "attention_raised");
    for notice in notices.filter(|notice| since < notice.at) {
        let has_come = came.iter().any(|about| notice.text.contains(about));
        findings.unless(has_come, &notice.id, || "tells operators of a flag that no receiver was told of".to_owned());
    }
}

/// Nothing is told more often than it happened: an occasion has one id.
fn happened(facts: &Facts<'_>, occasions: &Occasions<'_>, told: &Told<'_>, findings: &mut Findings<'_>) {
    for ((kind, about), ids) in told {
        let times =
            occasions.iter().find(|((known, id), _)| known == kind && id == about).map(|(_, times)| times.len());
        let is_known = match kind.as_str() {
            // What is read again, or flagged again, is where it was.
            "batch.summarized" | "batch.rejected" => times.is_some(),
            "attention.raised" | "attention.cleared" => {
                facts.item(about).is_some() || facts.files.contains_key(about.as_str())
            }
            "batch.retried" => {
                let asked = facts.commands(CommandKind::Retry).filter(|retry| retry.about == *about);
                ids.len() <= asked.filter(|retry| retry.may_have_happened()).count()
            }
            _ => times.is_some_and(|times| ids.len() <= times),
        };
        findings.unless(is_known, about, || {
            let times = times.unwrap_or_default();
            format!("was told of as {kind} under {} ids, and came to that {times} times", ids.len())
        });
    }
}

/// What it says of a payment or funding is so.
fn is_so(facts: &Facts<'_>, call: &Received, findings: &mut Findings<'_>) {
    let Some((kind, about, data)) = content(call) else {
        return findings.add(&call.event_id, "is an event that says nothing of anything");
    };
    let Some(item) = facts.item(&about).filter(|_| !kind.starts_with("attention.")) else { return };
    let amount = text(&data, "amount").and_then(cents);
    let state = text(&data, "state").and_then(|state| type_of(&about, state));
    let transfer = text(&data, "transfer_id");
    let is_its = transfer.is_none_or(|id| facts.transfers_of(&about).any(|transfer| transfer.id == id));
    findings.unless(amount == Some(item.cents) && state == Some(kind.as_str()) && is_its, &call.event_id, || {
        format!("says of {about} what is not so")
    });
}

fn names_nobody(facts: &Facts<'_>, call: &Received, findings: &mut Findings<'_>) {
    for forbidden in &facts.evidence.logs.forbidden {
        if privacy::holds(&call.body, &forbidden.text) {
            findings.add(&call.event_id, format!("holds the {}", forbidden.what));
        }
    }
    let rows = facts.evidence.asked.files.iter().flat_map(|file| &file.rows);
    let mut names = rows.flat_map(|row| row.payee_name.iter().chain([&row.name]));
    let is_named = names.any(|name| name.len() >= SHORTEST_NAME && call.body.contains(name.as_str()));
    findings.unless(!is_named, &call.event_id, || "names somebody".to_owned());
}

#[cfg(test)]
#[path = "webhooks_tests.rs"]
mod tests;
