//! The laptop's DynamoDB keeps what it was given, for as long as it was asked to.

use aws_sdk_dynamodb::types::{DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
use local::embedded_dynamodb::{EmbeddedDynamodb, TABLE};
use serde_json::{Value, json};
use shared::ports::table::{Attributes, Change, Condition, Index, Indexing, Key, Query, Table};

fn key() -> Key {
    Key::new("PAYMENT#1", "PAYMENT")
}

fn payment() -> Change {
    let attributes: Attributes =
        [("version".to_owned(), Value::from(1)), ("state".to_owned(), json!("held"))].into_iter().collect();
    Change::Put { key: key(), attributes, indexing: Indexing::default(), condition: Condition::Absent }
}

#[tokio::test]
async fn a_file_is_found_again_by_the_next_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clearway.db");
    let first_run = EmbeddedDynamodb::start(Some(&file)).await.expect("the engine starts");
    first_run.table().write(vec![payment()]).await.expect("a first payment");
    drop(first_run);

    let second_run = EmbeddedDynamodb::start(Some(&file)).await.expect("the engine starts again");
    assert!(second_run.table().get(&key()).await.expect("a read").is_some());
    assert!(second_run.table().write(vec![payment()]).await.is_err(), "the payment is there already");
}

#[tokio::test]
async fn a_file_of_a_release_before_gets_the_index_that_it_lacks() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clearway.db");
    let first_run = EmbeddedDynamodb::start(Some(&file)).await.expect("the engine starts");
    let index = DeleteGlobalSecondaryIndexAction::builder().index_name("attention").build().expect("a deletion");
    let without = GlobalSecondaryIndexUpdate::builder().delete(index).build();
    let update = first_run.client().update_table().table_name(TABLE).global_secondary_index_updates(without);
    update.send().await.expect("the table without the index");
    drop(first_run);

    let second_run = EmbeddedDynamodb::start(Some(&file)).await.expect("the engine starts again");
    let Change::Put { key, attributes, condition, .. } = payment() else { panic!("a put") };
    let attention = Some(("ATTENTION#payment#0".to_owned(), "2026-03-02".to_owned()));
    let indexing = Indexing { attention, ..Indexing::default() };
    let flagged = Change::Put { key, attributes, indexing, condition };
    second_run.table().write(vec![flagged]).await.expect("a flagged payment");
    let waiting = Query { index: Index::Attention, ..Query::primary("ATTENTION#payment#0") };
    assert_eq!(second_run.table().query(&waiting).await.expect("a page").items.len(), 1);
}

#[tokio::test]
async fn two_engines_in_memory_share_nothing() {
    let first = EmbeddedDynamodb::start(None).await.expect("the engine starts");
    let second = EmbeddedDynamodb::start(None).await.expect("the engine starts");
    first.table().write(vec![payment()]).await.expect("a first payment");
    assert_eq!(second.table().get(&key()).await.expect("a read"), None);
}
