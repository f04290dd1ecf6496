//! Secrets of AWS Secrets Manager, by `prefix/name`.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{DisplayErrorContext, ProvideErrorMetadata};

use crate::ports::secrets::{SecretError, SecretName, SecretText, Secrets};

/// Reads the current version of each secret. Put a `CachedSecrets` around it: every read is a request that is paid for.
#[derive(Clone, Debug)]
pub struct AwsSecrets {
    client: Client,
    prefix: String,
}

impl AwsSecrets {
    /// `prefix` is what the deployment's secrets have in common, without a slash at the end.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into() }
    }
}

#[async_trait]
impl Secrets for AwsSecrets {
    async fn get(&self, name: SecretName) -> Result<SecretText, SecretError> {
        let secret_id = format!("{}/{name}", self.prefix);
        match self.client.get_secret_value().secret_id(secret_id).send().await {
            Ok(answer) => text(name, answer.secret_string),
            Err(error) => Err(secret_error(name, error.code(), || DisplayErrorContext(&error).to_string())),
        }
    }
}

/// An empty text is none: it must not be kept for minutes while somebody stores the first one.
fn text(name: SecretName, stored: Option<String>) -> Result<SecretText, SecretError> {
    match stored {
        Some(text) if text.is_empty() => Err(SecretError::Missing(name)),
        Some(text) => Ok(SecretText::new(text)),
        None => Err(SecretError::Malformed { name, expected: "a text, not bytes" }),
    }
}

/// Codes of `GetSecretValue`; whatever is not about this secret or this function's rights may pass.
fn secret_error(name: SecretName, code: Option<&str>, cause: impl FnOnce() -> String) -> SecretError {
    match code {
        Some(
            "ResourceNotFoundException" | "AccessDeniedException" | "DecryptionFailure" | "InvalidRequestException",
        ) => SecretError::Missing(name),
        Some(_) | None => SecretError::Unavailable { name, cause: cause() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_text_is_not_stored() {
        let name = SecretName::ColumnApiKey;
        assert_eq!(text(name, Some(String::new())).unwrap_err(), SecretError::Missing(name));
        assert_eq!(text(name, Some("test_1".to_owned())).unwrap().expose(), "test_1");
        assert!(matches!(text(name, None), Err(SecretError::Malformed { .. })));
    }

    #[test]
    fn what_only_an_operator_can_mend_is_final() {
        for (code, retryable) in [
            (Some("ResourceNotFoundException"), false),
            (Some("AccessDeniedException"), false),
            (Some("DecryptionFailure"), false),
            (Some("InternalServiceError"), true),
            (Some("ThrottlingException"), true),
            (None, true),
        ] {
            let error = secret_error(SecretName::ColumnApiKey, code, || "cause".to_owned());
            assert_eq!(error.is_retryable(), retryable, "{code:?}");
        }
    }
}
