//! The ports of one function, watched.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use shared::operations::System;
use shared::operations::system::Clients;
use shared::ports::notices::{Notice, NoticeError, Notices};
use shared::ports::objects::{ObjectError, ObjectLink, Objects};
use shared::ports::queue::{Queue, QueueError, QueueName};
use shared::ports::secrets::{SecretError, SecretName, SecretText, Secrets};
use shared::ports::table::{Attributes, Change, Condition, Key, Page, Query, Table, TableError, decode};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use shared::store::audit::AuditEntry;

use super::{Call, Function, Records, item_bytes};

/// A port of one function.
#[derive(Debug)]
struct Watched<P: ?Sized> {
    port: Arc<P>,
    records: Arc<Records>,
    function: Function,
}

/// The system as one function has it: its own clients, and ports that note what it asks of them.
pub(super) fn watched(system: &System, records: &Arc<Records>, function: Function) -> System {
    System {
        table: Arc::new(Watched { port: system.table.clone(), records: records.clone(), function }),
        queue: Arc::new(Watched { port: system.queue.clone(), records: records.clone(), function }),
        objects: Arc::new(Watched { port: system.objects.clone(), records: records.clone(), function }),
        secrets: Arc::new(Watched { port: system.secrets.clone(), records: records.clone(), function }),
        transport: Arc::new(Watched { port: system.transport.clone(), records: records.clone(), function }),
        clock: system.clock.clone(),
        random: system.random.clone(),
        notices: Arc::new(Watched { port: system.notices.clone(), records: records.clone(), function }),
        // A call of a receiver asks nothing of AWS.
        webhooks: system.webhooks.clone(),
        settings: system.settings.clone(),
        clients: Arc::new(Clients::default()),
    }
}

impl<P: ?Sized> Watched<P> {
    fn note(&self, call: Call) {
        self.records.note(self.function, call);
    }
}

#[async_trait]
impl Table for Watched<dyn Table> {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        let answer = self.port.get(key).await;
        let bytes = answer.as_ref().ok().and_then(Option::as_ref).map_or(0, item_bytes::stored);
        self.note(Call::GetItem { key: key.clone(), bytes });
        answer
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        let answer = self.port.query(query).await;
        let bytes = answer.as_ref().map_or(0, |page| page.items.iter().map(item_bytes::stored).sum());
        self.note(Call::Query { index: query.index, pk: query.pk.clone(), bytes });
        answer
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        let mut items = Vec::with_capacity(changes.len());
        for change in &changes {
            let existing = self.port.get(change.key()).await.ok().flatten();
            items.push(item_bytes::written(change, existing.as_ref()));
        }
        if !items.is_empty() {
            let audited = changes.iter().filter_map(audited).collect();
            self.note(Call::Write { items, is_transaction: is_transaction(&changes), audited });
        }
        self.port.write(changes).await
    }
}

fn audited(change: &Change) -> Option<AuditEntry> {
    match change {
        Change::Put { key, attributes, .. } if key.pk.starts_with("AUDIT#") => decode(attributes.clone()).ok(),
        Change::Put { .. } | Change::Delete { .. } | Change::Check { .. } => None,
    }
}

/// As the adapter decides.
fn is_transaction(changes: &[Change]) -> bool {
    !matches!(changes, [Change::Put { .. } | Change::Delete { condition: Condition::Always, .. }])
}

#[async_trait]
impl Queue for Watched<dyn Queue> {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        if !bodies.is_empty() {
            self.note(Call::SendMessages { queue, messages: bodies.len() as u64 });
        }
        self.port.send(queue, bodies).await
    }
}

impl Watched<dyn Objects> {
    fn note_read<T>(&self, key: &str, answer: &Result<T, ObjectError>) {
        let is_missing = matches!(answer, Err(ObjectError::Missing(_)));
        self.note(Call::ReadObject { key: key.to_owned(), is_missing });
    }
}

#[async_trait]
impl Objects for Watched<dyn Objects> {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        self.note(Call::PutObject { key: key.to_owned() });
        self.port.put(key, content_type, body).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        let answer = self.port.get(key).await;
        self.note_read(key, &answer);
        answer
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        let answer = self.port.get_range(key, start, end).await;
        self.note_read(key, &answer);
        answer
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        let answer = self.port.size(key).await;
        self.note_read(key, &answer);
        answer
    }

    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.note(Call::LinkToPut { key: key.to_owned() });
        self.port.upload_link(key, length, valid).await
    }

    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.note(Call::LinkToRead { key: key.to_owned() });
        self.port.download_link(key, valid).await
    }
}

#[async_trait]
impl Secrets for Watched<dyn Secrets> {
    async fn get(&self, name: SecretName) -> Result<SecretText, SecretError> {
        self.note(Call::ReadSecret(name));
        self.port.get(name).await
    }
}

#[async_trait]
impl Notices for Watched<dyn Notices> {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError> {
        self.note(Call::PublishNotice);
        self.port.send(notice).await
    }
}

#[async_trait]
impl Transport for Watched<dyn Transport> {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.note(Call::Provider);
        self.port.exchange(request).await
    }
}
