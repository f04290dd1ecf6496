//! The ledger's items: lines and daily closings. Lines are put if absent in the write of the step that caused them, and never changed.
//!
//! Guarantees: a balance is the newest closing and the lines booked after it, and always the sum over all lines; how much is read for it
//! does not grow with the age of the books.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::ids::ItemId;
use crate::domain::ledger::correction::Correction;
use crate::domain::ledger::{self, Account, CauseId, EntryKind, Side, closing};
use crate::domain::leg::Effect;
use crate::domain::money::{Cents, MoneyOverflow};
use crate::domain::payment::RowFacts;
use crate::ports::table::{
    Change, Condition, Cursor, Indexing, Order, Page, Query, Range, Table, TableError, decode, encode,
};

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
    /// What it was made for: an effect, or `correction`.
    #[schema(value_type = String)]
    pub effect: EntryKind,
    /// The payment, funding or correction that caused it.
    #[schema(value_type = String)]
    pub cause: CauseId,
    pub attempt: u32,
    /// The bank's time where the bank caused it.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it was recorded, where that was too late for the bank's time: it counts to the day of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub booked_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub row: Option<RowFacts>,
    /// Why, of a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The payment or funding that a correction is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub about: Option<ItemId>,
}

/// What caused an entry.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    pub item: ItemId,
    /// The version of the item that this step makes: keeps the keys of its lines apart from every other step's.
    pub version: u64,
    pub attempt: u32,
    pub payer_id: &'a str,
    pub row: Option<&'a RowFacts>,
    pub at: Timestamp,
    /// Our own time, on which it depends where a line is booked.
    pub now: Timestamp,
}

/// The puts of the entries of these effects, each with its amount.
pub fn puts(cause: Cause<'_>, effects: &[(Effect, Cents)]) -> Result<Vec<Change>, TableError> {
    let lines = effects.iter().flat_map(|(effect, amount)| {
        ledger::entry(*effect, cause.payer_id, *amount).into_iter().map(move |line| (*effect, line))
    });
    let booked_at = closing::booked_at(cause.at, cause.now);
    lines
        .enumerate()
        .map(|(number, (effect, line))| {
            let posting = Posting {
                account: line.account.to_string(),
                side: line.side,
                amount: line.amount,
                effect: EntryKind::Of(effect),
                cause: CauseId::Item(cause.item),
                attempt: cause.attempt,
                at: cause.at,
                booked_at: (booked_at != cause.at).then_some(booked_at),
                row: cause.row.cloned(),
                reason: None,
                about: None,
            };
            Ok(Change::Put {
                key: keys::posting(&line.account, booked_at, CauseId::Item(cause.item), cause.version, number),
                attributes: encode(&posting)?,
                indexing: Indexing::default(),
                condition: Condition::Absent,
            })
        })
        .collect()
}

/// The puts of a correction's entry.
pub fn puts_of_correction(correction: &Correction, now: Timestamp) -> Result<Vec<Change>, TableError> {
    let (terms, cause) = (&correction.terms, CauseId::Correction(correction.id));
    let lines = terms.entry().into_iter().enumerate();
    lines
        .map(|(number, line)| {
            let posting = Posting {
                account: line.account.to_string(),
                side: line.side,
                amount: line.amount,
                effect: EntryKind::CORRECTION,
                cause,
                attempt: 1,
                at: now,
                booked_at: None,
                row: None,
                reason: Some(terms.reason.clone()),
                about: terms.about,
            };
            Ok(Change::Put {
                key: keys::posting(&line.account, now, cause, correction.version, number),
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

    pub fn plus(self, other: Self) -> Result<Self, MoneyOverflow> {
        Ok(Self { debits: self.debits.plus(other.debits)?, credits: self.credits.plus(other.credits)? })
    }

    pub fn add(&mut self, side: Side, amount: Cents) -> Result<(), MoneyOverflow> {
        match side {
            Side::Debit => self.debits = self.debits.plus(amount)?,
            Side::Credit => self.credits = self.credits.plus(amount)?,
        }
        Ok(())
    }
}

/// The months, first day each, from one day to another.
fn months(first: Date, last: Date) -> Vec<Date> {
    let later = |date: &Date| date.checked_add(jiff::Span::new().months(1)).ok();
    std::iter::successors(Some(first.first_of_month()), later).take_while(|month| *month <= last).collect()
}

/// The partitions that hold an account's lines: from the account's first month to one past now.
pub fn partitions(account: &Account, since: Timestamp, until: Timestamp) -> Vec<String> {
    partitions_of_days(account, closing::day_of(since), closing::day_of(until))
}

fn partitions_of_days(account: &Account, first: Date, last: Date) -> Vec<String> {
    months(first, last)
        .into_iter()
        .flat_map(|month| (0..keys::LEDGER_SHARDS).map(move |shard| (month, shard)))
        .map(|(month, shard)| keys::ledger_lines(account, month, shard))
        .collect()
}

/// What an account held at the end of a day, over all its lines up to then. Put if absent, and never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    pub day: Date,
    pub totals: Totals,
}

/// The newest closing of an account.
pub async fn latest_closing(table: &dyn Table, account: &Account) -> Result<Option<Closing>, TableError> {
    let query = Query {
        range: Range::BeginsWith(keys::CLOSING_PREFIX.to_owned()),
        order: Order::Descending,
        page_items: Some(1),
        ..Query::primary(keys::ledger_account(account))
    };
    table.query(&query).await?.items.into_iter().next().map(decode).transpose()
}

/// Sums an account over all its lines, read consistently: its newest closing, and the lines that were booked after it.
pub async fn totals(
    table: &dyn Table,
    account: &Account,
    since: Timestamp,
    until: Timestamp,
) -> Result<Totals, TableError> {
    let latest = latest_closing(table, account).await?;
    let after = booked(table, account, latest, since, closing::day_of(until)).await?;
    with(latest, after.totals)
}

/// Closes a day of an account that is over. Answers the closing that is written, if one is. Again, it changes nothing.
pub async fn close(
    table: &dyn Table,
    account: &Account,
    since: Timestamp,
    day: Date,
) -> Result<Option<Closing>, TableError> {
    let latest = latest_closing(table, account).await?;
    if closing::day_of(since) > day || latest.is_some_and(|latest| latest.day >= day) {
        return Ok(None);
    }
    let after = booked(table, account, latest, since, day).await?;
    if !closing::is_worth_writing(latest.map(|latest| latest.day), day, after.lines) {
        return Ok(None);
    }
    let closed = Closing { day, totals: with(latest, after.totals)? };
    let put = Change::Put {
        key: keys::closing(account, day),
        attributes: encode(&closed)?,
        indexing: Indexing::default(),
        condition: Condition::Absent,
    };
    match table.write(vec![put]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(Some(closed)),
        Err(other) => Err(other),
    }
}

fn with(latest: Option<Closing>, after: Totals) -> Result<Totals, TableError> {
    latest.map_or(Ok(after), |latest| latest.totals.plus(after)).map_err(overflow)
}

/// Lines that were booked after a closing, or since the account began, up to the end of a day.
async fn booked(
    table: &dyn Table,
    account: &Account,
    latest: Option<Closing>,
    since: Timestamp,
    until: Date,
) -> Result<Sum, TableError> {
    let first = latest.map_or_else(|| closing::day_of(since).first_of_month(), |latest| closing::next_day(latest.day));
    // A clock that is behind the last closing finds nothing after it.
    if first > until {
        return Ok(Sum::default());
    }
    // Every time begins with its day, and sorts before the day followed by a tilde.
    let range = Range::Between(first.to_string(), format!("{until}~"));
    let sums = partitions_of_days(account, first, until)
        .into_iter()
        .map(|partition| partition_sum(table, Query { range: range.clone(), ..Query::primary(partition) }));
    let sums: Vec<_> = sums.collect();
    let sums: Vec<Sum> = stream::iter(sums).buffer_unordered(READS_AT_ONCE).try_collect().await?;
    let mut all = Sum::default();
    for sum in sums {
        all.lines = all.lines.saturating_add(sum.lines);
        all.totals = all.totals.plus(sum.totals).map_err(overflow)?;
    }
    Ok(all)
}

/// Lines, and what they add up to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    lines: u64,
    totals: Totals,
}

async fn partition_sum(table: &dyn Table, mut query: Query) -> Result<Sum, TableError> {
    #[derive(Deserialize)]
    struct Line {
        side: Side,
        amount: Cents,
    }
    let mut sum = Sum::default();
    loop {
        let page = table.query(&query).await?;
        for attributes in page.items {
            let line: Line = decode(attributes)?;
            sum.lines = sum.lines.saturating_add(1);
            sum.totals.add(line.side, line.amount).map_err(overflow)?;
        }
        match page.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok(sum),
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
