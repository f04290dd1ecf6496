//! Journeys that together reach every call of every function. What they lead to is proven elsewhere; here it matters what was asked for.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use journeys::api::{APPROVES, Api, OPERATES, OPERATES_TOO, Sent, UPLOADS};
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use journeys::recording::Invocation;
use serde_json::{Value, json};
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, PaymentId};
use shared::domain::leg::{Attention, AttentionReason};
use shared::domain::task::Task;
use shared::operations::{Settings, fund, upload};
use shared::ports::queue::{Queue as _, QueueName};
use shared::ports::table::{Attributes, Change, Condition, Key, Page, Query, Table, TableError};
use shared::store::stored::{Stored, create, replace};
use simulators::column::{Control, NotificationOfChange};

pub(crate) async fn all() -> Vec<Invocation> {
    [
        people_upload_and_approve().await,
        people_look().await,
        people_change_their_minds().await,
        a_batch_is_retried_and_refunded().await,
        operators_look_after_sources_billers_and_attention().await,
        large_files_and_reports_are_the_workers().await,
        a_funding_comes_back_late().await,
        the_bank_corrects_accounts().await,
        an_event_comes_before_its_payment().await,
        operators_reconcile_and_correct().await,
        nobody_decides_and_messages_are_lost().await,
        tasks_are_given_up_and_dealt_with().await,
        a_service_does_not_say_what_was_in_the_way().await,
    ]
    .concat()
}

fn id_of(batch_id: &str) -> BatchId {
    batch_id.parse().unwrap()
}

fn other_payments(file: &PayrollFile) -> PayrollFile {
    file.changed(|rows| rows.iter_mut().for_each(|row| row.amount_cents += 1))
}

/// A story's journey, its people and what they ask for.
struct Story {
    journey: Journey,
    api: Api,
    records: Arc<journeys::recording::Records>,
}

impl Story {
    fn of(file: &PayrollFile) -> Self {
        Self::with(file, |settings| settings)
    }

    fn with(file: &PayrollFile, change: fn(Settings) -> Settings) -> Self {
        let mut journey = Journey::start(file);
        let settings = (*journey.system.settings).clone();
        let records = journey.record(change(settings));
        let api = Api::of(&journey);
        Self { journey, api, records }
    }

    /// Pays the file; answers the batch's id.
    async fn pay(&self, file: &PayrollFile) -> String {
        let batch_id = self.api.begin(file.bytes.clone()).await;
        assert_eq!(self.journey.finish(id_of(&batch_id)).await.state, BatchState::Completed);
        batch_id
    }

    /// Goes on until the bank has a debit.
    async fn until_pulled(&self) {
        while self.journey.bank.debits().is_empty() {
            assert!(self.journey.step().await);
        }
    }

    /// Writes an item past the functions.
    async fn overwrite<T: Stored>(&self, mut item: T) {
        self.journey.system.table.write(vec![replace(&mut item).unwrap()]).await.unwrap();
    }

    fn told(self) -> Vec<Invocation> {
        self.records.invocations()
    }
}

async fn people_upload_and_approve() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let (status, created) = api.create("once", file.bytes.len()).await;
    assert_eq!(status, StatusCode::CREATED, "{created}");
    assert_eq!(api.create("once", file.bytes.len()).await, (status, created.clone()));
    let empty = created["batch_id"].as_str().unwrap();
    let summary = format!("/batches/{empty}/summary");
    api.post(UPLOADS, &format!("/batches/{empty}/upload-link"), json!({"length": 10})).await;
    let (missing, _) = api.send(UPLOADS, Method::POST, &summary, Sent::Json(Value::Null)).await;
    assert_eq!(missing, StatusCode::CONFLICT);

    let rejected = api.upload(Bytes::from_static(b"<none/>")).await;
    let summary = format!("/batches/{rejected}/summary");
    for method in [Method::POST, Method::GET] {
        let (status, _) = api.send(UPLOADS, method, &summary, Sent::Nothing).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }

    let first = api.begin(file.bytes.clone()).await;
    api.get(UPLOADS, &format!("/batches/{first}/summary")).await;
    let same = api.upload(file.respelled().bytes).await;
    let summary = api.post(UPLOADS, &format!("/batches/{same}/summary"), Value::Null).await;
    assert_eq!(api.approve(&same, &summary).await, StatusCode::CONFLICT);
    journey.finish(id_of(&first)).await;
    story.told()
}

async fn people_look() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let payment =
        journey.payments(id_of(&batch_id)).await.into_iter().find(|payment| payment.leg.transfer_id.is_some());
    let payment = payment.unwrap();
    let (payment_id, funding_id) = (payment.id, payment.funding_id());
    let (employee, source) = (&file.rows[0].employee.employee_id, &payment.payer_id);
    for path in [
        "/batches".to_owned(),
        format!("/batches/{batch_id}"),
        format!("/batches/{batch_id}/reports/payments"),
        format!("/payments/{payment_id}"),
        format!("/payments/{payment_id}/history"),
        format!("/employees/{employee}/payments"),
        format!("/fundings/{funding_id}"),
        format!("/fundings/{funding_id}/history"),
        "/ledger/trial-balance".to_owned(),
        format!("/ledger/accounts/cash:{source}/postings"),
    ] {
        api.get(UPLOADS, &path).await;
    }
    api.get(OPERATES, "/audit?day=2026-03-02").await;
    story.told()
}

async fn people_change_their_minds() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let declined = api.upload(file.bytes.clone()).await;
    api.post(APPROVES, &format!("/batches/{declined}/decline"), Value::Null).await;
    let canceled = api.begin(file.bytes.clone()).await;
    api.post(APPROVES, &format!("/batches/{canceled}/cancel"), Value::Null).await;
    assert_eq!(journey.finish(id_of(&canceled)).await.state, BatchState::Canceled);
    story.told()
}

/// Of what comes back one payout may be tried again as it is, one only with corrected data.
async fn a_batch_is_retried_and_refunded() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(8));
    let mut story = Story::of(&file);
    story.journey.bank.return_payouts(&["R18", "R03"]);
    let batch_id = story.pay(&file).await;
    story.journey.let_days_pass(4).await;
    let path = |command: &str| format!("/batches/{batch_id}/{command}");
    // The message that would send the refund is lost: the timer finds it.
    story.journey.delivery.lost = Some(|task| matches!(task, Task::Submit { .. }));
    let refunded = story.api.post(OPERATES, &path("refund"), Value::Null).await;
    let refund = refunded["refunds"][0]["payment_id"].as_str().unwrap();
    story.journey.work().await;
    story.journey.delivery.lost = None;
    while story.journey.step().await {}
    story.api.get(UPLOADS, &format!("/payments/{refund}")).await;
    story.api.post(OPERATES, &path("refund"), Value::Null).await;

    story.api.post(APPROVES, &path("retry"), Value::Null).await;
    assert_eq!(story.journey.finish(id_of(&batch_id)).await.rounds, 2);
    story.told()
}

async fn operators_look_after_sources_billers_and_attention() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let how = json!({"how": "ach", "routing_number": "021000021", "account_type": "loan", "entry_class": "PPD",
        "entry_description": "LOAN PMT"});
    api.expect(OPERATES, Method::PUT, "/billers/ins_9", Sent::Json(how.clone())).await;
    api.post(OPERATES_TOO, "/billers/ins_9/confirm", how).await;
    let there = json!({"routing_number": "021000021", "name": "Example Card Services"});
    api.expect(OPERATES, Method::PUT, "/billers/ins_9/remittance/institution-address", Sent::Json(there)).await;
    let batch_id = story.pay(&file).await;
    let sources = api.get(OPERATES, "/sources").await;
    api.post(OPERATES, "/sources/pause", Value::Null).await;
    api.post(OPERATES, "/sources/resume", Value::Null).await;
    let source_id = sources["items"][0]["source_id"].as_str().unwrap();
    for command in ["pause", "resume"] {
        api.post(OPERATES, &format!("/sources/{source_id}/{command}"), Value::Null).await;
    }

    let (attention, note) = (AttentionReason::KeepsFailing, json!({"note": "looked at"}));
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(0);
    payment.leg.raise(attention, journey.now());
    let payment_id = payment.id;
    story.overwrite(payment).await;
    let mut batch = upload::load(&journey.system, id_of(&batch_id)).await.unwrap();
    let mut funding = fund::all_fundings(&journey.system, &batch).await.unwrap().remove(0);
    funding.leg.raise(attention, journey.now());
    let funding_id = funding.id;
    story.overwrite(funding).await;
    batch.attention = Some(Attention { reason: attention, since: journey.now() });
    story.overwrite(batch).await;
    for item in [format!("/payments/{payment_id}"), format!("/fundings/{funding_id}"), format!("/batches/{batch_id}")] {
        api.post(OPERATES, &format!("{item}/attention/clear"), note.clone()).await;
    }
    story.told()
}

/// Everything is large: files are read and reports are written by the worker. The second file pays what the first has paid.
async fn large_files_and_reports_are_the_workers() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::with(&file, |settings| Settings {
        summary_bytes_in_request_max: 0,
        report_rows_in_answer_max: 0,
        ..settings
    });
    let (api, journey) = (&story.api, &story.journey);
    let overlapping = file.changed(|rows| rows.truncate(10));
    for (file, format) in [(&file, "text/csv"), (&overlapping, "application/json")] {
        let batch_id = api.upload(file.bytes.clone()).await;
        let path = format!("/batches/{batch_id}/summary");
        api.post(UPLOADS, &path, Value::Null).await;
        journey.work().await;
        let summary = api.get(UPLOADS, &path).await;
        assert_eq!(api.approve(&batch_id, &summary).await, StatusCode::ACCEPTED);
        journey.finish(id_of(&batch_id)).await;
        assert_eq!(api.large_report(&batch_id, format).await["state"], "preparing");
        journey.work().await;
        assert_eq!(api.large_report(&batch_id, format).await["state"], "ready");
    }
    let rejected = api.upload(Bytes::from_static(b"<none/>")).await;
    api.post(UPLOADS, &format!("/batches/{rejected}/summary"), Value::Null).await;
    journey.work().await;
    assert_eq!(journey.batch(id_of(&rejected)).await.state, BatchState::Rejected);
    story.told()
}

/// Its source is paused, so that all of the money is still there when the debit comes back.
async fn a_funding_comes_back_late() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(6));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = api.begin(file.bytes.clone()).await;
    story.until_pulled().await;
    api.post(OPERATES, "/sources/pause", Value::Null).await;
    journey.let_days_pass(5).await;
    journey.bank.return_now(&journey.bank.debits().remove(0).id, "R10");
    assert_eq!(journey.finish(id_of(&batch_id)).await.state, BatchState::Completed);
    story.told()
}

async fn the_bank_corrects_accounts() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(6));
    let story = Story::of(&file);
    let journey = &story.journey;
    story.pay(&file).await;
    for transfer in [journey.bank.payouts().remove(0), journey.bank.debits().remove(0)] {
        let change = NotificationOfChange {
            change_code: "C01".to_owned(),
            account_number: "000777000".to_owned(),
            ..NotificationOfChange::default()
        };
        journey.bank.control(Control::NotificationOfChange { transfer_id: transfer.id, change });
        journey.settle_now().await;
    }
    story.pay(&other_payments(&file)).await;
    story.told()
}

/// A payment is not there when its settlement comes; the event waits until it is.
async fn an_event_comes_before_its_payment() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let journey = &story.journey;
    let batch_id = id_of(&story.api.begin(file.bytes.clone()).await);
    while journey.bank.payouts().len() < 4 {
        assert!(journey.step().await);
    }
    let payment = journey.payments(batch_id).await.remove(0);
    let table = &journey.system.table;
    table.write(vec![Change::Delete { key: payment.key(), condition: Condition::Always }]).await.unwrap();
    let settled = journey.bank.column.next_due().unwrap();
    journey.go_on_to(settled + SignedDuration::from_hours(1)).await;
    table.write(vec![create(&payment).unwrap()]).await.unwrap();
    journey.finish(batch_id).await;
    story.told()
}

/// A payment names another transfer than the bank has: the daily reconciliation stops its source. Then its debit comes back, and the
/// source repays.
async fn operators_reconcile_and_correct() -> Vec<Invocation> {
    let file = PayrollFile::generated(&one_source(4));
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let batch_id = story.pay(&file).await;
    let mut payment = journey.payments(id_of(&batch_id)).await.remove(0);
    let source_id = payment.payer_id.clone();
    payment.leg.transfer_id = Some("acht_another".to_owned());
    story.overwrite(payment).await;
    for _ in 0..36 {
        journey.go_on_to(journey.now() + SignedDuration::from_hours(1)).await;
    }
    assert_eq!(api.get(OPERATES, "/health").await["health"], "differences");

    let range = json!({"from": "2026-03-02", "to": "2026-03-08"});
    let begun = api.post_under("once", OPERATES, "/reconciliations", range.clone()).await;
    assert_eq!(api.post_under("once", OPERATES, "/reconciliations", range).await, begun);
    journey.settle_now().await;
    let path = format!("/reconciliations/{}", begun["reconciliation_id"].as_str().unwrap());
    assert_eq!(api.get(OPERATES, "/reconciliations").await["items"][0], api.get(OPERATES, &path).await);
    assert_eq!(api.get(OPERATES, &format!("{path}/items")).await["items"][0]["verdict"], "duplicate");

    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;
    let owed = shared::domain::money::Cents::new(debit.cents).to_string();
    let terms = json!({"payer_id": source_id, "debit": "cash", "credit": "receivable", "amount": owed,
        "reason": "repaid by wire", "about": debit.item()});
    let proposed = api.post(OPERATES, "/ledger/corrections", terms.clone()).await;
    let path = format!("/ledger/corrections/{}", proposed["correction_id"].as_str().unwrap());
    api.get(OPERATES, &path).await;
    assert_eq!(api.post(OPERATES_TOO, &format!("{path}/confirm"), terms).await["confirmed_by"], OPERATES_TOO.0);
    story.told()
}

async fn nobody_decides_and_messages_are_lost() -> Vec<Invocation> {
    let file = PayrollFile::of(12);
    let story = Story::of(&file);
    let (api, journey) = (&story.api, &story.journey);
    let forgotten = api.upload(file.bytes.clone()).await;
    journey.let_days_pass(8).await;
    assert_eq!(journey.batch(id_of(&forgotten)).await.state, BatchState::Expired);

    let mut journey = story.journey;
    let batch_id = story.api.begin(file.bytes.clone()).await;
    journey.delivery.lost = Some(|_| true);
    journey.work().await;
    journey.delivery.lost = None;
    journey.finish(id_of(&batch_id)).await;
    story.records.invocations()
}

/// Of each queue a task of something that is not there, and of the bulk queue what is no task.
async fn tasks_are_given_up_and_dealt_with() -> Vec<Invocation> {
    let story = Story::of(&PayrollFile::of(4));
    let (api, journey) = (&story.api, &story.journey);
    let missing = "pay_00000000000000000000000000000007".parse::<PaymentId>().unwrap();
    for task in [Task::Submit { payment_id: missing }, Task::Advance { payment_id: missing }] {
        journey.queue.send(task.queue(), vec![task.to_body()]).await.unwrap();
    }
    journey.queue.send(QueueName::Bulk, vec!["no task".to_owned()]).await.unwrap();
    journey.let_queues_give_up().await;
    journey.settle_now().await;

    let reason = json!({"reason": "looked at"});
    let letters = api.get(OPERATES, "/dead-letters").await;
    let letters = letters["items"].as_array().unwrap().clone();
    let is_task = |letter: &&Value| letter["task"].is_object();
    let (task, stray) = (letters.iter().find(is_task).unwrap(), letters.iter().find(|l| !is_task(l)).unwrap());
    let path = |letter: &Value| format!("/dead-letters/{}", letter["dead_letter_id"].as_str().unwrap());
    api.get(OPERATES, &path(task)).await;
    api.post(OPERATES, &format!("{}/send-again", path(task)), reason.clone()).await;
    api.post(OPERATES, &format!("{}/discard", path(stray)), reason.clone()).await;
    let rest = api.post(OPERATES, "/dead-letters/send-again", reason).await;
    assert_eq!(rest["sent"], 1);
    api.get(OPERATES, &format!("/audit?subject={}", task["dead_letter_id"].as_str().unwrap())).await;
    story.told()
}

/// Then a repeated request has to read what it met.
async fn a_service_does_not_say_what_was_in_the_way() -> Vec<Invocation> {
    let file = PayrollFile::of(4);
    let mut journey = Journey::start(&file);
    journey.wrap_table(|table| Arc::new(Silent(table)));
    let settings = (*journey.system.settings).clone();
    let records = journey.record(settings);
    let api = Api::of(&journey);
    let first = api.create("again", 10).await;
    assert_eq!(api.create("again", 10).await, first);
    let range = json!({"from": "2026-03-02"});
    let begun = api.post_under("again", OPERATES, "/reconciliations", range.clone()).await;
    assert_eq!(api.post_under("again", OPERATES, "/reconciliations", range).await, begun);
    records.invocations()
}

/// A table that refuses without naming the item that was in the way, as not every emulator does.
#[derive(Debug)]
pub(crate) struct Silent(pub(crate) Arc<dyn Table>);

#[async_trait]
impl Table for Silent {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, TableError> {
        self.0.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, TableError> {
        self.0.query(query).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<(), TableError> {
        match self.0.write(changes).await {
            Err(TableError::ConditionFailed { key, .. }) => Err(TableError::ConditionFailed { key, existing: None }),
            other => other,
        }
    }
}
