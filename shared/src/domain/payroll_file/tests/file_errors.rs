use super::*;
use crate::domain::money::Cents;
use ErrorCode::*;

/// Code and last complete row of a file with two good rows and the given tail.
fn after_two_rows(tail: &str) -> (ErrorCode, u64) {
    let error = file_error(format!("<root>{}{}{tail}", row(1), row(2)));
    (error.code, error.last_complete_row)
}

#[test]
fn cases_17_and_18_a_doctype_is_refused_on_sight() {
    for doctype in [
        "<!DOCTYPE root>",
        "<!DOCTYPE root SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE root SYSTEM \"http://example.com/x.dtd\">",
        "<!DOCTYPE root [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>",
        "<!doctype root>",
        "<!DOCTYPE root [<!ENTITY never \"closed",
    ] {
        let error = file_error(format!("{doctype}{}", file(&[row(1)])));
        assert_eq!((error.code, error.offset, error.last_complete_row), (DtdForbidden, 0, 0), "{doctype}");
    }
    assert_eq!(after_two_rows("<!DOCTYPE root></root>"), (DtdForbidden, 2));
    assert_eq!(after_two_rows("</root><!DOCTYPE root>"), (DtdForbidden, 2));
}

#[test]
fn cases_19_and_20_an_undefined_entity_or_a_forbidden_character_is_a_syntax_error() {
    for value in ["&foo;", "&#0;", "&#x0;", "&#xFFFE;", "&#xD800;", "&#;", "&;", "&amp", "& amp;"] {
        assert_eq!(file_error(file(&[row(1), row_with(2, "FirstName", value)])).code, XmlSyntax, "{value}");
    }
    assert_eq!(file_error(file(&[row_replacing(1, "<Payee>", "<Payee a='&foo;'>")])).code, XmlSyntax);
}

#[test]
fn case_21_a_truncated_file_names_the_last_complete_row() {
    let text = file(&[row(1), row_with(2, "FirstName", "Zoë")]);
    let first_row_ends = "<root>".len() + row(1).len();
    for cut in 1..text.len() {
        let error = file_error(&text.as_bytes()[..cut]);
        let rows = u64::from(cut >= first_row_ends) + u64::from(cut >= text.len() - "</root>".len());
        assert_eq!((error.code, error.last_complete_row), (XmlTruncated, rows), "cut at {cut}");
    }
}

#[test]
fn case_22_broken_markup_is_a_syntax_error_with_its_position() {
    for tail in [
        "</row></root>",
        "<row></Row></root>",
        "text</root>",
        "<row>text</row></root>",
        "<row><Employee>text</Employee></row></root>",
        "<row><![CDATA[x]]></row></root>",
        "<row><Amount>5 < 6</Amount></row></root>",
        "<row><Amount>5 & 6</Amount></row></root>",
        "<row><Amount>]]></Amount></row></root>",
        "<row><Amount $5</Amount></row></root>",
        "<row><Amount a=5>$5</Amount></row></root>",
        "<row><Amount a='1' a='2'>$5</Amount></row></root>",
        "<row></row attribute='1'></root>",
        "<></></root>",
        "<1/></root>",
        "<row><!-- a -- b --></row></root>",
        "<!-x--></root>",
        "<![CDATO[x]]></root>",
        "<!ELEMENT x></root>",
        "<?xml version='1.0'?></root>",
        "&amp;</root>",
        "\u{feff}</root>",
        "\u{1}</root>",
    ] {
        let error = file_error(format!("<root>{}{}{tail}", row(1), row(2)));
        let tail_starts = (file(&[row(1), row(2)]).len() - "</root>".len()) as u64;
        assert_eq!((error.code, error.last_complete_row), (XmlSyntax, 2), "{tail}: {error}");
        assert!(error.offset >= tail_starts && error.offset < tail_starts + 40, "{tail}: {error}");
    }
}

#[test]
fn case_23_a_file_without_rows_has_no_rows() {
    for text in
        ["", " \r\n\t ", "<root/>", "<root></root>", "<root> <!-- none --> </root>", "\u{feff}", "<!-- none -->"]
    {
        assert_eq!(file_error(text).code, NoRows, "{text:?}");
    }
}

#[test]
fn cases_25_and_32_another_root_nested_rows_and_namespaces_are_refused() {
    for (text, code) in [
        (format!("<Root>{}</Root>", row(1)), WrongRoot),
        (row(1), WrongRoot),
        (format!("<root><rows>{}</rows></root>", row(1)), NoRows),
        (format!("<root xmlns=\"urn:x\">{}</root>", row(1)), WrongRoot),
        (format!("<p:root xmlns:p=\"urn:x\">{}</p:root>", row(1)), WrongRoot),
        (file(&[row(1).replace("row>", "p:row>")]), WrongRoot),
        (file(&[row_replacing(1, "<Payee>", "<Payee xmlns='urn:x'>")]), WrongRoot),
    ] {
        assert_eq!(file_error(&text).code, code, "{text}");
    }
}

#[test]
fn case_26_nothing_but_blanks_may_follow_the_root() {
    for after in ["<root/>", "x", "<row/>", "</root>", "<?xml version='1.0'?>", "&amp;"] {
        assert_eq!(after_two_rows(&format!("</root>{after}")), (XmlSyntax, 2), "{after}");
    }
}

#[test]
fn case_28_other_encodings_are_named() {
    let text = file(&[row(1)]);
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in
        [&little, &big, &[&[0xff, 0xfe], little.as_slice()].concat(), &[&[0xfe, 0xff], big.as_slice()].concat()]
    {
        assert_eq!(file_error(bytes).code, UnsupportedEncoding);
    }
    let declared = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{text}");
    assert_eq!(file_error(declared).code, UnsupportedEncoding);
}

#[test]
fn case_29_bytes_that_are_no_utf_8_are_named_with_their_offset() {
    for bad in [&b"\xff"[..], b"\xc3\x28", b"\xed\xa0\x80", b"\x00"] {
        let mut bytes = format!("<root>{}", row(1)).into_bytes();
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(bad);
        bytes.extend_from_slice(b"</root>");
        let error = file_error(&bytes);
        assert_eq!((error.code, error.offset, error.last_complete_row), (InvalidEncoding, offset, 1), "{bad:?}");
    }
}

#[test]
fn case_33_what_is_too_big_is_refused_by_the_name_of_its_limit() {
    let deep = format!("<row>{}{}</row>", "<a>".repeat(9), "</a>".repeat(9));
    let attributes: String = (0..9).map(|number| format!(" a{number}=''")).collect();
    for (row, limit) in [
        (row_with(2, "FirstName", &"x".repeat(1_025)), "leaf bytes"),
        (row_with(2, "FirstName", &"x".repeat(10_000_000)), "leaf bytes"),
        (row_with(2, "FirstName", &"&amp;".repeat(300)), "leaf bytes"),
        (deep, "depth"),
        (row_replacing(2, "<Payee>", &format!("<Payee{attributes}>")), "attributes"),
        (format!("<row{}></row>", " a=''".repeat(10_000)), "attribute"),
        (format!("<row><{}/></row>", "x".repeat(65)), "element name bytes"),
        (format!("<row><{}/></row>", "x".repeat(1_000_000)), "element name bytes"),
        (row_replacing(2, "<Payee>", &format!("{}<Payee>", " ".repeat(20_000))), "row bytes"),
        (row_replacing(2, "<Payee>", &format!("{}<Payee>", " ".repeat(200_000))), "row bytes"),
        (format!("<!--{}-->", "x".repeat(200_000)), "row bytes"),
        (format!("<other>{}</other>", "<x></x>".repeat(5_000)), "row bytes"),
    ] {
        let error = file_error(file(&[self::row(1), row.clone()]));
        let shown = &row[..row.len().min(80)];
        if limit == "attribute" {
            // The same attribute name again is malformed before there are too many.
            assert!(matches!(error.code, XmlSyntax | LimitExceeded), "{shown}: {error}");
            continue;
        }
        assert_eq!((error.code, error.last_complete_row), (LimitExceeded, 1), "{shown}: {error}");
        assert!(error.message.contains(limit), "{shown}: {error}");
    }
}

#[test]
fn case_34_too_many_rows_or_bytes_are_refused_while_reading() {
    let text = file(&[row(1), row(2), row(3)]);
    let rows = Limits { rows: 2, ..Limits::default() };
    let bytes = Limits { file_bytes: text.len() as u64 - 1, ..Limits::default() };
    for (limits, limit, complete) in [(rows, "rows = 2", 2), (bytes, "file bytes", 3)] {
        let Err(Rejection::File(error)) = read_with(limits, &text) else { panic!("accepted") };
        assert_eq!((error.code, error.last_complete_row), (LimitExceeded, complete));
        assert!(error.message.contains(limit), "{error}");
    }
    assert!(read_with(Limits { rows: 3, file_bytes: text.len() as u64, ..Limits::default() }, &text).is_ok());
}

#[test]
fn the_manifest_cannot_grow_with_ids() {
    let rows = [row(1), row_with(2, "PlaidId", "ins_2"), row_with(3, "PlaidId", "ins_3")];
    let Err(Rejection::File(error)) = read_with(Limits { distinct_ids: 2, ..Limits::default() }, file(&rows)) else {
        panic!("accepted")
    };
    assert_eq!((error.code, error.last_complete_row), (LimitExceeded, 2));
}

#[test]
fn case_40_a_sum_beyond_64_bit_cents_is_refused() {
    let limits = Limits { largest_amount: Cents::new(i64::MAX), ..Limits::default() };
    let largest = "$92233720368547758.07";
    let rows = [row_with(1, "Amount", largest), row(2)];
    let Err(Rejection::File(error)) = read_with(limits, file(&rows)) else { panic!("accepted") };
    assert_eq!((error.code, error.last_complete_row), (TotalOverflow, 1));
    assert_eq!(read_with(limits, file(&rows[..1])).expect("one row fits").total.get(), i64::MAX);
}

#[test]
fn a_failed_reader_keeps_answering_the_same_error() {
    let mut reader = FileReader::new(Limits { file_bytes: 3, ..Limits::default() }, TODAY);
    let first = reader.push(b"<root>").expect_err("too long");
    assert_eq!(reader.push(b"</root>"), Err(first.clone()));
    assert_eq!(reader.finish(), Err(Rejection::File(first)));
}

#[test]
fn a_file_error_is_also_a_record() {
    let error = file_error(format!("<root>{}", row(1)));
    let record = Rejection::File(error).errors().remove(0);
    assert_eq!((record.row, record.field, record.code), (1, None, XmlTruncated));
}

#[test]
fn a_file_in_another_currency_is_refused_whole() {
    for text in [
        format!("<root currency=\"EUR\">{}</root>", row(1)),
        format!("<root><header currency='EUR'/>{}</root>", row(1)),
        format!("<root><header><Currency>EUR</Currency></header>{}</root>", row(1)),
    ] {
        assert_eq!(file_error(&text).code, ErrorCode::AmountCurrency, "{text}");
    }
    assert!(read(format!("<root currency=\"USD\">{}</root>", row(1))).is_ok());
}
