//! Keys that Plaid has confirmed, shared by all processes: each is asked for once, not once for every process.

use async_trait::async_trait;
use jiff::Timestamp;

use super::table::TableError;
use crate::domain::plaid::signature::VerificationKey;

/// A key as Plaid last described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedKey {
    pub key: VerificationKey,
    /// When Plaid was asked, in elapsed time.
    pub confirmed_at: Timestamp,
}

#[async_trait]
pub trait ConfirmedKeys: Send + Sync + std::fmt::Debug {
    /// All of them: a handful.
    async fn all(&self) -> Result<Vec<ConfirmedKey>, TableError>;

    /// Keeps what Plaid has said, unless something newer is kept.
    async fn keep(&self, confirmed: &ConfirmedKey) -> Result<(), TableError>;
}
