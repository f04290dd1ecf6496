//! A seed is a whole run: it replays exactly, and a run of seeds meets everything that can go wrong.

use simulation::faults::{Fault, Struck};
use simulation::run;

/// Without this a seed that failed could not be looked into.
#[test]
fn a_seed_takes_the_same_steps_every_time() {
    for seed in [1, 3] {
        let (first, second) = (run(seed, true), run(seed, true));
        let differs = first.trace.iter().zip(&second.trace).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed} went another way");
        assert_eq!(first.trace_hash, second.trace_hash, "seed {seed}");
        assert_eq!(first.struck, second.struck, "seed {seed}");
        assert_eq!(first.violations, second.violations, "seed {seed}");
    }
}

#[test]
fn different_seeds_take_different_steps() {
    assert_ne!(run(1, false).trace_hash, run(5, false).trace_hash);
}

/// A fault that never strikes proves nothing. The range is the one that a change has to pass.
#[test]
#[ignore = "minutes: part of the longer proofs"]
fn over_two_hundred_seeds_every_fault_strikes() {
    let mut struck = Struck::default();
    for seed in 1..=200 {
        struck.merge(&run(seed, false).struck);
    }
    let never: Vec<&str> =
        Fault::ALL.iter().filter(|fault| struck.count(**fault) == 0).map(|fault| fault.as_str()).collect();
    assert!(never.is_empty(), "never struck: {never:?}");
}
