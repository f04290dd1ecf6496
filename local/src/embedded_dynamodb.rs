//! A DynamoDB inside this process, reached with the real AWS SDK.
//!
//! It checks requests, expressions and limits as the service does, which the in-memory table only imitates. One engine runs one
//! request at a time. It lives in memory, or in one file that a later run opens again.

use std::path::Path;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Region, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::auth::AuthSchemeId;
use dynoxide::Database;
use shared::adapters::clients;
use shared::adapters::dynamodb::{DynamoTable, TableSetupError, create_table};
use shared::adapters::system::{SystemClock, SystemRandom};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::in_process::InProcess;

const NO_AUTH_SCHEME_ID: AuthSchemeId = AuthSchemeId::new("noAuth");

/// The table's name on a laptop.
pub const TABLE: &str = "clearway";

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The file cannot be opened: another process may hold it.
    #[error("the embedded DynamoDB cannot open its data: {0}")]
    Open(String),
    #[error("the embedded DynamoDB cannot listen on the loopback: {0}")]
    Listen(#[from] std::io::Error),
    #[error(transparent)]
    Table(#[from] TableSetupError),
}

/// A running engine. It ends with this value.
#[derive(Debug)]
pub struct EmbeddedDynamodb {
    client: Client,
    in_process: InProcess,
    endpoint: String,
    server: JoinHandle<()>,
}

impl EmbeddedDynamodb {
    /// Starts an engine that holds the empty or former table, in the given file or in memory.
    pub async fn start(file: Option<&Path>) -> Result<Self, EmbeddedError> {
        let database = match file {
            Some(path) => Database::new(&path.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| EmbeddedError::Open(error.to_string()))?;
        // Ends a mode that was never begun: what is left is SQLite's `synchronous = NORMAL`. A file then survives the end of the
        // process at any moment, and a write does not wait for the disk.
        database.disable_bulk_loading().map_err(|error| EmbeddedError::Open(error.to_string()))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        #[expect(clippy::disallowed_methods, reason = "the engine is a server of its own beside the handlers")]
        let server = tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
        let in_process = InProcess::new(database);
        let embedded = Self { client: client(&endpoint), in_process, endpoint, server };
        create_table(&embedded.client, TABLE).await?;
        Ok(embedded)
    }

    /// The laptop's table: the real SDK, with no network between it and the engine.
    pub fn table(&self) -> DynamoTable {
        let settings = self.client.config().to_builder().http_client(self.in_process.clone()).allow_no_auth();
        // Nobody checks a signature on this way.
        let settings = settings.auth_scheme_preference([NO_AUTH_SCHEME_ID]);
        DynamoTable::new(Client::from_conf(settings.build()), TABLE, Arc::new(SystemRandom), Arc::new(SystemClock))
    }

    /// The SDK's client of this engine, as it would speak to the service.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The engine itself.
    pub(crate) fn engine(&self) -> InProcess {
        self.in_process.clone()
    }

    /// Where the engine listens, for other tools.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for EmbeddedDynamodb {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn client(endpoint: &str) -> Client {
    // The engine looks at the form of a signature only.
    let anyone = Credentials::new("local", "local", None, None, "laptop");
    let config = clients::config(Some(endpoint)).into_builder();
    let config = config.region(Region::new("us-east-1")).credentials_provider(SharedCredentialsProvider::new(anyone));
    Client::new(&config.build())
}
