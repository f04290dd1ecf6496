//! An institution is paid as two operators said: from the first summary after that on, accounts that were paid before included.

use crate::bank::text;
use crate::contents::{approval, manifest_of, summary_of};
use crate::evidence::CommandKind;
use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for transfer in facts.payouts().filter(|transfer| !transfer.account_type.is_empty()) {
        let Some((file, row)) = facts.row(&transfer.item) else { continue };
        let Some(end) = transfer.external_account.as_ref().filter(|end| !facts.has_correction(end)) else { continue };
        let manifest = approval(facts.evidence, &file.batch_id).and_then(manifest_of);
        let summary = manifest.and_then(|manifest| summary_of(facts.evidence, &file.batch_id, manifest));
        let Some(looked_at) = summary.map(|summary| summary.at) else { continue };
        let said = facts.commands(CommandKind::ConfirmBiller).filter(|said| said.about == row.institution_id);
        let before = said.filter(|said| said.succeeded() && said.answered_at.is_some_and(|at| at < looked_at));
        let Some(last) = before.max_by_key(|said| said.order) else { continue };
        let wanted = text(&last.sent, "account_type").unwrap_or_default();
        findings.unless(wanted == transfer.account_type, &transfer.item, || {
            let was = &transfer.account_type;
            format!("{} pays …{} as {was}, and operators had said {wanted}", transfer.id, last4(&end.account_number))
        });
    }
}

fn last4(number: &str) -> &str {
    number.get(number.len().saturating_sub(4)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{PAYMENT, command, findings_of, found_one, good, spoiled};

    /// Two operators said so before the batch was summarized; the bank knows the account as this.
    fn said(evidence: &mut Evidence, wanted: &str, known: &str) {
        let mut said = command(CommandKind::ConfirmBiller, "ins_1", "oscar", "2026-03-01T12:00:00Z");
        said.sent = json!({ "how": "ach", "account_type": wanted });
        evidence.asked.commands.push(said);
        let end = evidence.bank.counterparties.iter_mut().find(|known| known["account_number"] == "10000001");
        end.unwrap()["account_type"] = json!(known);
    }

    #[test]
    fn an_institution_that_is_paid_as_it_was_said_is_fine() {
        assert!(findings_of("institutions", &good()).is_empty());
        assert!(spoiled("institutions", |evidence| said(evidence, "checking", "checking")).is_empty());
    }

    #[test]
    fn an_institution_that_is_paid_otherwise_is_found() {
        found_one("institutions", PAYMENT, "as loan", |evidence| said(evidence, "checking", "loan"));
    }
}
