//! The table's shape, for the laptop and the tests. The deployed table is declared in the template in the same words.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{BuildError, DisplayErrorContext, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TimeToLiveSpecification,
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

/// Creates the table with its two indexes and its expiry, on demand. One that exists already is left as it is.
pub async fn create_table(client: &Client, table: &str) -> Result<(), TableSetupError> {
    let failed = |reason: String| TableSetupError { table: table.to_owned(), reason };
    let keys = [Index::Primary, Index::Due, Index::Lists].map(key_names);
    let definitions =
        keys.iter().flat_map(|(pk, sk)| [pk, sk]).map(|name| attribute(name)).collect::<Result<Vec<_>, _>>();
    let indexes = [Index::Due, Index::Lists].into_iter().map(index_definition).collect::<Result<Vec<_>, _>>();
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
        Err(SdkError::ServiceError(context)) if context.err().is_resource_in_use_exception() => Ok(()),
        Err(error) => Err(failed(DisplayErrorContext(error).to_string())),
    }
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
