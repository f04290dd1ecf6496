//! What can go wrong in a call to the bank, sorted by what to do next.

/// A call to the bank that gave no result. The variant alone says what follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BankError {
    /// The bank refuses this payee or amount for good. The payment fails; a retry needs corrected data.
    #[error("the bank refused for good with {code} ({fields:?}): correct the payee or amount")]
    Refused {
        /// The bank's code, one of [`crate::domain::bank::refusal`]'s list.
        code: String,
        /// Names of the request's fields that the bank complained about.
        fields: Vec<String>,
        /// Whether the bank may have acted nevertheless: an earlier try of the same call was not answered, and may still arrive.
        outcome_unknown: bool,
    },
    /// The bank refuses us, not the payee: funds, limits, permissions, our own settings, or a code we do not know. Nothing
    /// happened. Pause the source, raise an alarm, send the same request with the same key later.
    #[error(
        "the bank refused us with status {status}, code {code:?}: look at our account at the bank, then send again"
    )]
    AboutUs { status: u16, code: Option<String> },
    /// No usable answer in the time there was. Send the same request with the same key later.
    #[error("the bank cannot be reached ({cause}); outcome unknown: {outcome_unknown}")]
    Unavailable {
        /// Whether the bank may have acted all the same.
        outcome_unknown: bool,
        cause: String,
    },
    /// The bank answered success in words we cannot read: it has probably acted. Attention; nothing is sent again without a person.
    #[error("the bank's answer to {call} cannot be read ({what}): the outcome is unknown, look the transfer up")]
    Unreadable { call: &'static str, what: String },
}

impl BankError {
    /// Whether the bank may have acted although no result came.
    pub const fn outcome_unknown(&self) -> bool {
        match self {
            BankError::AboutUs { .. } => false,
            BankError::Refused { outcome_unknown, .. } | BankError::Unavailable { outcome_unknown, .. } => {
                *outcome_unknown
            }
            BankError::Unreadable { .. } => true,
        }
    }

    /// Whether the same request with the same key may be sent again later without anybody's doing.
    pub const fn retryable(&self) -> bool {
        match self {
            BankError::AboutUs { .. } | BankError::Unavailable { .. } => true,
            BankError::Refused { .. } | BankError::Unreadable { .. } => false,
        }
    }
}
