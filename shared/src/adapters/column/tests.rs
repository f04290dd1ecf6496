use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;
use crate::adapters::api_key::ApiKey;
use crate::adapters::provider_call::CallLimits;
use crate::adapters::scripted::{PausedClock, SameByte, ScriptedTransport, answer};
use crate::domain::bank::body::TransferBody;
use crate::domain::bank::error::BankError;
use crate::domain::bank::event::{MalformedBankData, TransferSnapshot};
use crate::domain::bank::refusal::{CODES, RefusalSide};
use crate::domain::bank::status::BankStatus;
use crate::domain::deadline::Deadline;
use crate::domain::money::Cents;
use crate::ports::transport::{ProviderResponse, TransportError};

pub(super) type Scripted = Result<ProviderResponse, TransportError>;

pub(super) struct Bank {
    pub(super) client: ColumnClient,
    pub(super) transport: std::sync::Arc<ScriptedTransport>,
    clock: std::sync::Arc<PausedClock>,
}

impl Bank {
    pub(super) fn answering(script: impl IntoIterator<Item = Scripted>) -> Self {
        let (transport, clock) = (ScriptedTransport::new(script), PausedClock::new());
        let settings = ColumnSettings {
            base_url: "https://bank.example".to_owned(),
            api_key: ApiKey::new("test_key"),
            limits: CallLimits::default(),
        };
        let client = ColumnClient::new(transport.clone(), clock.clone(), std::sync::Arc::new(SameByte(7)), settings);
        Self { client, transport, clock }
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.clock.deadline_in(60)
    }

    async fn pay(&self) -> Result<crate::domain::bank::event::TransferSnapshot, BankError> {
        let body = TransferBody::from_stored(Bytes::from_static(br#"{"type":"CREDIT","amount":48250}"#));
        self.client.create_ach_transfer(&body, "pay_example:1", self.deadline()).await
    }
}

fn transfer(id: &str, key: &str) -> Value {
    json!({
        "id": id, "type": "CREDIT", "status": "INITIATED", "amount": 48250, "currency_code": "USD",
        "bank_account_id": "bacc_example", "counterparty_id": "cpty_example", "is_incoming": false,
        "same_day": false, "effective_on": "2026-03-03T08:00:00Z", "idempotency_key": key, "return_details": [],
        "notification_of_changes": null, "created_at": "2026-03-02T18:04:05Z", "updated_at": "2026-03-02T18:04:05Z",
        "settled_at": null, "returned_at": null, "cancelled_at": null
    })
}

pub(super) fn success(body: Value) -> Scripted {
    answer(200, body.to_string())
}

pub(super) fn refusal(status: u16, code: &str) -> Scripted {
    let body = json!({"type": "transfer_error", "code": code, "message": "text", "details": {}});
    answer(status, body.to_string())
}

#[tokio::test]
async fn a_payout_is_sent_with_key_and_credentials_and_its_answer_is_read() {
    let bank = Bank::answering([success(transfer("acht_1", "pay_example:1"))]);

    let accepted = bank.pay().await.unwrap();

    assert_eq!((accepted.status, accepted.amount), (BankStatus::Initiated, Cents::new(48_250)));
    assert_eq!(accepted.counterparty_id.as_deref(), Some("cpty_example"));
    let sent = &bank.transport.sent()[0];
    assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", "https://bank.example/transfers/ach"));
    for (name, value) in [
        // An empty user name, a colon, and the key.
        ("authorization", "Basic OnRlc3Rfa2V5"),
        ("content-type", "application/json"),
        ("idempotency-key", "pay_example:1"),
    ] {
        assert!(sent.headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
    }
}

#[tokio::test]
async fn a_payout_lost_on_the_way_is_sent_again_with_the_same_key_and_bytes() {
    let lost = Err(TransportError::TimedOut);
    let bank = Bank::answering([lost, answer(503, ""), success(transfer("acht_1", "pay_example:1"))]);

    bank.pay().await.unwrap();

    let sent = bank.transport.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| request == &sent[0]));
}

#[tokio::test]
async fn every_code_of_the_bank_ends_where_the_list_says() {
    for &(code, side, _) in CODES {
        let error = Bank::answering([refusal(400, code)]).pay().await.unwrap_err();
        let refused = matches!(error, BankError::Refused { .. });
        // A complaint about a field names one, which this answer does not.
        assert_eq!(refused, side == RefusalSide::PayeeOrAmount, "{code}");
        assert!(!error.outcome_unknown(), "{code}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_answered_without_a_body_and_is_about_us() {
    let error = Bank::answering([answer(401, "")]).pay().await.unwrap_err();
    assert_eq!(error, BankError::AboutUs { status: 401, code: None });
    assert!(error.retryable());
}

#[tokio::test]
async fn a_refusal_of_us_after_a_lost_try_leaves_the_outcome_unknown() {
    let error = Bank::answering([Err(TransportError::TimedOut), answer(401, "")]).pay().await.unwrap_err();
    assert!(matches!(error, BankError::Unavailable { outcome_unknown: true, .. }), "{error}");
}

#[tokio::test]
async fn a_busy_bank_has_not_acted_and_a_broken_one_may_have() {
    for (status, outcome_unknown) in [(429, false), (408, true), (500, true), (503, true)] {
        let error = Bank::answering((0..3).map(|_| answer(status, ""))).pay().await.unwrap_err();
        assert!(matches!(error, BankError::Unavailable { .. }) && error.retryable(), "{status}");
        assert_eq!(error.outcome_unknown(), outcome_unknown, "{status}");
    }
}

#[tokio::test]
async fn a_success_in_words_we_cannot_read_is_not_sent_again() {
    for body in ["", "<html>", "{}", r#"{"id":"acht_1","account_number":"000123456789"}"#] {
        let bank = Bank::answering([answer(200, body)]);
        let error = bank.pay().await.unwrap_err();
        assert!(matches!(error, BankError::Unreadable { .. }), "{body}");
        assert!(error.outcome_unknown() && !error.retryable());
        assert!(!format!("{error} {error:?}").contains("000123456789"));
    }
}

#[tokio::test]
async fn nothing_is_sent_without_the_time_for_an_answer() {
    let bank = Bank::answering([]);
    let body = TransferBody::from_stored(Bytes::from_static(b"{}"));
    let deadline = Deadline::new(jiff::Timestamp::UNIX_EPOCH + Duration::from_secs(12), Duration::from_secs(3));

    let error = bank.client.create_ach_transfer(&body, "pay_example:1", deadline).await.unwrap_err();

    assert!(matches!(error, BankError::Unavailable { outcome_unknown: false, .. }), "{error}");
    assert!(bank.transport.sent().is_empty());
}

#[tokio::test]
async fn an_account_is_opened_and_its_balances_are_read() {
    let account = json!({
        "id": "bacc_1", "type": "CHECKING", "status": "open", "currency_code": "USD", "description": "Source one",
        "balances": {"available_amount": -5, "pending_amount": 7, "holding_amount": 0, "locked_amount": 1},
        "default_account_number": "256810347012345"
    });
    let bank = Bank::answering([success(account.clone()), success(account)]);

    let opened = bank.client.create_bank_account("enti_1", "Source one", "src_1", bank.deadline()).await.unwrap();
    let read = bank.client.bank_account("bacc_1", bank.deadline()).await.unwrap();

    assert_eq!(opened, read);
    assert_eq!(read.status, BankAccountStatus::Open);
    assert_eq!((read.balances.available, read.balances.pending), (Cents::new(-5), Cents::new(7)));
    let sent = bank.transport.sent();
    assert!(sent[0].headers.contains(&("idempotency-key".to_owned(), "src_1".to_owned())));
    assert_eq!(sent[1].url, "https://bank.example/bank-accounts/bacc_1");
}

#[tokio::test]
async fn a_key_is_looked_up_page_by_page() {
    let first = json!({"transfers": [transfer("acht_3", "pay_c:1"), transfer("acht_2", "pay_b:1")], "has_more": true});
    let second = json!({"transfers": [transfer("acht_1", "pay_a:1")], "has_more": false});

    for (key, found) in [("pay_a:1", Some("acht_1")), ("pay_z:1", None)] {
        let bank = Bank::answering([success(first.clone()), success(second.clone())]);
        let transfer = bank.client.find_ach_transfer(march(), key, bank.deadline()).await.unwrap();
        assert_eq!(id_of(&transfer), found);
        let sent = bank.transport.sent();
        assert_eq!(
            sent[0].url,
            "https://bank.example/transfers/ach?bank_account_id=bacc_example&limit=100&created.gte=2026-03-01T00%3A00%3A00Z"
        );
        assert!(sent[1].url.ends_with("&starting_after=acht_2"), "{}", sent[1].url);
    }
}

/// All of an account's transfers since the first of March.
fn march() -> TransferQuery {
    TransferQuery {
        bank_account_id: "bacc_example".to_owned(),
        created_from: "2026-03-01T00:00:00Z".parse().unwrap(),
        created_until: None,
        older_than: None,
    }
}

fn id_of(found: &Found<TransferSnapshot>) -> Option<&str> {
    match found {
        Found::It(transfer) => Some(&transfer.id),
        Found::Further(_) | Found::Nothing => None,
    }
}

/// An account with 50,000 transfers has 500 pages: reading them all would outlast the function, and again the next time.
#[tokio::test]
async fn a_search_reads_some_pages_and_says_where_it_goes_on() {
    let page = |number: u32| {
        let listed = json!({"transfers": [transfer(&format!("acht_{number}"), "pay_b:1")], "has_more": true});
        success(listed)
    };
    let bank = Bank::answering((1..=FIND_PAGES).map(page));
    let found = bank.client.find_ach_transfer(march(), "pay_a:1", bank.deadline()).await.unwrap();
    let place = PageCursor(format!("acht_{FIND_PAGES}"));
    assert_eq!(found, Found::Further(place.clone()));

    // What was read before the bank fell silent need not be read again.
    let broken = (0..3).map(|_| Err(TransportError::TimedOut));
    let bank = Bank::answering(std::iter::once(page(7)).chain(broken));
    let query = TransferQuery { older_than: Some(place), ..march() };
    let found = bank.client.find_ach_transfer(query, "pay_a:1", bank.deadline()).await.unwrap();
    assert_eq!(found, Found::Further(PageCursor("acht_7".to_owned())));
    assert!(bank.transport.sent()[0].url.ends_with(&format!("&starting_after=acht_{FIND_PAGES}")));
}

#[tokio::test]
async fn a_final_refusal_after_a_lost_try_leaves_the_outcome_unknown() {
    let refused = refusal(400, "invalid_beneficiary_account");
    let error = Bank::answering([Err(TransportError::TimedOut), refused]).pay().await.unwrap_err();
    assert!(matches!(error, BankError::Refused { outcome_unknown: true, .. }), "{error}");
}

#[tokio::test]
async fn an_unreadable_event_does_not_hide_the_others() {
    let created_at = "2026-03-02T18:04:05Z";
    let list = json!({"events": [
        {"id": "evnt_3", "created_at": created_at, "type": "ach.outgoing_transfer.initiated", "data": transfer("acht_1", "pay_a:1")},
        {"id": "evnt_2", "created_at": created_at, "type": "ach.outgoing_transfer.settled", "data": {"id": "acht_2"}},
        {"id": "evnt_1", "created_at": created_at, "type": "identity.created", "data": {}}
    ], "has_more": true});
    let bank = Bank::answering([success(list)]);
    let query = EventQuery {
        created_from: created_at.parse().unwrap(),
        created_until: "2026-03-02T19:00:00Z".parse().unwrap(),
        older_than: Some(PageCursor("evnt_4".into())),
    };

    let page = bank.client.events(&query, bank.deadline()).await.unwrap();

    let unreadable: Vec<_> =
        page.events.iter().map(|event| event.as_ref().err().map(|unreadable| unreadable.why)).collect();
    assert_eq!(unreadable, [None, Some(MalformedBankData::NotATransfer), None]);
    assert_eq!(page.older, Some(PageCursor("evnt_1".to_owned())));
    assert!(bank.transport.sent()[0].url.ends_with("&created.lte=2026-03-02T19%3A00%3A00Z&starting_after=evnt_4"));
}

#[tokio::test]
async fn a_transfer_is_canceled_or_it_is_too_late() {
    let mut canceled = transfer("acht_1", "pay_a:1");
    canceled["status"] = json!("CANCELED");
    let bank = Bank::answering([success(canceled), refusal(400, "cancellation_not_allowed")]);

    let first = bank.client.cancel_ach_transfer("acht_1", bank.deadline()).await.unwrap();
    let second = bank.client.cancel_ach_transfer("acht_1", bank.deadline()).await.unwrap();

    assert!(matches!(first, CancelOutcome::Canceled(transfer) if transfer.status == BankStatus::Canceled));
    assert_eq!(second, CancelOutcome::TooLate);
    assert_eq!(bank.transport.sent()[0].url, "https://bank.example/transfers/ach/acht_1/cancel");
}

#[tokio::test]
async fn a_routing_number_that_no_bank_has_is_an_answer() {
    let institution = json!({
        "routing_number": "110000000", "full_name": "EXAMPLE BANK, NA", "ach_eligible": true, "wire_eligible": true,
        "realtime_eligible": false, "check_eligible": true
    });
    let bank = Bank::answering([
        success(institution),
        refusal(404, "resource_not_found"),
        refusal(400, "routing_number_not_found"),
    ]);

    let found = bank.client.institution("110000000", bank.deadline()).await.unwrap();
    assert!(found.is_some_and(|institution| institution.ach_eligible && !institution.realtime_eligible));
    for _ in 0..2 {
        assert_eq!(bank.client.institution("110000001", bank.deadline()).await, Ok(None));
    }
}
