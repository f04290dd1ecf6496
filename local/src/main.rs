//! `clearway`: the whole system on a laptop.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use local::payroll::{Ended, PayrollOptions};
use local::{autopay, event, generate, payroll, serve, simulate, simulators, template};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

/// The embedded DynamoDB and the SDK's JSON allocate a great deal.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Moves payroll from a file to the bank: the handlers that run on Lambda, in one process, with simulated providers.
#[derive(Debug, Parser)]
#[command(name = "clearway", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pay a payroll file from upload to reports; without FILE the standard one of 50,000 rows.
    Payroll(PayrollOptions),
    /// Pay a card's bill from a webhook to a cashed check, as a readable timeline; --list names every scenario.
    Autopay(autopay::AutopayOptions),
    /// Play the whole system seed by seed, with messages lost, processes killed and banks failing, and audit what comes out.
    Simulate(simulate::SimulateOptions),
    /// Write a synthetic payroll file, and its manifest beside it.
    Generate(generate::GenerateOptions),
    /// Write an example of a payroll file to standard output: docs/file.md describes it.
    Template(template::TemplateOptions),
    /// Serve the simulated Column and Plaid and a token issuer alone, and print where, for a stack that runs elsewhere.
    Simulators(simulators::SimulatorsOptions),
    /// Write a sample event for a function to standard output, signed by the running stack; without NAME list them.
    Event(event::EventOptions),
}

#[tokio::main]
async fn main() -> ExitCode {
    // Levels by target, as `info,shared=debug`; nothing where it is not set.
    let levels: Option<Targets> = std::env::var("CLEARWAY_LOG").ok().and_then(|levels| levels.parse().ok());
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::stderr).finish();
    log.with(levels.unwrap_or_default()).init();
    let arguments = Arguments::parse();
    let ended = match arguments.command {
        Some(Command::Payroll(options)) => payroll::run(options).await,
        Some(Command::Autopay(options)) => autopay::run(&options).await.map(|()| Ended::Completed),
        Some(Command::Simulate(options)) => simulate::run(&options),
        Some(Command::Generate(options)) => generate::run(&options).map(|()| Ended::Completed),
        Some(Command::Template(options)) => template::run(&options).map(|()| Ended::Completed),
        Some(Command::Simulators(options)) => simulators::run(options).await.map(|()| Ended::Completed),
        Some(Command::Event(options)) => event::run(&options).await.map(|()| Ended::Completed),
        None => serve::run(arguments.serve).await.map(|()| Ended::Completed),
    };
    match ended {
        Ok(Ended::Completed) => ExitCode::SUCCESS,
        Ok(Ended::FileRefused) => ExitCode::from(2),
        Ok(Ended::Violated) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("clearway: {error}");
            ExitCode::FAILURE
        }
    }
}
