//! Objects in memory, for the deterministic simulation and fast tests. They pass the same contract suite as the folder.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::object_links::{LinkSigner, refuse_unusable};
use crate::ports::objects::{ObjectError, ObjectLink, Objects};

/// Objects by key.
#[derive(Debug)]
pub struct MemoryObjects {
    objects: Mutex<BTreeMap<String, Bytes>>,
    links: LinkSigner,
}

impl MemoryObjects {
    pub fn new(links: LinkSigner) -> Self {
        Self { objects: Mutex::default(), links }
    }

    /// Checks the links that these objects answer.
    pub fn links(&self) -> &LinkSigner {
        &self.links
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<String, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put(&self, key: &str, _content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        refuse_unusable(key)?;
        self.locked().insert(key.to_owned(), body);
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        refuse_unusable(key)?;
        self.locked().get(key).cloned().ok_or_else(|| ObjectError::Missing(key.to_owned()))
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        let body = self.get(key).await?;
        let place = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(body.len());
        let (start, end) = (place(start), place(end));
        Ok(if start < end { body.slice(start..end) } else { Bytes::new() })
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        let length = self.get(key).await?.len();
        u64::try_from(length).map_err(|_| ObjectError::Defect(format!("{key} is too large to count")))
    }

    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.links.upload(key, length, valid)
    }

    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.links.download(key, valid)
    }
}
