use serde_json::json;

use super::super::webhook_action::{ItemStep, WebhookAction};
use super::*;

const ITEM: &str = "9mWkZpQ3xLbVnRt7yGcJd2sHfEa4uT6oXvPq8";
const ACCOUNT: &str = "r7QvLw2XkZsP9dNbTfHy3mJcEa5GuK8oVxRi4";

fn webhook(webhook_type: &str, webhook_code: &str, more: Value) -> Webhook {
    let mut body = json!({"webhook_type": webhook_type, "webhook_code": webhook_code, "item_id": ITEM,
        "environment": "sandbox", "error": null});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    Webhook::from_body(body.to_string().as_bytes()).unwrap()
}

fn item_error(error: Value) -> Webhook {
    webhook("ITEM", "ERROR", json!({"error": error}))
}

fn step(webhook: &Webhook) -> Option<ItemStep> {
    match webhook.meaning() {
        WebhookAction::Item { item_id, step } => {
            assert_eq!(item_id, ITEM);
            Some(step)
        }
        WebhookAction::Ignore => None,
    }
}

#[test]
fn changed_data_means_reading_the_item() {
    let liabilities = webhook(
        "LIABILITIES",
        "DEFAULT_UPDATE",
        json!({"account_ids_with_new_liabilities": [], "account_ids_with_updated_liabilities": {ACCOUNT: ["past_amount_due"]}}),
    );
    assert_eq!(step(&liabilities), Some(ItemStep::Read));
    for code in [
        "SYNC_UPDATES_AVAILABLE",
        "INITIAL_UPDATE",
        "HISTORICAL_UPDATE",
        "DEFAULT_UPDATE",
        "TRANSACTIONS_REMOVED",
        "RECURRING_TRANSACTIONS_UPDATE",
    ] {
        assert_eq!(step(&webhook("TRANSACTIONS", code, json!({}))), Some(ItemStep::Read), "{code}");
    }
    assert_eq!(step(&webhook("AUTH", "AUTOMATICALLY_VERIFIED", json!({"account_id": ACCOUNT}))), Some(ItemStep::Read));
}

#[test]
fn an_item_error_means_what_its_code_says() {
    let error = |code: &str| item_error(json!({"error_type": "ITEM_ERROR", "error_code": code, "status": 400}));
    let login = ItemStep::MarkLoginRequired { code: "ITEM_LOGIN_REQUIRED".to_owned() };
    let consent = ItemStep::AskForConsent { code: "NO_ACCOUNTS".to_owned() };
    for (webhook, expected) in [
        (error("ITEM_LOGIN_REQUIRED"), login.clone()),
        (item_error(json!("ITEM_LOGIN_REQUIRED")), login),
        (error("NO_ACCOUNTS"), consent),
        (error("USER_PERMISSION_REVOKED"), ItemStep::MarkRevoked),
        (error("ITEM_NOT_FOUND"), ItemStep::MarkGone),
        (error("INSTITUTION_DOWN"), ItemStep::Read),
        (error("BRAND_NEW"), ItemStep::Read),
        (item_error(json!(7)), ItemStep::Read),
        (item_error(Value::Null), ItemStep::Read),
    ] {
        assert_eq!(step(&webhook), Some(expected), "{webhook:?}");
    }
}

#[test]
fn what_happens_to_a_link_means_its_own_step() {
    let at: Timestamp = "2026-12-01T09:00:00Z".parse().unwrap();
    let account_id = Some(ACCOUNT.to_owned());
    for (code, more, expected) in [
        ("LOGIN_REPAIRED", json!({}), Some(ItemStep::MarkRepaired)),
        (
            "PENDING_DISCONNECT",
            json!({"reason": "INSTITUTION_MIGRATION", "disconnect_time": "2026-12-01T09:00:00Z"}),
            Some(ItemStep::MarkExpiring { at: Some(at) }),
        ),
        ("PENDING_DISCONNECT", json!({}), Some(ItemStep::MarkExpiring { at: None })),
        (
            "PENDING_EXPIRATION",
            json!({"consent_expiration_time": "2026-12-01T09:00:00Z"}),
            Some(ItemStep::MarkExpiring { at: Some(at) }),
        ),
        ("NEW_ACCOUNTS_AVAILABLE", json!({}), Some(ItemStep::OfferNewAccounts)),
        ("USER_PERMISSION_REVOKED", json!({}), Some(ItemStep::MarkRevoked)),
        ("USER_ACCOUNT_REVOKED", json!({"account_id": ACCOUNT}), Some(ItemStep::RevokeAccount { account_id })),
        ("USER_ACCOUNT_REVOKED", json!({}), Some(ItemStep::RevokeAccount { account_id: None })),
        ("WEBHOOK_UPDATE_ACKNOWLEDGED", json!({"new_webhook_url": "https://hooks.example.test/plaid"}), None),
    ] {
        assert_eq!(step(&webhook("ITEM", code, more)), expected, "{code}");
    }
}

#[test]
fn changed_numbers_name_the_accounts_that_must_not_be_used() {
    let more =
        json!({"account_ids_with_new_auth": ["new"], "account_ids_with_updated_auth": {ACCOUNT: ["ROUTING_NUMBER"]}});
    let renew = ItemStep::RenewNumbers { account_ids: vec![ACCOUNT.to_owned()] };
    assert_eq!(step(&webhook("AUTH", "DEFAULT_UPDATE", more)), Some(renew));
    let required = step(&webhook("AUTH", "PRODUCT_PERMISSIONS_REQUIRED", json!({})));
    assert!(matches!(required, Some(ItemStep::AskForConsent { .. })), "{required:?}");
}

#[test]
fn a_verification_by_deposits_counts_only_when_it_succeeded() {
    let sms = |status: &str| webhook("AUTH", "SMS_MICRODEPOSITS_VERIFICATION", json!({"status": status}));
    assert_eq!(step(&sms("MANUALLY_VERIFIED")), Some(ItemStep::Read));
    assert_eq!(step(&sms("VERIFICATION_FAILED")), None);
    assert_eq!(step(&webhook("AUTH", "VERIFICATION_EXPIRED", json!({}))), None);
}

#[test]
fn what_nobody_knows_yet_is_kept_and_means_nothing() {
    for (webhook_type, code) in [
        ("TRANSFER", "TRANSFER_EVENTS_UPDATE"),
        ("IDENTITY", "DEFAULT_UPDATE"),
        ("HOLDINGS", "DEFAULT_UPDATE"),
        ("LIABILITIES", "BRAND_NEW"),
        ("TRANSACTIONS", "BRAND_NEW"),
        ("ITEM", "BRAND_NEW"),
        ("AUTH", "BRAND_NEW"),
    ] {
        let kept = WebhookEvent::Unknown { webhook_type: webhook_type.to_owned(), webhook_code: code.to_owned() };
        let webhook = webhook(webhook_type, code, json!({}));
        assert_eq!((&webhook.event, step(&webhook)), (&kept, None));
    }
}

#[test]
fn a_webhook_about_no_item_means_nothing() {
    let body = json!({"webhook_type": "LIABILITIES", "webhook_code": "DEFAULT_UPDATE", "item_id": ""});
    let webhook = Webhook::from_body(body.to_string().as_bytes()).unwrap();
    assert_eq!((webhook.item_id.as_deref(), webhook.meaning()), (None, WebhookAction::Ignore));
}

#[test]
fn a_body_that_is_no_webhook_is_named_so() {
    for (body, expected) in [
        ("{", MalformedWebhook::NotJson),
        ("[]", MalformedWebhook::NotAWebhook),
        (r#"{"webhook_type": "ITEM"}"#, MalformedWebhook::NotAWebhook),
        (r#"{"webhook_type": "ITEM", "webhook_code": 7}"#, MalformedWebhook::NotAWebhook),
    ] {
        assert_eq!(Webhook::from_body(body.as_bytes()), Err(expected), "{body}");
    }
}

#[test]
fn a_kept_webhook_is_read_back_as_it_was() {
    for webhook in [
        webhook("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", json!({})),
        webhook("ITEM", "PENDING_EXPIRATION", json!({"consent_expiration_time": "2026-12-01T09:00:00Z"})),
        item_error(json!({"error_type": "ITEM_ERROR", "error_code": "ITEM_LOGIN_REQUIRED"})),
        webhook("STRANGE", "BRAND_NEW", json!({})),
    ] {
        let kept = serde_json::to_value(&webhook).unwrap();
        assert_eq!(serde_json::from_value::<Webhook>(kept).unwrap(), webhook);
    }
}

#[test]
fn no_text_is_kept_that_is_longer_than_anything_of_plaids() {
    let long = "x".repeat(500_000);
    for (webhook_type, code) in
        [(long.as_str(), "DEFAULT_UPDATE"), ("ITEM", long.as_str()), ("a\u{0}b", "DEFAULT_UPDATE")]
    {
        let body = json!({"webhook_type": webhook_type, "webhook_code": code, "item_id": "item"});
        assert_eq!(Webhook::from_body(body.to_string().as_bytes()), Err(MalformedWebhook::NotAWebhook));
    }
    let error = json!({"error_type": long, "error_code": long, "error_code_reason": long});
    for (webhook_type, code, fields) in [
        ("ITEM", "ERROR", json!({"error": error})),
        ("ITEM", "ERROR", json!({"error": long})),
        ("ITEM", "PENDING_DISCONNECT", json!({"reason": long, "disconnect_time": long})),
        ("ITEM", "USER_ACCOUNT_REVOKED", json!({"account_id": long})),
        ("AUTH", "DEFAULT_UPDATE", json!({"account_ids_with_updated_auth": {long.as_str(): []}})),
        ("ITEM", "LOGIN_REPAIRED", json!({"item_id": long})),
    ] {
        let kept = serde_json::to_vec(&webhook(webhook_type, code, fields)).unwrap();
        assert!(kept.len() < 400, "{webhook_type} {code}: {} bytes are kept", kept.len());
    }
}

#[test]
fn an_item_whose_id_would_mean_something_in_a_key_is_none_of_ours() {
    for item_id in ["a#b", "a/b", "a b", "a\u{0}b"] {
        let webhook = webhook("ITEM", "LOGIN_REPAIRED", json!({"item_id": item_id}));
        assert_eq!((webhook.item_id.as_deref(), webhook.meaning()), (None, WebhookAction::Ignore));
    }
}
