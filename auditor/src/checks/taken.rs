//! What cannot be sent is not taken: a file is summarized only where every row of it can be paid as it stands and none pays into the account of
//! a source of it; and nobody is known by a name that nobody can read.

use crate::bank::{text, unspelled};
use crate::evidence::{Account, CommandKind, PayrollFile, Row};
use crate::facts::Facts;
use crate::finding::Findings;

/// An ACH entry has room for so many characters of an account number (Nacha Operating Rules, DFI account number).
const LONGEST_NUMBER: usize = 17;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for file in &facts.evidence.asked.files {
        let kinds = [CommandKind::Summarize, CommandKind::ReadSummary];
        let mut summaries = kinds.into_iter().flat_map(|kind| facts.commands(kind));
        let is_of_it = |hash: &str| hash == file.sha256;
        let is_taken = summaries.any(|summary| {
            summary.about == file.batch_id && text(&summary.answer, "file_sha256").is_some_and(is_of_it)
        });
        let wrong = file.rows.iter().enumerate().find_map(|(place, row)| Some((place + 1, wrong_with(row, file)?)));
        if let (true, Some((row, what))) = (is_taken, wrong) {
            findings.add(&file.batch_id, format!("was summarized, and {what} of its row {row}"));
        }
    }
    for person in &facts.evidence.asked.persons {
        findings
            .unless(is_readable(&person.holder), &person.person_id, || "has a name that nobody can read".to_owned());
    }
}

fn wrong_with(row: &Row, file: &PayrollFile) -> Option<&'static str> {
    if file.rows.iter().any(|other| row.payee_type.is_some() && pays(row, &other.source_account)) {
        return Some("a source of the file has the account");
    }
    let number = row.payee_account.chars().filter(char::is_ascii_alphanumeric).count();
    if !(1..=LONGEST_NUMBER).contains(&number) {
        return Some("no request can carry the loan number");
    }
    if !is_readable(&row.name) || row.payee_name.as_deref().is_some_and(|name| !is_readable(name)) {
        return Some("nobody can read the name");
    }
    let is_dollars = row.currency.as_deref().is_none_or(|currency| currency == "USD");
    (!is_dollars).then_some("another currency than dollars is that")
}

fn pays(row: &Row, account: &Account) -> bool {
    row.payee_routing.as_ref() == Some(&account.routing_number)
        && unspelled(&row.payee_account) == unspelled(&account.account_number)
}

/// Something of it can be seen.
fn is_readable(name: &str) -> bool {
    name.chars().any(char::is_alphanumeric) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use crate::evidence::Row;
    use crate::sample::{BATCH, PERSON, findings_of, found_one, good};

    #[test]
    fn what_can_be_sent_is_fine() {
        assert!(findings_of("taken", &good()).is_empty());
    }

    #[test]
    fn a_row_that_cannot_be_sent_is_found() {
        let spoil = |what: &str, spoil: fn(&mut Row)| {
            found_one("taken", BATCH, what, |evidence| spoil(&mut evidence.asked.files[0].rows[1]));
        };
        spoil("carry the loan number of its row 2", |row| row.payee_account = "1".repeat(18));
        spoil("carry the loan number", |row| row.payee_account = "-".to_owned());
        spoil("read the name", |row| row.name = "\u{200b}".to_owned());
        spoil("a source of the file has the account", |row| {
            row.payee_type = Some("checking".to_owned());
            row.payee_account = "900-00001".to_owned();
        });
        spoil("another currency", |row| row.currency = Some("EUR".to_owned()));
    }

    #[test]
    fn a_file_that_was_refused_may_hold_anything() {
        let found = crate::sample::spoiled("taken", |evidence| {
            evidence.asked.files[0].rows[1].payee_account = "1".repeat(18);
            evidence.asked.commands.retain(|asked| asked.about != BATCH);
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn a_person_without_a_name_is_found() {
        found_one("taken", PERSON, "nobody can read", |evidence| {
            evidence.asked.persons[0].holder = "\u{200b}".to_owned()
        });
    }
}
