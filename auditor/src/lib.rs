//! The auditor: judges a run of Clearway from outside.
//!
//! It depends on no other crate of this workspace, and knows the rules of money from their source alone (design, `money-rules.md` section
//! 8): what it says is a second opinion. It sees [`evidence::Evidence`] and nothing else.
//!
//! Guarantees: it names every difference, not only the first; the same evidence gives the same findings in the same order.

pub mod evidence;
