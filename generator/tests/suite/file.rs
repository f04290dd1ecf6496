//! Bytes, values and statistics of files without defects: `payroll-file.md` sections 1 to 3.

use std::collections::{BTreeMap, BTreeSet};

use generator::{FileWriter, GenerateError, Options, Style, generate, parse_defects, rows};

use crate::support::{Leaves, generated, leaves, row_texts, value};

/// The bytes of a seed are a promise: other tests, benchmarks and bug reports name files by their options.
const SHA256_OF_TEN_ROWS: &str = "ca2e65f9acbe9b8340ef89b518570f74a88ef2cc389c173775eb3c101d936b66";
const SHA256_OF_TEN_ROWS_WITH_DEFECTS: &str = "cb19b0be71f727d0e61de0c16e5fb0200508b8e2b5843d0266ddeec711114a58";

fn ten_rows() -> Options {
    Options { rows: 10, ..Options::default() }
}

fn parsed(file: &str) -> Vec<Leaves> {
    row_texts(file).into_iter().map(leaves).collect()
}

#[test]
fn same_seed_gives_the_same_bytes_for_ever() {
    let (file, manifest) = generated(&ten_rows());
    assert_eq!(manifest.sha256, SHA256_OF_TEN_ROWS);
    assert_eq!(generated(&ten_rows()).0, file);
}

#[test]
fn same_seed_gives_the_same_defects_for_ever() {
    let defects = parse_defects("aba:1,empty:DOB:1,dup-row:1,conflicting-employee:1,truncate").unwrap();
    let (_, manifest) = generated(&Options { defects, style: Style::Pretty, ..ten_rows() });
    assert_eq!(manifest.sha256, SHA256_OF_TEN_ROWS_WITH_DEFECTS);
}

#[test]
fn another_seed_gives_other_payments() {
    let (file, _) = generated(&ten_rows());
    let (other, _) = generated(&Options { seed: 2, ..ten_rows() });
    assert_ne!(file, other);
}

#[test]
fn more_rows_extend_the_same_file() {
    let (short, _) = generated(&ten_rows());
    let (long, _) = generated(&Options { rows: 11, ..ten_rows() });
    assert!(long.starts_with(short.strip_suffix("</root>").unwrap()));
}

#[test]
fn compact_is_one_line_of_elements_only() {
    let (file, _) = generated(&ten_rows());
    assert!(file.starts_with("<root><row><Employee><DunkinId>EMP-"), "{}", &file[..80]);
    assert!(file.ends_with("</Amount></row></root>"));
    assert!(!file.contains('\n') && !file.contains("> <") && file.is_ascii());
}

#[test]
fn pretty_and_compact_carry_the_same_values() {
    let (compact, of_compact) = generated(&ten_rows());
    let (pretty, of_pretty) = generated(&Options { style: Style::Pretty, ..ten_rows() });
    assert_eq!(parsed(&pretty), parsed(&compact));
    assert_eq!(of_pretty.by_source, of_compact.by_source);
    assert!(pretty.starts_with("<root>\n    <row>\n        <Employee>\n            <DunkinId>EMP-"));
    assert!(pretty.ends_with("</Amount>\n    </row>\n</root>\n"));
}

#[test]
fn only_the_three_markup_characters_are_escaped() {
    let mut row = rows(&ten_rows()).unwrap().next().unwrap();
    row.source.legal_name = "Tom & Jo's \"<Donuts>\"".to_owned();
    let mut writer = FileWriter::new(Vec::new(), Style::Compact, &[]);
    writer.write_row(&row).unwrap();
    let (_, file) = writer.finish().unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(file.contains("<Name>Tom &amp; Jo's \"&lt;Donuts&gt;\"</Name>"), "{file}");
}

#[test]
fn a_file_has_at_least_one_row() {
    assert_eq!(generated(&Options { rows: 1, ..Options::default() }).1.rows, 1);
    let refused = generate(&Options { rows: 0, ..Options::default() }, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.to_string(), "rows is 0: choose 1 to 10000000");
}

#[test]
fn options_out_of_range_are_named_before_anything_is_written() {
    let cases = [
        ("employees", Options { employees: 0, ..ten_rows() }),
        ("sources", Options { sources: 0, ..ten_rows() }),
        ("branches", Options { branches: 0, ..ten_rows() }),
        ("servicers", Options { servicers: 0, dead_servicers: 0, ..ten_rows() }),
        ("dead_servicers", Options { dead_servicers: 11, ..ten_rows() }),
        ("min_cents", Options { min_cents: 99, ..ten_rows() }),
        ("max_cents", Options { max_cents: 99, ..ten_rows() }),
    ];
    for (named, options) in cases {
        let mut file = Vec::new();
        let refused = generate(&options, &mut file).unwrap_err();
        assert!(matches!(refused, GenerateError::Option { option, .. } if option == named), "{refused}");
        assert!(file.is_empty());
    }
}

#[test]
fn values_have_the_form_of_the_original() {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let id = |text: &str, prefix: &str| {
        let uuid = text.strip_prefix(prefix).unwrap();
        uuid.len() == 36 && uuid.parse::<uuid::Uuid>().unwrap().get_version_num() == 4 && uuid.to_lowercase() == uuid
    };
    for row in rows(&Options { rows: 2_000, ..Options::default() }).unwrap() {
        assert!(id(&row.employee.employee_id, "EMP-") && id(&row.employee.branch_id, "BRC-"));
        assert!(id(&row.source.source_id, "CORP-"));
        let date = jiff::civil::Date::strptime("%m-%d-%Y", &row.employee.date_of_birth).unwrap();
        assert!((1980..=2004).contains(&date.year()) && row.employee.date_of_birth.len() == 10);
        let phone = row.employee.phone_number.strip_prefix("+1").unwrap();
        assert!(digits(phone, 10) && phone.as_bytes()[0] >= b'2');
        assert!(digits(&row.source.account_number, 8) && digits(&row.source.ein, 8));
        assert!(digits(&row.payee.loan_account_number, 8));
        assert!(digits(row.payee.institution_id.strip_prefix("ins_").unwrap(), 6));
        assert!((100..=1099).contains(&row.amount_cents));
        for name in [&row.employee.first_name, &row.employee.last_name] {
            assert!(
                (2..=13).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'\''),
                "{name}"
            );
        }
    }
}

#[test]
fn routing_numbers_satisfy_the_aba_checksum() {
    let options = Options { rows: 1, sources: 200, ..Options::default() };
    for source in rows(&options).unwrap().sources() {
        let d: Vec<u32> = source.routing_number.chars().map(|digit| digit.to_digit(10).unwrap()).collect();
        let sum = 3 * (d[0] + d[3] + d[6]) + 7 * (d[1] + d[4] + d[7]) + d[2] + d[5] + d[8];
        assert_eq!((d.len(), sum % 10), (9, 0), "{}", source.routing_number);
    }
}

#[test]
fn one_company_owns_all_sources() {
    let drawn = rows(&Options::default()).unwrap();
    let companies: BTreeSet<_> =
        drawn.sources().iter().map(|s| (&s.legal_name, &s.trade_name, &s.ein, &s.address.line1)).collect();
    let accounts: BTreeSet<_> = drawn.sources().iter().map(|s| (&s.routing_number, &s.account_number)).collect();
    assert_eq!((companies.len(), accounts.len()), (1, 5));
}

/// Section 3, each range about five standard deviations wide.
#[test]
fn the_standard_file_has_the_statistics_of_the_original() {
    let (_, manifest) = generated(&Options::default());
    assert_eq!((manifest.rows, manifest.loans, manifest.companies), (50_000, 50_000, 1));
    assert!((9_880..=9_985).contains(&manifest.employees), "{} employees", manifest.employees);
    assert!((29_600_000..=30_350_000).contains(&manifest.total_cents), "{} cents", manifest.total_cents);
    assert!((34_000_000..=38_000_000).contains(&manifest.bytes), "{} bytes", manifest.bytes);
    let all_within = |counts: Vec<u64>, range: std::ops::RangeInclusive<u64>| {
        assert!(counts.iter().all(|count| range.contains(count)), "{counts:?} are not all in {range:?}");
    };
    assert_eq!((manifest.by_source.len(), manifest.by_branch.len(), manifest.by_institution.len()), (5, 30, 10));
    all_within(manifest.by_source.values().map(|totals| totals.rows).collect(), 9_500..=10_500);
    all_within(manifest.by_institution.values().map(|totals| totals.rows).collect(), 4_650..=5_350);
    all_within(vec![manifest.unpayable.rows], 4_650..=5_350);
}

#[test]
fn people_and_loans_of_the_standard_file_collide_as_in_the_original() {
    let mut branch_employees: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut rows_per_employee: BTreeMap<String, u64> = BTreeMap::new();
    let mut loans_per_servicer: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut loan_numbers: BTreeMap<String, u64> = BTreeMap::new();
    let mut first_names = BTreeSet::new();
    let mut last_names: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows(&Options::default()).unwrap() {
        let employee = row.employee;
        branch_employees.entry(employee.branch_id).or_default().insert(employee.employee_id.clone());
        *rows_per_employee.entry(employee.employee_id.clone()).or_default() += 1;
        *loans_per_servicer.entry((employee.employee_id, row.payee.institution_id)).or_default() += 1;
        *loan_numbers.entry(row.payee.loan_account_number).or_default() += 1;
        first_names.insert(employee.first_name);
        *last_names.entry(employee.last_name).or_default() += 1;
    }
    for (branch, employees) in branch_employees {
        assert!((240..=430).contains(&employees.len()), "{} employees in {branch}", employees.len());
    }
    assert!((11..=18).contains(rows_per_employee.values().max().unwrap()));
    let rows_of_several_loans: u64 = loans_per_servicer.values().filter(|loans| **loans > 1).sum();
    assert!((18_000..=21_000).contains(&rows_of_several_loans), "{rows_of_several_loans} rows");
    let repeated_numbers = loan_numbers.values().filter(|count| **count > 1).count();
    assert!((3..=30).contains(&repeated_numbers), "{repeated_numbers} loan numbers occur twice");
    assert!((2_700..=2_900).contains(&first_names.len()), "{} first names", first_names.len());
    assert_eq!(last_names.len(), 470);
    let apostrophes: u64 = last_names.iter().filter(|(name, _)| name.contains('\'')).map(|(_, count)| count).sum();
    assert!((500..=1_250).contains(&apostrophes), "{apostrophes} rows with an apostrophe");
}

#[test]
fn a_crowded_file_never_repeats_a_loan() {
    let options = Options { rows: 3_000, employees: 1, servicers: 1, dead_servicers: 0, ..Options::default() };
    let (file, manifest) = generated(&options);
    let loans: BTreeSet<_> = parsed(&file).iter().map(|row| value(row, "Payee/LoanAccountNumber").to_owned()).collect();
    assert_eq!((loans.len() as u64, manifest.loans), (3_000, 3_000));
}
