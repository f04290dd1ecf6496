//! The row's payment around its leg, and the bank's word in the domain's terms.

use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::funding::FundingStatus;
use shared::domain::leg::{BankReport, Expected, Kind, Leg};
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::domain::payment::release::{ReleaseAction, ReleaseContext};
use shared::domain::source::Source;

use super::actions::ELAPSED_NOW;
use super::bank::{Status, Transfer, now};
use super::{Row, RowWorld};

/// Our account at the bank.
pub(super) const ACCOUNT: &str = "bacc_1";

/// A payment of a row to a bank account, as it is stored.
fn payment() -> Payment {
    let stored = json!({
        "id": "pay_00000000000040008000000000000001-01-0000001",
        "version": 1,
        "amount": "50.00",
        "payer_id": "CORP-1",
        "round": 1,
        "leg": Leg::new(),
        "payee": { "account": {
            "routing_number": "021000021", "sealed_account": "", "account_last4": "0001", "account_type": "loan",
            "fingerprint": "f", "name": "A Servicer", "entry_class": "CCD", "entry_description": "LOAN PMT",
        } },
        "row": { "employee_id": "E1", "branch_id": "B1", "institution_id": "ins_1" },
        "created_at": "1970-01-01T00:00:00Z",
        "updated_at": "1970-01-01T00:00:00Z",
    });
    serde_json::from_value(stored).expect("a stored payment is read")
}

fn source() -> Source {
    let stored = json!({
        "id": "CORP-1",
        "version": 1,
        "name": "A Company",
        "account": { "routing_number": "021000021", "sealed_account": "", "account_last4": "0002", "fingerprint": "s" },
        "bank_account_id": ACCOUNT,
        "receivable_open": false,
        "created_at": "1970-01-01T00:00:00Z",
        "updated_at": "1970-01-01T00:00:00Z",
    });
    serde_json::from_value(stored).expect("a stored source is read")
}

impl Default for RowWorld {
    fn default() -> Self {
        Self { payment: payment(), source: source() }
    }
}

impl RowWorld {
    pub(super) fn payment_of(&self, row: &Row) -> Payment {
        Payment { leg: row.leg.clone(), ..self.payment.clone() }
    }

    /// What the domain says is next for the row.
    pub(super) fn push(&self, row: &Row) -> ReleaseAction {
        self.payment_of(row).push(ReleaseContext {
            batch: if row.is_batch_canceled { BatchState::Canceling } else { BatchState::Paying },
            cover: match row.is_funding_gone {
                true => FundingStatus::Gone { after_available: true },
                false => FundingStatus::Available,
            },
            source: &self.source,
            stopped: false,
            business_now: now(row.day),
            elapsed_now: ELAPSED_NOW,
        })
    }

    pub(super) fn expected(&self) -> Expected {
        self.payment.expected()
    }
}

/// The bank's word about a transfer of an attempt when it stood so.
pub(super) fn report(position: usize, attempt: u32, status: Status) -> BankReport {
    let bank = status.of_bank();
    BankReport {
        transfer_id: Transfer::id(position),
        rail: Kind::Payout.rail(),
        attempt,
        status: bank.as_str().to_owned(),
        meaning: bank.meaning(),
        rank: bank.rank(),
        amount: Cents::new(5_000),
        currency: "USD".to_owned(),
        is_debit: false,
        is_incoming: false,
        bank_account_id: ACCOUNT.to_owned(),
        settled_at: None,
        return_code: (status == Status::Returned).then(|| "R02".to_owned()),
        presented_amount: None,
    }
}
