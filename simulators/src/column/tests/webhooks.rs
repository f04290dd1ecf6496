use hmac::{Hmac, Mac};

use super::*;

const ALL: &[&str] =
    &["ach.outgoing_transfer.initiated", "ach.outgoing_transfer.submitted", "ach.outgoing_transfer.settled"];

#[test]
fn every_change_is_told_with_the_object_as_it_was_then() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    story.transfer("CREDIT", 1);
    story.advance_to("2026-05-05T18:00:00Z");
    let events = story.receive();
    assert_eq!(types(&events), ["initiated", "pending_submission", "submitted", "settled", "completed"]);
    let statuses: Vec<&str> = events.iter().map(|event| event["data"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["INITIATED", "PENDING_SUBMISSION", "SUBMITTED", "SETTLED", "COMPLETED"]);
    assert_eq!(events[1]["data"]["settled_at"], Value::Null);
    assert_eq!(events[3]["created_at"], "2026-03-03T13:30:00Z");
    let id = events[3]["id"].as_str().unwrap();
    assert_eq!(story.ok("GET", &format!("/events/{id}"), Value::Null), events[3]);
}

#[test]
fn only_enabled_types_are_sent_and_only_to_the_endpoint_created_first() {
    let mut story = Story::funded(1_000);
    let first = story.endpoint(&["ach.outgoing_transfer.settled"]);
    let second = story.endpoint(&["ach.*"]);
    story.transfer("CREDIT", 1);
    story.advance_to("2026-03-04T18:00:00Z");
    let taken = story.bank.due_deliveries(story.now, 10);
    let owners: Vec<&str> = taken.iter().map(|webhook| webhook.endpoint_id.as_str()).collect();
    let (first, second) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());
    assert_eq!(owners, [second, second, second, first]);
}

#[test]
fn the_signature_is_the_hmac_of_the_body_in_lower_case_hex() {
    let mut story = Story::funded(1_000);
    let endpoint = story.endpoint(ALL);
    story.transfer("CREDIT", 1);
    let webhook = story.bank.due_deliveries(story.now, 1).remove(0);
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(endpoint["secret"].as_str().unwrap().as_bytes()).unwrap();
    mac.update(webhook.body.as_bytes());
    assert_eq!(webhook.signature, hex::encode(mac.finalize().into_bytes()));
    assert_eq!(webhook.headers()[2], ("webhook-endpoint-id", endpoint["id"].as_str().unwrap()));
}

#[test]
fn a_failed_delivery_is_repeated_with_growing_pauses_and_given_up_after_25_or_3_days() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["ach.outgoing_transfer.initiated"]);
    story.transfer("CREDIT", 1);
    let mut pauses = Vec::new();
    let first = story.now;
    while let Some(due) = story.bank.next_delivery() {
        pauses.push(due.duration_since(story.now).as_mins());
        story.now = due;
        for webhook in story.bank.due_deliveries(due, 10) {
            story.bank.report_delivery(due, webhook.delivery, DeliveryResult::NotAccepted);
        }
    }
    assert_eq!(pauses[..10], [0, 1, 2, 4, 8, 16, 32, 64, 128, 240]);
    assert!(pauses.len() <= 26 && story.now.duration_since(first) <= SignedDuration::from_hours(72));
    assert_eq!(story.bank.counters().deliveries, DeliveryCounts { pending: 0, succeeded: 0, failed: 1 });
}

#[test]
fn a_delivered_webhook_is_not_sent_again() {
    let mut story = Story::funded(1_000);
    story.endpoint(ALL);
    story.transfer("CREDIT", 1);
    let webhook = story.bank.due_deliveries(story.now, 1).remove(0);
    assert!(!story.bank.is_quiet(story.now));
    story.bank.report_delivery(story.now, webhook.delivery, DeliveryResult::Accepted);
    assert!(story.bank.is_quiet(story.now));
    assert_eq!((story.receive().len(), story.bank.next_delivery()), (0, None));
}

#[test]
fn an_endpoint_is_listed_changed_verified_and_deleted() {
    let mut story = Story::funded(1_000);
    let endpoint = story.endpoint(ALL);
    let path = format!("/webhook-endpoints/{}", endpoint["id"].as_str().unwrap());
    assert_eq!(story.ok("GET", "/webhook_endpoints", Value::Null)["webhook_endpoints"], json!([endpoint]));
    story.ok("POST", &format!("{path}/verify"), json!({"event_type": "ach.outgoing_transfer.settled"}));
    let test_event = story.receive().remove(0);
    assert_eq!(test_event["type"], "ach.outgoing_transfer.settled");
    let deliveries =
        story.ok("GET", &format!("/webhook-deliveries/event/{}", test_event["id"].as_str().unwrap()), Value::Null);
    assert_eq!(deliveries["webhook_deliveries"][0]["status"], "succeeded");
    assert_eq!(story.ok("PATCH", &path, json!({"is_disabled": true}))["is_disabled"], true);
    story.transfer("CREDIT", 1);
    assert_eq!(story.receive(), Vec::<Value>::new());
    assert_eq!(story.ok("DELETE", &path, Value::Null)["id"], endpoint["id"]);
    assert_eq!(story.call("GET", &path, Value::Null).0, 404);
}

#[test]
fn a_notice_of_change_is_told_and_does_not_change_the_status() {
    let mut story = Story::funded(1_000);
    story.endpoint(&["ach.outgoing_transfer.noc"]);
    let id = story.transfer("CREDIT", 1);
    story.advance_to("2026-03-04T18:00:00Z");
    let change = NotificationOfChange {
        change_code: "C01".to_owned(),
        account_number: "987".to_owned(),
        ..NotificationOfChange::default()
    };
    story.control(Control::NotificationOfChange { transfer_id: id, change });
    let event = story.receive().remove(0);
    assert_eq!(
        (event["data"]["status"].as_str(), event["data"]["notification_of_changes"]["change_code"].as_str()),
        (Some("SETTLED"), Some("C01"))
    );
}

#[test]
fn held_webhooks_wait_and_those_under_way_are_counted() {
    let mut story = Story::funded(1_000);
    story.endpoint(ALL);
    story.transfer("CREDIT", 1);
    let sent = story.bank.due_deliveries(story.now, 1).remove(0);
    assert_eq!(story.control(Control::HoldWebhooks { is_held: true }), json!({"under_way": 1}));
    story.bank.report_delivery(story.now, sent.delivery, DeliveryResult::Accepted);
    story.advance_to("2026-03-04T18:00:00Z");
    assert_eq!(story.control(Control::HoldWebhooks { is_held: true }), json!({"under_way": 0}));
    assert_eq!(story.receive().len(), 0);
    story.control(Control::HoldWebhooks { is_held: false });
    assert_eq!(story.receive().len(), 2);
}
