//! How each secret is stored, judged by the readers that the functions use. No value leaves this module but to whom it is for.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use shared::adapters::sealing::{FingerprintKey, KeyRing};
use shared::ports::secrets::{SecretError, SecretName, SecretText, webhook_secrets};

use super::facts::SecretStanding;
use super::look::cause;

/// What was read, and how each is stored.
#[derive(Debug, Default)]
pub(super) struct Read {
    texts: BTreeMap<SecretName, SecretText>,
    pub(super) standings: Vec<(SecretName, SecretStanding)>,
}

impl Read {
    /// The text of one that is as it must be.
    pub(super) fn text(&self, name: SecretName) -> Option<&SecretText> {
        self.texts.get(&name)
    }
}

/// Reads all secrets of the stack.
pub(super) async fn read(client: &Client, stack: &str) -> Read {
    let mut read = Read::default();
    for name in SecretName::ALL {
        let standing = match client.get_secret_value().secret_id(format!("{stack}/{name}")).send().await {
            Ok(answer) => {
                let text = SecretText::new(answer.secret_string.unwrap_or_default());
                let standing = standing_of(name, &text);
                if standing == SecretStanding::Stored {
                    read.texts.insert(name, text);
                }
                standing
            }
            Err(error) if error.code() == Some("ResourceNotFoundException") => SecretStanding::Missing,
            Err(error) => SecretStanding::Unreadable(cause(&error)),
        };
        read.standings.push((name, standing));
    }
    read
}

fn standing_of(name: SecretName, text: &SecretText) -> SecretStanding {
    if text.expose().trim().is_empty() {
        return SecretStanding::Missing;
    }
    let read = match name {
        SecretName::ColumnApiKey | SecretName::PlaidClientId | SecretName::PlaidSecret => {
            let is_bare = text.expose().trim().len() == text.expose().len();
            return if is_bare { SecretStanding::Stored } else { SecretStanding::Padded };
        }
        SecretName::ColumnWebhookSecrets => webhook_secrets(text).map(|_| ()),
        SecretName::SealingKeyRing => KeyRing::from_secret(text).map(|_| ()),
        SecretName::FingerprintKey => FingerprintKey::from_secret(text).map(|_| ()),
    };
    match read {
        Ok(()) => SecretStanding::Stored,
        Err(SecretError::Malformed { expected, .. }) => SecretStanding::Malformed(expected),
        Err(other @ (SecretError::Missing(_) | SecretError::Unavailable { .. })) => {
            SecretStanding::Unreadable(other.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(name: SecretName, text: &str) -> SecretStanding {
        standing_of(name, &SecretText::new(text))
    }

    #[test]
    fn a_key_with_a_line_break_is_told_from_one_without() {
        assert_eq!(standing(SecretName::ColumnApiKey, "test_1"), SecretStanding::Stored);
        assert_eq!(standing(SecretName::ColumnApiKey, "test_1\n"), SecretStanding::Padded);
        assert_eq!(standing(SecretName::PlaidSecret, " "), SecretStanding::Missing);
    }

    #[test]
    fn what_the_page_shows_as_a_placeholder_is_no_key() {
        let ring = r#"{"current": "2026-11", "keys": {"2026-11": "<base64 of 32 bytes>"}}"#;
        let key = r#"{"version": 1, "key": "<base64 of 32 bytes>"}"#;
        for (name, text) in [
            (SecretName::SealingKeyRing, ring),
            (SecretName::FingerprintKey, key),
            (SecretName::ColumnWebhookSecrets, "whsec"),
        ] {
            assert!(matches!(standing(name, text), SecretStanding::Malformed(_)), "{name}");
        }
    }
}
