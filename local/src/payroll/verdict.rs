//! Whether file, reports, bank and books say the same of a batch. Computed from what each of them says by itself.

use serde::Serialize;
use shared::domain::money::Cents;

use crate::terminal::text::{count, counted, dollars};

/// A number of payments and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    pub count: u64,
    pub total: Cents,
}

/// What the three reports say, by what became of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// Lines of rows, and different rows among them.
    pub rows: Sum,
    pub different_rows: u64,
    pub paid: Sum,
    pub failed: Sum,
    pub returned: Sum,
    pub canceled: Sum,
    pub open: Sum,
    /// The same rows as the other two reports count them.
    pub by_source: Sum,
    pub by_branch: Sum,
}

/// What the bank's own list says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtBank {
    /// Rows whose money arrived and stayed.
    pub paid: Sum,
    /// Rows whose money came back.
    pub returned: Sum,
    /// Rows of which more than one transfer arrived and stayed.
    pub paid_twice: u64,
    /// Keys that were used again with other content.
    pub altered_keys: u64,
    pub balances: Balances,
}

/// The same balances, as the bank has them and as the books have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    pub available: Cents,
    pub locked: Cents,
    pub pending: Cents,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub debits: Cents,
    pub credits: Cents,
    pub balances: Balances,
}

/// What all four say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub file: Sum,
    pub reports: Reported,
    pub bank: AtBank,
    pub books: Books,
}

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub what: &'static str,
    pub holds: bool,
    /// The figures, in words.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub holds: bool,
    pub checks: Vec<Check>,
}

impl Verdict {
    pub fn of(facts: &Facts) -> Self {
        let checks = vec![rows(facts), file(facts), bank(facts), books(facts), balances(facts)];
        Self { holds: checks.iter().all(|check| check.holds), checks }
    }

    /// The verdict in a sentence.
    pub fn sentence(&self) -> String {
        if self.holds {
            return "Verdict: every row is accounted for, and books = bank = reports = file.".to_owned();
        }
        let failed: Vec<&str> = self.checks.iter().filter(|check| !check.holds).map(|check| check.what).collect();
        format!("Verdict: FAILED. It does not agree: {}.", failed.join(", "))
    }
}

/// Every row stands in the report once, and has come to an end.
fn rows(facts: &Facts) -> Check {
    let Facts { file, reports, .. } = facts;
    let is_each_once = reports.rows.count == file.count && reports.different_rows == file.count;
    let ends = [(reports.paid, "paid"), (reports.failed, "failed"), (reports.returned, "returned")];
    let rare = [(reports.canceled, "canceled"), (reports.open, "still open")];
    let rare = rare.into_iter().filter(|(sum, _)| sum.count > 0);
    let ends: Vec<String> =
        ends.into_iter().chain(rare).map(|(sum, end)| format!("{} {end}", count(sum.count))).collect();
    let of_all = format!("{} of {}", count(reports.different_rows), counted(file.count, "row"));
    Check {
        what: "rows",
        holds: is_each_once && reports.open.count == 0,
        detail: format!("{of_all}: {}", ends.join(", ")),
    }
}

/// The three reports add up to the file.
fn file(facts: &Facts) -> Check {
    let Facts { file, reports, .. } = facts;
    let said = [("payments", reports.rows), ("sources", reports.by_source), ("branches", reports.by_branch)];
    let different = said.into_iter().filter(|(_, sum)| sum != file);
    let different: Vec<String> =
        different.map(|(report, sum)| format!("{} in {} of {report}", dollars(sum.total), count(sum.count))).collect();
    let detail = match different.as_slice() {
        [] => format!("{} in the file and in each of the three reports", dollars(file.total)),
        others => format!("{} in {} of the file, but {}", dollars(file.total), count(file.count), others.join(", ")),
    };
    Check { what: "reports", holds: different.is_empty(), detail }
}

/// The bank paid what the report calls paid, once each, and returned what it calls returned.
fn bank(facts: &Facts) -> Check {
    let Facts { reports, bank, .. } = facts;
    let holds = bank.paid == reports.paid
        && bank.returned == reports.returned
        && bank.paid_twice == 0
        && bank.altered_keys == 0;
    let at_bank = format!("{}, {} returned", paid(bank.paid), count(bank.returned.count));
    let detail = if holds {
        format!("{at_bank}; none paid twice")
    } else {
        let reported = format!("reports: {}, {} returned", paid(reports.paid), count(reports.returned.count));
        let twice = format!("{} paid twice, {} altered", count(bank.paid_twice), counted(bank.altered_keys, "key"));
        format!("bank: {at_bank}, {twice}; {reported}")
    };
    Check { what: "bank", holds, detail }
}

fn paid(sum: Sum) -> String {
    format!("{} of {}", counted(sum.count, "payment"), dollars(sum.total))
}

/// Double entry.
fn books(facts: &Facts) -> Check {
    let Books { debits, credits, .. } = facts.books;
    let holds = debits == credits;
    let sign = if holds { "=" } else { "but" };
    Check { what: "books", holds, detail: format!("debits {} {sign} credits {}", dollars(debits), dollars(credits)) }
}

/// The money that is left is the same in the books as at the bank.
fn balances(facts: &Facts) -> Check {
    let (ours, theirs) = (facts.books.balances, facts.bank.balances);
    let holds = ours == theirs;
    let detail = if holds {
        format!("{} left, in the books and at the bank", dollars(ours.available))
    } else {
        format!("books: {}; bank: {}", in_words(ours), in_words(theirs))
    };
    Check { what: "balances", holds, detail }
}

fn in_words(balances: Balances) -> String {
    let Balances { available, locked, pending } = balances;
    format!("available {}, locked {}, pending {}", dollars(available), dollars(locked), dollars(pending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(count: u64, cents: i64) -> Sum {
        Sum { count, total: Cents::new(cents) }
    }

    /// Ten rows of $100.00: seven paid, two failed, one returned, whose money is left.
    fn agreed() -> Facts {
        let (file, paid, returned) = (sum(10, 10_000), sum(7, 7_000), sum(1, 1_000));
        let left = Balances { available: Cents::new(1_000), ..Balances::default() };
        Facts {
            file,
            reports: Reported {
                rows: file,
                different_rows: 10,
                paid,
                failed: sum(2, 2_000),
                returned,
                by_source: file,
                by_branch: file,
                ..Reported::default()
            },
            bank: AtBank { paid, returned, balances: left, ..AtBank::default() },
            books: Books { debits: Cents::new(8_000), credits: Cents::new(8_000), balances: left },
        }
    }

    #[test]
    fn what_all_four_say_alike_holds() {
        let verdict = Verdict::of(&agreed());
        assert!(verdict.holds, "{verdict:?}");
        assert!(verdict.sentence().contains("books = bank = reports = file"));
        assert_eq!(verdict.checks[0].detail, "10 of 10 rows: 7 paid, 2 failed, 1 returned");
    }

    #[test]
    fn each_difference_is_named() {
        type Change = fn(&mut Facts);
        let table: [(&str, &str, Change); 13] = [
            ("a row lacks", "rows", |facts| facts.reports.different_rows = 9),
            ("a row stands twice", "rows, reports", |facts| facts.reports.rows = sum(11, 11_000)),
            ("a row is open", "rows", |facts| facts.reports.open = sum(1, 1_000)),
            ("a cent lacks in the report", "reports", |facts| facts.reports.rows.total = Cents::new(9_999)),
            ("sources differ", "reports", |facts| facts.reports.by_source = sum(9, 10_000)),
            ("branches differ", "reports", |facts| facts.reports.by_branch = sum(10, 9_999)),
            ("the bank paid less", "bank", |facts| facts.bank.paid = sum(6, 6_000)),
            ("the bank paid a cent more", "bank", |facts| facts.bank.paid = sum(7, 7_001)),
            ("a return is not reported", "bank", |facts| facts.bank.returned = sum(2, 2_000)),
            ("a row was paid twice", "bank", |facts| facts.bank.paid_twice = 1),
            ("a key was altered", "bank", |facts| facts.bank.altered_keys = 1),
            ("the books do not balance", "books", |facts| facts.books.credits = Cents::new(7_999)),
            ("a balance differs", "balances", |facts| facts.bank.balances.pending = Cents::new(1)),
        ];
        for (case, named, change) in table {
            let mut facts = agreed();
            change(&mut facts);
            let verdict = Verdict::of(&facts);
            assert!(!verdict.holds, "{case}");
            assert_eq!(verdict.sentence(), format!("Verdict: FAILED. It does not agree: {named}."), "{case}");
        }
    }
}
