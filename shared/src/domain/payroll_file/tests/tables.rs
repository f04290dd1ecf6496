//! Tables: the header, the cells, what is wrong with a line and where, and that a table is the same file as its XML.

use super::*;
use ErrorCode::*;

const HEADER: [&str; 19] = [
    "employee_id",
    "branch_id",
    "first_name",
    "last_name",
    "date_of_birth",
    "phone_number",
    "source_id",
    "source_routing_number",
    "source_account_number",
    "company_name",
    "trade_name",
    "ein",
    "company_address",
    "company_city",
    "company_state",
    "company_zip",
    "institution_id",
    "loan_account_number",
    "amount",
];

/// The values of [`row`], in the order of [`HEADER`].
fn cells(loan: u32) -> Vec<String> {
    let cells = [
        "EMP-3f0c1a52",
        "BRC-91b7e6d4",
        "Marlo",
        "O'Sample",
        "02-29-1996",
        "+15155550142",
        "CORP-5a2d9c10",
        "123456780",
        "00451177",
        "Sample Donuts LLC",
        "Sample Donuts",
        "123456789",
        "12 Example Plaza",
        "Des Moines",
        "IA",
        "50309",
        "ins_900001",
    ];
    let cells = cells.into_iter().map(str::to_owned);
    cells.chain([format!("{loan:08}"), "$8.15".to_owned()]).collect()
}

fn cells_with(loan: u32, column: &str, value: &str) -> Vec<String> {
    let mut cells = cells(loan);
    cells[HEADER.iter().position(|name| *name == column).expect("a column")] = value.to_owned();
    cells
}

fn line(cells: &[String]) -> String {
    cells.join(",")
}

fn table(lines: &[String]) -> String {
    format!("{}\n{}\n", HEADER.join(","), lines.join("\n"))
}

fn problems(text: impl AsRef<[u8]>) -> Vec<RowError> {
    match read(text) {
        Err(Rejection::Rows { errors, .. }) => errors,
        other => panic!("no row errors but {other:?}"),
    }
}

/// What two ways of writing the same payments must agree in.
fn content(summary: &Summary) -> impl PartialEq + std::fmt::Debug + use<> {
    let totals = (summary.by_source.clone(), summary.by_branch.clone(), summary.by_institution.clone());
    let sources = summary.sources.clone();
    (summary.rows, summary.total, summary.canonical_hash, summary.employees, summary.loans, totals, sources)
}

#[test]
fn a_table_is_the_same_file_as_its_xml() {
    let xml = read(file(&[row(1), row(2)])).expect("valid");
    let plain = table(&[line(&cells(1)), line(&cells(2))]);
    let quoted = |line: &str| line.split(',').map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(",");
    let all_quoted: String = plain.lines().map(|line| quoted(line) + "\r\n").collect();
    for text in [
        plain.clone(),
        format!("\u{feff}{plain}"),
        plain.trim_end().to_owned(),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace('\n', "\n\n"),
        format!("\r\n{plain}"),
        plain.replace(',', ";"),
        plain.replace(',', "\t"),
        plain.replace(',', " , "),
        all_quoted.clone(),
        all_quoted.replace(',', ";"),
        all_quoted.replace("\"Des Moines\"", "\" Des Moines\t\""),
    ] {
        let found = read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(content(&found), content(&xml), "{text}");
        assert!(!found.layout.is_xml() && xml.layout.is_xml());
    }
}

#[test]
fn the_examples_of_both_formats_are_valid_and_the_same() {
    let [csv, xml] = [Format::Csv, Format::Xml].map(|format| read(format.example()).expect("valid"));
    assert_eq!(content(&csv), content(&xml));
    assert_eq!((csv.rows, csv.total.get()), (3, 250_073));
    for (format, media_type) in [(Format::Csv, "text/csv"), (Format::Xml, "application/xml")] {
        assert_eq!(Format::media_type_of(format.example().as_bytes()), media_type);
    }
}

#[test]
fn columns_may_stand_in_any_order_and_bear_any_of_their_names() {
    let expected = read(file(&[row(1), row(2)])).expect("valid").canonical_hash;
    let rows: Vec<_> =
        [1, 2].into_iter().map(|loan| line(&cells(loan).into_iter().rev().collect::<Vec<_>>())).collect();
    let header: Vec<_> = HEADER.iter().rev().copied().collect();
    let reversed = format!("{}\n{}", header.join(","), rows.join("\n"));
    assert_eq!(read(&reversed).expect("valid").canonical_hash, expected);
    for column in column_names() {
        for name in [column.path].into_iter().chain(column.synonyms.iter().copied()) {
            let text = table(&[line(&cells(1)), line(&cells(2))]);
            let (header, rows) = text.split_once('\n').expect("lines");
            let names =
                header.split(',').map(|cell| if cell == column.name { name.to_uppercase() } else { cell.to_owned() });
            let text = format!("{}\n{rows}", names.collect::<Vec<_>>().join(","));
            assert_eq!(read(&text).expect(name).canonical_hash, expected, "{name}");
        }
    }
}

#[test]
fn an_unknown_column_and_an_empty_line_are_warnings() {
    let with_note = |cells: Vec<String>, note: &str| format!("{},{note}", line(&cells));
    let text = format!(
        "{},Notes\n{}\n{}\n{}\n",
        HEADER.join(","),
        with_note(cells(1), "\"a, b\""),
        ",".repeat(19),
        with_note(cells(2), "")
    );
    let summary = read(&text).expect("valid");
    let warnings: Vec<_> = summary.warnings.iter().map(|(code, seen)| (*code, seen.count, seen.first_row)).collect();
    assert_eq!(warnings, [(Warning::UnknownColumn, 1, 0), (Warning::EmptyLine, 1, 1)]);
    assert_eq!(summary.unknown_columns, ["Notes"]);
    assert_eq!(summary.rows, 2);
}

#[test]
fn an_error_names_row_line_and_column() {
    let text = table(&[
        line(&cells_with(1, "first_name", "\"Mar\nlo\"")).replace("\"Mar\nlo\"", "Marlo"),
        String::new(),
        line(&cells_with(2, "source_routing_number", "123456789")),
    ]);
    let text = text.replacen("source_routing_number", "Source routing no.", 1);
    let [error] = problems(&text).try_into().expect("one error");
    assert_eq!((error.row, error.line, error.code), (2, Some(4), AbaChecksum));
    assert_eq!(
        (error.field.as_deref(), error.column.as_deref()),
        (Some("Payor/ABARouting"), Some("Source routing no."))
    );
    let at = usize::try_from(error.offset).expect("fits");
    assert_eq!(&text[at..at + 9], "123456789");
    assert_eq!(error.message, "row 2, line 4: Source routing no. \"123456789\" fails the ABA checksum");
}

#[test]
fn a_value_over_several_lines_counts_its_lines() {
    let company = |loan| cells_with(loan, "trade_name", "\"Sample\nDonuts\"");
    let text = table(&[line(&company(1)), line(&cells_with(2, "amount", "0.99"))]);
    let errors = problems(&text);
    let found: Vec<_> = errors.iter().map(|error| (error.row, error.line, error.code)).collect();
    assert_eq!(found, [(1, Some(2), TextFormat), (2, Some(4), AmountTooSmall)], "{errors:?}");
}

#[test]
fn every_rule_of_a_value_holds_for_tables() {
    for (column, value, code) in [
        ("employee_id", "", EmptyField),
        ("employee_id", "EMP 1", IdFormat),
        ("source_id", "per_0123456789abcdef0123456789abcdef", IdFormat),
        ("source_id", "People", IdFormat),
        ("source_id", "All", IdFormat),
        ("date_of_birth", "2/29/1996", DobInvalid),
        ("phone_number", "515-555-0142", PhoneFormat),
        ("source_routing_number", "21000021", AbaFormat),
        ("source_account_number", "4.51E+10", AccountFormat),
        ("company_zip", "5309", ZipFormat),
        ("institution_id", "Bank", InstitutionFormat),
        ("loan_account_number", "1.23457E+11", LoanFormat),
        ("amount", "\"1,234\"", AmountFormat),
        ("amount", "-8.15", AmountNegative),
    ] {
        let errors = problems(table(&[line(&cells_with(1, column, value))]));
        let found: Vec<_> = errors.iter().map(|error| (error.column.as_deref(), error.code)).collect();
        assert_eq!(found, [(Some(column), code)], "{value}");
    }
    let twice = problems(table(&[line(&cells(1)), line(&cells(1))]));
    assert_eq!((twice[0].code, twice[0].row, twice[0].line), (DuplicateRow, 2, Some(3)));
}

#[test]
fn what_a_spreadsheet_did_to_a_number_is_said_and_never_guessed() {
    for (value, word) in [
        ("\"1.234,50\"", "decimal comma"),
        ("\"8,15\"", "decimal comma"),
        ("\"$1 234,5\"", "decimal comma"),
        ("8.1", "lacks decimals"),
        ("8", "lacks decimals"),
        ("\"1,234\"", "lacks decimals"),
        ("\"1,23,4.50\"", "dollars with two decimals"),
        ("8.15 USD", "dollars with two decimals"),
    ] {
        let [error] = problems(table(&[line(&cells_with(1, "amount", value))])).try_into().expect("one error");
        assert!(error.code == AmountFormat && error.message.contains(word), "{value}: {error:?}");
    }
    for (column, value, word) in [
        ("source_routing_number", "21000021", "leading zeros"),
        ("company_zip", "5309", "leading zeros"),
        ("loan_account_number", "1.23457E+11", "shortened by a spreadsheet"),
    ] {
        let [error] = problems(table(&[line(&cells_with(1, column, value))])).try_into().expect("one error");
        assert!(error.message.contains(word), "{error:?}");
    }
}

#[test]
fn a_line_with_another_number_of_cells_is_an_error_and_none_of_its_cells_is_read() {
    let good = line(&cells(1));
    let unquoted_amount = line(&cells_with(2, "amount", "$1,234.56"));
    let short = line(&cells(3)[..7]);
    let errors = problems(table(&[good.clone(), unquoted_amount, short]));
    let found: Vec<_> = errors.iter().map(|error| (error.row, error.line, error.code, error.field.clone())).collect();
    assert_eq!(found, [(2, Some(3), CellCount, None), (3, Some(4), CellCount, None)]);
    assert!(errors[0].message.contains("20 cells where the header has 19"), "{}", errors[0].message);
    let padded = table(&[format!("{good},,"), format!("{},", line(&cells(2)))]);
    assert_eq!(read(padded).expect("empty cells beyond the header are none").rows, 2);
}

#[test]
fn quotes_that_do_not_fit_are_refused_with_their_line() {
    for (value, line) in [
        ("\"1\"0.00", 3),
        ("\"8.15\" ", 3),
        (" \"8.15\"", 3),
        ("\"8.15", 3),
        (&*format!("\"{}", "x".repeat(100_000)), 3),
    ] {
        let error = file_error(table(&[self::line(&cells(1)), self::line(&cells_with(2, "amount", value))]));
        assert_eq!((error.code, error.line, error.last_complete_row), (CsvSyntax, Some(line), 1), "{error}");
        assert!(error.to_string().contains("line 3"), "{error}");
    }
    let doubled = table(&[line(&cells_with(1, "trade_name", "\"The \"\"Sample\"\", Inc.\""))]);
    assert_eq!(read(doubled).expect("valid").sources[0].dba, "The \"Sample\", Inc.");
}

#[test]
fn a_header_that_lacks_or_repeats_a_column_is_refused() {
    let text = table(&[line(&cells(1))]);
    for (header, word) in [
        (text.replacen("amount", "Total", 1), "names no column amount;"),
        (text.replacen("ein,", "", 1), "names no column ein;"),
        (text.replacen("phone_number", "Payment amount", 1), "two columns of the first line are both amount"),
        ("EmployeeId,Amount\nEMP-1,$8.15\n".to_owned(), "branch_id, first_name"),
        (line(&cells(1)), "neither XML nor a table"),
        ("Session expired".to_owned(), "neither XML nor a table"),
        ("x".repeat(5_000), "neither XML nor a table"),
    ] {
        let error = file_error(&header);
        assert_eq!((error.code, error.line, error.offset), (CsvHeader, Some(1), 0), "{header}");
        assert!(error.message.contains(word), "{error}");
        assert!(!error.message.contains("Marlo") && !error.message.contains("00451177"), "{error}");
    }
    for no_rows in [HEADER.join(","), HEADER.join(",") + "\n", HEADER.join("\t") + "\r\n\r\n"] {
        assert_eq!(file_error(no_rows).code, NoRows);
    }
}

#[test]
fn a_currency_is_read_however_its_column_is_written() {
    for name in ["Currency Code", "Currency-Code", "Currency.", "Currency (ISO)", "CCY", "ISO currency"] {
        let text = format!("{},{name}\n{},EUR\n", HEADER.join(","), line(&cells(1)));
        assert_eq!(problems(text)[0].code, AmountCurrency, "{name}");
    }
}

#[test]
fn another_currency_is_refused() {
    let with = |currency: &str| format!("{},Currency\n{},{currency}\n", HEADER.join(","), line(&cells(1)));
    assert!(read(with("USD")).is_ok());
    for currency in ["EUR", ""] {
        let errors = problems(with(currency));
        assert_eq!((errors[0].code, errors[0].field.as_deref()), (AmountCurrency, Some("Amount")), "{currency:?}");
    }
}

#[test]
fn limits_hold_for_tables() {
    let long = table(&[line(&cells_with(1, "first_name", &"x".repeat(1_025)))]);
    assert_eq!(file_error(long).code, LimitExceeded);
    let wide = table(&[line(&cells(1)) + &",x".repeat(20_000)]);
    assert_eq!(file_error(wide).code, LimitExceeded);
    let rows = table(&[line(&cells(1)), line(&cells(2)), line(&cells(3))]);
    let Err(Rejection::File(error)) = read_with(Limits { rows: 2, ..Limits::default() }, &rows) else {
        panic!("taken")
    };
    assert_eq!((error.code, error.line, error.last_complete_row), (LimitExceeded, Some(4), 2));
}

#[test]
fn broken_text_is_named_with_its_place() {
    for (bad, code) in [(&b"\xff"[..], InvalidEncoding), (b"\x00", InvalidEncoding), (b"\x01", CsvSyntax)] {
        let mut bytes = table(&[line(&cells(1))]).into_bytes();
        let offset = bytes.len() as u64;
        bytes.extend_from_slice(bad);
        let error = file_error(&bytes);
        assert_eq!((error.code, error.offset, error.last_complete_row), (code, offset, 1), "{bad:?}");
    }
    let cut = table(&[line(&cells_with(1, "company_city", "Zoë"))]);
    let cut = &cut.as_bytes()[..cut.find('ë').expect("there") + 1];
    assert_eq!(file_error(cut).code, InvalidEncoding);
}

#[test]
fn chunks_of_a_table_are_read_again_as_they_were_read_first() {
    let rows: Vec<_> = (1..=1_234).map(|loan| line(&cells_with(loan, "trade_name", "\"A, \"\"B\"\"\""))).collect();
    for text in [
        table(&rows),
        table(&rows).replace('\n', "\r\n"),
        table(&rows).replace('\n', "\n\n"),
        table(&rows).trim_end().into(),
    ] {
        let summary = read(&text).expect("valid");
        let shape: Vec<_> = summary.chunks.iter().map(|chunk| (chunk.number, chunk.first_row, chunk.rows)).collect();
        assert_eq!(shape, [(1, 1, 500), (2, 501, 500), (3, 1_001, 234)]);
        let stored = serde_json::to_string(&summary.layout).expect("text");
        let layout: Layout = serde_json::from_str(&stored).expect("a layout");
        assert_eq!(layout, summary.layout);
        let mut digests = Vec::new();
        for chunk in &summary.chunks {
            let range = usize::try_from(chunk.start).expect("fits")..usize::try_from(chunk.end).expect("fits");
            let bytes = &text.as_bytes()[range];
            assert_eq!(Sha256Hash::of(bytes), chunk.sha256);
            let rows = read_chunk(bytes, chunk.first_row, &layout, &Limits::default(), TODAY).expect("valid");
            assert_eq!(rows.len(), usize::try_from(chunk.rows).expect("fits"));
            digests.extend(rows.iter().map(Row::digest));
        }
        digests.sort_unstable();
        assert_eq!(digests, summary.row_digests);
        assert_eq!(Sha256Hash::of(text.as_bytes()), summary.file_sha256);
    }
}

fn read_by(mapping: &str, text: &str) -> Result<Summary, Rejection> {
    let mut reader = FileReader::new(Limits::default(), TODAY);
    reader.map(Mapping::parse(mapping).expect("a mapping"));
    reader.push(text.as_bytes())?;
    reader.finish()
}

#[test]
fn a_mapping_names_columns_otherwise() {
    let text = table(&[line(&cells(1))]).replacen("source_id", "Company", 1).replacen("company_name", "Legal", 1);
    let text = text.replacen("amount", "Net", 1).replacen("phone_number", "phone_number,Amount", 1);
    let text = text.replace("+15155550142,", "+15155550142,99.00,");
    let mapping = "source=Company, company name=Legal,amount=net";
    for mark in ["", "\u{feff}", "\r\n", "\u{feff}\n\n"] {
        let summary = read_by(mapping, &format!("{mark}{text}")).expect("valid");
        assert_eq!(summary.canonical_hash, read(self::file(&[row(1)])).expect("valid").canonical_hash);
        assert_eq!(summary.warnings.keys().collect::<Vec<_>>(), [&Warning::UnknownColumn]);
        assert_eq!(summary.unknown_columns, ["Amount"]);
    }
    for (mapping, error) in [
        ("Company", MapError::Form("Company".to_owned())),
        ("amount=", MapError::Form("amount=".to_owned())),
        ("sum=Net", MapError::NoSuchColumn("sum".to_owned())),
        ("amount=Net,payment amount=Gross", MapError::Twice("payment amount=Gross".to_owned())),
        ("amount=Net,branch=net", MapError::AmountShared("branch_id".to_owned())),
        ("branch=Net,amount=net", MapError::AmountShared("branch_id".to_owned())),
    ] {
        assert_eq!(Mapping::parse(mapping), Err(error));
    }
    let Err(Rejection::File(error)) = read_by("amount=Gross Pay", &text) else { panic!("taken") };
    assert_eq!((error.code, error.line), (CsvHeader, Some(1)));
    assert!(error.message.contains("is called \"Gross Pay\", as the mapping"), "{error}");
}

#[test]
fn one_column_may_serve_as_several() {
    let alike = |company: &str| {
        let mut cells = cells_with(1, "source_id", company);
        for column in ["company_name", "trade_name"] {
            cells[HEADER.iter().position(|name| *name == column).expect("a column")] = company.to_owned();
        }
        cells
    };
    let whole = table(&[line(&alike("ACME-1"))]);
    let narrow = whole.replacen("source_id", "Company", 1).replacen("company_name,trade_name,", "", 1);
    let narrow = narrow.replacen("ACME-1,ACME-1,", "", 1);
    let mapping = "source=Company,company_name=Company,trade name=company";
    let (expected, found) = (read(&whole).expect("valid"), read_by(mapping, &narrow).expect("valid"));
    assert_eq!(content(&found), content(&expected));
    // Stored with the summary, and read so again.
    let stored = serde_json::to_string(&found.layout).expect("text");
    assert!(stored.contains("source_id+company_name+trade_name"), "{stored}");
    let layout: Layout = serde_json::from_str(&stored).expect("a layout");
    assert_eq!(layout, found.layout);
    let chunk = &found.chunks[0];
    let range = usize::try_from(chunk.start).expect("fits")..usize::try_from(chunk.end).expect("fits");
    let rows = read_chunk(&narrow.as_bytes()[range], 1, &layout, &Limits::default(), TODAY).expect("valid");
    assert_eq!(rows.iter().map(Row::digest).collect::<Vec<_>>(), expected.row_digests);
    // Each of them is checked, and named by what the file calls it.
    let Err(Rejection::Rows { errors, .. }) = read_by(mapping, &narrow.replace("ACME-1", "Acme Inc.")) else {
        panic!("taken")
    };
    let told: Vec<_> = errors.iter().map(|error| (error.field.as_deref(), error.column.as_deref())).collect();
    assert_eq!(told, [(Some("Payor/DunkinId"), Some("Company"))]);
}

#[test]
fn what_is_said_of_columns_names_them_as_the_file_does() {
    let text = table(&[line(&cells(1))]);
    let twice = file_error(text.replacen("phone_number", "Payment Amount", 1));
    assert!(twice.message.contains("both amount: \"Payment Amount\" and \"amount\";"), "{twice}");
    let missing = file_error(text.replacen("amount", "Total  Due", 1).replacen("ein,", "Tax id,", 1));
    assert!(
        missing.message.contains("names no column ein, amount; not known are \"Tax id\", \"Total  Due\";"),
        "{missing}"
    );
    let few = file_error("EmployeeId,Marlo,00451177\n");
    assert!(!few.message.contains("Marlo") && !few.message.contains("00451177"), "{few}");
}
