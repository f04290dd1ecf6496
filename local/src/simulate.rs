//! `clearway simulate`: the whole system, seed by seed, with everything going wrong that a seed can think of.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use simulation::Outcome;
use simulation::faults::{Fault, Struck};

use crate::autopay::print_line;
use crate::error::LocalError;
use crate::payroll::Ended;

#[derive(Clone, Debug, Args)]
pub struct SimulateOptions {
    /// How many seeds to play.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub seeds: u64,
    /// The first of them.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub from: u64,
    /// This seed alone.
    #[arg(long, value_name = "S", conflicts_with_all = ["seeds", "from"])]
    pub seed: Option<u64>,
    /// Tell the whole story of a seed, line by line.
    #[arg(long, requires = "seed")]
    pub trace: bool,
    /// List every step that payments and fundings took, and how often.
    #[arg(long)]
    pub reached: bool,
}

/// What came of all seeds.
#[derive(Debug, Default)]
struct Sum {
    seeds: u64,
    violations: u64,
    struck: Struck,
    reached: BTreeMap<String, u64>,
}

pub fn run(options: &SimulateOptions) -> Result<Ended, LocalError> {
    let (first, count) = options.seed.map_or((options.from, options.seeds), |seed| (seed, 1));
    let end = first.saturating_add(count);
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let played = std::thread::scope(|scope| {
        let play = || -> Result<(), LocalError> {
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= end {
                    return Ok(());
                }
                let outcome = simulation::run(seed, options.trace);
                let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                tell(&outcome)?;
                sum.add(outcome);
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    });
    played?;
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.tell(options.reached)?;
    // A thread that panicked has left its seed out.
    let is_whole = sum.seeds == count;
    Ok(if sum.violations == 0 && is_whole { Ended::Completed } else { Ended::Violated })
}

fn tell(outcome: &Outcome) -> Result<(), LocalError> {
    for line in &outcome.story {
        print_line(line)?;
    }
    for violation in &outcome.violations {
        print_line(&format!("seed {}: {violation}", outcome.seed))?;
    }
    if !outcome.violations.is_empty() {
        print_line(&format!("seed {0}: replay it with: clearway simulate --seed {0} --trace", outcome.seed))?;
    }
    Ok(())
}

impl Sum {
    fn add(&mut self, outcome: Outcome) {
        self.seeds += 1;
        self.violations += u64::try_from(outcome.violations.len()).unwrap_or(u64::MAX);
        self.struck.merge(&outcome.struck);
        for (what, count) in outcome.reached {
            *self.reached.entry(what).or_default() += count;
        }
    }

    fn tell(&self, with_reached: bool) -> Result<(), LocalError> {
        if with_reached {
            for (what, count) in &self.reached {
                print_line(&format!("{count:>9}  {what}"))?;
            }
            print_line("")?;
        }
        for fault in Fault::ALL {
            print_line(&format!("{:>9}  {}", self.struck.count(*fault), fault.as_str()))?;
        }
        print_line(&format!("{} seeds, {} violations", self.seeds, self.violations))
    }
}
