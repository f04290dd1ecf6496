//! What an audit found.

use std::fmt;

/// Something that must not be. Neither names nor numbers of persons are in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The check that found it, by its module's name.
    pub check: &'static str,
    /// The payment, funding, batch, account or card that it is about.
    pub about: String,
    /// What is wrong, for people.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}: {}", self.check, self.about, self.what)
    }
}

/// Where the checks write down what they find.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    check: &'static str,
    found: &'a mut Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(crate) fn of(check: &'static str, found: &'a mut Vec<Finding>) -> Self {
        Self { check, found }
    }

    pub(crate) fn add(&mut self, about: &str, what: impl Into<String>) {
        self.found.push(Finding { check: self.check, about: about.to_owned(), what: what.into() });
    }

    /// Writes it down where `holds` is false.
    pub(crate) fn unless(&mut self, holds: bool, about: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.add(about, what());
        }
    }
}
