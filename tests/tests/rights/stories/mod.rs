//! Journeys that together reach every call of every function. What they lead to is proven elsewhere; here it matters what was asked for.

mod bank;
mod mappings;
mod operators;
mod people;
mod webhooks;

use std::sync::Arc;

use async_trait::async_trait;
use journeys::api::{Api, OPERATES};
use journeys::file::PayrollFile;
use journeys::journey::Journey;
use journeys::recording::Invocation;
use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::ids::BatchId;
use shared::operations::Settings;
use shared::ports::table::{Attributes, Change, Key, Page, Query, Table, TableError};
use shared::store::stored::{Stored, replace};

pub(crate) async fn all() -> Vec<Invocation> {
    [
        people::upload_and_approve().await,
        people::look().await,
        mappings::store_use_and_delete_one().await,
        people::change_their_minds().await,
        bank::a_batch_is_retried_and_refunded().await,
        operators::look_after_sources_billers_and_attention().await,
        people::large_files_and_reports_are_the_workers().await,
        bank::a_funding_comes_back_late().await,
        bank::the_bank_corrects_accounts().await,
        bank::an_event_comes_before_its_payment().await,
        operators::look_after_what_the_bank_says().await,
        operators::end_what_may_be_out().await,
        operators::reconcile_and_correct().await,
        operators::set_what_is_left_against_a_debt().await,
        people::nobody_decides_and_messages_are_lost().await,
        operators::tasks_are_given_up_and_dealt_with().await,
        webhooks::a_company_s_system_is_told().await,
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
        self.journey.until_pulled().await;
    }

    /// Writes an item past the functions.
    async fn overwrite<T: Stored>(&self, mut item: T) {
        self.journey.system.table.write(vec![replace(&mut item).unwrap()]).await.unwrap();
    }

    fn told(self) -> Vec<Invocation> {
        self.records.invocations()
    }
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
