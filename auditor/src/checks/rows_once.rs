//! One row is paid once, whatever files hold it: where two batches within ten days both paid a row, the approver of the later one had
//! accepted the earlier one by name, and was not told then that its row would not be paid; and their summary was made after the last decision
//! to pay the earlier one. Money that came back does not count. A retry of the earlier batch after that has named the later one, by somebody
//! who had a hand in neither file.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::bank::{text, unspelled};
use crate::contents::{approval, manifest_of, touched_by};
use crate::evidence::{Command, CommandKind, Row};
use crate::facts::{Facts, row_of};
use crate::finding::Findings;

/// Batches are compared with those of the last ten days; the last hours are left out, since neither end is to the minute.
const COMPARED_FOR: SignedDuration = SignedDuration::from_hours(24 * 10 - 8);

/// What makes a row that payment.
type Content<'a> = (&'a str, &'a str, &'a str, String, i64);

/// A row that was paid, and the approval of its batch.
struct Paid<'f> {
    batch: &'f str,
    payment: &'f str,
    approval: &'f Command,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut paid: BTreeMap<Content<'_>, Vec<Paid<'_>>> = BTreeMap::new();
    for payment in facts.payments.values() {
        let Some((file, row)) = facts.row(&payment.id) else { continue };
        let Some(approval) = approval(facts.evidence, &file.batch_id) else { continue };
        if facts.transfers_of(&payment.id).any(|transfer| transfer.is_live()) {
            let line = Paid { batch: &file.batch_id, payment: &payment.id, approval };
            paid.entry(content(row)).or_default().push(line);
        }
    }
    for lines in paid.values_mut() {
        lines.sort_by_key(|line| line.approval.order);
        for (place, later) in lines.iter().enumerate() {
            for earlier in lines.iter().take(place).filter(|earlier| earlier.batch != later.batch) {
                paid_twice(facts, earlier, later, findings);
                tried_again(facts, earlier, later, findings);
            }
        }
    }
}

fn content(row: &Row) -> Content<'_> {
    // Neither the kind of a bank account nor its holder's name makes another payment.
    let place = if row.payee_type.is_some() { row.payee_routing.as_deref() } else { Some(row.institution_id.as_str()) };
    (&row.source_id, &row.employee_id, place.unwrap_or_default(), unspelled(&row.payee_account), row.cents)
}

fn paid_twice(facts: &Facts<'_>, earlier: &Paid<'_>, later: &Paid<'_>, findings: &mut Findings<'_>) {
    let made = facts.commands(CommandKind::Create).find(|made| made.answer["batch_id"] == earlier.batch);
    let since = made.map_or(earlier.approval.at, |made| made.at);
    if later.approval.at.duration_since(since) > COMPARED_FOR {
        return;
    }
    let is_named = names(later.approval, earlier.batch) || names(earlier.approval, later.batch);
    findings.unless(is_named, later.payment, || {
        format!("pays a row that {} pays too, and its approver had not accepted {}", earlier.payment, earlier.batch)
    });
    if let Some((batch, number)) = row_of(earlier.payment).filter(|_| is_named && was_called_off(facts, earlier, later))
    {
        findings
            .add(later.payment, format!("pays row {number} of {batch} again, which was told not to be paid, and was"));
    }
    let unseen = decided_unseen(facts, earlier, later);
    findings.unless(unseen.is_none(), later.payment, || {
        let what = unseen.map_or("decided on", |kind| if kind == CommandKind::Retry { "retried" } else { "approved" });
        format!("pays a row that {} pays too, and {} was {what} after its summary", earlier.payment, earlier.batch)
    });
}

/// What was first decided about the earlier batch between the summary that the later approver names and their approval, and paid its row.
fn decided_unseen(facts: &Facts<'_>, earlier: &Paid<'_>, later: &Paid<'_>) -> Option<CommandKind> {
    let shown_at = shown_at(facts, later)?;
    let approvals = facts.commands(CommandKind::Approve).filter(|asked| asked.about == later.batch);
    let asked_at = approvals.filter(|asked| asked.may_have_happened()).map(|asked| asked.at).min()?;
    let paid_at = facts.transfers_of(earlier.payment).find(|transfer| transfer.is_live())?.created_at;
    [CommandKind::Approve, CommandKind::Retry].into_iter().find(|kind| {
        let decisions = facts.commands(*kind).filter(|asked| asked.about == earlier.batch && asked.may_have_happened());
        let (before, after): (Vec<_>, Vec<_>) = decisions.partition(|decision| decision.at <= shown_at);
        let is_between = |decision: &Command| {
            let answered_at = decision.answered_at.filter(|_| decision.succeeded());
            answered_at.is_some_and(|answered_at| answered_at < asked_at && answered_at <= paid_at)
        };
        before.is_empty() && after.into_iter().any(is_between)
    })
}

/// When the summary that the approval names was made the last time, or where a worker made it, was seen first.
fn shown_at(facts: &Facts<'_>, later: &Paid<'_>) -> Option<Timestamp> {
    let named = manifest_of(later.approval)?;
    let times = |kind: CommandKind| {
        let is_it =
            |asked: &&Command| asked.about == later.batch && text(&asked.answer, "manifest_hash") == Some(named);
        facts.commands(kind).filter(is_it).filter_map(|asked| asked.answered_at)
    };
    times(CommandKind::Summarize).max().or_else(|| times(CommandKind::ReadSummary).min())
}

fn names(approval: &Command, batch: &str) -> bool {
    has_named(approval, "accept_overlaps", batch)
}

fn has_named(command: &Command, member: &str, batch: &str) -> bool {
    let named = command.sent.get(member).and_then(Value::as_array);
    named.is_some_and(|named| named.iter().any(|id| id == batch))
}

/// A retry that was asked for after the later approval decides anew to pay the earlier row. Left out is what cannot be told from outside: which
/// of two approvals at once came first, and what a retry of before still sends.
fn tried_again(facts: &Facts<'_>, earlier: &Paid<'_>, later: &Paid<'_>, findings: &mut Findings<'_>) {
    let Some(approved_at) = later.approval.answered_at else { return };
    let paid_at = facts.transfers_of(earlier.payment).find(|transfer| transfer.is_live()).map(|live| live.created_at);
    let Some(paid_at) = paid_at.filter(|_| !names(earlier.approval, later.batch)) else { return };
    let retries: Vec<&Command> = facts
        .commands(CommandKind::Retry)
        .filter(|retry| retry.about == earlier.batch && retry.may_have_happened() && retry.at < paid_at)
        .collect();
    if retries.is_empty() || retries.iter().any(|retry| retry.at <= approved_at) {
        return;
    }
    let naming: Vec<&str> = retries
        .iter()
        .filter(|retry| has_named(retry, "overlaps", later.batch))
        .map(|retry| retry.by.as_str())
        .collect();
    findings.unless(!naming.is_empty(), earlier.payment, || {
        format!(
            "was paid by a retry after {} had paid its row, and the retry had not named {}",
            later.payment, later.batch
        )
    });
    let hands = |paid: &Paid<'_>, by: &str| touched_by(facts.evidence, paid.batch, paid.approval).contains(by);
    let is_second = naming.is_empty() || naming.iter().any(|by| !hands(earlier, by) && !hands(later, by));
    findings.unless(is_second, earlier.payment, || {
        let by = naming.join(" and ");
        format!("was paid again by a retry of {by} alone, who had a hand in its file or in that of {}", later.payment)
    });
}

/// At the later approval the earlier row was called canceled or failed, though a send of before paid it.
fn was_called_off(facts: &Facts<'_>, earlier: &Paid<'_>, later: &Paid<'_>) -> bool {
    let then = later.approval.order;
    let stood = facts.moves_of(earlier.payment).iter().rfind(|step| step.order < then);
    let is_off = stood.is_some_and(|step| matches!(step.state.as_str(), "canceled" | "failed"));
    let live = facts.transfers_of(earlier.payment).find(|transfer| transfer.is_live());
    let sends = live.and_then(|live| facts.sends.get(format!("{}:{}", live.item, live.attempt).as_str()));
    is_off && sends.is_some_and(|sends| sends.iter().any(|send| send.sent_order < then))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{BATCH, PAYMENT, command, findings_of, found_one, good, spoiled, told, transfer};

    const AGAIN: &str = "pay_b2-01-0000001";

    /// The first row is paid by a second batch too, whose approver accepts these.
    fn pay_again(evidence: &mut Evidence, accepted: Value) {
        let mut file = evidence.asked.files[0].clone();
        file.batch_id = "bat_b2".to_owned();
        file.rows.truncate(1);
        evidence.asked.files.push(file);
        let mut approval = command(CommandKind::Approve, "bat_b2", "bob", "2026-03-04T12:00:00Z");
        approval.order = 1_000;
        approval.sent = json!({ "accept_overlaps": accepted });
        evidence.asked.commands.push(approval);
        let mut payment = told(evidence, PAYMENT).clone();
        payment.item["payment_id"] = json!(AGAIN);
        payment.item["batch_id"] = json!("bat_b2");
        evidence.told.payments.push(payment);
        let mut sent = transfer(evidence, PAYMENT).clone();
        sent["id"] = json!(format!("tr_{AGAIN}"));
        sent["idempotency_key"] = json!(format!("{AGAIN}:1"));
        evidence.bank.ach_transfers.push(sent);
    }

    #[test]
    fn a_row_that_is_paid_once_is_fine() {
        assert!(findings_of("rows_once", &good()).is_empty());
    }

    #[test]
    fn a_row_that_two_batches_pay_is_found_unless_the_approver_accepted_it() {
        found_one("rows_once", AGAIN, "had not accepted bat_b1", |evidence| pay_again(evidence, json!([])));
        let found = spoiled("rows_once", |evidence| pay_again(evidence, json!([BATCH])));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_row_that_comes_again_weeks_later_or_whose_money_came_back_is_fine() {
        let found = spoiled("rows_once", |evidence| {
            pay_again(evidence, json!([]));
            evidence.asked.commands.last_mut().unwrap().at = crate::sample::at("2026-03-13T12:00:00Z");
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("rows_once", |evidence| {
            pay_again(evidence, json!([]));
            transfer(evidence, PAYMENT)["status"] = json!("RETURNED");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    /// The first row came back, the second batch paid it, and then a retry that names these.
    fn pay_again_and_retry(evidence: &mut Evidence, named: Value) {
        pay_again(evidence, json!([BATCH]));
        let mut retry = command(CommandKind::Retry, BATCH, "bob", "2026-03-05T12:00:00Z");
        retry.order = 1_001;
        retry.sent = json!({ "overlaps": named });
        evidence.asked.commands.push(retry);
        transfer(evidence, PAYMENT)["created_at"] = json!("2026-03-05T13:00:00Z");
    }

    #[test]
    fn a_row_that_a_retry_pays_after_a_later_batch_is_found_unless_the_retry_named_that_batch() {
        found_one("rows_once", PAYMENT, "had not named bat_b2", |evidence| pay_again_and_retry(evidence, json!([])));
        let found = spoiled("rows_once", |evidence| pay_again_and_retry(evidence, json!(["bat_b2"])));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_row_that_a_retry_pays_again_by_the_word_of_who_uploaded_it_is_found() {
        found_one("rows_once", PAYMENT, "by a retry of ann alone", |evidence| {
            pay_again_and_retry(evidence, json!(["bat_b2"]));
            evidence.asked.commands.last_mut().unwrap().by = "ann".to_owned();
        });
    }

    #[test]
    fn a_row_whose_earlier_batch_was_retried_after_the_summary_of_the_later_one_is_found() {
        let retried = |evidence: &mut Evidence, retried_at: &str| {
            pay_again(evidence, json!([BATCH]));
            let mut summary = command(CommandKind::Summarize, "bat_b2", "ann", "2026-03-04T10:00:00Z");
            summary.answer = json!({ "manifest_hash": "m2" });
            evidence.asked.commands.last_mut().unwrap().sent["manifest_hash"] = json!("m2");
            evidence.asked.commands.extend([summary, command(CommandKind::Retry, BATCH, "bob", retried_at)]);
            transfer(evidence, PAYMENT)["created_at"] = json!("2026-03-05T13:00:00Z");
        };
        found_one("rows_once", AGAIN, "was retried after its summary", |evidence| {
            retried(evidence, "2026-03-04T11:00:00Z");
        });
        let found = spoiled("rows_once", |evidence| retried(evidence, "2026-03-04T09:00:00Z"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_row_that_was_called_canceled_when_its_repeat_was_accepted_is_found() {
        found_one("rows_once", AGAIN, "was told not to be paid", |evidence| {
            pay_again(evidence, json!([BATCH]));
            let mut off = evidence.moves.iter().find(|step| step.id == PAYMENT).unwrap().clone();
            off.order = 999;
            off.state = "canceled".to_owned();
            evidence.moves.push(off);
        });
    }
}
