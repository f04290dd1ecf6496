//! The receiver of outgoing webhooks: a company's own system, which takes what it is sent, fails, says nothing, or answers too late.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use shared::domain::webhooks::address::AddressRule;
use shared::domain::webhooks::delivery::{SendFailure, Tried};
use shared::ports::webhook_sender::{WebhookCall, WebhookSender};

use crate::crash::CrashControl;

/// How the receiver is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    /// Answers this status.
    Fails(u16),
    /// Nobody is there.
    Silent,
    /// Takes what it is sent, and answers when nobody waits any more.
    Slow,
}

impl Mood {
    /// Whether it keeps what it is sent.
    pub(crate) const fn takes(self) -> bool {
        match self {
            Mood::Takes | Mood::Slow => true,
            Mood::Fails(_) | Mood::Silent => false,
        }
    }

    const fn answer(self) -> Tried {
        match self {
            Mood::Takes => Ok(204),
            Mood::Fails(status) => Ok(status),
            Mood::Silent => Err(SendFailure::Unreachable),
            Mood::Slow => Err(SendFailure::TimedOut),
        }
    }
}

/// The way to the receiver, and how that one is.
#[derive(Debug)]
pub(crate) struct Receiver {
    crash: Arc<CrashControl>,
    mood: Mutex<Mood>,
}

impl Receiver {
    pub(crate) fn reached_by(crash: Arc<CrashControl>) -> Self {
        Self { crash, mood: Mutex::new(Mood::Takes) }
    }

    /// It is like this from now on.
    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WebhookSender for Receiver {
    fn addresses(&self) -> AddressRule {
        AddressRule::PublicHttps
    }

    async fn send(&self, call: WebhookCall) -> Tried {
        self.crash.effect().await;
        let mood = self.mood();
        self.crash.tell(format_args!("webhook to {}: {mood:?}", call.url));
        if let (true, Some(recorder)) = (mood.takes(), &self.crash.recorder) {
            recorder.received(&call);
        }
        self.crash.give_way().await;
        mood.answer()
    }
}
