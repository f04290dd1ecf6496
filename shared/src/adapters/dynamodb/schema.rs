//! The table's shape, for the laptop and the tests. The deployed table is declared in the template in the same words.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TimeToLiveSpecification,
};

use super::expressions::index_name;
use crate::adapters::table_item::{EXPIRES_AT, key_names};
use crate::ports::table::Index;

/// The table could not be set up. The text says what the service answered.
#[derive(Debug, thiserror::Error)]
#[error("the table {table} could not be created: {reason}")]
pub struct TableSetupError {
    pub table: String,
    pub reason: String,
}

/// Creates the table with its indexes and its expiry, on demand. One that a release of before has made gets the indexes that it
/// lacks; an item stands there once it is put again.
pub async fn create_table(client: &Client, table: &str) -> Result<(), TableSetupError> {
    let failed = |reason: String| TableSetupError { table: table.to_owned(), reason };
    let keys: Vec<_> = [Index::Primary].into_iter().chain(Index::SECONDARY).map(key_names).collect();
    let definitions =
        keys.iter().flat_map(|(pk, sk)| [pk, sk]).map(|name| attribute(name)).collect::<Result<Vec<_>, _>>();
    let indexes = Index::SECONDARY.into_iter().map(index_definition).collect::<Result<Vec<_>, _>>();
    let created = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(definitions.map_err(|error| failed(error.to_string()))?))
        .set_key_schema(Some(key_schema(Index::Primary).map_err(|error| failed(error.to_string()))?))
        .set_global_secondary_indexes(Some(indexes.map_err(|error| failed(error.to_string()))?))
        .send()
        .await;
    match created {
        Ok(_) => expire(client, table).await.map_err(failed),
        Err(SdkError::ServiceError(context)) if context.err().is_resource_in_use_exception() => {
            add_missing_indexes(client, table).await.map_err(failed)
        }
        Err(error) => Err(failed(DisplayErrorContext(error).to_string())),
    }
}

async fn add_missing_indexes(client: &Client, table: &str) -> Result<(), String> {
    let described = client.describe_table().table_name(table).send().await;
    let described = described.map_err(|error| DisplayErrorContext(error).to_string())?;
    let indexes = described.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
    let there: Vec<String> = indexes.into_iter().filter_map(|index| index.index_name).collect();
    let is_missing = |index: &Index| index_name(*index).is_some_and(|name| !there.contains(&name));
    for index in Index::SECONDARY.into_iter().filter(is_missing) {
        add_index(client, table, index).await?;
    }
    Ok(())
}

async fn add_index(client: &Client, table: &str, index: Index) -> Result<(), String> {
    let (pk, sk) = key_names(index);
    let attributes = [pk, sk].map(attribute).into_iter().collect::<Result<Vec<_>, _>>();
    let create = CreateGlobalSecondaryIndexAction::builder()
        .set_index_name(index_name(index))
        .set_key_schema(Some(key_schema(index).map_err(|error| error.to_string())?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .map_err(|error| error.to_string())?;
    let updated = client
        .update_table()
        .table_name(table)
        .set_attribute_definitions(Some(attributes.map_err(|error| error.to_string())?))
        .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(create).build())
        .send()
        .await;
    updated.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

async fn expire(client: &Client, table: &str) -> Result<(), String> {
    let expiry = TimeToLiveSpecification::builder().attribute_name(EXPIRES_AT).enabled(true).build();
    let specification = expiry.map_err(|error| error.to_string())?;
    let set = client.update_time_to_live().table_name(table).time_to_live_specification(specification).send().await;
    set.map(drop).map_err(|error| DisplayErrorContext(error).to_string())
}

fn attribute(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key_schema(index: Index) -> Result<Vec<KeySchemaElement>, BuildError> {
    let (pk, sk) = key_names(index);
    [(pk, KeyType::Hash), (sk, KeyType::Range)]
        .into_iter()
        .map(|(name, role)| KeySchemaElement::builder().attribute_name(name).key_type(role).build())
        .collect()
}

/// Keys only: an item's change of state then costs no write in the index, and what is shown is read by key, never stale.
fn index_definition(index: Index) -> Result<GlobalSecondaryIndex, BuildError> {
    GlobalSecondaryIndex::builder()
        .set_index_name(index_name(index))
        .set_key_schema(Some(key_schema(index)?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
}
