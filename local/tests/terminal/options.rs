//! Wrong options are errors, and readers who stop reading are not.

use std::process::Stdio;

use shared::domain::payroll_file::Format;

use crate::ran::{Place, Ran};

#[test]
fn what_cannot_be_meant_is_refused_with_a_word_about_it() {
    let place = Place::new();
    std::fs::write(place.path().join("example.xml"), Format::Xml.example()).unwrap();
    let table = [
        ("payroll --rows 0", "--rows"),
        ("payroll --rows 20 --store memory --returns 21", "--returns 21 is more than the "),
        ("payroll --rows 20 --store memory --unpayable ins_1", "--unpayable ins_1: no row of the file pays"),
        ("payroll --data data --store memory", "--store memory"),
        ("--data data --store memory", "--store memory"),
        ("payroll nowhere.xml --store memory", "nowhere.xml cannot be read"),
        ("payroll . --store memory", "cannot be read"),
        ("payroll table.csv --map amount=Net,branch=net", "the column of amounts is the amount alone"),
        ("payroll table.csv --map sum=Net", "there is no column sum"),
        ("payroll example.xml --store memory --map amount=Net", "--map names columns of a table"),
        ("simulate --seeds 0", "--seeds"),
        ("autopay --scenario nonsense", "autopay --list"),
        ("generate --out file.xml --defects nonsense", "there is no defect"),
        ("generate --out file.xml --rows 3 --defects aba:4", "4 defective rows do not fit into 3 rows"),
        ("event nonsense", "clearway event"),
    ];
    for (line, words) in table {
        let ran = place.run(line).ended_with(2);
        ran.told(&[words]);
        // What clap says of a value repeats it.
        if ran.stderr.starts_with("clearway: ") {
            ran.fits_a_terminal();
        }
    }
    assert!(!place.path().join("file.xml").exists() && !place.path().join("file.partial").exists());
}

#[test]
fn a_generated_file_is_told_in_plain_words() {
    let ran = Place::new().run("generate --out file.xml --rows 200 --defects aba:3").ended_with(0);
    ran.told(&["file.xml: 200 rows, ", "in rows without errors", "3 rows with an error on purpose"]);
    ran.told(&["`clearway payroll` does not know: it cannot pay them. A stack that is served pays them, unless"]);
    ran.fits_a_terminal();
}

#[test]
fn the_help_names_the_exit_statuses() {
    for line in ["--help", "payroll --help"] {
        Place::new().run(line).ended_with(0).told(&["3 the verdict failed", "4 the file was refused"]);
    }
}

#[test]
fn every_help_fits_a_terminal() {
    let place = Place::new();
    let commands = ["", "payroll", "autopay", "simulate", "generate", "template", "simulators", "event", "doctor"];
    for command in commands {
        for help in ["-h", "--help"] {
            place.run(&format!("{command} {help}")).ended_with(0).fits_a_terminal();
        }
    }
}

/// As `| head` does.
#[test]
fn a_reader_who_stops_reading_ends_the_command_without_a_word() {
    let place = Place::new();
    for line in ["autopay --list", "template --format csv", "event", "autopay"] {
        let mut command = place.command(line.split_whitespace());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(process.stdout.take());
        let ran = Ran::of(process.wait_with_output().unwrap());
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{line}");
    }
}

#[test]
fn a_run_whose_progress_nobody_reads_ends_without_a_panic() {
    let place = Place::new();
    let mut command = place.command(["payroll", "--rows", "20", "--store", "memory"]);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(process.stderr.take());
    assert_eq!(process.wait().unwrap().code(), Some(1));
}
