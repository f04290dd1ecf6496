//! `clearway autopay`: a scenario of card autopay from the link to the cashed check, on simulated time.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::Args;
use jiff::tz::TimeZone;
use scenarios::Outcome;
use scenarios::outcome::{AttentionTold, LedgerTold, NoticeTold};
use shared::domain::autopay::explain::money;

use crate::error::LocalError;

/// The zone in which banking days are counted.
static EASTERN: TimeZone = jiff::tz::get!("America/New_York");

#[derive(Clone, Debug, Args)]
pub struct AutopayOptions {
    /// Which scenario to play.
    #[arg(long, value_name = "NAME", default_value = "happy-path")]
    pub scenario: String,
    /// Name every scenario, one a line.
    #[arg(long, conflicts_with_all = ["json", "scenario"])]
    pub list: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

pub async fn run(options: &AutopayOptions) -> Result<(), LocalError> {
    if options.list {
        let names: Vec<&str> = scenarios::all().map(|scenario| scenario.name).collect();
        return print_line(&names.join("\n"));
    }
    let scenario =
        scenarios::find(&options.scenario).ok_or_else(|| LocalError::NoSuchScenario(options.scenario.clone()))?;
    let failed = |cause| LocalError::Scenario { name: scenario.name, cause };
    let outcome = scenario.play().await.map_err(failed)?;
    if options.json {
        return print_line(&serde_json::to_string(&outcome)?);
    }
    print_line(&format!("{}\n{}\n\n{}", scenario.name, scenario.about, told(&outcome)))
}

/// The outcome as a person reads it; times are those of New York, where the banks' days are counted.
fn told(outcome: &Outcome) -> String {
    let mut text = String::new();
    for entry in &outcome.timeline {
        let at = EASTERN.to_datetime(entry.at).strftime("%a %b %e %H:%M").to_string();
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{at}  {}  [{}]", entry.what, entry.id);
    }
    let _ = writeln!(text);
    if let Some(payment) = &outcome.payment {
        let why = payment.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let _ = writeln!(text, "Payment of {}: {}{why}", money(payment.amount), payment.state);
    }
    if let Some(funding) = &outcome.funding {
        let code = funding.return_code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
        let _ = writeln!(text, "Funding: {}{code}", funding.state);
    }
    if let Some(check) = &outcome.check {
        let word = |known: &Option<String>| known.clone().unwrap_or_else(|| "unknown".to_owned());
        let _ = writeln!(text, "Check: {}, letter {}", word(&check.status), word(&check.delivery_status));
    }
    for NoticeTold { to, kind, text: words } in &outcome.notices {
        let _ = writeln!(text, "Notice {kind} to {to}: {words}");
    }
    for AttentionTold { id, reason } in &outcome.attention {
        let _ = writeln!(text, "Attention {id}: {reason}");
    }
    let LedgerTold { debits, credits, receivable } = outcome.ledger;
    let _ =
        write!(text, "Ledger: debits {}, credits {}, receivable {}", money(debits), money(credits), money(receivable));
    text
}

pub(crate) fn print_line(text: &str) -> Result<(), LocalError> {
    let failed = |cause| LocalError::File { path: "standard output".to_owned(), cause };
    writeln!(std::io::stdout().lock(), "{text}").map_err(failed)
}
