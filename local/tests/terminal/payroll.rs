//! `clearway payroll` without data that is kept.

use serde_json::json;
use shared::domain::payroll_file::Format;

use crate::ran::{Place, Ran};

#[test]
fn each_step_is_told_as_it_happens_and_a_verdict_ends_it() {
    let place = Place::new();
    let ran = place.run("payroll --rows 40").ended_with(0);
    ran.fits_a_terminal();
    ran.told(&[
        "40 rows, $",
        "pay period 20",
        "cannot be paid: ",
        "These are on purpose",
        "Approved by a second person",
        "40 rows recorded, all or none",
        "debits sent, to pull $",
        "a banking day begins",
        "funding available: $",
        "payments settled",
        "Verdict: every row is accounted for, and books = bank = reports = file.",
        "40 of 40 rows: ",
        "none paid twice",
    ]);
    assert!(!ran.stdout.contains("NO  "), "{}", ran.stdout);
}

#[test]
fn ids_are_whole_on_demand() {
    let place = Place::new();
    let short = place.run("payroll --rows 20 --store memory").ended_with(0);
    assert!(short.stderr.contains("CORP-") && short.stderr.contains('…'), "{}", short.stderr);
    let whole = place.run("payroll --rows 20 --store memory --whole-ids").ended_with(0);
    let source = whole.stderr.split_whitespace().find(|word| word.starts_with("CORP-")).unwrap();
    assert_eq!(source.len(), "CORP-".len() + 36, "{source}");
}

#[test]
fn each_batch_has_its_own_folder_of_reports() {
    let place = Place::new();
    for _ in 0..2 {
        let outcome = place.run("payroll --rows 20 --store memory --json --reports out").ended_with(0).object();
        let folder = place.path().join("out").join(outcome["batch_id"].as_str().unwrap());
        for report in ["payments", "sources", "branches"] {
            assert!(folder.join(report).with_extension("csv").is_file(), "{report}");
        }
    }
    assert_eq!(std::fs::read_dir(place.path().join("out")).unwrap().count(), 2);
}

#[test]
fn returns_are_told_and_accounted_for() {
    let ran = Place::new().run("payroll --rows 30 --store memory --returns 3").ended_with(0);
    ran.told(&["returned by their banks", " 3 returned"]);
}

#[test]
fn json_is_one_object_whatever_becomes_of_the_file() {
    let place = Place::new();
    std::fs::write(place.path().join("empty.csv"), "").unwrap();
    place.run("generate --out wrong.xml --rows 10 --defects aba:2").ended_with(0);
    let table = [
        ("payroll --rows 20 --store memory --json", 0, "done"),
        ("payroll wrong.xml --store memory --json", 4, "refused"),
        ("payroll empty.csv --store memory --json", 4, "refused"),
        ("payroll nowhere.xml --store memory --json", 2, "missing"),
        ("payroll . --store memory --json", 2, "unreadable"),
        ("payroll --rows 20 --store memory --json --returns 999", 2, "wrong_options"),
    ];
    for (line, status, outcome) in table {
        let ran = place.run(line).ended_with(status);
        assert_eq!(ran.object()["outcome"], json!(outcome), "{line}: {}", ran.stdout);
    }
    let refused = place.run("payroll wrong.xml --store memory --json").object();
    assert_eq!((&refused["error_count"], &refused["errors"][0]["code"]), (&json!(2), &json!("ABA_CHECKSUM")));
}

#[test]
fn a_refused_file_says_where_it_is_wrong() {
    let place = Place::new();
    place.run("generate --out wrong.xml --rows 50 --style pretty --defects amount-zero:1").ended_with(0);
    let ran = place.run("payroll wrong.xml --store memory").ended_with(4);
    ran.told(&["The file is refused, nothing of it was paid: 1 error", "AMOUNT_TOO_SMALL, byte "]);
    ran.fits_a_terminal();
}

/// The example with columns of other names, a byte order mark, and a blank line before its header.
fn foreign_table() -> String {
    let table = Format::Csv.example().replacen("source_id", "Firm", 1).replacen(",amount", ",Net pay", 1);
    format!("\u{feff}\n{table}")
}

#[test]
fn a_mapped_file_is_paid_and_its_errors_are_told_as_it_is_written() {
    let place = Place::new();
    let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
    let table = foreign_table();
    write("table.csv", &table);
    write("wrong.csv", &table.replacen("$8.15", "8.1", 1));
    write("unclosed.csv", &table.replacen("$1,482.50\"", "$1,482.50", 1));
    let run = |line: &str| Ran::of(place.command(line.split('|')).output().unwrap());
    let map = "--map|source=Firm,amount=net pay|--store|memory|--json";
    let paid = run(&format!("payroll|table.csv|{map}")).ended_with(0);
    assert_eq!(paid.object()["rows"], json!(3));
    let wrong = run(&format!("payroll|wrong.csv|{map}")).ended_with(4).object();
    let error = &wrong["errors"][0];
    assert_eq!(
        (&error["code"], &error["line"], &error["column"]),
        (&json!("AMOUNT_FORMAT"), &json!(3), &json!("Net pay"))
    );
    let offset = usize::try_from(error["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(offset, std::fs::read_to_string(place.path().join("wrong.csv")).unwrap().find("8.1\n").unwrap());
    let unclosed = run(&format!("payroll|unclosed.csv|{map}")).ended_with(4).object();
    assert_eq!((&unclosed["errors"][0]["code"], &unclosed["errors"][0]["line"]), (&json!("CSV_SYNTAX"), &json!(5)));
    let absent = run("payroll|table.csv|--map|amount=Gross|--store|memory|--json").ended_with(4).object();
    assert!(absent["errors"][0]["message"].as_str().unwrap().contains("called \"Gross\""), "{absent}");
}

#[test]
fn one_column_of_the_file_may_serve_as_several() {
    let place = Place::new();
    let table = Format::Csv.example().replacen("trade_name", "Note", 1);
    std::fs::write(place.path().join("table.csv"), table).unwrap();
    let ran = place.run("payroll table.csv --map company_name=company_name,trade_name=company_name --store memory");
    ran.ended_with(0).told(&["3 rows, $", "warning UNKNOWN_COLUMN: 1 time: \"Note\""]);
}

#[test]
fn a_place_that_cannot_be_written_is_found_before_anything_is_paid() {
    let place = Place::new();
    std::fs::write(place.path().join("file"), "").unwrap();
    let ran = place.run("payroll --rows 20 --store memory --reports file/reports").ended_with(1);
    ran.told(&["no reports could be written", "nothing was paid", "--reports"]);
    assert!(!ran.stderr.contains("Summary"), "{}", ran.stderr);
}
