//! Objects as files under one folder, for the laptop. A put is seen whole or not at all: it is written aside and renamed.
//! Content types are not kept.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::object_links::{LinkSigner, refuse_unusable};
use crate::ports::objects::{ObjectError, ObjectLink, Objects};
use crate::ports::random::{Random, random_u64};

/// Where puts are written aside. No key can name it: parts of keys never begin with a dot.
const ASIDE: &str = ".aside";

/// A folder of objects.
#[derive(Clone, Debug)]
pub struct FolderObjects {
    folder: PathBuf,
    links: LinkSigner,
    random: Arc<dyn Random>,
}

impl FolderObjects {
    /// Objects under the folder, which is made with the first put.
    pub fn new(folder: impl Into<PathBuf>, links: LinkSigner, random: Arc<dyn Random>) -> Self {
        Self { folder: folder.into(), links, random }
    }

    /// Checks the links that these objects answer.
    pub fn links(&self) -> &LinkSigner {
        &self.links
    }

    /// Runs file work where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(&Path) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, ObjectError> {
        refuse_unusable(key)?;
        let path = self.folder.join(key);
        let outcome = tokio::task::spawn_blocking(move || work(&path)).await;
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Err(ObjectError::Missing(key.to_owned())),
            Ok(Err(error)) => Err(ObjectError::Unavailable(format!("{key}: {error}"))),
            Err(error) => Err(ObjectError::Unavailable(format!("{key}: {error}"))),
        }
    }
}

#[async_trait]
impl Objects for FolderObjects {
    async fn put(&self, key: &str, _content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        let aside = self.folder.join(ASIDE);
        let name = format!("{:016x}", random_u64(self.random.as_ref()));
        let put = self.blocking(key, move |path| {
            fs::create_dir_all(&aside)?;
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let written = aside.join(name);
            fs::write(&written, &body)?;
            fs::rename(&written, path)
        });
        match put.await {
            Err(ObjectError::Missing(key)) => {
                Err(ObjectError::Unavailable(format!("the folder of {key} was taken away")))
            }
            outcome => outcome,
        }
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.blocking(key, |path| fs::read(path).map(Bytes::from)).await
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        self.blocking(key, move |path| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(start))?;
            let mut part = Vec::new();
            file.take(end.saturating_sub(start)).read_to_end(&mut part)?;
            Ok(Bytes::from(part))
        })
        .await
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        self.blocking(key, |path| fs::metadata(path).map(|metadata| metadata.len())).await
    }

    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.links.upload(key, length, valid)
    }

    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.links.download(key, valid)
    }
}
