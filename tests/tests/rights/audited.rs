//! What people do is in the audit: whatever a request changes, it writes an entry with it, in one write. Whoever adds a route that
//! changes something adds its line here, and a story in which it does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use journeys::recording::{Call, Invocation, Written, WrittenItem};
use serde_json::Value;
use shared::store::audit::AuditEntry;

use crate::{AUTOPAY, PAYROLL};

/// What each route that is no GET is called in the audit. One of them changes nothing that is kept: it hands out a token for Link.
const ACTIONS: &[(&str, &[&str])] = &[
    ("POST /batches", &["create_batch", "give_upload_link", "store_file"]),
    ("PUT /file-mappings/{name}", &["store_file_mapping"]),
    ("DELETE /file-mappings/{name}", &["delete_file_mapping"]),
    ("POST /batches/{batch_id}/upload-link", &["give_upload_link"]),
    ("POST /batches/{batch_id}/summary", &["summarize_batch"]),
    ("POST /batches/{batch_id}/approve", &["approve_batch"]),
    ("POST /batches/{batch_id}/decline", &["decline_batch"]),
    ("POST /batches/{batch_id}/withdraw", &["withdraw_batch"]),
    ("POST /batches/{batch_id}/cancel", &["cancel_batch"]),
    ("POST /batches/{batch_id}/retry", &["retry_batch"]),
    ("POST /batches/{batch_id}/refund", &["refund"]),
    ("POST /batches/{batch_id}/attention/clear", &["clear_attention"]),
    ("POST /payments/{payment_id}/attention/clear", &["clear_attention", "apply_bank_word"]),
    ("POST /fundings/{funding_id}/attention/clear", &["clear_attention", "apply_bank_word"]),
    ("PUT /unknown-outcomes/{item_id}", &["propose_outcome"]),
    ("POST /unknown-outcomes/{item_id}/confirm", &["confirm_outcome"]),
    ("POST /sources/{source_id}/pause", &["pause_source"]),
    ("POST /sources/{source_id}/resume", &["resume_source"]),
    ("PUT /billers/{institution_id}", &["propose_biller"]),
    ("POST /billers/{institution_id}/confirm", &["confirm_biller"]),
    ("PUT /billers/{institution_id}/remittance", &["propose_remittance"]),
    ("PUT /billers/{institution_id}/remittance/institution-address", &["propose_remittance"]),
    ("POST /billers/{institution_id}/remittance/confirm", &["confirm_remittance"]),
    ("POST /link-tokens", &[]),
    ("POST /items", &["name_holder", "link_item"]),
    ("DELETE /items/{item_id}", &["revoke_authorization", "remove_item"]),
    ("POST /items/{item_id}/repaired", &["repair_item"]),
    ("PUT /cards/{card_id}/autopay", &["set_up_autopay"]),
    ("PUT /cards/{card_id}/identity", &["join_cards", "tell_cards_apart"]),
    ("POST /cards/{card_id}/authorization", &["authorize_debits"]),
    ("DELETE /cards/{card_id}/authorization", &["revoke_authorization"]),
    ("POST /cards/{card_id}/review", &["review_card"]),
    ("POST /cards/{card_id}/payments/{payment_id}/posted", &["confirm_posted"]),
    ("POST /cards/{card_id}/payments/{payment_id}/cancel", &["cancel_payment"]),
    ("POST /payments/{payment_id}/check/replace", &["propose_check_address", "replace_check"]),
    ("POST /payments/{payment_id}/check/replace/confirm", &["replace_check"]),
    ("POST /payments/{payment_id}/refund/send-again", &["propose_refund_account", "send_refund_again"]),
    ("POST /payments/{payment_id}/refund/send-again/confirm", &["send_refund_again"]),
    ("POST /cards/{card_id}/hold/clear", &["clear_hold"]),
    ("POST /people/{person_id}/block/clear", &["clear_debit_block"]),
    ("PUT /stops/{scope}", &["stop", "start"]),
    ("POST /dead-letters/{dead_letter_id}/send-again", &["send_dead_letter_again"]),
    ("POST /dead-letters/send-again", &["send_dead_letter_again"]),
    ("POST /dead-letters/{dead_letter_id}/discard", &["discard_dead_letter"]),
    ("POST /unmatched-events/{event_id}/close", &["close_unmatched_event"]),
    ("POST /reconciliations", &["reconcile"]),
    ("POST /webhook-endpoints", &["create_webhook_endpoint"]),
    ("DELETE /webhook-endpoints/{endpoint_id}", &["delete_webhook_endpoint"]),
    ("POST /webhook-endpoints/{endpoint_id}/rotate-secret", &["rotate_webhook_secret"]),
    ("POST /webhook-endpoints/{endpoint_id}/enable", &["enable_webhook_endpoint"]),
    ("POST /webhook-endpoints/{endpoint_id}/replay", &["replay_webhooks"]),
    ("POST /account-corrections/{fingerprint}/withdraw", &["propose_withdrawal"]),
    ("POST /account-corrections/{fingerprint}/confirm-withdrawal", &["confirm_withdrawal"]),
    ("POST /ledger/corrections", &["propose_correction"]),
    ("POST /ledger/corrections/{correction_id}/confirm", &["confirm_correction"]),
];

/// Asks for what would be, and stores nothing.
const CHANGES_NOTHING: &str = "POST /leases/preview";

/// Every route of the committed description that may change something.
fn described() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let api: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let paths = api["paths"].as_object().unwrap().iter();
    let routes = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    routes.filter(|route| !route.starts_with("GET ") && route != CHANGES_NOTHING).collect()
}

/// The requests of all stories, by their routes.
fn requests() -> BTreeMap<&'static str, Vec<&'static Invocation>> {
    let mut requests: BTreeMap<&str, Vec<&Invocation>> = BTreeMap::new();
    for run in PAYROLL.iter().chain(AUTOPAY.iter()) {
        if let Some(route) = &run.route {
            requests.entry(route).or_default().push(run);
        }
    }
    requests
}

/// What a request wrote, besides the claim on its own repetition.
fn writes(run: &Invocation) -> Vec<(&[WrittenItem], &[AuditEntry])> {
    let of_request = |items: &[WrittenItem]| items.iter().all(|item| item.key.pk.starts_with("REQUEST#"));
    let written = run.calls.iter().filter_map(|call| {
        let Call::Write { items, audited, .. } = call else { return None };
        Some((items.as_slice(), audited.as_slice()))
    });
    written.filter(|(items, _)| !of_request(items)).collect()
}

#[test]
fn every_route_that_changes_something_has_its_name_in_the_audit() {
    assert_eq!(described(), ACTIONS.iter().map(|(route, _)| (*route).to_owned()).collect());
}

#[test]
fn a_story_does_what_each_route_is_for() {
    let requests = requests();
    let mut missing = Vec::new();
    for (route, actions) in ACTIONS {
        let runs = requests.get(route).map(Vec::as_slice).unwrap_or_default();
        let entries = runs.iter().flat_map(|run| writes(run)).flat_map(|(_, audited)| audited);
        let seen: BTreeSet<&str> = entries.map(|entry| entry.action.as_str()).collect();
        if runs.is_empty() || seen != actions.iter().copied().collect() {
            missing.push(format!("{route}: {} requests, which did {seen:?} and not {actions:?}", runs.len()));
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn whatever_a_request_changes_is_in_the_audit_with_it() {
    for (route, actions) in ACTIONS {
        for run in requests().get(route).into_iter().flatten() {
            let writes = writes(run);
            let audited: Vec<_> = writes.iter().filter(|(_, audited)| !audited.is_empty()).collect();
            assert_eq!(audited.is_empty(), writes.is_empty() || actions.is_empty(), "{route} wrote {writes:?}");
            for (items, audited) in audited {
                let is_done = |item: &&WrittenItem| item.what != Written::Checked && !item.key.pk.starts_with("AUDIT#");
                assert!(items.iter().any(|item| is_done(&item)), "{route}: an entry alone, {audited:?}");
                assert!(audited.iter().all(|entry| entry.actor != "clearway"), "{route}: {audited:?}");
            }
        }
    }
}

/// Its rights let no function take an entry away, and [`shared::store::audit::put`] writes none over.
#[test]
fn nobody_may_delete_an_entry() {
    let may = crate::grants::granted().into_iter().filter(|grant| grant.action == "dynamodb:DeleteItem");
    assert!(may.clone().count() > 0);
    for grant in may {
        assert!(!crate::kinds::matches(&grant.on, "table/AUDIT#2026-03-02#0"), "{grant:?}");
    }
}

/// Of every call of every story: IAM has no condition for "only if absent", so the code holds to it.
#[test]
fn an_entry_of_audit_or_history_is_never_written_over_or_deleted() {
    let is_kept = |item: &WrittenItem| ["AUDIT#", "HISTORY#"].iter().any(|kind| item.key.pk.starts_with(kind));
    let mut entries = 0;
    for run in PAYROLL.iter().chain(AUTOPAY.iter()) {
        let writes =
            run.calls.iter().filter_map(|call| if let Call::Write { items, .. } = call { Some(items) } else { None });
        for item in writes.flatten().filter(|item| is_kept(item)) {
            entries += 1;
            assert_eq!((item.what, item.only_if_absent), (Written::Put, true), "{} {}", item.key.pk, item.key.sk);
        }
    }
    assert!(entries > 100, "only {entries} entries were seen");
}
