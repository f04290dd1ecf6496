//! `clearway autopay` and `clearway simulate`, as they are read.

use crate::ran::Place;

#[test]
fn every_scenario_is_listed_with_what_it_is_about() {
    let ran = Place::new().run("autopay --list").ended_with(0);
    ran.fits_a_terminal();
    for scenario in scenarios::all() {
        ran.told(&[scenario.name, scenario.about.split_once(' ').unwrap().0]);
    }
    assert!(ran.stdout.lines().count() >= 2 * scenarios::all().count());
}

#[test]
fn a_timeline_tells_times_with_their_zone() {
    let ran = Place::new().run("autopay").ended_with(0);
    ran.fits_a_terminal();
    ran.told(&[" EST linked: ", " EDT check issued", "debit sent: $1,655.00", "Ledger: debits $"]);
}

#[test]
fn a_timeline_tells_the_stop_that_its_scenario_is_about() {
    let ran = Place::new().run("autopay --scenario funding-returned-after-mailing-stop-wins").ended_with(0);
    ran.fits_a_terminal();
    ran.told(&["debit returned: R10", "the bank is asked to stop the check", "check stopped"]);
}

#[test]
fn a_simulation_says_which_seeds_paid_nothing() {
    let ran = Place::new().run("simulate --seeds 2").ended_with(0);
    ran.fits_a_terminal();
    ran.told(&["2 of 2 seeds paid nothing: 1, 2. Play more of them"]);
}

#[test]
#[ignore = "a seed takes minutes where nothing is optimized: .ci/long runs it"]
fn a_simulation_tells_how_far_it_is_and_what_it_tried() {
    let ran = Place::new().run("simulate --seeds 1").ended_with(0);
    ran.fits_a_terminal();
    ran.told(&["1 of 1 seed", "Tried:", "payroll batches", "Went wrong on purpose:", "1 seeds, 0 violations"]);
}
