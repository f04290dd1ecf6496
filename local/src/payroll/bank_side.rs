//! What the simulated bank itself lists of a batch.

use std::collections::BTreeMap;

use serde::Deserialize;
use shared::domain::ids::{BatchId, FundingId, PaymentId};
use shared::domain::money::Cents;

use super::verdict::Sum;
use crate::error::LocalError;
use crate::stack::Stack;

/// A batch's transfers at the bank, by what they are for.
#[derive(Clone, Debug, Default)]
pub(super) struct BankSide {
    /// Of each row that the bank has, or had, a transfer of.
    rows: BTreeMap<u32, Row>,
    /// Transfers of rows, and those of them that settled, also where they came back later.
    pub(super) payouts: u64,
    pub(super) settled: u64,
    pub(super) fundings: u64,
    pub(super) settled_fundings: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    amount: i64,
    standing: u64,
    returned: u64,
}

#[derive(Deserialize)]
struct Page {
    transfers: Vec<Transfer>,
    has_more: bool,
}

#[derive(Deserialize)]
struct Transfer {
    id: String,
    #[serde(default)]
    idempotency_key: Option<String>,
    amount: i64,
    status: String,
}

/// What a transfer's own status says of its money.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Settled,
    Returned,
    Other,
}

impl Standing {
    fn of(status: &str) -> Self {
        match status {
            "SETTLED" | "COMPLETED" => Self::Settled,
            "RETURNED" => Self::Returned,
            _ => Self::Other,
        }
    }
}

impl BankSide {
    /// Reads the bank's whole list, a page at a time.
    pub(super) fn read(stack: &Stack, batch_id: BatchId) -> Result<Self, LocalError> {
        let (mut side, mut after): (Self, Option<String>) = (Self::default(), None);
        loop {
            let page: Page = serde_json::from_value(stack.bank_transfers(after.as_deref())?)?;
            for transfer in &page.transfers {
                side.add(batch_id, transfer);
            }
            match page.transfers.last().filter(|_| page.has_more) {
                Some(last) => after = Some(last.id.clone()),
                None => return Ok(side),
            }
        }
    }

    fn add(&mut self, batch_id: BatchId, transfer: &Transfer) {
        let key = transfer.idempotency_key.as_deref().unwrap_or_default();
        let item = key.rsplit_once(':').map_or(key, |(item, _)| item);
        let standing = Standing::of(&transfer.status);
        let is_settled = u64::from(standing != Standing::Other);
        match (item.parse::<PaymentId>(), item.parse::<FundingId>()) {
            (Ok(PaymentId::Row { batch, row }), _) if batch == batch_id => {
                self.payouts += 1;
                self.settled += is_settled;
                let row = self.rows.entry(row).or_default();
                row.amount = transfer.amount;
                row.standing += u64::from(standing == Standing::Settled);
                row.returned += u64::from(standing == Standing::Returned);
            }
            (_, Ok(FundingId::Round { batch, .. })) if batch == batch_id => {
                self.fundings += 1;
                self.settled_fundings += is_settled;
            }
            (_, _) => {}
        }
    }

    /// Rows whose money arrived and stayed.
    pub(super) fn paid(&self) -> Result<Sum, LocalError> {
        self.sum(|row| row.standing > 0)
    }

    /// Rows whose money came back, and did not arrive otherwise.
    pub(super) fn returned(&self) -> Result<Sum, LocalError> {
        self.sum(|row| row.standing == 0 && row.returned > 0)
    }

    pub(super) fn paid_twice(&self) -> u64 {
        self.rows.values().map(|row| u64::from(row.standing > 1)).sum()
    }

    fn sum(&self, is_meant: impl Fn(&Row) -> bool) -> Result<Sum, LocalError> {
        let rows = || self.rows.values().filter(|row| is_meant(row));
        let total = Cents::sum(rows().map(|row| Cents::new(row.amount)));
        let total = total.map_err(|overflow| LocalError::Bank(overflow.to_string()))?;
        Ok(Sum { count: rows().map(|_| 1).sum(), total })
    }
}
