//! The whole system in one process.
//!
//! Guarantees: the handlers are the ones Lambda runs; business time moves only while no task, webhook or call is under way. With a data
//! folder everything outlives the process, at whatever moment it is killed.

mod api_page;
mod aws_route;
pub mod bank;
pub mod development;
mod leases;
mod objects_route;
mod overdue;
pub mod providers;
mod server;
pub mod time;
mod workers;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use issuer::{Grant, LocalIssuer};
use jiff::SignedDuration;
use shared::adapters::folder_objects::FolderObjects;
use shared::adapters::http_transport::HttpTransport;
use shared::adapters::http_webhook_sender::HttpWebhookSender;
use shared::adapters::memory_queue::{MemoryQueue, QueueSettings};
use shared::adapters::memory_table::MemoryTable;
use shared::adapters::movable_clock::MovableClock;
use shared::adapters::object_links::LinkSigner;
use shared::adapters::recorded_notices::RecordedNotices;
use shared::adapters::sealing::{fresh_fingerprint_key, fresh_key_ring};
use shared::adapters::secrets_cached::CachedSecrets;
use shared::adapters::secrets_fixed::FixedSecrets;
use shared::adapters::system::{SystemClock, SystemRandom};
use shared::adapters::tokens::TokenVerifier;
use shared::domain::autopay::decision::Policy;
use shared::domain::caller::{ExpectedToken, Role};
use shared::domain::payroll_file::ROWS_PER_CHUNK;
use shared::domain::webhooks::address::AddressRule;
use shared::http::conventions;
use shared::operations::system::Clients;
use shared::operations::{Settings, System};
use shared::ports::clock::Clock;
use shared::ports::random::Random;
use shared::ports::secrets::{SecretName, SecretText};
use shared::ports::table::Table;
use simulators::shell::{ColumnServer, PlaidServer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::embedded_dynamodb::EmbeddedDynamodb;
use crate::error::LocalError;
use crate::folder::Folder;
use overdue::Overdue;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Whom development tokens are for.
const AUDIENCE: &str = "clearway-local";

const COLUMN_API_KEY: &str = "test_local";
const PLAID_CLIENT_ID: &str = "local";
const PLAID_SECRET: &str = "local";

/// A banking day of hold on top of the bank's own two; the same as a deployment's default.
pub const HOLD_BANKING_DAYS: u32 = 2;

/// Six times what a run may take, as deployed; a killed process's messages are gone with it anyway.
const VISIBILITY: Duration = Duration::from_secs(330);
const RECEIVES_MAX: u32 = 5;
/// Nobody else takes what a run has claimed while the run may still be at it.
const LEASE: Duration = Duration::from_secs(70);

/// Which table stands behind the port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Store {
    #[default]
    Dynamodb,
    Memory,
}

#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// Keeps table, objects and the simulated bank. Without one a run starts empty.
    pub data: Option<PathBuf>,
    pub store: Store,
    /// Institutions that the simulated Plaid does not know.
    pub unknown_institutions: BTreeSet<String>,
    /// 0 takes any free port.
    pub port: u16,
    /// None is the loopback. Another one lets containers in, and whoever else reaches it.
    pub address: Option<IpAddr>,
    /// Webhooks may go to this machine too, without TLS.
    pub webhooks_to_loopback: bool,
}

/// A running stack. It ends with this value.
#[derive(Debug)]
pub struct Stack {
    pub system: System,
    pub queue: Arc<MemoryQueue>,
    pub notices: Arc<RecordedNotices>,
    pub clock: Arc<MovableClock>,
    pub column: Arc<ColumnServer>,
    pub plaid: Arc<PlaidServer>,
    pub base_url: String,
    pub column_url: String,
    pub plaid_url: String,
    /// Payments that an earlier process was sending when it ended: they are sent again under their keys.
    pub taken_over: u64,
    issuer: LocalIssuer,
    overdue: Mutex<Overdue>,
    tasks: JoinSet<()>,
    _embedded: Option<EmbeddedDynamodb>,
    _folder: Folder,
}

impl Stack {
    pub async fn start(options: StackOptions) -> Result<Self, LocalError> {
        Self::start_in(Folder::open(options.data.as_deref())?, options).await
    }

    /// Starts in a folder that is held already, whatever folder the options name.
    pub async fn start_in(folder: Folder, options: StackOptions) -> Result<Self, LocalError> {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let clock = Arc::new(MovableClock::default());
        let column = bank::open(&clock, folder.kept(), COLUMN_API_KEY)?;
        // A kept bank has seen later times: business time goes on from there.
        let ahead = column.latest_time().duration_since(clock.business_now());
        clock.move_forward(Duration::try_from(ahead.max(SignedDuration::ZERO)).unwrap_or_default());

        let mut tasks = JoinSet::new();
        let address = options.address.unwrap_or(LOOPBACK);
        let (api, base_url) = listen(address, options.port).await?;
        // Beside a named port, so that functions which run elsewhere find them.
        let (column_listener, column_url) = listen(address, beside(options.port, 1)).await?;
        let (plaid_listener, plaid_url) = listen(address, beside(options.port, 2)).await?;
        let business: simulators::shell::Clock = {
            let clock = clock.clone();
            Arc::new(move || clock.business_now())
        };
        let plaid = Arc::new(PlaidServer::new(plaid_config(options.unknown_institutions), business));
        serve(&mut tasks, column_listener, column.router());
        serve(&mut tasks, plaid_listener, plaid.router());

        let embedded = match options.store {
            Store::Dynamodb => {
                let file = folder.kept().map(|folder| folder.join("table.sqlite"));
                Some(EmbeddedDynamodb::start(file.as_deref()).await.map_err(LocalError::start)?)
            }
            Store::Memory => None,
        };
        let table: Arc<dyn Table> = match &embedded {
            Some(embedded) => Arc::new(embedded.table()),
            None => Arc::new(MemoryTable::default()),
        };
        let queue = Arc::new(MemoryQueue::new(
            clock.clone(),
            QueueSettings { visibility: VISIBILITY, receives_max: RECEIVES_MAX },
        ));
        let transport = Arc::new(HttpTransport::new());
        let mut link_secret = [0; 32];
        random.fill(&mut link_secret);
        let links = LinkSigner::new(format!("{base_url}/objects"), link_secret, clock.clone());
        let objects = Arc::new(FolderObjects::new(folder.path().join("objects"), links, random.clone()));
        let registration = bank::register_webhook(&column, &format!("{base_url}/webhooks/column"), COLUMN_API_KEY)?;
        let secrets = secrets(&folder, &registration.secret, &*random)?;
        let settings = Settings {
            column_url: column_url.clone(),
            plaid_url: plaid_url.clone(),
            plaid_webhook_url: Some(format!("{base_url}/webhooks/plaid")),
            column_entity_id: registration.entity_id,
            bank_calls_per_second: 0,
            hold_banking_days: HOLD_BANKING_DAYS,
            lease: LEASE,
            uploader_may_approve: false,
            summary_bytes_in_request_max: 64 * 1024 * 1024,
            rows_per_chunk: ROWS_PER_CHUNK,
            report_rows_in_answer_max: 100_000,
            autopay: Policy::default(),
        };
        let notices = Arc::new(RecordedNotices::default());
        let called = if options.webhooks_to_loopback { AddressRule::LoopbackToo } else { AddressRule::PublicHttps };
        let system = System {
            table,
            queue: queue.clone(),
            objects: objects.clone(),
            clock: clock.clone(),
            random,
            secrets: Arc::new(CachedSecrets::new(secrets, clock.clone())),
            transport: transport.clone(),
            notices: notices.clone(),
            webhooks: Arc::new(HttpWebhookSender::new(called)),
            settings: Arc::new(settings),
            clients: Arc::new(Clients::default()),
        };
        let issuer = LocalIssuer::new(&format!("{base_url}/issuer"));
        let expected = ExpectedToken { issuer: issuer.url().to_owned(), audience: AUDIENCE.to_owned() };
        let verifier = Arc::new(TokenVerifier::new(expected, transport, clock.clone()));
        let router = Router::new()
            .merge(approve_batch::HTTP.routes(system.clone(), verifier.clone()))
            .merge(accounts::HTTP.routes(system.clone(), verifier.clone()))
            .merge(reports::HTTP.routes(system.clone(), verifier.clone()))
            .merge(operator::HTTP.routes(system.clone(), verifier.clone()))
            .merge(rent::HTTP.routes(system.clone(), verifier))
            .merge(column_webhook::routes(system.clone()))
            .merge(plaid_webhook::routes(system.clone()))
            .merge(api_page::router())
            .merge(objects_route::router(objects.clone()))
            .merge(aws_route::router(aws_route::Services {
                engine: embedded.as_ref().map(EmbeddedDynamodb::engine),
                queue: queue.clone(),
                objects,
                secrets: system.secrets.clone(),
            }))
            .merge(development_route(&issuer, &clock, registration.secret, plaid_url.clone()))
            .nest("/issuer", issuer.router());
        let router = conventions(router);
        serve(&mut tasks, api, router);
        // Before anybody works: whoever holds the folder is the only one who ever will.
        let taken_over = if folder.kept().is_some() { leases::end_all(&system).await? } else { 0 };
        workers::start(&mut tasks, &system, &queue);
        deliver(&mut tasks, &column, &plaid)?;
        Ok(Self {
            system,
            queue,
            notices,
            clock,
            column,
            plaid,
            base_url,
            column_url,
            plaid_url,
            taken_over,
            issuer,
            overdue: Mutex::default(),
            tasks,
            _embedded: embedded,
            _folder: folder,
        })
    }

    /// A development token for one of the two persons that payroll needs.
    pub fn token(&self, subject: &str, roles: &[Role]) -> String {
        mint(&self.issuer, subject, roles)
    }

    pub fn uploader_token(&self) -> String {
        uploader_token(&self.issuer)
    }

    pub fn approver_token(&self) -> String {
        approver_token(&self.issuer)
    }

    pub fn operator_token(&self) -> String {
        operator_token(&self.issuer)
    }

    pub fn person_token(&self) -> String {
        person_token(&self.issuer, "person@local")
    }

    /// Waits until a task of the stack ends, which none does by itself.
    pub async fn run_forever(&mut self) {
        self.tasks.join_next().await;
    }
}

fn mint(issuer: &LocalIssuer, subject: &str, roles: &[Role]) -> String {
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    issuer.mint(&Grant {
        subject,
        roles: &roles,
        audience: AUDIENCE,
        issued_at: SystemClock.elapsed_now().as_second(),
        lifetime_seconds: 24 * 3600,
    })
}

fn uploader_token(issuer: &LocalIssuer) -> String {
    mint(issuer, "uploader@local", &[Role::PayrollUpload, Role::ReportsRead])
}

/// Who confirms what the approver proposes as an operator.
fn operator_token(issuer: &LocalIssuer) -> String {
    mint(issuer, "operator@local", &[Role::Operate])
}

fn person_token(issuer: &LocalIssuer, subject: &str) -> String {
    mint(issuer, subject, &[Role::Person])
}

fn approver_token(issuer: &LocalIssuer) -> String {
    mint(issuer, "approver@local", &[Role::PayrollApprove, Role::ReportsRead, Role::Operate])
}

fn development_route(
    issuer: &LocalIssuer,
    clock: &Arc<MovableClock>,
    webhook_secret: String,
    plaid_url: String,
) -> Router {
    let (issuer, clock) = (issuer.clone(), clock.clone());
    let roles = [Role::PayrollUpload, Role::PayrollApprove, Role::ReportsRead, Role::Operate, Role::Person];
    let roles = roles.map(|role| role.as_str());
    development::router(move || development::Credentials {
        token: issuer.mint(&Grant {
            subject: "sample@local",
            roles: &roles,
            audience: AUDIENCE,
            issued_at: clock.elapsed_now().as_second(),
            lifetime_seconds: 24 * 3600,
        }),
        webhook_secret: webhook_secret.clone(),
        plaid_url: plaid_url.clone(),
    })
}

/// A port so many after a named one; any free port where none is named.
const fn beside(port: u16, after: u16) -> u16 {
    if port == 0 { 0 } else { port.saturating_add(after) }
}

fn plaid_config(unknown_institutions: BTreeSet<String>) -> simulators::plaid::Config {
    simulators::plaid::Config {
        client_id: PLAID_CLIENT_ID.to_owned(),
        secret: PLAID_SECRET.to_owned(),
        unknown_institutions,
        without_routing_numbers: BTreeSet::new(),
    }
}

/// The keys that seal a kept table are kept beside it: without them its account numbers cannot be read again.
fn secrets(folder: &Folder, webhook_secret: &str, random: &dyn Random) -> Result<FixedSecrets, LocalError> {
    let file = folder.path().join("development-keys.json");
    let keep = folder.kept().is_some();
    let kept = keep.then(|| std::fs::read_to_string(&file).ok()).flatten();
    let (ring, fingerprint): (String, String) = match kept {
        Some(text) => serde_json::from_str(&text)?,
        None => {
            let made = (
                fresh_key_ring("local", random).expose().to_owned(),
                fresh_fingerprint_key(random).expose().to_owned(),
            );
            if keep {
                std::fs::write(&file, serde_json::to_string(&made)?).map_err(|cause| LocalError::file(&file, cause))?;
            }
            made
        }
    };
    Ok(FixedSecrets::new([
        (SecretName::ColumnApiKey, SecretText::new(COLUMN_API_KEY)),
        (SecretName::ColumnWebhookSecrets, SecretText::new(serde_json::to_string(&[webhook_secret])?)),
        (SecretName::PlaidClientId, SecretText::new(PLAID_CLIENT_ID)),
        (SecretName::PlaidSecret, SecretText::new(PLAID_SECRET)),
        (SecretName::SealingKeyRing, SecretText::new(ring)),
        (SecretName::FingerprintKey, SecretText::new(fingerprint)),
    ]))
}

async fn listen(at: IpAddr, port: u16) -> Result<(TcpListener, String), LocalError> {
    let wanted = SocketAddr::new(at, port);
    let listener = TcpListener::bind(wanted).await.map_err(|cause| LocalError::Listen { address: wanted, cause })?;
    let address = listener.local_addr().map_err(LocalError::start)?;
    Ok((listener, format!("http://{address}")))
}

/// Delivers the webhooks of both.
fn deliver(
    tasks: &mut JoinSet<()>,
    column: &Arc<ColumnServer>,
    plaid: &Arc<PlaidServer>,
) -> Result<(), reqwest::Error> {
    // Fails only if the process has chosen one already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let (column, of_column) = (column.clone(), http.clone());
    tasks.spawn(async move { column.deliver(&of_column).await });
    let plaid = plaid.clone();
    tasks.spawn(async move { plaid.deliver(&http).await });
    Ok(())
}

fn serve(tasks: &mut JoinSet<()>, listener: TcpListener, router: Router) {
    tasks.spawn(server::serve(listener, router));
}
