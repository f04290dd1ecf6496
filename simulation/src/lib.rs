//! The whole system in one thread, with everything going wrong that a seed can think of.
//!
//! Guarantees: the handlers are the ones Lambda runs, over ports in memory; a seed decides what people do, what goes wrong, when time
//! passes and which of the running processes goes on, and nothing else does: the same seed takes the same steps every time. What comes
//! out is judged by the auditor, which shares no code with ours.

mod actor;
mod air;
mod engine;
mod evidence;
pub mod faults;
mod given_up;
mod moves;
pub mod power;
pub mod powered;
mod processes;
mod receiver;
mod run;
mod setup;
mod story;
mod tried;
mod weather;
mod witness;
mod workload;
mod world;

pub use run::{Outcome, run, run_for_evidence};
pub use tried::Tried;
