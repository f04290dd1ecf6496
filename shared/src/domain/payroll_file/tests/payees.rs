//! Bank accounts as payees: what names one, what is refused, and that a table and its XML are the same payments.

use super::*;
use crate::domain::bank::request;
use ErrorCode::*;

const HEADER: &str = "employee_id,branch_id,first_name,last_name,date_of_birth,phone_number,source_id,source_routing_number,\
                      source_account_number,company_name,trade_name,ein,company_address,company_city,company_state,company_zip,\
                      institution_id,loan_account_number,payee_routing_number,payee_account_number,payee_account_type,payee_name,amount";
const PLACES: &str = "institution_id,loan_account_number,";

/// The payee's cells of a row that names a loan.
const LOAN: [&str; 6] = ["ins_900001", "00000001", "", "", "", ""];
/// And of one that names a bank account.
const ACCOUNT: [&str; 6] = ["", "", "021000021", "000123-Ab", "Checking", "Marlo O'Sample"];

/// A line of an employee with these cells of its payee.
fn line_of(employee: &str, payee: [&str; 6], amount: &str) -> String {
    format!(
        "{employee},BRC-91b7e6d4,Marlo,O'Sample,02-29-1996,+15155550142,CORP-5a2d9c10,123456780,00451177,Sample Donuts LLC,\
         Sample Donuts,123456789,12 Example Plaza,Des Moines,IA,50309,{},{amount}",
        payee.join(",")
    )
}

fn line(payee: [&str; 6]) -> String {
    line_of("EMP-3f0c1a52", payee, "$8.15")
}

fn with(mut payee: [&'static str; 6], place: usize, value: &'static str) -> [&'static str; 6] {
    payee[place] = value;
    payee
}

fn table(lines: &[String]) -> String {
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

fn errors(text: &str) -> Vec<RowError> {
    match read(text) {
        Err(Rejection::Rows { errors, .. }) => errors,
        other => panic!("no row errors but {other:?}"),
    }
}

/// Row, column and code of every error of a table of these lines.
fn found(lines: &[String]) -> Vec<(u64, Option<String>, ErrorCode)> {
    errors(&table(lines)).into_iter().map(|error| (error.row, error.column, error.code)).collect()
}

fn warnings(lines: &[String]) -> Vec<(Warning, u64, u64)> {
    let summary = read(table(lines)).expect("valid");
    summary.warnings.into_iter().map(|(code, seen)| (code, seen.count, seen.first_row)).collect()
}

fn xml_account() -> String {
    row_replacing(
        1,
        "<PlaidId>ins_900001</PlaidId><LoanAccountNumber>00000001</LoanAccountNumber>",
        "<Name>Marlo O'Sample</Name><AccountType>checking</AccountType><AccountNumber>000123AB</AccountNumber>\
         <ABARouting>021000021</ABARouting>",
    )
}

#[test]
fn a_row_names_a_loan_or_a_bank_account() {
    let summary = read(table(&[line(LOAN), line(ACCOUNT)])).expect("valid");
    assert_eq!((summary.rows, summary.loans, summary.payee_accounts, summary.employees), (2, 1, 1, 1));
    let total = Total { rows: 1, total: crate::domain::money::Cents::new(815) };
    assert_eq!(summary.by_institution["ins_900001"], total);
    assert_eq!(summary.by_institution[PAID_BY_ACCOUNT], total);
    assert_eq!(summary.by_source["CORP-5a2d9c10"].rows, 2);
    assert!(summary.warnings.is_empty());
}

#[test]
fn the_same_payments_in_xml_and_in_a_table_have_the_same_hash() {
    let csv = read(table(&[line(LOAN), line(ACCOUNT)])).expect("valid");
    let xml = read(file(&[xml_account(), row(1)])).expect("valid");
    assert_eq!(csv.canonical_hash, xml.canonical_hash);
    assert_eq!((csv.by_institution, csv.payee_accounts), (xml.by_institution, xml.payee_accounts));
    let another = read(table(&[line(LOAN), line(with(ACCOUNT, 3, "000124-Ab"))])).expect("valid");
    assert_ne!(csv.canonical_hash, another.canonical_hash);
    let elsewhere = read(table(&[line(LOAN), line(with(ACCOUNT, 2, "011000028"))])).expect("valid");
    assert_ne!(csv.canonical_hash, elsewhere.canonical_hash);
}

#[test]
fn columns_of_the_way_that_nobody_takes_may_be_left_out() {
    let without_loans = |text: String| text.replace(PLACES, "").replace(",50309,,,", ",50309,");
    let summary = read(without_loans(table(&[line(ACCOUNT)]))).expect("valid");
    assert_eq!((summary.rows, summary.loans, summary.payee_accounts), (1, 0, 1));
    let empty = errors(&without_loans(table(&[line(with(ACCOUNT, 3, ""))])));
    assert_eq!((empty[0].column.as_deref(), empty[0].code), (Some("payee_account_number"), EmptyField));
    let partly = file_error(table(&[line(LOAN)]).replacen("payee_name,", "Nobody,", 1));
    assert!(partly.code == CsvHeader && partly.message.contains("no column payee_name;"), "{partly}");
    let partly = file_error(table(&[line(ACCOUNT)]).replacen("institution_id,", "Nobody,", 1));
    assert!(partly.code == CsvHeader && partly.message.contains("no column institution_id;"), "{partly}");
}

#[test]
fn a_payee_that_is_named_twice_or_not_at_all_is_an_error_with_its_line_and_column() {
    for (payee, column, code) in [
        (with(ACCOUNT, 0, "ins_900001"), "payee_routing_number", TwoPayees),
        (with(LOAN, 5, "Marlo"), "payee_name", TwoPayees),
        (["", "", "", " ", "", ""], "loan_account_number", NoPayee),
        (with(LOAN, 1, ""), "loan_account_number", EmptyField),
        (with(ACCOUNT, 4, ""), "payee_account_type", EmptyField),
    ] {
        let [error] = errors(&table(&[line_of("EMP-2", LOAN, "$1.00"), line(payee)])).try_into().expect("one error");
        assert_eq!((error.row, error.line, error.code), (2, Some(3), code), "{error:?}");
        assert_eq!(error.column.as_deref(), Some(column), "{error:?}");
    }
}

#[test]
fn in_xml_a_payee_is_named_once_too() {
    let both = xml_account().replacen("<Name>Marlo", "<PlaidId>ins_900001</PlaidId><Name>Marlo", 1);
    assert_eq!(row_problems(&[both]), [(1, "Payee/ABARouting".to_owned(), TwoPayees)]);
    let part = xml_account().replacen("<AccountType>checking</AccountType>", "", 1);
    assert_eq!(row_problems(&[part]), [(1, "Payee/AccountType".to_owned(), MissingField)]);
    assert_eq!(row_problems(&[xml_account()]), []);
}

#[test]
fn what_the_bank_cannot_be_asked_for_is_refused_at_the_door() {
    for (place, value, column, code) in [
        (2, "21000021", "payee_routing_number", AbaFormat),
        (2, "021000022", "payee_routing_number", AbaChecksum),
        (2, "000000000", "payee_routing_number", AbaFormat),
        (3, "123456789012345678", "payee_account_number", AccountFormat),
        (3, "1.23457E+11", "payee_account_number", AccountFormat),
        (3, "12 34", "payee_account_number", AccountFormat),
        (3, "---", "payee_account_number", AccountFormat),
        (3, "１２３４", "payee_account_number", AccountFormat),
        (4, "C", "payee_account_type", AccountType),
        (4, "loan", "payee_account_type", AccountType),
        (5, "🦀", "payee_name", TextFormat),
        (5, "--", "payee_name", TextFormat),
    ] {
        let found = found(&[line(with(ACCOUNT, place, value))]);
        assert_eq!(found, [(1, Some(column.to_owned()), code)], "{value}");
    }
    let message = &errors(&table(&[line(with(ACCOUNT, 3, "98765432101234 7"))]))[0].message;
    assert!(message.contains("***34 7") && !message.contains("9876"), "{message}");
}

#[test]
fn an_account_is_one_however_it_is_typed_and_whatever_it_is_called() {
    for second in [with(ACCOUNT, 3, "000123ab"), with(ACCOUNT, 4, "savings"), with(ACCOUNT, 5, "M. O'Sample")] {
        assert_eq!(found(&[line(ACCOUNT), line(second)]), [(2, None, DuplicateRow)], "{second:?}");
    }
    assert_eq!(warnings(&[line(ACCOUNT), line(with(ACCOUNT, 3, "123-Ab"))]), []);
}

#[test]
fn the_same_account_again_is_a_warning_and_another_employees_is_one_of_its_own() {
    let again = line_of("EMP-3f0c1a52", ACCOUNT, "$9.15");
    assert_eq!(warnings(&[line(ACCOUNT), again]), [(Warning::RepeatedAccount, 1, 2)]);
    let other = line_of("EMP-2", ACCOUNT, "$8.15");
    assert_eq!(warnings(&[line(ACCOUNT), other]), [(Warning::SharedAccount, 1, 2)]);
}

#[test]
fn a_company_pays_nothing_to_itself() {
    let to_itself = ["", "", "123456780", "0045-1177", "checking", "Sample Donuts"];
    assert_eq!(found(&[line(to_itself)]), [(1, Some("payee_account_number".to_owned()), PayeeIsSource)]);
    let later_source =
        line_of("EMP-2", LOAN, "$1.00").replace("CORP-5a2d9c10,123456780,00451177", "CORP-2,021000021,000123");
    let first = line(with(ACCOUNT, 3, "000123"));
    assert_eq!(found(&[first, later_source]), [(2, Some("source_account_number".to_owned()), PayeeIsSource)]);
}

#[test]
fn a_holder_s_name_goes_to_the_bank_as_it_takes_it_and_is_shown_so() {
    let summary = read(table(&[line(with(ACCOUNT, 5, "Łukasz Wiśniewski"))])).expect("valid");
    assert!(summary.warnings.contains_key(&Warning::NameTransliterated));
    assert_eq!(summary.bank_names[0].name, "LUKASZ WISNIEWSKI");
}

#[test]
fn a_row_read_again_has_its_account_and_shows_no_name_or_number() {
    let text = table(&[line(ACCOUNT)]);
    let summary = read(&text).expect("valid");
    let lines = &text.as_bytes()[text.find('\n').expect("a header") + 1..];
    let rows = read_chunk(lines, 1, &summary.layout, &Limits::default(), TODAY).expect("valid");
    assert_eq!(vec![rows[0].digest()], summary.row_digests);
    assert_eq!(vec![rows[0].pay_digest()], summary.pay_digests);
    let RowPayee::Account(account) = &rows[0].payee else { panic!("{rows:?}") };
    assert_eq!((account.number.expose(), account.account_type), ("000123-Ab", request::AccountType::Checking));
    assert_eq!(rows[0].receiver_name().expect("a name").as_str(), "MARLO O'SAMPLE");
    let shown = format!("{rows:?} {summary:?}");
    assert!(!shown.contains("Marlo") && !shown.contains("000123"), "{shown}");
}

#[test]
fn a_corrected_account_is_found_by_its_ending() {
    let mut reader = FileReader::new(Limits::default(), TODAY);
    reader.watch(["23AB".to_owned()].into());
    let savings = line_of("EMP-2", with(ACCOUNT, 4, "savings"), "$8.15");
    reader.push(table(&[line(ACCOUNT), line_of("EMP-3f0c1a52", ACCOUNT, "$2.00"), savings]).as_bytes()).expect("sound");
    let watched = reader.finish().expect("valid").watched;
    let found: Vec<_> = watched.iter().map(|seen| (seen.first_row, seen.rows, seen.total.get())).collect();
    assert_eq!(found, [(1, 2, 1_015), (3, 1, 815)], "another kind of account is another one to the bank");
    assert_eq!(watched.iter().map(|seen| seen.digests.len()).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(watched[1].first_employee, "EMP-2");
}
