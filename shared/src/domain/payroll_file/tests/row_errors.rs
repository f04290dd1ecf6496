use super::*;
use ErrorCode::*;

const LEAVES: [(&str, &str); 19] = [
    ("Employee/DunkinId", "<DunkinId>EMP-3f0c1a52</DunkinId>"),
    ("Employee/DunkinBranch", "<DunkinBranch>BRC-91b7e6d4</DunkinBranch>"),
    ("Employee/FirstName", "<FirstName>Marlo</FirstName>"),
    ("Employee/LastName", "<LastName>O'Sample</LastName>"),
    ("Employee/DOB", "<DOB>02-29-1996</DOB>"),
    ("Employee/PhoneNumber", "<PhoneNumber>+15155550142</PhoneNumber>"),
    ("Payor/DunkinId", "<DunkinId>CORP-5a2d9c10</DunkinId>"),
    ("Payor/ABARouting", "<ABARouting>123456780</ABARouting>"),
    ("Payor/AccountNumber", "<AccountNumber>00451177</AccountNumber>"),
    ("Payor/Name", "<Name>Sample Donuts LLC</Name>"),
    ("Payor/DBA", "<DBA>Sample Donuts</DBA>"),
    ("Payor/EIN", "<EIN>123456789</EIN>"),
    ("Payor/Address/Line1", "<Line1>12 Example Plaza</Line1>"),
    ("Payor/Address/City", "<City>Des Moines</City>"),
    ("Payor/Address/State", "<State>IA</State>"),
    ("Payor/Address/Zip", "<Zip>50309</Zip>"),
    ("Payee/PlaidId", "<PlaidId>ins_900001</PlaidId>"),
    ("Payee/LoanAccountNumber", "<LoanAccountNumber>00000002</LoanAccountNumber>"),
    ("Amount", "<Amount>$8.15</Amount>"),
];

fn name(leaf: &str) -> &str {
    &leaf[1..leaf.find('>').expect("a tag")]
}

/// The problems of a file whose second row is the given one.
fn problems_of(second: String) -> Vec<(String, ErrorCode)> {
    let problems = row_problems(&[row(1), second, row(3)]);
    problems.into_iter().inspect(|(row, ..)| assert_eq!(*row, 2)).map(|(_, field, code)| (field, code)).collect()
}

#[test]
fn case_1_a_missing_leaf_is_named_by_its_path() {
    for (path, leaf) in LEAVES {
        assert_eq!(problems_of(row_replacing(2, leaf, "")), [(path.to_owned(), MissingField)]);
    }
}

#[test]
fn case_1_of_a_missing_group_only_the_group_is_named() {
    for (path, tag) in [("Employee", "Employee"), ("Payor", "Payor"), ("Payee", "Payee"), ("Payor/Address", "Address")]
    {
        let row = row(2);
        let start = row.find(&format!("<{tag}>")).expect("it opens");
        let close = format!("</{tag}>");
        let end = row.find(&close).expect("it closes") + close.len();
        let without = format!("{}{}", &row[..start], &row[end..]);
        assert_eq!(problems_of(without), [(path.to_owned(), MissingField)]);
    }
}

#[test]
fn case_2_an_empty_blank_or_self_closing_leaf_is_empty() {
    for (path, leaf) in LEAVES {
        let name = name(leaf);
        for empty in [format!("<{name}></{name}>"), format!("<{name}> \t\r\n</{name}>"), format!("<{name}/>")] {
            assert_eq!(problems_of(row_replacing(2, leaf, &empty)), [(path.to_owned(), EmptyField)], "{empty}");
        }
    }
}

#[test]
fn case_3_a_repeated_leaf_or_group_is_never_silently_the_first_or_the_last() {
    for (path, leaf) in LEAVES {
        assert_eq!(problems_of(row_replacing(2, leaf, &leaf.repeat(2))), [(path.to_owned(), DuplicateField)]);
    }
    let twice = row_replacing(2, "<Payee>", "<Payee></Payee><Payee>");
    assert_eq!(problems_of(twice), [("Payee".to_owned(), DuplicateField)]);
}

#[test]
fn case_5_an_unknown_element_does_not_stand_in_for_a_required_one() {
    let lower_case = row_replacing(2, "<Amount>$8.15</Amount>", "<amount>$8.15</amount>");
    assert_eq!(problems_of(lower_case), [("Amount".to_owned(), MissingField)]);
}

#[test]
fn case_6_an_element_inside_a_leaf_is_unexpected() {
    for (path, leaf) in LEAVES {
        let nested = leaf.replacen("</", "<b>x</b></", 1);
        assert_eq!(problems_of(row_replacing(2, leaf, &nested)), [(path.to_owned(), UnexpectedElement)]);
    }
}

#[test]
fn cases_7_to_10_a_value_of_the_wrong_form_has_its_fields_code() {
    for (leaf, value, path, code) in [
        ("Amount", "$5", "Amount", AmountFormat),
        ("Amount", "$0.99", "Amount", AmountTooSmall),
        ("Amount", "-$5.00", "Amount", AmountNegative),
        ("Amount", "$1000000.01", "Amount", AmountTooLarge),
        ("ABARouting", "123456789", "Payor/ABARouting", AbaChecksum),
        ("ABARouting", "12345678", "Payor/ABARouting", AbaFormat),
        ("ABARouting", "1234567800", "Payor/ABARouting", AbaFormat),
        ("ABARouting", "12345678a", "Payor/ABARouting", AbaFormat),
        ("ABARouting", "000000000", "Payor/ABARouting", AbaFormat),
        ("DOB", "02-30-1999", "Employee/DOB", DobInvalid),
        ("DOB", "13-01-1999", "Employee/DOB", DobInvalid),
        ("DOB", "02-29-1999", "Employee/DOB", DobInvalid),
        ("DOB", "02-01-99", "Employee/DOB", DobInvalid),
        ("DOB", "02/01/1999", "Employee/DOB", DobInvalid),
        ("DOB", "11-23-2026", "Employee/DOB", DobInvalid),
        ("DOB", "12-31-1899", "Employee/DOB", DobInvalid),
        ("DOB", "1999-13-01", "Employee/DOB", DobInvalid),
        ("DOB", "é2-01-199", "Employee/DOB", DobInvalid),
        ("PhoneNumber", "15155550142", "Employee/PhoneNumber", PhoneFormat),
        ("PhoneNumber", "+1515555014a", "Employee/PhoneNumber", PhoneFormat),
        ("PhoneNumber", "+151555501", "Employee/PhoneNumber", PhoneFormat),
        ("DunkinBranch", "BRC 1", "Employee/DunkinBranch", IdFormat),
        ("FirstName", "a&#9;b", "Employee/FirstName", TextFormat),
        ("AccountNumber", "123456789012345678", "Payor/AccountNumber", AccountFormat),
        ("AccountNumber", "1234x678", "Payor/AccountNumber", AccountFormat),
        ("EIN", "1234567", "Payor/EIN", EinFormat),
        ("EIN", "123-456789", "Payor/EIN", EinFormat),
        ("State", "ia", "Payor/Address/State", StateFormat),
        ("Zip", "5030", "Payor/Address/Zip", ZipFormat),
        ("PlaidId", "ins_", "Payee/PlaidId", InstitutionFormat),
        ("PlaidId", "inst_1", "Payee/PlaidId", InstitutionFormat),
        ("LoanAccountNumber", "12_3", "Payee/LoanAccountNumber", LoanFormat),
        ("LoanAccountNumber", "123456789012345678", "Payee/LoanAccountNumber", LoanFormat),
        ("LoanAccountNumber", "-", "Payee/LoanAccountNumber", LoanFormat),
        ("FirstName", "\u{a0}", "Employee/FirstName", TextFormat),
        ("LastName", "\u{200b}", "Employee/LastName", TextFormat),
        ("LastName", "🦀", "Employee/LastName", TextFormat),
        ("Name", "\u{a0}", "Payor/Name", TextFormat),
        ("Name", "--", "Payor/Name", TextFormat),
        ("DBA", "\u{200b}", "Payor/DBA", TextFormat),
        ("City", "-", "Payor/Address/City", TextFormat),
    ] {
        assert_eq!(problems_of(row_with(2, leaf, value)), [(path.to_owned(), code)], "{leaf} {value}");
    }
}

#[test]
fn a_name_without_a_letter_that_the_network_takes_is_no_name() {
    for (first, last) in [("-", "."), ("1", "2"), (&*"'".repeat(22), "A")] {
        let row = row_with(2, "FirstName", first).replace("O'Sample", last);
        assert_eq!(problems_of(row), [("Employee/FirstName".to_owned(), TextFormat)], "{first} {last}");
    }
    let only_one_name = row_with(2, "FirstName", "-").replace("EMP-3f0c1a52", "EMP-other");
    assert_eq!(problems_of(only_one_name), []);
}

#[test]
fn nothing_in_another_currency_is_taken_for_dollars() {
    for (from, to) in [
        ("<Amount>", "<Amount currency=\"EUR\">"),
        ("<Amount>", "<Amount Currency='usd2'>"),
        ("<Amount>", "<Amount ccy=\"\">"),
        ("<Payee>", "<Payee currencyCode=\"CAD\">"),
        ("<row>", "<row currency=\"EUR\">"),
        ("<Amount>", "<Currency>EUR</Currency><Amount>"),
        ("<Amount>", "<Currency><![CDATA[E]]>UR</Currency><Amount>"),
        ("<Amount>", "<Currency/><Amount>"),
    ] {
        assert_eq!(problems_of(row_replacing(2, from, to)), [("Amount".to_owned(), AmountCurrency)], "{to}");
    }
    for (from, to) in [
        ("<Amount>", "<Amount currency=\"USD\">"),
        ("<Amount>", "<Amount currency=' usd '>"),
        ("<Amount>", "<Currency>usd</Currency><Amount>"),
    ] {
        assert_eq!(problems_of(row_replacing(2, from, to)), [], "{to}");
    }
}

#[test]
fn a_loan_is_one_however_it_is_typed() {
    for spelling in ["0000-0001", "-00000001-"] {
        let second = row_with(1, "LoanAccountNumber", spelling);
        assert_eq!(row_problems(&[row(1), second]), [(2, String::new(), DuplicateRow)], "{spelling}");
    }
    let letters = [row_with(1, "LoanAccountNumber", "ab-1"), row_with(1, "LoanAccountNumber", "AB1")];
    assert_eq!(row_problems(&letters), [(2, String::new(), DuplicateRow)]);
    assert_eq!(row_problems(&[row_with(1, "LoanAccountNumber", "01"), row_with(1, "LoanAccountNumber", "1")]), []);
}

#[test]
fn every_problem_of_a_row_is_reported() {
    let row = row_with(2, "Amount", "$5").replace("02-29-1996", "x").replace("123456780", "123456789");
    let codes: Vec<_> = problems_of(row).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [DobInvalid, AmountFormat, AbaChecksum]);
}

#[test]
fn cases_11_and_12_a_payment_listed_twice_names_the_first_row() {
    for second in [row(1), row_replacing(1, "Marlo", " MARLO "), row_replacing(1, "$8.15", "8.15")] {
        let Err(Rejection::Rows { errors, .. }) = read(file(&[row(1), second])) else { panic!("accepted") };
        let [error] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!((error.row, error.code), (2, DuplicateRow));
        assert!(error.message.ends_with("as row 1"), "{}", error.message);
    }
}

#[test]
fn case_14_an_employee_is_the_same_in_every_row() {
    for (from, to, leaf) in [
        ("BRC-91b7e6d4", "BRC-00000000", "Employee/DunkinBranch"),
        ("Marlo", "Marla", "Employee/FirstName"),
        ("O'Sample", "Sample", "Employee/LastName"),
        ("02-29-1996", "02-28-1996", "Employee/DOB"),
    ] {
        let Err(Rejection::Rows { errors, .. }) = read(file(&[row(1), row_replacing(2, from, to)])) else {
            panic!("accepted {to}")
        };
        let [error] = errors.as_slice() else { panic!("{errors:?}") };
        assert_eq!((error.row, error.field.as_deref(), error.code), (2, Some(leaf), ConflictingEmployee));
        assert!(error.message.starts_with("row 2:") && error.message.ends_with("row 1"), "{}", error.message);
    }
}

#[test]
fn case_15_a_source_is_the_same_in_every_row() {
    for (from, to, leaf) in [
        ("123456780", "011000028", "Payor/ABARouting"),
        ("00451177", "00451178", "Payor/AccountNumber"),
        ("Sample Donuts LLC", "Other Donuts LLC", "Payor/Name"),
        ("123456789", "123456788", "Payor/EIN"),
        ("12 Example Plaza", "13 Example Plaza", "Payor/Address/Line1"),
        ("CORP-5a2d9c10", "CORP-other", "Payor/AccountNumber"),
    ] {
        let problems = problems_of(row_replacing(2, from, to));
        assert_eq!(problems, [(leaf.to_owned(), ConflictingPayor)], "{to}");
    }
}

#[test]
fn case_31_a_comment_in_a_leaf_does_not_glue_the_parts_together() {
    for inside in ["$1<!-- -->0.00", "$1<?x y?>0.00"] {
        assert_eq!(problems_of(row_with(2, "Amount", inside))[0], ("Amount".to_owned(), UnexpectedElement));
    }
}

#[test]
fn case_35_blanks_inside_ids_and_numbers_are_format_errors() {
    for (leaf, value, code) in [
        ("ABARouting", "1234 56780", AbaFormat),
        ("LoanAccountNumber", "1234 5678", LoanFormat),
        ("AccountNumber", "1234 5678", AccountFormat),
        ("PlaidId", "ins_ 1", InstitutionFormat),
        ("DunkinId", "EMP- 1", IdFormat),
        ("Zip", "503 09", ZipFormat),
    ] {
        assert_eq!(problems_of(row_with(2, leaf, value))[0].1, code, "{leaf}");
    }
}

#[test]
fn case_39_invisible_characters_are_refused_in_ids_and_numbers() {
    for (leaf, value, code) in [
        ("DunkinId", "EMP-1\u{200b}", IdFormat),
        ("LoanAccountNumber", "\u{202e}123", LoanFormat),
        ("Amount", "$5.00\u{feff}", AmountFormat),
    ] {
        assert_eq!(problems_of(row_with(2, leaf, value))[0].1, code, "{leaf}");
    }
}

#[test]
fn an_error_record_has_the_documented_shape() {
    let text = file(&[row(1), row_with(2, "ABARouting", "123456789")]);
    let offset = text.rfind("123456789</ABA").expect("the value is there");
    let Err(rejection) = read(&text) else { panic!("accepted") };
    let message = "row 2: Payor/ABARouting \"123456789\" fails the ABA checksum";
    let expected = serde_json::json!([
        {"row": 2, "field": "Payor/ABARouting", "code": "ABA_CHECKSUM", "offset": offset, "message": message}
    ]);
    assert_eq!(serde_json::to_value(rejection.errors()).expect("serializable"), expected);
}

#[test]
fn no_message_shows_an_account_number_or_personal_data() {
    let row = row_with(1, "AccountNumber", "998877665544332211")
        .replace("02-29-1996", "02-30-1996")
        .replace("+15155550142", "5155550142")
        .replace("00000001", "loan_9988776655");
    let Err(rejection) = read(file(&[row])) else { panic!("accepted") };
    let text = format!("{rejection:?}");
    for hidden in ["99887766", "02-30", "515555"] {
        assert!(!text.contains(hidden), "{text}");
    }
    assert!(text.contains("***2211") && text.contains("***6655"), "{text}");
}

#[test]
fn the_list_of_errors_is_capped_and_the_rest_counted() {
    let rows: Vec<_> = (0..1_500).map(|loan| row_with(loan, "Amount", "$5")).collect();
    let Err(rejection) = read(file(&rows)) else { panic!("accepted") };
    assert_eq!((rejection.errors().len(), rejection.error_count()), (1_000, 1_500));
}
