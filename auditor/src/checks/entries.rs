//! Every entry of the ledger balances, follows the table of accounts, and is there exactly because the bank did something: no entry
//! without a cause, no cause without its entry, each for the amount that moved.
//!
//! The table is that of the design (section 6) and of `money-rules.md` section 8.

mod debt;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::corrections::{CORRECTION, is_netted, repayments};
use crate::bank::{Kind, Transfer, text};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::{cents, dollars};
use crate::reported::{Item, Step};

/// Debits, then credits, of each kind of entry.
const TABLE: [(&str, &[&str], &[&str]); 13] = [
    ("funding_accepted", &["debits_in_transit"], &["funds_pending"]),
    ("funding_available", &["cash", "funds_pending"], &["debits_in_transit", "funds"]),
    ("funding_returned_pending", &["funds_pending"], &["debits_in_transit"]),
    ("funding_returned_available", &["receivable"], &["cash"]),
    ("payout_accepted", &["funds"], &["cash"]),
    ("payout_reversed", &["cash"], &["funds"]),
    ("check_issued", &["funds", "cash_locked"], &["checks_outstanding", "cash"]),
    ("check_settled", &["checks_outstanding"], &["cash_locked"]),
    ("check_reversed", &["checks_outstanding", "cash"], &["funds", "cash_locked"]),
    ("check_returned_after_settled", &["cash"], &["funds"]),
    ("unfunded_failed", &["funds"], &["receivable"]),
    ("receivable_recovered", &["funds"], &["receivable"]),
    ("receivable_repaid", &["funds"], &["receivable"]),
];

/// The lines of one entry.
#[derive(Debug, Default)]
struct Entry<'a> {
    lines: Vec<Line<'a>>,
}

#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    kind: &'a str,
    side: &'a str,
    payer: &'a str,
    cents: i64,
}

/// Which entry: whose, of which attempt, and what it records.
type Cause<'a> = (&'a str, u32, &'a str);

/// What may happen to one attempt more than once: it fails for want of money, is tried again under its old key, and fails so again.
const REPEATABLE: &str = "unfunded_failed";

impl Entry<'_> {
    /// How often it was posted, by its first account.
    fn times(&self) -> usize {
        self.lines.first().map_or(0, |first| {
            self.lines.iter().filter(|line| (line.kind, line.side) == (first.kind, first.side)).count()
        })
    }
}

fn sorted<'a>(kinds: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = kinds.collect();
    kinds.sort_unstable();
    kinds
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let mut entries: BTreeMap<Cause<'_>, Entry<'_>> = BTreeMap::new();
    for posting in &facts.evidence.told.postings {
        match line(posting) {
            Some((cause, line)) => entries.entry(cause).or_default().lines.push(line),
            None => findings.add("the evidence", "a posting cannot be read"),
        }
    }
    // What operators book is a check of its own.
    for (cause, entry) in entries.iter().filter(|((_, _, effect), _)| *effect != CORRECTION) {
        well_made(facts, *cause, entry, findings);
    }
    if facts.evidence.is_at_rest {
        for item in facts.items().filter(|item| !item.was_disputed()) {
            caused(facts, item, &entries, findings);
        }
        for funding in facts.fundings.values().filter(|funding| funding.batch.is_none()) {
            owed_alone(facts, funding, &entries, findings);
        }
        debt::check(facts, &entries, findings);
    }
}

fn line(posting: &Value) -> Option<(Cause<'_>, Line<'_>)> {
    let (kind, payer) = text(posting, "account")?.split_once(':')?;
    let attempt = u32::try_from(posting.get("attempt")?.as_u64()?).ok()?;
    let cause = (text(posting, "cause")?, attempt, text(posting, "effect")?);
    let line = Line { kind, side: text(posting, "side")?, payer, cents: cents(text(posting, "amount")?)? };
    Some((cause, line))
}

fn well_made(facts: &Facts<'_>, (item, attempt, effect): Cause<'_>, entry: &Entry<'_>, findings: &mut Findings<'_>) {
    let what = format!("{effect} of attempt {attempt}");
    let Some((_, debits, credits)) = TABLE.iter().find(|(known, _, _)| *known == effect) else {
        findings.add(item, format!("{what} is in no table"));
        return;
    };
    let total =
        |side: &str| -> i64 { entry.lines.iter().filter(|line| line.side == side).map(|line| line.cents).sum() };
    findings.unless(total("debit") == total("credit"), item, || {
        format!("{what} debits {} and credits {}", dollars(total("debit")), dollars(total("credit")))
    });
    let times = entry.times();
    findings.unless(times == 1 || effect == REPEATABLE, item, || format!("{what} is in the books {times} times"));
    let accounts = |side: &str| sorted(entry.lines.iter().filter(|line| line.side == side).map(|line| line.kind));
    let expected = |kinds: &'static [&'static str]| sorted(kinds.iter().copied().cycle().take(kinds.len() * times));
    let follows = accounts("debit") == expected(debits) && accounts("credit") == expected(credits);
    findings.unless(follows, item, || {
        format!("{what} debits {:?} and credits {:?}", accounts("debit"), accounts("credit"))
    });
    let Some(known) = facts.item(item) else {
        findings.add(item, format!("{what} is of nothing that we know"));
        return;
    };
    let fits = |cents: i64| if effect == REPEATABLE { 0 < cents && cents <= known.cents } else { cents == known.cents };
    let is_of_payer = entry.lines.iter().all(|line| line.payer == known.payer && fits(line.cents));
    findings.unless(is_of_payer, item, || format!("{what} is of another payer or amount"));
}

/// The entries that the bank's word and our own failing of unfunded payments ask for, no more and no less.
fn caused(facts: &Facts<'_>, item: &Item, entries: &BTreeMap<Cause<'_>, Entry<'_>>, findings: &mut Findings<'_>) {
    let posted: BTreeSet<(u32, &str)> = entries
        .range((item.id.as_str(), 0, "")..)
        .take_while(|((id, _, _), _)| *id == item.id)
        .map(|((_, attempt, effect), _)| (*attempt, *effect))
        .collect();
    let mut due: BTreeSet<(u32, &str)> = BTreeSet::new();
    for transfer in facts.transfers_of(&item.id) {
        let has_been_available = posted.contains(&(transfer.attempt, "funding_available"));
        due.extend(asked_by(transfer, has_been_available).into_iter().map(|effect| (transfer.attempt, effect)));
    }
    // Ours to decide: what the books of the payer must come to is asked below.
    let is_of_receivable =
        |effect: &str| matches!(effect, "unfunded_failed" | "receivable_recovered" | "receivable_repaid");
    let of_bank: BTreeSet<(u32, &str)> =
        posted.iter().copied().filter(|(_, effect)| !is_of_receivable(effect)).collect();
    for (attempt, effect) in due.difference(&of_bank) {
        findings.add(&item.id, format!("{effect} of attempt {attempt} is not in the books"));
    }
    for (attempt, effect) in of_bank.difference(&due) {
        findings
            .add(&item.id, format!("{effect} of attempt {attempt} is in the books, and the bank did no such thing"));
    }
    taken_off(facts, item, entries, findings);
}

/// What the bank's word about one transfer means for the books.
fn asked_by(transfer: &Transfer, has_been_available: bool) -> Vec<&'static str> {
    let mut effects = match transfer.kind {
        Kind::Debit => vec!["funding_accepted"],
        Kind::Credit => vec!["payout_accepted"],
        Kind::Check => vec!["check_issued"],
    };
    match (transfer.kind, transfer.is_live()) {
        (Kind::Debit, _) if has_been_available => effects.push("funding_available"),
        (Kind::Debit | Kind::Credit | Kind::Check, _) => {}
    }
    match transfer.kind {
        Kind::Debit if !transfer.is_live() && has_been_available => effects.push("funding_returned_available"),
        Kind::Debit if !transfer.is_live() => effects.push("funding_returned_pending"),
        Kind::Credit if !transfer.is_live() => effects.push("payout_reversed"),
        Kind::Check if transfer.was_settled() => {
            effects.push("check_settled");
            effects.extend((!transfer.is_live()).then_some("check_returned_after_settled"));
        }
        Kind::Check if !transfer.is_live() => effects.push("check_reversed"),
        Kind::Debit | Kind::Credit | Kind::Check => {}
    }
    effects
}

/// How often an effect of an item is in the books, over all its attempts.
fn times(entries: &BTreeMap<Cause<'_>, Entry<'_>>, item: &str, effect: &str) -> usize {
    let of_item = entries.iter().filter(|((id, _, known), _)| *id == item && *known == effect);
    of_item.map(|(_, entry)| entry.times()).sum()
}

/// A payment that failed because its funding came back after it was available no longer counts as owed.
fn taken_off(facts: &Facts<'_>, item: &Item, entries: &BTreeMap<Cause<'_>, Entry<'_>>, findings: &mut Findings<'_>) {
    let posted = times(entries, &item.id, "unfunded_failed");
    let has_failed = |step: &&Step| step.what == "unfunded" && step.from.as_deref() == Some("unprocessed");
    let failures = item.history.iter().filter(has_failed).count();
    let funding = item.funding.as_deref().unwrap_or_default();
    // One that had failed before, when its funding was refused, never was owed for.
    let last =
        |id: &str, state: &str| facts.moves_of(id).iter().rfind(|step| step.state == state).map(|step| step.order);
    let had_failed =
        last(&item.id, "failed").zip(last(funding, "returned")).is_some_and(|(failed, lost)| failed < lost);
    let is_late = times(entries, funding, "funding_returned_available") > 0 && !had_failed;
    // Where its source has made good all that was lost for the batch, there is nothing left to take it off.
    let is_open = |batch: &str| debt::Debt::of(facts, &item.payer, batch, entries).is_open();
    let is_owed = || item.batch.as_deref().is_none_or(is_open);
    findings.unless(!is_late || item.reason != "unfunded" || posted > 0 || !is_owed(), &item.id, || {
        "failed for its lost funding and was not taken off what its payer owes".to_owned()
    });
    findings.unless(posted <= failures, &item.id, || {
        format!("was taken off {posted} times from what its payer owes, and failed for want of money {failures} times")
    });
}

/// How often operators booked that it was repaid from outside, alone or with other debts of its payer.
fn repaid(facts: &Facts<'_>, funding: &Item) -> usize {
    let covers = |posting: &&Value| {
        let booked = text(posting, "amount").and_then(cents);
        text(posting, "about") == Some(&funding.id) || booked.is_some_and(|booked| booked >= funding.cents)
    };
    repayments(facts, &funding.payer).filter(covers).count()
}

/// A person owes for a lost funding only while its money is out.
fn owed_alone(
    facts: &Facts<'_>,
    funding: &Item,
    entries: &BTreeMap<Cause<'_>, Entry<'_>>,
    findings: &mut Findings<'_>,
) {
    let spenders: Vec<&Item> =
        facts.payments.values().filter(|payment| payment.funding.as_deref() == Some(&funding.id)).collect();
    if spenders.iter().any(|item| item.was_disputed()) || funding.was_disputed() {
        return;
    }
    let lost = times(entries, &funding.id, "funding_returned_available");
    let off = ["unfunded_failed", "receivable_recovered", "receivable_repaid"];
    let of_all = spenders.iter().copied().chain([funding]).flat_map(|item| off.map(|effect| (item, effect)));
    let settled: usize = of_all.map(|(item, effect)| times(entries, &item.id, effect)).sum();
    let is_out = spenders.iter().any(|item| {
        let is_waiting = matches!(item.state.as_str(), "unprocessed" | "submitting");
        is_waiting || facts.transfers_of(&item.id).any(Transfer::is_live)
    });
    findings.unless(settled <= lost, &funding.id, || format!("was lost {lost} times, and made good {settled} times"));
    let is_made_good = settled + repaid(facts, funding) >= lost || is_netted(facts, funding);
    findings
        .unless(is_out || is_made_good, &funding.id, || "is still owed for, and none of its money is out".to_owned());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::Evidence;
    use crate::sample::{
        CARD_FUNDING, CARD_PAYMENT, FUNDING, OTHER_PAYMENT, PAYMENT, SOURCE, UNPAYABLE, findings_of, found_one, good,
        post, spoiled, step, told, transfer,
    };

    fn forget(evidence: &mut Evidence, item: &str, effect: &str) {
        evidence.told.postings.retain(|line| line["cause"] != item || line["effect"] != effect);
    }

    #[test]
    fn entries_that_follow_the_bank_are_fine() {
        assert!(findings_of("entries", &good()).is_empty());
    }

    #[test]
    fn a_forgotten_entry_is_found_and_one_too_many() {
        found_one("entries", PAYMENT, "payout_accepted of attempt 1 is not in the books", |evidence| {
            forget(evidence, PAYMENT, "payout_accepted");
        });
        found_one("entries", CARD_PAYMENT, "check_settled of attempt 1 is not in the books", |evidence| {
            forget(evidence, CARD_PAYMENT, "check_settled");
        });
        found_one("entries", PAYMENT, "payout_reversed of attempt 1 is in the books", |evidence| {
            post(evidence, PAYMENT, SOURCE, 1_000, "payout_reversed", &[("debit", "cash"), ("credit", "funds")]);
        });
    }

    #[test]
    fn an_entry_that_does_not_balance_is_found() {
        let found = spoiled("entries", |evidence| evidence.told.postings[0]["amount"] = json!("29.99"));
        assert!(found[0].what.contains("debits 29.99 and credits 30.00"), "{found:#?}");
    }

    #[test]
    fn an_entry_posted_twice_is_found() {
        found_one("entries", PAYMENT, "payout_accepted of attempt 1 is in the books 2 times", |evidence| {
            post(evidence, PAYMENT, SOURCE, 1_000, "payout_accepted", &[("debit", "funds"), ("credit", "cash")]);
        });
    }

    #[test]
    fn an_entry_on_other_accounts_or_in_no_table_is_found() {
        let rename = |from: &'static str, to: &'static str, field: &'static str| {
            move |evidence: &mut Evidence| {
                for line in &mut evidence.told.postings {
                    if line["cause"] == PAYMENT && line[field] == from {
                        line[field] = json!(to);
                    }
                }
            }
        };
        found_one(
            "entries",
            PAYMENT,
            "debits [\"receivable\"]",
            rename("funds:CORP-1", "receivable:CORP-1", "account"),
        );
        let found = spoiled("entries", rename("payout_accepted", "payout_invented", "effect"));
        assert!(found[0].what.contains("is in no table"), "{found:#?}");
        found_one("entries", PAYMENT, "of another payer or amount", rename("funds:CORP-1", "funds:CORP-2", "account"));
    }

    #[test]
    fn an_entry_of_nothing_that_is_known_is_found() {
        found_one("entries", "pay_unknown", "of nothing that we know", |evidence| {
            post(evidence, "pay_unknown", SOURCE, 1_000, "payout_accepted", &[("debit", "funds"), ("credit", "cash")]);
        });
    }

    /// The funding comes back after it was available, when one of its payments had not left.
    pub(super) fn lose_funding(evidence: &mut Evidence) {
        transfer(evidence, FUNDING)["status"] = json!("RETURNED");
        post(
            evidence,
            FUNDING,
            SOURCE,
            3_000,
            "funding_returned_available",
            &[("debit", "receivable"), ("credit", "cash")],
        );
        let failed = told(evidence, OTHER_PAYMENT);
        failed.item["state"] = json!("failed");
        failed.item["reason"] = json!("unfunded");
        failed.history = vec![step("unfunded", Some(("unprocessed", "failed")), None, &["unfunded_failed"])];
        evidence.bank.ach_transfers.retain(|object| object["id"] != format!("tr_{OTHER_PAYMENT}"));
        forget(evidence, OTHER_PAYMENT, "payout_accepted");
    }

    pub(super) const TAKEN_OFF: [(&str, &str); 2] = [("debit", "funds"), ("credit", "receivable")];

    #[test]
    fn a_payment_that_fails_for_its_lost_funding_is_taken_off_what_is_owed() {
        let found = spoiled("entries", |evidence| {
            lose_funding(evidence);
            post(evidence, OTHER_PAYMENT, SOURCE, 2_000, "unfunded_failed", &TAKEN_OFF);
        });
        assert!(found.is_empty(), "{found:#?}");
        found_one("entries", OTHER_PAYMENT, "was not taken off what its payer owes", lose_funding);
        let found = spoiled("entries", |evidence| {
            lose_funding(evidence);
            post(evidence, OTHER_PAYMENT, SOURCE, 2_000, "unfunded_failed", &TAKEN_OFF);
            post(evidence, OTHER_PAYMENT, SOURCE, 2_000, "unfunded_failed", &TAKEN_OFF);
        });
        assert!(found.iter().any(|one| one.what.contains("was taken off 2 times")), "{found:#?}");
        let found = spoiled("entries", |evidence| {
            post(evidence, UNPAYABLE, SOURCE, 500, "unfunded_failed", &TAKEN_OFF);
        });
        let is_it = |one: &crate::Finding| one.about == UNPAYABLE && one.what.contains("was taken off 1 times");
        assert!(found.iter().any(is_it), "{found:#?}");
    }

    #[test]
    fn a_payment_that_had_failed_before_its_funding_was_lost_is_owed_for_by_nobody() {
        let found = spoiled("entries", |evidence| {
            lose_funding(evidence);
            for (id, state) in [(OTHER_PAYMENT, "failed"), (FUNDING, "returned")] {
                let mut end = evidence.moves.iter().rfind(|step| step.id == id).unwrap().clone();
                end.state = state.to_owned();
                end.order = 1_000 + evidence.moves.len() as u64;
                evidence.moves.push(end);
            }
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    /// A person's debit comes back late, and the check was stopped.
    fn stop_check(evidence: &mut Evidence) {
        transfer(evidence, CARD_FUNDING)["status"] = json!("RETURNED");
        let lines = [("debit", "receivable"), ("credit", "cash")];
        post(evidence, CARD_FUNDING, "per_1", 4_000, "funding_returned_available", &lines);
        let check = transfer(evidence, CARD_PAYMENT);
        check["status"] = json!("stopped");
        check["settled_at"] = json!(null);
        forget(evidence, CARD_PAYMENT, "check_settled");
        let lines =
            [("debit", "checks_outstanding"), ("debit", "cash"), ("credit", "funds"), ("credit", "cash_locked")];
        post(evidence, CARD_PAYMENT, "per_1", 4_000, "check_reversed", &lines);
        told(evidence, CARD_PAYMENT).item["state"] = json!("returned");
    }

    #[test]
    fn a_person_owes_only_while_the_money_is_out() {
        let found = spoiled("entries", |evidence| {
            stop_check(evidence);
            post(evidence, CARD_PAYMENT, "per_1", 4_000, "receivable_recovered", &TAKEN_OFF);
        });
        assert!(found.is_empty(), "{found:#?}");
        found_one("entries", CARD_FUNDING, "is still owed for, and none of its money is out", stop_check);
        found_one("entries", CARD_FUNDING, "was lost 0 times, and made good 1 times", |evidence| {
            post(evidence, CARD_PAYMENT, "per_1", 4_000, "receivable_recovered", &TAKEN_OFF);
        });
    }
}
