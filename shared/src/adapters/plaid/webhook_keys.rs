use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;
use crate::domain::plaid::signature::VerificationKey;

/// Plaid waits ten seconds for the answer to a webhook.
const KEY_TIMEOUT: Duration = Duration::from_secs(3);

/// What Plaid knows of a key that a webhook names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLookup {
    Found(VerificationKey),
    /// Not a key of Plaid's in this environment.
    Unknown,
}

impl PlaidClient {
    /// A key that signs webhooks.
    pub async fn webhook_verification_key(&self, key_id: &str, deadline: Deadline) -> Result<KeyLookup, PlaidError> {
        #[derive(Serialize)]
        struct Body<'a> {
            key_id: &'a str,
        }
        #[derive(Deserialize)]
        struct Answer {
            key: VerificationKey,
        }
        let answer: Result<Answer, PlaidError> =
            self.post_within(KEY_TIMEOUT, "/webhook_verification_key/get", &Body { key_id }, deadline).await;
        match answer {
            Ok(answer) => Ok(KeyLookup::Found(answer.key)),
            Err(PlaidError::Refused { error_code, .. }) if error_code == "INVALID_WEBHOOK_VERIFICATION_KEY_ID" => {
                Ok(KeyLookup::Unknown)
            }
            Err(error) => Err(error),
        }
    }
}
