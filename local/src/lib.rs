//! Clearway on a laptop: what stands in for AWS in one process.

pub mod embedded_dynamodb;
mod without_token;
