//! What counts as a difference, case by case and as properties.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::balances::{Balance, BalanceDifference, Sums, compare};
use super::compare::{Ours, not_there, transfer};
use super::run::{PayerRun, Stage};
use super::*;
use crate::domain::bank::status::BankStatus;
use crate::domain::leg::{BankReport, Expected, Kind, Lease, Leg, PreparedRequest, ReportOutcome as Heard, State};

const AMOUNT: Cents = Cents::new(1_250);

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-03-02T18:00:00Z".parse().unwrap();
    start + SignedDuration::from_mins(minute)
}

/// Long ago, and a moment ago, by the cut.
const OLD: i64 = -600;
const FRESH: i64 = 10;

fn report(kind: Kind, status: &BankStatus) -> BankReport {
    BankReport {
        transfer_id: "acht_1".to_owned(),
        rail: kind.rail(),
        attempt: 1,
        status: status.as_str().to_owned(),
        meaning: status.meaning(),
        rank: status.rank(),
        amount: AMOUNT,
        currency: "USD".to_owned(),
        is_debit: kind.is_debit(),
        is_incoming: false,
        bank_account_id: "bacc_1".to_owned(),
        settled_at: None,
        return_code: Some("R01".to_owned()),
        presented_amount: None,
    }
}

/// A leg that was sent, and heard this much of the bank.
fn heard(kind: Kind, statuses: &[BankStatus]) -> Leg {
    let mut leg = Leg::new();
    let request = PreparedRequest { sealed_body: "body".to_owned(), bank_account_id: "bacc_1".to_owned() };
    let lease = Lease { owner: "worker".to_owned(), until: at(0), business_now: at(0) };
    leg.claim(kind, request, lease).unwrap();
    for status in statuses {
        let expected = Expected { kind, amount: AMOUNT };
        assert!(!matches!(leg.report(expected, &report(kind, status), at(0)), Heard::Disputed(_)));
    }
    leg
}

fn verdict(leg: &Leg, theirs: &BankReport, changed: i64) -> Verdict {
    let ours = Ours { expected: Expected { kind: Kind::Payout, amount: AMOUNT }, leg };
    transfer(Some(ours), theirs, at(changed), at(0))
}

#[test]
fn statuses_of_one_state_agree_and_others_differ_once_they_are_old() {
    use BankStatus as B;
    let cases: [(&[B], B, Verdict); 14] = [
        (&[B::Initiated], B::Submitted, Verdict::Matched),
        (&[B::Initiated], B::ManualReview, Verdict::Matched),
        (&[B::Initiated], B::Settled, Verdict::OtherState),
        (&[B::Settled], B::Completed, Verdict::Matched),
        (&[B::Completed], B::Submitted, Verdict::OtherState),
        (&[B::Initiated], B::Canceled, Verdict::OtherState),
        (&[B::Canceled], B::Canceled, Verdict::Matched),
        (&[B::Settled], B::Returned, Verdict::OtherState),
        (&[B::Settled, B::Returned], B::Returned, Verdict::Matched),
        (&[B::Settled, B::Returned], B::ReturnDishonored, Verdict::OtherState),
        (&[B::Settled, B::Returned], B::Settled, Verdict::OtherState),
        (&[], B::Initiated, Verdict::OtherState),
        (&[], B::Returned, Verdict::OtherState),
        (&[B::Initiated], B::Other("TELEPORTED".to_owned()), Verdict::OtherState),
    ];
    for (known, status, expected) in cases {
        let (leg, theirs) = (heard(Kind::Payout, known), report(Kind::Payout, &status));
        assert_eq!(verdict(&leg, &theirs, OLD), expected, "{known:?} and {status:?}");
        let fresh = if expected == Verdict::Matched { expected } else { Verdict::InFlight };
        assert_eq!(verdict(&leg, &theirs, FRESH), fresh, "{known:?} and {status:?}, a moment ago");
    }
}

#[test]
fn a_disputed_return_that_is_known_agrees() {
    use BankStatus as B;
    let mut leg = heard(Kind::Payout, &[B::Settled, B::Returned]);
    let theirs = report(Kind::Payout, &B::ReturnDishonored);
    let expected = Expected { kind: Kind::Payout, amount: AMOUNT };
    assert!(matches!(leg.report(expected, &theirs, at(0)), Heard::Applied(_)));
    assert_eq!(verdict(&leg, &theirs, OLD), Verdict::Matched);
}

#[test]
fn another_amount_currency_direction_or_account_is_no_matter_of_time() {
    let leg = heard(Kind::Payout, &[BankStatus::Settled]);
    let changes: [fn(&mut BankReport); 4] = [
        |theirs| theirs.amount = Cents::new(1_251),
        |theirs| theirs.currency = "EUR".to_owned(),
        |theirs| theirs.is_debit = true,
        |theirs| theirs.bank_account_id = "bacc_2".to_owned(),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut theirs = report(Kind::Payout, &BankStatus::Settled);
        change(&mut theirs);
        for changed in [OLD, FRESH] {
            assert_eq!(verdict(&leg, &theirs, changed), Verdict::OtherAmount, "change {number}");
        }
    }
}

#[test]
fn what_nothing_here_made_is_missing_here_unless_it_was_made_just_now() {
    let theirs = report(Kind::Payout, &BankStatus::Settled);
    assert_eq!(transfer(None, &theirs, at(OLD), at(0)), Verdict::MissingHere);
    assert_eq!(transfer(None, &theirs, at(FRESH), at(0)), Verdict::InFlight);
}

#[test]
fn a_second_transfer_of_one_attempt_and_an_earlier_attempt_that_stayed_are_duplicates() {
    let leg = heard(Kind::Payout, &[BankStatus::Settled]);
    let other = BankReport { transfer_id: "acht_2".to_owned(), ..report(Kind::Payout, &BankStatus::Settled) };
    for changed in [OLD, FRESH] {
        assert_eq!(verdict(&leg, &other, changed), Verdict::Duplicate);
    }
    let never_made = BankReport { attempt: 2, ..other };
    assert_eq!(verdict(&leg, &never_made, OLD), Verdict::Duplicate);
    assert_eq!(verdict(&leg, &never_made, FRESH), Verdict::InFlight);
    let mut retried = heard(Kind::Payout, &[BankStatus::Settled, BankStatus::Returned]);
    retried.retry(Kind::Payout).unwrap();
    for (status, expected) in [
        (BankStatus::Returned, Verdict::Matched),
        (BankStatus::ReturnContested, Verdict::Matched),
        (BankStatus::Settled, Verdict::Duplicate),
        (BankStatus::Submitted, Verdict::Duplicate),
    ] {
        assert_eq!(verdict(&retried, &report(Kind::Payout, &status), OLD), expected, "{status:?}");
    }
}

#[test]
fn what_the_bank_told_of_and_has_no_more_is_missing_there() {
    let mut leg = heard(Kind::Payout, &[BankStatus::Settled, BankStatus::Returned]);
    assert_eq!(not_there(&leg), Verdict::MissingThere);
    leg.retry(Kind::Payout).unwrap();
    assert_eq!(not_there(&leg), Verdict::Matched);
}

fn sums(available: i64, pending: i64, locked: i64) -> Sums {
    Sums { available: Cents::new(available), pending: Cents::new(pending), locked: Cents::new(locked) }
}

#[test]
fn balances_differ_by_more_than_what_is_held_here_and_available_there() {
    let held = Cents::new(100);
    for (books, bank, differing) in [
        (sums(10, 20, 5), sums(10, 20, 5), vec![]),
        (sums(0, 100, 0), sums(100, 0, 0), vec![]),
        (sums(0, 100, 0), sums(60, 40, 0), vec![]),
        (sums(0, 101, 0), sums(101, 0, 0), vec![Balance::Available, Balance::Pending]),
        (sums(100, 0, 0), sums(0, 100, 0), vec![Balance::Available, Balance::Pending]),
        (sums(0, 100, 0), sums(99, 0, 0), vec![Balance::Available]),
        (sums(7, 0, 0), sums(7, 0, 3), vec![Balance::Locked]),
        (sums(-5, 0, 0), sums(-5, 0, 0), vec![]),
    ] {
        let found: Vec<_> =
            compare(books, bank, held).unwrap().into_iter().map(|difference| difference.balance).collect();
        assert_eq!(found, differing, "{books:?} {bank:?}");
    }
}

fn a_run() -> PayerRun {
    let id = ReconciliationId::new(uuid::Uuid::nil());
    PayerRun::new(id, "CORP-1".to_owned(), "bacc_1".to_owned(), at(0), at(0))
}

#[test]
fn a_run_takes_both_lists_page_by_page_then_the_books_then_the_balances() {
    let mut run = a_run();
    run.page_compared([Verdict::Matched, Verdict::InFlight], Some("acht_9".to_owned()), at(0));
    assert_eq!(run.stage, Stage::Transfers { older_than: Some("acht_9".to_owned()) });
    run.page_compared([Verdict::Matched, Verdict::Duplicate], None, at(0));
    run.page_compared([], None, at(0));
    assert_eq!((&run.stage, run.pages, run.counts.matched, run.counts.in_flight), (&Stage::Books, 3, 2, 1));
    run.books_compared(at(0));
    assert_eq!(run.balances_compared(Vec::new(), at(0)), []);
    assert_eq!(run.stage, Stage::Outcome);
    run.finish(Counts { differences: 1, unexplained: 1, ..Counts::default() });
    assert!(run.is_done() && run.due_at.is_none());
    assert_eq!((run.counts.matched, run.counts.differences), (2, 1));
}

fn difference(there: i64) -> BalanceDifference {
    BalanceDifference { balance: Balance::Available, here: Cents::new(10), there: Cents::new(there) }
}

/// One that changes from look to look is on its way; one that stays the same for three hours is a difference.
#[test]
fn a_balance_differs_only_if_every_look_finds_the_same() {
    let mut run = a_run();
    run.books_compared(at(0));
    for look in 0..3 {
        assert_eq!(run.balances_compared(vec![difference(11)], at(60 * look)), []);
        assert!(!run.is_due(at(60 * look + 59)) && run.is_due(at(60 * look + 60)));
    }
    assert_eq!(run.balances_compared(vec![difference(11)], at(180)), [difference(11)]);

    let mut moving = a_run();
    moving.books_compared(at(0));
    assert_eq!(moving.balances_compared(vec![difference(11)], at(0)), []);
    assert_eq!(moving.balances_compared(vec![difference(12)], at(60)), []);
    assert_eq!(moving.stage, Stage::Outcome);
}

#[test]
fn a_range_ends_at_the_cut_and_has_sixty_two_days_at_most() {
    let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
    let now = at(0);
    assert!(Range::asked(day("2026-03-02"), day("2026-03-02"), now).is_ok());
    assert!(Range::asked(day("2026-01-01"), day("2026-03-03"), now).is_ok());
    assert_eq!(Range::asked(day("2026-01-01"), day("2026-03-04"), now), Err(ReconciliationRefusal::Range));
    assert_eq!(Range::asked(day("2026-03-02"), day("2026-03-01"), now), Err(ReconciliationRefusal::Range));
    assert_eq!(Range::asked(day("2026-03-03"), day("2026-03-03"), now), Err(ReconciliationRefusal::NotYet));
    let range = Range::daily(now);
    assert_eq!((range.from, range.to), (day("2026-02-25"), day("2026-03-01")));
    assert_eq!(range.ends_at(cut(now)).to_string(), "2026-03-01T23:59:59Z");
    let today = Range::asked(day("2026-03-02"), day("2026-03-02"), now).unwrap();
    assert_eq!(today.ends_at(cut(now)), cut(now));
}

#[test]
fn the_daily_round_comes_at_eight() {
    let mut round = DailySchedule::new(at(0));
    assert_eq!(round.due_at.to_string(), "2026-03-03T08:00:00Z");
    round.go_on(ReconciliationId::new(uuid::Uuid::nil()), "2026-03-05T08:00:00Z".parse().unwrap());
    assert_eq!(round.due_at.to_string(), "2026-03-06T08:00:00Z");
}

fn statuses() -> impl Strategy<Value = BankStatus> {
    use BankStatus as B;
    prop::sample::select(vec![
        B::Initiated,
        B::ManualReview,
        B::ManualReviewApproved,
        B::PendingSubmission,
        B::Submitted,
        B::Settled,
        B::Completed,
        B::Canceled,
        B::Returned,
        B::ReturnDishonored,
        B::ReturnDishonoredFundsUnlocked,
        B::ReturnContested,
    ])
}

proptest! {
    /// Whatever the bank says last, once we have applied it both agree: so a difference of states that is remedied is none any more.
    #[test]
    fn what_was_applied_agrees(
        earlier in prop::collection::vec(statuses(), 0..4),
        last in statuses(),
        kind in prop::sample::select(vec![Kind::Payout, Kind::Funding]),
        changed in -10_000_i64..10_000,
    ) {
        let expected = Expected { kind, amount: AMOUNT };
        let mut leg = heard(kind, &[]);
        for status in earlier.iter().chain([&last]) {
            leg.report(expected, &report(kind, status), at(0));
        }
        // A bank that goes back from what it said is not believed.
        let is_newest = earlier.iter().all(|status| status.rank() <= last.rank());
        prop_assume!(is_newest);
        let verdict = transfer(Some(Ours { expected, leg: &leg }), &report(kind, &last), at(changed), at(0));
        prop_assert_eq!(verdict, Verdict::Matched, "{:?} after {:?}: {:?}", last, earlier, leg.state);
    }

    /// What changed after the cut is never told to be in another state or missing.
    #[test]
    fn nothing_in_flight_is_a_difference(known in prop::collection::vec(statuses(), 0..4), now in statuses(), minutes in 1_i64..1_000) {
        let expected = Expected { kind: Kind::Payout, amount: AMOUNT };
        let mut leg = heard(Kind::Payout, &[]);
        for status in &known {
            leg.report(expected, &report(Kind::Payout, status), at(0));
        }
        let verdict = transfer(Some(Ours { expected, leg: &leg }), &report(Kind::Payout, &now), at(minutes), at(0));
        prop_assert!(!verdict.is_difference(), "{verdict:?}");
    }

    /// A cent at the bank that is not in the books is always found, whatever is held.
    #[test]
    fn a_cent_too_many_or_too_few_is_found(
        available in -10_000_i64..10_000, pending in 0_i64..10_000, locked in 0_i64..10_000,
        held in 0_i64..10_000, shift in 0_i64..10_000, error in prop::sample::select(vec![-1_i64, 1]),
    ) {
        let shift = shift.min(held).min(pending);
        let books = sums(available, pending, locked);
        let honest = sums(available + shift, pending - shift, locked);
        prop_assert_eq!(compare(books, honest, Cents::new(held)).unwrap(), []);
        for wrong in [
            sums(available + shift + error, pending - shift, locked),
            sums(available + shift, pending - shift, locked + error),
        ] {
            prop_assert!(!compare(books, wrong, Cents::new(held)).unwrap().is_empty());
        }
    }

    /// Names tell differences apart, and a repeat of one has the same.
    #[test]
    fn a_difference_has_one_name(verdict in prop::sample::select(Verdict::ALL.to_vec()), here in "[0-9]{1,4}") {
        let finding = |remedied, known| Finding {
            payer_id: "CORP-1".to_owned(),
            subject: "pay_1:1".to_owned(),
            verdict,
            transfer_id: Some("acht_1".to_owned()),
            here: Some(here.clone()),
            there: None,
            remedied,
            known,
            found_at: at(0),
        };
        prop_assert_eq!(finding(false, false).name(), finding(true, true).name());
        prop_assert_eq!(finding(false, false).is_unexplained(), verdict.is_difference());
        prop_assert!(!finding(true, false).is_unexplained());
    }
}

#[test]
fn a_state_of_every_leg_is_judged() {
    for state in State::ALL {
        let leg = Leg { state, transfer_id: Some("acht_1".to_owned()), ..Leg::new() };
        let matches: Vec<_> = [BankStatus::Submitted, BankStatus::Settled, BankStatus::Canceled, BankStatus::Returned]
            .into_iter()
            .filter(|status| verdict(&leg, &report(Kind::Payout, status), OLD) == Verdict::Matched)
            .collect();
        assert!(matches.len() <= 1, "{state:?} agrees with {matches:?}");
    }
}
