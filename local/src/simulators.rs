//! `clearway simulators`: the providers and the token issuer alone, for a stack that runs elsewhere (tests/stack uses it).

use std::net::{IpAddr, Ipv4Addr};

use clap::Args;

use crate::error::LocalError;
use crate::stack::providers::Providers;

#[derive(Clone, Debug, Args)]
pub struct SimulatorsOptions {
    /// An address of this machine by which the stack reaches it.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// An institution that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
}

/// Serves until it is interrupted, after one line of JSON on standard output that says where, and with which keys.
pub async fn run(options: SimulatorsOptions) -> Result<(), LocalError> {
    let mut providers = Providers::start(options.listen, options.unpayable.into_iter().collect()).await?;
    print_line(&serde_json::to_string(&providers.description)?)?;
    tokio::select! {
        () = providers.run_forever() => Err(LocalError::Start("a simulator ended".to_owned())),
        stopped = tokio::signal::ctrl_c() => stopped.map_err(LocalError::start),
    }
}

fn print_line(line: &str) -> Result<(), LocalError> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(LocalError::start)
}
