//! Kinds of things that a right can be on: partitions of the table, indexes, objects. What has no kind here stands for itself.

/// A kind as a pattern, narrower ones first, and an example of it.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("table/BATCH#*#??", "table/BATCH#bat_00000000000000000000000000000000#00"),
    ("table/BATCH#*", "table/BATCH#bat_00000000000000000000000000000000"),
    ("table/PAYMENT#*", "table/PAYMENT#pay_1"),
    ("table/FUNDING#*", "table/FUNDING#fnd_1"),
    ("table/HISTORY#*", "table/HISTORY#pay_1"),
    ("table/FILE#*", "table/FILE#0a1b"),
    ("table/FILE_MAPPINGS", "table/FILE_MAPPINGS"),
    ("table/SOURCE#*", "table/SOURCE#CORP-1"),
    ("table/BILLER#*", "table/BILLER#ins_1"),
    ("table/PERSON#*", "table/PERSON#psn_1"),
    ("table/SUBJECT#*", "table/SUBJECT#0a1b"),
    ("table/ITEM#*", "table/ITEM#item_1"),
    ("table/CARD#*", "table/CARD#crd_1"),
    ("table/BANK#*", "table/BANK#bnk_1"),
    ("table/REAL_ACCOUNT#*", "table/REAL_ACCOUNT#f1_0a1b"),
    ("table/REVIEW#*", "table/REVIEW#crd_1"),
    ("table/AUTHORIZATION#*", "table/AUTHORIZATION#crd_1"),
    ("table/NOTICE#*", "table/NOTICE#psn_1"),
    ("table/REPLACEMENT#*", "table/REPLACEMENT#pay_1"),
    ("table/STOP#*", "table/STOP#all"),
    ("table/COUNTERPARTY#*", "table/COUNTERPARTY#0a1b"),
    ("table/ACCOUNT_CORRECTIONS", "table/ACCOUNT_CORRECTIONS"),
    ("table/ACCOUNT_HOLDER#*", "table/ACCOUNT_HOLDER#0a1b"),
    ("table/BANKCOUNTERPARTY#*", "table/BANKCOUNTERPARTY#cpty_1"),
    ("table/ACCOUNT#*", "table/ACCOUNT#cash:CORP-1"),
    ("table/LEDGER#*", "table/LEDGER#cash:CORP-1#2026-03#0"),
    ("table/REQUEST#*", "table/REQUEST#ann#1"),
    ("table/WATERMARK#column", "table/WATERMARK#column"),
    ("table/WATERMARK#books", "table/WATERMARK#books"),
    ("table/WATERMARK#reconciliation", "table/WATERMARK#reconciliation"),
    ("table/RECONCILIATION#*", "table/RECONCILIATION#rec_1"),
    ("table/DIFFERENCE#*", "table/DIFFERENCE#CORP-1"),
    ("table/CORRECTION#*", "table/CORRECTION#cor_1"),
    ("table/INBOX#column#*", "table/INBOX#column#evnt_1"),
    ("table/INBOX#plaid#*", "table/INBOX#plaid#0a1b"),
    ("table/DISPUTED#*", "table/DISPUTED#pay_1"),
    ("table/OUTCOME#*", "table/OUTCOME#pay_1"),
    ("table/PLAIDKEYS", "table/PLAIDKEYS"),
    ("table/AUDIT#*", "table/AUDIT#2026-03-02#0"),
    ("table/DEADLETTER#*", "table/DEADLETTER#dl_0a1b"),
    ("table/FAILURE#*", "table/FAILURE#dl_0a1b"),
    ("table/WEBHOOK_ENDPOINTS", "table/WEBHOOK_ENDPOINTS"),
    ("table/WEBHOOK_EVENTS#*", "table/WEBHOOK_EVENTS#2026-03-02#0"),
    ("bucket/stops/*", "bucket/stops/all.json"),
    ("bucket/uploads/*", "bucket/uploads/bat_1/000000"),
    ("bucket/batches/*/manifest-*", "bucket/batches/bat_1/manifest-0a1b.json"),
    ("bucket/batches/*/digests-*", "bucket/batches/bat_1/digests-0a1b"),
    ("bucket/batches/*/errors.json", "bucket/batches/bat_1/errors.json"),
    ("bucket/batches/*/round-*", "bucket/batches/bat_1/round-2-0a1b.json"),
    ("bucket/batches/*/reports/*.asked", "bucket/batches/bat_1/reports/1/payments-bat_1.csv.asked"),
    ("bucket/batches/*/reports/*.csv", "bucket/batches/bat_1/reports/1/payments-bat_1.csv"),
    ("bucket/batches/*/reports/*.json", "bucket/batches/bat_1/reports/1/payments-bat_1.json"),
];

/// What card autopay alone keeps: no payroll touches it.
pub(crate) const OF_AUTOPAY: [&str; 11] = [
    "table/PERSON#*",
    "table/SUBJECT#*",
    "table/ITEM#*",
    "table/CARD#*",
    "table/BANK#*",
    "table/REAL_ACCOUNT#*",
    "table/REVIEW#*",
    "table/AUTHORIZATION#*",
    "table/NOTICE#*",
    "table/INBOX#plaid#*",
    "table/PLAIDKEYS",
];

/// The kind of a thing.
pub(crate) fn kind_of(on: &str) -> &str {
    KINDS.iter().find(|(kind, _)| matches(kind, on)).map_or(on, |(kind, _)| kind)
}

/// As IAM compares: `*` is any text, `?` any character.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let ends = text.char_indices().map(|(start, _)| start).chain([text.len()]);
            ends.into_iter().any(|start| matches(rest.as_str(), &text[start..]))
        }
        Some(wanted) => {
            let mut left = text.chars();
            left.next().is_some_and(|found| wanted == '?' || wanted == found) && matches(rest.as_str(), left.as_str())
        }
    }
}
