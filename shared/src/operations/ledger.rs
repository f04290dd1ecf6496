//! Reading the books: the trial balance and the lines of an account.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{OperationError, System, lists, payers, sources};
use crate::domain::autopay::person::Person;
use crate::domain::ledger::{Account, AccountKind};
use crate::ports::table::{Cursor, decode};
use crate::store::keys;
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
    let of_sources = sources::all(system).await?.into_iter().flat_map(|source| {
        AccountKind::OF_SOURCES.map(|kind| (Account { kind, payer_id: source.id.clone() }, source.created_at))
    });
    let persons = lists::all(system, keys::LIST_PERSONS).await?;
    let of_persons = persons.into_iter().flat_map(|person: Person| {
        AccountKind::ALL.map(|kind| (Account { kind, payer_id: person.id.to_string() }, person.created_at))
    });
    let accounts = ledger::trial_balance(&*system.table, of_sources.chain(of_persons).collect(), until(system)).await?;
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
    let since = payers::since(system, &account.payer_id).await?;
    let partitions = ledger::partitions(account, since, until(system));
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
