//! Every interleaving of uploads, summaries and approvals of two files with a common row.

use model_checker::approvals::ApprovalWorld;
use model_checker::search::explore;

/// Actions in a row: each of two files summarized, looked at and approved takes eight, each read and each write for itself.
const DEPTH: usize = 8;
/// The same where files are put and replaced too, which has more to do at each step.
const DEPTH_WITH_FILES: usize = 6;

#[test]
fn no_order_of_requests_gets_a_row_approved_twice_unseen() {
    let explored = explore(&ApprovalWorld { is_fenced: true, may_put: false }, DEPTH);
    println!("{} states within {DEPTH} actions: {:?}", explored.states, explored.by_depth);
    assert!(explored.violation.is_none(), "{:#?}", explored.violation);
}

#[test]
fn nobody_approves_what_they_put_or_had_read_and_nothing_that_they_have_not_seen() {
    let explored = explore(&ApprovalWorld { is_fenced: true, may_put: true }, DEPTH_WITH_FILES);
    println!("{} states within {DEPTH_WITH_FILES} actions: {:?}", explored.states, explored.by_depth);
    assert!(explored.violation.is_none(), "{:#?}", explored.violation);
}

#[test]
fn without_the_fence_two_approvals_at_once_pay_a_row_that_nobody_was_shown() {
    let violation = explore(&ApprovalWorld { is_fenced: false, may_put: false }, DEPTH).violation.expect("it is found");
    println!("{}: {:#?}", violation.what, violation.trace);
    assert!(violation.what.contains("nobody was shown"), "{violation:#?}");
}
