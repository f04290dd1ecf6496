//! Notices to people, as a port. What a notice says and when it is due is decided elsewhere; this hands one over.

use async_trait::async_trait;

/// Whom a notice is for. Addresses are kept by whoever delivers, never by us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Recipient {
    Person {
        person_id: String,
    },
    /// The people who run payroll.
    Admins,
    /// The people who clear attention.
    Operators,
}

/// One notice, ready to be delivered. `Debug` leaves its text out, which may name amounts.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same on every try, so that a repeat can be recognized.
    pub id: String,
    pub recipient: Recipient,
    /// What sort of notice, for filters: `payment_failed`.
    pub kind: String,
    /// Whole sentences, as the recipient reads them.
    pub text: String,
}

/// A notice was perhaps not handed over. Hand it over again later, with the same id.
#[derive(Debug, thiserror::Error)]
#[error("notices cannot be handed over: {0}")]
pub struct NoticeError(pub String);

#[async_trait]
pub trait Notices: Send + Sync + std::fmt::Debug {
    async fn send(&self, notice: &Notice) -> Result<(), NoticeError>;
}

impl Recipient {
    /// The sort of recipient, as messages carry it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Recipient::Person { .. } => "person",
            Recipient::Admins => "admins",
            Recipient::Operators => "operators",
        }
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Notice({} {} to {:?})", self.kind, self.id, self.recipient)
    }
}
