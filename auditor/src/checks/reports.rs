//! The three reports of a batch, read as the text that people get: file, lines, sums by source and by branch, counts and the batch's own
//! answer agree to the cent.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bank::{text, unspelled};
use crate::evidence::{Row, ToldBatch};
use crate::facts::{Facts, is_refund_of_batch};
use crate::finding::Findings;
use crate::money::{cents, dollars};
use crate::reported::Item;

/// Counts and sums by where a payment ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    payments: u64,
    total: i64,
    /// Completed, failed, canceled, returned, open: how many, and how much.
    parts: [(u64, i64); 5],
}

const PARTS: [&str; 5] = ["completed", "failed", "canceled", "returned", "open"];

type Line = BTreeMap<String, String>;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for told in &facts.evidence.told.batches {
        let Some(batch) = text(&told.batch, "batch_id") else {
            findings.add("the evidence", "a batch cannot be read");
            continue;
        };
        if told.payments_csv.is_empty() {
            continue;
        }
        if compare(facts, batch, told, findings).is_none() {
            findings.add(batch, "a report of it cannot be read");
        }
    }
}

fn compare(facts: &Facts<'_>, batch: &str, told: &ToldBatch, findings: &mut Findings<'_>) -> Option<()> {
    let (refunds, lines): (Vec<Line>, Vec<Line>) = csv_lines(&told.payments_csv)?
        .into_iter()
        .partition(|line| line.get("kind").is_some_and(|kind| kind == "refund"));
    for refund in &refunds {
        line_agrees(facts, refund, findings)?;
    }
    refunds_are_all_there(facts, batch, told, &refunds, findings);
    let (mut by_source, mut by_branch) = (BTreeMap::new(), BTreeMap::new());
    let mut total = Tally::default();
    for line in &lines {
        let (amount, part) = (cents(line.get("amount")?)?, part_of(line.get("status")?)?);
        for tally in [
            &mut total,
            by_source.entry(line.get("source_id")?.clone()).or_default(),
            by_branch.entry(line.get("branch_id")?.clone()).or_default(),
        ] {
            tally.add(amount, part);
        }
        line_agrees(facts, line, findings)?;
    }
    same(batch, "the report by source", &tallies(&told.sources_csv, "source_id")?, &by_source, findings);
    same(batch, "the report by branch", &tallies(&told.branches_csv, "branch_id")?, &by_branch, findings);
    // Before the import is whole the batch answers that nothing is there.
    if has_payments(&told.batch) {
        let answered = tally_of(&|name| told.batch.get("totals")?.get(name).map(plain))?;
        findings.unless(answered == total, batch, || format!("answers {answered:?}, and its lines come to {total:?}"));
    }
    compare_with_file(facts, batch, &lines, &total, findings)
}

/// Each refund that the API knows stands in the report and in the batch's answer.
fn refunds_are_all_there(
    facts: &Facts<'_>,
    batch: &str,
    told: &ToldBatch,
    refunds: &[Line],
    findings: &mut Findings<'_>,
) {
    let is_of_batch = |payment: &&Item| payment.batch.as_deref() == Some(batch) && is_refund_of_batch(&payment.id);
    let answered = told.batch.get("refunds").and_then(Value::as_array);
    for refund in facts.payments.values().filter(is_of_batch) {
        let is_reported = refunds.iter().any(|line| line.get("payment_id") == Some(&refund.id));
        let is_answered = answered.is_some_and(|all| all.iter().any(|one| text(one, "payment_id") == Some(&refund.id)));
        findings.unless(is_reported && is_answered, &refund.id, || {
            "is a refund that its batch does not tell of".to_owned()
        });
    }
}

fn has_payments(batch: &Value) -> bool {
    matches!(text(batch, "state"), Some("paying" | "completed" | "canceling" | "canceled"))
}

/// A line says of its payment what the payment says of itself.
fn line_agrees(facts: &Facts<'_>, line: &Line, findings: &mut Findings<'_>) -> Option<()> {
    let id = line.get("payment_id")?;
    let Some(payment) = facts.payments.get(id) else {
        findings.add(id, "is reported, and the API knows no such payment");
        return Some(());
    };
    let agrees = payment.state == *line.get("status")?
        && Some(payment.cents) == cents(line.get("amount")?)
        && payment.transfer.as_deref().unwrap_or_default() == line.get("transfer_id")?;
    findings.unless(agrees, id, || "is reported otherwise than the API answers".to_owned());
    Some(())
}

fn compare_with_file(
    facts: &Facts<'_>,
    batch: &str,
    lines: &[Line],
    total: &Tally,
    findings: &mut Findings<'_>,
) -> Option<()> {
    let Some(file) = facts.files.get(batch) else {
        findings.add(batch, "is a batch that nobody uploaded");
        return Some(());
    };
    let is_whole = has_payments(
        &facts.evidence.told.batches.iter().find(|told| text(&told.batch, "batch_id") == Some(batch))?.batch,
    ) && facts.moves_of(batch).iter().any(|step| step.state == "paying");
    if is_whole {
        let asked: i64 = file.rows.iter().map(|row| row.cents).sum();
        findings.unless(total.total == asked && lines.len() == file.rows.len(), batch, || {
            let (told, asked) = (dollars(total.total), dollars(asked));
            format!("reports {} payments of {told} for {} rows of {asked}", lines.len(), file.rows.len())
        });
    }
    for line in lines {
        let number: usize = line.get("row")?.parse().ok()?;
        let row = number.checked_sub(1).and_then(|position| file.rows.get(position));
        let agrees = row.is_some_and(|row| is_row(line, row));
        findings.unless(agrees, batch, || format!("line {number} of its report is not row {number} of its file"));
    }
    Some(())
}

fn is_row(line: &Line, row: &Row) -> bool {
    // Of a number of four letters nothing is shown.
    let number = unspelled(&row.payee_account);
    let hidden = number.len().checked_sub(4).filter(|hidden| *hidden > 0);
    let last4 = hidden.and_then(|hidden| number.get(hidden..)).unwrap_or_default();
    let told = ["employee_id", "branch_id", "source_id", "institution_id", "account_last4"]
        .map(|name| line.get(name).map(String::as_str));
    let asked = [&row.employee_id, &row.branch_id, &row.source_id, &row.institution_id, last4].map(Some);
    told == asked && line.get("amount").and_then(|amount| cents(amount)) == Some(row.cents)
}

fn same(
    batch: &str,
    what: &str,
    told: &BTreeMap<String, Tally>,
    summed: &BTreeMap<String, Tally>,
    findings: &mut Findings<'_>,
) {
    for id in told.keys().chain(summed.keys().filter(|id| !told.contains_key(*id))) {
        let (told, summed) = (told.get(id), summed.get(id));
        findings.unless(told == summed, batch, || {
            format!("{what} says {told:?} of {id}, and the lines come to {summed:?}")
        });
    }
}

fn tallies(text: &str, id: &str) -> Option<BTreeMap<String, Tally>> {
    let lines = csv_lines(text)?;
    lines.iter().map(|line| Some((line.get(id)?.clone(), tally_of(&|name| line.get(name).cloned())?))).collect()
}

fn tally_of(field: &dyn Fn(&str) -> Option<String>) -> Option<Tally> {
    let mut parts = [(0, 0); 5];
    for (part, name) in parts.iter_mut().zip(PARTS) {
        *part = (field(name)?.parse().ok()?, cents(&field(&format!("{name}_total"))?)?);
    }
    Some(Tally { payments: field("payments")?.parse().ok()?, total: cents(&field("total")?)?, parts })
}

impl Tally {
    fn add(&mut self, amount: i64, part: usize) {
        self.payments += 1;
        self.total += amount;
        if let Some((count, sum)) = self.parts.get_mut(part) {
            *count += 1;
            *sum += amount;
        }
    }
}

fn part_of(status: &str) -> Option<usize> {
    match status {
        "completed" | "available" => Some(0),
        "failed" => Some(1),
        "canceled" => Some(2),
        "returned" => Some(3),
        "unprocessed" | "submitting" | "processing" => Some(4),
        _ => None,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn csv_lines(text: &str) -> Option<Vec<Line>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{BATCH, PAYMENT, findings_of, found_one, good, spoiled, told};

    #[test]
    fn reports_that_agree_are_fine() {
        assert!(findings_of("reports", &good()).is_empty());
    }

    #[test]
    fn a_line_that_is_not_its_row_is_found() {
        found_one("reports", BATCH, "line 1 of its report is not row 1", |evidence| {
            let csv = &mut evidence.told.batches[0].payments_csv;
            *csv = csv.replacen("EMP-1", "EMP-9", 1);
        });
    }

    #[test]
    fn a_line_that_is_not_its_payment_is_found() {
        found_one("reports", PAYMENT, "is reported otherwise", |evidence| {
            told(evidence, PAYMENT).item["state"] = json!("returned");
        });
    }

    #[test]
    fn a_sum_by_source_or_branch_that_is_a_cent_off_is_found() {
        found_one("reports", BATCH, "the report by source says", |evidence| {
            let csv = &mut evidence.told.batches[0].sources_csv;
            *csv = csv.replace("30.00", "30.01");
        });
        found_one("reports", BATCH, "the report by branch says", |evidence| {
            let csv = &mut evidence.told.batches[0].branches_csv;
            *csv = csv.replace("2,30.00", "1,30.00");
        });
    }

    #[test]
    fn totals_of_the_batch_that_are_not_the_lines_are_found() {
        found_one("reports", BATCH, "answers", |evidence| {
            evidence.told.batches[0].batch["totals"]["total"] = json!("35.01");
        });
    }

    #[test]
    fn a_report_of_fewer_rows_than_the_file_is_found() {
        let found = spoiled("reports", |evidence| {
            let row = evidence.asked.files[0].rows[0].clone();
            evidence.asked.files[0].rows.push(row);
        });
        assert!(found[0].what.contains("reports 3 payments of 35.00 for 4 rows of 45.00"), "{found:#?}");
    }

    #[test]
    fn a_batch_that_nobody_uploaded_and_one_that_cannot_be_read_are_found() {
        found_one("reports", BATCH, "nobody uploaded", |evidence| evidence.asked.files.clear());
        found_one("reports", BATCH, "cannot be read", |evidence| {
            evidence.told.batches[0].sources_csv = "source_id\nCORP-1\n".to_owned();
        });
    }
}
