//! Reading the books: the trial balance and the lines of an account.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{OperationError, System, sources};
use crate::domain::ledger::Account;
use crate::ports::table::{Cursor, decode};
use crate::store::ledger::{self, Posting, Totals};

/// Debits and credits of every account; the two sums are equal, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance {
    pub accounts: BTreeMap<String, Totals>,
    pub total: Totals,
}

/// The bank's times may lead ours a little around a month's end.
fn until(system: &System) -> Timestamp {
    let now = system.clock.business_now();
    now.checked_add(SignedDuration::from_hours(48)).unwrap_or(now)
}

pub async fn trial_balance(system: &System) -> Result<TrialBalance, OperationError> {
    let sources: Vec<(String, Timestamp)> =
        sources::all(system).await?.into_iter().map(|source| (source.id, source.created_at)).collect();
    let accounts = ledger::trial_balance(&*system.table, &sources, until(system)).await?;
    let mut total = Totals::default();
    for totals in accounts.values() {
        total.debits = total.debits.plus(totals.debits)?;
        total.credits = total.credits.plus(totals.credits)?;
    }
    Ok(TrialBalance { accounts, total })
}

/// A page of an account's lines, partition by partition; within one in the order of the bank's time.
#[derive(Clone, Debug, Default)]
pub struct PostingPage {
    pub postings: Vec<Posting>,
    /// Number of the partition and the place in it.
    pub next: Option<(usize, Option<Cursor>)>,
}

pub async fn postings(
    system: &System,
    account: &Account,
    from: (usize, Option<Cursor>),
    most: u32,
) -> Result<PostingPage, OperationError> {
    let source = sources::load(system, &account.source_id).await?;
    let partitions = ledger::partitions(account, source.created_at, until(system));
    let (mut number, mut after) = from;
    let mut page = PostingPage::default();
    while let Some(partition) = partitions.get(number) {
        let room = most.saturating_sub(u32::try_from(page.postings.len()).unwrap_or(u32::MAX));
        if room == 0 {
            page.next = Some((number, after));
            break;
        }
        let found = ledger::lines(&*system.table, partition.clone(), after.take(), room).await?;
        for item in found.items {
            page.postings.push(decode(item)?);
        }
        match found.next {
            Some(next) => after = Some(next),
            None => number += 1,
        }
    }
    Ok(page)
}
