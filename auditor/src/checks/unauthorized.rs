//! A company whose bank says that it did not authorize a debit is not debited again at that account until somebody has looked and said so.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::bank::{Transfer, text};
use crate::evidence::{Account, CommandKind};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::reported::Item;

/// Authorization revoked or never given (Nacha Operating Rules, return reason codes).
const CODES: [&str; 4] = ["R05", "R07", "R10", "R29"];

/// What a debit that came back says of an account.
struct Refusal<'f> {
    payer: &'f str,
    funding: &'f str,
    account: &'f Account,
    code: &'f str,
    /// Since when we know.
    known: Timestamp,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let refusals: Vec<Refusal<'_>> = facts.debits().filter_map(|debit| refusal(facts, debit)).collect();
    let lease = SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds));
    for debit in facts.debits() {
        let Some(funding) = company(facts, debit) else { continue };
        let Some(claimed) = claimed_at(facts, debit) else { continue };
        let standing = refusals.iter().find(|refusal| {
            let is_its = refusal.payer == funding.payer && Some(refusal.account) == debit.external_account.as_ref();
            let is_known = refusal.known.checked_add(lease).is_ok_and(|known| known < claimed);
            is_its && is_known && !is_cleared(facts, refusal, claimed)
        });
        findings.unless(standing.is_none(), &funding.id, || {
            let (of, code) = standing.map_or(("", ""), |refusal| (refusal.funding, refusal.code));
            format!("was pulled at {claimed}, though {of} had come back with {code} and nobody had cleared it")
        });
    }
}

/// The funding of a company that it is the debit of.
fn company<'f>(facts: &'f Facts<'_>, debit: &Transfer) -> Option<&'f Item> {
    facts.fundings.get(&debit.item).filter(|funding| funding.batch.is_some())
}

fn refusal<'f>(facts: &'f Facts<'_>, debit: &'f Transfer) -> Option<Refusal<'f>> {
    let funding = company(facts, debit)?;
    let object = facts.evidence.bank.ach_transfers.iter().find(|object| text(object, "id") == Some(&debit.id))?;
    let returns = object.get("return_details").and_then(Value::as_array)?;
    let code = text(returns.last()?, "return_code").filter(|code| CODES.contains(code))?;
    let account = debit.external_account.as_ref()?;
    Some(Refusal { payer: &funding.payer, funding: &funding.id, account, code, known: facts.known_gone(debit)? })
}

fn claimed_at(facts: &Facts<'_>, debit: &Transfer) -> Option<Timestamp> {
    let steps = facts.moves_of(&debit.item).iter();
    let claims = steps.filter(|step| step.state == "submitting" && step.attempt == debit.attempt);
    claims.map(|step| step.at).min()
}

/// Somebody asked for it in between.
fn is_cleared(facts: &Facts<'_>, refusal: &Refusal<'_>, before: Timestamp) -> bool {
    let kinds = [CommandKind::ResumeSource, CommandKind::ClearBlock, CommandKind::ClearAttention];
    let asked = kinds.into_iter().flat_map(|kind| facts.commands(kind));
    asked.filter(|command| command.about == refusal.payer || command.about == refusal.funding).any(|command| {
        refusal.known <= command.at.max(command.answered_at.unwrap_or(command.at)) && command.at <= before
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{CommandKind, Evidence};
    use crate::sample::{FUNDING, SOURCE, at, command, findings_of, found_one, good, spoiled, told, transfer};

    const AGAIN: &str = "fnd_b1-s1-2";

    /// The debit comes back with this code, and the same account is debited again three days later.
    fn debit_again(evidence: &mut Evidence, code: &str) {
        let mut funding = told(evidence, FUNDING).clone();
        funding.item["funding_id"] = json!(AGAIN);
        evidence.told.fundings.push(funding);
        let mut sent = transfer(evidence, FUNDING).clone();
        sent["id"] = json!(format!("tr_{AGAIN}"));
        sent["idempotency_key"] = json!(format!("{AGAIN}:1"));
        evidence.bank.ach_transfers.push(sent);
        let mut claim =
            evidence.moves.iter().find(|step| step.id == FUNDING && step.state == "submitting").unwrap().clone();
        let mut gone = claim.clone();
        gone.state = "returned".to_owned();
        gone.at = at("2026-03-09T13:00:00Z");
        evidence.moves.push(gone);
        claim.id = AGAIN.to_owned();
        claim.at = at("2026-03-12T13:00:00Z");
        evidence.moves.push(claim);
        transfer(evidence, FUNDING)["return_details"] = json!([{ "return_code": code }]);
    }

    #[test]
    fn a_company_that_was_debited_once_is_fine() {
        assert!(findings_of("unauthorized", &good()).is_empty());
    }

    #[test]
    fn a_company_that_had_not_authorized_a_debit_and_is_debited_again_is_found() {
        for code in super::CODES {
            found_one("unauthorized", AGAIN, code, |evidence| debit_again(evidence, code));
        }
        let found = spoiled("unauthorized", |evidence| debit_again(evidence, "R01"));
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_company_that_somebody_cleared_may_be_debited_again() {
        let found = spoiled("unauthorized", |evidence| {
            debit_again(evidence, "R29");
            evidence.asked.commands.push(command(CommandKind::ResumeSource, SOURCE, "olga", "2026-03-11T13:00:00Z"));
        });
        assert!(found.is_empty(), "{found:#?}");
        found_one("unauthorized", AGAIN, "R29", |evidence| {
            debit_again(evidence, "R29");
            evidence.asked.commands.push(command(CommandKind::ResumeSource, SOURCE, "olga", "2026-03-08T13:00:00Z"));
        });
    }
}
