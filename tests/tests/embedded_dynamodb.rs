//! The laptop's DynamoDB keeps what it was given, for as long as it was asked to.

use local::embedded_dynamodb::EmbeddedDynamodb;
use serde_json::{Value, json};
use shared::ports::table::{Attributes, Change, Condition, Indexing, Key, Table};

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
async fn two_engines_in_memory_share_nothing() {
    let first = EmbeddedDynamodb::start(None).await.expect("the engine starts");
    let second = EmbeddedDynamodb::start(None).await.expect("the engine starts");
    first.table().write(vec![payment()]).await.expect("a first payment");
    assert_eq!(second.table().get(&key()).await.expect("a read"), None);
}
