//! What every deployed function is set up from: its environment variables, once per process.
//!
//! Guarantees: all functions read the same variables with the same meaning; a missing or unreadable one stops the start and is
//! named. No secret is in the environment: only the prefix of the secrets' names is.

mod api_gateway;
mod environment;
pub mod records;

use std::sync::Arc;

use shared::adapters::clients::{self, AwsClients};
use shared::adapters::dynamodb::DynamoTable;
use shared::adapters::http_transport::HttpTransport;
use shared::adapters::http_webhook_sender::HttpWebhookSender;
use shared::adapters::movable_clock::MovableClock;
use shared::adapters::s3::S3Objects;
use shared::adapters::secrets_aws::AwsSecrets;
use shared::adapters::secrets_cached::CachedSecrets;
use shared::adapters::sns_notices::SnsNotices;
use shared::adapters::sqs::SqsQueue;
use shared::adapters::system::{SystemClock, SystemRandom};
use shared::adapters::tokens::TokenVerifier;
use shared::domain::webhooks::address::AddressRule;
use shared::operations::System;
use shared::operations::system::Clients;
use shared::ports::clock::Clock;
use shared::store::metered::MeteredTable;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use api_gateway::{identified, serve, without_stage};
pub use environment::{Environment, EnvironmentError};

/// A function cannot start. Final until its template or the machine is corrected.
#[derive(Debug, thiserror::Error)]
pub enum WiringError {
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

/// The system over AWS, from the environment. Asks no service yet.
pub fn system() -> Result<System, WiringError> {
    let environment = Environment::from_process()?;
    let config = clients::config(environment.endpoint_url.as_deref());
    let aws = AwsClients::from_config(&config);
    let clock: Arc<dyn Clock> = match environment::business_time_ahead(environment::process_variable)? {
        None => Arc::new(SystemClock),
        Some(ahead) => Arc::new(MovableClock::ahead_by(ahead)),
    };
    let random = Arc::new(SystemRandom);
    let secrets = AwsSecrets::new(aws_sdk_secretsmanager::Client::new(&config), environment.secrets_prefix);
    let table = DynamoTable::new(aws.dynamodb, environment.table_name, random.clone(), clock.clone());
    Ok(System {
        table: Arc::new(MeteredTable::new(Arc::new(table))),
        queue: Arc::new(SqsQueue::new(aws.sqs, environment.queue_urls, clock.clone())),
        objects: Arc::new(S3Objects::new(aws.s3, environment.bucket_name)),
        secrets: Arc::new(CachedSecrets::new(secrets, clock.clone())),
        transport: Arc::new(HttpTransport::new()),
        // Nothing in a deployment's environment lets it call itself or its network.
        webhooks: Arc::new(HttpWebhookSender::new(AddressRule::PublicHttps)),
        notices: Arc::new(SnsNotices::new(aws.sns, environment.notices_topic_arn)),
        clock,
        random,
        settings: Arc::new(environment.settings),
        clients: Arc::new(Clients::default()),
    })
}

/// The verifier of callers' tokens, for functions that people call.
pub fn verifier(system: &System) -> Result<Arc<TokenVerifier>, WiringError> {
    let expected = environment::expected_token(environment::process_variable)?;
    Ok(Arc::new(TokenVerifier::new(expected, system.transport.clone(), system.clock.clone())))
}

/// The two dead-letter queues, for the function that takes their messages: of the bulk queue, and of the other.
pub fn dead_letter_queue_arns() -> Result<(String, String), WiringError> {
    Ok(environment::dead_letter_queue_arns(environment::process_variable)?)
}

/// Logs as JSON lines on standard output. `RUST_LOG` says how much, as levels by target: `info,shared=debug`; `info` where it is not set.
pub fn init_tracing() {
    let filter = environment::process_variable("RUST_LOG").and_then(|levels| levels.parse().ok());
    subscriber(filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO)), std::io::stdout).init();
}

/// What writes the log, onto any writer.
pub fn subscriber<W>(filter: Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let subscriber = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false);
    // Lambda stamps every line with its time.
    subscriber.with_max_level(LevelFilter::TRACE).without_time().with_writer(writer).finish().with(filter)
}
