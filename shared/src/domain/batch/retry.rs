//! Which failed and returned payments a retry takes, and how much new funding it needs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::ach::return_codes::{PayoutRetry, ReturnCode};
use crate::domain::ids::PaymentId;
use crate::domain::leg::{AttentionReason, Leg, NEVER_REACHED, Reason, SentCorrected, State};
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::payment::{Payee, Payment};

/// The plan of one retry: pinned as an object, so that a repeat of any part of it does the same again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RetryPlan {
    pub round: u32,
    /// Payments that take part, by shard.
    pub payments: BTreeMap<u8, Vec<PaymentId>>,
    /// What each source needs, and how much of it has to be pulled anew.
    pub sources: BTreeMap<String, SourceNeed>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNeed {
    pub payments: u64,
    pub needed: Cents,
    pub shortfall: Cents,
}

/// What one source's money in this batch adds up to, refunds included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceMoney {
    /// Fundings that are available and did not come back, and what was repaid of those that did.
    pub funded: Cents,
    /// Held by or gone out with payments: open, in flight or settled.
    pub spent: Cents,
    /// Nobody has decided what a word of the bank about one of its fundings means: nothing is pulled anew.
    pub is_undecided: bool,
}

impl SourceMoney {
    /// What is left to spend or to give back. Never below zero.
    pub fn unspent(self) -> Result<Cents, MoneyOverflow> {
        Ok(self.funded.minus(self.spent)?.max(Cents::ZERO))
    }
}

/// Whether the rules let a retry take the payment as it is. What needs corrected data waits until that is there.
pub fn may_retry(payment: &Payment, data_corrected: bool) -> bool {
    if payment.leg.attention.is_some() {
        return false;
    }
    match (payment.leg.state, &payment.leg.reason) {
        (State::Failed, Some(Reason::UnpayableInstitution(_))) => false,
        (State::Failed, Some(Reason::Refused(code))) => data_corrected || code == NEVER_REACHED,
        (State::Failed, _) => true,
        (State::Returned, Some(Reason::Returned(code))) => return_allows(code, data_corrected),
        (State::Returned, _) => false,
        (
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Canceled,
            _,
        ) => false,
    }
}

/// Whether a payment would go to another account than it went to, where the bank has corrected that to `now`: than it was last sent to, and
/// than any that it came back from before.
pub fn goes_elsewhere(payment: &Payment, now: &SentCorrected) -> bool {
    let named = match &payment.payee {
        Payee::Account(named) => named.fingerprint.as_str(),
        Payee::Check(_) => return true,
    };
    let went_to = payment.leg.corrected.as_ref().map_or(named, |sent| &sent.account);
    went_to != now.account && !came_back_from(&payment.leg, &now.account, named)
}

/// Whether an earlier attempt came back from this account with a code that wants corrected data. `named` is what the account is known by that
/// its item names.
pub fn came_back_from(leg: &Leg, account: &str, named: &str) -> bool {
    leg.earlier.iter().any(|earlier| {
        let went_to = earlier.corrected.as_ref().map_or(named, |sent| &sent.account);
        let code = match &earlier.reason {
            Some(Reason::Returned(code)) => Some(code),
            Some(
                Reason::UnpayableInstitution(_)
                | Reason::Refused(_)
                | Reason::Deferred(_)
                | Reason::CanceledByBank
                | Reason::Unfunded
                | Reason::CanceledByUs,
            )
            | None => None,
        };
        went_to == account && code.is_some_and(|code| !return_allows(code, false))
    })
}

/// Whether the money of a payment or refund is there for nothing else: it holds it, it was paid with it, or the bank may still say so.
pub fn is_spent(state: State, attention: Option<AttentionReason>) -> bool {
    state.holds_money() || fault!(DisputedMoneyGivenAway, false, attention.is_some_and(AttentionReason::is_undecided))
}

fn return_allows(code: &str, data_corrected: bool) -> bool {
    match code.parse::<ReturnCode>().map(ReturnCode::payout_retry) {
        Ok(PayoutRetry::AsItIs) => true,
        Ok(PayoutRetry::WithCorrectedData) => data_corrected,
        Ok(PayoutRetry::No) | Err(_) => false,
    }
}

impl RetryPlan {
    pub fn is_empty(&self) -> bool {
        self.payments.is_empty()
    }

    pub fn take(&mut self, payment: &Payment) -> Result<(), MoneyOverflow> {
        if let PaymentId::Row { row, .. } = payment.id {
            self.payments.entry(PaymentId::shard_of_row(row)).or_default().push(payment.id);
            let need = self.sources.entry(payment.payer_id.clone()).or_default();
            need.payments += 1;
            need.needed = need.needed.plus(payment.amount)?;
        }
        Ok(())
    }

    /// Funds only what the source's money in this batch does not cover.
    pub fn set_shortfalls(&mut self, money: &BTreeMap<String, SourceMoney>) -> Result<(), MoneyOverflow> {
        for (source_id, need) in &mut self.sources {
            let unspent = money.get(source_id).copied().unwrap_or_default().unspent()?;
            need.shortfall = need.needed.minus(unspent)?.max(Cents::ZERO);
        }
        Ok(())
    }
}
