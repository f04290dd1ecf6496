//! The whole system in one process: the handlers that run as functions, ports in memory, and the simulated providers behind the
//! transport.
//!
//! Guarantees: no socket, no wait and no wall clock; time moves only where a scenario says so, from one moment at which something is due
//! to the next. Callers come through the HTTP routers with tokens, webhooks through the receivers with their signatures.

pub mod delivery;
mod machines;
pub mod people;
pub mod providers;
pub mod standing;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;
use shared::adapters::memory_objects::MemoryObjects;
use shared::adapters::memory_queue::{MemoryQueue, QueueSettings};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::object_links::LinkSigner;
use shared::adapters::recorded_notices::RecordedNotices;
use shared::adapters::recorded_webhooks::RecordedWebhooks;
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::adapters::simulated::{ManualClock, SeededRandom};
use shared::adapters::tokens::TokenVerifier;
use shared::domain::caller::ExpectedToken;
use shared::domain::deadline::Deadline;
use shared::http::conventions;
use shared::operations::system::Clients;
use shared::operations::{Settings, System};
use shared::ports::clock::Clock as _;
use shared::ports::queue::QueueName;
use shared::ports::table::Attributes;
use simulators::plaid::OutgoingWebhook;

use crate::error::Played;
use delivery::Arrival;
use providers::{ISSUER_URL, Providers};

/// A Monday, ten in the morning in New York.
const START: &str = "2026-03-02T15:00:00Z";
const AUDIENCE: &str = "clearway";

/// A message comes back after this long; as deployed, six times the function's timeout.
pub const VISIBILITY: Duration = Duration::from_secs(720);
const RECEIVES_MAX: u32 = 5;
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(120);

/// What each function runs on.
#[derive(Clone, Debug)]
pub struct Systems {
    pub accounts: System,
    pub approve_batch: System,
    pub column_webhook: System,
    pub dead_letters: System,
    pub operator: System,
    pub plaid_webhook: System,
    pub payment_worker: System,
    pub reports: System,
    pub scheduler: System,
}

impl Systems {
    /// One for all of them.
    pub fn shared(system: &System) -> Self {
        let one = || system.clone();
        Self {
            accounts: one(),
            approve_batch: one(),
            column_webhook: one(),
            dead_letters: one(),
            operator: one(),
            plaid_webhook: one(),
            payment_worker: one(),
            reports: one(),
            scheduler: one(),
        }
    }
}

/// What a simulation starts from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Ids, keys and nonces follow from it.
    pub seed: u64,
    /// What the functions are set to; the entity at the bank is filled in.
    pub settings: Settings,
    /// Institutions that Plaid does not know.
    pub unknown_institutions: BTreeSet<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self { seed: 1, settings: world::settings(), unknown_institutions: BTreeSet::new() }
    }
}

/// What a simulation begins with.
struct Outside {
    clock: Arc<ManualClock>,
    random: Arc<SeededRandom>,
    providers: Providers,
    secrets: FixedSecrets,
    table: Arc<MemoryTable>,
}

#[derive(Debug)]
pub struct Simulation {
    pub system: System,
    pub clock: Arc<ManualClock>,
    pub providers: Arc<Providers>,
    /// In which order webhooks that come together are taken.
    pub arrival: Arrival,
    /// What was handed over to persons and operators.
    pub told: Arc<RecordedNotices>,
    /// The receivers of outgoing webhooks.
    pub called: Arc<RecordedWebhooks>,
    /// The last of Plaid's that was taken.
    last_webhook: Mutex<Option<OutgoingWebhook>>,
    pub queue: Arc<MemoryQueue>,
    pub table: Arc<MemoryTable>,
    pub systems: Systems,
    /// Our receivers of webhooks.
    pub receivers: Router,
    /// What persons and operators call.
    pub api: Router,
}

impl Simulation {
    /// An empty system, an empty bank, and nobody at Plaid.
    pub fn start() -> Played<Self> {
        Self::with(Setup::default())
    }

    /// The same, otherwise set up.
    pub fn with(setup: Setup) -> Played<Self> {
        let start: Timestamp = START.parse().unwrap_or_default();
        let clock = Arc::new(ManualClock::at(start));
        let random = Arc::new(SeededRandom::new(setup.seed));
        let providers = Providers::open(&clock, &setup)?;
        let secrets = world::secrets(&*random, &format!("[{:?}]", providers.webhook_secret));
        Ok(Self::of(Outside { clock, random, providers, secrets, table: Arc::new(MemoryTable::new()) }, setup))
    }

    /// Goes on from a moment of the release before, with the messages that were waiting then.
    pub async fn from_moment(moment: &world::Moment) -> Self {
        let (setup, clock) = (Setup::default(), Arc::new(ManualClock::at(moment.at())));
        let providers = Providers::of_moment(&clock, &setup, moment);
        // Another seed: what that release drew must not be drawn again.
        let random = Arc::new(SeededRandom::new(setup.seed.wrapping_add(1)));
        let outside = Outside { clock, random, providers, secrets: moment.secrets(), table: moment.table() };
        let simulation = Self::of(outside, setup);
        moment.put_objects(&*simulation.system.objects).await;
        moment.send_tasks(&*simulation.queue).await;
        simulation
    }

    fn of(outside: Outside, setup: Setup) -> Self {
        let Outside { clock, random, providers, secrets, table } = outside;
        let providers = Arc::new(providers);
        let queue_settings = QueueSettings { visibility: VISIBILITY, receives_max: RECEIVES_MAX };
        let queue = Arc::new(MemoryQueue::new(clock.clone(), queue_settings));
        let told = Arc::new(RecordedNotices::default());
        let called = Arc::new(RecordedWebhooks::default());
        let settings = Settings { column_entity_id: providers.entity_id.clone(), ..setup.settings };
        let system = System {
            table: table.clone(),
            queue: queue.clone(),
            objects: Arc::new(MemoryObjects::new(LinkSigner::new("http://objects.test", [7; 32], clock.clone()))),
            clock: clock.clone(),
            secrets: Arc::new(secrets),
            random,
            transport: providers.clone(),
            notices: told.clone(),
            webhooks: called.clone(),
            settings: Arc::new(settings),
            clients: Arc::new(Clients::default()),
        };
        let systems = Systems::shared(&system);
        let (receivers, api) = routers(&systems, &providers, &clock);
        Self {
            system,
            clock,
            providers,
            arrival: Arrival::default(),
            told,
            called,
            last_webhook: Mutex::default(),
            queue,
            table,
            systems,
            receivers,
            api,
        }
    }

    /// From now on the functions run on these instead of one for all of them, over the same ports: each as in a process of its own.
    pub fn run_on(&mut self, systems: Systems) {
        (self.receivers, self.api) = routers(&systems, &self.providers, &self.clock);
        self.systems = systems;
    }

    /// Puts something before what persons and operators call. After [`Self::run_on`], which makes it anew.
    pub fn watch_api(&mut self, watch: impl FnOnce(Router) -> Router) {
        self.api = watch(self.api.clone());
    }

    pub fn now(&self) -> Timestamp {
        self.clock.business_now()
    }

    /// Every item of the table.
    pub fn dump(&self) -> Vec<Attributes> {
        self.table.dump()
    }

    /// Messages that were given up.
    pub fn dead_letters(&self, queue: QueueName) -> Vec<String> {
        self.queue.dead_letters(queue).into_iter().map(|letter| letter.body).collect()
    }

    /// Until when a worker that begins now may go on.
    pub fn deadline(&self) -> Deadline {
        let end = self.clock.elapsed_now().saturating_add(FUNCTION_TIMEOUT).unwrap_or(Timestamp::MAX);
        Deadline::new(end, Duration::ZERO)
    }
}

/// Our receivers of webhooks, and what persons and operators call.
fn routers(systems: &Systems, providers: &Arc<Providers>, clock: &Arc<ManualClock>) -> (Router, Router) {
    let expected = ExpectedToken { issuer: ISSUER_URL.to_owned(), audience: AUDIENCE.to_owned() };
    let verifier = Arc::new(TokenVerifier::new(expected, providers.clone(), clock.clone()));
    let receivers = column_webhook::routes(systems.column_webhook.clone())
        .merge(plaid_webhook::routes(systems.plaid_webhook.clone()));
    let api = accounts::HTTP
        .routes(systems.accounts.clone(), verifier.clone())
        .merge(approve_batch::HTTP.routes(systems.approve_batch.clone(), verifier.clone()))
        .merge(operator::HTTP.routes(systems.operator.clone(), verifier.clone()))
        .merge(reports::HTTP.routes(systems.reports.clone(), verifier));
    (conventions(receivers), conventions(api))
}
