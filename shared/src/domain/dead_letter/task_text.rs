//! What a task is about, in plain words.

use crate::domain::autopay::notice::Recipient;
use crate::domain::ids::ItemId;
use crate::domain::task::{ReportFormat, ReportKind, Task};

/// What the task was to do, to whom or what.
pub fn task_text(task: &Task) -> String {
    match task {
        Task::Summarize { batch_id } => format!("read the file of batch {batch_id} and make its summary"),
        Task::Import { batch_id, chunk } => format!("record the rows of chunk {chunk} of batch {batch_id}"),
        Task::FinishImport { batch_id } => {
            format!("count the recorded chunks of batch {batch_id} and go on to funding")
        }
        Task::Fund { batch_id, source_id, round } => {
            format!("pull the money of source {source_id} for batch {batch_id}, round {round}")
        }
        Task::ReviewFundings { batch_id, funding_ids } => {
            format!("look after {} due fundings of batch {batch_id}", funding_ids.len())
        }
        Task::Release { batch_id, shard } => format!("release the payments of batch {batch_id}, shard {shard}"),
        Task::Submit { payment_id } => format!("send payment {payment_id} to the bank"),
        Task::Advance { payment_id } => format!("do what is next for payment {payment_id} or its funding"),
        Task::FollowUp { item_id: ItemId::Payment(id) } => format!("ask the bank how payment {id} stands"),
        Task::FollowUp { item_id: ItemId::Funding(id) } => format!("ask the bank how funding {id} stands"),
        Task::Sweep { batch_id } => format!("look what is open in batch {batch_id}, and complete it"),
        Task::PlanRetry { batch_id } => format!("make the plan of a retry of batch {batch_id}"),
        Task::Retry { batch_id, shard } => format!("open the payments of a retry of batch {batch_id}, shard {shard}"),
        Task::MatchBankEvent { event_id } => format!("find what the bank's event {event_id} is about"),
        Task::SettleOutcome { item_id } => format!("carry out what operators said of {item_id}"),
        Task::TakeWord { item_id, word_id } => format!("apply the bank's word {word_id} about {item_id}"),
        Task::PollEvents => "look in the bank's list for events that no webhook brought".to_owned(),
        Task::CloseBooks => "close the next day of the books".to_owned(),
        Task::BeginReconciliation => "begin the daily reconciliation".to_owned(),
        Task::Reconcile { reconciliation_id, payer_id: Some(payer_id) } => {
            format!("compare payer {payer_id} for reconciliation {reconciliation_id}")
        }
        Task::Reconcile { reconciliation_id, payer_id: None } => {
            format!("find the payers of reconciliation {reconciliation_id}, or see whether all are compared")
        }
        Task::ProcessPlaidWebhook { event_id } => format!("do what the webhook {event_id} of Plaid asks for"),
        Task::ReadItem { item_id } => format!("read item {item_id} at Plaid"),
        Task::Review { card_id } => format!("decide whether {card_id} is paid"),
        Task::Notify { recipient, occasion } => {
            format!("hand the notice {occasion} over for {}", named(*recipient))
        }
        Task::LookUpAddress { institution_id } => format!("look up the address of {institution_id}"),
        Task::ConfirmStop { scope } => format!("confirm the stop of {scope}"),
        Task::DeliverEvents { event_ids } => format!("send {} events to the endpoints of webhooks", event_ids.len()),
        Task::ReplayEvents { endpoint_id } => format!("make events due again for webhook endpoint {endpoint_id}"),
        Task::Report { batch_id, report, format } => {
            let report = match report {
                ReportKind::Payments => "payments",
                ReportKind::Sources => "sources",
                ReportKind::Branches => "branches",
            };
            let format = match format {
                ReportFormat::Csv | ReportFormat::CsvBom => "CSV",
                ReportFormat::Json => "JSON",
            };
            format!("write the report of {report} of batch {batch_id} as {format}")
        }
    }
}

fn named(recipient: Recipient) -> String {
    match recipient {
        Recipient::Person(id) => format!("person {id}"),
        Recipient::PayrollAdmins => "the admins of payroll".to_owned(),
        Recipient::Operators => "the operators".to_owned(),
    }
}
