//! Every key of the table, in one place (docs/develop.md lists them with their readers).

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::autopay::ids::{BankAccountId, CardId, PersonId};
use crate::domain::autopay::notice::Recipient;
use crate::domain::dead_letter::DeadLetterId;
use crate::domain::ids::{
    BatchId, CorrectionId, EventId, FundingId, ItemId, PAYMENT_SHARDS, PaymentId, ReconciliationId, WebhookEndpointId,
};
use crate::domain::ledger::{Account, CauseId};
use crate::ports::table::Key;

/// The index `due` is read whole once a minute; a few partitions carry what one cannot.
pub const DUE_SHARDS: u8 = 4;

/// Lines of one ledger account and month: four partitions take about 2,000 transacted lines a second.
pub const LEDGER_SHARDS: u8 = 4;

pub const AUDIT_SHARDS: u8 = 4;

pub const BATCH_PREFIX: &str = "BATCH#";

pub fn batch(id: BatchId) -> Key {
    Key::new(format!("{BATCH_PREFIX}{id}"), "BATCH")
}

pub const CHUNK_PREFIX: &str = "CHUNK#";

pub fn chunk(id: BatchId, number: u32) -> Key {
    Key::new(format!("BATCH#{id}"), format!("{CHUNK_PREFIX}{number:05}"))
}

pub fn payment(id: PaymentId) -> Key {
    match id {
        PaymentId::Row { batch, row } => {
            Key::new(payment_shard(batch, PaymentId::shard_of_row(row)), format!("PAYMENT#{row:07}"))
        }
        PaymentId::Refund { .. } | PaymentId::Single(_) => Key::new(format!("PAYMENT#{id}"), "PAYMENT"),
    }
}

/// The partition of one shard of a batch's payments.
pub fn payment_shard(batch: BatchId, shard: u8) -> String {
    format!("BATCH#{batch}#{shard:02}")
}

pub fn payment_shards() -> impl Iterator<Item = u8> {
    0..PAYMENT_SHARDS
}

pub fn funding(id: FundingId) -> Key {
    Key::new(format!("FUNDING#{id}"), "FUNDING")
}

pub fn history_of(item: ItemId) -> String {
    format!("HISTORY#{item}")
}

/// Whose history an entry is part of.
pub fn item_of_history(key: &Key) -> Option<ItemId> {
    key.pk.strip_prefix("HISTORY#")?.parse().ok()
}

/// Our own step: named by the version of the item that it made.
pub fn history_step(item: ItemId, version: u64) -> Key {
    Key::new(history_of(item), format!("STEP#{version:06}"))
}

/// The bank's event: put-if-absent under its id, which makes the history the inbox.
pub fn history_event(item: ItemId, event_id: &str) -> Key {
    Key::new(history_of(item), format!("EVENT#{event_id}"))
}

/// The claim on the payments of one file and pay period.
pub fn file_claim(canonical_hash: &str, pay_period: Date) -> Key {
    Key::new(claims_on(canonical_hash), format!("{PERIOD_PREFIX}{pay_period}"))
}

/// Every claim on the same payments, one for each pay period.
pub fn claims_on(canonical_hash: &str) -> String {
    format!("FILE#{canonical_hash}")
}

pub const PERIOD_PREFIX: &str = "PERIOD#";

/// The claim of a batch that was summarized before pay periods were kept.
pub fn file_claim_of_no_period(canonical_hash: &str) -> Key {
    Key::new(claims_on(canonical_hash), "FILE")
}

/// Every stored mapping of a table's columns, in one partition: there are few.
pub const FILE_MAPPINGS: &str = "FILE_MAPPINGS";

pub fn file_mapping(name: &str) -> Key {
    Key::new(FILE_MAPPINGS, name)
}

/// How many approvals there have been; each replaces it.
pub fn approval_fence() -> Key {
    Key::new("APPROVALS", "FENCE")
}

pub const APPROVAL_PREFIX: &str = "APPROVAL#";

pub fn approval_mark(number: u64) -> Key {
    Key::new("APPROVALS", format!("{APPROVAL_PREFIX}{number:020}"))
}

pub fn source(id: &str) -> Key {
    Key::new(format!("SOURCE#{id}"), "SOURCE")
}

/// Which account a counterparty of the bank stands for; it never changes there.
pub fn bank_counterparty(counterparty_id: &str) -> Key {
    Key::new(format!("BANKCOUNTERPARTY#{counterparty_id}"), "BANKCOUNTERPARTY")
}

/// Which source has this bank account.
pub fn account_holder(fingerprint: &str) -> Key {
    Key::new(format!("ACCOUNT_HOLDER#{fingerprint}"), "ACCOUNT_HOLDER")
}

/// Which person a subject is; by the subject's SHA-256.
pub fn subject(sha256: &str) -> Key {
    Key::new(format!("SUBJECT#{sha256}"), "SUBJECT")
}

pub fn person(id: PersonId) -> Key {
    Key::new(format!("PERSON#{id}"), "PERSON")
}

/// A check that is to go to another address.
pub fn replacement(id: PaymentId) -> Key {
    Key::new(format!("REPLACEMENT#{id}"), "REPLACEMENT")
}

/// A refund that is to go to another account.
pub fn redirect(id: PaymentId) -> Key {
    Key::new(format!("REPLACEMENT#{id}"), "REDIRECT")
}

/// The stop switch of all payers, or of one.
pub fn stop(scope: &str) -> Key {
    Key::new(format!("STOP#{scope}"), "STOP")
}

pub fn biller(institution_id: &str) -> Key {
    Key::new(format!("BILLER#{institution_id}"), "BILLER")
}

pub fn counterparty(fingerprint: &str) -> Key {
    Key::new(format!("COUNTERPARTY#{fingerprint}"), "COUNTERPARTY")
}

/// Every account that the bank has corrected, in one partition: there are few, and who approves a batch reads them all, consistently.
pub const ACCOUNT_CORRECTIONS: &str = "ACCOUNT_CORRECTIONS";

/// How every fingerprint of an account begins.
pub const FINGERPRINT_PREFIX: &str = "f";

pub fn account_correction(account: &str) -> Key {
    Key::new(ACCOUNT_CORRECTIONS, account)
}

pub fn ledger_account(account: &Account) -> String {
    format!("ACCOUNT#{account}")
}

/// What an account held at the end of a day.
pub fn closing(account: &Account, day: Date) -> Key {
    Key::new(ledger_account(account), format!("{CLOSING_PREFIX}{day}"))
}

pub const CLOSING_PREFIX: &str = "CLOSE#";

/// Which day of the books is closed next.
pub fn closing_round() -> Key {
    Key::new(format!("{ROUND_PREFIX}books"), "WATERMARK")
}

/// The partition of an account's lines of one month.
pub fn ledger_lines(account: &Account, month: Date, shard: u8) -> String {
    format!("LEDGER#{account}#{:04}-{:02}#{shard}", month.year(), month.month())
}

/// `booked_at` decides the month and the order; see [`crate::domain::ledger::closing`].
pub fn posting(account: &Account, booked_at: Timestamp, cause: CauseId, version: u64, line: usize) -> Key {
    let month = booked_at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let shard = spread(&cause.to_string(), LEDGER_SHARDS);
    Key::new(ledger_lines(account, month, shard), format!("{}#{cause}#{version:06}#{line}", sortable(booked_at)))
}

/// How far the bank's events are known to be recorded.
pub fn watermark() -> Key {
    Key::new(format!("{ROUND_PREFIX}column"), "WATERMARK")
}

const ROUND_PREFIX: &str = "WATERMARK#";

/// Whether a due item comes round for ever, whether there is work or not.
pub fn is_round(key: &Key) -> bool {
    key.pk.starts_with(ROUND_PREFIX)
}

/// When the next daily reconciliation begins.
pub fn daily_round() -> Key {
    Key::new(format!("{ROUND_PREFIX}reconciliation"), "WATERMARK")
}

pub fn reconciliation(id: ReconciliationId) -> Key {
    Key::new(format!("RECONCILIATION#{id}"), "RECONCILIATION")
}

pub const PAYER_RUN_PREFIX: &str = "PAYER#";

pub fn payer_run(id: ReconciliationId, payer_id: &str) -> Key {
    Key::new(reconciliation(id).pk, format!("{PAYER_RUN_PREFIX}{payer_id}"))
}

pub const FINDING_PREFIX: &str = "FINDING#";

/// Put if absent under the name of the difference.
pub fn finding(id: ReconciliationId, payer_id: &str, name: &str) -> Key {
    Key::new(reconciliation(id).pk, format!("{}{name}", findings_of(payer_id)))
}

pub fn findings_of(payer_id: &str) -> String {
    format!("{FINDING_PREFIX}{payer_id}#")
}

/// What a page of the bank's list has shown.
pub fn seen_page(id: ReconciliationId, payer_id: &str, page: u32) -> Key {
    Key::new(reconciliation(id).pk, format!("SEEN#{payer_id}#{page:05}"))
}

/// A difference that the alarm was raised about.
pub fn difference(payer_id: &str, name: &str) -> Key {
    Key::new(format!("DIFFERENCE#{payer_id}"), name)
}

pub fn correction(id: CorrectionId) -> Key {
    Key::new(format!("CORRECTION#{id}"), "CORRECTION")
}

pub fn inbox(provider: &str, event_id: &str) -> Key {
    Key::new(format!("INBOX#{provider}#{event_id}"), "INBOX")
}

/// Words of the bank about an item that were not applied.
pub fn disputed_words_of(item: ItemId) -> String {
    format!("DISPUTED#{item}")
}

pub fn disputed_word(item: ItemId, id: &str) -> Key {
    Key::new(disputed_words_of(item), id)
}

/// What operators say of a send whose outcome is unknown.
pub fn settlement(item: ItemId) -> Key {
    Key::new(format!("OUTCOME#{item}"), "OUTCOME")
}

/// The partition of the keys with which Plaid signs its webhooks.
pub const PLAID_KEYS: &str = "PLAIDKEYS";

pub fn plaid_key(key_id: &str) -> Key {
    Key::new(PLAID_KEYS, key_id)
}

/// An item of Plaid's, by Plaid's id.
pub fn item(item_id: &str) -> Key {
    Key::new(format!("ITEM#{item_id}"), "ITEM")
}

pub fn card(id: CardId) -> Key {
    Key::new(format!("CARD#{id}"), "CARD")
}

/// A person's bank account outside.
pub fn bank_account(id: BankAccountId) -> Key {
    Key::new(format!("BANK#{id}"), "BANK")
}

/// Who holds the real account of this key, and whether a return closed it.
pub fn real_account(fingerprint: &str) -> Key {
    Key::new(format!("REAL_ACCOUNT#{fingerprint}"), "REAL_ACCOUNT")
}

pub fn is_real_account(key: &Key) -> bool {
    key.sk == "REAL_ACCOUNT"
}

pub fn reviews_of(card: CardId) -> String {
    format!("REVIEW#{card}")
}

/// `code` keeps two reviews of one second apart that came to different answers.
pub fn review(card: CardId, at: Timestamp, code: &str) -> Key {
    Key::new(reviews_of(card), format!("{}#{code}", sortable(at)))
}

pub fn authorizations_of(card: CardId) -> String {
    format!("AUTHORIZATION#{card}")
}

/// `step` keeps an agreement and its end in one second apart.
pub fn authorization(card: CardId, at: Timestamp, step: &str) -> Key {
    Key::new(authorizations_of(card), format!("{}#{step}", sortable(at)))
}

pub fn notices_of(recipient: Recipient) -> String {
    format!("NOTICE#{recipient}")
}

/// Put if absent, so that each kind comes once per occasion.
pub fn notice(recipient: Recipient, occasion: &str) -> Key {
    Key::new(notices_of(recipient), occasion)
}

pub fn dead_letter(id: DeadLetterId) -> Key {
    Key::new(format!("DEADLETTER#{id}"), "DEADLETTER")
}

/// How the last try of a message ended that says what the letter of this id would say.
pub fn failure(id: DeadLetterId) -> Key {
    Key::new(format!("FAILURE#{id}"), "FAILURE")
}

pub fn audit_day(day: Date, shard: u8) -> String {
    format!("AUDIT#{day}#{shard}")
}

/// The shard that holds all that one actor does in a day.
pub fn audit_shard(actor: &str) -> u8 {
    spread(actor, AUDIT_SHARDS)
}

/// To the microsecond, since one person does several things in a second.
pub fn audit(at: Timestamp, actor: &str, nonce: u64) -> Key {
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let moment = at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    Key::new(audit_day(at.date(), audit_shard(actor)), format!("{moment}#{actor}#{nonce:016x}"))
}

/// Every endpoint of outgoing webhooks, in one partition: there are few, and whatever is told reads them all.
pub const WEBHOOK_ENDPOINTS: &str = "WEBHOOK_ENDPOINTS";

pub fn webhook_endpoint(id: WebhookEndpointId) -> Key {
    Key::new(WEBHOOK_ENDPOINTS, id.to_string())
}

/// Outgoing events of one day: eight partitions take about 4,000 transacted events a second.
pub const WEBHOOK_EVENT_SHARDS: u8 = 8;

/// The partition of one shard of a day's events, which lie there in the order of their time.
pub fn webhook_events(day: Date, shard: u8) -> String {
    format!("{WEBHOOK_EVENTS_PREFIX}{day}#{shard}")
}

const WEBHOOK_EVENTS_PREFIX: &str = "WEBHOOK_EVENTS#";

/// An event's id tells its day. One that nobody made is of the first.
pub fn webhook_event(id: EventId) -> Key {
    let at = id.uuid().get_timestamp().and_then(|time| i64::try_from(time.to_unix().0).ok());
    let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    let sort = id.to_string();
    Key::new(webhook_events(at.to_zoned(jiff::tz::TimeZone::UTC).date(), spread(&sort, WEBHOOK_EVENT_SHARDS)), sort)
}

/// The entry of an item in the index `due`.
pub fn due(key: &Key, at: Timestamp) -> (String, String) {
    (due_shard(spread(&key.pk, DUE_SHARDS)), sortable(at))
}

pub fn due_shard(shard: u8) -> String {
    format!("DUE#{shard}")
}

/// Lists of the index `lists`.
pub const LIST_BATCHES: &str = "BATCHES";
pub const LIST_SOURCES: &str = "SOURCES";
pub const LIST_PERSONS: &str = "PERSONS";
pub const LIST_BILLERS: &str = "BILLERS";
/// Switches that are on.
pub const LIST_STOPS: &str = "STOPS";
pub const LIST_RECONCILIATIONS: &str = "RECONCILIATIONS";
/// Those that wait for an operator.
pub const LIST_DEAD_LETTERS: &str = "DEADLETTERS";
/// Events of the bank that fit nothing and that nobody has closed.
pub const LIST_UNMATCHED_EVENTS: &str = "UNMATCHED";

pub fn list_of_employee(employee_id: &str) -> String {
    format!("EMPLOYEE#{employee_id}")
}

pub fn list_of_fundings(day: Date) -> String {
    format!("FUNDINGS#{day}")
}

/// What was done to one thing, in the order of time.
pub fn list_of_audited(subject: &str) -> String {
    format!("AUDITED#{subject}")
}

pub fn list_of_items(person: PersonId) -> String {
    format!("ITEMS#{person}")
}

pub fn list_of_cards(person: PersonId) -> String {
    format!("CARDS#{person}")
}

pub fn list_of_bank_accounts(person: PersonId) -> String {
    format!("BANKS#{person}")
}

pub fn list_of_card_payments(card: CardId) -> String {
    format!("PAYMENTS#{card}")
}

/// A time as text of one width, so that text order is time order: whole seconds, UTC.
pub fn sortable(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Spreads texts evenly over shards (FNV-1a); stable for ever, since keys depend on it.
pub(super) fn spread(text: &str, shards: u8) -> u8 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    (hash % u64::from(shards.max(1))) as u8
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_row_lives_in_its_shard_under_its_number() {
        let id = PaymentId::Row { batch: BatchId::new(Uuid::from_u128(1)), row: 35 };
        let key = payment(id);
        assert!(key.pk.ends_with("#03"), "{}", key.pk);
        assert_eq!(key.sk, "PAYMENT#0000035");
    }

    #[test]
    fn spreading_is_even_and_stable() {
        let mut counts = [0_u32; 4];
        for number in 0..4_000 {
            counts[usize::from(spread(&format!("item {number}"), 4))] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
        assert_eq!(spread("CORP-1", 4), spread("CORP-1", 4));
    }

    #[test]
    fn text_order_is_time_order() {
        let early = sortable("2026-03-02T09:59:59.9Z".parse().unwrap());
        let late = sortable("2026-03-02T10:00:00Z".parse().unwrap());
        assert!(early < late);
    }
}
