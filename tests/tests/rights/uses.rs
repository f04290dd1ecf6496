//! What the functions asked for, in IAM's words.

use std::collections::BTreeSet;

use journeys::recording::{Call, Function, Invocation, Written};
use shared::ports::queue::QueueName;
use shared::ports::table::Index;

/// An action that a function took, and on what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Use {
    pub(crate) function: Function,
    pub(crate) action: &'static str,
    pub(crate) on: String,
}

pub(crate) fn uses_of(invocations: &[Invocation]) -> BTreeSet<Use> {
    let calls = invocations.iter().flat_map(|run| run.calls.iter().map(|call| (run.function, call)));
    calls
        .flat_map(|(function, call)| actions_of(call).into_iter().map(move |(action, on)| Use { function, action, on }))
        .collect()
}

/// A transaction needs the rights of its parts and none of its own. A missing object is told from a forbidden one only to whoever may
/// list the bucket.
fn actions_of(call: &Call) -> Vec<(&'static str, String)> {
    match call {
        Call::GetItem { key, .. } => vec![("dynamodb:GetItem", format!("table/{}", key.pk))],
        Call::Query { index, pk, .. } => vec![("dynamodb:Query", place(*index, pk))],
        Call::Write { items, .. } => {
            items.iter().map(|item| (action_of(item.what), format!("table/{}", item.key.pk))).collect()
        }
        Call::SendMessages { queue, .. } => vec![("sqs:SendMessage", queue_id(*queue).to_owned())],
        Call::PutObject { key } | Call::LinkToPut { key } => vec![("s3:PutObject", format!("bucket/{key}"))],
        Call::LinkToRead { key } | Call::ReadObject { key, is_missing: false } => {
            vec![("s3:GetObject", format!("bucket/{key}"))]
        }
        Call::ReadObject { key, is_missing: true } => {
            vec![("s3:GetObject", format!("bucket/{key}")), ("s3:ListBucket", "bucket".to_owned())]
        }
        Call::ReadSecret(name) => vec![("secretsmanager:GetSecretValue", format!("secret/{name}"))],
        Call::PublishNotice => vec![("sns:Publish", "NoticesTopic".to_owned())],
        Call::Provider => Vec::new(),
    }
}

fn place(index: Index, pk: &str) -> String {
    match index {
        Index::Primary => format!("table/{pk}"),
        Index::Due => "table/index/due".to_owned(),
        Index::Lists => "table/index/lists".to_owned(),
        Index::Attention => "table/index/attention".to_owned(),
    }
}

const fn action_of(written: Written) -> &'static str {
    match written {
        Written::Put => "dynamodb:PutItem",
        Written::Deleted => "dynamodb:DeleteItem",
        Written::Checked => "dynamodb:ConditionCheckItem",
    }
}

/// The queue's logical id in the template.
const fn queue_id(queue: QueueName) -> &'static str {
    match queue {
        QueueName::Bulk => "BulkQueue",
        QueueName::Other => "OtherQueue",
    }
}
