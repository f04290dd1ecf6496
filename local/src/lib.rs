//! Clearway on a laptop: the handlers that Lambda runs, in one process, over an embedded DynamoDB, an in-memory queue, a folder of
//! objects, and simulators of Column and Plaid. No cloud, no Docker.

pub mod autopay;
pub mod doctor;
pub mod embedded_dynamodb;
pub mod ended;
pub mod error;
pub mod event;
pub mod folder;
pub mod generate;
mod in_process;
pub mod payroll;
pub mod serve;
pub mod simulate;
pub mod simulators;
pub mod stack;
pub mod template;
pub mod terminal;
