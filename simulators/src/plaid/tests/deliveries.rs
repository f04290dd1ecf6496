use super::*;

/// A story in which one webhook is waiting.
fn waiting() -> Story {
    let mut story = Story::new();
    story.link(CARD_BANK, &["liabilities"]);
    story.set("card", json!({"credit": {"is_overdue": true}}));
    story
}

/// Lets every attempt end so, until there is none left; answers the pauses before them in seconds.
fn pauses(story: &mut Story, result: &DeliveryResult) -> Vec<i64> {
    let mut pauses = Vec::new();
    while let Some(due) = story.plaid.next_delivery() {
        pauses.push(due.duration_since(story.now).as_secs());
        story.now = due;
        for webhook in story.plaid.due_deliveries(due, 10) {
            story.plaid.report_delivery(due, webhook.delivery, result.clone());
        }
    }
    pauses
}

#[test]
fn a_failed_webhook_is_repeated_four_times_as_late_each_time_for_a_day() {
    let mut story = waiting();
    assert_eq!(pauses(&mut story, &DeliveryResult::NotAccepted), [0, 30, 120, 480, 1_920, 7_680, 30_720]);
    assert_eq!(story.plaid.counters().deliveries, DeliveryCounts { pending: 0, succeeded: 0, failed: 1 });
}

#[test]
fn only_200_is_success() {
    assert_eq!(DeliveryResult::of_status(200, None), DeliveryResult::Accepted);
    for status in [202, 204, 301, 400, 500] {
        assert_eq!(DeliveryResult::of_status(status, None), DeliveryResult::NotAccepted, "{status}");
    }
}

#[test]
fn a_receiver_that_is_busy_says_when_to_come_back() {
    let cases = [
        (Some("90"), 90),
        (Some("Mon, 02 Mar 2026 18:06:05 GMT"), 120),
        (Some("2026-03-02T18:05:05Z"), 60),
        (Some("86400"), 4 * 3_600),
        (Some("-5"), 0),
        (Some("soon"), 30),
        (None, 30),
    ];
    for (retry_after, expected_s) in cases {
        let mut story = waiting();
        let webhook = story.plaid.due_deliveries(story.now, 1).remove(0);
        let result = DeliveryResult::of_status(429, retry_after);
        story.plaid.report_delivery(story.now, webhook.delivery, result);
        let due = story.plaid.next_delivery().unwrap();
        assert_eq!(due.duration_since(story.now).as_secs(), expected_s, "{retry_after:?}");
    }
}

#[test]
fn an_address_that_refused_nine_in_ten_gets_nothing_twice() {
    let mut story = waiting();
    let taken = story.plaid.due_deliveries(story.now, 1).remove(0);
    story.plaid.report_delivery(story.now, taken.delivery, DeliveryResult::Accepted);
    for round in 0..12 {
        story.set("card", json!({"balances": {"current": 1000 + round}}));
        let taken = story.plaid.due_deliveries(story.now, 1).remove(0);
        story.plaid.report_delivery(story.now, taken.delivery, DeliveryResult::NotAccepted);
    }
    // One of eleven was accepted: with the tenth refusal more than nine in ten are refused.
    assert_eq!(story.plaid.counters().deliveries, DeliveryCounts { pending: 9, succeeded: 1, failed: 3 });
    story.later(25 * 3_600);
    story.set("card", json!({"balances": {"current": 1}}));
    let taken = story.plaid.due_deliveries(story.now, usize::MAX).pop().unwrap();
    story.plaid.report_delivery(story.now, taken.delivery, DeliveryResult::NotAccepted);
    assert!(story.plaid.next_delivery().is_some());
}

#[test]
fn a_delivered_webhook_is_not_sent_again() {
    let mut story = waiting();
    let webhook = story.plaid.due_deliveries(story.now, 1).remove(0);
    assert!(!story.plaid.is_quiet(story.now));
    story.plaid.report_delivery(story.now, webhook.delivery, DeliveryResult::Accepted);
    assert!(story.plaid.is_quiet(story.now));
    assert_eq!((story.receive().len(), story.plaid.next_delivery()), (0, None));
}

#[test]
fn webhooks_are_doubled_dropped_delayed_and_reordered_on_request() {
    let mut story = Story::new();
    story.link(CARD_BANK, &["liabilities"]);
    story.control("fault-webhooks", json!({"duplicate": true, "drop_next": 1}));
    let change = |story: &mut Story, current: u32| story.set("card", json!({"balances": {"current": current}}));
    (1..=2).for_each(|current| change(&mut story, current));
    assert_eq!(story.told().len(), 2);
    story.control("fault-webhooks", json!({"delay_s": 60}));
    change(&mut story, 3);
    assert_eq!(story.told().len(), 0);
    story.later(60);
    assert_eq!(story.told().len(), 1);
    story.control("fault-webhooks", json!({"reorder_window_s": 600}));
    (10..30).for_each(|current| change(&mut story, current));
    story.later(600);
    let taken = story.plaid.due_deliveries(story.now, usize::MAX);
    assert!(taken.len() == 20 && !taken.iter().map(|webhook| webhook.delivery).is_sorted());
}

#[test]
fn held_webhooks_wait_and_those_under_way_are_counted() {
    let mut story = waiting();
    let sent = story.plaid.due_deliveries(story.now, 1).remove(0);
    assert_eq!(story.control("hold-webhooks", json!({"is_held": true})), json!({"under_way": 1}));
    story.plaid.report_delivery(story.now, sent.delivery, DeliveryResult::Accepted);
    story.set("card", json!({"balances": {"current": 7}}));
    assert_eq!(story.control("hold-webhooks", json!({"is_held": true})), json!({"under_way": 0}));
    assert_eq!(story.told().len(), 0);
    story.control("hold-webhooks", json!({"is_held": false}));
    assert_eq!(story.told().len(), 1);
}
