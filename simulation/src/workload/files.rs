//! Payroll files of one company: its rows dealt out to batches, and what an audit must know of them.

use auditor::evidence::{Account, Row};
use axum::body::Bytes;
use generator::{FileWriter, GenerateError, Style};

use super::deposits::FileRow;
use super::{mappings, table};

/// A file to upload.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub rows: Vec<FileRow>,
    pub dead_servicers: Vec<String>,
    /// It is a table, and not XML.
    pub is_table: bool,
    /// Its columns go by the company's own names, and there are two of amounts.
    pub is_mapped: bool,
    /// Of the first amount, where one is named.
    pub currency: Option<String>,
}

impl File {
    pub(crate) fn bytes(&self, style: Style) -> Result<Bytes, GenerateError> {
        if self.is_table {
            let delimiter = if style == Style::Compact { ',' } else { ';' };
            return Ok(table::written(self, delimiter).into());
        }
        let mut writer = FileWriter::new(Vec::new(), style, &self.dead_servicers);
        writer.write_rows(self.rows.iter().map(|row| row.generated.clone()))?;
        let (_, bytes) = writer.finish()?;
        let Some(currency) = &self.currency else { return Ok(bytes.into()) };
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.replacen("<Amount>", &format!("<Amount currency=\"{currency}\">"), 1).into_bytes().into())
    }

    /// The same payments in the opposite order.
    pub(crate) fn reversed(&self) -> Self {
        Self { rows: self.rows.iter().rev().cloned().collect(), ..self.clone() }
    }

    /// The same, with a larger first payment.
    pub(crate) fn enlarged(&self) -> Self {
        let mut file = self.clone();
        if let Some(row) = file.rows.first_mut() {
            row.generated.amount_cents += 900_000;
        }
        file
    }

    /// Every way to read it: the column of the amounts where a mapping names it, and the rows as they are then.
    pub(crate) fn rows_as_asked(&self) -> Vec<(Option<&'static str>, Vec<Row>)> {
        let rows: Vec<Row> = self.rows.iter().map(|row| self.row(row)).collect();
        if !self.is_mapped {
            return vec![(None, rows)];
        }
        let with_more = rows.iter().cloned().map(|row| Row { cents: row.cents + mappings::WITHHELD_CENTS, ..row });
        let [net, gross] = mappings::AMOUNTS;
        vec![(Some(gross), with_more.collect()), (Some(net), rows)]
    }

    fn row(&self, row: &FileRow) -> Row {
        let FileRow { generated, deposit } = row;
        let loan = &generated.payee;
        let is_known = !self.dead_servicers.contains(&loan.institution_id);
        let of_loan = || is_known.then(|| simulators::plaid::routing_number(&loan.institution_id));
        Row {
            source_id: generated.source.source_id.clone(),
            branch_id: generated.employee.branch_id.clone(),
            employee_id: generated.employee.employee_id.clone(),
            cents: generated.amount_cents,
            payee_account: match deposit {
                Some(deposit) => deposit.account_number.clone(),
                None => loan.loan_account_number.clone(),
            },
            payee_routing: deposit.as_ref().map_or_else(of_loan, |deposit| Some(deposit.routing_number.clone())),
            payee_type: deposit.as_ref().map(|deposit| deposit.account_type.to_ascii_lowercase()),
            institution_id: if deposit.is_some() { String::new() } else { loan.institution_id.clone() },
            name: format!("{} {}", generated.employee.first_name, generated.employee.last_name),
            payee_name: deposit.as_ref().map(|deposit| deposit.holder.clone()),
            currency: self.currency.clone().filter(|_| Some(row) == self.rows.first()),
            source_account: Account {
                routing_number: generated.source.routing_number.clone(),
                account_number: generated.source.account_number.clone(),
            },
        }
    }
}
