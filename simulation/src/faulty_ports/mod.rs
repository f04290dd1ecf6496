//! The ports as a process has them: each works until its process crashes, and as well as the fault injector lets it.

mod network;
mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use shared::ports::notices::{Notice, NoticeError, Notices};
use shared::ports::objects::{ObjectError, ObjectLink, Objects};
use shared::ports::queue::{Queue, QueueError, QueueName};

use crate::crash::CrashControl;
use crate::faults::Fault;

/// A port that works until its process crashes.
#[derive(Debug)]
pub struct FaultyPort<P: ?Sized> {
    pub port: Arc<P>,
    pub crash: Arc<CrashControl>,
}

#[async_trait]
impl Queue for FaultyPort<dyn Queue> {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        self.crash.effect().await;
        let lost = || QueueError("the connection broke".to_owned());
        let (count, fails) = (bodies.len(), self.crash.strikes(Fault::QueueUnreachable));
        let is_sent =
            !fails || self.crash.fault_injector.as_ref().is_some_and(|fault_injector| fault_injector.is_one_in(2));
        self.crash.tell(format_args!("send {count} to {queue:?}{}", if fails { ", fails" } else { "" }));
        if is_sent {
            self.port.send(queue, bodies).await?;
        }
        self.crash.give_way().await;
        if fails { Err(lost()) } else { Ok(()) }
    }
}

impl FaultyPort<dyn Objects> {
    fn reach(&self) -> Result<(), ObjectError> {
        match self.crash.strikes(Fault::ObjectsUnreachable) {
            true => Err(ObjectError::Unavailable("the connection broke".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Objects for FaultyPort<dyn Objects> {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        self.crash.effect().await;
        let reached = self.reach();
        self.crash.tell(format_args!("put object {key}{}", if reached.is_err() { ", fails" } else { "" }));
        if reached.is_ok()
            || self.crash.fault_injector.as_ref().is_some_and(|fault_injector| fault_injector.is_one_in(2))
        {
            self.port.put(key, content_type, body).await?;
        }
        self.crash.give_way().await;
        reached
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.reach()?;
        self.port.get(key).await
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        self.crash.give_way().await;
        self.reach()?;
        self.port.get_range(key, start, end).await
    }

    async fn size(&self, key: &str) -> Result<u64, ObjectError> {
        self.reach()?;
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
impl Notices for FaultyPort<dyn Notices> {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError> {
        self.crash.effect().await;
        if self.crash.fault_injector.as_ref().is_some_and(|fault_injector| fault_injector.are_notices_down()) {
            self.crash.tell(format_args!("notice {}, nobody takes it", notice.kind));
            return Err(NoticeError("nobody takes it".to_owned()));
        }
        let fails = self.crash.strikes(Fault::NoticesUnreachable);
        self.crash.tell(format_args!("notice {}{}", notice.kind, if fails { ", fails" } else { "" }));
        if !fails || self.crash.fault_injector.as_ref().is_some_and(|fault_injector| fault_injector.is_one_in(2)) {
            self.port.send(notice).await?;
            if let Some(recorder) = &self.crash.recorder {
                recorder.notified(notice);
            }
        }
        self.crash.give_way().await;
        if fails { Err(NoticeError("the connection broke".to_owned())) } else { Ok(()) }
    }
}
