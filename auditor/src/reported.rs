//! Payments, fundings and their histories, read from our API's JSON.

use jiff::Timestamp;
use serde_json::Value;

use crate::bank::{text, time};
use crate::evidence::ToldItem;
use crate::money;

/// A payment or funding as the API shows it.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) is_funding: bool,
    pub(crate) payer: String,
    pub(crate) batch: Option<String>,
    /// For a payment: what it is paid with.
    pub(crate) funding: Option<String>,
    pub(crate) cents: i64,
    pub(crate) state: String,
    pub(crate) reason: String,
    pub(crate) transfer: Option<String>,
    /// The bank's own word for where it stands.
    pub(crate) bank_status: Option<String>,
    pub(crate) has_attention: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) history: Vec<Step>,
}

/// A line of a history.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) attempt: u32,
    pub(crate) what: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) effects: Vec<String>,
    pub(crate) attention: Option<String>,
}

impl Item {
    pub(crate) fn of(told: &ToldItem, is_funding: bool) -> Option<Self> {
        let item = &told.item;
        let owned = |name: &str| text(item, name).map(str::to_owned);
        Some(Self {
            id: owned(if is_funding { "funding_id" } else { "payment_id" })?,
            is_funding,
            payer: owned("source_id")?,
            batch: owned("batch_id"),
            funding: if is_funding { None } else { owned("funding_id") },
            cents: money::cents(text(item, "amount")?)?,
            state: owned("state")?,
            reason: owned("reason").unwrap_or_default(),
            transfer: owned("transfer_id"),
            bank_status: owned("bank_status"),
            has_attention: item.get("attention").is_some_and(|attention| !attention.is_null()),
            created_at: time(item, "created_at")?,
            history: told.history.iter().map(Step::of).collect::<Option<_>>()?,
        })
    }

    /// What the bank said of it was once not what it should be: a person looks at it, and it need not follow the bank.
    pub(crate) fn was_disputed(&self) -> bool {
        let disputes = ["bank_disagrees", "unknown_bank_status"];
        self.history.iter().any(|step| step.attention.as_deref().is_some_and(|reason| disputes.contains(&reason)))
    }
}

impl Step {
    fn of(line: &Value) -> Option<Self> {
        let owned = |name: &str| text(line, name).map(str::to_owned);
        let effects = line.get("effects").and_then(Value::as_array).cloned().unwrap_or_default();
        Some(Self {
            attempt: u32::try_from(line.get("attempt")?.as_u64()?).ok()?,
            what: owned("what")?,
            from: owned("from"),
            to: owned("to"),
            event: owned("event_id"),
            effects: effects.iter().filter_map(|effect| effect.as_str().map(str::to_owned)).collect(),
            attention: owned("attention"),
        })
    }
}
