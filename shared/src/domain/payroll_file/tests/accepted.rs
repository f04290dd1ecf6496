use super::*;
use Warning::*;

fn summary(text: impl AsRef<[u8]>) -> Summary {
    read(text).expect("the file is valid")
}

fn pretty(text: &str, line_end: &str, indent: &str) -> String {
    text.replace("><", &format!(">{line_end}{indent}<"))
}

#[test]
fn case_4_the_order_of_children_does_not_matter() {
    let amount = "<Amount>$8.15</Amount>";
    let first = row_replacing(1, amount, "").replace("<row>", &format!("<row>{amount}"));
    assert_eq!(summary(file(&[first])).canonical_hash, summary(file(&[row(1)])).canonical_hash);
}

#[test]
fn case_5_unknown_elements_and_attributes_are_counted_and_ignored() {
    let element = row_replacing(2, "<Payee>", "<Note>x &amp; <b/></Note><Payee>");
    let attribute = row_replacing(3, "<Payee>", "<Payee a=\"1\" b='>'>");
    let beside = "<header version='2'><x>1</x></header>".to_owned();
    let found = warnings_of(&[row(1), beside, element, attribute]);
    assert_eq!(found, [(UnknownElement, 2, 1), (UnknownAttribute, 2, 1)]);
}

#[test]
fn case_13_the_same_loan_with_another_amount_or_source_is_a_warning() {
    let other_amount = row_replacing(1, "$8.15", "$8.16");
    let other_source = row_replacing(1, "CORP-5a2d9c10", "CORP-2").replace("123456780", "011000028");
    let rows = [row(1), other_amount, other_source];
    assert_eq!(warnings_of(&rows), [(RepeatedLoan, 2, 2)]);
    assert_eq!(summary(file(&rows)).loans, 1);
}

#[test]
fn case_20_references_and_cdata_are_decoded() {
    let plain = file(&[row_with(1, "LastName", "O'Hara &amp; <![CDATA[<Sons>]]>").replace("$8.15", "&#36;8.15")]);
    let mut same_employee = row_with(2, "LastName", "O&#39;Hara &#x26; &lt;Sons&gt;");
    same_employee = same_employee.replace("Marlo", "<![CDATA[Marlo]]>");
    let both = plain.replace("</root>", &format!("{same_employee}</root>"));
    let summary = summary(both);
    assert_eq!((summary.rows, summary.employees, summary.total.get()), (2, 1, 1_630));
}

#[test]
fn case_24_one_row_is_a_file() {
    assert_eq!(summary(file(&[row(1)])).rows, 1);
}

#[test]
fn cases_27_30_and_36_dress_does_not_change_the_content() {
    let plain = file(&[row(1), row(2)]);
    let expected = summary(&plain);
    let comment = "<!-- a > b --><?note x?>";
    for text in [
        format!("\u{feff}{plain}"),
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes'?>{plain}"),
        format!("\u{feff}<?xml version='1.0'?>\n{plain}\n"),
        plain.replace("><", &format!(">{comment}<")),
        format!("\r\n{}\r\n", pretty(&plain, "\r\n", "\t")),
        pretty(&plain, "\n", "    "),
        pretty(&plain, "\n", &" ".repeat(100)),
        format!("{}{plain}{}{comment}", " ".repeat(200_000), "\n".repeat(200_000)),
        plain.replace("</row><row>", &format!("</row>{}<row>", " ".repeat(200_000))),
        plain.replace("</row>", "</row \n>").replace("<Payee>", "<Payee\t>"),
    ] {
        let found = summary(&text);
        assert_eq!(found.canonical_hash, expected.canonical_hash, "{}", &text[..80]);
        assert_eq!((found.rows, found.total, found.loans), (2, expected.total, 2));
        assert_ne!(found.file_sha256, expected.file_sha256);
    }
}

#[test]
fn case_35_blanks_around_a_value_are_trimmed() {
    let padded =
        row(1).replace("00000001", " \r\n 00000001\t").replace("$8.15", "\n$8.15 ").replace("Marlo", " Marlo ");
    assert_eq!(summary(file(&[padded])).canonical_hash, summary(file(&[row(1)])).canonical_hash);
}

#[test]
fn case_37_leading_zeros_are_kept() {
    let row = row_replacing(1, "123456780", "011000028").replace("50309", "05030");
    let text = file(&[row]);
    let source = summary(&text).sources.remove(0);
    assert_eq!(source.routing_number.as_str(), "011000028");
    assert_eq!(source.account_number.expose(), "00451177");
    assert_eq!(source.address.zip, "05030");
}

#[test]
fn case_38_signs_and_quotes_are_accepted_where_the_field_allows_them() {
    let row =
        row_with(1, "FirstName", "=1+1").replace("O'Sample", "@\"a\", b").replace("12 Example Plaza", "-1, \"x\"");
    assert_eq!(summary(file(&[row])).rows, 1);
}

#[test]
fn case_39_odd_characters_in_names_are_a_warning() {
    for name in ["Mar\u{200b}lo", "\u{202e}olraM", "\u{feff}Marlo", "Zoe\u{308}"] {
        let warnings = warnings_of(&[row_with(1, "FirstName", name)]);
        assert_eq!(warnings, [(UnusualCharacters, 1, 1), (NameTransliterated, 1, 1)], "{name:?}");
    }
}

#[test]
fn a_name_that_the_bank_sees_otherwise_is_shown_as_it_will_see_it() {
    let named = |loan, first: &str, last: &str| {
        row_with(loan, "FirstName", first).replace("O'Sample", last).replace("EMP-3f0c1a52", &format!("EMP-{loan}"))
    };
    let rows = [
        named(1, "Ana", "Lopez"),
        named(2, "Łukasz", "Wiśniewski"),
        named(3, "李", "小龙"),
        named(4, "Zoë", "玛洛"),
        named(5, "Łukasz", "Wiśniewski"),
    ];
    let summary = summary(file(&rows));
    let shown: Vec<_> = summary.bank_names.iter().map(|shown| (shown.row, shown.name.as_str())).collect();
    assert_eq!(shown, [(2, "LUKASZ WISNIEWSKI"), (3, "LI XIAO LONG"), (4, "ZOE MA LUO")]);
    assert_eq!(summary.warnings[&NameTransliterated], WarningCount { count: 4, first_row: 2 });
    let printed = format!("{:?}", summary.bank_names);
    assert!(!printed.contains("LUKASZ"), "{printed}");
}

#[test]
fn the_name_that_is_sent_is_the_one_that_was_shown() {
    let text = file(&[row_with(1, "FirstName", "Đặng").replace("O'Sample", "Nguyễn")]);
    let summary = summary(&text);
    let chunk = &summary.chunks[0];
    let (start, end) = (usize::try_from(chunk.start).unwrap(), usize::try_from(chunk.end).unwrap());
    let rows = read_chunk(&text.as_bytes()[start..end], 1, &Layout::Xml, &Limits::default(), TODAY).unwrap();
    assert_eq!(rows[0].receiver_name().unwrap().as_str(), summary.bank_names[0].name);
}

#[test]
fn known_defects_of_the_original_are_warnings() {
    let row = row_replacing(2, "123456789", "12345678").replace("50309", "02021").replace("123456780", "990000000");
    assert_eq!(warnings_of(&[row]), [(RoutingRange, 1, 1), (EinLength, 1, 1), (ZipOfAnotherState, 1, 1)]);
    let ids = row_replacing(1, "EMP-", "E").replace("BRC-", "B").replace("CORP-", "C");
    assert_eq!(warnings_of(&[ids]), [(EmployeeIdPrefix, 1, 1), (BranchIdPrefix, 1, 1), (SourceIdPrefix, 1, 1)]);
}

#[test]
fn iso_dates_and_hyphens_in_an_ein_are_accepted_as_the_same_value() {
    let rows = [row(1), row_replacing(2, "02-29-1996", "1996-02-29").replace("123456789", "12-3456789")];
    assert_eq!(summary(file(&rows)).employees, 1);
}
