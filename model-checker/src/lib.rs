//! A model checker: every order in which a handful of actors can act, up to a stated depth, on the domain's own functions.
//!
//! The simulation samples long runs of the whole system; this explores all short runs of one decision's world. A state is what the
//! table, the workers and the bank hold; an action is one atomic step of one of them: a conditional write, a call that the bank handles,
//! an answer that is recorded, a process that ends. Guarantees: within the depth nothing is left out, and what is found comes with the
//! shortest trace that leads there. Limits: small bounds on attempts, stray calls and retries, named in each world.

#![allow(clippy::expect_used, reason = "a test tool: what it cannot read of its own fixed texts ends it")]

pub mod approvals;
pub mod card;
pub mod row;
pub mod search;
