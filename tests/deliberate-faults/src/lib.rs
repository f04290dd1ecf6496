//! Puts one fault after the other into the running system, and counts the seeds that simulation and auditor need to find it.
//!
//! Empty without the feature `compiled`, which no other package enables and no build of ours has on by itself.

#![cfg(feature = "compiled")]

use std::sync::{Mutex, PoisonError};
use std::thread;

use shared::deliberate_faults::{Fault, choose};

/// What became of the hunt for one fault.
#[derive(Clone, Debug)]
pub struct Hunt {
    pub fault: Fault,
    /// The first seed that showed it; none of them did where there is none.
    pub seed: Option<u64>,
    /// The first thing that was found wrong.
    pub finding: String,
}

/// Hunts every fault, each with the seeds from 1 to `seeds` until one finds it, on as many threads as the machine has.
pub fn hunt_all(seeds: u64) -> Vec<Hunt> {
    let waiting: Mutex<Vec<Fault>> = Mutex::new(Fault::ALL.iter().rev().copied().collect());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let worker = || std::iter::from_fn(next).map(|fault| hunt(fault, seeds)).collect::<Vec<_>>();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut hunts: Vec<Hunt> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    hunts.sort_by_key(|hunt| hunt.fault);
    hunts
}

/// The fault is in the code of this thread while its seeds are played, and in no other's.
pub fn hunt(fault: Fault, seeds: u64) -> Hunt {
    choose(Some(fault));
    let found = (1..=seeds).find_map(|seed| {
        let finding = simulation::run(seed, false).violations.into_iter().next()?;
        Some((seed, finding))
    });
    choose(None);
    let (seed, finding) = found.unzip();
    Hunt { fault, seed, finding: finding.unwrap_or_default() }
}
