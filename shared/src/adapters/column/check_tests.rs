use bytes::Bytes;
use serde_json::{Value, json};

use super::tests::{Bank, refusal, success};
use super::*;
use crate::adapters::scripted::answer;
use crate::domain::bank::body::TransferBody;
use crate::domain::bank::check::delivery::DeliveryStatus;
use crate::domain::bank::check::status::CheckStatus;
use crate::domain::bank::error::BankError;
use crate::domain::money::Cents;
use crate::ports::transport::TransportError;

const BODY: &[u8] = br#"{"positive_pay_amount":48250}"#;

fn check(id: &str, key: &str, status: &str) -> Value {
    json!({
        "id": id, "type": "debit", "status": status, "positive_pay_amount": 48250, "deposited_amount": null,
        "currency_code": "USD", "bank_account_id": "bacc_example", "idempotency_key": key, "check_number": 1017,
        "delivery_status": "created", "returns": [], "void_date": null, "created_at": "2026-03-05T18:04:05Z",
        "updated_at": "2026-03-05T18:04:05Z", "issued_at": null, "settled_at": null
    })
}

fn body() -> TransferBody {
    TransferBody::from_stored(Bytes::from_static(BODY))
}

#[tokio::test]
async fn a_check_lost_on_the_way_is_sent_again_with_the_same_key_and_bytes() {
    let lost = Err(TransportError::TimedOut);
    let bank = Bank::answering([lost, answer(503, ""), success(check("chkt_1", "pay_example:1", "initiated"))]);

    let issued = bank.client.issue_check(&body(), "pay_example:1", bank.deadline()).await.unwrap();

    assert_eq!((issued.status, issued.amount), (CheckStatus::Initiated, Some(Cents::new(48_250))));
    assert_eq!(issued.delivery_status, Some(DeliveryStatus::Created));
    let sent = bank.transport.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| request == &sent[0]));
    assert_eq!(sent[0].url, "https://bank.example/transfers/checks/issue");
    assert_eq!(sent[0].body, Bytes::from_static(BODY));
    assert!(sent[0].headers.contains(&("idempotency-key".to_owned(), "pay_example:1".to_owned())));
}

#[tokio::test]
async fn a_refused_check_is_the_payees_or_ours_by_its_code() {
    for (code, is_final) in
        [("invalid_address", true), ("transfer_invalid_amount", true), ("transfer_non_sufficient_fund", false)]
    {
        let bank = Bank::answering([refusal(400, code)]);
        let error = bank.client.issue_check(&body(), "pay_example:1", bank.deadline()).await.unwrap_err();
        assert_eq!(matches!(error, BankError::Refused { .. }), is_final, "{code}");
        assert!(!error.outcome_unknown(), "{code}");
    }
}

#[tokio::test]
async fn a_check_in_words_we_cannot_read_is_not_issued_again() {
    let bank = Bank::answering([success(json!({"id": "chkt_1", "payee_name": "Pat Example"}))]);
    let error = bank.client.issue_check(&body(), "pay_example:1", bank.deadline()).await.unwrap_err();
    assert!(matches!(error, BankError::Unreadable { .. }), "{error}");
    assert!(error.outcome_unknown() && !error.retryable());
    assert!(!format!("{error} {error:?}").contains("Pat"));
}

#[tokio::test]
async fn a_stop_is_taken() {
    let bank = Bank::answering([success(check("chkt_1", "pay_example:1", "pending_stop"))]);
    let stopped = bank.client.stop_check("chkt_1", bank.deadline()).await.unwrap();
    assert!(matches!(stopped, StopOutcome::Stopping(check) if check.status == CheckStatus::PendingStop));
    let sent = &bank.transport.sent()[0];
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str()),
        ("POST", "https://bank.example/transfers/checks/chkt_1/stop-payment")
    );
}

#[tokio::test]
async fn why_a_stop_is_refused_is_read_from_the_check() {
    for (status, expected) in [
        ("pending_stop", "already"),
        ("stopped", "already"),
        ("second_return", "already"),
        ("pending_deposit", "too late"),
        ("settled", "too late"),
        ("issued", "refused"),
        ("shredded", "refused"),
    ] {
        // Which of its codes the bank refuses a stop with is not documented.
        for code in ["cancellation_not_allowed", "transfer_invalid_amount", "brand_new"] {
            let bank = Bank::answering([refusal(400, code), success(check("chkt_1", "pay_example:1", status))]);
            let outcome = match bank.client.stop_check("chkt_1", bank.deadline()).await {
                Ok(StopOutcome::Stopping(_)) => "stopping",
                Ok(StopOutcome::Already(_)) => "already",
                Ok(StopOutcome::TooLate(_)) => "too late",
                Err(_) => "refused",
            };
            assert_eq!(outcome, expected, "{status} {code}");
        }
    }
}

#[tokio::test]
async fn a_stop_without_an_answer_has_an_unknown_outcome_and_may_be_asked_again() {
    let bank = Bank::answering((0..3).map(|_| Err(TransportError::TimedOut)));
    let error = bank.client.stop_check("chkt_1", bank.deadline()).await.unwrap_err();
    assert!(error.outcome_unknown() && error.retryable());
}

#[tokio::test]
async fn a_key_is_looked_up_among_the_checks_page_by_page() {
    let page = |ids: [(&str, &str); 1], has_more: bool| {
        let checks: Vec<Value> = ids.iter().map(|(id, key)| check(id, key, "issued")).collect();
        json!({"transfers": checks, "has_more": has_more})
    };
    let query = TransferQuery {
        bank_account_id: "bacc_example".to_owned(),
        created_from: "2026-03-01T00:00:00Z".parse().unwrap(),
        created_until: None,
        older_than: None,
    };

    for (key, found) in [("pay_a:1", Some("chkt_1")), ("pay_z:1", None)] {
        let (first, second) = (page([("chkt_2", "pay_b:1")], true), page([("chkt_1", "pay_a:1")], false));
        let bank = Bank::answering([success(first), success(second)]);
        let check = match bank.client.find_check(query.clone(), key, bank.deadline()).await.unwrap() {
            Found::It(check) => Some(check.id),
            Found::Further(_) | Found::Nothing => None,
        };
        assert_eq!(check.as_deref(), found);
        let sent = bank.transport.sent();
        assert_eq!(
            sent[0].url,
            "https://bank.example/transfers/checks?bank_account_id=bacc_example&limit=100&created.gte=2026-03-01T00%3A00%3A00Z"
        );
        assert!(sent[1].url.ends_with("&starting_after=chkt_2"), "{}", sent[1].url);
    }
}
