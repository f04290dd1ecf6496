//! The outside world behind the ports: AWS, Column, Plaid, and their in-memory twins.

pub mod clients;
pub mod dynamodb;
pub mod folder_objects;
pub mod memory_objects;
pub mod memory_queue;
pub mod memory_table;
pub mod movable_clock;
pub mod object_links;
pub mod s3;
pub mod simulated;
pub mod sqs;
pub mod system;
mod table_item;
