//! The power of one process: it can fail at any effect on the world outside, and then nothing of the process runs on. It can also be
//! unsteady: then single effects fail, before or after they happened, and the process has to live with not knowing which.
//!
//! An effect is what outlives the process: a write, a message, an object, a call to a provider. Failing between two reads is the same as
//! failing before the effect that follows them, so cutting before every effect once covers every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use shared::ports::objects::{ObjectError, ObjectLink, Objects};
use shared::ports::queue::{Queue, QueueError, QueueName};
use shared::ports::random::{Random, random_u64};
use shared::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};
use tokio::sync::Notify;

/// Counts a process's effects, and cuts it off before one of them.
#[derive(Debug, Default)]
pub struct Power {
    effects: AtomicU64,
    /// 0 is never.
    cut_before: AtomicU64,
    cut: Notify,
    /// Where set, calls give way to each other in a random, repeatable order.
    scatter: Option<Arc<dyn Random>>,
    /// One effect in so many fails, as `scatter` draws; 0 is none.
    fails_one_in: AtomicU64,
}

/// How an effect on the world outside goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Happens,
    FailsBefore,
    /// It happened, and is reported as failed.
    FailsAfter,
}

impl Power {
    /// Lasts for ever.
    pub fn unlimited() -> Arc<Self> {
        Arc::default()
    }

    /// Lasts for ever; the calls that run at once overtake each other as `random` says.
    pub fn scattered(random: Arc<dyn Random>) -> Arc<Self> {
        Arc::new(Self { scatter: Some(random), ..Self::default() })
    }

    /// Fails before the effect with this number from now; the first is 1.
    pub fn cut_before(&self, effect: u64) {
        self.cut_before.store(self.effects() + effect, Ordering::SeqCst);
    }

    /// From now on one effect in so many fails, half of them after they happened. 0 ends it. Needs [`Self::scattered`].
    pub fn fail_one_in(&self, effects: u64) {
        self.fails_one_in.store(effects, Ordering::SeqCst);
    }

    fn luck(&self) -> Luck {
        let one_in = self.fails_one_in.load(Ordering::SeqCst);
        match &self.scatter {
            Some(random) if one_in > 0 => match random_u64(&**random) % (2 * one_in) {
                0 => Luck::FailsBefore,
                1 => Luck::FailsAfter,
                _ => Luck::Happens,
            },
            Some(_) | None => Luck::Happens,
        }
    }

    /// Effects so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::SeqCst)
    }

    /// Returns when the power fails.
    pub async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Before a read: others may come first.
    async fn give_way(&self) {
        if let Some(random) = &self.scatter {
            for _ in 0..random_u64(&**random) % 4 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn effect(&self) {
        self.give_way().await;
        let number = self.effects.fetch_add(1, Ordering::SeqCst) + 1;
        let cut_before = self.cut_before.load(Ordering::SeqCst);
        if cut_before != 0 && number >= cut_before {
            self.cut.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// A port that works while there is power.
#[derive(Debug)]
pub struct Powered<P: ?Sized> {
    pub port: Arc<P>,
    pub power: Arc<Power>,
}

#[async_trait]
impl Table for Powered<dyn Table> {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.power.give_way().await;
        self.port.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.power.give_way().await;
        self.port.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        self.power.effect().await;
        let lost = || TableError::Unavailable("the connection broke".to_owned());
        match self.power.luck() {
            Luck::Happens => self.port.write(changes).await,
            Luck::FailsBefore => Err(lost()),
            Luck::FailsAfter => self.port.write(changes).await.and(Err(lost())),
        }
    }
}

#[async_trait]
impl Queue for Powered<dyn Queue> {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        self.power.effect().await;
        let lost = || QueueError("the connection broke".to_owned());
        match self.power.luck() {
            Luck::Happens => self.port.send(queue, bodies).await,
            Luck::FailsBefore => Err(lost()),
            Luck::FailsAfter => self.port.send(queue, bodies).await.and(Err(lost())),
        }
    }
}

#[async_trait]
impl Objects for Powered<dyn Objects> {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        self.power.effect().await;
        self.port.put(key, content_type, body).await
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.port.get(key).await
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        self.port.get_range(key, start, end).await
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        self.port.size(key).await
    }

    async fn upload_link(&self, key: &str, length: u64, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.port.upload_link(key, length, valid).await
    }

    async fn download_link(&self, key: &str, valid: Duration) -> Result<ObjectLink, ObjectError> {
        self.port.download_link(key, valid).await
    }
}

#[async_trait]
impl Transport for Powered<dyn Transport> {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.power.effect().await;
        let luck = self.power.luck();
        if luck == Luck::FailsBefore {
            return Err(TransportError::Broken("the connection broke".to_owned()));
        }
        let answer = self.port.exchange(request).await;
        // The provider acted, and the process may never learn of it.
        self.power.effect().await;
        if luck == Luck::FailsAfter { Err(TransportError::TimedOut) } else { answer }
    }
}
