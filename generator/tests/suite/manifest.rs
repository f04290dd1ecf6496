//! The manifest says what the file says.

use std::collections::BTreeSet;

use generator::{FileWriter, Manifest, Options, Style, generate, rows};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::support::{Leaves, cents, generated, leaves, row_texts, totals_by, value};

fn distinct(rows: &[Leaves], paths: &[&str]) -> u64 {
    let keys: BTreeSet<Vec<&str>> =
        rows.iter().map(|row| paths.iter().map(|path| value(row, path)).collect()).collect();
    keys.len() as u64
}

fn assert_manifest_fits(file: &str, manifest: &Manifest) {
    let rows: Vec<Leaves> = row_texts(file).into_iter().map(leaves).collect();
    let (unpayable, payable): (Vec<&Leaves>, Vec<&Leaves>) =
        rows.iter().partition(|row| manifest.dead_servicers.iter().any(|dead| dead == value(row, "Payee/PlaidId")));
    let total = |rows: &[&Leaves]| rows.iter().map(|row| cents(value(row, "Amount"))).sum::<i64>();

    assert_eq!(manifest.sha256, hex::encode(Sha256::digest(file)));
    assert_eq!(manifest.bytes, file.len() as u64);
    assert_eq!(manifest.rows, rows.len() as u64);
    assert_eq!(manifest.rows_with_errors, 0);
    assert_eq!(manifest.total_cents, total(&payable) + total(&unpayable));
    assert_eq!((manifest.payable.rows, manifest.payable.total_cents), (payable.len() as u64, total(&payable)));
    assert_eq!((manifest.unpayable.rows, manifest.unpayable.total_cents), (unpayable.len() as u64, total(&unpayable)));
    assert_eq!(manifest.by_source, totals_by(&rows, "Payor/DunkinId"));
    assert_eq!(manifest.by_branch, totals_by(&rows, "Employee/DunkinBranch"));
    assert_eq!(manifest.by_institution, totals_by(&rows, "Payee/PlaidId"));
    assert_eq!(manifest.payable_by_source, totals_by(payable.clone(), "Payor/DunkinId"));
    assert_eq!(manifest.payable_by_branch, totals_by(payable, "Employee/DunkinBranch"));
    assert_eq!(manifest.employees, distinct(&rows, &["Employee/DunkinId"]));
    assert_eq!(manifest.loans, distinct(&rows, &["Employee/DunkinId", "Payee/PlaidId", "Payee/LoanAccountNumber"]));
    assert_eq!(manifest.companies, distinct(&rows, &["Payor/EIN"]));
    assert_eq!(manifest.bank_accounts, distinct(&rows, &["Payor/ABARouting", "Payor/AccountNumber"]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn manifest_equals_a_naive_reading_of_the_file(
        rows in 1_u64..80,
        employees in 1_u32..20,
        sources in 1_u32..7,
        branches in 1_u32..5,
        servicers in 1_u32..6,
        dead_servicers in 0_u32..6,
        seed: u64,
        pretty: bool,
    ) {
        let style = if pretty { Style::Pretty } else { Style::Compact };
        let dead_servicers = dead_servicers.min(servicers);
        let options =
            Options { rows, employees, sources, branches, servicers, dead_servicers, seed, style, ..Options::default() };
        let (file, manifest) = generated(&options);
        prop_assert_eq!(manifest.dead_servicers.len() as u32, dead_servicers);
        assert_manifest_fits(&file, &manifest);
    }
}

#[test]
fn manifest_of_the_standard_file_equals_a_naive_reading() {
    let (file, manifest) = generated(&Options::default());
    assert_manifest_fits(&file, &manifest);
}

#[test]
fn two_hundred_sources_have_a_bank_account_each() {
    let (file, manifest) = generated(&Options { rows: 5_000, sources: 200, ..Options::default() });
    assert_manifest_fits(&file, &manifest);
    assert_eq!(manifest.bank_accounts, 200);
}

#[test]
fn no_row_is_payable_when_every_servicer_is_dead() {
    let (_, manifest) = generated(&Options { rows: 20, servicers: 2, dead_servicers: 2, ..Options::default() });
    assert_eq!(manifest.payable.rows, 0);
    assert!(manifest.payable_by_source.is_empty());
}

#[test]
fn manifest_is_json_beside_the_file_with_money_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { rows: 1, min_cents: 123_456, max_cents: 123_456, ..Options::default() };
    let manifest = generate(&options, &mut Vec::new()).unwrap();

    let path = manifest.write_manifest(&folder.path().join("payroll.xml")).unwrap();

    assert_eq!(path, folder.path().join("payroll.xml.manifest.json"));
    let json = std::fs::read(path).unwrap();
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["total"], "1234.56");
    assert_eq!(value["by_source"].as_object().unwrap().values().next().unwrap()["total"], "1234.56");
    assert_eq!(serde_json::from_slice::<Manifest>(&json).unwrap(), manifest);
}

#[test]
fn a_manifest_that_cannot_be_written_names_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = generate(&Options { rows: 1, ..Options::default() }, &mut Vec::new()).unwrap();
    let refused = manifest.write_manifest(&folder.path().join("absent").join("payroll.xml")).unwrap_err();
    assert!(refused.to_string().contains("payroll.xml.manifest.json"), "{refused}");
}

#[test]
fn permuted_rows_are_the_same_payments_in_another_file() {
    let options = Options { rows: 50, ..Options::default() };
    let (_, manifest) = generated(&options);
    let rows = rows(&options).unwrap();
    let dead_servicers = rows.dead_servicers().to_vec();
    let mut permuted: Vec<_> = rows.collect();
    permuted.reverse();

    let mut writer = FileWriter::new(Vec::new(), Style::Compact, &dead_servicers);
    writer.write_rows(permuted).unwrap();
    let (manifest_of_permuted, file) = writer.finish().unwrap();

    assert_manifest_fits(std::str::from_utf8(&file).unwrap(), &manifest_of_permuted);
    assert_ne!(manifest_of_permuted.sha256, manifest.sha256);
    assert_eq!(Manifest { sha256: manifest.sha256.clone(), ..manifest_of_permuted }, manifest);
}

#[test]
fn a_total_beyond_the_range_of_cents_is_refused() {
    let mut row = rows(&Options { rows: 1, ..Options::default() }).unwrap().next().unwrap();
    row.amount_cents = i64::MAX;
    let mut writer = FileWriter::new(Vec::new(), Style::Compact, &[]);
    writer.write_row(&row).unwrap();
    assert!(matches!(writer.write_row(&row), Err(generator::GenerateError::TotalOverflow)));
}
