//! The HTTP functions as their callers see them: real tokens, the real routers, everything behind the ports in memory.
#![cfg(test)]

mod abuse;
mod alarms;
mod api_description;
mod approval;
mod audit;
mod cursors;
mod dashboard;
mod dead_letters;
mod description;
mod description_for_generators;
mod events;
mod first_payment;
mod four_eyes;
mod lambda_event;
mod log;
mod office;
mod operators;
mod problem_codes;
mod questions;
mod reading;
mod refusals;
mod rent;
mod request_ids;
mod template;
mod upload;
