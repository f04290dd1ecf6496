//! Lists in pages: `?limit=` and `?cursor=` in, `items` and `next_cursor` out.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::http::problem::Problem;
use crate::ports::table::Cursor;

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;
const CURSOR_BYTES_MAX: usize = 4_096;

/// Which page of a list a caller asks for. Other parameters are let through, so that a handler may read its own filters beside it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Entries per page, 1 to 1000; 100 where it is left out. A page may hold fewer and not be the last.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, unchanged.
    cursor: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<u32, Problem> {
        match self.limit {
            None => Ok(LIMIT_DEFAULT),
            Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::bad_request("limit_invalid", format!("Ask for 1 to {LIMIT_MAX} entries."))),
        }
    }

    /// The place to go on from. Whether it is one of this list's, the table says when it is asked, or the list that has cursors of its own.
    pub fn start_after(&self) -> Result<Option<Cursor>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let base64url = cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if cursor.is_empty() || cursor.len() > CURSOR_BYTES_MAX || !base64url {
            return Err(cursor_invalid());
        }
        Ok(Some(Cursor(cursor.clone())))
    }
}

/// A place that no page of the list has answered.
pub fn cursor_invalid() -> Problem {
    Problem::bad_request("cursor_invalid", "The cursor is not one that a list answered. Start again without it.")
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageBody<T> {
    pub items: Vec<T>,
    /// Ask with it for the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    pub fn new(items: Vec<T>, next: Option<Cursor>) -> Self {
        Self { items, next_cursor: next.map(|cursor| cursor.0) }
    }
}
