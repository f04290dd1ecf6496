//! Who did what to which thing when.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_TYPE, LINK};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use shared::domain::task::ReportFormat;
use shared::http::accept::wanted_format;
use shared::http::body::QueryParameters;
use shared::http::pages::{PageBody, PageQuery, cursor_invalid};
use shared::http::problem::{Problem, Refused};
use shared::operations::{System, audit as entries};
use shared::ports::table::Cursor;
use shared::store::audit::{self, AuditEntry, Days, Entries, Resume};
use utoipa::IntoParams;

/// The longest place of an entry: a moment, an actor, and what keeps two apart.
const PLACE_BYTES_MAX: usize = 1_024;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// One day in UTC: `2026-03-02`. Or a first and last one:
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Today where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// Only what this caller did: a token's subject, or a person's id.
    actor: Option<String>,
    /// Only what was done to the thing with this id; then the days may be left out.
    subject: Option<String>,
}

/// Where to look.
enum Place<'a> {
    Subject(&'a str, Option<Days>),
    Days(Days),
}

impl Wanted {
    fn place(&self, today: Date) -> Result<Place<'_>, Problem> {
        let days = match (self.day, self.from, self.to) {
            (Some(day), None, None) => Some(Days { first: day, last: day }),
            (None, Some(first), last) => Some(Days { first, last: last.unwrap_or(today) }),
            (None, None, None) => None,
            (Some(_), _, _) | (None, None, Some(_)) => {
                return Err(days_invalid("Ask for a day, or from a day to another."));
            }
        };
        if days.is_some_and(|days| days.first > days.last) {
            return Err(days_invalid("The first day is after the last."));
        }
        match (self.subject.as_deref(), days) {
            (Some(subject), days) => Ok(Place::Subject(subject, days)),
            (None, Some(days)) => Ok(Place::Days(days)),
            (None, None) => Err(days_invalid("Ask for a day, from a day to another, or for a subject.")),
        }
    }
}

fn days_invalid(detail: &str) -> Problem {
    Problem::bad_request("days_invalid", detail)
}

/// What people did, oldest first, by day or range of days, by actor, or by thing. As CSV where `Accept` asks for it; the header `Link`
/// then leads to the next page.
#[utoipa::path(get, path = "/audit", tag = "audit",
    params(Wanted, PageQuery),
    responses((status = 200, content((PageBody<AuditEntry> = "application/json"), (String = "text/csv"))), Refused),
    security(("bearer" = ["operate"])))]
pub(crate) async fn read(
    State(system): State<System>,
    QueryParameters(wanted): QueryParameters<Wanted>,
    QueryParameters(page): QueryParameters<PageQuery>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let format = wanted_format(&headers, ReportFormat::Json)?;
    let found = found(&system, &wanted, &page).await?;
    match format {
        ReportFormat::Json => Ok(Json(PageBody::new(found.entries, found.next)).into_response()),
        ReportFormat::Csv | ReportFormat::CsvBom => {
            let body = entries::csv(&found.entries)?;
            let content_type = (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            let headers = std::iter::once(content_type).chain(found.next.and_then(|next| link(query, &next)));
            Ok((HeaderMap::from_iter(headers), body).into_response())
        }
    }
}

async fn found(system: &System, wanted: &Wanted, page: &PageQuery) -> Result<Entries<Cursor>, Problem> {
    let today = system.clock.business_now().to_zoned(TimeZone::UTC).date();
    let (table, actor, after, most) = (&*system.table, wanted.actor.as_deref(), page.start_after()?, page.limit()?);
    match wanted.place(today)? {
        Place::Subject(subject, days) => Ok(audit::of_subject(table, subject, days, actor, after, most).await?),
        Place::Days(days) => {
            let from = after.map(|cursor| resumed(&cursor, days)).transpose()?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            let Entries { entries, next } = audit::of_days(table, days, actor, from, most).await?;
            Ok(Entries { entries, next: next.map(|next| cursor(&next)) })
        }
    }
}

/// The same question about the next page (RFC 8288), relative to where it was asked.
fn link(query: Option<String>, next: &Cursor) -> Option<(HeaderName, HeaderValue)> {
    let query = query.unwrap_or_default();
    let kept = query.split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor="));
    let parts: Vec<&str> = kept.collect();
    let value = HeaderValue::try_from(format!("<?{}&cursor={}>; rel=\"next\"", parts.join("&"), next.0));
    value.ok().map(|value| (LINK, value))
}

fn cursor(next: &Resume) -> Cursor {
    let after = next.after.as_deref().unwrap_or_default();
    Cursor(URL_SAFE_NO_PAD.encode(format!("{} {after}", next.day)))
}

fn resumed(cursor: &Cursor, days: Days) -> Result<Resume, Problem> {
    let text = URL_SAFE_NO_PAD.decode(&cursor.0).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let read = text.as_deref().and_then(|text| text.split_once(' ')).and_then(|(day, after)| {
        // Every entry's place begins with its day.
        let is_of_day = after.is_empty() || (after.starts_with(day) && after.len() <= PLACE_BYTES_MAX);
        let after = (!after.is_empty()).then(|| after.to_owned());
        is_of_day.then_some(Resume { day: day.parse().ok()?, after })
    });
    read.filter(|place| days.first <= place.day && place.day <= days.last).ok_or_else(cursor_invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let day = jiff::civil::date(2026, 3, 2);
        for after in [None, Some("2026-03-02T18:00:00.000000Z#ann b#01".to_owned())] {
            let before = Resume { day, after };
            assert_eq!(resumed(&cursor(&before), Days { first: day, last: day }).unwrap(), before);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let day = jiff::civil::date(2026, 3, 2);
        let days = Days { first: day, last: day };
        for text in ["", "!", "abc", "eDp5"] {
            assert_eq!(resumed(&Cursor(text.to_owned()), days).unwrap_err().code(), "cursor_invalid", "{text}");
        }
    }

    #[test]
    fn a_link_asks_the_same_for_the_next_page() {
        let link = |query: &str| {
            let (_, value) = link(Some(query.to_owned()), &Cursor("abc".to_owned())).unwrap();
            value.to_str().unwrap().to_owned()
        };
        assert_eq!(link("day=2026-03-02&cursor=old&limit=2"), "<?day=2026-03-02&limit=2&cursor=abc>; rel=\"next\"");
        assert_eq!(link("from=2026-03-02"), "<?from=2026-03-02&cursor=abc>; rel=\"next\"");
    }
}
