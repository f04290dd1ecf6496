//! What stands outside of Clearway, alone: the simulated bank, the simulated Plaid and the token issuer, for a stack that runs elsewhere.
//!
//! Their clock is the system's; the bank's is moved through `/__control/set-clock`, Plaid's through `/__control/advance`. Nothing is kept.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use issuer::LocalIssuer;
use serde::Serialize;
use shared::adapters::system::SystemClock;
use shared::ports::clock::Clock as _;
use simulators::column::Config;
use simulators::shell::{Clock, ColumnServer, PlaidServer};
use tokio::task::JoinSet;

use super::{
    AUDIENCE, COLUMN_API_KEY, PLAID_CLIENT_ID, PLAID_SECRET, approver_token, bank, deliver, listen, operator_token,
    person_token, plaid_config, serve, uploader_token,
};
use crate::error::LocalError;

/// What a deployment has to know of them, secrets of this process included.
#[derive(Clone, Serialize)]
pub struct Description {
    pub column_url: String,
    pub column_api_key: &'static str,
    pub column_entity_id: String,
    pub plaid_url: String,
    pub plaid_client_id: &'static str,
    pub plaid_secret: &'static str,
    pub oidc_issuer: String,
    pub oidc_audience: &'static str,
    /// Good for a day.
    pub uploader_token: String,
    pub approver_token: String,
    pub operator_token: String,
    /// Two persons, who have nothing to do with each other.
    pub person_token: String,
    pub other_person_token: String,
}

impl std::fmt::Debug for Description {
    /// Keys and tokens are not printed.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Description").field("column_url", &self.column_url).finish_non_exhaustive()
    }
}

/// The running servers. They end with this value.
#[derive(Debug)]
pub struct Providers {
    pub description: Description,
    tasks: JoinSet<()>,
}

impl Providers {
    /// Serves them at free ports of the address `at`, by which whoever calls them has to reach this machine.
    pub async fn start(at: IpAddr, unknown_institutions: BTreeSet<String>) -> Result<Self, LocalError> {
        let clock: Clock = Arc::new(|| SystemClock.elapsed_now());
        let config =
            Config { api_key: COLUMN_API_KEY.to_owned(), seed: 1, root_entity_name: "Clearway Local".to_owned() };
        let column = Arc::new(ColumnServer::new(config, clock.clone()));
        let plaid = Arc::new(PlaidServer::new(plaid_config(unknown_institutions), clock));
        let (column_listener, column_url) = listen(at, 0).await?;
        let (plaid_listener, plaid_url) = listen(at, 0).await?;
        let (issuer_listener, issuer_url) = listen(at, 0).await?;
        let issuer = LocalIssuer::new(&issuer_url);
        let mut tasks = JoinSet::new();
        serve(&mut tasks, column_listener, column.router());
        serve(&mut tasks, plaid_listener, plaid.router());
        serve(&mut tasks, issuer_listener, issuer.router());
        deliver(&mut tasks, &column, &plaid)?;
        let description = Description {
            column_url,
            column_api_key: COLUMN_API_KEY,
            column_entity_id: bank::entity_id(&column, COLUMN_API_KEY)?,
            plaid_url,
            plaid_client_id: PLAID_CLIENT_ID,
            plaid_secret: PLAID_SECRET,
            oidc_issuer: issuer_url,
            oidc_audience: AUDIENCE,
            uploader_token: uploader_token(&issuer),
            approver_token: approver_token(&issuer),
            operator_token: operator_token(&issuer),
            person_token: person_token(&issuer, "person@local"),
            other_person_token: person_token(&issuer, "other@local"),
        };
        Ok(Self { description, tasks })
    }

    /// Waits until a server ends, which none does by itself.
    pub async fn run_forever(&mut self) {
        self.tasks.join_next().await;
    }
}
