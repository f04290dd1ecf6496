//! Fundings, page by page: of one batch, or of the days on which they were made.

use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::civil::Date;

use super::gathering::{Gathering, LAST, Place, read_run};
use super::lists::Listed;
use super::{OperationError, System, fund};
use crate::domain::batch::Batch;
use crate::domain::funding::Funding;
use crate::domain::ids::{FundingId, SourceTag};
use crate::domain::leg::State;
use crate::ports::table::{Cursor, Index, Order, Query, Range, TableError};
use crate::store::keys;
use crate::store::stored::read;

const OF_BATCH: &str = "fundings of a batch";
const OF_DAYS: &str = "fundings of days";

/// Items that are read in one go.
const RUN_ITEMS: u32 = 250;

/// Fundings of a batch read at once.
const READS_AT_ONCE: usize = 16;

/// Days that one page looks through.
const DAYS_MAX: usize = 62;

/// Which fundings are shown.
pub struct FundingFilter<'a> {
    pub state: Option<State>,
    pub source_id: Option<&'a str>,
    /// Whether the caller may see what is this payer's.
    pub may_read: &'a (dyn Fn(&str) -> bool + Sync),
}

impl std::fmt::Debug for FundingFilter<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "FundingFilter({:?} {:?})", self.state, self.source_id)
    }
}

impl FundingFilter<'_> {
    fn shows(&self, funding: &Funding) -> bool {
        self.state.is_none_or(|state| funding.leg.state == state)
            && self.source_id.is_none_or(|source_id| funding.payer_id == source_id)
            && (self.may_read)(&funding.payer_id)
    }
}

/// One page of a batch's fundings, round by round.
pub async fn of_batch(
    system: &System,
    batch: &Batch,
    filter: &FundingFilter<'_>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Funding>, OperationError> {
    let after = after.map(|cursor| Place::read(&cursor, OF_BATCH)).transpose()?;
    let ids = remaining(fund::ids_of(system, batch).await?, after)?;
    let tag = filter.source_id.map(SourceTag::of);
    let is_of_source = |id: &FundingId| match (id, tag) {
        (FundingId::Round { source, .. }, Some(tag)) => *source == tag,
        (FundingId::Round { .. }, None) => true,
        (FundingId::Single(_), _) => false,
    };
    let mut gathering = Gathering::new(most);
    let reads = ids.into_iter().filter(is_of_source).map(|id| async move {
        let funding = read::<Funding>(&*system.table, &keys::funding(id)).await?;
        Ok::<_, OperationError>((id, funding))
    });
    let mut found = stream::iter(reads.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
    while let Some((id, funding)) = found.try_next().await? {
        if gathering.is_over() {
            return Ok(gathering.cut(OF_BATCH));
        }
        let place = Place { part: String::new(), after: id.to_string() };
        gathering.look(place, funding.filter(|funding| filter.shows(funding)));
    }
    Ok(gathering.end())
}

/// What of a batch's fundings comes after a place.
fn remaining(ids: Vec<FundingId>, after: Option<Place>) -> Result<Vec<FundingId>, TableError> {
    let Some(place) = after else { return Ok(ids) };
    let at = ids.iter().position(|id| id.to_string() == place.after).ok_or(TableError::CursorInvalid)?;
    Ok(ids.into_iter().skip(at.saturating_add(1)).collect())
}

/// One page of the fundings that were made on these days (UTC), the last day first. The list lags a moment.
pub async fn of_days(
    system: &System,
    (first, last): (Date, Date),
    filter: &FundingFilter<'_>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Funding>, OperationError> {
    let (mut day, mut place) = match after {
        Some(cursor) => resumed(&cursor, first, last)?,
        None => (last, None),
    };
    let mut gathering = Gathering::new(most);
    for looked_through in 0.. {
        if !read_day(system, (day, place), filter, &mut gathering).await? {
            return Ok(gathering.cut(OF_DAYS));
        }
        let before = day.yesterday().ok().filter(|before| *before >= first);
        let Some(before) = before else { break };
        if looked_through >= DAYS_MAX {
            gathering.look(Place { part: before.to_string(), after: LAST.to_owned() }, None);
            return Ok(gathering.cut(OF_DAYS));
        }
        (day, place) = (before, None);
    }
    Ok(gathering.end())
}

fn resumed(cursor: &Cursor, first: Date, last: Date) -> Result<(Date, Option<String>), TableError> {
    let Place { part, after } = Place::read(cursor, OF_DAYS)?;
    let day = part.parse().ok().filter(|day| (first..=last).contains(day));
    Ok((day.ok_or(TableError::CursorInvalid)?, Some(after)))
}

/// Reads on in a day. Answers whether the page goes on behind it.
async fn read_day(
    system: &System,
    (day, after): (Date, Option<String>),
    filter: &FundingFilter<'_>,
    gathering: &mut Gathering<Funding>,
) -> Result<bool, OperationError> {
    let mut query = Query {
        index: Index::Lists,
        range: after.clone().map_or(Range::All, Range::AtMost),
        order: Order::Descending,
        page_items: Some(RUN_ITEMS),
        ..Query::primary(keys::list_of_fundings(day))
    };
    loop {
        let run = system.table.query(&query).await?;
        for (sort, funding) in read_run::<Funding>(system, run.items).await? {
            if after.as_ref() == Some(&sort) {
                continue;
            }
            if gathering.is_over() {
                return Ok(false);
            }
            let place = Place { part: day.to_string(), after: sort };
            gathering.look(place, funding.filter(|funding| filter.shows(funding)));
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
    use jiff::civil::date;

    use super::*;

    fn cursor(part: &str, after: &str) -> Cursor {
        let mut gathering: Gathering<Funding> = Gathering::new(1);
        gathering.look(Place { part: part.to_owned(), after: after.to_owned() }, None);
        gathering.cut(OF_DAYS).next.unwrap()
    }

    #[test]
    fn a_page_goes_on_within_the_days_that_are_asked_for() {
        let (first, last) = (date(2026, 3, 1), date(2026, 3, 9));
        let resumed = |part| resumed(&cursor(part, "fnd_1"), first, last).ok();
        assert_eq!(resumed("2026-03-02"), Some((date(2026, 3, 2), Some("fnd_1".to_owned()))));
        for outside in ["2026-02-28", "2026-03-10", "x"] {
            assert_eq!(resumed(outside), None, "{outside}");
        }
    }
}
