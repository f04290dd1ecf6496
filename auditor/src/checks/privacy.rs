//! No personal data and no secret is in a log line.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let logs = &facts.evidence.logs;
    for (number, line) in logs.lines.iter().enumerate() {
        for forbidden in logs.forbidden.iter().filter(|forbidden| !forbidden.text.is_empty()) {
            // The line itself would repeat it.
            findings.unless(!line.contains(&forbidden.text), &format!("log line {}", number + 1), || {
                format!("holds the {}", forbidden.what)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::sample::{findings_of, found_one, good};

    #[test]
    fn lines_that_name_nobody_are_fine() {
        assert!(findings_of("privacy", &good()).is_empty());
    }

    #[test]
    fn a_line_that_holds_what_it_must_not_is_found_and_not_repeated() {
        let line = "paying account 10000001 now";
        found_one("privacy", "log line 2", "holds the account number of a payee", |evidence| {
            evidence.logs.lines.push(line.to_owned());
        });
    }
}
