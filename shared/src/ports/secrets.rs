//! Secrets of the deployment, as a port: read on first use, never logged.

use std::fmt;

use async_trait::async_trait;

/// A text that must not be read by accident: `Debug` shows nothing of it, there is no `Display` and serde does not know it.
#[derive(Clone)]
pub struct SecretText(String);

impl SecretText {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text: only for a request to the service it belongs to.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretText(***)")
    }
}

/// Every secret that Clearway reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretName {
    ColumnApiKey,
    /// A JSON list of one or two texts: while a webhook endpoint is replaced, the secrets of both verify.
    ColumnWebhookSecrets,
    PlaidClientId,
    PlaidSecret,
    /// JSON, see `adapters::sealing`.
    SealingKeyRing,
    /// JSON, see `adapters::sealing`.
    FingerprintKey,
}

impl SecretName {
    pub const ALL: [SecretName; 6] = [
        SecretName::ColumnApiKey,
        SecretName::ColumnWebhookSecrets,
        SecretName::PlaidClientId,
        SecretName::PlaidSecret,
        SecretName::SealingKeyRing,
        SecretName::FingerprintKey,
    ];

    /// The last part of the secret's name where it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            SecretName::ColumnApiKey => "column-api-key",
            SecretName::ColumnWebhookSecrets => "column-webhook-secrets",
            SecretName::PlaidClientId => "plaid-client-id",
            SecretName::PlaidSecret => "plaid-secret",
            SecretName::SealingKeyRing => "sealing-key-ring",
            SecretName::FingerprintKey => "fingerprint-key",
        }
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A secret could not be had. None of these ever holds a part of the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Final until somebody stores it.
    #[error("the secret {0} is not stored, or this function may not read it: store it, or grant the read")]
    Missing(SecretName),
    /// Final until somebody stores it in the right form.
    #[error("the secret {name} is not in its form: store {expected}")]
    Malformed { name: SecretName, expected: &'static str },
    /// Retry.
    #[error("the secret {name} cannot be read now, try again: {cause}")]
    Unavailable { name: SecretName, cause: String },
}

impl SecretError {
    pub const fn is_retryable(&self) -> bool {
        match self {
            SecretError::Missing(_) | SecretError::Malformed { .. } => false,
            SecretError::Unavailable { .. } => true,
        }
    }
}

#[async_trait]
pub trait Secrets: Send + Sync + std::fmt::Debug {
    async fn get(&self, name: SecretName) -> Result<SecretText, SecretError>;
}

/// The texts of [`SecretName::ColumnWebhookSecrets`]: a delivery is genuine if one of them verifies it.
pub fn webhook_secrets(stored: &SecretText) -> Result<Vec<SecretText>, SecretError> {
    let malformed = SecretError::Malformed {
        name: SecretName::ColumnWebhookSecrets,
        expected: "a JSON list of one or two texts that are not empty",
    };
    let Ok(texts) = serde_json::from_str::<Vec<String>>(stored.expose()) else { return Err(malformed) };
    // An empty secret would let everybody sign.
    if !(1..=2).contains(&texts.len()) || texts.iter().any(String::is_empty) {
        return Err(malformed);
    }
    Ok(texts.into_iter().map(SecretText::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2")), "SecretText(***)");
    }

    #[test]
    fn one_or_two_webhook_secrets_verify() {
        let texts = webhook_secrets(&SecretText::new(r#"["new", "old"]"#)).unwrap();
        assert_eq!(texts.iter().map(SecretText::expose).collect::<Vec<_>>(), ["new", "old"]);
    }

    #[test]
    fn no_webhook_secret_is_not_a_secret() {
        for stored in ["", "plain", "[]", r#"[""]"#, r#"["a", "b", "c"]"#, r#"{"a": "b"}"#] {
            let error = webhook_secrets(&SecretText::new(stored)).unwrap_err();
            assert!(matches!(error, SecretError::Malformed { .. }), "{stored}");
            assert!(!error.is_retryable());
        }
    }
}
