//! What the table holds of whatever can still move.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the table holds of one thing, as far as it decides whether the thing will ever move again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// As the API names it.
    pub id: String,
    pub kind: StandingKind,
    /// The state's word; empty for what has none.
    pub state: String,
    /// The batch whose sweep moves it: for the rows of a batch alone.
    pub batch_id: Option<String>,
    /// The time under which the index `due` holds it.
    pub due_at: Option<Timestamp>,
    pub attention: Option<String>,
    /// Nothing leaves its payer now: paused by an operator or by a refusal of the bank, blocked, or owing.
    pub is_paused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StandingKind {
    Batch,
    /// A payment that is the row of a batch.
    Row,
    /// A refund to a source, or any payment of a person.
    LonePayment,
    Funding,
    /// A card whose autopay is on.
    Card,
    /// A Plaid item that is linked.
    Item,
}
