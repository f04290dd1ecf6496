use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::super::csv::next_line;
use super::super::fast_path::{WrittenDetails, parse_usual_row};
use super::super::field::Field;
use super::super::raw_row::{Parsed, parse_element};
use super::super::scan::Item;
use super::*;
use crate::domain::money::Cents;

/// The choices of one generated row; its place in the file makes its loan number.
#[derive(Clone, Debug)]
struct Choice {
    employee: u8,
    source: u8,
    institution: u8,
    into_account: bool,
    cents: i64,
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let choice = (0..20_u8, 0..3_u8, 0..4_u8, any::<bool>(), 100..100_000_i64).prop_map(
        |(employee, source, institution, into_account, cents)| Choice {
            employee,
            source,
            institution,
            into_account,
            cents,
        },
    );
    vec(choice, 1..40)
}

fn generated(choices: &[Choice]) -> Vec<String> {
    let routing = ["123456780", "011000028", "021000021"];
    let rows = choices.iter().zip(1..).map(|(choice, loan)| {
        let row = if choice.into_account { row_into_account(loan) } else { row(loan) };
        row.replace("EMP-3f0c1a52", &format!("EMP-{}", choice.employee))
            .replace("BRC-91b7e6d4", &format!("BRC-{}", choice.employee % 5))
            .replace("CORP-5a2d9c10", &format!("CORP-{}", choice.source))
            .replace("123456780", routing[usize::from(choice.source)])
            .replace("ins_900001", &format!("ins_{}", choice.institution))
            .replace("$8.15", &format!("${}", Cents::new(choice.cents)))
    });
    rows.collect()
}

/// A valid row that pays a bank account of its own.
fn row_into_account(number: u32) -> String {
    let row = row(number);
    let (start, end) = (row.find("<PlaidId>").expect("a payee"), row.find("</Payee>").expect("its end"));
    format!(
        "{}<ABARouting>011000028</ABARouting><AccountNumber>{number:08}</AccountNumber><AccountType>savings</AccountType>\
         <Name>Marlo O'Sample</Name>{}",
        &row[..start],
        &row[end..]
    )
}

/// What must not depend on how the file is written.
fn content(summary: &Summary) -> impl PartialEq + std::fmt::Debug + use<> {
    let totals = (summary.by_source.clone(), summary.by_branch.clone(), summary.by_institution.clone());
    let payees = (summary.loans, summary.payee_accounts);
    (summary.rows, summary.total, summary.canonical_hash, summary.employees, payees, totals)
}

/// The rows as a table with its columns in this order, written by another crate.
fn written_as_table(rows: &[String], delimiter: u8, quoted: bool, order: &[usize]) -> Vec<u8> {
    let style = if quoted { ::csv::QuoteStyle::Always } else { ::csv::QuoteStyle::Necessary };
    let mut writer = ::csv::WriterBuilder::new().delimiter(delimiter).quote_style(style).from_writer(Vec::new());
    let names: Vec<_> = column_names().map(|column| column.name).collect();
    writer.write_record(order.iter().map(|place| names[*place])).expect("memory");
    for row in rows {
        let Ok(Parsed::Complete { content, .. }) = parse_element(row, true, &Limits::default()) else {
            panic!("{row}")
        };
        let value = |place: &usize| content.get(Field::ALL[*place]).map_or("", |value| &value.text);
        writer.write_record(order.iter().map(value)).expect("memory");
    }
    writer.into_inner().expect("memory")
}

fn pieces(bytes: &[u8], cuts: &[Index]) -> Result<Summary, Rejection> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let mut reader = FileReader::new(Limits::default(), TODAY);
    for pair in places.windows(2) {
        reader.push(&bytes[pair[0]..pair[1]])?;
    }
    reader.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_sums_the_same_pretty_permuted_and_split(choices in choices(), turn in any::<Index>(), cut in any::<Index>()) {
        let mut rows = generated(&choices);
        let whole = read(file(&rows)).expect("valid");
        prop_assert_eq!(whole.total.get(), choices.iter().map(|choice| choice.cents).sum::<i64>());

        let pretty = read(file(&rows).replace("><", ">\r\n  <")).expect("valid");
        prop_assert_eq!(content(&pretty), content(&whole));

        let (left, right) = rows.split_at(cut.index(rows.len() + 1));
        let parts = [left, right].into_iter().filter(|part| !part.is_empty());
        let parts: Vec<_> = parts.map(|part| read(file(part)).expect("valid")).collect();
        let mut sum = Total::default();
        let mut digests = Vec::new();
        for part in parts {
            sum.add(Total { rows: part.rows, total: part.total }).expect("small");
            digests.extend(part.row_digests);
        }
        digests.sort_unstable();
        prop_assert_eq!((sum.rows, sum.total, digests), (whole.rows, whole.total, whole.row_digests.clone()));

        let places = rows.len();
        rows.rotate_left(turn.index(places));
        rows.swap(0, places - 1);
        prop_assert_eq!(content(&read(file(&rows)).expect("valid")), content(&whole));
    }

    #[test]
    fn the_pieces_do_not_matter(choices in choices(), cuts in vec(any::<Index>(), 0..200)) {
        let text = file(&generated(&choices));
        prop_assert_eq!(pieces(text.as_bytes(), &cuts), read(&text));
    }

    #[test]
    fn a_damaged_file_never_panics_and_the_pieces_do_not_matter(
        choices in choices(),
        edits in vec((any::<Index>(), vec(prop::sample::select(b"<>&;/!-[]'\" \x00\xff\xef\xc3ax=?".to_vec()), 0..4), 0..9_usize), 1..6),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let mut bytes = file(&generated(&choices)).into_bytes();
        for (place, put, remove) in edits {
            let at = place.index(bytes.len() + 1);
            let end = (at + remove).min(bytes.len());
            bytes.splice(at..end, put);
        }
        prop_assert_eq!(pieces(&bytes, &cuts), read(&bytes));
    }

    #[test]
    fn a_list_of_payments_is_the_same_file_as_xml_and_as_a_table(
        choices in choices(),
        delimiter in prop::sample::select(b",;\t".to_vec()),
        quoted in any::<bool>(),
        order in Just((0..Field::COUNT).collect::<Vec<_>>()).prop_shuffle(),
        trade_name in "[A-Za-z][ -~é]{0,20}",
    ) {
        let escaped = trade_name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let rows: Vec<_> = generated(&choices).iter().map(|row| row.replace(">Sample Donuts<", &format!(">{escaped}<"))).collect();
        let xml = read(file(&rows)).expect("valid");
        let table = written_as_table(&rows, delimiter, quoted, &order);
        let csv = read(&table).expect("valid");
        prop_assert_eq!(content(&csv), content(&xml));
        prop_assert_eq!(&csv.sources, &xml.sources);
        prop_assert_eq!(&csv.row_digests, &xml.row_digests);
        prop_assert_eq!(&csv.warnings, &xml.warnings);
        let again = |text: &[u8], summary: &Summary| -> Vec<Row> {
            let rows = summary.chunks.iter().flat_map(|chunk| {
                let range = usize::try_from(chunk.start).expect("fits")..usize::try_from(chunk.end).expect("fits");
                read_chunk(&text[range], chunk.first_row, &summary.layout, &Limits::default(), TODAY).expect("valid")
            });
            rows.collect()
        };
        prop_assert_eq!(again(&table, &csv), again(file(&rows).as_bytes(), &xml));
    }

    #[test]
    fn a_damaged_table_never_panics_and_the_pieces_do_not_matter(
        choices in choices(),
        edits in vec((any::<Index>(), vec(prop::sample::select(b",;\t\"\r\n \x00\xff\xef\xc3ax$.".to_vec()), 0..4), 0..9_usize), 0..6),
        cuts in vec(any::<Index>(), 0..20),
    ) {
        let order: Vec<_> = (0..Field::COUNT).collect();
        let mut bytes = written_as_table(&generated(&choices), b',', false, &order);
        for (place, put, remove) in edits {
            let at = place.index(bytes.len() + 1);
            let end = (at + remove).min(bytes.len());
            bytes.splice(at..end, put);
        }
        prop_assert_eq!(pieces(&bytes, &cuts), read(&bytes));
    }

    /// Where both take a line, our reading of cells is that of the crate that everybody reads them with.
    #[test]
    #[test]
    fn cells_are_those_of_another_reader(records in vec(vec("[a-z,;\"\n ]{0,8}", Field::COUNT..=Field::COUNT), 1..6)) {
        let mut writer = ::csv::WriterBuilder::new().from_writer(Vec::new());
        writer.write_record(column_names().map(|column| column.name)).expect("memory");
        for record in &records {
            writer.write_record(record).expect("memory");
        }
        let text = String::from_utf8(writer.into_inner().expect("memory")).expect("text");
        let columns = match read(format!("{}{}", Format::Csv.example(), "")).expect("valid").layout {
            Layout::Csv(columns) => columns,
            Layout::Xml => panic!("a table"),
        };
        let mut at = text.find('\n').expect("a header") + 1;
        for record in records.iter().filter(|record| record.iter().any(|cell| !cell.trim_ascii().is_empty())) {
            let row = loop {
                match next_line(&text[at..], &columns, true, &mut WrittenDetails::default(), &Limits::default()).expect("sound") {
                    Item::Row { row, length } => {
                        at += length;
                        break row;
                    }
                    Item::Nothing { length } | Item::Ignored { length, .. } => at += length,
                    Item::Root { .. } | Item::Header { .. } | Item::RootEnd { .. } | Item::Incomplete => panic!("a line is missing"),
                }
            };
            for (field, cell) in Field::ALL.into_iter().zip(record) {
                prop_assert_eq!(&row.get(field).expect("there").text, cell.trim_ascii());
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let _ = read_chunk(&bytes, 1, &Layout::Xml, &Limits::default(), TODAY);
        let layout = read(Format::Csv.example()).expect("valid").layout;
        let _ = read_chunk(&bytes, 1, &layout, &Limits::default(), TODAY);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "(<root>|<row>|</row>|<Amount>|</Amount>|\\$1\\.00|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<\\?|\\?>|&amp;|&|<|>|'|\"| |é|/){0,60}") {
        let _ = read(&text);
        let _ = read_chunk(text.as_bytes(), 1, &Layout::Xml, &Limits::default(), TODAY);
    }

    #[test]
    fn the_usual_form_reads_as_the_general_one(choices in choices(), blanks in "[ \r\n\t]{0,3}", value in "[ -~é]{0,12}") {
        let limits = Limits::default();
        // Each row as the first of its source, then with the source's details in memory, then with these written in another way.
        let mut written = WrittenDetails::default();
        let form = |row: &String| {
            let details = format!(">{blanks}{value}{blanks}<");
            row.replace("><", &format!(">{blanks}<")).replace("Marlo", &value).replace(">Sample Donuts<", &details)
        };
        let rows: Vec<String> = generated(&choices).iter().map(form).collect();
        let others: Vec<String> = rows.iter().map(|row| row.replace("<Address>", " <Address>")).collect();
        for row in rows.iter().chain(&rows).chain(&others) {
            let Some((usual, usual_length)) = parse_usual_row(row, &mut written, &limits) else { continue };
            let Ok(Parsed::Complete { content, length }) = parse_element(row, true, &limits) else { panic!("{row}") };
            prop_assert_eq!(usual_length, length);
            prop_assert!(content.problems.is_empty());
            for field in Field::ALL {
                let values = [&usual, &content].map(|row| row.get(field).map(|value| (value.text.to_string(), value.at)));
                prop_assert_eq!(&values[0], &values[1]);
            }
        }
    }
}
