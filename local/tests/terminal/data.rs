//! `clearway payroll --data`: what is kept, who holds it, and what a second command makes of it.

use local::folder::Folder;
use serde_json::json;

use crate::ran::Place;

#[test]
fn a_second_command_over_the_same_data_says_who_holds_it_and_stops() {
    let place = Place::new();
    let held = Folder::open(Some(&place.path().join("data"))).unwrap();
    let ran = place.run("payroll --rows 20 --data data").ended_with(1);
    ran.told(&[&format!("process {}", std::process::id()), "nothing was changed"]);
    drop(held);
    place.run("payroll --rows 20 --data data").ended_with(0);
}

#[test]
fn a_finished_payroll_says_so_and_pays_nothing_again() {
    let place = Place::new();
    let first = place.run("payroll --rows 20 --data data --json").ended_with(0).object();
    let ran = place.run("payroll --rows 20 --data data --json").ended_with(0);
    ran.told(&["is completed already: nothing is paid again", "--pay-period"]);
    let second = ran.object();
    assert_eq!((&first["began"], &second["began"]), (&json!("new"), &json!("finished")));
    for same in ["batch_id", "bank", "ledger", "payments", "reports"] {
        assert_eq!(first[same], second[same], "{same}");
    }
}

#[test]
fn batches_over_the_same_data_keep_their_reports_apart() {
    let place = Place::new();
    let [first, second] = [20, 21]
        .map(|rows| place.run(&format!("payroll --rows {rows} --data data --json --pay-again")).ended_with(0).object());
    assert_ne!(first["reports"]["payments"], second["reports"]["payments"]);
    let report = place.path().join(first["reports"]["payments"].as_str().unwrap());
    assert_eq!(std::fs::read_to_string(report).unwrap().lines().count(), 21);
    assert_eq!(second["verdict"]["holds"], json!(true));
}

#[test]
fn payments_that_were_paid_for_the_same_period_are_not_approved_again() {
    let place = Place::new();
    for style in ["compact", "pretty"] {
        place.run(&format!("generate --out {style}.xml --rows 20 --style {style}")).ended_with(0);
    }
    let paid = "--data data --pay-period 2026-11-30";
    place.run(&format!("payroll compact.xml {paid}")).ended_with(0);
    let ran = place.run(&format!("payroll pretty.xml {paid} --json")).ended_with(4);
    assert_eq!(ran.object()["outcome"], json!("not_approvable"));
}

#[test]
fn rows_that_were_paid_before_are_paid_again_only_on_demand() {
    let place = Place::new();
    for style in ["compact", "pretty"] {
        place.run(&format!("generate --out {style}.xml --rows 20 --style {style}")).ended_with(0);
    }
    let first = place.run("payroll compact.xml --data data --json").ended_with(0);
    let batch = first.object()["batch_id"].as_str().unwrap().to_owned();
    let refused = place.run("payroll pretty.xml --data data --json").ended_with(4);
    refused.fits_a_terminal_but_its_object();
    refused.told(&[
        &format!("were paid before: 20 rows in batch {batch} on 20"),
        " for the pay period 20",
        "--pay-again",
    ]);
    assert_eq!(refused.object()["outcome"], json!("paid_before"));
    // Another pay period of the very same file is no other answer.
    place.run("payroll compact.xml --data data --pay-period 2026-11-30").ended_with(4).told(&["--pay-again"]);
    let again = place.run("payroll pretty.xml --data data --pay-again --json").ended_with(0);
    assert_eq!(again.object()["began"], json!("resumed"), "it was summarized by then");
}

#[test]
fn a_bank_that_says_otherwise_fails_the_verdict() {
    let place = Place::new();
    place.run("payroll --rows 20 --data data").ended_with(0);
    std::fs::remove_file(place.path().join("data/bank.journal")).unwrap();
    let ran = place.run("payroll --rows 20 --data data").ended_with(3);
    ran.told(&["Verdict: FAILED. It does not agree: bank.", "bank: 0 payments of $0.00"]);
    ran.fits_a_terminal();
}
