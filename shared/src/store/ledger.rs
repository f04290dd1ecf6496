//! The ledger's items: accounts and their lines. Lines are put if absent in the write of the step that caused them, and never changed.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::ids::ItemId;
use crate::domain::ledger::{self, Account, Side};
use crate::domain::leg::Effect;
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::payment::RowFacts;
use crate::ports::table::{Change, Condition, Cursor, Indexing, Page, Query, Table, TableError, decode, encode};

/// Partitions read at once for a balance.
const READS_AT_ONCE: usize = 16;

/// Accounts summed at once for a trial balance.
const ACCOUNTS_AT_ONCE: usize = 4;

/// One line of an entry, as stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Posting {
    pub account: String,
    pub side: Side,
    #[schema(value_type = String)]
    pub amount: Cents,
    #[schema(value_type = String)]
    pub effect: Effect,
    /// The payment or funding that caused it.
    #[schema(value_type = String)]
    pub cause: ItemId,
    pub attempt: u32,
    /// The bank's time where the bank caused it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub row: Option<RowFacts>,
}

/// What caused an entry.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    pub item: ItemId,
    /// The version of the item that this step makes: keeps the keys of its lines apart from every other step's.
    pub version: u64,
    pub attempt: u32,
    pub payer_id: &'a str,
    pub amount: Cents,
    pub row: Option<&'a RowFacts>,
    pub at: Timestamp,
}

/// The puts of the entries of these effects.
pub fn puts(cause: Cause<'_>, effects: &[Effect]) -> Result<Vec<Change>, TableError> {
    let lines = effects.iter().flat_map(|effect| {
        ledger::entry(*effect, cause.payer_id, cause.amount).into_iter().map(move |line| (*effect, line))
    });
    lines
        .enumerate()
        .map(|(number, (effect, line))| {
            let posting = Posting {
                account: line.account.to_string(),
                side: line.side,
                amount: line.amount,
                effect,
                cause: cause.item,
                attempt: cause.attempt,
                at: cause.at,
                row: cause.row.cloned(),
            };
            Ok(Change::Put {
                key: keys::posting(&line.account, cause.at, cause.item, cause.version, number),
                attributes: encode(&posting)?,
                indexing: Indexing::default(),
                condition: Condition::Absent,
            })
        })
        .collect()
}

/// Debits and credits of one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Totals {
    #[schema(value_type = String)]
    pub debits: Cents,
    #[schema(value_type = String)]
    pub credits: Cents,
}

impl Totals {
    /// Debits less credits: positive for what an asset holds, negative for what a liability owes.
    pub fn balance(self) -> Result<Cents, MoneyOverflow> {
        self.debits.minus(self.credits)
    }

    pub fn add(&mut self, side: Side, amount: Cents) -> Result<(), MoneyOverflow> {
        match side {
            Side::Debit => self.debits = self.debits.plus(amount)?,
            Side::Credit => self.credits = self.credits.plus(amount)?,
        }
        Ok(())
    }
}

/// The months, first day each, in which lines can be: from the account's first month to one past now (bank times may lead ours).
fn months(since: Timestamp, until: Timestamp) -> Vec<Date> {
    let first = since.to_zoned(TimeZone::UTC).date().first_of_month();
    let last = until.to_zoned(TimeZone::UTC).date().first_of_month();
    let later = |date: &Date| date.checked_add(jiff::Span::new().months(1)).ok();
    std::iter::successors(Some(first), later).take_while(|month| *month <= last).collect()
}

/// The partitions that hold an account's lines.
pub fn partitions(account: &Account, since: Timestamp, until: Timestamp) -> Vec<String> {
    months(since, until)
        .into_iter()
        .flat_map(|month| (0..keys::LEDGER_SHARDS).map(move |shard| (month, shard)))
        .map(|(month, shard)| keys::ledger_lines(account, month, shard))
        .collect()
}

/// Sums an account over all its lines, read consistently.
pub async fn totals(
    table: &dyn Table,
    account: &Account,
    since: Timestamp,
    until: Timestamp,
) -> Result<Totals, TableError> {
    let partitions = partitions(account, since, until);
    let sums: Vec<Totals> = stream::iter(partitions.into_iter().map(|partition| partition_totals(table, partition)))
        .buffer_unordered(READS_AT_ONCE)
        .try_collect()
        .await?;
    let mut totals = Totals::default();
    for sum in sums {
        totals.add(Side::Debit, sum.debits).and_then(|()| totals.add(Side::Credit, sum.credits)).map_err(overflow)?;
    }
    Ok(totals)
}

async fn partition_totals(table: &dyn Table, partition: String) -> Result<Totals, TableError> {
    #[derive(Deserialize)]
    struct Line {
        side: Side,
        amount: Cents,
    }
    let mut totals = Totals::default();
    let mut query = Query::primary(partition);
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            let line: Line = decode(attributes)?;
            totals.add(line.side, line.amount).map_err(overflow)?;
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(totals),
        }
    }
}

fn overflow(cause: MoneyOverflow) -> TableError {
    TableError::Defect(cause.to_string())
}

/// A page of one account's lines in one partition.
pub async fn lines(table: &dyn Table, partition: String, after: Option<Cursor>, most: u32) -> Result<Page, TableError> {
    table.query(&Query { page_items: Some(most), start_after: after, ..Query::primary(partition) }).await
}

/// Balances of these accounts, each with the time since which it has lines.
pub async fn trial_balance(
    table: &dyn Table,
    accounts: Vec<(Account, Timestamp)>,
    until: Timestamp,
) -> Result<BTreeMap<String, Totals>, TableError> {
    let balances: Vec<_> =
        accounts.into_iter().map(|(account, since)| named_totals(table, account, since, until)).collect();
    stream::iter(balances).buffer_unordered(ACCOUNTS_AT_ONCE).try_collect().await
}

async fn named_totals(
    table: &dyn Table,
    account: Account,
    since: Timestamp,
    until: Timestamp,
) -> Result<(String, Totals), TableError> {
    let totals = totals(table, &account, since, until).await?;
    Ok((account.to_string(), totals))
}
