//! The whole system in one thread, with everything going wrong that a seed can think of.
//!
//! Guarantees: the handlers are the ones Lambda runs, over ports in memory; a seed decides what people do, what goes wrong, when time
//! passes and which of the running processes goes on, and nothing else does: the same seed takes the same steps every time. What comes
//! out is judged by the auditor, which shares no code with ours.

mod actor;
pub mod crash;
mod dead_letter_queues;
mod engine;
mod evidence;
mod fault_injector;
pub mod faults;
pub mod faulty_ports;
mod processes;
mod receiver;
mod recorder;
mod run;
mod scheduler;
mod setup;
mod trace;
mod tried;
mod webhook_network;
mod workload;
mod world;

pub use run::{Outcome, run, run_for_evidence};
pub use tried::Tried;
