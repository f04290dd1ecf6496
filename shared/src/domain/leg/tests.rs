//! Stories of one transfer, told by our own steps and the bank's reports.

mod attempts;
mod checks;
mod fundings;
mod sending;
mod the_banks_word;
mod unknown;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::domain::bank::status::BankStatus;
use crate::domain::money::Cents;

const AMOUNT: Cents = Cents::new(1_250);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn start() -> Timestamp {
    at("2026-03-02T18:00:00Z")
}

fn expected(kind: Kind) -> Expected {
    Expected { kind, amount: AMOUNT }
}

fn request(body: &str) -> PreparedRequest {
    PreparedRequest { sealed_body: body.to_owned(), bank_account_id: "bacc_1".to_owned() }
}

fn lease_from(business_now: Timestamp) -> Lease {
    Lease { owner: "worker".to_owned(), until: business_now + SignedDuration::from_secs(60), business_now }
}

fn sent(kind: Kind) -> Leg {
    let mut leg = Leg::new();
    leg.claim(kind, request("first body"), lease_from(start())).unwrap();
    leg
}

/// The bank's word about the first attempt, as it would be if all is well.
fn report(kind: Kind, status: BankStatus) -> BankReport {
    let has_settled = status.rank() >= BankStatus::Settled.rank() && status != BankStatus::Canceled;
    let came_back = status.rank() >= BankStatus::Returned.rank();
    BankReport {
        transfer_id: "acht_1".to_owned(),
        rail: kind.rail(),
        attempt: 1,
        status: status.as_str().to_owned(),
        meaning: status.meaning(),
        rank: status.rank(),
        amount: AMOUNT,
        currency: "USD".to_owned(),
        is_debit: kind == Kind::Funding,
        is_incoming: false,
        bank_account_id: "bacc_1".to_owned(),
        settled_at: has_settled.then(|| at("2026-03-03T13:30:00Z")),
        return_code: came_back.then(|| "R01".to_owned()),
        presented_amount: None,
    }
}

/// The bank's no to a send, all of whose tries were answered.
fn no(leg: &mut Leg, refusal: Refusal) -> Transition {
    leg.refused(Kind::Payout, refusal, EarlierTries::Answered).unwrap()
}

fn bad_payee() -> Refusal {
    Refusal::Final("invalid_routing_number".to_owned())
}

fn bad_key() -> Refusal {
    Refusal::Ours("http_401".to_owned())
}

fn forgotten() -> Refusal {
    Refusal::Stale("counterparty_not_found".to_owned())
}

fn hear(leg: &mut Leg, kind: Kind, status: BankStatus) -> ReportOutcome {
    leg.report(expected(kind), &report(kind, status), start())
}

fn after(kind: Kind, statuses: &[BankStatus]) -> Leg {
    let mut leg = sent(kind);
    for status in statuses {
        hear(&mut leg, kind, status.clone());
    }
    leg
}

fn attention(leg: &Leg) -> Option<AttentionReason> {
    leg.attention.as_ref().map(|attention| attention.reason)
}

/// What the bank may report of one transfer, in the order in which it happens.
fn lives() -> impl Strategy<Value = Vec<BankStatus>> {
    use BankStatus as B;
    prop::sample::select(vec![
        vec![B::Initiated, B::PendingSubmission, B::Submitted, B::Settled, B::Completed],
        vec![B::Initiated, B::ManualReview, B::ManualReviewApproved, B::Submitted, B::Settled],
        vec![B::Initiated, B::Submitted, B::Settled, B::Completed, B::Returned],
        vec![B::Initiated, B::Submitted, B::Returned],
        vec![B::Initiated, B::Canceled],
        vec![B::Initiated, B::ManualReview, B::Canceled],
        vec![B::Initiated, B::Submitted, B::Settled, B::Returned, B::ReturnDishonored, B::ReturnContested],
    ])
}

/// A life, and the same reports in any order, some of them several times.
fn deliveries() -> impl Strategy<Value = (Vec<BankStatus>, Vec<BankStatus>)> {
    lives().prop_flat_map(|life| {
        let repeats = prop::collection::vec(1_usize..4, life.len());
        (Just(life), repeats).prop_flat_map(|(life, repeats)| {
            let repeated = life.iter().zip(repeats).flat_map(|(status, times)| vec![status.clone(); times]);
            let delivered = Just(repeated.collect::<Vec<_>>()).prop_shuffle();
            (Just(life), delivered)
        })
    })
}

proptest! {
    #[test]
    fn any_order_and_repetition_of_reports_ends_as_the_right_order_does(
        (life, delivered) in deliveries(),
        kind in prop::sample::select(vec![Kind::Payout, Kind::Funding]),
    ) {
        prop_assert_eq!(after(kind, &delivered), after(kind, &life));
    }

    #[test]
    fn no_effect_is_posted_twice((_, delivered) in deliveries()) {
        let mut leg = sent(Kind::Payout);
        let mut posted = Vec::new();
        for status in delivered {
            if let ReportOutcome::Applied(moved) = hear(&mut leg, Kind::Payout, status) {
                posted.extend(moved.effects);
            }
        }
        prop_assert_eq!(&posted, &leg.effects);
        let once: std::collections::BTreeSet<_> = posted.iter().collect();
        prop_assert_eq!(once.len(), posted.len());
    }
}
