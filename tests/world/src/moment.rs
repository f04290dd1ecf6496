//! A moment of a system of the release before: everything that outlives a process, as that release had written it.
#![expect(clippy::unwrap_used, reason = "a story whose beginning cannot be read fails right there")]

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::ports::objects::Objects;
use shared::ports::queue::{Queue, QueueName};
use shared::ports::secrets::{SecretName, SecretText};
use shared::ports::table::Attributes;
use simulators::shell::{Clock, ColumnServer, PlaidServer};
use simulators::{column, plaid};
use tempfile::NamedTempFile;

use crate::{BANK_KEY, PLAID_KEYS};

/// What a test goes on from; tests/fixtures/stored says how it was written.
#[derive(Clone, Debug)]
pub struct Moment {
    stored: Value,
}

impl Moment {
    /// The moment of this name.
    pub fn named(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stored/in_flight");
        let text = std::fs::read(folder.join(name).with_extension("json")).unwrap();
        Self { stored: serde_json::from_slice(&text).unwrap() }
    }

    fn text(&self, field: &str) -> &str {
        self.stored[field].as_str().unwrap()
    }

    pub fn at(&self) -> Timestamp {
        self.text("at").parse().unwrap()
    }

    /// Our entity at the bank.
    pub fn entity_id(&self) -> &str {
        self.text("entity_id")
    }

    /// Signs the bank's webhooks.
    pub fn webhook_secret(&self) -> &str {
        self.text("webhook_secret")
    }

    /// The keys that its items are sealed with.
    pub fn secrets(&self) -> FixedSecrets {
        FixedSecrets::new([
            (SecretName::ColumnApiKey, SecretText::new(BANK_KEY)),
            (SecretName::ColumnWebhookSecrets, SecretText::new(format!("[{:?}]", self.webhook_secret()))),
            (SecretName::PlaidClientId, SecretText::new(PLAID_KEYS)),
            (SecretName::PlaidSecret, SecretText::new(PLAID_KEYS)),
            (SecretName::SealingKeyRing, SecretText::new(self.text("key_ring"))),
            (SecretName::FingerprintKey, SecretText::new(self.text("fingerprint_key"))),
        ])
    }

    /// Its table.
    pub fn table(&self) -> Arc<MemoryTable> {
        let items: Vec<Attributes> = serde_json::from_value(self.stored["items"].clone()).unwrap();
        let table = MemoryTable::new();
        table.restore(items).unwrap();
        Arc::new(table)
    }

    /// Puts its objects.
    pub async fn put_objects(&self, objects: &dyn Objects) {
        for (key, body) in self.stored["objects"].as_object().unwrap() {
            let body = STANDARD.decode(body.as_str().unwrap()).unwrap();
            objects.put(key, "application/octet-stream", body.into()).await.unwrap();
        }
    }

    /// Sends its messages again.
    pub async fn send_tasks(&self, queue: &dyn Queue) {
        for (name, waiting) in [(QueueName::Bulk, "bulk"), (QueueName::Other, "other")] {
            let bodies: Vec<String> = serde_json::from_value(self.stored["tasks"][waiting].clone()).unwrap();
            queue.send(name, bodies).await.unwrap();
        }
    }

    /// The simulated bank as it was.
    pub fn column(&self, config: column::Config, clock: Clock) -> ColumnServer {
        ColumnServer::open(config, clock, self.journal("bank").path()).unwrap()
    }

    /// The simulated Plaid as it was.
    pub fn plaid(&self, config: plaid::Config, settings: plaid::Settings, clock: Clock) -> PlaidServer {
        PlaidServer::open(config, settings, clock, self.journal("plaid").path()).unwrap()
    }

    /// What a service was asked, as it keeps it. The file may go once it is open.
    fn journal(&self, of: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        for entry in self.stored[of].as_array().unwrap() {
            writeln!(file, "{entry}").unwrap();
        }
        file
    }
}
