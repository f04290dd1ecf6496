//! The ports as a process has them: each works while there is power, and as well as the weather lets it.

mod network;
mod store;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use shared::ports::notices::{Notice, NoticeError, Notices};
use shared::ports::objects::{ObjectError, ObjectLink, Objects};
use shared::ports::queue::{Queue, QueueError, QueueName};

use crate::faults::Fault;
use crate::power::Power;

/// A port that works while there is power.
#[derive(Debug)]
pub struct Powered<P: ?Sized> {
    pub port: Arc<P>,
    pub power: Arc<Power>,
}

#[async_trait]
impl Queue for Powered<dyn Queue> {
    async fn send(&self, queue: QueueName, bodies: Vec<String>) -> Result<(), QueueError> {
        self.power.effect().await;
        let lost = || QueueError("the connection broke".to_owned());
        let (count, fails) = (bodies.len(), self.power.strikes(Fault::QueueUnreachable));
        let is_sent = !fails || self.power.weather.as_ref().is_some_and(|weather| weather.is_one_in(2));
        self.power.tell(format_args!("send {count} to {queue:?}{}", if fails { ", fails" } else { "" }));
        if is_sent {
            self.port.send(queue, bodies).await?;
        }
        self.power.give_way().await;
        if fails { Err(lost()) } else { Ok(()) }
    }
}

impl Powered<dyn Objects> {
    fn reach(&self) -> Result<(), ObjectError> {
        match self.power.strikes(Fault::ObjectsUnreachable) {
            true => Err(ObjectError::Unavailable("the connection broke".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Objects for Powered<dyn Objects> {
    async fn put(&self, key: &str, content_type: &str, body: Bytes) -> Result<(), ObjectError> {
        self.power.effect().await;
        let reached = self.reach();
        self.power.tell(format_args!("put object {key}{}", if reached.is_err() { ", fails" } else { "" }));
        if reached.is_ok() || self.power.weather.as_ref().is_some_and(|weather| weather.is_one_in(2)) {
            self.port.put(key, content_type, body).await?;
        }
        self.power.give_way().await;
        reached
    }

    async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        self.reach()?;
        self.port.get(key).await
    }

    async fn get_range(&self, key: &str, start: u64, end: u64) -> Result<Bytes, ObjectError> {
        self.power.give_way().await;
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
impl Notices for Powered<dyn Notices> {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError> {
        self.power.effect().await;
        if self.power.weather.as_ref().is_some_and(|weather| weather.are_notices_down()) {
            self.power.tell(format_args!("notice {}, nobody takes it", notice.kind));
            return Err(NoticeError("nobody takes it".to_owned()));
        }
        let fails = self.power.strikes(Fault::NoticesUnreachable);
        self.power.tell(format_args!("notice {}{}", notice.kind, if fails { ", fails" } else { "" }));
        if !fails || self.power.weather.as_ref().is_some_and(|weather| weather.is_one_in(2)) {
            self.port.send(notice).await?;
            if let Some(witness) = &self.power.witness {
                witness.notified(notice);
            }
        }
        self.power.give_way().await;
        if fails { Err(NoticeError("the connection broke".to_owned())) } else { Ok(()) }
    }
}
