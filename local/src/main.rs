//! `clearway`: the whole system on a laptop.

use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use local::ended::{Ended, STATUSES, WENT_WRONG};
use local::error::LocalError;
use local::payroll::PayrollOptions;
use local::terminal::stop::{Parting, Stop};
use local::terminal::text::wrapped_lines;
use local::terminal::{COLUMNS, say, unread};
use local::{autopay, doctor, event, generate, payroll, serve, simulate, simulators, template};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

// What is shipped has no fault that was put in on purpose.
const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);

/// The embedded DynamoDB and the SDK's JSON allocate a great deal.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long what still runs beside the command may take to notice its end.
const LAST_MOMENT: Duration = Duration::from_millis(200);

/// Moves payroll from a file to the bank: the handlers that run on Lambda, in one process, with simulated providers.
#[derive(Debug, Parser)]
#[command(name = "clearway", version, after_help = STATUSES, max_term_width = COLUMNS)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeOptions,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pay a payroll file from upload to reports; without FILE a generated one of 2,000 rows.
    #[command(after_help = STATUSES)]
    Payroll(PayrollOptions),
    /// Pay a card's bill from a webhook to a cashed check, as a readable timeline; --list explains every scenario.
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
    /// Check a deployed stack: parameters, secrets, webhooks, tokens, the bank; and say what to do next.
    #[command(after_help = doctor::STATUSES)]
    Doctor(doctor::DoctorOptions),
}

fn main() -> ExitCode {
    // Levels by target, as `info,shared=debug`; nothing where it is not set.
    let levels: Option<Targets> = std::env::var("CLEARWAY_LOG").ok().and_then(|levels| levels.parse().ok());
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(std::io::stderr).finish();
    log.with(levels.unwrap_or_default()).init();
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&LocalError::start(error)),
    };
    let ended = runtime.block_on(until_stopped(arguments));
    // A thread that computes may not hold the end up.
    runtime.shutdown_timeout(LAST_MOMENT);
    ended
}

/// Runs the command to its end, or until somebody stops it or reads no further.
async fn until_stopped(arguments: Arguments) -> ExitCode {
    let parting = parting(&arguments);
    let serves = parting.is_its_end;
    let stop = match Stop::listen(parting) {
        Ok(stop) => stop,
        Err(error) => return failed(&error),
    };
    tokio::select! {
        ended = run(arguments) => match ended {
            Ok(ended) => ExitCode::from(ended.status()),
            Err(error) => failed(&error),
        },
        status = stop.asked() => ExitCode::from(status),
        // Whoever is served need not be whoever reads what the server says.
        () = unread(), if !serves => ExitCode::from(WENT_WRONG),
    }
}

fn failed(error: &LocalError) -> ExitCode {
    if !matches!(error, LocalError::Unread) {
        say(&wrapped_lines("clearway: ", &error.to_string(), "  "));
    }
    ExitCode::from(error.status())
}

fn parting(arguments: &Arguments) -> Parting {
    match &arguments.command {
        Some(Command::Payroll(options)) => options.parting(),
        Some(Command::Generate(options)) => options.parting(),
        Some(Command::Simulate(_)) => {
            Parting { kept: "Seeds that broke a promise are told above.".to_owned(), ..Parting::default() }
        }
        Some(Command::Autopay(options)) => options.parting(),
        Some(Command::Simulators(_)) => Parting { is_its_end: true, ..Parting::default() },
        Some(Command::Template(_) | Command::Event(_) | Command::Doctor(_)) => Parting::default(),
        None => arguments.serve.parting(),
    }
}

async fn run(arguments: Arguments) -> Result<Ended, LocalError> {
    match arguments.command {
        Some(Command::Payroll(options)) => payroll::run(options).await,
        Some(Command::Autopay(options)) => autopay::run(&options).await,
        Some(Command::Simulate(options)) => beside(move || simulate::run(&options)).await,
        Some(Command::Generate(options)) => beside(move || generate::run(&options).map(|()| Ended::Done)).await,
        Some(Command::Template(options)) => template::run(&options).map(|()| Ended::Done),
        Some(Command::Simulators(options)) => simulators::run(options).await.map(|()| Ended::Done),
        Some(Command::Event(options)) => event::run(&options).await.map(|()| Ended::Done),
        Some(Command::Doctor(options)) => doctor::run(&options).await,
        None => serve::run(arguments.serve).await.map(|()| Ended::Done),
    }
}

/// Runs what computes beside what listens for an end.
async fn beside(compute: impl FnOnce() -> Result<Ended, LocalError> + Send + 'static) -> Result<Ended, LocalError> {
    tokio::task::spawn_blocking(compute).await.map_err(LocalError::start)?
}
