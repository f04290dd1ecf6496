//! What people are told: every kind of notice, its occasion, and its words.
//!
//! Guarantees: [`NoticeKind::occasion`] names what a notice is about, so that put-if-absent makes each kind come once per occasion, however
//! often its cause is looked at. The words hold no account number beyond its last four digits.

mod cause;
mod kind;
mod office;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::PersonId;
use crate::domain::ids::IdFormat;
pub use cause::{CheckFailure, DebitFailure, Outlook};
pub use kind::NoticeKind;

/// A notice, kept until it is delivered and after.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub recipient: Recipient,
    pub kind: NoticeKind,
    pub text: String,
    pub version: u64,
    pub created_at: Timestamp,
    /// When its delivery is tried; absent once it is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    Person(PersonId),
    /// Who may approve payroll.
    PayrollAdmins,
    /// Who clears attention.
    Operators,
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Notice({} {:?})", self.recipient, self.kind)
    }
}

impl std::fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Recipient::Person(person_id) => person_id.fmt(formatter),
            Recipient::PayrollAdmins => formatter.write_str("payroll_admins"),
            Recipient::Operators => formatter.write_str("operators"),
        }
    }
}

impl std::str::FromStr for Recipient {
    type Err = IdFormat;

    fn from_str(text: &str) -> Result<Self, IdFormat> {
        match text {
            "payroll_admins" => Ok(Recipient::PayrollAdmins),
            "operators" => Ok(Recipient::Operators),
            person_id => person_id.parse().map(Recipient::Person),
        }
    }
}

impl Notice {
    pub fn new(recipient: Recipient, kind: NoticeKind, now: Timestamp) -> Self {
        let text = kind.text();
        Self { recipient, kind, text, version: 1, created_at: now, due_at: Some(now) }
    }
}
