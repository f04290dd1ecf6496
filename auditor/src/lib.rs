//! The auditor: judges a run of Clearway from outside.
//!
//! It depends on no other crate of this workspace, and knows the rules of money from their source alone (design, `money-rules.md` section
//! 8): what it says is a second opinion. It sees [`evidence::Evidence`] and nothing else.
//!
//! Guarantees: it names every difference, not only the first; the same evidence gives the same findings in the same order; no finding
//! repeats personal data. Limits: at rest it demands more than in the middle of a run, because then everything that can be known is known;
//! what was once disputed between the bank and us need not follow the bank until an operator has looked at it.

mod bank;
mod calendar;
mod checks;
mod contents;
pub mod evidence;
mod facts;
mod finding;
mod money;
mod reported;
#[cfg(test)]
mod sample;

use evidence::Evidence;
use facts::Facts;
pub use finding::Finding;
use finding::Findings;

/// Everything that must not be.
pub fn audit(evidence: &Evidence) -> Vec<Finding> {
    let mut found = Vec::new();
    let facts = Facts::read(evidence, &mut Findings::of("evidence", &mut found));
    checks::run(&facts, &mut found);
    found
}
