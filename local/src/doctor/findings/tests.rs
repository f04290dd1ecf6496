//! Facts of a stack that is as it should be, with one thing changed at a time.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::caller::Role;
use shared::ports::secrets::SecretName;

use super::super::facts::{
    BankFacts, Door, Endpoint, KeyKind, PlaidFacts, Problem, Resource, ResourceStanding, SecretStanding, TokenFacts,
};
use super::*;
use crate::stack::bank::EVENTS;

const WEBHOOK: &str = "https://a.execute-api.us-east-1.amazonaws.com/live/webhooks/column";

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn deployed() -> Deployed {
    Deployed {
        status: "CREATE_COMPLETE".to_owned(),
        parameters: texts(&[
            ("ColumnUrl", "https://api.column.com"),
            ("ColumnEntityId", "enti_1"),
            ("PlaidUrl", "https://production.plaid.com"),
            ("OidcIssuer", "https://id.example"),
            ("UploaderMayApprove", "false"),
            ("DeletionProtection", "true"),
            ("AlarmEmail", "payroll@example.com"),
            ("LogLevel", "info"),
        ]),
        outputs: texts(&[("WebhookUrl", WEBHOOK), ("BulkDeadLettersUrl", "https://sqs.example/1/dead")]),
    }
}

fn endpoint(url: &str, created_at: &str) -> Endpoint {
    Endpoint {
        url: url.to_owned(),
        is_disabled: false,
        enabled_events: EVENTS.map(str::to_owned).to_vec(),
        created_at: created_at.to_owned(),
        secret_is_stored: true,
    }
}

fn sound() -> Facts {
    let problem = Problem { status: 401, code: "token_missing".to_owned() };
    let door = Door { what: "API", named: "ApiUrl", expected: "token_missing", answer: Ok(problem) };
    let resource = Resource { output: "BulkDeadLettersUrl", standing: ResourceStanding::Holds(0) };
    Facts {
        secrets: SecretName::ALL.map(|name| (name, SecretStanding::Stored)).to_vec(),
        resources: vec![resource],
        doors: vec![door],
        issuer_keys: Ok(2),
        token: Some(Ok(TokenFacts { subject: "ann".to_owned(), roles: BTreeSet::from([Role::PayrollUpload]) })),
        bank: Some(BankFacts {
            key: KeyKind::Live,
            entity: Ok(200),
            endpoints: Ok(vec![endpoint(WEBHOOK, "2026-01-05T17:00:00Z")]),
        }),
        plaid: Some(PlaidFacts { error_code: Ok(String::new()) }),
        ..Facts::of("clearway", "us-east-1", Ok(deployed()))
    }
}

/// The only finding that is not ok.
fn only(facts: &Facts) -> (Level, String) {
    let unsound: Vec<Finding> = findings(facts).into_iter().filter(|finding| finding.level != Level::Ok).collect();
    assert_eq!(unsound.len(), 1, "{unsound:#?}");
    (unsound[0].level, format!("{}: {}", unsound[0].check, unsound[0].text))
}

fn with(change: impl FnOnce(&mut Facts)) -> Facts {
    let mut facts = sound();
    change(&mut facts);
    facts
}

fn parameter(name: &str, value: &str) -> (Level, String) {
    let mut changed = deployed();
    changed.parameters.insert(name.to_owned(), value.to_owned());
    only(&with(|facts| facts.stack = Ok(changed)))
}

fn registered(endpoints: Vec<Endpoint>) -> (Level, String) {
    only(&with(|facts| {
        if let Some(bank) = &mut facts.bank {
            bank.endpoints = Ok(endpoints);
        }
    }))
}

fn assert_says((level, text): (Level, String), wanted: Level, words: &str) {
    assert_eq!(level, wanted, "{text}");
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_stack_as_it_should_be_passes_every_check() {
    let unsound: Vec<Finding> = findings(&sound()).into_iter().filter(|finding| finding.level != Level::Ok).collect();
    assert_eq!(unsound, []);
}

#[test]
fn a_stack_that_is_not_there_is_the_only_thing_said() {
    for (why, words) in [
        (NotDescribed::NoSuchStack, "there is no stack clearway in us-east-1"),
        (NotDescribed::Refused("AccessDenied".to_owned()), "AccessDenied. Set AWS_ACCESS_KEY_ID"),
    ] {
        assert_says(only(&Facts::of("clearway", "us-east-1", Err(why))), Level::Failed, words);
    }
}

#[test]
fn a_parameter_that_is_not_for_real_money_is_named() {
    for (name, value) in [
        ("ColumnUrl", "https://bank.example"),
        ("PlaidUrl", "https://sandbox.plaid.com"),
        ("UploaderMayApprove", "true"),
        ("AlarmEmail", ""),
        ("LogLevel", "warn"),
    ] {
        assert_says(parameter(name, value), Level::Warning, &format!("parameter {name}: is"));
    }
}

#[test]
fn a_secret_that_is_not_stored_comes_with_the_command_that_stores_it() {
    let with_missing = |place: usize| only(&with(|facts| facts.secrets[place].1 = SecretStanding::Missing));
    let command = "put-secret-value --secret-id clearway/column-api-key";
    assert_says(with_missing(0), Level::Failed, command);
    assert_says(with_missing(2), Level::Warning, "which card autopay needs");
}

#[test]
fn dead_letters_are_a_warning() {
    let facts = with(|facts| facts.resources[0].standing = ResourceStanding::Holds(3));
    assert_says(only(&facts), Level::Warning, "dead holds 3");
}

#[test]
fn an_address_that_lets_strangers_in_or_breaks_fails() {
    for (status, code) in [(200, ""), (502, ""), (401, "signature_invalid")] {
        let problem = Problem { status, code: code.to_owned() };
        let facts = with(|facts| facts.doors[0].answer = Ok(problem));
        assert_says(only(&facts), Level::Failed, "instead of 401 token_missing");
    }
}

#[test]
fn a_webhook_without_its_secret_is_told_as_such() {
    let problem = Problem { status: 503, code: "secrets_unavailable".to_owned() };
    assert_says(only(&with(|facts| facts.doors[0].answer = Ok(problem))), Level::Failed, "its secret is not stored");
}

#[test]
fn an_issuer_has_to_have_keys_and_be_behind_https() {
    assert_says(only(&with(|facts| facts.issuer_keys = Ok(0))), Level::Failed, "no key for ES256 or RS256");
    assert_says(parameter("OidcIssuer", "http://id.example"), Level::Failed, "not behind https");
}

#[test]
fn a_token_without_roles_fails() {
    let token = TokenFacts { subject: "ann".to_owned(), roles: BTreeSet::new() };
    assert_says(only(&with(|facts| facts.token = Some(Ok(token)))), Level::Failed, "grants nothing");
}

#[test]
fn a_key_that_the_bank_refuses_fails() {
    for (status, words) in [(401, "the bank refuses it"), (404, "no entity enti_1"), (500, "answers 500")] {
        let facts = with(|facts| {
            if let Some(bank) = &mut facts.bank {
                bank.entity = Ok(status);
            }
        });
        assert_says(only(&facts), Level::Failed, words);
    }
}

#[test]
fn a_webhook_that_leads_elsewhere_fails() {
    let other = endpoint("https://elsewhere.example", "2026-01-05T17:00:00Z");
    assert_says(registered(vec![other.clone()]), Level::Failed, "is not registered");
    let later = endpoint(WEBHOOK, "2026-02-05T17:00:00Z");
    assert_says(registered(vec![later, other]), Level::Failed, "registered earlier gets 22");
    let disabled = Endpoint { is_disabled: true, ..endpoint(WEBHOOK, "2026-01-05T17:00:00Z") };
    assert_says(registered(vec![disabled]), Level::Failed, "is disabled");
}

#[test]
fn a_webhook_whose_secret_is_another_fails() {
    let other = Endpoint { secret_is_stored: false, ..endpoint(WEBHOOK, "2026-01-05T17:00:00Z") };
    assert_says(registered(vec![other]), Level::Failed, "no stored secret is the endpoint's");
}

#[test]
fn events_of_checks_may_be_left_out_and_those_of_transfers_not() {
    let without = |family: &str| {
        let enabled_events = EVENTS.into_iter().filter(|event| !event.starts_with(family)).map(str::to_owned).collect();
        registered(vec![Endpoint { enabled_events, ..endpoint(WEBHOOK, "2026-01-05T17:00:00Z") }])
    };
    assert_says(without("check."), Level::Warning, "card autopay needs them");
    assert_says(without("ach."), Level::Failed, "enable them at the bank");
}

#[test]
fn keys_of_another_environment_of_plaid_fail() {
    let refused = PlaidFacts { error_code: Ok("INVALID_API_KEYS".to_owned()) };
    assert_says(only(&with(|facts| facts.plaid = Some(refused))), Level::Failed, "are not those of https://production");
}
