mod checks;

use axum::body::Body;
use hmac::{Hmac, Mac};
use http::{Request, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::domain::bank::request::{AccountType, EntryClass};
use shared::domain::bank::unmatched::{UnmatchedEvent, Why};
use shared::domain::deadline::Deadline;
use shared::domain::ids::{ItemId, PaymentId};
use shared::domain::leg::{AttentionReason, Effect, Kind, Lease, Leg, PreparedRequest, State as LegState};
use shared::domain::money::Cents;
use shared::domain::payment::{AccountPayee, Payee, Payment};
use shared::domain::source::Source;
use shared::ports::table::Query;
use shared::store::bank_words::{key_of_event, undecided};
use shared::store::keys;
use shared::store::stored::{create, read, replace};
use tower::ServiceExt;
use uuid::Uuid;
use world::{Fault, WEBHOOK_SECRETS, World};

use super::*;

const PAYMENT: PaymentId = PaymentId::Single(Uuid::from_u128(7));

fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

/// A payment of 12.50 that was sent; the bank has not been heard yet.
async fn world_with_sent_payment() -> World {
    let world = World::at(start());
    let payee = Payee::Account(AccountPayee {
        routing_number: "021000021".to_owned(),
        sealed_account: "sealed".to_owned(),
        account_last4: "6789".to_owned(),
        account_type: AccountType::Checking,
        fingerprint: "fingerprint".to_owned(),
        name: "EXAMPLE PAYEE".to_owned(),
        entry_class: EntryClass::Ppd,
        entry_description: "PAYROLL".to_owned(),
        came_from: None,
    });
    let mut payment = Payment {
        id: PAYMENT,
        version: 1,
        amount: Cents::new(1_250),
        payer_id: "CORP-1".to_owned(),
        round: 1,
        leg: Leg::new(),
        payee,
        check: None,
        autopay: None,
        row: None,
        due_at: None,
        created_at: start(),
        updated_at: start(),
    };
    let request = PreparedRequest { sealed_body: "sealed".to_owned(), bank_account_id: "bacc_1".to_owned() };
    let lease = Lease { owner: "worker".to_owned(), until: start(), business_now: start() };
    payment.leg.claim(Kind::Payout, request, lease).unwrap();
    world.system.table.write(vec![create(&payment).unwrap()]).await.unwrap();
    world
}

fn settled() -> Value {
    json!({
        "id": "evnt_1", "created_at": "2026-03-03T13:30:02Z", "type": "ach.outgoing_transfer.settled",
        "data": {
            "id": "acht_1", "type": "CREDIT", "status": "SETTLED", "amount": 1250, "currency_code": "USD",
            "bank_account_id": "bacc_1", "is_incoming": false, "idempotency_key": format!("{PAYMENT}:1"),
            "created_at": "2026-03-02T18:04:05Z", "settled_at": "2026-03-03T13:30:00Z"
        }
    })
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

struct Answer {
    status: u16,
    code: Option<String>,
}

async fn deliver(world: &World, signature: Option<&str>, body: &[u8]) -> Answer {
    let mut request = Request::post("/webhooks/column").header(header::CONTENT_TYPE, "application/json");
    if let Some(signature) = signature {
        request = request.header(SIGNATURE_HEADER, signature);
    }
    let request = request.body(Body::from(body.to_vec())).unwrap();
    let response = router(world.system.clone()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let code =
        serde_json::from_slice::<Value>(&body).ok().and_then(|problem| problem["code"].as_str().map(str::to_owned));
    Answer { status, code }
}

async fn deliver_signed(world: &World, event: &Value) -> Answer {
    let body = event.to_string().into_bytes();
    deliver(world, Some(&sign(WEBHOOK_SECRETS[0], &body)), &body).await
}

async fn payment(world: &World) -> Payment {
    read(&*world.system.table, &keys::payment(PAYMENT)).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_settlement_settles_its_payment() {
    let world = world_with_sent_payment().await;
    assert_eq!(deliver_signed(&world, &settled()).await.status, 200);

    let leg = payment(&world).await.leg;
    assert_eq!((leg.state, leg.effects), (LegState::Completed, vec![Effect::PayoutAccepted]));
}

#[tokio::test]
async fn a_repeated_delivery_is_taken_and_changes_nothing() {
    let world = world_with_sent_payment().await;
    deliver_signed(&world, &settled()).await;
    let once = world.table.dump();

    assert_eq!(deliver_signed(&world, &settled()).await.status, 200);
    assert_eq!(world.table.dump(), once);
    let history = Query::primary(keys::history_of(ItemId::Payment(PAYMENT)));
    assert_eq!(world.system.table.query(&history).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn the_secret_before_the_last_change_still_verifies() {
    let world = world_with_sent_payment().await;
    let body = settled().to_string().into_bytes();
    assert_eq!(deliver(&world, Some(&sign(WEBHOOK_SECRETS[1], &body)), &body).await.status, 200);
    assert_eq!(payment(&world).await.leg.state, LegState::Completed);
}

#[tokio::test]
async fn what_the_bank_did_not_sign_leaves_no_trace() {
    let body = settled().to_string().into_bytes();
    let changed = settled().to_string().replace("1250", "1251").into_bytes();
    let good = sign(WEBHOOK_SECRETS[0], &body);
    let foreign = sign("another-secret", &body);
    for (case, signature, body) in [
        ("no signature", None, &body),
        ("another secret", Some(foreign.as_str()), &body),
        ("not hexadecimal", Some("signature"), &body),
        ("a changed body", Some(good.as_str()), &changed),
        ("no JSON at all", Some(good.as_str()), &b"{".to_vec()),
    ] {
        let world = world_with_sent_payment().await;
        let before = world.table.dump();
        let answer = deliver(&world, signature, body).await;
        assert_eq!((answer.status, answer.code.as_deref()), (401, Some("signature_invalid")), "{case}");
        assert_eq!(world.table.dump(), before, "{case}");
    }
}

#[tokio::test]
async fn an_event_of_another_kind_is_taken() {
    let world = world_with_sent_payment().await;
    let before = world.table.dump();
    let event =
        json!({"id": "evnt_2", "created_at": "2026-03-03T13:30:02Z", "type": "bank_account.created", "data": {}});
    assert_eq!(deliver_signed(&world, &event).await.status, 200);
    assert_eq!(world.table.dump(), before);
}

#[tokio::test]
async fn an_event_that_matches_no_payment_yet_waits() {
    let world = World::at(start());
    assert_eq!(deliver_signed(&world, &settled()).await.status, 200);
    let waiting = world.system.table.get(&keys::inbox("column", "evnt_1")).await.unwrap();
    assert!(waiting.is_some());
}

async fn unmatched(world: &World, event_id: &str) -> Option<UnmatchedEvent> {
    read(&*world.system.table, &key_of_event(event_id)).await.unwrap()
}

#[tokio::test]
async fn a_signed_event_that_cannot_be_read_is_kept_sealed_for_an_operator() {
    let world = world_with_sent_payment().await;
    let mut event = settled();
    event["data"]["amount"] = json!("12.50");
    for _ in 0..2 {
        assert_eq!(deliver_signed(&world, &event).await.status, 200);
    }
    let kept = unmatched(&world, "evnt_1").await.unwrap();
    assert_eq!((kept.why, kept.attention_since), (Why::Unreadable, Some(start())));
    let opened = world.system.vault().await.unwrap();
    let opened = opened.sealing.open(&kept.sealed_body.clone().unwrap().into(), &key_of_event("evnt_1").pk).unwrap();
    assert_eq!(opened.expose(), event.to_string());
    assert_eq!(payment(&world).await.leg.state, LegState::Submitting);
}

/// What was kept is applied by the first version that can read it: here one that stands for it.
#[tokio::test]
async fn what_was_kept_unreadable_is_applied_once_it_can_be_read() {
    let world = world_with_sent_payment().await;
    let sealing = world.system.vault().await.unwrap();
    let bound_to = key_of_event("evnt_1").pk;
    let sealed = sealing.sealing.seal(&settled().to_string(), &bound_to, &*world.system.random).unwrap();
    let kept = UnmatchedEvent::unreadable("evnt_1".to_owned(), Some(sealed.as_str().to_owned()), start());
    world.system.table.write(vec![create(&kept).unwrap()]).await.unwrap();

    let deadline = Deadline::new(Timestamp::MAX, std::time::Duration::ZERO);
    unmatched_events::retry(&world.system, "evnt_1", deadline).await.unwrap();
    assert_eq!(payment(&world).await.leg.state, LegState::Completed);
    assert_eq!(unmatched(&world, "evnt_1").await, None);
}

#[tokio::test]
async fn an_event_without_an_id_is_kept_under_a_name_of_ours_and_swallows_no_other() {
    let world = world_with_sent_payment().await;
    for strange in ["", "a#b", "a\u{0}b", &"x".repeat(300_000)] {
        let mut event = settled();
        event["id"] = json!(strange);
        assert_eq!(deliver_signed(&world, &event).await.status, 200);
        assert_eq!(payment(&world).await.leg.state, LegState::Submitting);
        let name = format!("body:{}", hex::encode(Sha256::digest(event.to_string())));
        let kept = unmatched(&world, &name).await.unwrap();
        assert_eq!(
            (kept.why, kept.sealed_body.is_some()),
            (Why::Unreadable, strange.len() < 1_000),
            "{}",
            strange.len()
        );
    }
    assert_eq!(deliver_signed(&world, &settled()).await.status, 200);
    assert_eq!(payment(&world).await.leg.state, LegState::Completed);
}

#[tokio::test]
async fn the_banks_test_event_is_taken_and_nothing_else() {
    let world = world_with_sent_payment().await;
    let before = world.table.dump();
    let mut event = settled();
    event["data"] = json!({});
    assert_eq!(deliver_signed(&world, &event).await.status, 200);
    assert_eq!(world.table.dump(), before);
}

/// Each names a payment of ours under its key, and is about something else.
#[tokio::test]
async fn a_signed_event_that_does_not_fit_moves_nothing_and_is_kept_for_an_operator() {
    let check = json!({
        "id": "chkt_1", "type": "debit", "status": "settled", "positive_pay_amount": 1250, "currency_code": "USD",
        "bank_account_id": "bacc_1", "idempotency_key": format!("{PAYMENT}:1"), "created_at": "2026-03-02T18:04:05Z"
    });
    let changed = |field: &str, value: Value| {
        let mut event = settled();
        event["data"][field] = value;
        event
    };
    let mut incoming = settled();
    incoming["type"] = json!("ach.incoming_transfer.settled");
    let mut of_check = settled();
    (of_check["type"], of_check["data"]) = (json!("check.incoming_debit.settled"), check);
    for event in [
        changed("is_incoming", json!(true)),
        incoming,
        of_check,
        changed("amount", json!(1251)),
        changed("currency_code", json!("CAD")),
        changed("type", json!("DEBIT")),
        changed("bank_account_id", json!("bacc_2")),
    ] {
        let world = world_with_sent_payment().await;
        assert_eq!(deliver_signed(&world, &event).await.status, 200, "{event}");
        let leg = payment(&world).await.leg;
        let reason = leg.attention.map(|attention| attention.reason);
        assert_eq!((leg.state, reason), (LegState::Submitting, Some(AttentionReason::BankDisagrees)), "{event}");
        assert_eq!(undecided(&*world.system.table, ItemId::Payment(PAYMENT)).await.unwrap().len(), 1, "{event}");
    }
}

/// Nothing of the payment was claimed here, as after a restore: the bank can only speak of the payer's own account.
#[tokio::test]
async fn an_event_of_an_unsent_payment_counts_for_its_payers_account_alone() {
    for (account, state) in [("bacc_1", LegState::Completed), ("bacc_2", LegState::Unprocessed)] {
        let world = world_with_sent_payment().await;
        let mut unsent = payment(&world).await;
        unsent.leg = Leg::new();
        let source: Source = serde_json::from_value(json!({
            "id": "CORP-1", "version": 1, "name": "EXAMPLE COMPANY", "bank_account_id": account,
            "account": {"routing_number": "021000021", "sealed_account": "sealed", "account_last4": "6789",
                "fingerprint": "fingerprint"},
            "created_at": start(), "updated_at": start()
        }))
        .unwrap();
        let puts = vec![replace(&mut unsent).unwrap(), create(&source).unwrap()];
        world.system.table.write(puts).await.unwrap();
        assert_eq!(deliver_signed(&world, &settled()).await.status, 200);
        assert_eq!(payment(&world).await.leg.state, state, "{account}");
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_written_is_delivered_again_and_then_applied() {
    let world = world_with_sent_payment().await;
    for fault in [Fault::Unavailable, Fault::Defect] {
        world.table.fail(keys::payment(PAYMENT), fault);
        let answer = deliver_signed(&world, &settled()).await;
        assert_eq!((answer.status, answer.code.as_deref()), (503, Some("event_not_written")), "{fault:?}");
    }
    world.table.heal();
    assert_eq!(deliver_signed(&world, &settled()).await.status, 200);
    assert_eq!(payment(&world).await.leg.state, LegState::Completed);
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused() {
    let world = World::at(start());
    let body = vec![b' '; shared::http::JSON_BYTES_MAX + 1];
    assert_eq!(deliver(&world, Some(&sign(WEBHOOK_SECRETS[0], &body)), &body).await.status, 413);
}

#[test]
fn the_description_names_the_route() {
    let description = serde_json::to_value(api()).unwrap();
    assert!(description["paths"]["/webhooks/column"]["post"].is_object());
}
