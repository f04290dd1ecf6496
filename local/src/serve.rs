//! `clearway` without a command: serves the stack, and says how to use it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use shared::ports::clock::Clock as _;
use shared::ports::notices::Recipient;

use crate::error::LocalError;
use crate::stack::time::Moved;
use crate::stack::{Stack, StackOptions, Store};

#[derive(Clone, Debug, Args)]
pub struct ServeOptions {
    /// Keeps table, files and the simulated bank.
    #[arg(long)]
    pub data: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    pub store: Store,
    #[arg(long, default_value_t = 3000)]
    pub port: u16,
    /// Another address lets containers in, and whoever else reaches it: on Linux, Docker's is 172.17.0.1.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,
    /// An institution that the simulated Plaid does not know. Repeatable.
    #[arg(long, value_name = "ins_N")]
    pub unpayable: Vec<String>,
}

/// How long the stack waits before it looks again whether something is under way.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn run(options: ServeOptions) -> Result<(), LocalError> {
    let stack = Stack::start(StackOptions {
        data: options.data,
        store: options.store,
        unknown_institutions: options.unpayable.into_iter().collect(),
        port: options.port,
        address: Some(options.listen),
    })
    .await?;
    say_how(&stack);
    let mut told = 0;
    loop {
        tokio::select! {
            moved = stack.step() => {
                told += tell(&stack, told);
                if moved? == Moved::Nothing {
                    stack.clock.pause(LOOK_EVERY).await;
                }
            }
            stopped = tokio::signal::ctrl_c() => {
                return stopped.map_err(LocalError::start);
            }
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
        eprintln!("Notice {} to {to}: {}", notice.kind, notice.text);
    }
    new.len()
}

fn say_how(stack: &Stack) {
    let base = &stack.base_url;
    eprintln!("Clearway is served at {base}");
    eprintln!("  simulated Column {}  (control calls under /__control)", stack.column_url);
    eprintln!("  simulated Plaid  {}  (likewise)", stack.plaid_url);
    eprintln!(
        "Business time moves on by itself while a batch or a payment is under way. A check that was delivered waits until you"
    );
    eprintln!("cash it (the simulated Column's cash-check). Notices are printed here.\n");
    eprintln!("Two development tokens, good for a day:");
    eprintln!("export UPLOADER={}", stack.uploader_token());
    eprintln!("export APPROVER={}\n", stack.approver_token());
    eprintln!("# 1. a file, and a batch for it (small files may be posted directly; larger ones get a link)");
    eprintln!("clearway generate --out payroll.xml --rows 1000");
    eprintln!(
        "curl -s -H \"Authorization: Bearer $UPLOADER\" -H 'Content-Type: application/xml' --data-binary @payroll.xml {base}/batches"
    );
    eprintln!("export BATCH=bat_…   # from the answer");
    eprintln!("# 2. its summary");
    eprintln!("curl -s -X POST -H \"Authorization: Bearer $UPLOADER\" {base}/batches/$BATCH/summary");
    eprintln!("# 3. the approval, by a second person, naming what the summary says");
    eprintln!("curl -s -H \"Authorization: Bearer $APPROVER\" -H 'Content-Type: application/json' \\");
    eprintln!(
        "  -d '{{\"manifest_hash\":\"…\",\"total\":\"…\",\"accept_accounts\":[\"…\"],\"accept_overlaps\":[]}}' {base}/batches/$BATCH/approve"
    );
    eprintln!("# 4. how it goes");
    eprintln!("curl -s -H \"Authorization: Bearer $APPROVER\" {base}/batches/$BATCH");
    eprintln!("# 5. the reports and the books");
    eprintln!(
        "curl -s -H \"Authorization: Bearer $APPROVER\" -H 'Accept: text/csv' {base}/batches/$BATCH/reports/payments"
    );
    eprintln!("curl -s -H \"Authorization: Bearer $APPROVER\" {base}/ledger/trial-balance\n");
}
