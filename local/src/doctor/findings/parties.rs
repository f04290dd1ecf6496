//! Those outside whom the stack works with: the token issuer, the bank and Plaid.

use std::collections::BTreeSet;

use shared::domain::caller::Role;

use super::super::facts::{BankFacts, Deployed, Endpoint, KeyKind, PlaidFacts, TokenFacts};
use super::{Finding, is_emulated, is_https, unanswered};
use crate::stack::bank::EVENTS;
use crate::terminal::text::counted;

const ISSUER: &str = "token issuer";
const KEY: &str = "bank's key";
const WEBHOOK: &str = "bank's webhook";

pub(super) fn issuer(deployed: &Deployed, keys: &Result<usize, String>) -> Finding {
    let issuer = deployed.parameter("OidcIssuer");
    match keys {
        Ok(0) => {
            Finding::failed(ISSUER, format!("{issuer} has no key for ES256 or RS256: have it sign with one of the two"))
        }
        Ok(_) if !is_https(issuer) && !is_emulated(deployed) => Finding::failed(
            ISSUER,
            format!(
                "{issuer} is not behind https, so that anybody on the way can make tokens: give OidcIssuer as https"
            ),
        ),
        Ok(count) => {
            Finding::ok(ISSUER, format!("{issuer} has {} to verify tokens with", counted(*count as u64, "key")))
        }
        Err(cause) => Finding::failed(
            ISSUER,
            format!(
                "{cause}. OidcIssuer has to be {issuer} to the letter as in the claim iss, also with its last slash"
            ),
        ),
    }
}

pub(super) fn token(token: Option<&Result<TokenFacts, String>>) -> Finding {
    match token {
        None => Finding::ok("token", "none was given: --token FILE checks one"),
        Some(Err(why)) => Finding::failed("token", why.clone()),
        Some(Ok(facts)) if facts.roles.is_empty() => Finding::failed(
            "token",
            format!(
                "is genuine, names {} and grants nothing: put roles into its claim roles or cognito:groups",
                facts.subject
            ),
        ),
        Some(Ok(facts)) => {
            let may: Vec<String> = facts.roles.iter().map(|role| format!("{role} ({})", in_words(*role))).collect();
            Finding::ok("token", format!("is genuine, names {} and grants {}", facts.subject, may.join(", ")))
        }
    }
}

const fn in_words(role: Role) -> &'static str {
    match role {
        Role::PayrollUpload => "upload and summarize files",
        Role::PayrollApprove => "approve and cancel batches",
        Role::ReportsRead => "read reports and the ledger",
        Role::Operate => "look after sources, billers, stops and attention",
        Role::Person => "link accounts and pay own cards",
    }
}

pub(super) fn bank(deployed: &Deployed, bank: Option<&BankFacts>) -> Vec<Finding> {
    let Some(bank) = bank else {
        let text = "was not asked, since column-api-key is not stored";
        return vec![Finding::warning(KEY, text), Finding::warning(WEBHOOK, text)];
    };
    let webhook = match &bank.endpoints {
        Ok(endpoints) => endpoint(deployed, endpoints),
        Err(cause) => unanswered(WEBHOOK, cause),
    };
    vec![key(deployed, bank), webhook]
}

fn key(deployed: &Deployed, bank: &BankFacts) -> Finding {
    let entity = deployed.parameter("ColumnEntityId");
    match (&bank.entity, bank.key) {
        (Err(cause), _) => unanswered(KEY, cause),
        (Ok(401), _) => Finding::failed(KEY, "the bank refuses it: store the key that its dashboard shows"),
        (Ok(403), _) => Finding::failed(KEY, "may not read entities: give it the rights that docs/integrate.md names"),
        (Ok(404), _) => Finding::failed(KEY, format!("the bank has no entity {entity} for it: correct ColumnEntityId")),
        (Ok(200), KeyKind::Live) => Finding::ok(KEY, format!("is live, with the entity {entity}: money moves")),
        (Ok(200), KeyKind::Sandbox) => Finding::ok(KEY, format!("is of the sandbox, with the entity {entity}")),
        (Ok(200), KeyKind::Unknown) => Finding::ok(KEY, format!("is taken, with the entity {entity}")),
        (Ok(status), _) => Finding::failed(KEY, format!("the bank answers {status} about the entity {entity}")),
    }
}

/// The bank sends each kind of event only to the endpoint that was registered first for it.
fn endpoint(deployed: &Deployed, endpoints: &[Endpoint]) -> Finding {
    let url = deployed.output("WebhookUrl");
    let active: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| !endpoint.is_disabled).collect();
    let own: Vec<&Endpoint> = active.iter().copied().filter(|endpoint| endpoint.url == url).collect();
    if own.is_empty() {
        let is_disabled = endpoints.iter().any(|endpoint| endpoint.url == url);
        let standing = if is_disabled { "is disabled" } else { "is not registered" };
        return Finding::failed(
            WEBHOOK,
            format!("the stack's address (WebhookUrl) {standing} at the bank: docs/integrate.md registers it"),
        );
    }
    if !own.iter().any(|endpoint| endpoint.secret_is_stored) {
        let text = "no stored secret is the endpoint's: store it as a list in column-webhook-secrets";
        return Finding::failed(WEBHOOK, text);
    }
    let missing: BTreeSet<&str> = EVENTS.into_iter().filter(|event| !own.iter().any(|own| wants(own, event))).collect();
    if !missing.is_empty() {
        return without(&missing);
    }
    let is_taken = |event: &str| first(&active, event).is_some_and(|first| first.url != url);
    let taken: Vec<&str> = EVENTS.into_iter().filter(|event| is_taken(event)).collect();
    match taken.first() {
        None => Finding::ok(WEBHOOK, format!("leads here, with all {} kinds of event", EVENTS.len())),
        Some(event) => Finding::failed(
            WEBHOOK,
            format!(
                "an endpoint registered earlier gets {} of its kinds of event, such as {event}: delete it",
                taken.len()
            ),
        ),
    }
}

/// Without card autopay the events of checks may be left out.
fn without(missing: &BTreeSet<&str>) -> Finding {
    let named: Vec<&str> = missing.iter().copied().collect();
    let text = format!("leads here, without {}", named.join(", "));
    if missing.iter().all(|event| event.starts_with("check.")) {
        Finding::warning(WEBHOOK, format!("{text}; card autopay needs them"))
    } else {
        Finding::failed(WEBHOOK, format!("{text}: enable them at the bank"))
    }
}

fn wants(endpoint: &Endpoint, event: &str) -> bool {
    endpoint
        .enabled_events
        .iter()
        .any(|enabled| enabled == event || enabled.strip_suffix('*').is_some_and(|family| event.starts_with(family)))
}

/// Times are RFC 3339 in UTC: they order as text.
fn first<'e>(endpoints: &[&'e Endpoint], event: &str) -> Option<&'e Endpoint> {
    let wanting = endpoints.iter().copied().filter(|endpoint| wants(endpoint, event));
    wanting.min_by(|one, other| one.created_at.cmp(&other.created_at))
}

pub(super) fn plaid(deployed: &Deployed, plaid: Option<&PlaidFacts>) -> Finding {
    let check = "Plaid's keys";
    let url = deployed.parameter("PlaidUrl");
    let Some(plaid) = plaid else {
        return Finding::warning(check, "were not tried, since they are not stored");
    };
    match plaid.error_code.as_deref() {
        Err(cause) => unanswered(check, cause),
        Ok("INVALID_API_KEYS") => {
            Finding::failed(check, format!("are not those of {url}: each environment of Plaid has a secret of its own"))
        }
        Ok(_) => Finding::ok(check, format!("are taken by {url}")),
    }
}
