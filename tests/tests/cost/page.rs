//! The page for operators shows what large payrolls cost and how long they take, from the counted figures. `CLEARWAY_UPDATE=1` writes it.

use std::path::Path;

use journeys::recording::{Call, Function};

use crate::bill::{Deployment, bill, write_units};
use crate::{THOUSAND, THOUSAND_PAID, TWO_THOUSAND_PAID, dollars, total};

const BEGINS: &str =
    "<!-- The figures below are written by a test: CLEARWAY_UPDATE=1 cargo test -p journeys --test cost -->\n";
const ENDS: &str = "<!-- End of the figures. -->\n";

const PAYMENTS: [u64; 3] = [1_000, 50_000, 1_000_000];
const CALLS_PER_SECOND: [u64; 3] = [10, 100, 1_000];

/// What a new on-demand table takes at once.
const NEW_TABLE_WRITE_UNITS_PER_SECOND: u64 = 4_000;

/// Write units of a payment while it is sent: claim, answer, what the bank calls its account.
fn write_units_while_sent() -> u64 {
    let sends = |call: &Call| matches!(call, Call::Provider);
    let further = |count: fn(&Call) -> u64| {
        let of = |payroll: &crate::payroll::Payroll| {
            let runs = payroll.invocations.iter().filter(|run| run.function == Function::PaymentWorker);
            runs.filter(|run| run.calls.iter().any(sends)).flat_map(|run| &run.calls).map(count).sum::<u64>()
        };
        of(&TWO_THOUSAND_PAID) - of(&THOUSAND_PAID)
    };
    further(write_units).div_ceil(further(|call| u64::from(matches!(call, Call::Provider))))
}

/// Write units of a payment while it is imported.
fn write_units_while_imported() -> u64 {
    let puts = |call: &&Call| {
        matches!(call, Call::Write { items, is_transaction: false, .. }
            if items[0].key.sk.starts_with("PAYMENT#") && items[0].index_writes > 0)
    };
    let of = |payroll: &crate::payroll::Payroll| -> u64 {
        payroll.invocations.iter().flat_map(|run| &run.calls).filter(puts).map(write_units).sum()
    };
    (of(&TWO_THOUSAND_PAID) - of(&THOUSAND_PAID)).div_ceil(THOUSAND)
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3_600)),
    }
}

/// With commas between the thousands.
fn grouped(number: u64) -> String {
    match number / 1_000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", grouped(thousands), number % 1_000),
    }
}

fn figures() -> String {
    let deployment = Deployment::read();
    let first = total(&bill(&deployment, &THOUSAND_PAID));
    let further = total(&bill(&deployment, &TWO_THOUSAND_PAID)) - first;
    let per_copy = deployment.parameter("BankCallsPerSecond");
    let (sent, imported) = (write_units_while_sent(), write_units_while_imported());
    let webhooks = deployment.parameter("WebhookRequestsPerSecond");
    let table = NEW_TABLE_WRITE_UNITS_PER_SECOND;

    let mut page = String::from("| payments | list price, dollars | import, new table |");
    for rate in CALLS_PER_SECOND {
        page += &format!(" sent at {} calls/s |", grouped(rate));
    }
    page += " settled, webhooks |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for payments in PAYMENTS {
        let cost = first + (payments / THOUSAND - 1) * further;
        let cents = cost.div_ceil(10_000);
        page += &format!(
            "| {} | {}.{:02} | {} |",
            grouped(payments),
            cents / 100,
            cents % 100,
            duration((payments * imported).div_ceil(table))
        );
        for rate in CALLS_PER_SECOND {
            page += &format!(" {} |", duration(payments.div_ceil(rate)));
        }
        page += &format!(" {} |\n", duration(payments.div_ceil(webhooks)));
    }
    let [few, many, most] = CALLS_PER_SECOND.map(|rate| rate / per_copy);
    page += &format!("\nThe first thousand cost {} dollars, each further one {}.\n", dollars(first), dollars(further));
    page += &format!(
        "A month of hourly polls of the bank's events costs {} dollars.\n",
        dollars(crate::month_of_polls(&deployment))
    );
    page += &format!(
        "A payment takes {imported} write units while it is imported and {sent} while it is sent. A new table takes\n"
    );
    page += &format!(
        "{} a second: {} rows imported, or {} payments sent.\n",
        grouped(table),
        grouped(table / imported),
        table / sent
    );
    page += &format!(
        "At these rates of calls {few}, {many} and {most} copies of the worker run, each making {per_copy} calls a second.\n"
    );
    page
}

#[test]
fn the_page_for_operators_shows_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operate.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGINS).unwrap();
    let (shown, after) = rest.split_once(ENDS).unwrap();
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGINS}{}{ENDS}{after}", figures())).unwrap();
        return;
    }
    assert_eq!(shown, figures(), "write the page anew: CLEARWAY_UPDATE=1 cargo test -p journeys --test cost");
}
