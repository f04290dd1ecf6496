//! One change: when it happens, and what it answers when it does not.

use futures::future::join_all;
use serde_json::json;
use shared::ports::table::{Condition, Indexing, Key, Query, Table};

use crate::world::{assert_defect, attributes, delete, failed, given, put, put_indexed, read, version, versioned};

pub(crate) async fn absent_puts_once(table: &dyn Table) {
    let key = Key::new("FILE#1", "FILE");
    table.write(vec![put(&key, versioned(1), Condition::Absent)]).await.expect("nothing is there yet");
    let (named, existing) = failed(table.write(vec![put(&key, versioned(2), Condition::Absent)]).await);
    assert_eq!(named, key);
    assert_eq!(existing, read(table, &key).await);
    assert_eq!(version(table, &key).await, Some(1));
}

pub(crate) async fn an_expired_claim_is_taken_over(table: &dyn Table) {
    let key = Key::new("REQUEST#1", "REQUEST");
    let lease = |version, expires_at| {
        let indexing = Indexing { expires_at: Some(expires_at), ..Indexing::default() };
        put_indexed(&key, versioned(version), indexing, Condition::AbsentOrExpired { now_seconds: 100 })
    };
    table.write(vec![lease(1, 101)]).await.expect("nobody holds it");
    let (_, existing) = failed(table.write(vec![lease(2, 200)]).await);
    let expiry = existing.and_then(|item| item.get("expires_at").cloned());
    assert_eq!(expiry, Some(json!(101)), "the lease holds until second 101");

    given_expiry(table, &key, 100).await;
    table.write(vec![lease(3, 200)]).await.expect("a lease ends with its second");
    assert_eq!(version(table, &key).await, Some(3));
}

async fn given_expiry(table: &dyn Table, key: &Key, expires_at: i64) {
    let indexing = Indexing { expires_at: Some(expires_at), ..Indexing::default() };
    table.write(vec![put_indexed(key, versioned(2), indexing, Condition::Always)]).await.expect("an unconditional put");
}

pub(crate) async fn a_claim_without_expiry_is_never_taken_over(table: &dyn Table) {
    let key = Key::new("REQUEST#2", "REQUEST");
    given(table, &key, versioned(1)).await;
    failed(table.write(vec![put(&key, versioned(2), Condition::AbsentOrExpired { now_seconds: i64::MAX })]).await);
}

pub(crate) async fn a_version_is_replaced_by_the_next_alone(table: &dyn Table) {
    let key = Key::new("PAYMENT#1", "PAYMENT");
    let (_, existing) = failed(table.write(vec![put(&key, versioned(1), Condition::VersionIs(0))]).await);
    assert_eq!(existing, None, "there is no version of nothing");
    given(table, &key, versioned(1)).await;
    table.write(vec![put(&key, versioned(2), Condition::VersionIs(1))]).await.expect("version 1 is there");
    let (_, existing) = failed(table.write(vec![put(&key, versioned(3), Condition::VersionIs(1))]).await);
    assert_eq!(existing.and_then(|item| item.get("version").cloned()), Some(json!(2)));
}

pub(crate) async fn a_state_must_be_among_those_named(table: &dyn Table) {
    let key = Key::new("PAYMENT#2", "PAYMENT");
    let states = || Condition::StateIn(vec!["created".to_owned(), "held".to_owned()]);
    failed(table.write(vec![put(&key, json!({ "state": "sent", "version": 1 }), states())]).await);
    given(table, &key, json!({ "state": "held", "version": 1 })).await;
    table.write(vec![put(&key, json!({ "state": "sent", "version": 2 }), states())]).await.expect("it is held");
    let (_, existing) = failed(table.write(vec![delete(&key, states())]).await);
    assert_eq!(existing.and_then(|item| item.get("state").cloned()), Some(json!("sent")));
}

pub(crate) async fn always_overwrites(table: &dyn Table) {
    let key = Key::new("MARK#1", "MARK");
    given(table, &key, versioned(1)).await;
    given(table, &key, versioned(7)).await;
    assert_eq!(version(table, &key).await, Some(7));
}

pub(crate) async fn a_delete_obeys_its_condition(table: &dyn Table) {
    let key = Key::new("PAYMENT#3", "PAYMENT");
    given(table, &key, versioned(4)).await;
    let (_, existing) = failed(table.write(vec![delete(&key, Condition::VersionIs(3))]).await);
    assert_eq!(existing, read(table, &key).await);
    table.write(vec![delete(&key, Condition::VersionIs(4))]).await.expect("version 4 is there");
    assert_eq!(read(table, &key).await, None);
    let (_, existing) = failed(table.write(vec![delete(&key, Condition::VersionIs(4))]).await);
    assert_eq!(existing, None);
    table.write(vec![delete(&key, Condition::Always)]).await.expect("nothing to delete is no failure");
}

pub(crate) async fn a_put_replaces_the_whole_item(table: &dyn Table) {
    let key = Key::new("PAYMENT#4", "PAYMENT");
    given(table, &key, json!({ "version": 1, "old": "text" })).await;
    given(table, &key, json!({ "version": 2, "new": "text" })).await;
    let whole = attributes(json!({ "pk": "PAYMENT#4", "sk": "PAYMENT", "version": 2, "new": "text" }));
    assert_eq!(read(table, &key).await, Some(whole));
}

pub(crate) async fn every_kind_of_value_reads_back(table: &dyn Table) {
    let key = Key::new("PAYMENT#5", "PAYMENT");
    let value = json!({
        "version": 1, "none": null, "yes": true, "no": false, "empty": "", "text": "Zoë \u{1F600}",
        "least": i64::MIN, "most": u64::MAX, "list": [1, "two", null, [], {}], "map": { "deep": { "er": [0] } },
    });
    given(table, &key, value.clone()).await;
    let mut expected = attributes(value);
    expected.insert("pk".to_owned(), json!(key.pk));
    expected.insert("sk".to_owned(), json!(key.sk));
    assert_eq!(read(table, &key).await, Some(expected));
}

pub(crate) async fn a_write_is_read_at_once(table: &dyn Table) {
    let key = Key::new("PAYMENT#6", "PAYMENT");
    for step in 1..=20 {
        given(table, &key, versioned(step)).await;
        assert_eq!(version(table, &key).await, Some(step));
    }
}

/// Race: two requests with one idempotency key. Without the condition both would act.
pub(crate) async fn of_many_claims_at_once_one_wins(table: &dyn Table) {
    let key = Key::new("REQUEST#3", "REQUEST");
    let claims = (1..=20).map(|claimant| table.write(vec![put(&key, versioned(claimant), Condition::Absent)]));
    let outcomes = join_all(claims).await;
    let winners: Vec<_> =
        (1..).zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(claimant, _)| claimant).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(version(table, &key).await, winners.first().copied());
}

/// Race: two workers step one payment. Without the version the later one would undo the earlier one's step.
pub(crate) async fn of_many_steps_on_one_version_one_wins(table: &dyn Table) {
    let key = Key::new("PAYMENT#7", "PAYMENT");
    given(table, &key, json!({ "version": 1, "worker": 0 })).await;
    let steps = (1..=20)
        .map(|worker| table.write(vec![put(&key, json!({ "version": 2, "worker": worker }), Condition::VersionIs(1))]));
    let won = join_all(steps).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

pub(crate) async fn a_state_condition_without_states_is_a_defect(table: &dyn Table) {
    let key = Key::new("PAYMENT#8", "PAYMENT");
    assert_defect(table.write(vec![put(&key, versioned(1), Condition::StateIn(Vec::new()))]).await);
}

pub(crate) async fn an_expiry_of_its_own_is_a_defect(table: &dyn Table) {
    let key = Key::new("REQUEST#4", "REQUEST");
    assert_defect(table.write(vec![put(&key, json!({ "expires_at": "2026-01-01" }), Condition::Always)]).await);
}

pub(crate) async fn a_fraction_is_a_defect(table: &dyn Table) {
    let key = Key::new("PAYMENT#9", "PAYMENT");
    assert_defect(table.write(vec![put(&key, json!({ "amounts": [100, 1.5] }), Condition::Always)]).await);
}

pub(crate) async fn an_empty_key_is_a_defect(table: &dyn Table) {
    assert_defect(table.write(vec![put(&Key::new("PAYMENT#9", ""), versioned(1), Condition::Always)]).await);
    assert_defect(table.write(vec![put(&Key::new("", "PAYMENT"), versioned(1), Condition::Always)]).await);
    assert_defect(table.get(&Key::new("PAYMENT#9", "")).await.map(drop));
}

/// Whoever asks for a thing by an id that nothing can have is told that it is not there.
pub(crate) async fn a_key_longer_than_any_names_nothing(table: &dyn Table) {
    let longest = Key::new("S".repeat(2_048), "K".repeat(1_024));
    table.write(vec![put(&longest, versioned(1), Condition::Absent)]).await.expect("the longest key fits");
    assert!(table.get(&longest).await.expect("an answer").is_some());
    for longer in [Key::new("S".repeat(2_049), "K"), Key::new("S", "K".repeat(1_025))] {
        assert!(table.get(&longer).await.expect("an answer").is_none());
        assert_defect(table.write(vec![put(&longer, versioned(1), Condition::Absent)]).await);
    }
    let page = table.query(&Query::primary("S".repeat(2_049))).await.expect("a page");
    assert!(page.items.is_empty() && page.next.is_none());
}

pub(crate) async fn an_item_over_400_kilobytes_is_a_defect(table: &dyn Table) {
    let key = Key::new("PAYMENT#10", "PAYMENT");
    let sized = |kilobytes: usize| put(&key, json!({ "text": "x".repeat(kilobytes * 1024) }), Condition::Always);
    table.write(vec![sized(399)]).await.expect("399 kilobytes fit");
    assert_defect(table.write(vec![sized(401)]).await);
}
