use super::*;

fn keyed(story: &Story, cents: i64, key: &str) -> Request {
    Story::request("POST", "/transfers/ach", &story.transfer_body("CREDIT", cents)).with_header("Idempotency-Key", key)
}

#[test]
fn a_repeat_gets_the_first_answer_byte_for_byte_and_moves_nothing() {
    let mut story = Story::funded(1_000);
    let request = keyed(&story, 400, "run-1");
    let first = story.send(&request);
    story.advance_to("2026-03-05T18:00:00Z");
    assert_eq!(story.send(&request), first);
    assert_eq!(story.balances(), (600, 0));
    let counters = story.bank.counters();
    assert_eq!(
        (counters.transfers, counters.idempotent_replays, counters.duplicate_keys_with_other_content),
        (2, 1, 0)
    );
}

#[test]
fn a_repeat_with_other_content_gets_the_first_answer_and_is_counted() {
    let mut story = Story::funded(1_000);
    let first = story.send(&keyed(&story, 400, "run-1"));
    assert_eq!(story.send(&keyed(&story, 500, "run-1")), first);
    assert_eq!(story.bank.counters().duplicate_keys_with_other_content, 1);
    assert_eq!(story.balances(), (600, 0));
}

#[test]
fn a_refusal_is_not_stored() {
    let mut story = Story::new();
    let request = keyed(&story, 400, "run-1");
    assert!(matches!(story.send(&request), Answer::Reply(reply) if reply.status == 400));
    let wire = json!({"destination_account_number_id": story.number, "amount": 1_000, "currency_code": "USD"});
    story.ok("POST", "/simulate/receive-wire", wire);
    assert!(matches!(story.send(&request), Answer::Reply(reply) if reply.status == 200));
}

#[test]
fn the_bank_forgets_a_key_after_30_days() {
    let mut story = Story::funded(1_000);
    let request = keyed(&story, 400, "run-1");
    let first = story.send(&request);
    story.now = at("2026-04-01T18:04:04Z");
    assert_eq!(story.send(&request), first);
    story.now = at("2026-04-01T18:04:05Z");
    assert_ne!(story.send(&request), first);
    assert_eq!(story.balances(), (200, 0));
}

#[test]
fn a_key_belongs_to_one_endpoint() {
    let mut story = Story::funded(1_000);
    story.send(&keyed(&story, 400, "run-1"));
    let entity = story.ok("GET", "/entities", Value::Null)["entities"][0]["id"].clone();
    let request = Story::request("POST", "/bank-accounts", &json!({"entity_id": entity, "description": "Second"}))
        .with_header("Idempotency-Key", "run-1");
    assert!(matches!(story.send(&request), Answer::Reply(reply) if reply.body.contains("Second")));
}
