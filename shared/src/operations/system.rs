//! What the operations work with: the ports, the clients, the settings.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::OperationError;
use super::stops::SeenStops;
use super::webhooks::SeenEndpoints;
use crate::adapters::api_key::ApiKey;
use crate::adapters::column::{ColumnClient, ColumnSettings};
use crate::adapters::plaid::{PlaidClient, PlaidSettings};
use crate::adapters::provider_call::CallLimits;
use crate::adapters::sealing::{FingerprintKey, KeyRing};
use crate::domain::autopay::decision::Policy;
use crate::domain::bank::reach::{BankIs, Reach};
use crate::domain::batch::manifest::Manifest;
use crate::domain::ids::BatchId;
use crate::domain::task::{QueueName, Task};
use crate::ports::clock::Clock;
use crate::ports::notices::Notices;
use crate::ports::objects::Objects;
use crate::ports::queue::Queue;
use crate::ports::random::Random;
use crate::ports::secrets::{SecretName, SecretText, Secrets};
use crate::ports::table::Table;
use crate::ports::transport::Transport;
use crate::ports::webhook_sender::WebhookSender;

/// What a deployment decides.
#[derive(Clone, Debug)]
pub struct Settings {
    pub column_url: String,
    pub plaid_url: String,
    /// Where Plaid sends the webhooks of items that are linked from now on.
    pub plaid_webhook_url: Option<String>,
    /// The business at the bank that owns the sources' accounts.
    pub column_entity_id: String,
    /// Calls a second of one process; 0 is no limit.
    pub bank_calls_per_second: u32,
    /// Banking days that a settled funding is held, whatever the bank says (`money-rules.md` section 3).
    pub hold_banking_days: u32,
    /// Nobody else takes a claimed leg for this long: at least the function's timeout plus the client's.
    pub lease: Duration,
    /// One person may upload and approve. Off unless a company decides so.
    pub uploader_may_approve: bool,
    /// Files up to this size are read while the caller waits; larger ones by a worker.
    pub summary_bytes_in_request_max: u64,
    /// Rows of a file that one task records.
    pub rows_per_chunk: u32,
    /// Reports of more rows are written as an object by a worker, and the caller gets a link.
    pub report_rows_in_answer_max: u64,
    pub autopay: Policy,
}

/// The ports, the clients made from them, and the settings. Cheap to clone; one per process.
#[derive(Clone, Debug)]
pub struct System {
    pub table: Arc<dyn Table>,
    pub queue: Arc<dyn Queue>,
    pub objects: Arc<dyn Objects>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub secrets: Arc<dyn Secrets>,
    pub transport: Arc<dyn Transport>,
    pub notices: Arc<dyn Notices>,
    pub webhooks: Arc<dyn WebhookSender>,
    pub settings: Arc<Settings>,
    /// Begins empty, in a new process.
    pub clients: Arc<Clients>,
}

/// What is made on first use and kept: a function that never calls the bank never reads its key.
#[derive(Debug, Default)]
pub struct Clients {
    column: Mutex<Option<KeyedColumn>>,
    plaid: Mutex<Option<KeyedPlaid>>,
    vault: Mutex<Option<KeyedVault>>,
    manifests: Mutex<HashMap<String, Arc<Manifest>>>,
    bank_reach: Mutex<Reach>,
    pub(super) stops: SeenStops,
    pub(super) webhooks: SeenEndpoints,
}

/// The bank's client, and the key it was made with: a rotated key makes a new one.
#[derive(Debug)]
struct KeyedColumn {
    api_key: ApiKey,
    client: Arc<ColumnClient>,
}

/// Plaid's client, and the secrets it was made with.
#[derive(Debug)]
struct KeyedPlaid {
    client_id: SecretText,
    secret: ApiKey,
    client: Arc<PlaidClient>,
}

/// The keys, and the secrets that they were read from: a rotated one is read anew.
#[derive(Debug)]
struct KeyedVault {
    key_ring: SecretText,
    fingerprint_key: SecretText,
    vault: Arc<Vault>,
}

/// Manifests kept in memory. They never change: each is named by its hash.
const MANIFESTS_KEPT_MAX: usize = 8;

/// The keys that seal and recognize account numbers.
#[derive(Debug)]
pub struct Vault {
    pub sealing: KeyRing,
    pub fingerprints: FingerprintKey,
}

impl System {
    /// The bank's client. One per process and key: its rate limit counts all its calls.
    pub async fn column(&self) -> Result<Arc<ColumnClient>, OperationError> {
        let api_key = ApiKey::new(self.secrets.get(SecretName::ColumnApiKey).await?.expose());
        let mut known = self.clients.column.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.api_key == api_key) {
            return Ok(known.client.clone());
        }
        let client = Arc::new(self.new_column(api_key.clone()));
        *known = Some(KeyedColumn { api_key, client: client.clone() });
        Ok(client)
    }

    fn new_column(&self, api_key: ApiKey) -> ColumnClient {
        let limits = CallLimits { max_calls_per_second: self.settings.bank_calls_per_second, ..CallLimits::default() };
        let settings = ColumnSettings { base_url: self.settings.column_url.clone(), api_key, limits };
        ColumnClient::new(self.transport.clone(), self.clock.clone(), self.random.clone(), settings)
    }

    /// Plaid's client. One per process and pair of secrets, as the bank's.
    pub async fn plaid(&self) -> Result<Arc<PlaidClient>, OperationError> {
        let client_id = self.secrets.get(SecretName::PlaidClientId).await?;
        let secret = ApiKey::new(self.secrets.get(SecretName::PlaidSecret).await?.expose());
        let mut known = self.clients.plaid.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |known: &&KeyedPlaid| known.client_id.expose() == client_id.expose() && known.secret == secret;
        if let Some(known) = known.as_ref().filter(is_same) {
            return Ok(known.client.clone());
        }
        let client = Arc::new(self.new_plaid(&client_id, secret.clone()));
        *known = Some(KeyedPlaid { client_id, secret, client: client.clone() });
        Ok(client)
    }

    fn new_plaid(&self, client_id: &SecretText, secret: ApiKey) -> PlaidClient {
        let settings = PlaidSettings {
            base_url: self.settings.plaid_url.clone(),
            client_id: client_id.expose().to_owned(),
            secret,
            limits: CallLimits::default(),
        };
        PlaidClient::new(self.transport.clone(), self.clock.clone(), self.random.clone(), settings)
    }

    /// The keys that seal and recognize account numbers; the secrets behind them are cached five minutes.
    pub async fn vault(&self) -> Result<Arc<Vault>, OperationError> {
        let key_ring = self.secrets.get(SecretName::SealingKeyRing).await?;
        let fingerprint_key = self.secrets.get(SecretName::FingerprintKey).await?;
        let mut known = self.clients.vault.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |a: &SecretText, b: &SecretText| a.expose() == b.expose();
        if let Some(known) = known.as_ref()
            && is_same(&known.key_ring, &key_ring)
            && is_same(&known.fingerprint_key, &fingerprint_key)
        {
            return Ok(known.vault.clone());
        }
        let sealing = KeyRing::from_secret(&key_ring)?;
        let fingerprints = FingerprintKey::from_secret(&fingerprint_key)?;
        let vault = Arc::new(Vault { sealing, fingerprints });
        *known = Some(KeyedVault { key_ring, fingerprint_key, vault: vault.clone() });
        Ok(vault)
    }

    /// The manifest with this hash. Refused where the stored object hashes to something else.
    pub async fn manifest(&self, batch_id: BatchId, hash: &str) -> Result<Arc<Manifest>, OperationError> {
        if let Some(known) = self.kept_manifests().get(hash) {
            return Ok(known.clone());
        }
        let body = self.objects.get(&super::summarize::manifest_object(batch_id, hash)).await?;
        let found = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&body));
        if found != hash {
            return Err(OperationError::Inconsistent(format!(
                "the manifest of {batch_id} hashes to {found}, not {hash}"
            )));
        }
        let manifest: Manifest = serde_json::from_slice(&body)
            .map_err(|cause| OperationError::Inconsistent(format!("the manifest of {batch_id}: {cause}")))?;
        let manifest = Arc::new(manifest);
        let mut kept = self.kept_manifests();
        if kept.len() >= MANIFESTS_KEPT_MAX {
            kept.clear();
        }
        kept.insert(hash.to_owned(), manifest.clone());
        Ok(manifest)
    }

    fn kept_manifests(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Manifest>>> {
        self.clients.manifests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bank answered a send of this process.
    pub(crate) fn bank_answered(&self) {
        self.clients.bank_reach.lock().unwrap_or_else(PoisonError::into_inner).answered();
    }

    /// The bank did not answer one.
    pub(crate) fn bank_was_silent(&self) -> BankIs {
        self.clients.bank_reach.lock().unwrap_or_else(PoisonError::into_inner).silent()
    }

    /// A new time-ordered id.
    pub fn new_uuid(&self) -> Uuid {
        let mut bytes = [0; 10];
        self.random.fill(&mut bytes);
        let milliseconds = u64::try_from(self.clock.elapsed_now().as_millisecond()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid()
    }

    /// Hands tasks to their queues. Which came before a failure is not known: all may come twice.
    pub async fn enqueue(&self, tasks: impl IntoIterator<Item = Task>) -> Result<(), OperationError> {
        let (mut bulk, mut other) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.queue() {
                QueueName::Bulk => bulk.push(task.to_body()),
                QueueName::Other => other.push(task.to_body()),
            }
        }
        if !bulk.is_empty() {
            self.queue.send(QueueName::Bulk, bulk).await?;
        }
        if !other.is_empty() {
            self.queue.send(QueueName::Other, other).await?;
        }
        Ok(())
    }

    /// The same, where losing them only costs time: what is due finds the work again.
    pub async fn hint(&self, tasks: impl IntoIterator<Item = Task>) {
        if let Err(error) = self.enqueue(tasks).await {
            tracing::warn!(%error, "tasks were not queued; the sweep will find the work");
        }
    }
}

/// Batches found in due items, each once.
pub(crate) type BatchIds = BTreeSet<BatchId>;

/// Minutes from now in business time.
pub(crate) fn minutes_from(now: Timestamp, minutes: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(now)
}
