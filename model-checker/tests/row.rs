//! Every interleaving in the life of one row.

use model_checker::row::RowWorld;
use model_checker::search::explore;

/// Actions in a row; with the bounds of the world this is where the states become too many for a test.
const DEPTH: usize = 9;

#[test]
fn no_order_of_events_pays_a_row_twice_gives_it_up_too_early_or_strands_it() {
    let explored = explore(&RowWorld::default(), DEPTH);
    println!("{} states within {DEPTH} actions: {:?}", explored.states, explored.by_depth);
    assert!(explored.violation.is_none(), "{:#?}", explored.violation);
}
