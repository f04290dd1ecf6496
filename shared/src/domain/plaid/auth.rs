//! Account and routing numbers for ACH, as Plaid answers them.

use serde::Deserialize;

use crate::domain::secret::AccountNumber;

/// The numbers of one bank account. Cards never have any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AchNumbers {
    pub account_id: String,
    pub account_number: AccountNumber,
    pub routing_number: String,
    /// The number stands for the account at this institution and this item alone, and dies with the person's consent (return R04).
    pub is_tokenized: bool,
    /// Whether the account lets itself be debited. `None`: not said.
    pub can_be_debited: Option<bool>,
    pub can_be_credited: Option<bool>,
}

/// `numbers` of an answer. Other countries' numbers are not read.
#[derive(Deserialize)]
pub(crate) struct WireNumbers {
    #[serde(default, deserialize_with = "super::list")]
    ach: Vec<WireAch>,
}

#[derive(Deserialize)]
struct WireAch {
    account_id: String,
    account: String,
    routing: String,
    #[serde(default)]
    is_tokenized_account_number: Option<bool>,
    #[serde(default)]
    can_transfer_in: Option<bool>,
    #[serde(default)]
    can_transfer_out: Option<bool>,
}

impl WireNumbers {
    pub(crate) fn into_ach(self) -> Vec<AchNumbers> {
        self.ach.into_iter().map(AchNumbers::from).collect()
    }
}

impl From<WireAch> for AchNumbers {
    fn from(wire: WireAch) -> Self {
        Self {
            account_id: wire.account_id,
            account_number: AccountNumber::new(wire.account),
            routing_number: wire.routing,
            is_tokenized: wire.is_tokenized_account_number.unwrap_or(false),
            can_be_debited: wire.can_transfer_out,
            can_be_credited: wire.can_transfer_in,
        }
    }
}
