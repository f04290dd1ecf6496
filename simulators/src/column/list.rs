//! Cursor pagination and time filters of Column's lists: newest first, `limit` 1 to 100, default 10 (column.md section 1.6).

use jiff::Timestamp;

use super::error::ApiError;
use crate::http::Request;

const DEFAULT_LIMIT: usize = 10;
const LARGEST_LIMIT: usize = 100;

/// What one page asks for.
#[derive(Debug)]
pub(crate) struct PageQuery<'a> {
    limit: usize,
    starting_after: Option<&'a str>,
    ending_before: Option<&'a str>,
    /// Inclusive bounds.
    earliest: Timestamp,
    latest: Timestamp,
}

/// Positions on the page, newest first.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) positions: Vec<usize>,
    pub(crate) has_more: bool,
}

impl<'a> PageQuery<'a> {
    /// Reads the query; the time filters are named `created.gt` on most lists and `created_at_gt` on one: `time_prefix` is `created.` or `created_at_`.
    pub(crate) fn read(request: &'a Request, time_prefix: &str) -> Result<Self, ApiError> {
        let limit = match request.query_value("limit") {
            None => DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LARGEST_LIMIT).contains(limit))
                .ok_or_else(|| ApiError::field("limit", "must be from 1 to 100"))?,
        };
        let starting_after = request.query_value("starting_after");
        let ending_before = request.query_value("ending_before");
        if starting_after.is_some() && ending_before.is_some() {
            return Err(ApiError::invalid("mutually_exclusive_parameters", "ending_before", "excludes starting_after"));
        }
        let bound = |name: &str, shift_ns: i64| -> Result<Option<Timestamp>, ApiError> {
            let name = format!("{time_prefix}{name}");
            let Some(text) = request.query_value(&name) else { return Ok(None) };
            let at: Timestamp =
                text.parse().map_err(|_| ApiError::invalid("invalid_date", &name, "must be a time in RFC 3339"))?;
            let shifted = at.saturating_add(jiff::SignedDuration::from_nanos(shift_ns));
            Ok(Some(shifted.unwrap_or(at)))
        };
        let earliest = bound("gte", 0)?.into_iter().chain(bound("gt", 1)?).max().unwrap_or(Timestamp::MIN);
        let latest = bound("lte", 0)?.into_iter().chain(bound("lt", -1)?).min().unwrap_or(Timestamp::MAX);
        Ok(Self { limit, starting_after, ending_before, earliest, latest })
    }

    /// Selects from `length` objects in order of creation. The bounds and cursors are found by bisection; only what `keep` refuses is walked over.
    pub(crate) fn select(
        &self,
        length: usize,
        created_at: impl Fn(usize) -> Timestamp,
        position_of: impl Fn(&str) -> Option<usize>,
        keep: impl Fn(usize) -> bool,
    ) -> Result<Page, ApiError> {
        let mut low = first_where(length, |position| created_at(position) >= self.earliest);
        let mut high = first_where(length, |position| created_at(position) > self.latest);
        let cursor = |id: &str, name: &str| {
            position_of(id).ok_or_else(|| ApiError::field(name, "is not an object of this list"))
        };
        if let Some(id) = self.starting_after {
            high = high.min(cursor(id, "starting_after")?);
        }
        if let Some(id) = self.ending_before {
            low = low.max(cursor(id, "ending_before")?.saturating_add(1));
        }
        let range = low..high.max(low);
        let mut positions: Vec<usize> = if self.ending_before.is_some() {
            range.filter(|position| keep(*position)).take(self.limit + 1).collect()
        } else {
            range.rev().filter(|position| keep(*position)).take(self.limit + 1).collect()
        };
        let has_more = positions.len() > self.limit;
        positions.truncate(self.limit);
        if self.ending_before.is_some() {
            positions.reverse();
        }
        Ok(Page { positions, has_more })
    }
}

fn first_where(length: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
