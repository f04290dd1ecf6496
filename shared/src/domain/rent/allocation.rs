//! Which charges a payment pays.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::money::{Cents, MoneyOverflow};

/// What a charge is for, in the order in which charges of one due date are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeKind {
    Rent,
    Other,
    LateFee,
}

/// What is open of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCharge<Id> {
    pub id: Id,
    pub due: Date,
    pub kind: ChargeKind,
    pub open: Cents,
}

/// What a payment pays: a part of some charges, and what is left as credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation<Id> {
    pub allocated: Vec<(Id, Cents)>,
    pub credit: Cents,
}

/// Returns what a payment pays: the oldest due date first; on one date rent, then other charges, then fees.
pub fn allocate<Id: Clone + Ord>(charges: &[OpenCharge<Id>], payment: Cents) -> Result<Allocation<Id>, MoneyOverflow> {
    let mut ordered: Vec<&OpenCharge<Id>> = charges.iter().filter(|charge| charge.open.is_positive()).collect();
    ordered.sort_by_key(|charge| (charge.due, charge.kind, &charge.id));
    let (mut allocated, mut left) = (Vec::new(), payment);
    for charge in ordered {
        let amount = charge.open.min(left);
        if !amount.is_positive() {
            break;
        }
        allocated.push((charge.id.clone(), amount));
        left = left.minus(amount)?;
    }
    Ok(Allocation { allocated, credit: left })
}
