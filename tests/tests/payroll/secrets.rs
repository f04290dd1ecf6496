//! Account numbers, names, birthdays and phones stay where they belong.

use std::io::Write;
use std::sync::{Arc, Mutex};

use generator::GeneratedRow;
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use shared::ports::queue::QueueName;
use simulation::crash::CrashControl;
use simulators::column::CallFaultKind;
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

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn account_numbers(row: &GeneratedRow) -> Vec<&str> {
    vec![&row.source.account_number, &row.payee.loan_account_number]
}

fn personal(row: &GeneratedRow) -> Vec<&str> {
    let employee = &row.employee;
    vec![&employee.first_name, &employee.last_name, &employee.date_of_birth, &employee.phone_number]
}

fn finds(text: &str, secret: &str) -> bool {
    let boundary = |character: Option<char>| character.is_none_or(|character| !character.is_ascii_alphanumeric());
    text.match_indices(secret).any(|(start, found)| {
        boundary(text[..start].chars().next_back()) && boundary(text[start + found.len()..].chars().next())
    })
}

/// Pays a file while the bank refuses, errs and returns now and then: whatever can be logged is logged.
async fn eventful(file: &PayrollFile) -> Journey {
    let mut journey = Journey::start(file);
    journey.restart(CrashControl::unlimited());
    journey.bank.return_payouts(&["R03", "R02"]);
    journey.bank.fail_calls(CallFaultKind::ErrorBefore, "POST", "", 7);
    let batch_id = journey.begin(file).await;
    while journey.bank.debits().len() < file.contents.payable_by_source.len() {
        assert!(journey.step().await);
    }
    for code in ["routing_number_not_found", "limit_exceeded", "account_information_mismatch"] {
        journey.bank.refuse_transfers(code, 1);
    }
    journey.finish(batch_id).await;
    journey.let_days_pass(3).await;
    journey
}

#[tokio::test]
async fn no_log_line_holds_a_number_or_a_persons_data() {
    let file = PayrollFile::of(30);
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    eventful(&file).await;
    drop(guard);

    let text = log.text();
    assert!(text.contains("refused for good"), "the log is on");
    for row in &file.rows {
        for secret in account_numbers(row).into_iter().chain(personal(row)) {
            assert!(!finds(&text, secret), "the log shows {secret}");
            assert!(!finds(&text, &secret.to_uppercase()), "the log shows {secret} in capitals");
        }
    }
}

#[tokio::test]
async fn the_table_holds_no_account_number_birthday_or_phone_in_clear() {
    let file = PayrollFile::of(30);
    let journey = eventful(&file).await;
    let table: String = journey.dump().iter().map(|item| serde_json::to_string(item).unwrap()).collect();
    for row in &file.rows {
        let birthday = &row.employee.date_of_birth;
        for secret in account_numbers(row).into_iter().chain([birthday.as_str(), &row.employee.phone_number]) {
            assert!(!finds(&table, secret), "the table shows {secret}");
        }
    }
}

#[tokio::test]
async fn messages_hold_ids_only() {
    let file = PayrollFile::of(30);
    let journey = Journey::start(&file);
    journey.begin(&file).await;
    let mut bodies = Vec::new();
    for _ in 0..40 {
        for queue in [QueueName::Bulk, QueueName::Other] {
            // Looked at, and back in the queue by the time the worker comes.
            let received = journey.queue.receive(queue, 10);
            bodies.extend(received.into_iter().map(|message| message.body));
        }
        journey.clock.advance(std::time::Duration::from_secs(200));
        journey.step().await;
    }
    assert!(bodies.iter().any(|body| body.contains("import")), "{bodies:?}");
    let text = bodies.join("\n");
    for row in &file.rows {
        for secret in account_numbers(row).into_iter().chain(personal(row)) {
            assert!(!finds(&text, secret), "a message shows {secret}");
        }
    }
}
