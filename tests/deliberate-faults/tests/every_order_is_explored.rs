//! A search that cannot find anything tells nothing: with the rule put back that paid a row twice, the model checker finds it.

use model_checker::row::RowWorld;
use model_checker::search::explore;
use shared::deliberate_faults::{Fault, choose};

const DEPTH: usize = 9;

#[test]
fn a_refusal_that_settles_an_unknown_outcome_is_found_within_nine_actions() {
    choose(Some(Fault::RefusalSettlesUnknown));
    let explored = explore(&RowWorld::default(), DEPTH);
    choose(None);
    let violation = explored.violation.expect("the rule that paid a row twice is found");
    println!("{}: {:#?}", violation.what, violation.trace);
    assert!(violation.what.contains("may have reached the bank"), "{violation:#?}");
}
