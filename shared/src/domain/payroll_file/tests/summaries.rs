use super::*;
use crate::domain::money::Cents;

const SECOND: &str = "CORP-c84e17fb";

/// The two-row example of payroll-file.md section 4, and a third row at another institution.
fn example() -> Vec<String> {
    let second = row_replacing(2, "CORP-5a2d9c10", SECOND).replace("123456780", "011000028").replace("$8.15", "$10.08");
    vec![row(1), second, row_with(3, "PlaidId", "ins_900002").replace("$8.15", "$1,000.00")]
}

fn total(rows: u64, cents: i64) -> Total {
    Total { rows, total: Cents::new(cents) }
}

#[test]
fn a_summary_counts_and_sums_the_file() {
    let text = file(&example());
    let summary = read(&text).expect("valid");
    assert_eq!((summary.rows, summary.total.get()), (3, 101_823));
    assert_eq!((summary.employees, summary.loans, summary.file_bytes), (1, 3, text.len() as u64));
    assert_eq!(summary.by_source["CORP-5a2d9c10"], total(2, 100_815));
    assert_eq!(summary.by_source[SECOND], total(1, 1_008));
    assert_eq!(summary.by_branch["BRC-91b7e6d4"], total(3, 101_823));
    assert_eq!(summary.by_institution["ins_900001"], total(2, 1_823));
    assert_eq!(summary.by_source_and_institution["CORP-5a2d9c10"]["ins_900002"], total(1, 100_000));
    assert_eq!(summary.by_branch_and_institution["BRC-91b7e6d4"]["ins_900001"], total(2, 1_823));
    assert_eq!(summary.file_sha256, Sha256Hash::of(text.as_bytes()));
    assert_eq!(summary.sources.len(), 2);
    assert_eq!((summary.row_digests.len(), summary.pay_digests.len()), (3, 3));
    assert!(summary.warnings.is_empty());
}

#[test]
fn the_manifest_has_money_as_text_and_no_secret() {
    let summary = read(file(&example())).expect("valid");
    let json = serde_json::to_value(&summary).expect("serializable");
    assert_eq!(json["total"], "1018.23");
    assert_eq!(json["by_source"][SECOND], serde_json::json!({"rows": 1, "total": "10.08"}));
    assert!(!json.to_string().contains("00451177") && !format!("{summary:?}").contains("00451177"));
    let back: Summary = serde_json::from_value(json).expect("readable");
    assert_eq!(back, Summary { sources: Vec::new(), row_digests: Vec::new(), pay_digests: Vec::new(), ..summary });
}

#[test]
fn the_details_of_a_source_survive_sealing() {
    let source = read(file(&example())).expect("valid").sources.remove(0);
    let json = serde_json::to_string(&source).expect("serializable");
    assert!(json.contains("\"00451177\"") && json.contains("\"123456789\""));
    assert_eq!(serde_json::from_str::<SourceDetails>(&json).expect("readable"), source);
}

#[test]
fn the_canonical_hash_is_about_content_alone() {
    let rows = example();
    let expected = read(file(&rows)).expect("valid").canonical_hash;
    let mut turned = rows.clone();
    turned.reverse();
    assert_eq!(read(file(&turned)).expect("valid").canonical_hash, expected);
    assert_ne!(read(file(&rows[..2])).expect("valid").canonical_hash, expected);
    let other_amount = [rows[0].replace("$8.15", "$8.16"), rows[1].clone(), rows[2].clone()];
    assert_ne!(read(file(&other_amount)).expect("valid").canonical_hash, expected);
}

#[test]
fn overlapping_files_share_the_digests_of_their_common_rows() {
    let rows = example();
    let all = read(file(&rows)).expect("valid").row_digests;
    let some = read(file(&rows[1..])).expect("valid").row_digests;
    assert!(all.is_sorted() && some.iter().all(|digest| all.binary_search(digest).is_ok()));
}
