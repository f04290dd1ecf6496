use serde_json::{Value, json};

use super::*;
use crate::adapters::scripted::{PausedClock, SameByte, ScriptedTransport, answer};
use crate::domain::money::Cents;
use crate::domain::secret::{AccessToken, PublicToken};
use crate::ports::transport::{ProviderResponse, TransportError};

type Scripted = Result<ProviderResponse, TransportError>;

/// A client whose network answers as scripted, each call tried once.
struct Scene {
    client: PlaidClient,
    transport: Arc<ScriptedTransport>,
    clock: Arc<PausedClock>,
}

impl Scene {
    fn new(script: impl IntoIterator<Item = Scripted>) -> Self {
        let (transport, clock) = (ScriptedTransport::new(script), PausedClock::new());
        let settings = PlaidSettings {
            base_url: "https://plaid.example".to_owned(),
            client_id: "client-example".to_owned(),
            secret: ApiKey::new("secret-example"),
            limits: CallLimits { tries_max: 1, ..CallLimits::default() },
        };
        let client = PlaidClient::new(transport.clone(), clock.clone(), Arc::new(SameByte(0)), settings);
        Self { client, transport, clock }
    }

    fn deadline(&self) -> Deadline {
        self.clock.deadline_in(60)
    }

    /// The bodies that were sent, in order.
    fn bodies(&self) -> Vec<Value> {
        self.transport.sent().iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    }
}

fn token() -> AccessToken {
    AccessToken::new("access-sandbox-example")
}

fn ok(body: &Value) -> Scripted {
    answer(200, body.to_string())
}

fn refusal(status: u16, error_type: &str, error_code: &str) -> Scripted {
    let body = json!({
        "error_type": error_type, "error_code": error_code, "error_message": "text", "display_message": null,
        "request_id": "k3Jt9QxWmP2aZr7"
    });
    answer(status, body.to_string())
}

async fn looked_up(script: Scripted) -> (Result<InstitutionLookup, PlaidError>, Vec<ProviderRequest>) {
    let scene = Scene::new([script]);
    let result = scene.client.institution("ins_109508", scene.deadline()).await;
    (result, scene.transport.sent())
}

#[tokio::test]
async fn an_institution_is_found_with_its_routing_numbers() {
    let body = json!({
        "institution": {"institution_id": "ins_109508", "name": "Example Bank", "products": ["auth", "brand_new"],
            "country_codes": ["US"], "routing_numbers": ["110000000"], "oauth": false, "url": null},
        "request_id": "k3Jt9QxWmP2aZr7"
    });
    let (result, sent) = looked_up(answer(200, body.to_string())).await;

    let facts = InstitutionFacts { name: "Example Bank".to_owned(), routing_numbers: vec!["110000000".to_owned()] };
    assert_eq!(result, Ok(InstitutionLookup::Found(facts)));
    assert_eq!(sent[0].url, "https://plaid.example/institutions/get_by_id");
    let asked: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!(asked, json!({"institution_id": "ins_109508", "country_codes": ["US"]}));
    assert!(sent[0].headers.contains(&("plaid-secret".to_owned(), "secret-example".to_owned())));
}

#[tokio::test]
async fn an_institution_that_plaid_does_not_have_is_an_answer() {
    let (result, _) = looked_up(refusal(400, "INVALID_INPUT", "INVALID_INSTITUTION")).await;
    assert_eq!(result, Ok(InstitutionLookup::Unknown));
}

#[tokio::test]
async fn errors_say_whether_a_retry_helps() {
    for (script, retryable) in [
        (refusal(429, "RATE_LIMIT_EXCEEDED", "INSTITUTIONS_GET_BY_ID_LIMIT"), true),
        (refusal(429, "RATE_LIMIT_EXCEEDED", "CREDITS_EXHAUSTED"), false),
        (refusal(400, "INSTITUTION_ERROR", "INSTITUTION_DOWN"), true),
        (refusal(500, "API_ERROR", "INTERNAL_SERVER_ERROR"), true),
        (refusal(400, "INVALID_INPUT", "INVALID_API_KEYS"), false),
        (answer(404, "<html>"), true),
        (answer(200, "<html>"), false),
    ] {
        let (result, _) = looked_up(script).await;
        assert_eq!(result.map_err(|error| error.retryable()), Err(retryable));
    }
}

#[tokio::test]
async fn a_plaid_out_of_reach_is_asked_again_later() {
    let broken = Err(TransportError::TimedOut);
    let (result, _) = looked_up(broken).await;
    assert!(matches!(result, Err(PlaidError::Unavailable { .. })), "{result:?}");
}

fn card_account() -> Value {
    json!({"account_id": "acc_card", "mask": "4821", "name": "Everyday Card", "official_name": null, "type": "credit",
        "subtype": "credit card", "balances": {"available": 3120.55, "current": 879.455, "iso_currency_code": "USD",
            "limit": 4000, "unofficial_currency_code": null}})
}

fn item() -> Value {
    json!({"item_id": "item_1", "institution_id": "ins_109508", "institution_name": "First Platypus Bank", "error": null,
        "webhook": null, "consent_expiration_time": null, "available_products": ["brand_new"], "billed_products": []})
}

#[tokio::test]
async fn a_bill_is_read_from_the_digits_as_written_and_joined_to_its_account() {
    let card = json!({"account_id": "acc_card", "aprs": [], "is_overdue": null, "last_payment_amount": 150,
        "last_payment_date": "2026-10-03", "last_statement_balance": 912.1, "last_statement_issue_date": "2026-10-20",
        "minimum_payment_amount": 35.005, "next_payment_due_date": null});
    let body = json!({"accounts": [card_account()], "item": item(),
        "liabilities": {"credit": [{"account_id": null}, card], "mortgage": null, "student": null}});
    let scene = Scene::new([ok(&body)]);
    let answer = scene.client.liabilities(&token(), scene.deadline()).await.unwrap();

    assert_eq!(answer.cards.len(), 1);
    let bill = &answer.cards[0];
    assert_eq!((bill.account_id.as_str(), bill.is_overdue), ("acc_card", None));
    assert_eq!(bill.last_statement_balance, Some(Cents::new(91_210)));
    assert_eq!(bill.minimum_payment, Some(Cents::new(3_501)));
    assert_eq!(answer.accounts[0].balances.current, Some(Cents::new(87_946)));
    assert_eq!(scene.bodies(), [json!({"access_token": "access-sandbox-example"})]);
}

#[tokio::test]
async fn a_balance_asked_for_at_the_institution_may_take_longer_than_other_calls() {
    let body = json!({"accounts": [card_account()], "item": item()});
    let scene = Scene::new([ok(&body)]);
    let query = BalanceQuery {
        account_ids: vec!["acc_card".to_owned()],
        updated_from: Some("2026-03-02T18:00:00Z".parse().unwrap()),
    };
    scene.client.balances(&token(), &query, scene.deadline()).await.unwrap();

    assert_eq!(scene.transport.sent()[0].timeout.as_secs(), 45);
    let options = json!({"account_ids": ["acc_card"], "min_last_updated_datetime": "2026-03-02T18:00:00Z"});
    assert_eq!(scene.bodies()[0]["options"], options);
    let too_late = scene.client.balances(&token(), &query, scene.clock.deadline_in(44)).await;
    assert!(matches!(too_late, Err(PlaidError::Unavailable { .. })), "{too_late:?}");
    assert_eq!(scene.transport.sent().len(), 1);
}

#[tokio::test]
async fn numbers_keep_their_leading_zeros_and_are_never_printed() {
    let ach = json!({"account_id": "acc_1", "account": "0001122330000", "routing": "011401533", "wire_routing": null,
        "is_tokenized_account_number": true, "can_transfer_out": null});
    let body = json!({"accounts": [], "item": item(),
        "numbers": {"ach": [ach], "eft": [], "international": null, "bacs": []}});
    let scene = Scene::new([ok(&body)]);
    let answer = scene.client.auth(&token(), scene.deadline()).await.unwrap();

    let numbers = &answer.ach[0];
    assert_eq!((numbers.account_number.expose(), numbers.routing_number.as_str()), ("0001122330000", "011401533"));
    assert!(numbers.is_tokenized);
    assert!(!format!("{answer:?}").contains("112233"));
}

#[tokio::test]
async fn an_item_in_error_is_an_answer() {
    let mut broken = item();
    broken["error"] = json!({"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED", "error_message": "text"});
    let status = json!({"transactions": {"last_successful_update": "2026-03-01T10:00:00Z", "last_failed_update": null},
        "investments": null, "last_webhook": {"sent_at": "2026-03-02T10:00:00Z", "code_sent": "DEFAULT_UPDATE"}});
    let scene =
        Scene::new([ok(&json!({"item": broken, "status": status})), ok(&json!({"item": item(), "status": null}))]);
    let answer = scene.client.item(&token(), scene.deadline()).await.unwrap();
    assert_eq!(answer.item.error.map(|fault| fault.error_code).as_deref(), Some("ITEM_LOGIN_REQUIRED"));
    assert_eq!(answer.status.transactions_updated_at, Some("2026-03-01T10:00:00Z".parse().unwrap()));
    let healthy = scene.client.item(&token(), scene.deadline()).await.unwrap();
    assert_eq!(healthy.status, crate::domain::plaid::item::ItemStatus::default());
}

#[tokio::test]
async fn an_item_that_is_gone_already_is_removed() {
    for code in ["ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN"] {
        let scene = Scene::new([refusal(400, "ITEM_ERROR", code)]);
        assert_eq!(scene.client.remove_item(&token(), scene.deadline()).await, Ok(()), "{code}");
    }
    let scene = Scene::new([ok(&json!({"request_id": "k3Jt9QxWmP2aZr7"})), refusal(500, "API_ERROR", "DOWN")]);
    assert_eq!(scene.client.remove_item(&token(), scene.deadline()).await, Ok(()));
    assert!(scene.client.remove_item(&token(), scene.deadline()).await.is_err());
}

#[tokio::test]
async fn tokens_are_used_and_never_printed() {
    let exchanged = json!({"access_token": "access-sandbox-secret", "item_id": "item_1"});
    let opened = json!({"link_token": "link-sandbox-secret", "expiration": "2026-03-02T22:00:00Z"});
    let scene = Scene::new([ok(&exchanged), ok(&opened), answer(200, "access-sandbox-secret")]);
    let item = scene.client.exchange_public_token(&PublicToken::new("public-secret"), scene.deadline()).await.unwrap();
    assert_eq!(item.access_token.expose(), "access-sandbox-secret");
    let purpose = LinkPurpose::Repair { access_token: item.access_token.clone(), need: RepairNeed::Login };
    let request = LinkTokenRequest { client_user_id: "per_1".to_owned(), purpose, redirect_uri: None };
    let link = scene.client.create_link_token(&request, scene.deadline()).await.unwrap();
    let unreadable = scene.client.accounts(&token(), scene.deadline()).await;

    let printed = format!("{item:?} {link:?} {request:?} {unreadable:?} {:?}", scene.client);
    assert!(!printed.contains("secret-") && !printed.contains("-secret"), "{printed}");
    assert_eq!(scene.bodies()[0], json!({"public_token": "public-secret"}));
    assert_eq!(scene.bodies()[1]["access_token"], json!("access-sandbox-secret"));
    assert!(scene.bodies()[1].get("products").is_none());
}

fn transaction(id: &str) -> Value {
    json!({"transaction_id": id, "account_id": "acc_card", "amount": -25.1, "iso_currency_code": "USD",
        "date": "2026-03-02", "authorized_date": null, "pending": false, "pending_transaction_id": null,
        "name": "payment", "personal_finance_category": null})
}

fn page(added: &[&str], next_cursor: Value, has_more: bool) -> Scripted {
    let added: Vec<Value> = added.iter().map(|id| transaction(id)).collect();
    ok(&json!({"added": added, "modified": null, "removed": [{"transaction_id": "gone"}], "next_cursor": next_cursor,
        "has_more": has_more, "accounts": [], "transactions_update_status": "BRAND_NEW"}))
}

fn mutation() -> Scripted {
    refusal(400, "TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION")
}

fn cursors(scene: &Scene) -> Vec<Option<String>> {
    scene.bodies().iter().map(|body| body["cursor"].as_str().map(str::to_owned)).collect()
}

fn ids(changes: &crate::domain::plaid::transaction::TransactionChanges) -> Vec<&str> {
    changes.added.iter().map(|transaction| transaction.transaction_id.as_str()).collect()
}

#[tokio::test]
async fn all_pages_of_an_update_are_one_answer() {
    let scene = Scene::new([page(&["a"], json!("c1"), true), page(&["b"], json!("c2"), false)]);
    let changes = scene.client.transactions(&token(), Some("c0"), scene.deadline()).await.unwrap();

    assert_eq!((ids(&changes), changes.removed.len()), (vec!["a", "b"], 2));
    assert_eq!(changes.added[0].amount, Cents::new(-2_510));
    assert_eq!((changes.next_cursor.as_deref(), changes.from_the_beginning), (Some("c2"), false));
    assert_eq!(cursors(&scene), [Some("c0".to_owned()), Some("c1".to_owned())]);
}

#[tokio::test]
async fn a_plaid_that_has_nothing_yet_leaves_the_cursor_as_it_is() {
    for empty in [json!(""), Value::Null] {
        let scene = Scene::new([page(&[], empty, false)]);
        let changes = scene.client.transactions(&token(), None, scene.deadline()).await.unwrap();
        assert_eq!(changes.next_cursor, None);
        assert_eq!(cursors(&scene), [None]);
    }
}

#[tokio::test]
async fn pages_that_change_while_they_are_read_are_thrown_away_and_read_again_from_where_they_began() {
    let script = [page(&["old"], json!("c1"), true), mutation(), page(&["new"], json!("c2"), false)];
    let scene = Scene::new(script);
    let changes = scene.client.transactions(&token(), Some("c0"), scene.deadline()).await.unwrap();

    assert_eq!(ids(&changes), ["new"]);
    assert_eq!(cursors(&scene), [Some("c0".to_owned()), Some("c1".to_owned()), Some("c0".to_owned())]);
}

#[tokio::test]
async fn changes_without_end_lead_once_to_the_beginning_and_then_to_an_error() {
    let scene = Scene::new((0..8).map(|_| mutation()));
    let result = scene.client.transactions(&token(), Some("c0"), scene.deadline()).await;

    assert_eq!(result, Err(PlaidError::RestartSync));
    let kept = Some("c0".to_owned());
    assert_eq!(cursors(&scene), [&kept, &kept, &kept, &kept, &None, &None, &None, &None].map(Clone::clone));
}

#[tokio::test]
async fn a_cursor_of_another_item_is_left_for_the_beginning() {
    let foreign = json!({"error_type": "INVALID_REQUEST", "error_code": "INVALID_FIELD",
        "error_message": "cursor not associated with access_token", "request_id": "k3Jt9QxWmP2aZr7"});
    let scene = Scene::new([answer(400, foreign.to_string()), page(&["a"], json!("c1"), false)]);
    let changes = scene.client.transactions(&token(), Some("foreign"), scene.deadline()).await.unwrap();

    assert!(changes.from_the_beginning);
    assert_eq!(cursors(&scene), [Some("foreign".to_owned()), None]);
}

#[tokio::test]
async fn an_error_between_two_pages_answers_nothing() {
    let scene = Scene::new([page(&["a"], json!("c1"), true), refusal(400, "INSTITUTION_ERROR", "INSTITUTION_DOWN")]);
    let result = scene.client.transactions(&token(), Some("c0"), scene.deadline()).await;
    assert!(matches!(result, Err(PlaidError::Unavailable { .. })), "{result:?}");
}

#[tokio::test]
async fn pages_that_lead_nowhere_end() {
    for next in [json!("c0"), json!(""), Value::Null] {
        let scene = Scene::new([page(&["a"], next, true)]);
        let result = scene.client.transactions(&token(), Some("c0"), scene.deadline()).await;
        assert_eq!(result, Err(PlaidError::Unreadable { path: "/transactions/sync" }));
    }
}

#[tokio::test]
async fn a_key_that_plaid_does_not_have_is_an_answer() {
    let scene = Scene::new([refusal(400, "INVALID_INPUT", "INVALID_WEBHOOK_VERIFICATION_KEY_ID")]);
    let found = scene.client.webhook_verification_key("kid", scene.deadline()).await;
    assert_eq!(found, Ok(KeyLookup::Unknown));
    assert_eq!(scene.transport.sent()[0].timeout.as_secs(), 3);
}
