//! `clearway` without a command: serves the stack, and says how to use it.

mod how;

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use shared::ports::clock::Clock as _;
use shared::ports::notices::Recipient;

use crate::error::LocalError;
use crate::stack::time::Moved;
use crate::stack::{Stack, StackOptions, Store};
use crate::terminal::say;
use crate::terminal::stop::Parting;
use crate::terminal::text::wrapped;

#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Keeps table, files and the simulated bank.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub store: Store,
    /// The simulated providers are at the two ports after it.
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// Another address lets containers in, and whoever else reaches it: on Linux, Docker's is 172.17.0.1.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// An institution that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
    /// Lets webhooks go to this machine too, without TLS: http://127.0.0.1:8080/webhooks.
    #[arg(long)]
    pub webhooks_to_loopback: bool,
}

/// How long the stack waits before it looks again whether something is under way.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl ServeOptions {
    /// What is left when it is stopped.
    pub fn parting(&self) -> Parting {
        let kept = match &self.data {
            Some(data) => format!("Everything is kept in {}: the same command goes on there.", data.display()),
            None => "Nothing was kept: --data DIR keeps everything.".to_owned(),
        };
        Parting { kept, is_its_end: true, ..Parting::default() }
    }
}

/// Serves until it is stopped.
pub async fn run(options: ServeOptions) -> Result<(), LocalError> {
    if options.data.is_some() && options.store == Store::Memory {
        let text = "--data keeps a table, which --store memory is not: leave one of them out";
        return Err(LocalError::Options(text.to_owned()));
    }
    let stack = Stack::start(StackOptions {
        data: options.data,
        store: options.store,
        unknown_institutions: options.unpayable.into_iter().collect(),
        port: options.port,
        address: Some(options.listen),
        webhooks_to_loopback: options.webhooks_to_loopback,
    })
    .await?;
    say(&how::words(&stack));
    let mut told = 0;
    loop {
        let moved = stack.step().await?;
        told += tell(&stack, told);
        if moved == Moved::Nothing {
            stack.clock.pause(LOOK_EVERY).await;
        }
    }
}

/// Prints the notices after the first so many; answers how many there were.
fn tell(stack: &Stack, after: usize) -> usize {
    let sent = stack.notices.sent();
    let new = sent.get(after..).unwrap_or_default();
    for notice in new {
        let to = match &notice.recipient {
            Recipient::Person { person_id } => person_id.as_str(),
            Recipient::Admins => "payroll's admins",
            Recipient::Operators => "operators",
        };
        say(&wrapped(&format!("Notice {} to {to}: ", notice.kind), &notice.text, "  "));
    }
    new.len()
}
