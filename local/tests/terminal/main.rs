//! What a person at a terminal sees of the real binary: its words, their width, and its exit statuses.
#![cfg(test)]

mod autopay;
mod data;
mod options;
mod payroll;
mod ran;
mod serving;
#[cfg(unix)]
mod stopping;
