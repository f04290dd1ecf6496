//! The bytes of a request that moves money, whichever rail it takes.
//!
//! Guarantees: the bytes are made once, from one request; a claim stores them and every send repeats them, so that a later version of
//! this code cannot change a request whose outcome is unknown. Nothing here prints them.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::domain::aba::RoutingNumberError;
use crate::domain::money::Cents;

/// Why no request can be made of the given values. Final until they are corrected. None of them prints a name, address or account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    #[error("a transfer takes 0.01 to 99999999.99, not {0}: correct the amount or split the payment before approval")]
    Amount(Cents),
    #[error("an account number has 1 to 17 letters, digits or hyphens: correct the account ending {0}")]
    AccountNumber(String),
    #[error("{0}: correct it")]
    RoutingNumber(#[from] RoutingNumberError),
    #[error("a receiver's name has a letter or digit among its first 22 characters: correct the name")]
    ReceiverName,
    #[error("an entry description has 1 to 10 printable ASCII characters: correct it")]
    EntryDescription,
    #[error("a check needs a {field} of 1 to {size} printable ASCII characters, and it is never cut: correct it")]
    CheckText { field: &'static str, size: usize },
    #[error("the number that a letter names is not the one that the check's memo ends with: enter it again")]
    OtherAccount,
    #[error(
        "the account is another source's by now: retry the batch, which pulls from the account that is accepted now"
    )]
    AccountOfAnotherSource,
    #[error("it would go to the account that it came back from: refund its money, or upload the row again")]
    NeedsCorrectedAccount,
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
}

impl RequestProblem {
    /// As it is stored with what cannot be sent, and shown.
    pub const fn code(&self) -> &'static str {
        match self {
            RequestProblem::Amount(_) => "cannot_carry_amount",
            RequestProblem::AccountNumber(_) => "cannot_carry_account_number",
            RequestProblem::RoutingNumber(_) => "cannot_carry_routing_number",
            RequestProblem::ReceiverName => "cannot_carry_receiver_name",
            RequestProblem::EntryDescription => "cannot_carry_entry_description",
            RequestProblem::CheckText { .. } => "cannot_carry_check_text",
            RequestProblem::OtherAccount => "contradictory_account_numbers",
            RequestProblem::AccountOfAnotherSource => "account_of_another_source",
            RequestProblem::NeedsCorrectedAccount => "needs_corrected_account",
            RequestProblem::Unwritable(_) => "cannot_write_request",
        }
    }

    /// Whether a person has to find out how it came to be taken.
    pub const fn is_unexpected(&self) -> bool {
        match self {
            RequestProblem::NeedsCorrectedAccount => false,
            RequestProblem::Amount(_)
            | RequestProblem::AccountNumber(_)
            | RequestProblem::RoutingNumber(_)
            | RequestProblem::ReceiverName
            | RequestProblem::EntryDescription
            | RequestProblem::CheckText { .. }
            | RequestProblem::OtherAccount
            | RequestProblem::AccountOfAnotherSource
            | RequestProblem::Unwritable(_) => true,
        }
    }
}

/// The bytes of a request, exactly as they are sent and sent again. `Debug` shows only their number.
#[derive(Clone, PartialEq, Eq)]
pub struct TransferBody(Bytes);

impl TransferBody {
    /// The fields as they are to be sent: the same values always make the same bytes.
    pub(super) fn of(fields: &impl Serialize) -> Result<Self, RequestProblem> {
        serde_json::to_vec(fields)
            .map(|bytes| Self(bytes.into()))
            .map_err(|cause| RequestProblem::Unwritable(cause.to_string()))
    }

    /// A body that was stored with a claim.
    pub fn from_stored(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// The counterparty that it names by the bank's id, if it does.
    pub fn counterparty_id(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Named {
            counterparty_id: Option<String>,
        }
        serde_json::from_slice::<Named>(&self.0).ok()?.counterparty_id
    }

    /// Holds account numbers, names and addresses: store it sealed.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for TransferBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TransferBody({} bytes)", self.0.len())
    }
}
