//! Notices kept in memory, for tests and the laptop: what was sent can be read, each notice once however often it was handed over.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::ports::notices::{Notice, NoticeError, Notices};

#[derive(Debug, Default)]
pub struct RecordedNotices {
    sent: Mutex<Vec<Notice>>,
}

impl RecordedNotices {
    /// What was sent, in order.
    pub fn sent(&self) -> Vec<Notice> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Notices for RecordedNotices {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if !sent.iter().any(|earlier| earlier.id == notice.id) {
            sent.push(notice.clone());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::notices::Recipient;

    #[tokio::test]
    async fn a_notice_handed_over_twice_is_sent_once_and_its_text_is_not_printed() {
        let notices = RecordedNotices::default();
        let notice = Notice {
            id: "ntc_1".to_owned(),
            recipient: Recipient::Person { person_id: "per_1".to_owned() },
            kind: "payment_failed".to_owned(),
            text: "Your payment of 12.50 failed.".to_owned(),
        };
        notices.send(&notice).await.unwrap();
        notices.send(&notice).await.unwrap();
        assert_eq!(notices.sent(), std::slice::from_ref(&notice));
        assert!(!format!("{notice:?}").contains("12.50"));
    }
}
