//! Card autopay from a link to a cashed check: every scenario ends as a person would call right.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails its test right there")]

mod broken_links;
mod identity;
mod json;
mod laptop;
mod last_release;
mod logs;
mod operators;
mod reconciliation;
mod scenarios;
