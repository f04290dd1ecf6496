//! One story's world: the system, the bank, the clock, and what drives them.

mod machines;
mod people;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use local::embedded_dynamodb::EmbeddedDynamodb;
use shared::adapters::memory_objects::MemoryObjects;
use shared::adapters::memory_queue::{MemoryQueue, QueueSettings};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::object_links::LinkSigner;
use shared::adapters::recorded_notices::RecordedNotices;
use shared::adapters::recorded_webhooks::RecordedWebhooks;
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::domain::deadline::Deadline;
use shared::operations::system::Clients;
use shared::operations::{Settings, System};
use shared::ports::clock::Clock as _;
use shared::ports::objects::Objects;
use shared::ports::queue::Queue;
use shared::ports::random::Random;
use shared::ports::table::{Attributes, Table};
use shared::ports::transport::Transport;
use simulation::crash::CrashControl;
use simulation::faulty_ports::FaultyPort;

use crate::bank::Bank;
use crate::delivery::Delivery;
use crate::file::PayrollFile;
use crate::network::Network;
use crate::recording::{Function, Recorded, Records};

pub const UPLOADER: &str = "uploader@journey.test";
pub const APPROVER: &str = "approver@journey.test";
pub const OPERATOR: &str = "operator@journey.test";

/// A Monday, ten in the morning in New York.
const START: &str = "2026-03-02T15:00:00Z";

/// A message comes back after this long; as deployed, six times the function's timeout.
const VISIBILITY: Duration = Duration::from_secs(180);
const RECEIVES_MAX: u32 = 5;
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(30);

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
    pub notices: Arc<RecordedNotices>,
    /// The receivers of outgoing webhooks.
    pub webhooks: Arc<RecordedWebhooks>,
    pub crash: Arc<CrashControl>,
    /// A step goes on to the next round (the poll of the bank's events) too, as the schedule does. Otherwise rounds come late.
    pub keeps_rounds: bool,
    table: Arc<dyn Table>,
    memory: Option<Arc<MemoryTable>>,
    random: Arc<SeededRandom>,
    secrets: Arc<FixedSecrets>,
    recorded: Option<Recorded>,
    _engine: Option<EmbeddedDynamodb>,
}

/// What a journey begins with.
struct Outside {
    clock: Arc<ManualClock>,
    random: Arc<SeededRandom>,
    bank: Bank,
    secrets: FixedSecrets,
    table: Arc<dyn Table>,
    memory: Option<Arc<MemoryTable>>,
    engine: Option<EmbeddedDynamodb>,
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
        let bank = Bank::open(&clock, file.dead_servicers());
        let secrets = world::secrets(&*random, &format!("[{:?}]", bank.webhook_secret));
        Self::of(Outside { clock, random, bank, secrets, table, memory, engine })
    }

    /// Goes on from a moment of the release before, with the messages that were waiting then.
    pub async fn from_moment(moment: &world::Moment) -> Self {
        let clock = Arc::new(ManualClock::at(moment.at()));
        let bank = Bank::of_moment(&clock, moment);
        let memory = moment.table();
        let journey = Self::of(Outside {
            clock,
            // Another seed: what that release drew must not be drawn again.
            random: Arc::new(SeededRandom::new(2)),
            bank,
            secrets: moment.secrets(),
            table: memory.clone(),
            memory: Some(memory),
            engine: None,
        });
        moment.put_objects(&*journey.objects).await;
        moment.send_tasks(&*journey.queue).await;
        journey
    }

    fn of(outside: Outside) -> Self {
        let Outside { clock, random, bank, secrets, table, memory, engine } = outside;
        let (bank, secrets) = (Arc::new(bank), Arc::new(secrets));
        let objects = Arc::new(MemoryObjects::new(LinkSigner::new("http://objects.test", [7; 32], clock.clone())));
        let network = Arc::new(Network::new(bank.clone()));
        let queue = new_queue(&clock);
        let crash = CrashControl::unlimited();
        let settings = Settings { column_entity_id: bank.entity_id.clone(), ..world::settings() };
        let notices = Arc::new(RecordedNotices::default());
        let webhooks = Arc::new(RecordedWebhooks::default());
        let system = System {
            table: Arc::new(FaultyPort::<dyn Table> { port: table.clone(), crash: crash.clone() }),
            queue: queue.clone(),
            objects: objects.clone(),
            clock: clock.clone(),
            random: random.clone(),
            secrets: secrets.clone(),
            transport: network.clone(),
            notices: notices.clone(),
            webhooks: webhooks.clone(),
            settings: Arc::new(settings),
            clients: Arc::new(Clients::default()),
        };
        let mut journey = Self {
            clock,
            bank,
            network,
            objects,
            delivery: Delivery::default(),
            system,
            queue,
            notices,
            webhooks,
            crash,
            keeps_rounds: false,
            table,
            memory,
            random,
            secrets,
            recorded: None,
            _engine: engine,
        };
        journey.restart(CrashControl::unlimited());
        journey
    }

    /// The process ends, and its messages with it; another begins over the same table, objects and bank.
    pub fn restart(&mut self, crash: Arc<CrashControl>) {
        self.bank.hang_up();
        self.queue = new_queue(&self.clock);
        self.crash = crash;
        self.system = self.new_system(self.system.settings.clone());
        if let Some(recorded) = &mut self.recorded {
            recorded.restart(&self.system);
        }
    }

    fn new_system(&self, settings: Arc<Settings>) -> System {
        let (queue, crash): (Arc<dyn Queue>, _) = (self.queue.clone(), &self.crash);
        let objects: Arc<dyn Objects> = self.objects.clone();
        let transport: Arc<dyn Transport> = self.network.clone();
        System {
            table: Arc::new(FaultyPort { port: self.table.clone(), crash: crash.clone() }),
            queue: Arc::new(FaultyPort { port: queue, crash: crash.clone() }),
            objects: Arc::new(FaultyPort { port: objects, crash: crash.clone() }),
            clock: self.clock.clone(),
            random: self.random.clone(),
            secrets: self.secrets.clone(),
            transport: Arc::new(FaultyPort { port: transport, crash: crash.clone() }),
            notices: self.notices.clone(),
            webhooks: self.webhooks.clone(),
            settings,
            clients: Arc::new(Clients::default()),
        }
    }

    /// From now on each function has a system of its own with these settings, and what it asks of it is noted.
    pub fn record(&mut self, settings: Settings) -> Arc<Records> {
        self.system = self.new_system(Arc::new(settings));
        let recorded = Recorded::new(&self.system);
        let records = recorded.records.clone();
        self.recorded = Some(recorded);
        records
    }

    /// Puts something between the system and its table. Before [`Self::record`].
    pub fn wrap_table(&mut self, wrap: impl FnOnce(Arc<dyn Table>) -> Arc<dyn Table>) {
        self.table = wrap(self.table.clone());
    }

    /// What a function runs with.
    pub fn system_of(&self, function: Function) -> System {
        self.recorded.as_ref().map_or(&self.system, |recorded| recorded.system_of(function)).clone()
    }

    /// A function's router, whose requests are noted as runs.
    pub fn counted(&self, function: Function, router: Router) -> Router {
        match &self.recorded {
            Some(recorded) => recorded.records.counted(vec![function], router),
            None => router,
        }
    }

    /// Notes that a run of a function begins.
    fn begin_run(&self, function: Function, events: usize) {
        if let Some(recorded) = &self.recorded {
            recorded.records.begin(function, events);
        }
    }

    pub fn random(&self) -> Arc<dyn Random> {
        self.random.clone()
    }

    /// Our receiver of webhooks.
    pub fn receiver(&self) -> Router {
        let router = column_webhook::router(self.system_of(Function::ColumnWebhook));
        self.counted(Function::ColumnWebhook, router)
    }

    /// Every item of the table in memory.
    pub fn dump(&self) -> Vec<Attributes> {
        self.memory.as_ref().unwrap().dump()
    }

    /// The table becomes what it was when the dump was taken, and the process begins anew. The bank and the objects go on as they are.
    pub fn restore(&mut self, dump: Vec<Attributes>) {
        self.memory.as_ref().unwrap().restore(dump).unwrap();
        self.restart(CrashControl::unlimited());
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
