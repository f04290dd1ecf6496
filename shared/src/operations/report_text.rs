//! Reports as text: CSV for people, JSON for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::reports::{self, Tally};
use super::{OperationError, System, upload};
use crate::domain::ids::{BatchId, PaymentId};
use crate::domain::money::Cents;
use crate::domain::payment::Payment;
use crate::domain::task::{ReportFormat, ReportKind};
use crate::http::csv_text::{CsvField, CsvText};
use jiff::Timestamp;

/// U+FEFF in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = *b"\xef\xbb\xbf";

const SOURCE_ID: &str = "source_id";
const BRANCH_ID: &str = "branch_id";

const PAYMENT_COLUMNS: [&str; 17] = [
    "row",
    "payment_id",
    "employee_id",
    "branch_id",
    "source_id",
    "institution_id",
    "account_last4",
    "amount",
    "status",
    "reason",
    "transfer_id",
    "created_at",
    "updated_at",
    "kind",
    "corrected_account_last4",
    "change_code",
    "payee_name",
];

const TALLY_COLUMNS: [&str; 12] = [
    "payments",
    "total",
    "completed",
    "completed_total",
    "failed",
    "failed_total",
    "canceled",
    "canceled_total",
    "returned",
    "returned_total",
    "open",
    "open_total",
];

/// The sources report says what went back to each as well.
const REFUND_COLUMNS: [&str; 2] = ["refunds", "refunds_total"];

/// The columns of a report as CSV, from left to right.
pub fn columns(report: ReportKind) -> Vec<&'static str> {
    match report {
        ReportKind::Payments => PAYMENT_COLUMNS.to_vec(),
        ReportKind::Sources => [SOURCE_ID].into_iter().chain(TALLY_COLUMNS).chain(REFUND_COLUMNS).collect(),
        ReportKind::Branches => [BRANCH_ID].into_iter().chain(TALLY_COLUMNS).collect(),
    }
}

/// One line of the payments report.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentLine {
    pub row: u32,
    pub payment_id: String,
    pub employee_id: String,
    pub branch_id: String,
    pub source_id: String,
    pub institution_id: String,
    pub account_last4: String,
    #[schema(value_type = String)]
    pub amount: Cents,
    pub status: String,
    pub reason: String,
    pub transfer_id: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    pub kind: LineKind,
    /// The bank had corrected the account when the payment was sent: the account that is paid, and the change code. Else empty.
    pub corrected_account_last4: String,
    pub change_code: String,
    /// Of a row that names a bank account: whose account it is, as the bank has the name. Else empty.
    pub payee_name: String,
}

/// What a line of the payments report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// A row of the file.
    Payment,
    /// Money that went back to a source after the rows: no row, and in no tally.
    Refund,
}

impl LineKind {
    const fn as_str(self) -> &'static str {
        match self {
            LineKind::Payment => "payment",
            LineKind::Refund => "refund",
        }
    }
}

/// One line of the sources or branches report.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TallyLine {
    pub id: String,
    #[serde(flatten)]
    pub tally: Tally,
    /// Of a source: refunds to it that hold money, sent or still to be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub refunds_total: Option<Cents>,
}

/// Refunds to one source that hold money.
#[derive(Clone, Copy, Default)]
struct Refunded {
    refunds: u64,
    total: Cents,
}

impl PaymentLine {
    pub fn of(payment: &Payment) -> Self {
        let row = payment.row.clone();
        let (employee_id, branch_id, institution_id) =
            row.map(|row| (row.employee_id, row.branch_id, row.institution_id)).unwrap_or_default();
        Self {
            row: match payment.id {
                PaymentId::Row { row, .. } => row,
                PaymentId::Refund { .. } | PaymentId::Single(_) => 0,
            },
            payment_id: payment.id.to_string(),
            employee_id,
            branch_id,
            source_id: payment.payer_id.clone(),
            institution_id,
            account_last4: payment.payee.account_last4().to_owned(),
            amount: payment.amount,
            status: payment.leg.state.as_str().to_owned(),
            reason: payment.leg.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
            transfer_id: payment.leg.transfer_id.clone().unwrap_or_default(),
            created_at: payment.created_at,
            updated_at: payment.updated_at,
            kind: match payment.id {
                PaymentId::Row { .. } | PaymentId::Single(_) => LineKind::Payment,
                PaymentId::Refund { .. } => LineKind::Refund,
            },
            corrected_account_last4: payment
                .leg
                .corrected
                .as_ref()
                .map(|sent| sent.account_last4.clone())
                .unwrap_or_default(),
            change_code: payment.leg.corrected.as_ref().map(|sent| sent.change_code.clone()).unwrap_or_default(),
            payee_name: payment.payee_name().unwrap_or_default().to_owned(),
        }
    }
}

/// The report's content type and bytes.
pub async fn render(
    system: &System,
    batch_id: BatchId,
    report: ReportKind,
    format: ReportFormat,
) -> Result<(&'static str, Vec<u8>), OperationError> {
    match report {
        ReportKind::Payments => {
            let payments = reports::payments_by_row(system, batch_id).await?;
            let refunds = refunds(system, batch_id).await?;
            let lines: Vec<PaymentLine> = payments.iter().chain(&refunds).map(PaymentLine::of).collect();
            match format {
                ReportFormat::Csv | ReportFormat::CsvBom => as_csv(format, payments_csv(&lines)?),
                ReportFormat::Json => json(&lines),
            }
        }
        ReportKind::Sources => {
            let tallies = reports::tallies(system, batch_id).await?.by_source;
            let refunded = refunded(&refunds(system, batch_id).await?)?;
            let line = |(id, tally)| {
                let refunded = refunded.get(&id).copied().unwrap_or_default();
                TallyLine { id, tally, refunds: Some(refunded.refunds), refunds_total: Some(refunded.total) }
            };
            tally_report(report, tallies.into_iter().map(line).collect(), format)
        }
        ReportKind::Branches => {
            let tallies = reports::tallies(system, batch_id).await?.by_branch;
            let line = |(id, tally)| TallyLine { id, tally, refunds: None, refunds_total: None };
            tally_report(report, tallies.into_iter().map(line).collect(), format)
        }
    }
}

async fn refunds(system: &System, batch_id: BatchId) -> Result<Vec<Payment>, OperationError> {
    reports::refunds(system, &upload::load(system, batch_id).await?).await
}

fn refunded(refunds: &[Payment]) -> Result<BTreeMap<String, Refunded>, OperationError> {
    let mut by_source: BTreeMap<String, Refunded> = BTreeMap::new();
    for refund in refunds.iter().filter(|refund| refund.leg.state.holds_money()) {
        let refunded = by_source.entry(refund.payer_id.clone()).or_default();
        refunded.refunds = refunded.refunds.saturating_add(1);
        refunded.total = refunded.total.plus(refund.amount)?;
    }
    Ok(by_source)
}

fn json<T: Serialize>(value: &T) -> Result<(&'static str, Vec<u8>), OperationError> {
    serde_json::to_vec(value).map(|body| ("application/json", body)).map_err(unwritable)
}

/// Lines that are written, behind a byte order mark where that is asked for.
fn as_csv(format: ReportFormat, mut lines: Vec<u8>) -> Result<(&'static str, Vec<u8>), OperationError> {
    if format == ReportFormat::CsvBom {
        lines.splice(0..0, BYTE_ORDER_MARK);
    }
    Ok(("text/csv; charset=utf-8", lines))
}

fn unwritable(cause: impl ToString) -> OperationError {
    OperationError::Inconsistent(format!("a report cannot be written: {}", cause.to_string()))
}

fn payments_csv(lines: &[PaymentLine]) -> Result<Vec<u8>, OperationError> {
    let mut csv = CsvText::new(&PAYMENT_COLUMNS).map_err(unwritable)?;
    for line in lines {
        csv.row(&[
            CsvField::Count(line.row.into()),
            line.payment_id.as_str().into(),
            line.employee_id.as_str().into(),
            line.branch_id.as_str().into(),
            line.source_id.as_str().into(),
            line.institution_id.as_str().into(),
            line.account_last4.as_str().into(),
            line.amount.into(),
            line.status.as_str().into(),
            line.reason.as_str().into(),
            line.transfer_id.as_str().into(),
            line.created_at.to_string().into(),
            line.updated_at.to_string().into(),
            line.kind.as_str().into(),
            line.corrected_account_last4.as_str().into(),
            line.change_code.as_str().into(),
            line.payee_name.as_str().into(),
        ])
        .map_err(unwritable)?;
    }
    csv.finish().map_err(unwritable)
}

fn tally_report(
    report: ReportKind,
    lines: Vec<TallyLine>,
    format: ReportFormat,
) -> Result<(&'static str, Vec<u8>), OperationError> {
    if format == ReportFormat::Json {
        return json(&lines);
    }
    let mut csv = CsvText::new(&columns(report)).map_err(unwritable)?;
    for TallyLine { id, tally, refunds, refunds_total } in &lines {
        let mut fields = vec![
            id.as_str().into(),
            CsvField::Count(tally.payments),
            tally.total.into(),
            CsvField::Count(tally.completed),
            tally.completed_total.into(),
            CsvField::Count(tally.failed),
            tally.failed_total.into(),
            CsvField::Count(tally.canceled),
            tally.canceled_total.into(),
            CsvField::Count(tally.returned),
            tally.returned_total.into(),
            CsvField::Count(tally.open),
            tally.open_total.into(),
        ];
        if let Some((refunds, total)) = refunds.zip(*refunds_total) {
            fields.extend([CsvField::Count(refunds), total.into()]);
        }
        csv.row(&fields).map_err(unwritable)?;
    }
    as_csv(format, csv.finish().map_err(unwritable)?)
}
