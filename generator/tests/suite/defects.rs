//! Every defect: its list form, what it does to the file, and the error that the manifest expects for it.

use std::collections::BTreeSet;

use generator::{
    Defect, DefectParseError, ErrorCode, ExpectedError, Field, FileDefect, GenerateError, Group, LeafDefect, Options,
    RowDefect, Style, ValueDefect, generate, parse_defects,
};

use crate::support::{generated, leaves, row_texts, value};

fn with_defects(list: &str) -> Options {
    Options { rows: 40, employees: 10, defects: parse_defects(list).unwrap(), ..Options::default() }
}

/// The rows that differ from the file without defects, numbered from 1, as (number, sound, defective).
fn differing_rows<'a>(sound: &'a str, defective: &'a str) -> Vec<(u64, &'a str, &'a str)> {
    let (sound, defective) = (row_texts(sound), row_texts(defective));
    assert_eq!(sound.len(), defective.len());
    let pairs = (1..).zip(sound).zip(defective);
    pairs.map(|((number, sound), defective)| (number, sound, defective)).filter(|(_, a, b)| a != b).collect()
}

/// Generates one defect three times and hands each struck row to `check`, as (sound, defective).
fn assert_row_defect(list_name: &str, field: Option<&str>, code: ErrorCode, check: impl Fn(&str, &str)) {
    let (sound, of_sound) = generated(&with_defects("none"));
    let (defective, manifest) = generated(&with_defects(&format!("{list_name}:3")));
    let differing = differing_rows(&sound, &defective);
    let numbers: Vec<_> = differing.iter().map(|(number, ..)| Some(*number)).collect();
    let expected: Vec<_> = manifest.expected_errors.iter().map(|expected| expected.row).collect();
    assert_eq!(numbers, expected, "{list_name}");
    assert_eq!((manifest.rows, manifest.rows_with_errors, numbers.len()), (40, 3, 3), "{list_name}");
    assert!(manifest.total_cents < of_sound.total_cents, "{list_name}");
    for error in &manifest.expected_errors {
        assert_eq!((error.field.as_deref(), error.code), (field, code), "{list_name}");
    }
    for (_, sound, defective) in differing {
        check(sound, defective);
    }
}

#[test]
fn value_defects_spoil_one_leaf() {
    let cases = [
        ("aba", "Payor/ABARouting", ErrorCode::AbaChecksum),
        ("aba-format", "Payor/ABARouting", ErrorCode::AbaFormat),
        ("amount-zero", "Amount", ErrorCode::AmountTooSmall),
        ("amount-negative", "Amount", ErrorCode::AmountNegative),
        ("amount-format", "Amount", ErrorCode::AmountFormat),
        ("amount-large", "Amount", ErrorCode::AmountTooLarge),
        ("dob", "Employee/DOB", ErrorCode::DobInvalid),
        ("phone", "Employee/PhoneNumber", ErrorCode::PhoneFormat),
        ("loan-long", "Payee/LoanAccountNumber", ErrorCode::LoanFormat),
        ("loan-hyphen", "Payee/LoanAccountNumber", ErrorCode::LoanFormat),
        ("name-invisible", "Employee/FirstName", ErrorCode::TextFormat),
    ];
    for (name, path, code) in cases {
        assert_row_defect(name, Some(path), code, |sound, defective| {
            // What cannot be seen is no leaf any more.
            let (sound, defective) = (leaves(sound), leaves(defective));
            let different: Vec<_> =
                sound.iter().filter(|leaf| !defective.contains(leaf)).map(|leaf| leaf.0.as_str()).collect();
            assert_eq!(different, [path], "{name}");
        });
    }
}

#[test]
fn a_currency_defect_keeps_the_amount() {
    assert_row_defect("currency", Some("Amount"), ErrorCode::AmountCurrency, |sound, defective| {
        let amount = |row: &str| row[row.rfind('$').unwrap()..].to_owned();
        assert_eq!(amount(sound), amount(defective));
        assert!(!defective.contains("<Amount>"));
    });
}

#[test]
fn a_loan_typed_otherwise_is_an_earlier_row_again() {
    for_each_repeat("dup-loan-hyphen:12", |error, row, earlier| {
        assert_eq!((error.code, error.field.as_deref()), (ErrorCode::DuplicateRow, None));
        let (row, earlier) = (leaves(row), leaves(earlier));
        let different: Vec<_> = row.iter().zip(&earlier).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
        assert_eq!(different, ["Payee/LoanAccountNumber"]);
    });
}

#[test]
fn an_aba_defect_keeps_nine_digits() {
    assert_row_defect("aba", Some("Payor/ABARouting"), ErrorCode::AbaChecksum, |_, defective| {
        let defective = leaves(defective);
        let routing = value(&defective, "Payor/ABARouting");
        assert!(routing.len() == 9 && routing.bytes().all(|byte| byte.is_ascii_digit()), "{routing}");
    });
}

#[test]
fn every_leaf_can_be_missing_empty_repeated_or_nested() {
    for field in Field::ALL {
        let (path, name) = (field.path(), field.element_name());
        let opening = format!("<{name}>");
        assert_row_defect(&format!("missing:{path}"), Some(path), ErrorCode::MissingField, |sound, defective| {
            assert_eq!(leaves(defective).len() + 1, leaves(sound).len());
            assert_eq!(defective.matches(&opening).count() + 1, sound.matches(&opening).count());
        });
        assert_row_defect(&format!("empty:{path}"), Some(path), ErrorCode::EmptyField, |sound, defective| {
            let empty = [format!("<{name}/>"), format!("<{name}></{name}>"), format!("<{name}>  </{name}>")];
            assert!(empty.iter().any(|markup| defective.contains(markup)) && defective.len() <= sound.len());
        });
        assert_row_defect(
            &format!("duplicate-field:{path}"),
            Some(path),
            ErrorCode::DuplicateField,
            |sound, defective| {
                assert_eq!(defective.matches(&opening).count(), sound.matches(&opening).count() + 1);
            },
        );
        assert_row_defect(&format!("nested:{path}"), Some(path), ErrorCode::UnexpectedElement, |_, defective| {
            assert!(defective.contains(&format!("<Extra>0</Extra></{name}>")));
        });
    }
}

#[test]
fn every_group_can_be_missing() {
    for group in Group::ALL {
        let list_name = format!("missing:{}", group.element_name());
        assert_row_defect(&list_name, Some(group.path()), ErrorCode::MissingField, |_, defective| {
            assert!(!defective.contains(&format!("<{}>", group.element_name())));
        });
    }
}

/// Generates `list` and hands each expected error, the row it is about and the earlier row to `check`.
fn for_each_repeat(list: &str, check: impl Fn(&ExpectedError, &str, &str)) {
    let (file, manifest) = generated(&with_defects(list));
    let rows = row_texts(&file);
    let row = |number: u64| rows[usize::try_from(number).unwrap() - 1];
    let struck: BTreeSet<_> = manifest.expected_errors.iter().filter_map(|error| error.row).collect();
    for error in &manifest.expected_errors {
        let (number, earlier) = (error.row.unwrap(), error.earlier_row.unwrap());
        assert!(earlier < number && !struck.contains(&earlier), "row {number} repeats row {earlier}");
        check(error, row(number), row(earlier));
    }
}

#[test]
fn a_duplicate_row_is_an_earlier_row_again() {
    for_each_repeat("dup-row:12", |error, row, earlier| {
        assert_eq!((error.code, error.field.as_deref()), (ErrorCode::DuplicateRow, None));
        assert_eq!(row, earlier);
    });
}

#[test]
fn a_conflicting_employee_differs_from_an_earlier_row_in_the_named_leaf() {
    for_each_repeat("conflicting-employee:12", |error, row, earlier| {
        assert_eq!(error.code, ErrorCode::ConflictingEmployee);
        let (row, earlier) = (leaves(row), leaves(earlier));
        let in_employee = row.iter().zip(&earlier).filter(|(leaf, _)| leaf.0.starts_with("Employee/"));
        let different: Vec<_> = in_employee.filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
        assert_eq!(different, [error.field.as_deref().unwrap()]);
    });
}

#[test]
fn a_conflicting_payor_has_another_account_than_in_an_earlier_row() {
    for_each_repeat("conflicting-payor:12", |error, row, earlier| {
        assert_eq!((error.code, error.field.as_deref()), (ErrorCode::ConflictingPayor, Some("Payor/AccountNumber")));
        let (row, earlier) = (leaves(row), leaves(earlier));
        assert_eq!(value(&row, "Payor/DunkinId"), value(&earlier, "Payor/DunkinId"));
        assert_ne!(value(&row, "Payor/AccountNumber"), value(&earlier, "Payor/AccountNumber"));
    });
}

#[test]
fn a_truncated_file_ends_before_its_end_and_names_the_last_complete_row() {
    for seed in 0..60 {
        for style in [Style::Compact, Style::Pretty] {
            let whole = Options { rows: 3, employees: 3, style, seed, ..Options::default() };
            let (sound, _) = generated(&whole);
            let (file, manifest) = generated(&Options { defects: parse_defects("truncate").unwrap(), ..whole });
            let complete_rows = row_texts(&file).len() as u64;
            assert!(sound.starts_with(&file) && !file.contains("</root>") && file.len() < sound.len());
            assert_eq!(manifest.rows, complete_rows);
            let expected = ExpectedError {
                row: Some(complete_rows),
                field: None,
                code: ErrorCode::XmlTruncated,
                earlier_row: None,
            };
            assert_eq!(manifest.expected_errors, [expected]);
        }
    }
}

#[test]
fn a_truncated_file_still_holds_every_row_defect() {
    for seed in 0..20 {
        let (_, manifest) = generated(&Options { seed, ..with_defects("aba:3,truncate") });
        let codes: Vec<_> = manifest.expected_errors.iter().map(|error| error.code).collect();
        let aba = ErrorCode::AbaChecksum;
        assert_eq!(codes, [aba, aba, aba, ErrorCode::XmlTruncated]);
    }
}

#[test]
fn file_defects_stand_around_the_same_rows() {
    let cases = [
        ("doctype", "<!DOCTYPE root [<!ENTITY donut \"ring\">]><root><row>", "</row></root>", ErrorCode::DtdForbidden),
        (
            "encoding",
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><root><row>",
            "</row></root>",
            ErrorCode::UnsupportedEncoding,
        ),
        ("wrong-root", "<rows><row>", "</row></rows>", ErrorCode::WrongRoot),
        ("second-root", "<root><row>", "</row></root><root></root>", ErrorCode::XmlSyntax),
    ];
    let (sound, _) = generated(&with_defects("none"));
    for (name, beginning, end, code) in cases {
        let (file, manifest) = generated(&with_defects(name));
        assert!(file.starts_with(beginning) && file.ends_with(end), "{name}");
        assert_eq!(row_texts(&file), row_texts(&sound), "{name}");
        assert_eq!(manifest.expected_errors, [ExpectedError { row: None, field: None, code, earlier_row: None }]);
    }
}

#[test]
fn an_error_at_the_beginning_hides_the_rows_from_an_importer() {
    let (_, manifest) = generated(&with_defects("aba:3,doctype"));
    let codes: Vec<_> = manifest.expected_errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, [ErrorCode::DtdForbidden]);
}

#[test]
fn defects_mix_and_strike_one_row_each() {
    let (_, manifest) = generated(&with_defects("aba:3,amount-zero:1,dup-row:2,missing:DOB:1"));
    let rows: BTreeSet<_> = manifest.expected_errors.iter().map(|error| error.row).collect();
    assert_eq!(rows.len(), 7);
    let numbers: Vec<_> = manifest.expected_errors.iter().map(|error| error.row).collect();
    assert!(numbers.is_sorted());
}

#[test]
fn all_rows_but_a_repeated_one_can_be_defective() {
    let filled = generate(&with_defects("dup-row:39"), &mut Vec::new()).unwrap();
    assert!(filled.expected_errors.iter().all(|error| error.earlier_row == Some(1)));
    assert_eq!(generate(&with_defects("phone:40"), &mut Vec::new()).unwrap().rows_with_errors, 40);
    for list in ["dup-row:40", "aba:39,dup-row:1", "phone:41", "phone:18446744073709551615,aba:1"] {
        let refused = generate(&with_defects(list), &mut Vec::new()).unwrap_err();
        assert!(matches!(refused, GenerateError::TooManyDefects { rows: 40, .. }), "{list}: {refused}");
    }
}

#[test]
fn two_file_defects_are_refused() {
    let refused = generate(&with_defects("truncate,doctype"), &mut Vec::new()).unwrap_err();
    assert!(matches!(refused, GenerateError::SeveralFileDefects { count: 2 }), "{refused}");
}

#[test]
fn the_list_form_is_read() {
    let rows = |defect, count| Defect::Rows { defect, count };
    let aba = RowDefect::Value(ValueDefect::AbaChecksum);
    let missing = RowDefect::Leaf(LeafDefect::Missing, Field::DateOfBirth);
    assert_eq!(
        parse_defects(" aba:3, missing:DOB:2,missing:Employee/DOB,missing:Address,truncate ").unwrap(),
        [
            rows(aba, 3),
            rows(missing, 2),
            rows(missing, 1),
            rows(RowDefect::MissingGroup(Group::Address), 1),
            Defect::File(FileDefect::Truncated)
        ]
    );
    assert_eq!(parse_defects("none").unwrap(), []);
    assert_eq!(parse_defects("").unwrap(), []);
}

#[test]
fn a_bad_list_is_refused_with_what_is_allowed() {
    let refused = |text: &str| text.parse::<Defect>().unwrap_err();
    assert!(refused("abba:1").to_string().contains("aba-format"));
    assert!(matches!(refused(""), DefectParseError::UnknownDefect(_)));
    assert!(matches!(refused("missing"), DefectParseError::FieldMissing { .. }));
    assert!(refused("missing:DunkinId").to_string().contains("Employee/DunkinId, Employee/DunkinBranch"));
    assert!(refused("missing:Birthday").to_string().contains("Payor/Address"));
    assert!(matches!(refused("empty:Address"), DefectParseError::UnknownField { .. }));
    for count in ["0", "-1", "many", ""] {
        assert!(matches!(refused(&format!("aba:{count}")), DefectParseError::Count { .. }), "{count}");
    }
    assert!(matches!(refused("truncate:1"), DefectParseError::Superfluous { .. }));
    assert!(matches!(refused("aba:1:1"), DefectParseError::Superfluous { .. }));
}
