//! What form of an answer a caller asks for.

use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};

use crate::domain::task::ReportFormat;
use crate::http::problem::Problem;

/// The first media type of `Accept` that lines can have; weights are not looked at. `usual` where any will do.
pub fn wanted_format(headers: &HeaderMap, usual: ReportFormat) -> Result<ReportFormat, Problem> {
    let Some(accept) = headers.get(ACCEPT) else { return Ok(usual) };
    let accepted = accept.to_str().unwrap_or_default().split(',');
    let mut types = accepted.map(|range| range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    let known = types.find_map(|media_type| match media_type.as_str() {
        "text/csv" | "text/*" => Some(ReportFormat::Csv),
        "application/json" | "application/*" => Some(ReportFormat::Json),
        "*/*" => Some(usual),
        _ => None,
    });
    let detail = "This is text/csv or application/json.";
    known.ok_or_else(|| Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn accept_chooses_the_format() {
        for (accept, expected) in [
            ("text/csv", Some(ReportFormat::Csv)),
            ("*/*", Some(ReportFormat::Csv)),
            ("application/json", Some(ReportFormat::Json)),
            ("Application/JSON; charset=utf-8", Some(ReportFormat::Json)),
            ("text/html, application/json, */*", Some(ReportFormat::Json)),
            ("text/html", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wanted_format(&headers, ReportFormat::Csv).ok(), expected, "{accept}");
        }
        assert_eq!(wanted_format(&HeaderMap::new(), ReportFormat::Json).ok(), Some(ReportFormat::Json));
    }
}
