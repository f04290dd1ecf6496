//! Payroll files of one company: its rows dealt out to batches, and what an audit must know of them.

use auditor::evidence::{Account, Row};
use axum::body::Bytes;
use generator::{FileWriter, GenerateError, GeneratedRow, Style};

/// A file to upload.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub rows: Vec<GeneratedRow>,
    pub dead_servicers: Vec<String>,
    /// Of the first amount, where one is named.
    pub currency: Option<String>,
}

impl File {
    pub(crate) fn bytes(&self, style: Style) -> Result<Bytes, GenerateError> {
        let mut writer = FileWriter::new(Vec::new(), style, &self.dead_servicers);
        writer.write_rows(self.rows.clone())?;
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
            row.amount_cents += 900_000;
        }
        file
    }

    pub(crate) fn rows_as_asked(&self) -> Vec<Row> {
        self.rows.iter().map(|row| self.row(row)).collect()
    }

    fn row(&self, row: &GeneratedRow) -> Row {
        let institution_id = row.payee.institution_id.clone();
        let is_known = !self.dead_servicers.contains(&institution_id);
        Row {
            source_id: row.source.source_id.clone(),
            branch_id: row.employee.branch_id.clone(),
            employee_id: row.employee.employee_id.clone(),
            cents: row.amount_cents,
            payee_account: row.payee.loan_account_number.clone(),
            payee_routing: is_known.then(|| simulators::plaid::routing_number(&institution_id)),
            institution_id,
            name: format!("{} {}", row.employee.first_name, row.employee.last_name),
            currency: self.currency.clone().filter(|_| Some(row) == self.rows.first()),
            source_account: Account {
                routing_number: row.source.routing_number.clone(),
                account_number: row.source.account_number.clone(),
            },
        }
    }
}
