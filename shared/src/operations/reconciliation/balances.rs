//! What the books say a payer has at the bank, against the bank's balances.

use super::held::Lines;
use super::{Draft, Work, save};
use crate::domain::funding::Funding;
use crate::domain::ledger::{Account, AccountKind};
use crate::domain::leg::State;
use crate::domain::money::Cents;
use crate::domain::reconciliation::Verdict;
use crate::domain::reconciliation::balances::{Sums, compare, within};
use crate::domain::reconciliation::run::PayerRun;
use crate::operations::OperationError;
use crate::store::keys;
use crate::store::ledger;
use crate::store::stored::read;

impl Work<'_> {
    /// Answers whether the run was saved.
    pub(super) async fn balances(&self, run: &mut PayerRun) -> Result<bool, OperationError> {
        // The books are read on both sides of the bank: what moves between the two is on its way.
        let (before, own_before) = self.booked(run).await?;
        let account = self.system.column().await?.bank_account(&run.bank_account_id, self.deadline).await?;
        let bank = Sums {
            available: account.balances.available,
            pending: account.balances.pending,
            locked: account.balances.locked,
        };
        let (books, own) = self.booked(run).await?;
        let held = if books.pending == bank.pending { Cents::ZERO } else { self.held(run, books.pending).await? };
        let mut found = compare(books, bank, held)?;
        if before != books {
            let then = compare(before, bank, held)?;
            found.retain(|difference| then.contains(difference));
        }
        // Accounts are read one after the other: what is written in between lies in one of them alone.
        let own_before = within(&own_before)?;
        found.extend(within(&own)?.into_iter().filter(|difference| own_before.contains(difference)));
        let lasting = run.balances_compared(found, self.system.clock.business_now());
        for difference in lasting {
            let draft = Draft {
                subject: difference.balance.as_str().to_owned(),
                verdict: Verdict::OtherBalance,
                transfer_id: None,
                here: Some(difference.here.to_string()),
                there: Some(difference.there.to_string()),
                remedied: false,
            };
            let finding = self.finding(run, draft).await?;
            self.put(finding).await?;
        }
        save(self.system, run, Vec::new()).await
    }

    /// What the bank has to agree with, and what every kind of account holds.
    async fn booked(&self, run: &PayerRun) -> Result<(Sums, Vec<(AccountKind, Cents)>), OperationError> {
        let mut sums = Sums::default();
        let mut all = Vec::with_capacity(AccountKind::ALL.len());
        for kind in AccountKind::ALL {
            let balance = self.balance(run, kind).await?;
            match kind {
                AccountKind::Cash => sums.available = balance,
                AccountKind::DebitsInTransit => sums.pending = balance,
                AccountKind::CashLocked => sums.locked = balance,
                AccountKind::Receivable
                | AccountKind::Funds
                | AccountKind::FundsPending
                | AccountKind::ChecksOutstanding => {}
            }
            all.push((kind, balance));
        }
        Ok((sums, all))
    }

    async fn balance(&self, run: &PayerRun, kind: AccountKind) -> Result<Cents, OperationError> {
        let account = Account { kind, payer_id: run.payer_id.clone() };
        let now = self.system.clock.business_now();
        Ok(ledger::totals(&*self.system.table, &account, run.since, now).await?.balance()?)
    }

    /// Fundings that have settled and whose hold is not over, however long ago the bank took them.
    async fn held(&self, run: &PayerRun, pulled: Cents) -> Result<Cents, OperationError> {
        let lines = Lines::read(self.system, run, pulled).await?;
        let mut held = Cents::ZERO;
        for id in lines.open() {
            let funding: Option<Funding> = read(&*self.system.table, &keys::funding(id)).await?;
            if let Some(funding) = funding.filter(|funding| funding.leg.state == State::Completed) {
                held = held.plus(funding.amount)?;
            }
        }
        Ok(held)
    }
}
