//! A person's books, as far as the effects of their payments post to them.

use shared::domain::ledger::{AccountKind, Side, entry};
use shared::domain::leg::Effect;
use shared::domain::money::Cents;

/// Cents by kind of account, what is debited above zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    balances: [i64; AccountKind::ALL.len()],
}

impl Books {
    pub(super) fn post(&mut self, effect: Effect, amount: Cents) {
        for line in entry(effect, "", amount) {
            let signed = if line.side == Side::Debit { line.amount.get() } else { -line.amount.get() };
            self.add(line.account.kind, signed);
        }
    }

    /// The person pays what they owe by wire, and two operators book it.
    pub(super) fn repaid(&mut self, cents: i64) {
        self.add(AccountKind::Cash, cents);
        self.add(AccountKind::Receivable, -cents);
    }

    fn add(&mut self, kind: AccountKind, signed: i64) {
        if let Some(place) = AccountKind::ALL.iter().position(|known| *known == kind) {
            self.balances[place] += signed;
        }
    }

    pub(super) fn of(&self, kind: AccountKind) -> i64 {
        let place = AccountKind::ALL.iter().position(|known| *known == kind);
        place.map_or(0, |place| self.balances[place])
    }

    pub(super) fn receivable(&self) -> i64 {
        self.of(AccountKind::Receivable)
    }

    /// What is the person's and with us, whether or not it may be spent yet.
    pub(super) fn funds(&self) -> i64 {
        -self.of(AccountKind::Funds) - self.of(AccountKind::FundsPending)
    }

    /// What never may be so, whatever happened.
    pub(super) fn violation(&self) -> Option<String> {
        if self.balances.iter().sum::<i64>() != 0 {
            return Some("debits and credits are not equal".to_owned());
        }
        let receivable = self.receivable();
        (receivable < 0).then(|| format!("a person owes {receivable} cents: a debt is taken off twice"))
    }
}
