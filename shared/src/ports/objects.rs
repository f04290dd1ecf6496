//! Files and other large objects, as a port: uploads, manifests, reports.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

/// Where and how a client puts or gets an object directly, without our function in between. `Debug` hides the query: it is signed,
/// and whoever has it may use the link.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct ObjectLink {
    pub method: String,
    pub url: String,
    /// Headers that the client must send exactly so; they are signed.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for ObjectLink {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = self.url.split('?').next().unwrap_or_default();
        write!(formatter, "ObjectLink({} {place})", self.method)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Nothing is stored under this key. Final until somebody uploads it.
    #[error("there is no object {0}")]
    Missing(String),
    /// Out of reach or busy. Retry.
    #[error("the object store cannot be reached: {0}")]
    Unavailable(String),
    /// The request itself is wrong or not allowed. A defect: retrying does not help.
    #[error("the object store refused: {0}")]
    Defect(String),
}

#[async_trait]
pub trait Objects: Send + Sync + std::fmt::Debug {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError>;

    /// The whole object. For small ones: manifests, digests.
    async fn get(&self, key: &str) -> Result<Bytes, ObjectError>;

    /// Bytes `start..end` (end excluded); fewer where the object ends before.
    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError>;

    /// The object's size in bytes.
    async fn size(&self, key: &str) -> Result<u64, ObjectError>;

    /// A link to put exactly `length` bytes under the key, valid for the given time.
    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError>;

    /// A link to read the object, valid for the given time.
    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError>;
}
