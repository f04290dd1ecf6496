//! Secrets kept for five minutes, so that a function reads each one once and a replaced one is still noticed.
//!
//! Guarantees: whoever asks while a secret is read waits for that read; a failure is not kept. A secret past its time is not used
//! even when it cannot be read anew: it may have been replaced because it leaked.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::ports::clock::Clock;
use crate::ports::secrets::{SecretError, SecretName, SecretText, Secrets};

const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// Keeps what another adapter answered, by the elapsed clock.
#[derive(Debug)]
pub struct CachedSecrets<S> {
    inner: S,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<SecretName, (Timestamp, SecretText)>>,
}

impl<S: Secrets> CachedSecrets<S> {
    pub fn new(inner: S, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, kept: Mutex::default() }
    }
}

#[async_trait]
impl<S: Secrets> Secrets for CachedSecrets<S> {
    async fn get(&self, name: SecretName) -> Result<SecretText, SecretError> {
        let mut kept = self.kept.lock().await;
        let now = self.clock.elapsed_now();
        if let Some((read_at, text)) = kept.get(&name)
            && now.duration_since(*read_at) < KEPT
        {
            return Ok(text.clone());
        }
        kept.remove(&name);
        let text = self.inner.get(name).await?;
        kept.insert(name, (now, text.clone()));
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::adapters::simulated::ManualClock;

    fn manual_clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH))
    }

    /// Answers how often it was asked; fails while `failing` asks are left.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicUsize,
        failing: AtomicUsize,
    }

    #[async_trait]
    impl Secrets for Arc<Counting> {
        async fn get(&self, name: SecretName) -> Result<SecretText, SecretError> {
            let asked = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let left = self.failing.load(Ordering::Relaxed);
            if left > 0 {
                self.failing.store(left - 1, Ordering::Relaxed);
                return Err(SecretError::Unavailable { name, cause: "busy".to_owned() });
            }
            Ok(SecretText::new(asked.to_string()))
        }
    }

    #[tokio::test]
    async fn a_secret_is_read_once_in_five_minutes() {
        let (counting, clock) = (Arc::<Counting>::default(), manual_clock());
        let secrets = CachedSecrets::new(counting.clone(), clock.clone());
        let both = tokio::join!(secrets.get(SecretName::ColumnApiKey), secrets.get(SecretName::ColumnApiKey));
        assert_eq!((both.0.unwrap().expose(), both.1.unwrap().expose()), ("1", "1"));
        clock.advance(Duration::from_secs(299));
        assert_eq!(secrets.get(SecretName::ColumnApiKey).await.unwrap().expose(), "1");
        clock.advance(Duration::from_secs(1));
        assert_eq!(secrets.get(SecretName::ColumnApiKey).await.unwrap().expose(), "2");
    }

    #[tokio::test]
    async fn each_secret_has_its_own_place() {
        let secrets = CachedSecrets::new(Arc::<Counting>::default(), manual_clock());
        assert_eq!(secrets.get(SecretName::PlaidClientId).await.unwrap().expose(), "1");
        assert_eq!(secrets.get(SecretName::PlaidSecret).await.unwrap().expose(), "2");
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let counting = Arc::<Counting>::default();
        counting.failing.store(1, Ordering::Relaxed);
        let secrets = CachedSecrets::new(counting, manual_clock());
        assert!(secrets.get(SecretName::PlaidSecret).await.unwrap_err().is_retryable());
        assert!(secrets.get(SecretName::PlaidSecret).await.is_ok());
    }
}
