//! `clearway simulators`: the providers and the token issuer alone, for a stack that runs elsewhere (tests/stack uses it).

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use clap::Args;

use crate::error::LocalError;
use crate::stack::providers::{Description, Providers};
use crate::terminal::print_line;

#[derive(Clone, Debug, Args)]
pub struct SimulatorsOptions {
    /// An address of this machine by which the stack reaches it.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// An institution that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
    /// One JSON object on a line of standard output.
    #[arg(long)]
    pub json: bool,
}

/// Serves until it is stopped, after it has said where, and with which keys.
pub async fn run(options: SimulatorsOptions) -> Result<(), LocalError> {
    let unknown: BTreeSet<String> = options.unpayable.into_iter().collect();
    let started = Providers::start(options.listen, unknown).await;
    let mut providers = started
        .map_err(|error| if let LocalError::Start(cause) = error { LocalError::Simulators(cause) } else { error })?;
    let told = &providers.description;
    print_line(&if options.json { serde_json::to_string(told)? } else { readable(told) })?;
    providers.run_forever().await;
    Err(LocalError::Simulators("a server gave up".to_owned()))
}

fn readable(told: &Description) -> String {
    let lines = [
        format!("Simulated Column   {}", told.column_url),
        format!("  API key          {}", told.column_api_key),
        format!("  entity           {}", told.column_entity_id),
        format!("Simulated Plaid    {}", told.plaid_url),
        format!("  client id        {}", told.plaid_client_id),
        format!("  secret           {}", told.plaid_secret),
        format!("Token issuer       {}", told.oidc_issuer),
        format!("  audience         {}", told.oidc_audience),
        "What these are told under /__control moves their time and lets things go wrong.".to_owned(),
        "Tokens, good for a day:".to_owned(),
        format!("export UPLOADER={}", told.uploader_token),
        format!("export APPROVER={}", told.approver_token),
        format!("export OPERATOR={}", told.operator_token),
        format!("export PERSON={}", told.person_token),
        format!("export OTHER_PERSON={}", told.other_person_token),
        "They serve until Ctrl-C.".to_owned(),
    ];
    lines.join("\n")
}
