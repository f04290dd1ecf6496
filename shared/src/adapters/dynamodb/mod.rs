//! The table over DynamoDB.
//!
//! Guarantees: a put of one item is one conditional PutItem; several changes, and a conditional delete, are one TransactWriteItems
//! with a token, so that a repeat of the request by the SDK is answered as the first one was. A put carries a random `writer` per
//! call: where the token's memory does not reach, a failed condition on an item with our own `writer` is our earlier try having
//! won, and counts as success. Limit: if somebody else has changed the item in between, the write is reported as failed, and the
//! caller reads and decides again as it must anyway.

mod attributes;
mod expressions;
mod failure;
mod schema;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use attributes::{Item, text, text_of, to_attributes, to_item};
use expressions::{Expression, index_name, start_key};
use failure::{WriteFailure, of_call};
pub use schema::{TableSetupError, create_table};

use crate::adapters::table_item::{
    PK, Place, SK, WRITER, add_size, key_names, may_be_partition, may_exist, refuse_empty, refuse_unreadable,
    refuse_unwritable, stored_item,
};
use crate::ports::clock::Clock;
use crate::ports::random::{Random, random_u64};
use crate::ports::table::{Attributes, Change, Condition, Index, Indexing, Key, Order, Page, Query, Table, TableError};

/// Tries of one write that meets other transactions on its items. The SDK's own retries know nothing of such conflicts.
const CONFLICT_TRIES_MAX: u32 = 6;
/// The longest pause before the second try; it doubles with every further one, to 0.8 s before the sixth.
const CONFLICT_PAUSE_MS: u64 = 50;

/// One DynamoDB table.
#[derive(Clone, Debug)]
pub struct DynamoTable {
    client: Client,
    name: String,
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
}

/// One write call in the service's words, sent the same at every try.
enum Request {
    Put { item: Item, condition: Expression },
    Delete { key: Item },
    Transaction { items: Vec<TransactWriteItem>, token: String },
}

impl DynamoTable {
    pub fn new(client: Client, name: impl Into<String>, random: Arc<dyn Random>, clock: Arc<dyn Clock>) -> Self {
        Self { client, name: name.into(), random, clock }
    }

    /// One try, with the SDK's retries inside.
    async fn send(&self, request: &Request) -> Result<(), WriteFailure> {
        match request {
            Request::Put { item, condition } => self
                .client
                .put_item()
                .table_name(&self.name)
                .set_item(Some(item.clone()))
                .set_condition_expression(condition.text.clone())
                .set_expression_attribute_names(condition.names.clone())
                .set_expression_attribute_values(condition.values.clone())
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
                .send()
                .await
                .map(drop)
                .map_err(|error| WriteFailure::of_put(&error)),
            Request::Delete { key } => self
                .client
                .delete_item()
                .table_name(&self.name)
                .set_key(Some(key.clone()))
                .send()
                .await
                .map(drop)
                .map_err(|error| WriteFailure::of_unconditional(&error)),
            Request::Transaction { items, token } => self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(token)
                .send()
                .await
                .map(drop)
                .map_err(|error| WriteFailure::of_transaction(&error)),
        }
    }

    /// Waits out conflicts: full jitter under a doubling limit, so that the transactions in conflict do not meet again.
    async fn send_past_conflicts(&self, request: &Request, writer: &str) -> Result<(), WriteFailure> {
        let mut tries = 1;
        loop {
            match self.send(request).await {
                Err(WriteFailure::Conflict(_)) if tries < CONFLICT_TRIES_MAX => {
                    let longest_ms = CONFLICT_PAUSE_MS << (tries - 1);
                    let pause_ms = random_u64(self.random.as_ref()) % (longest_ms + 1);
                    self.clock.pause(Duration::from_millis(pause_ms)).await;
                    tries += 1;
                }
                Err(failure) if failure.is_our_own_success(writer) => return Ok(()),
                outcome => return outcome,
            }
        }
    }

    fn request(&self, changes: Vec<Change>, writer: &str) -> Result<Request, TableError> {
        if changes.len() == 1 {
            match changes.into_iter().next() {
                Some(Change::Put { key, attributes, indexing, condition }) => {
                    let (item, _) = put_item(&key, attributes, &indexing, writer, 0)?;
                    Ok(Request::Put { item, condition: Expression::of_condition(&condition) })
                }
                Some(Change::Delete { key, condition: Condition::Always }) => {
                    Ok(Request::Delete { key: key_item(&key) })
                }
                // A repeated conditional delete finds nothing and could not tell our own first try from another's: only the
                // transaction's token can.
                Some(change @ (Change::Delete { .. } | Change::Check { .. })) => self.transaction(vec![change], writer),
                None => Ok(Request::Transaction { items: Vec::new(), token: writer.to_owned() }),
            }
        } else {
            self.transaction(changes, writer)
        }
    }

    fn transaction(&self, changes: Vec<Change>, writer: &str) -> Result<Request, TableError> {
        let mut write_bytes = 0;
        let mut items = Vec::with_capacity(changes.len());
        for change in changes {
            let item = match change {
                Change::Put { key, attributes, indexing, condition } => {
                    let (item, bytes) = put_item(&key, attributes, &indexing, writer, write_bytes)?;
                    write_bytes = bytes;
                    TransactWriteItem::builder().put(self.transaction_put(item, &condition)?)
                }
                Change::Delete { key, condition } => {
                    TransactWriteItem::builder().delete(self.transaction_delete(&key, &condition)?)
                }
                Change::Check { key, condition } => {
                    TransactWriteItem::builder().condition_check(self.transaction_check(&key, &condition)?)
                }
            };
            items.push(item.build());
        }
        Ok(Request::Transaction { items, token: writer.to_owned() })
    }

    fn transaction_put(&self, item: Item, condition: &Condition) -> Result<Put, TableError> {
        let condition = Expression::of_condition(condition);
        Put::builder()
            .table_name(&self.name)
            .set_item(Some(item))
            .set_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unbuilt)
    }

    fn transaction_delete(&self, key: &Key, condition: &Condition) -> Result<Delete, TableError> {
        let condition = Expression::of_condition(condition);
        Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .set_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unbuilt)
    }

    fn transaction_check(&self, key: &Key, condition: &Condition) -> Result<ConditionCheck, TableError> {
        let condition = Expression::of_condition(condition);
        ConditionCheck::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .set_condition_expression(condition.text)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unbuilt)
    }
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        refuse_empty(key)?;
        if !may_exist(key) {
            return Ok(None);
        }
        let answer = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| of_call(&error))?;
        answer.item.map(to_attributes).transpose()
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        refuse_unreadable(query)?;
        if !may_be_partition(&query.pk) {
            return Ok(Page::default());
        }
        let start = query.start_after.as_ref().map(|cursor| Place::from_cursor(cursor, query)).transpose()?;
        let expression = Expression::of_query(query);
        let answer = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index_name(query.index))
            .set_key_condition_expression(expression.text)
            .set_expression_attribute_names(expression.names)
            .set_expression_attribute_values(expression.values)
            .scan_index_forward(query.order == Order::Ascending)
            // The service refuses consistent reads of an index.
            .consistent_read(query.index == Index::Primary)
            .set_limit(query.page_items.map(|items| i32::try_from(items).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(start.map(|place| start_key(place, query)))
            .send()
            .await
            .map_err(|error| of_call(&error))?;
        let next = answer.last_evaluated_key.filter(|last| !last.is_empty());
        Ok(Page {
            items: answer.items.unwrap_or_default().into_iter().map(to_attributes).collect::<Result<_, _>>()?,
            next: next.map(|last| place_of(&last, query.index)).transpose()?.map(|place| place.to_cursor(query.index)),
        })
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        refuse_unwritable(&changes)?;
        if changes.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = changes.iter().map(|change| change.key().clone()).collect();
        let writer = format!("{:016x}{:016x}", random_u64(self.random.as_ref()), random_u64(self.random.as_ref()));
        let request = self.request(changes, &writer)?;
        match self.send_past_conflicts(&request, &writer).await {
            Ok(()) => Ok(()),
            Err(WriteFailure::Conditions(failed)) => Err(condition_failed(keys, failed)?),
            Err(WriteFailure::Conflict(reason)) => Err(TableError::Unavailable(reason)),
            Err(WriteFailure::Other(error)) => Err(error),
        }
    }
}

fn condition_failed(keys: Vec<Key>, failed: Vec<(usize, Option<Item>)>) -> Result<TableError, TableError> {
    let first = failed.into_iter().next();
    let (position, item) =
        first.ok_or_else(|| TableError::Defect("a condition failed, but none is named".to_owned()))?;
    let key = keys.into_iter().nth(position);
    let key =
        key.ok_or_else(|| TableError::Defect("a condition failed on a change that was not asked for".to_owned()))?;
    // The service may answer an empty item for one that does not exist.
    let existing = item.filter(|item| !item.is_empty()).map(to_attributes).transpose()?.map(Box::new);
    Ok(TableError::ConditionFailed { key, existing })
}

fn put_item(
    key: &Key,
    attributes: Attributes,
    indexing: &Indexing,
    writer: &str,
    write_bytes: usize,
) -> Result<(Item, usize), TableError> {
    let attributes = stored_item(key, attributes, indexing)?;
    let write_bytes = add_size(key, &attributes, write_bytes)?;
    let mut item = to_item(attributes);
    item.insert(WRITER.to_owned(), text(writer));
    Ok((item, write_bytes))
}

fn key_item(key: &Key) -> Item {
    Item::from([(PK.to_owned(), text(&key.pk)), (SK.to_owned(), text(&key.sk))])
}

fn place_of(last: &Item, index: Index) -> Result<Place, TableError> {
    let (_, sk_name) = key_names(index);
    match (text_of(last, PK), text_of(last, SK), text_of(last, sk_name)) {
        (Some(pk), Some(sk), Some(sort)) => Ok(Place { sort: sort.to_owned(), key: Key::new(pk, sk) }),
        (_, _, _) => Err(TableError::Defect("the service named a last key without its parts".to_owned())),
    }
}

fn unbuilt(error: aws_sdk_dynamodb::error::BuildError) -> TableError {
    TableError::Defect(format!("a change could not be built: {error}"))
}
