//! A whole system in memory, for the tests of the functions: time stands still until it is moved, random bytes follow from a seed, the
//! bank is out of reach, and single items of the table can be made to fail.

mod faulty_table;
mod moment;
mod no_bank;
mod people;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use shared::adapters::memory_objects::MemoryObjects;
use shared::adapters::memory_queue::{MemoryQueue, QueueSettings};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::object_links::LinkSigner;
use shared::adapters::recorded_notices::RecordedNotices;
use shared::adapters::recorded_webhooks::RecordedWebhooks;
use shared::adapters::sealing::{fresh_fingerprint_key, fresh_key_ring};
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::domain::autopay::decision::Policy;
use shared::domain::deadline::Deadline;
use shared::domain::payroll_file::ROWS_PER_CHUNK;
use shared::domain::task::{QueueName, Task, TaskFormat};
use shared::operations::system::Clients;
use shared::operations::{Settings, System};
use shared::ports::clock::Clock;
use shared::ports::random::Random;
use shared::ports::secrets::{SecretName, SecretText};
use shared::ports::transport::Transport;

pub use faulty_table::{Fault, FaultyTable};
pub use moment::Moment;
pub use no_bank::NoBank;
pub use people::{PLAID_KEYS, People};

/// Our key at the bank.
pub const BANK_KEY: &str = "bank-key";

/// The current and the previous secret of the bank's webhooks.
pub const WEBHOOK_SECRETS: [&str; 2] = ["new-secret", "old-secret"];

/// A system, and the parts of it that a story looks at or turns.
#[derive(Clone, Debug)]
pub struct World {
    pub system: System,
    pub table: Arc<FaultyTable>,
    pub queue: Arc<MemoryQueue>,
    pub notices: Arc<RecordedNotices>,
    pub webhooks: Arc<RecordedWebhooks>,
    pub clock: Arc<ManualClock>,
}

impl World {
    /// An empty system at `start`, by both times, without a network.
    pub fn at(start: Timestamp) -> Self {
        Self::with_network(start, Arc::new(NoBank))
    }

    /// An empty system at `start`, whose calls go to `transport`.
    pub fn with_network(start: Timestamp, transport: Arc<dyn Transport>) -> Self {
        let clock = Arc::new(ManualClock::at(start));
        let random = Arc::new(SeededRandom::new(1));
        let table = Arc::new(FaultyTable::new(MemoryTable::new()));
        let queue_settings = QueueSettings { visibility: Duration::from_secs(180), receives_max: 5 };
        let queue = Arc::new(MemoryQueue::new(clock.clone(), queue_settings));
        let secrets = secrets(&*random, &format!("{WEBHOOK_SECRETS:?}"));
        let notices = Arc::new(RecordedNotices::default());
        let webhooks = Arc::new(RecordedWebhooks::default());
        let system = System {
            table: table.clone(),
            queue: queue.clone(),
            objects: Arc::new(MemoryObjects::new(LinkSigner::new("http://objects.test", [7; 32], clock.clone()))),
            clock: clock.clone(),
            random,
            secrets: Arc::new(secrets),
            transport,
            notices: notices.clone(),
            webhooks: webhooks.clone(),
            settings: Arc::new(settings()),
            clients: Arc::new(Clients::default()),
        };
        Self { system, table, queue, notices, webhooks, clock }
    }

    /// A deadline so many seconds from now, all of which may be used.
    pub fn deadline_in(&self, seconds: u64) -> Deadline {
        let end = self.clock.elapsed_now().saturating_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
        Deadline::new(end, Duration::ZERO)
    }

    /// Takes up to ten tasks off a queue for good.
    pub fn take_tasks(&self, queue: QueueName) -> Result<Vec<Task>, TaskFormat> {
        let received = self.queue.receive(queue, 10);
        received
            .into_iter()
            .map(|message| {
                self.queue.delete(queue, &message.receipt);
                Task::from_body(&message.body)
            })
            .collect()
    }
}

/// Every secret that a system reads. `webhook_secrets` is the stored JSON list.
pub fn secrets(random: &dyn Random, webhook_secrets: &str) -> FixedSecrets {
    FixedSecrets::new([
        (SecretName::ColumnApiKey, SecretText::new(BANK_KEY)),
        (SecretName::ColumnWebhookSecrets, SecretText::new(webhook_secrets)),
        (SecretName::PlaidClientId, SecretText::new(PLAID_KEYS)),
        (SecretName::PlaidSecret, SecretText::new(PLAID_KEYS)),
        (SecretName::SealingKeyRing, fresh_key_ring("key-1", random)),
        (SecretName::FingerprintKey, fresh_fingerprint_key(random)),
    ])
}

/// What every test system is set to. Hosts `column.test` and `plaid.test` stand for the two providers.
pub fn settings() -> Settings {
    Settings {
        column_url: "http://column.test".to_owned(),
        plaid_url: people::PLAID_URL.to_owned(),
        plaid_webhook_url: Some("http://clearway.test/webhooks/plaid".to_owned()),
        column_entity_id: "enti_test".to_owned(),
        bank_calls_per_second: 0,
        hold_banking_days: 2,
        lease: Duration::from_secs(60),
        uploader_may_approve: false,
        summary_bytes_in_request_max: 64 * 1024 * 1024,
        rows_per_chunk: ROWS_PER_CHUNK,
        report_rows_in_answer_max: 100_000,
        autopay: Policy::default(),
    }
}
