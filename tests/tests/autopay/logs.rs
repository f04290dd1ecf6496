//! Tokens, account numbers and balances stay out of the log, whatever happens.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use ::scenarios::simulation::Simulation;
use shared::domain::autopay::explain::money;
use shared::domain::money::Cents;
use shared::ports::table::Attributes;
use tracing::Dispatch;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that was logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Every balance and limit of the readings from 100.00 on, as it could be written.
fn figures(items: &[Attributes]) -> BTreeSet<String> {
    let mut figures = BTreeSet::new();
    for item in items {
        for name in ["balance", "limit", "available", "current", "statement_balance"] {
            let Some(amount) = item.get("reading").and_then(|reading| reading.get(name)?.as_str()) else { continue };
            let amount: Cents = amount.parse().unwrap();
            if amount.get() >= 10_000 {
                figures.extend([amount.to_string(), money(amount), amount.get().to_string()]);
            }
        }
    }
    figures
}

fn finds(text: &str, secret: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(start, found)| {
        !is_part(text[..start].chars().next_back()) && !is_part(text[start + found.len()..].chars().next())
    })
}

#[tokio::test]
async fn no_log_line_of_any_scenario_holds_a_token_an_account_number_or_a_balance() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    // With one subscriber alone a place in the code that another test reaches first counts as off for good.
    let _second = Dispatch::new(
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::sink).finish(),
    );
    let guard = tracing::subscriber::set_default(subscriber);
    let mut secrets = BTreeSet::new();
    for scenario in ::scenarios::all() {
        let mut simulation = Simulation::start().unwrap();
        // How it ends is the business of its own test.
        let _ = scenario.play_on(&mut simulation).await;
        secrets.extend(figures(&simulation.dump()));
    }
    drop(guard);

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("a webhook of Plaid"), "the log is on");
    for token in ["access-sandbox-", "public-sandbox-", "link-sandbox-", "Bearer ", "eyJ"] {
        assert!(!text.contains(token), "the log shows a token: {token}");
    }
    for number in ::scenarios::MADE_UP_NUMBERS {
        assert!(!text.contains(number), "the log shows an account number");
    }
    assert!(!secrets.is_empty(), "balances were read");
    for figure in secrets {
        assert!(!finds(&text, &figure), "the log shows a balance: {figure}");
    }
}
