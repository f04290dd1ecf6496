//! No personal data and no secret is in a log line.

use crate::facts::Facts;
use crate::finding::Findings;

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    let logs = &facts.evidence.logs;
    for (number, line) in logs.lines.iter().enumerate() {
        for forbidden in logs.forbidden.iter().filter(|forbidden| holds(line, &forbidden.text)) {
            // The line itself would repeat it.
            findings.add(&format!("log line {}", number + 1), format!("holds the {}", forbidden.what));
        }
    }
}

/// Not as a part of a longer number or id: those hold any digits by chance.
pub(super) fn holds(line: &str, text: &str) -> bool {
    let is_digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_hexdigit());
    !text.is_empty()
        && line.match_indices(text).any(|(place, _)| {
            let (before, after) = (line.get(..place), line.get(place + text.len()..));
            let before = before.and_then(|before| before.chars().next_back());
            !is_digit(before) && !is_digit(after.and_then(|after| after.chars().next()))
        })
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

    #[test]
    fn a_longer_number_or_id_that_holds_its_digits_by_chance_is_fine() {
        let mut evidence = good();
        evidence.logs.lines = vec!["payment 7f10000001ab is sent".to_owned(), "310000001".to_owned()];
        assert!(findings_of("privacy", &evidence).is_empty());
    }
}
