//! A deployment while work is in flight: this release reads what the one before stored, and the one before reads what this one writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::domain::task::{TASK_VERSION, Task, TaskMessage};
use shared::ports::table::{Attributes, Key, TableError, decode, encode};

/// Reads an item as today's code does, and writes it again.
type Again = fn(Attributes) -> Result<Attributes, TableError>;

/// The key that today's code looks for an item under.
type KeyOf = fn(Attributes) -> Key;

/// Makes an [`Again`] of each type that an item is read as.
macro_rules! again {
    ($($kind:literal: $type:ty,)*) => {
        const KINDS: &[(&str, Again)] = &[$(($kind, |item| encode(&decode::<$type>(item)?)),)*];
    };
}

again! {
    "audit": shared::store::audit::AuditEntry,
    "authorization": shared::domain::autopay::authorization::AuthorizationRecord,
    "bank": shared::domain::autopay::bank_account::BankAccount,
    "batch": shared::domain::batch::Batch,
    "biller": shared::domain::biller::Biller,
    "card": shared::domain::autopay::card::Card,
    "closing": shared::store::ledger::Closing,
    "correction": shared::domain::ledger::correction::Correction,
    "counterparty": shared::store::counterparty::KnownCounterparty,
    "dead_letter": shared::domain::dead_letter::DeadLetter,
    "difference": shared::domain::reconciliation::Finding,
    "failure": shared::domain::dead_letter::Failure,
    "finding": shared::domain::reconciliation::Finding,
    "funding": shared::domain::funding::Funding,
    "history": shared::store::history::HistoryEntry,
    "inbox_column": shared::domain::bank::unmatched::UnmatchedEvent,
    "inbox_plaid": shared::store::received_webhooks::ReceivedWebhook,
    "item": shared::domain::autopay::item::Item,
    "ledger": shared::store::ledger::Posting,
    "manifest": shared::domain::batch::manifest::Manifest,
    "notice": shared::domain::autopay::notice::Notice,
    "payer_run": shared::domain::reconciliation::run::PayerRun,
    "payment": shared::domain::payment::Payment,
    "person": shared::domain::autopay::person::Person,
    "reconciliation": shared::domain::reconciliation::Reconciliation,
    "review": shared::domain::autopay::review::Review,
    "source": shared::domain::source::Source,
    "task": TaskMessage,
    "watermark_books": shared::domain::ledger::closing::ClosingSchedule,
    "watermark_column": shared::domain::bank::watermark::Watermark,
    "watermark_reconciliation": shared::domain::reconciliation::DailySchedule,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stored")
}

/// An item, and the pointers to the fields that the release before demands of it.
struct Stored {
    item: Value,
    required: Vec<String>,
}

fn stored(kind: &str) -> Vec<Stored> {
    let text = std::fs::read(folder().join(kind).with_extension("json")).unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let one = |listed: Value| Stored {
        item: listed["item"].clone(),
        required: serde_json::from_value(listed["required"].clone()).unwrap(),
    };
    listed.into_iter().map(one).collect()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[test]
fn every_kind_that_was_stored_has_a_reader_here() {
    let is_item = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(is_item);
    let kinds: BTreeSet<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(kinds, KINDS.iter().map(|(kind, _)| (*kind).to_owned()).collect());
}

/// Without a default for each field that came since, what is in flight at a deployment could not be read any more.
#[test]
fn each_item_of_the_release_before_is_read() {
    for (kind, again) in KINDS {
        for Stored { item, .. } in stored(kind) {
            let read = again(serde_json::from_value(item.clone()).unwrap());
            assert!(read.is_ok(), "{kind}: {:?}\n{item}", read.err());
        }
    }
}

/// Otherwise a rollback would find items that its code does not take.
#[test]
fn what_is_written_again_holds_every_field_that_the_release_before_demands() {
    for (kind, again) in KINDS {
        for Stored { item, required } in stored(kind) {
            let written = Value::Object(again(serde_json::from_value(item.clone()).unwrap()).unwrap());
            for pointer in required {
                let before = item.pointer(&pointer).unwrap();
                let now = written.pointer(&pointer);
                assert_eq!(now.map(type_of), Some(type_of(before)), "{kind} {pointer}: {now:?} for {before}\n{item}");
            }
        }
    }
}

#[test]
fn a_task_of_the_release_before_is_read_whatever_its_kind() {
    for Stored { item, .. } in stored("task") {
        assert_eq!(item["version"], TASK_VERSION);
        assert!(Task::from_body(&item.to_string()).is_ok(), "{item}");
    }
}

#[test]
fn each_item_is_looked_for_under_the_key_that_it_was_stored_under() {
    fn key_of<T: shared::store::stored::Stored>(item: Attributes) -> Key {
        decode::<T>(item).unwrap().key()
    }
    let keyed: [(&str, KeyOf); 11] = [
        ("batch", key_of::<shared::domain::batch::Batch>),
        ("payment", key_of::<shared::domain::payment::Payment>),
        ("funding", key_of::<shared::domain::funding::Funding>),
        ("source", key_of::<shared::domain::source::Source>),
        ("biller", key_of::<shared::domain::biller::Biller>),
        ("person", key_of::<shared::domain::autopay::person::Person>),
        ("item", key_of::<shared::domain::autopay::item::Item>),
        ("card", key_of::<shared::domain::autopay::card::Card>),
        ("bank", key_of::<shared::domain::autopay::bank_account::BankAccount>),
        ("notice", key_of::<shared::domain::autopay::notice::Notice>),
        ("inbox_column", key_of::<shared::domain::bank::unmatched::UnmatchedEvent>),
    ];
    for (kind, key_of) in keyed {
        for Stored { item, .. } in stored(kind) {
            let attributes: Attributes = serde_json::from_value(item).unwrap();
            let before: Key = decode(attributes.clone()).unwrap();
            assert_eq!(key_of(attributes), before, "{kind}");
        }
    }
}
