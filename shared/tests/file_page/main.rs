//! docs/file.md describes the payroll file as the code reads it: its tables are written from the code, and compared with it.
//!
//! `CLEARWAY_UPDATE=1 cargo test -p shared --test file_page` writes them anew. A code, column or limit without words here does not compile or
//! fails the test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test fail it by panicking")]

mod codes;
mod columns;

use std::fmt::Write as _;
use std::path::PathBuf;

use shared::domain::payroll_file::{ErrorCode, Format, Limits, Warning, column_names};
use shared::domain::task::ReportKind;
use shared::operations::report_text;

fn elements() -> String {
    let mut table =
        "| element below `row` | CSV column | also taken for it | holds |\n| --- | --- | --- | --- |\n".to_owned();
    for column in column_names() {
        let (path, name, holds) = (column.path, column.name, columns::rule(column.path));
        let synonyms: Vec<_> = column.synonyms.iter().map(|name| format!("`{name}`")).collect();
        writeln!(table, "| `{path}` | `{name}` | {} | {holds} |", synonyms.join(", ")).unwrap();
    }
    table
}

fn limits() -> String {
    let Limits {
        file_bytes,
        rows,
        rows_per_chunk: _,
        row_bytes,
        leaf_bytes,
        element_name_bytes,
        depth,
        attributes,
        distinct_ids,
        row_errors,
        largest_amount,
    } = Limits::default();
    let mut table = "| limit | at most |\n| --- | --- |\n".to_owned();
    for (what, most) in [
        ("bytes of the file, unpacked", file_bytes.to_string()),
        ("rows", rows.to_string()),
        ("bytes of a row, header line, comment or ignored element", row_bytes.to_string()),
        ("bytes of a value", leaf_bytes.to_string()),
        ("bytes of an element's name", element_name_bytes.to_string()),
        ("elements within each other, the root counted", depth.to_string()),
        ("attributes of an element", attributes.to_string()),
        ("different sources, branches or institutions, each", distinct_ids.to_string()),
        ("errors listed; further ones are counted", row_errors.to_string()),
        ("dollars of one payment", largest_amount.to_string()),
    ] {
        writeln!(table, "| {what} | {most} |").unwrap();
    }
    table
}

fn errors() -> String {
    let mut table = "| code | of | why | what to do |\n| --- | --- | --- | --- |\n".to_owned();
    for code in ErrorCode::ALL {
        let (of, why, to_do) = codes::error(code);
        writeln!(table, "| `{code}` | {of} | {why} | {to_do} |").unwrap();
    }
    table
}

fn warnings() -> String {
    let mut table = "| code | why | what to do |\n| --- | --- | --- |\n".to_owned();
    for code in Warning::ALL {
        let name = serde_json::to_value(code).unwrap();
        let (why, to_do) = codes::warning(code);
        writeln!(table, "| `{}` | {why} | {to_do} |", name.as_str().unwrap()).unwrap();
    }
    table
}

fn report(kind: ReportKind) -> String {
    let mut table = "| column | holds |\n| --- | --- |\n".to_owned();
    for column in report_text::columns(kind) {
        writeln!(table, "| `{column}` | {} |", columns::reported(column)).unwrap();
    }
    table
}

fn example(format: Format, language: &str) -> String {
    format!("```{language}\n{}```\n", format.example())
}

fn replaced(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page lacks the mark of {name}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the page lacks the end mark of {name}"));
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_page_describes_the_file_as_it_is_read() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/file.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut wanted = page.clone();
    for (name, table) in [
        ("elements", elements()),
        ("limits", limits()),
        ("errors", errors()),
        ("warnings", warnings()),
        ("payments report", report(ReportKind::Payments)),
        ("sources report", report(ReportKind::Sources)),
        ("branches report", report(ReportKind::Branches)),
        ("csv example", example(Format::Csv, "csv")),
        ("xml example", example(Format::Xml, "xml")),
    ] {
        wanted = replaced(&wanted, name, &table);
    }
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(page == wanted, "docs/file.md is out of date: run this test with CLEARWAY_UPDATE=1");
    }
}
