//! What form of an answer a caller asks for: the media ranges of `Accept` with their weights (RFC 9110 section 12.5.1).

use std::cmp::Reverse;

use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};

use crate::domain::task::ReportFormat;
use crate::http::problem::Problem;

/// The weight of a range that names none, in thousandths.
const WEIGHT_USUAL: u16 = 1_000;

/// The format that weighs most. Of equal ones the one that is named more closely, then the one named first, then `usual`.
pub fn wanted_format(headers: &HeaderMap, usual: ReportFormat) -> Result<ReportFormat, Problem> {
    let sent: Vec<&str> = headers.get_all(ACCEPT).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    if sent.is_empty() {
        return Ok(usual);
    }
    let sent = sent.join(",");
    let ranges: Vec<MediaRange> = pieces(&sent, ',').into_iter().filter_map(MediaRange::read).collect();
    let offered = [ReportFormat::Csv, ReportFormat::Json].into_iter();
    let accepted = offered.filter_map(|format| Some((preference(&ranges, format)?, format == usual, format)));
    let best = accepted.max_by_key(|(preference, is_usual, _)| (*preference, *is_usual));
    let detail = "This is text/csv or application/json.";
    best.map(|(.., format)| format).ok_or_else(|| Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail))
}

/// How closely a range names a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Any,
    AnySubtype,
    Exact,
}

/// One media range, in lower case.
#[derive(Debug)]
struct MediaRange {
    name: String,
    weight: u16,
}

impl MediaRange {
    /// One whose weight cannot be read says nothing.
    fn read(text: &str) -> Option<Self> {
        let mut parts = pieces(text, ';').into_iter().map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case("q").then(|| weight(value.trim()))
        });
        Some(Self { name, weight: weight.unwrap_or(Some(WEIGHT_USUAL))? })
    }

    fn closeness(&self, kind: &str, subtype: &str) -> Option<Closeness> {
        match self.name.split_once('/')? {
            ("*", "*") => Some(Closeness::Any),
            (named, "*") if named == kind => Some(Closeness::AnySubtype),
            (named, of) if named == kind && of == subtype => Some(Closeness::Exact),
            _ => None,
        }
    }
}

/// How much a format is wanted: by the closest range that names it. Nothing where that weighs nothing.
fn preference(ranges: &[MediaRange], format: ReportFormat) -> Option<(u16, Closeness, Reverse<usize>)> {
    let (kind, subtype) = match format {
        ReportFormat::Csv | ReportFormat::CsvBom => ("text", "csv"),
        ReportFormat::Json => ("application", "json"),
    };
    let naming = ranges.iter().enumerate().filter_map(|(place, range)| {
        let closeness = range.closeness(kind, subtype)?;
        Some((closeness, Reverse(place), range.weight))
    });
    let (closeness, place, weight) = naming.max()?;
    let place = if closeness == Closeness::Exact { place } else { Reverse(0) };
    (weight > 0).then_some((weight, closeness, place))
}

/// A weight between 0 and 1 with at most three decimals, in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(WEIGHT_USUAL),
        _ => None,
    }
}

/// The parts of a text between separators that stand outside quotes.
fn pieces(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(|character: char| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(accept: &[&'static str], usual: ReportFormat) -> Option<ReportFormat> {
        let values = accept.iter().map(|value| (ACCEPT, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        for (name, value) in values {
            headers.append(name, value);
        }
        wanted_format(&headers, usual).ok()
    }

    #[test]
    fn accept_chooses_the_format() {
        const CSV: Option<ReportFormat> = Some(ReportFormat::Csv);
        const JSON: Option<ReportFormat> = Some(ReportFormat::Json);
        for (accept, expected) in [
            ("text/csv", CSV),
            ("*/*", CSV),
            ("text/*", CSV),
            ("application/*", JSON),
            ("application/json", JSON),
            ("Application/JSON; charset=utf-8", JSON),
            ("text/html, application/json, */*", JSON),
            ("application/json, text/csv", JSON),
            ("text/csv, application/json", CSV),
            ("text/csv;q=0.1, application/json", JSON),
            ("application/json;q=0.8, text/csv;q=0.9", CSV),
            ("application/json;q=0.801,text/csv;q=0.8", JSON),
            ("*/*;q=0.1, application/json", JSON),
            ("text/csv;q=0.5, */*", JSON),
            ("text/csv;q=0, */*", JSON),
            ("application/json;q=0, */*;q=0.5", CSV),
            ("*/*;q=0.5, text/*;q=0, text/csv", CSV),
            ("text/csv ; Q=1.000 , application/json;q=0.999", CSV),
            ("text/csv;note=\"a,b;q=0\";q=0.2, application/json;q=0.3", JSON),
            ("text/csv;q=0.5;q=1, application/json;q=0.6", JSON),
            ("text/html;q=0.9, image/*;q=0.1, */*;q=0.01", CSV),
            ("text/html", None),
            ("text/csv;q=0", None),
            ("*/*;q=0", None),
            ("text/csv;q=2", None),
            ("text/csv;q=0.1234", None),
            ("text/csv;q=-1", None),
            ("text/csv;q=", None),
            ("text", None),
            ("", None),
        ] {
            assert_eq!(wanted(&[accept], ReportFormat::Csv), expected, "{accept}");
        }
    }

    #[test]
    fn without_a_word_about_it_the_usual_format_comes() {
        for usual in [ReportFormat::Csv, ReportFormat::Json] {
            assert_eq!(wanted(&[], usual), Some(usual));
            assert_eq!(wanted(&["*/*"], usual), Some(usual));
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        assert_eq!(wanted(&["text/csv;q=0.5", "application/json"], ReportFormat::Csv), Some(ReportFormat::Json));
    }
}
