//! A payroll file as a table, as a company's payroll program exports it.

use generator::{Field, GeneratedRow};

use super::deposits::FileRow;
use super::files::File;
use super::mappings;

/// The columns of the fields that a generated row has, in its order.
const COLUMNS: [&str; 19] = [
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

/// What names a bank account.
const PAYEE_COLUMNS: [&str; 4] = ["payee_routing_number", "payee_account_number", "payee_account_type", "payee_name"];

/// The rows as lines with this delimiter; the first of them in a currency of its own, where one is named. The columns of a mapped file go by
/// the company's own names, and a second one of amounts stands beside the first.
pub(crate) fn written(file: &File, delimiter: char) -> Vec<u8> {
    let named = |name: &'static str| match name {
        "source_id" if file.is_mapped => mappings::SOURCE,
        "amount" if file.is_mapped => mappings::AMOUNTS[0],
        name => name,
    };
    let mut header: Vec<&str> = COLUMNS.into_iter().map(named).chain(PAYEE_COLUMNS).collect();
    header.extend(file.is_mapped.then_some(mappings::AMOUNTS[1]));
    header.extend(file.currency.as_ref().map(|_| "currency"));
    let mut text = line(header.iter().map(|name| (*name).to_owned()), delimiter);
    for (place, row) in file.rows.iter().enumerate() {
        let second = file.is_mapped.then(|| {
            let amount_cents = row.generated.amount_cents + mappings::WITHHELD_CENTS;
            GeneratedRow { amount_cents, ..row.generated.clone() }.text(Field::Amount).into_owned()
        });
        let currency = file.currency.clone().map(|currency| if place == 0 { currency } else { "USD".to_owned() });
        text += &line(cells(row).into_iter().chain(second).chain(currency), delimiter);
    }
    text.into_bytes()
}

fn cells(row: &FileRow) -> Vec<String> {
    let of_field = |field: Field| match (field, &row.deposit) {
        (Field::InstitutionId | Field::LoanAccountNumber, Some(_)) => String::new(),
        _ => row.generated.text(field).into_owned(),
    };
    let mut cells: Vec<String> = Field::ALL.into_iter().map(of_field).collect();
    cells.extend(match &row.deposit {
        None => [const { String::new() }; 4],
        Some(deposit) => [
            deposit.routing_number.clone(),
            deposit.account_number.clone(),
            deposit.account_type.clone(),
            deposit.holder.clone(),
        ],
    });
    cells
}

/// Quoted as RFC 4180 has it.
fn line(cells: impl Iterator<Item = String>, delimiter: char) -> String {
    let quoted = cells.map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
    let mut line = quoted.collect::<Vec<_>>().join(&delimiter.to_string());
    line.push('\n');
    line
}
