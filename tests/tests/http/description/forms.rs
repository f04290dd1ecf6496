//! The forms of what is written as text: money, ids, hashes, routing numbers; and examples of times.

use serde_json::{Value, json};

/// The pattern of a text, where it has one, and an example.
struct Form {
    pattern: Option<&'static str>,
    example: &'static str,
}

const fn form(pattern: &'static str, example: &'static str) -> Form {
    Form { pattern: Some(pattern), example }
}

const SHA256: Form = form("^[0-9a-f]{64}$", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
const MONEY: Form = form(r"^-?[0-9]+\.[0-9]{2}$", "1234.50");
const PAYMENT: Form = form(
    "^pay_[0-9a-f]{32}(-[0-9]{2}-[0-9]{7,}|-refund-[0-9a-f]{16}-[0-9]+)?$",
    "pay_01985e6d2c4b7a31b2a4d0c9e8f7a6b5-01-0000017",
);

/// Names that stand for a sum of money wherever they are text.
const SUMS: [&str; 20] = [
    "amount",
    "available",
    "balance",
    "bank_balance",
    "control_total",
    "credits",
    "debits",
    "in_flight",
    "least",
    "limit",
    "minimum_payment",
    "most",
    "receivable_open",
    "statement_balance",
    "total",
    "completed_total",
    "failed_total",
    "open_total",
    "payable_total",
    "returned_total",
];

/// Fields whose names hold something else elsewhere: the schema and the name.
const OTHERWISE: [(&str, &str); 3] =
    [("SourceView", "bank_account_id"), ("UnmatchedEventView", "bank_account_id"), ("PaymentLine", "change_code")];

/// The schema of limits for a payment, a day and a month.
const CAPS: &str = "Caps";

fn form_of(name: &str) -> Option<Form> {
    let found = match name {
        "batch_id" | "earlier_batch_id" => form("^bat_[0-9a-f]{32}$", "bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5"),
        "payment_id" | "refund_of" | "refunded_by" => PAYMENT,
        "funding_id" => {
            form("^fnd_[0-9a-f]{32}(-[0-9a-f]{16}-[0-9]+)?$", "fnd_01985e6d2c4b7a31b2a4d0c9e8f7a6b5-5f2c9d3b6a7e8014-1")
        }
        "reconciliation_id" => form("^rec_[0-9a-f]{32}$", "rec_0f8fad5bd9cb469fa16570867728950e"),
        "correction_id" => form("^cor_[0-9a-f]{32}$", "cor_0f8fad5bd9cb469fa16570867728950e"),
        "dead_letter_id" => form("^dl_[0-9a-f]{32}$", "dl_0f8fad5bd9cb469fa16570867728950e"),
        "person_id" => form("^per_[0-9a-f]{32}$", "per_0f8fad5bd9cb469fa16570867728950e"),
        "card_id" | "looks_like" => form("^card_[0-9a-f]{32}$", "card_0f8fad5bd9cb469fa16570867728950e"),
        "bank_account_id" => form("^bnk_[0-9a-f]{32}$", "bnk_0f8fad5bd9cb469fa16570867728950e"),
        "fingerprint" => form("^f[0-9]+_[0-9a-f]{32}$", "f1_0f8fad5bd9cb469fa16570867728950e"),
        "manifest_hash" | "file_sha256" | "text_sha256" | "sha256" | "canonical_hash" => SHA256,
        "routing_number" | "corrected_routing_number" | "institution_routing_number" => form("^[0-9]{9}$", "021000021"),
        "return_code" => form("^R[0-9]{2}$", "R01"),
        "change_code" => form("^C[0-9]{2}$", "C01"),
        "source_id" | "holder_source_id" => Form { pattern: None, example: "CORP-1" },
        "institution_id" => Form { pattern: None, example: "ins_3" },
        "Idempotency-Key" => Form { pattern: None, example: "payroll-2026-03-06" },
        name if SUMS.contains(&name) || name.ends_with("_total") => MONEY,
        _ => return None,
    };
    Some(found)
}

/// Adds pattern and example to a text, as far as the schema has none.
pub(super) fn complete(schema_name: &str, name: &str, schema: &mut Value) {
    if !is_text(schema) || schema.get("enum").is_some() {
        return;
    }
    let is_otherwise = OTHERWISE.contains(&(schema_name, name));
    let found = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => Some(Form { pattern: None, example: "2026-03-06T14:30:00Z" }),
        Some("date") => Some(Form { pattern: None, example: "2026-03-06" }),
        Some(_) => None,
        None if schema_name == CAPS => Some(MONEY),
        None => form_of(name).filter(|_| !is_otherwise),
    };
    let Some(Form { pattern, example }) = found else { return };
    if let Some(pattern) = pattern.filter(|_| schema.get("pattern").is_none()) {
        schema["pattern"] = json!(pattern);
    }
    if schema.get("example").is_none() && schema.get("examples").is_none() {
        schema["examples"] = json!([example]);
    }
}

fn is_text(schema: &Value) -> bool {
    match &schema["type"] {
        Value::String(kind) => kind == "string",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "string"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
