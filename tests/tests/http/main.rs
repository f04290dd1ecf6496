//! The HTTP functions as their callers see them: real tokens, the real routers, everything behind the ports in memory.
#![cfg(test)]

mod abuse;
mod alarms;
mod api_description;
mod approval;
mod audit;
mod cursors;
mod dead_letters;
mod events;
mod four_eyes;
mod lambda_event;
mod office;
mod operators;
mod reading;
mod template;
mod upload;
