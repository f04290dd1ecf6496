//! A test that cannot fail tells nothing: what is put in wrong on purpose has to be found.

use deliberate_faults::{Hunt, hunt, hunt_all};
use shared::deliberate_faults::{Fault, choose};

/// Each fault is to be found by one of so many seeds.
const SEEDS: u64 = 200;

/// Seeds that are played without any fault: what finds a fault where there is none finds nothing.
const SOUND_SEEDS: u64 = 6;

/// What shows within few seeds, so that it can be looked for with every change.
const QUICK: [Fault; 3] = [Fault::CalledBeforeRecorded, Fault::PostingForgotten, Fault::ReturnAppliedTwice];
const QUICK_SEEDS: u64 = 12;

fn print(hunt: &Hunt) {
    let (fault, text) = (format!("{:?}", hunt.fault), hunt.fault.text());
    match hunt.seed {
        Some(seed) => println!("{seed:>4} seeds  {fault:<28}{text}\n{:>12}{}", "", hunt.finding),
        None => println!("   not found  {fault:<26}{text}"),
    }
}

fn missed(hunts: &[Hunt]) -> Vec<Fault> {
    hunts.iter().inspect(|hunt| print(hunt)).filter(|hunt| hunt.seed.is_none()).map(|hunt| hunt.fault).collect()
}

#[test]
fn nothing_is_found_where_no_fault_is_put_in() {
    choose(None);
    let found: Vec<_> = (1..=SOUND_SEEDS).flat_map(|seed| simulation::run(seed, false).violations).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn what_shows_quickly_is_found() {
    let missed = missed(&QUICK.map(|fault| hunt(fault, QUICK_SEEDS)));
    assert!(missed.is_empty(), "not found within {QUICK_SEEDS} seeds: {missed:?}");
}

#[test]
#[ignore = "many minutes: part of the longer proofs"]
fn each_fault_is_found_and_the_seeds_that_it_took_are_printed() {
    let hunts = hunt_all(SEEDS);
    assert_eq!(hunts.len(), Fault::ALL.len());
    let missed = missed(&hunts);
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {missed:?}");
}
