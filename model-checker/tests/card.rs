//! Every interleaving in the life of a card, from each of several moments of it on.

use model_checker::card::{CardWorld, Holders, Moment};
use model_checker::search::explore;

/// Actions in a row after each moment.
const DEPTH: usize = 3;
/// The same where two persons act.
const DEPTH_OF_TWO: usize = 2;

fn nothing_goes_wrong(holders: Holders, depth: usize) {
    for moment in Moment::ALL {
        let explored = explore(&CardWorld::new(moment, holders), depth);
        assert!(explored.violation.is_none(), "{moment:?}, {holders:?}: {:#?}", explored.violation);
    }
}

#[test]
fn no_order_of_events_debits_beyond_what_a_person_agreed_to_pays_twice_or_loses_money() {
    nothing_goes_wrong(Holders::One, DEPTH);
}

/// One action more takes minutes.
#[test]
#[ignore = "minutes: part of the longer proofs"]
fn nor_does_one_action_more() {
    nothing_goes_wrong(Holders::One, DEPTH + 1);
    nothing_goes_wrong(Holders::TwoWithACard, DEPTH_OF_TWO + 1);
    nothing_goes_wrong(Holders::TwoWithAnAccount, DEPTH_OF_TWO + 1);
}

#[test]
fn nor_where_two_persons_have_one_card_and_bank_account() {
    nothing_goes_wrong(Holders::TwoWithACard, DEPTH_OF_TWO);
}

#[test]
fn nor_where_two_persons_have_a_card_each_and_one_bank_account() {
    nothing_goes_wrong(Holders::TwoWithAnAccount, DEPTH_OF_TWO);
}
