//! How a person ended a batch: declined, withdrawn or canceled, and what they said about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Batch, BatchRefusal, Idempotent};

/// Who decides something, and what they say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecidedBy<'a> {
    pub by: &'a str,
    /// For whoever reads it later. Its length was checked where it came in.
    pub reason: Option<&'a str>,
}

impl<'a> From<&'a str> for DecidedBy<'a> {
    fn from(by: &'a str) -> Self {
        Self { by, reason: None }
    }
}

/// What a person did that ended a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndingKind {
    /// An approver did not approve it.
    Declined,
    /// Who made it took it back before anybody approved it.
    Withdrawn,
    /// It was stopped after its approval.
    Canceled,
}

/// The decision that ended a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Ending {
    /// What was done.
    pub kind: EndingKind,
    /// Who decided it.
    pub by: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What they said about it; absent where they said nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub reason: Option<String>,
}

impl Batch {
    /// Takes back a batch that nobody has approved; only who made it may. It is declined then.
    pub fn withdraw(&mut self, by: &str) -> Result<Idempotent, BatchRefusal> {
        if self.created_by != by {
            return Err(BatchRefusal::WithdrawnByAnother);
        }
        self.end_unapproved(super::BatchState::Declined, "withdrawn")
    }

    /// Keeps who ended it, and what they said.
    pub fn note_ending(&mut self, kind: EndingKind, decided: DecidedBy<'_>, at: Timestamp) {
        let reason = decided.reason.map(str::to_owned);
        self.ending = Some(Ending { kind, by: decided.by.to_owned(), at, reason });
    }
}
