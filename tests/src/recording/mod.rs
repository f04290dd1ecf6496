//! What the functions ask of AWS: every call of their ports, by function and by invocation.
//!
//! Guarantees: each function has a system of its own, as each has processes of its own, so that what one keeps in memory helps no other;
//! every call is noted, failed ones too. Limit: it is the ports that are watched. Which requests an adapter makes of a call is said at
//! [`Call`], and must be changed with the adapter.

mod item_bytes;
mod ports;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use jiff::Timestamp;
use shared::operations::System;
use shared::ports::clock::Clock;
use shared::ports::queue::QueueName;
use shared::ports::secrets::SecretName;
use shared::ports::table::{Index, Key};
use shared::store::audit::AuditEntry;

/// The deployed functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    ApproveBatch,
    Accounts,
    Reports,
    Operator,
    Rent,
    ColumnWebhook,
    PlaidWebhook,
    PaymentWorker,
    DeadLetters,
    Scheduler,
}

impl Function {
    pub const ALL: [Function; 10] = [
        Function::ApproveBatch,
        Function::Accounts,
        Function::Reports,
        Function::Operator,
        Function::Rent,
        Function::ColumnWebhook,
        Function::PlaidWebhook,
        Function::PaymentWorker,
        Function::DeadLetters,
        Function::Scheduler,
    ];

    /// The name of its binary.
    pub const fn as_str(self) -> &'static str {
        match self {
            Function::ApproveBatch => "approve-batch",
            Function::Accounts => "accounts",
            Function::Reports => "reports",
            Function::Operator => "operator",
            Function::Rent => "rent",
            Function::ColumnWebhook => "column-webhook",
            Function::PlaidWebhook => "plaid-webhook",
            Function::PaymentWorker => "payment-worker",
            Function::DeadLetters => "dead-letters",
            Function::Scheduler => "scheduler",
        }
    }

    /// Its logical id in the template.
    pub const fn logical_id(self) -> &'static str {
        match self {
            Function::ApproveBatch => "ApproveBatchFunction",
            Function::Accounts => "AccountsFunction",
            Function::Reports => "ReportsFunction",
            Function::Operator => "OperatorFunction",
            Function::Rent => "RentFunction",
            Function::ColumnWebhook => "ColumnWebhookFunction",
            Function::PlaidWebhook => "PlaidWebhookFunction",
            Function::PaymentWorker => "PaymentWorkerFunction",
            Function::DeadLetters => "DeadLettersFunction",
            Function::Scheduler => "SchedulerFunction",
        }
    }
}

/// One call of a port, and the requests that it becomes.
#[derive(Clone, Debug)]
pub enum Call {
    /// One consistent GetItem.
    GetItem {
        key: Key,
        bytes: u64,
    },
    /// One Query; consistent on the table itself.
    Query {
        index: Index,
        pk: String,
        bytes: u64,
    },
    /// One PutItem or DeleteItem, or one TransactWriteItems of several changes or of a conditional delete.
    Write {
        items: Vec<WrittenItem>,
        is_transaction: bool,
        /// Entries of the audit among them.
        audited: Vec<AuditEntry>,
    },
    /// SendMessageBatch, ten messages at most in each.
    SendMessages {
        queue: QueueName,
        messages: u64,
    },
    PutObject {
        key: String,
    },
    /// One GetObject, or one HeadObject, which needs the same right.
    ReadObject {
        key: String,
        is_missing: bool,
    },
    /// No request: whoever holds the link makes it, with our right.
    LinkToPut {
        key: String,
    },
    LinkToRead {
        key: String,
    },
    /// One GetSecretValue where it is not in memory.
    ReadSecret(SecretName),
    /// One Publish to the topic of notices.
    PublishNotice,
    /// A call to the bank or to Plaid.
    Provider,
}

/// One change of a write.
#[derive(Clone, Debug)]
pub struct WrittenItem {
    pub key: Key,
    pub what: Written,
    /// The write is refused where there is an item already.
    pub only_if_absent: bool,
    /// The larger of what was there and what is there now: what is paid for.
    pub bytes: u64,
    /// Entries put into and taken out of the indexes.
    pub index_writes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    Put,
    Deleted,
    Checked,
}

/// One run of one function.
#[derive(Clone, Debug)]
pub struct Invocation {
    pub function: Function,
    /// In business time.
    pub at: Timestamp,
    /// Tasks, webhooks or requests that it was called for.
    pub events: u64,
    /// Of a person's request: its method and path, `POST /batches/{batch_id}/approve`.
    pub route: Option<String>,
    pub calls: Vec<Call>,
}

/// Everything that was asked, in order.
#[derive(Debug)]
pub struct Records {
    clock: Arc<dyn Clock>,
    invocations: Mutex<Vec<Invocation>>,
}

impl Records {
    pub fn invocations(&self) -> Vec<Invocation> {
        self.invocations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A run of the function begins: what it asks from now on belongs to this run.
    pub fn begin(&self, function: Function, events: usize) {
        self.begin_invocation(function, events, None);
    }

    fn begin_invocation(&self, function: Function, events: usize, route: Option<String>) {
        let (at, events) = (self.clock.business_now(), events as u64);
        let begun = Invocation { function, at, events, route, calls: Vec::new() };
        self.invocations.lock().unwrap_or_else(PoisonError::into_inner).push(begun);
    }

    /// A router each request to which begins a run of these functions, whichever of them it is for.
    pub fn counted(self: &Arc<Self>, functions: Vec<Function>, router: Router) -> Router {
        let records = self.clone();
        router.layer(from_fn(move |request: Request, next: Next| {
            let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
            let route = format!("{} {path}", request.method());
            for function in &functions {
                records.begin_invocation(*function, 1, Some(route.clone()));
            }
            next.run(request)
        }))
    }

    fn note(&self, function: Function, call: Call) {
        let mut invocations = self.invocations.lock().unwrap_or_else(PoisonError::into_inner);
        let running = invocations.iter_mut().rfind(|invocation| invocation.function == function).unwrap();
        running.calls.push(call);
    }
}

/// The systems of the functions, watched.
#[derive(Debug)]
pub struct Recorded {
    pub records: Arc<Records>,
    systems: BTreeMap<Function, System>,
}

impl Recorded {
    pub fn new(system: &System) -> Self {
        let records = Arc::new(Records { clock: system.clock.clone(), invocations: Mutex::default() });
        let systems = systems(&records, system);
        Self { records, systems }
    }

    /// New processes over this system's ports; what is noted goes on.
    pub fn restart(&mut self, system: &System) {
        self.systems = systems(&self.records, system);
    }

    pub fn system_of(&self, function: Function) -> &System {
        &self.systems[&function]
    }
}

fn systems(records: &Arc<Records>, system: &System) -> BTreeMap<Function, System> {
    let watched = |function| ports::watched(system, records, function);
    Function::ALL.into_iter().map(|function| (function, watched(function))).collect()
}
