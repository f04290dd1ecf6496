//! Several changes: all or nothing.

use futures::future::join_all;
use serde_json::json;
use shared::ports::table::{Change, Condition, Key, Table};

use crate::world::{assert_defect, check, delete, failed, given, put, read, version, versioned};

fn keys(partition: &str, count: usize) -> Vec<Key> {
    (0..count).map(|position| Key::new(partition, format!("{position:03}"))).collect()
}

fn absent_puts(keys: &[Key]) -> Vec<Change> {
    keys.iter().map(|key| put(key, versioned(1), Condition::Absent)).collect()
}

pub(crate) async fn all_changes_happen_together(table: &dyn Table) {
    let (payment, history, claim) =
        (Key::new("PAYMENT#1", "PAYMENT"), Key::new("HISTORY#1", "1"), Key::new("CLAIM#1", "CLAIM"));
    given(table, &payment, versioned(1)).await;
    given(table, &claim, versioned(1)).await;
    let changes = vec![
        put(&payment, versioned(2), Condition::VersionIs(1)),
        put(&history, versioned(1), Condition::Absent),
        delete(&claim, Condition::VersionIs(1)),
    ];
    table.write(changes).await.expect("every condition holds");
    assert_eq!(version(table, &payment).await, Some(2));
    assert_eq!(version(table, &history).await, Some(1));
    assert_eq!(read(table, &claim).await, None);
}

pub(crate) async fn nothing_happens_when_one_condition_fails(table: &dyn Table) {
    let (payment, history, claim) =
        (Key::new("PAYMENT#2", "PAYMENT"), Key::new("HISTORY#2", "1"), Key::new("CLAIM#2", "CLAIM"));
    given(table, &payment, versioned(1)).await;
    given(table, &history, versioned(1)).await;
    given(table, &claim, versioned(1)).await;
    let changes = vec![
        put(&payment, versioned(2), Condition::VersionIs(1)),
        delete(&claim, Condition::Always),
        put(&history, versioned(2), Condition::Absent),
    ];
    failed(table.write(changes).await);
    for key in [payment, history, claim] {
        assert_eq!(version(table, &key).await, Some(1), "{key:?}");
    }
}

pub(crate) async fn a_check_holds_the_write_back_and_changes_nothing(table: &dyn Table) {
    let (batch, payment) = (Key::new("BATCH#3", "BATCH"), Key::new("PAYMENT#3", "PAYMENT"));
    given(table, &batch, json!({ "version": 5, "state": "released" })).await;
    let before = read(table, &batch).await;
    let write = |state: &str| {
        let released = check(&batch, Condition::StateIn(vec![state.to_owned()]));
        table.write(vec![put(&payment, versioned(1), Condition::Absent), released])
    };
    failed(write("stopped").await);
    assert_eq!(read(table, &payment).await, None);
    write("released").await.expect("the batch is released");
    assert_eq!(version(table, &payment).await, Some(1));
    assert_eq!(read(table, &batch).await, before);
}

pub(crate) async fn a_check_alone_is_a_write(table: &dyn Table) {
    let key = Key::new("BATCH#4", "BATCH");
    table.write(vec![check(&key, Condition::Absent)]).await.expect("there is no such batch");
    given(table, &key, versioned(1)).await;
    failed(table.write(vec![check(&key, Condition::Absent)]).await);
}

pub(crate) async fn the_failed_change_is_named_with_its_item(table: &dyn Table) {
    let keys = keys("HISTORY#5", 5);
    given(table, &keys[3], json!({ "version": 9 })).await;
    let (named, existing) = failed(table.write(absent_puts(&keys)).await);
    assert_eq!(named, keys[3]);
    assert_eq!(existing, read(table, &keys[3]).await);
}

pub(crate) async fn a_hundred_changes_fit(table: &dyn Table) {
    let keys = keys("BATCH#6#0", 100);
    table.write(absent_puts(&keys)).await.expect("100 is the limit");
    assert_eq!(version(table, &keys[99]).await, Some(1));
}

pub(crate) async fn a_hundred_and_one_are_a_defect(table: &dyn Table) {
    let keys = keys("BATCH#7#0", 101);
    assert_defect(table.write(absent_puts(&keys)).await);
    assert_eq!(read(table, &keys[0]).await, None);
}

pub(crate) async fn one_key_twice_is_a_defect(table: &dyn Table) {
    let key = Key::new("PAYMENT#8", "PAYMENT");
    let twice = vec![put(&key, versioned(1), Condition::Absent), check(&key, Condition::VersionIs(1))];
    assert_defect(table.write(twice).await);
}

pub(crate) async fn no_changes_do_nothing(table: &dyn Table) {
    table.write(Vec::new()).await.expect("nothing can go wrong");
}

/// Race: transactions that share an item. Each reads its version and tries until it has won; no step may be lost.
pub(crate) async fn transactions_in_each_others_way_lose_nothing(table: &dyn Table) {
    let shared_key = Key::new("FUNDING#9", "FUNDING");
    given(table, &shared_key, versioned(0)).await;
    join_all((0..8).map(|worker| async move {
        let shared_key = Key::new("FUNDING#9", "FUNDING");
        let own_key = Key::new("HISTORY#9", format!("{worker}"));
        loop {
            let seen = version(table, &shared_key).await.expect("it is there");
            let step = put(&shared_key, versioned(seen + 1), Condition::VersionIs(seen));
            if table.write(vec![step, put(&own_key, versioned(1), Condition::Absent)]).await.is_ok() {
                break;
            }
        }
    }))
    .await;
    assert_eq!(version(table, &shared_key).await, Some(8));
}
