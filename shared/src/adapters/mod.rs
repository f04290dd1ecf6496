//! The outside world behind the ports: AWS, Column, Plaid, and their in-memory versions.

pub mod api_key;
pub mod clients;
pub mod column;
pub mod dynamodb;
pub mod folder_objects;
pub mod http_transport;
pub mod http_webhook_sender;
pub mod memory_objects;
pub mod memory_queue;
pub mod memory_table;
pub mod movable_clock;
pub mod object_links;
pub mod plaid;
pub mod provider_call;
pub mod recorded_notices;
pub mod recorded_webhooks;
pub mod s3;
#[cfg(test)]
mod scripted;
pub mod sealing;
pub mod secrets_aws;
pub mod secrets_cached;
pub mod secrets_fixed;
pub mod simulated;
pub mod sns_notices;
pub mod sqs;
pub mod system;
mod table_item;
pub mod tokens;
