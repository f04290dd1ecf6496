//! A payroll from upload to reports, watched.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use generator::Options;
use journeys::api::{APPROVES, Api, OPERATES, UPLOADS};
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::ports::objects::Objects as _;
use shared::store::metered::MeteredTable;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// How often people look at a batch until it is paid, and each of the three reports then.
const LOOKS: u32 = 10;

/// What a payroll asked of AWS.
pub(crate) struct Payroll {
    pub(crate) payments: u64,
    pub(crate) invocations: Vec<Invocation>,
    pub(crate) log_lines: u64,
    pub(crate) log_bytes: u64,
}

/// Counts what is logged, as the functions log it.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl io::Write for Log {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.lines.fetch_add(text.iter().filter(|byte| **byte == b'\n').count() as u64, Ordering::Relaxed);
        self.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Pays a file of so many rows for the first time: every account is new to the bank.
pub(crate) async fn pay(payments: u64) -> Payroll {
    pay_and_tell(payments, &[]).await
}

/// The same, with an endpoint that takes events of these types, where there are any.
pub(crate) async fn pay_and_tell(payments: u64, event_types: &[&str]) -> Payroll {
    let file = PayrollFile::generated(&Options {
        rows: payments,
        employees: u32::try_from(payments).unwrap() / 5,
        dead_servicers: 0,
        ..Options::default()
    });
    let log = Log::default();
    let writer = log.clone();
    let _logging = tracing::subscriber::set_default(wiring::subscriber(
        Targets::new().with_default(LevelFilter::INFO),
        move || writer.clone(),
    ));
    let mut journey = Journey::start(&file);
    journey.bank.send_only(&registered_events());
    journey.keeps_rounds = true;
    journey.wrap_table(|table| Arc::new(MeteredTable::new(table)));
    let settings = (*journey.system.settings).clone();
    let records = journey.record(settings);
    let api = Api::of(&journey);
    if !event_types.is_empty() {
        let asked = json!({"url": "https://payroll.example.com/clearway", "event_types": event_types});
        api.post(OPERATES, "/webhook-endpoints", asked).await;
    }

    let (_, created) = api.create("payroll", file.bytes.len()).await;
    let batch_id = created["batch_id"].as_str().unwrap();
    let object = shared::operations::upload::upload_object(batch_id.parse().unwrap());
    journey.objects.put(&object, "application/xml", file.bytes.clone()).await.unwrap();
    let summary = api.post(UPLOADS, &format!("/batches/{batch_id}/summary"), Value::Null).await;
    api.get(APPROVES, &format!("/batches/{batch_id}/summary")).await;
    assert!(api.approve(batch_id, &summary).await.is_success());
    let batch = journey.finish(batch_id.parse().unwrap()).await;
    assert_eq!(batch.state, BatchState::Completed);
    if !event_types.is_empty() {
        journey.settle_now().await;
    }
    for _ in 0..LOOKS {
        let shown = api.get(APPROVES, &format!("/batches/{batch_id}")).await;
        assert_eq!(shown["payments"]["completed"], json!(payments));
    }
    for report in ["payments", "sources", "branches"] {
        api.get(UPLOADS, &format!("/batches/{batch_id}/reports/{report}")).await;
    }
    Payroll {
        payments,
        invocations: records.invocations(),
        log_lines: log.lines.load(Ordering::Relaxed),
        log_bytes: log.bytes.load(Ordering::Relaxed),
    }
}

/// The events that the page for integrators says to register.
fn registered_events() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/integrate.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, list) = page.split_once("\"enabled_events\": [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    list.split(',').map(|event| event.trim().trim_matches('"').to_owned()).collect()
}
