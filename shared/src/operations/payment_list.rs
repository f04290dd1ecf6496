//! The payments of one batch, page by page: its rows shard by shard, then what went back to its sources.

use super::gathering::{Gathering, LAST, Place};
use super::lists::Listed;
use super::{OperationError, System, reports};
use crate::domain::batch::Batch;
use crate::domain::ids::{PAYMENT_SHARDS, PaymentId};
use crate::domain::leg::State;
use crate::domain::payment::Payment;
use crate::ports::table::{Cursor, Query, Range, TableError, decode};
use crate::store::keys;

const LIST: &str = "payments";

/// Items that are read in one go.
const RUN_ITEMS: u32 = 250;

/// The part of the list behind its rows.
const REFUNDS: u8 = PAYMENT_SHARDS;

/// Which payments are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub state: Option<State>,
    pub source_id: Option<String>,
}

impl PaymentFilter {
    fn shows(&self, payment: &Payment) -> bool {
        self.state.is_none_or(|state| payment.leg.state == state)
            && self.source_id.as_ref().is_none_or(|source_id| payment.payer_id == *source_id)
    }
}

/// Where the list goes on: in a shard after a row, or among the refunds after one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Shard { shard: u8, row: Option<u32> },
    Refunds { after: Option<PaymentId> },
}

impl Start {
    fn read(cursor: &Cursor) -> Result<Self, TableError> {
        let Place { part, after } = Place::read(cursor, LIST)?;
        let part: Option<u8> = part.parse().ok();
        let read = match part.ok_or(TableError::CursorInvalid)? {
            REFUNDS => after.parse().ok().map(|id| Start::Refunds { after: Some(id) }),
            shard if shard < REFUNDS => after.parse().ok().map(|row| Start::Shard { shard, row: Some(row) }),
            _ => None,
        };
        read.ok_or(TableError::CursorInvalid)
    }
}

/// One page of a batch's payments.
pub async fn of_batch(
    system: &System,
    batch: &Batch,
    filter: &PaymentFilter,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Payment>, OperationError> {
    let from = after.map(|cursor| Start::read(&cursor)).transpose()?;
    let mut gathering = Gathering::new(most);
    let (mut shard, mut row) = match from {
        None => (0, None),
        Some(Start::Shard { shard, row }) => (shard, row),
        Some(Start::Refunds { .. }) => (REFUNDS, None),
    };
    while shard < REFUNDS {
        if !read_shard(system, batch, (shard, row), filter, &mut gathering).await? {
            return Ok(gathering.cut(LIST));
        }
        (shard, row) = (shard.saturating_add(1), None);
    }
    let after = if let Some(Start::Refunds { after }) = from { after } else { None };
    for refund in reports::refunds(system, batch).await?.into_iter().filter(|refund| Some(refund.id) > after) {
        if gathering.is_over() {
            return Ok(gathering.cut(LIST));
        }
        let place = Place { part: REFUNDS.to_string(), after: refund.id.to_string() };
        gathering.look(place, Some(refund).filter(|refund| filter.shows(refund)));
    }
    Ok(gathering.end())
}

/// Reads on in a shard. Answers whether the page goes on behind it.
async fn read_shard(
    system: &System,
    batch: &Batch,
    (shard, row): (u8, Option<u32>),
    filter: &PaymentFilter,
    gathering: &mut Gathering<Payment>,
) -> Result<bool, OperationError> {
    let row_key = |row| keys::payment(PaymentId::Row { batch: batch.id, row }).sk;
    let range = row.map_or(Range::All, |row| Range::Between(row_key(row.saturating_add(1)), LAST.to_owned()));
    let pk = keys::payment_shard(batch.id, shard);
    let mut query = Query { range, page_items: Some(RUN_ITEMS), ..Query::primary(pk) };
    loop {
        let run = system.table.query(&query).await?;
        for attributes in run.items {
            if gathering.is_over() {
                return Ok(false);
            }
            let payment: Payment = decode(attributes)?;
            let PaymentId::Row { row, .. } = payment.id else { continue };
            let place = Place { part: shard.to_string(), after: row.to_string() };
            gathering.look(place, Some(payment).filter(|payment| filter.shows(payment)));
        }
        match run.next {
            Some(_) if gathering.is_over() => return Ok(false),
            Some(next) => query.start_after = Some(next),
            None => return Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_shard_and_row() {
        let mut gathering: Gathering<Payment> = Gathering::new(1);
        gathering.look(Place { part: "3".to_owned(), after: "35".to_owned() }, None);
        let cursor = gathering.cut(LIST).next.unwrap();
        assert_eq!(Start::read(&cursor).unwrap(), Start::Shard { shard: 3, row: Some(35) });
    }

    #[test]
    fn a_cursor_of_no_shard_or_row_is_refused() {
        for (part, after) in [("17", "35"), ("x", "35"), ("3", "x"), ("3", "-1"), ("16", "pay_x"), ("-1", "1")] {
            let mut gathering: Gathering<Payment> = Gathering::new(1);
            gathering.look(Place { part: part.to_owned(), after: after.to_owned() }, None);
            let cursor = gathering.cut(LIST).next.unwrap();
            assert!(matches!(Start::read(&cursor), Err(TableError::CursorInvalid)), "{part} {after}");
        }
    }
}
