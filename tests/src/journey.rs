//! One story's world: the system, the bank, the clock, and what drives them.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use local::embedded_dynamodb::EmbeddedDynamodb;
use shared::adapters::memory_objects::MemoryObjects;
use shared::adapters::memory_queue::{MemoryQueue, QueueSettings};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::object_links::LinkSigner;
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::domain::batch::manifest::Manifest;
use shared::domain::batch::{Acknowledgement, Approve, Batch, BatchState};
use shared::domain::deadline::Deadline;
use shared::domain::ids::{BatchId, ItemId};
use shared::domain::leg::AttentionReason;
use shared::domain::payment::Payment;
use shared::domain::task::Task;
use shared::operations::summarize::Summarized;
use shared::operations::system::Ports;
use shared::operations::{OperationError, Settings, System, approve, attention, reports, summarize, upload};
use shared::ports::clock::Clock as _;
use shared::ports::objects::Objects;
use shared::ports::queue::{Queue, QueueName};
use shared::ports::random::Random;
use shared::ports::table::{Attributes, Index, Key, Order, Query, Range, Table, decode};
use shared::ports::transport::Transport;
use shared::store::{keys, stored};

use crate::bank::Bank;
use crate::delivery::{Delivery, deliver_webhooks, event_of};
use crate::file::PayrollFile;
use crate::network::Network;
use crate::power::{Power, Powered};

pub const UPLOADER: &str = "uploader@journey.test";
pub const APPROVER: &str = "approver@journey.test";
pub const OPERATOR: &str = "operator@journey.test";

/// A Monday, ten in the morning in New York.
const START: &str = "2026-03-02T15:00:00Z";

/// A message comes back after this long; as deployed, six times the function's timeout.
const VISIBILITY: Duration = Duration::from_secs(180);
const RECEIVES_MAX: u32 = 5;
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

/// A story that needs more moves than this does not end.
const MOVES_MAX: u32 = 3_000;

/// What outlives every process of a story, and the process that runs now.
#[derive(Debug)]
pub struct Journey {
    pub clock: Arc<ManualClock>,
    pub bank: Arc<Bank>,
    pub network: Arc<Network>,
    pub objects: Arc<MemoryObjects>,
    pub delivery: Delivery,
    pub system: System,
    pub queue: Arc<MemoryQueue>,
    pub power: Arc<Power>,
    table: Arc<dyn Table>,
    memory: Option<Arc<MemoryTable>>,
    random: Arc<SeededRandom>,
    secrets: Arc<FixedSecrets>,
    _engine: Option<EmbeddedDynamodb>,
}

impl Journey {
    /// An empty system on the table in memory. Plaid does not know the file's dead servicers.
    pub fn start(file: &PayrollFile) -> Self {
        let memory = Arc::new(MemoryTable::new());
        Self::on_table(file, memory.clone(), Some(memory), None)
    }

    /// The same over the embedded DynamoDB and the real client.
    pub async fn start_on_dynamodb(file: &PayrollFile) -> Self {
        let engine = EmbeddedDynamodb::start(None).await.unwrap();
        Self::on_table(file, Arc::new(engine.table()), None, Some(engine))
    }

    fn on_table(
        file: &PayrollFile,
        table: Arc<dyn Table>,
        memory: Option<Arc<MemoryTable>>,
        engine: Option<EmbeddedDynamodb>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
        let random = Arc::new(SeededRandom::new(1));
        let bank = Arc::new(Bank::open(&clock, file.dead_servicers()));
        let secrets = Arc::new(world::secrets(&*random, &format!("[{:?}]", bank.webhook_secret)));
        let objects = Arc::new(MemoryObjects::new(LinkSigner::new("http://objects.test", [7; 32], clock.clone())));
        let network = Arc::new(Network::new(bank.clone()));
        let queue = new_queue(&clock);
        let power = Power::unlimited();
        let settings = Settings { column_entity_id: bank.entity_id.clone(), ..world::settings() };
        let ports = Ports {
            table: Arc::new(Powered::<dyn Table> { port: table.clone(), power: power.clone() }),
            queue: queue.clone(),
            objects: objects.clone(),
            clock: clock.clone(),
            random: random.clone(),
            secrets: secrets.clone(),
            transport: network.clone(),
        };
        let system = System::new(ports, settings);
        let mut journey = Self {
            clock,
            bank,
            network,
            objects,
            delivery: Delivery::default(),
            system,
            queue,
            power,
            table,
            memory,
            random,
            secrets,
            _engine: engine,
        };
        journey.restart(Power::unlimited());
        journey
    }

    /// The process ends, and its messages with it; another begins over the same table, objects and bank.
    pub fn restart(&mut self, power: Arc<Power>) {
        self.bank.hang_up();
        self.queue = new_queue(&self.clock);
        let queue: Arc<dyn Queue> = self.queue.clone();
        let objects: Arc<dyn Objects> = self.objects.clone();
        let transport: Arc<dyn Transport> = self.network.clone();
        let ports = Ports {
            table: Arc::new(Powered { port: self.table.clone(), power: power.clone() }),
            queue: Arc::new(Powered { port: queue, power: power.clone() }),
            objects: Arc::new(Powered { port: objects, power: power.clone() }),
            clock: self.clock.clone(),
            random: self.random.clone(),
            secrets: self.secrets.clone(),
            transport: Arc::new(Powered { port: transport, power: power.clone() }),
        };
        self.system = System::new(ports, (*self.system.settings).clone());
        self.power = power;
    }

    pub fn random(&self) -> Arc<dyn Random> {
        self.random.clone()
    }

    /// Our receiver of webhooks.
    pub fn receiver(&self) -> Router {
        column_webhook::router(self.system.clone())
    }

    /// Every item of the table in memory.
    pub fn dump(&self) -> Vec<Attributes> {
        self.memory.as_ref().unwrap().dump()
    }

    pub fn now(&self) -> Timestamp {
        self.clock.business_now()
    }

    pub fn deadline(&self) -> Deadline {
        Deadline::new(self.clock.elapsed_now() + FUNCTION_TIMEOUT, Duration::ZERO)
    }
}

fn new_queue(clock: &Arc<ManualClock>) -> Arc<MemoryQueue> {
    let settings = QueueSettings { visibility: VISIBILITY, receives_max: RECEIVES_MAX };
    Arc::new(MemoryQueue::new(clock.clone(), settings))
}

/// What people do.
impl Journey {
    pub async fn upload(&self, file: &PayrollFile) -> BatchId {
        let batch = upload::begin(&self.system, self.system.new_uuid(), UPLOADER, None).await.unwrap();
        upload::store(&self.system, batch.id, file.bytes.clone()).await.unwrap();
        batch.id
    }

    /// Summarizes a file that has no errors.
    pub async fn summarize(&self, batch_id: BatchId) -> Batch {
        match summarize::request(&self.system, batch_id, self.deadline()).await.unwrap() {
            Summarized::Ready(batch) => *batch,
            other @ (Summarized::Rejected(..) | Summarized::Started) => panic!("no summary: {other:?}"),
        }
    }

    pub async fn manifest(&self, batch: &Batch) -> Arc<Manifest> {
        self.system.manifest(batch.id, &batch.manifest.as_ref().unwrap().hash).await.unwrap()
    }

    /// What an approver says who has read the whole manifest and accepts all of it.
    pub async fn consent(&self, batch: &Batch) -> Approve {
        let head = batch.manifest.as_ref().unwrap();
        let mut consent = Approve {
            by: APPROVER.to_owned(),
            manifest_hash: head.hash.clone(),
            total: head.total,
            accounts: Default::default(),
            overlaps: Default::default(),
            uploader_may_approve: false,
        };
        for needed in self.manifest(batch).await.to_acknowledge() {
            match needed {
                Acknowledgement::Account { fingerprint, .. } => {
                    consent.accounts.insert(fingerprint);
                }
                Acknowledgement::Overlap { batch_id, .. } => {
                    consent.overlaps.insert(batch_id);
                }
            }
        }
        consent
    }

    pub async fn approve(&self, consent: &Approve, batch_id: BatchId) -> Result<Batch, OperationError> {
        approve::approve(&self.system, batch_id, consent).await
    }

    /// Uploads, summarizes and approves a file, accepting whatever there is to accept.
    pub async fn begin(&self, file: &PayrollFile) -> BatchId {
        let batch_id = self.upload(file).await;
        let batch = self.summarize(batch_id).await;
        let consent = self.consent(&batch).await;
        self.approve(&consent, batch_id).await.unwrap();
        batch_id
    }

    /// Every batch, oldest first.
    pub async fn batches(&self) -> Vec<Batch> {
        let query = Query { index: Index::Lists, ..Query::primary(keys::LIST_BATCHES) };
        let mut batches = Vec::new();
        for item in self.table.query(&query).await.unwrap().items {
            let key: Key = decode(item).unwrap();
            batches.extend(stored::read::<Batch>(&*self.table, &key).await.unwrap());
        }
        batches
    }

    pub async fn batch(&self, batch_id: BatchId) -> Batch {
        upload::load(&self.system, batch_id).await.unwrap()
    }
}

/// What operators do.
impl Journey {
    /// A batch's payments in the order of its rows.
    pub async fn payments(&self, batch_id: BatchId) -> Vec<Payment> {
        reports::payments_by_row(&self.system, batch_id).await.unwrap()
    }

    /// Flags all payments but the first `count`: nothing automatic happens to them until [`Self::let_go`].
    pub async fn hold_back_after(&self, batch_id: BatchId, count: usize) {
        for mut payment in self.payments(batch_id).await.into_iter().skip(count) {
            payment.leg.raise(AttentionReason::KeepsFailing, self.now());
            self.table.write(vec![stored::replace(&mut payment).unwrap()]).await.unwrap();
        }
    }

    /// Clears every flag of a batch's payments.
    pub async fn let_go(&self, batch_id: BatchId) {
        for payment in self.payments(batch_id).await {
            attention::clear(&self.system, ItemId::Payment(payment.id), OPERATOR, "looked at").await.unwrap();
        }
    }
}

/// What machines do.
impl Journey {
    /// Handles messages and webhooks until none is left.
    pub async fn work(&self) {
        for _ in 0..MOVES_MAX {
            let mut busy = self.handle_messages(QueueName::Other).await;
            busy |= self.handle_messages(QueueName::Bulk).await;
            busy |= self.deliver().await;
            if !busy {
                return;
            }
        }
        panic!("messages make messages without end");
    }

    async fn deliver(&self) -> bool {
        deliver_webhooks(&self.bank, &self.receiver(), |mut webhooks| {
            if self.delivery.webhooks_twice {
                webhooks.extend(webhooks.clone());
            }
            self.delivery.arrival.arrange(&mut webhooks);
            webhooks
        })
        .await
    }

    /// Takes one receive of a queue through the worker. Answers whether there was anything.
    async fn handle_messages(&self, queue: QueueName) -> bool {
        let received = self.queue.receive(queue, 10);
        let any = !received.is_empty();
        let is_lost = |body: &str| match (self.delivery.lost, Task::from_body(body)) {
            (Some(lost), Ok(task)) => lost(&task),
            (None, _) | (_, Err(_)) => false,
        };
        let (lost, mut kept): (Vec<_>, Vec<_>) = received.into_iter().partition(|message| is_lost(&message.body));
        for message in lost {
            self.queue.delete(queue, &message.receipt);
        }
        self.delivery.arrival.arrange(&mut kept);
        let handle = || payment_worker::handle(&self.system, event_of(&kept), self.deadline());
        let mut failures = if self.delivery.messages_twice {
            let (mut first, second) = futures::join!(handle(), handle());
            first.batch_item_failures.extend(second.batch_item_failures);
            first
        } else {
            handle().await
        };
        let failed: Vec<String> =
            failures.batch_item_failures.drain(..).map(|failure| failure.item_identifier).collect();
        for message in kept.iter().filter(|message| !failed.contains(&message.message_id)) {
            self.queue.delete(queue, &message.receipt);
        }
        any
    }

    /// Does what can be done now, then goes on to the next moment at which something is due. False where nothing ever will be.
    pub async fn step(&self) -> bool {
        self.settle_now().await;
        match self.next_moment().await {
            Some(next) => {
                self.go_to(next);
                true
            }
            None => false,
        }
    }

    /// Does what can be done now.
    pub async fn settle_now(&self) {
        self.work().await;
        scheduler::handle(&self.system).await.unwrap();
        self.work().await;
    }

    /// Beyond the very moment, since the index counts in whole seconds.
    fn go_to(&self, moment: Timestamp) {
        let by = moment.duration_since(self.now()).max(SignedDuration::ZERO) + SignedDuration::from_secs(1);
        self.clock.advance(by.unsigned_abs());
        self.bank.column.advance();
    }

    /// The next moment at which we, the bank or a message that failed has something to do; none where only the bank still has.
    async fn next_moment(&self) -> Option<Timestamp> {
        let in_flight = [QueueName::Bulk, QueueName::Other].map(|queue| self.queue.counters(queue).in_flight);
        let hidden = (in_flight != [0, 0]).then(|| self.now() + VISIBILITY);
        let ours = self.next_due().await.into_iter().chain(hidden).min()?;
        Some(self.bank.column.next_due().map_or(ours, |bank| bank.min(ours)))
    }

    /// Drafts do not count: they wait for a person.
    async fn next_due(&self) -> Option<Timestamp> {
        let mut dues = Vec::new();
        for shard in 0..keys::DUE_SHARDS {
            let query = Query {
                index: Index::Due,
                pk: keys::due_shard(shard),
                range: Range::All,
                order: Order::Ascending,
                page_items: None,
                start_after: None,
            };
            for item in self.table.query(&query).await.unwrap().items {
                let due: Timestamp = item["due_sk"].as_str().unwrap().parse().unwrap();
                let key: Key = decode(item).unwrap();
                if self.is_under_way(&key).await {
                    dues.push(due);
                }
            }
        }
        dues.into_iter().min()
    }

    async fn is_under_way(&self, key: &Key) -> bool {
        if !key.pk.starts_with("BATCH#") {
            return true;
        }
        let batch: Option<Batch> = stored::read(&*self.table, key).await.unwrap();
        let waits_for_a_person = |state| matches!(state, BatchState::Draft | BatchState::Ready | BatchState::Rejected);
        batch.is_some_and(|batch| !waits_for_a_person(batch.state))
    }

    /// Goes on until the batch has ended; answers it.
    pub async fn finish(&self, batch_id: BatchId) -> Batch {
        let ended =
            |batch: &Batch| !matches!(batch.state, BatchState::Importing | BatchState::Paying | BatchState::Canceling);
        self.until(batch_id, "ended", ended).await
    }

    /// Goes on until the batch is as wished; answers it.
    pub async fn until(&self, batch_id: BatchId, wish: &str, is_met: impl Fn(&Batch) -> bool) -> Batch {
        for _ in 0..MOVES_MAX {
            self.settle_now().await;
            let batch = self.batch(batch_id).await;
            if is_met(&batch) {
                return batch;
            }
            assert!(self.step().await, "nothing will ever move {batch_id}, but it is not {wish}: {batch:?}");
        }
        panic!("{batch_id} is never {wish}");
    }

    /// Lets so many days pass, with everything that falls due in them.
    pub async fn let_days_pass(&self, days: i64) {
        self.go_on_to(self.now() + SignedDuration::from_hours(24 * days)).await;
    }

    /// Goes on to a time, with everything that falls due before it.
    pub async fn go_on_to(&self, end: Timestamp) {
        for _ in 0..MOVES_MAX {
            self.settle_now().await;
            let bank = self.bank.column.next_due();
            let next = self.next_moment().await.into_iter().chain(bank).min();
            match next.filter(|next| *next < end) {
                Some(next) => self.go_to(next),
                None => break,
            }
        }
        let left = end.duration_since(self.now()).max(SignedDuration::ZERO);
        self.clock.advance(left.unsigned_abs());
        self.bank.column.advance();
        self.settle_now().await;
    }
}
