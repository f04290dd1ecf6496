//! Secrets from a map, for a laptop and for tests.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::ports::secrets::{SecretError, SecretName, SecretText, Secrets};

/// Secrets that never change.
#[derive(Clone, Debug, Default)]
pub struct FixedSecrets {
    texts: BTreeMap<SecretName, SecretText>,
}

impl FixedSecrets {
    pub fn new(texts: impl IntoIterator<Item = (SecretName, SecretText)>) -> Self {
        Self { texts: texts.into_iter().collect() }
    }
}

#[async_trait]
impl Secrets for FixedSecrets {
    async fn get(&self, name: SecretName) -> Result<SecretText, SecretError> {
        self.texts.get(&name).cloned().ok_or(SecretError::Missing(name))
    }
}
