//! `clearway simulate`: the whole system, seed by seed, with everything going wrong that a seed can think of.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use simulation::faults::{Fault, Struck};
use simulation::{Outcome, Tried};

use crate::ended::Ended;
use crate::error::LocalError;
use crate::terminal::text::{count, counted, wrapped};
use crate::terminal::{print_line, say};

/// Seeds that are named of those that paid nothing.
const UNPAID_SHOWN: usize = 10;

#[derive(Clone, Debug, Args)]
pub struct SimulateOptions {
    /// How many seeds to play.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
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
    /// Seeds in which no payment arrived.
    unpaid: BTreeSet<u64>,
    violations: u64,
    tried: Tried,
    struck: Struck,
    reached: BTreeMap<String, u64>,
}

/// How many seeds are played, on standard error: a bar on a terminal, elsewhere a line for each tenth.
struct Progress {
    bar: ProgressBar,
    of_all: u64,
}

pub fn run(options: &SimulateOptions) -> Result<Ended, LocalError> {
    let (first, of_all) = options.seed.map_or((options.from, options.seeds), |seed| (seed, 1));
    let end = first.saturating_add(of_all);
    let (next, sum) = (AtomicU64::new(first), Mutex::new(Sum::default()));
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let progress = Progress::of(of_all);
    say(&format!("playing {}, {threads} at once", counted(of_all, "seed")));
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
                progress.tell(sum.seeds);
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(play)).collect();
        running.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
    });
    progress.bar.finish_and_clear();
    played?;
    let sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.tell(options.reached)?;
    // A thread that panicked has left its seed out.
    let is_whole = sum.seeds == of_all;
    Ok(if sum.violations == 0 && is_whole { Ended::Done } else { Ended::VerdictFailed })
}

impl Progress {
    fn of(of_all: u64) -> Self {
        let bar = ProgressBar::new(of_all);
        let style = ProgressStyle::with_template("    seeds [{bar:30}] {human_pos}/{human_len} {elapsed}");
        let bar = match style {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        };
        Self { bar, of_all }
    }

    fn tell(&self, played: u64) {
        if !self.bar.is_hidden() {
            self.bar.set_position(played);
            return;
        }
        let tenth = |seeds: u64| seeds.saturating_mul(10).checked_div(self.of_all).unwrap_or(0);
        if tenth(played) > tenth(played.saturating_sub(1)) {
            say(&format!("{} of {}", count(played), counted(self.of_all, "seed")));
        }
    }
}

fn tell(outcome: &Outcome) -> Result<(), LocalError> {
    for line in &outcome.trace {
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
        if !outcome.has_paid() {
            self.unpaid.insert(outcome.seed);
        }
        self.violations += u64::try_from(outcome.violations.len()).unwrap_or(u64::MAX);
        self.tried.merge(&outcome.tried);
        self.struck.merge(&outcome.struck);
        for (what, count) in outcome.reached {
            *self.reached.entry(what).or_default() += count;
        }
    }

    fn tell(&self, with_reached: bool) -> Result<(), LocalError> {
        if with_reached {
            for (what, times) in &self.reached {
                print_line(&format!("{:>9}  {what}", count(*times)))?;
            }
            print_line("")?;
        }
        print_line("Tried:")?;
        for (number, what) in self.tried_in_words() {
            print_line(&format!("{:>9}  {what}", count(number)))?;
        }
        print_line("Went wrong on purpose:")?;
        for fault in Fault::ALL {
            print_line(&format!("{:>9}  {}", count(self.struck.count(*fault)), fault.as_str()))?;
        }
        if let Some(words) = self.unpaid_in_words() {
            print_line(&words)?;
        }
        print_line(&format!("{} seeds, {} violations", self.seeds, self.violations))
    }

    /// What is said of seeds that try only what goes before a payment, such as files that are refused.
    fn unpaid_in_words(&self) -> Option<String> {
        let unpaid = u64::try_from(self.unpaid.len()).unwrap_or(u64::MAX);
        if unpaid == 0 {
            return None;
        }
        let names: Vec<_> = self.unpaid.iter().take(UNPAID_SHOWN).map(u64::to_string).collect();
        let more = if self.unpaid.len() > UNPAID_SHOWN { " and more" } else { "" };
        let hint = if unpaid == self.seeds { ". Play more of them to see payments" } else { "" };
        let head = format!("{} of {} paid nothing", count(unpaid), counted(self.seeds, "seed"));
        Some(wrapped("", &format!("{head}: {}{more}{hint}", names.join(", ")), "  "))
    }

    fn tried_in_words(&self) -> [(u64, &'static str); 6] {
        let Tried { batches, payments, fundings, persons, commands, reconciliations } = self.tried;
        [
            (batches, "payroll batches, from their upload to their end"),
            (payments, "payments: rows of batches, checks to card issuers, refunds"),
            (fundings, "debits that pull the money in"),
            (persons, "persons with cards and bank accounts"),
            (commands, "requests that change something"),
            (reconciliations, "reconciliations with the bank"),
        ]
    }
}
