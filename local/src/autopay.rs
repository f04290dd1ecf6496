//! `clearway autopay`: a scenario of card autopay from the link to the cashed check, on simulated time.

use clap::Args;
use jiff::tz::TimeZone;
use scenarios::outcome::{AttentionTold, LedgerTold, NoticeTold};
use scenarios::{Outcome, Scenario};
use serde_json::json;

use crate::ended::Ended;
use crate::error::LocalError;
use crate::terminal::print_line;
use crate::terminal::stop::Parting;
use crate::terminal::text::{dollars, short_id, wrapped};

/// The zone in which banking days are counted.
static EASTERN: TimeZone = jiff::tz::get!("America/New_York");

/// As wide as a time, its zone and the space behind them.
const HANGING: &str = "                      ";

#[derive(Clone, Debug, Args)]
pub struct AutopayOptions {
    /// Which scenario to play.
    #[arg(long, value_name = "NAME", default_value = "happy-path", value_parser = known)]
    pub scenario: &'static Scenario,
    /// Explain every scenario, each in a sentence.
    #[arg(long, conflicts_with_all = ["json", "scenario"])]
    pub list: bool,
    /// One JSON object on standard output, whatever becomes of the scenario.
    #[arg(long)]
    pub json: bool,
    /// Print ids whole, which takes more than 80 columns.
    #[arg(long)]
    pub whole_ids: bool,
}

impl AutopayOptions {
    /// What is left when the command is stopped.
    pub fn parting(&self) -> Parting {
        let kept = "A scenario keeps nothing; it takes a second or two from its beginning.".to_owned();
        Parting { kept, as_json: self.json, ..Parting::default() }
    }
}

fn known(name: &str) -> Result<&'static Scenario, String> {
    scenarios::find(name).ok_or_else(|| "there is no such scenario; `clearway autopay --list` has them all".to_owned())
}

pub async fn run(options: &AutopayOptions) -> Result<Ended, LocalError> {
    if options.list {
        for scenario in scenarios::all() {
            print_line(&format!("{}\n{}", scenario.name, wrapped("    ", scenario.about, "    ")))?;
        }
        return Ok(Ended::Done);
    }
    let scenario = options.scenario;
    let failed = |cause| LocalError::Scenario { name: scenario.name, cause };
    let played = scenario.play().await.map_err(failed);
    if options.json {
        let object = match &played {
            Ok(outcome) => serde_json::to_string(outcome)?,
            Err(error) => {
                json!({ "scenario": scenario.name, "outcome": error.outcome(), "message": error.to_string() })
                    .to_string()
            }
        };
        print_line(&object)?;
        return played.map(|_| Ended::Done);
    }
    let text = told(&played?, options.whole_ids);
    print_line(&format!("{}\n{}\n\n{text}", scenario.name, wrapped("", scenario.about, "")))?;
    Ok(Ended::Done)
}

/// The outcome as a person reads it; times are those of New York, where the banks' days are counted.
fn told(outcome: &Outcome, whole_ids: bool) -> String {
    let id_of = |id: &str| if whole_ids { id.to_owned() } else { short_id(id) };
    let mut lines = Vec::new();
    for entry in &outcome.timeline {
        let at = entry.at.to_zoned(EASTERN.clone());
        let head = format!("{}  ", at.strftime("%a %b %e %H:%M %Z"));
        lines.push(wrapped(&head, &format!("{} [{}]", entry.what, id_of(&entry.id)), HANGING));
    }
    lines.push(String::new());
    lines.extend(ends(outcome));
    for NoticeTold { to, kind, text } in &outcome.notices {
        lines.push(wrapped(&format!("Notice {kind} to {}: ", id_of(to)), text, "  "));
    }
    for AttentionTold { id, reason } in &outcome.attention {
        lines.push(wrapped(&format!("Attention {}: ", id_of(id)), reason, "  "));
    }
    let LedgerTold { debits, credits, receivable } = outcome.ledger;
    let (debits, credits, owed) = (dollars(debits), dollars(credits), dollars(receivable));
    lines.push(format!("Ledger: debits {debits}, credits {credits}, owed to us {owed}"));
    lines.join("\n")
}

/// How payment, funding and check ended.
fn ends(outcome: &Outcome) -> Vec<String> {
    let payment = outcome.payment.as_ref().map(|payment| {
        let why = payment.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("Payment of {}: {}{why}", dollars(payment.amount), payment.state)
    });
    let funding = outcome.funding.as_ref().map(|funding| {
        let code = funding.return_code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
        format!("Funding: {}{code}", funding.state)
    });
    let check = outcome.check.as_ref().map(|check| {
        let word = |known: &Option<String>| known.clone().unwrap_or_else(|| "unknown".to_owned());
        format!("Check: {}, letter {}", word(&check.status), word(&check.delivery_status))
    });
    [payment, funding, check].into_iter().flatten().collect()
}
