//! Why a payment is not retried, beside whether it is.

use super::super::retry_standing::{NoRetry, standing};
use super::retrying::payment;
use super::*;
use crate::domain::payment::RowFacts;

fn row(state: State, reason: Option<Reason>) -> Payment {
    let facts =
        RowFacts { employee_id: "E1".to_owned(), branch_id: "B1".to_owned(), institution_id: "ins_1".to_owned() };
    Payment { row: Some(facts), ..payment(1, state, reason) }
}

fn reasons() -> Vec<Option<Reason>> {
    let returned = ["R01", "R03", "R14", "R24", "R99", ""].map(|code| Some(Reason::Returned(code.to_owned())));
    let refused = ["invalid_routing_number", "never_reached_bank"].map(|code| Some(Reason::Refused(code.to_owned())));
    let others = [
        None,
        Some(Reason::UnpayableInstitution("no route".to_owned())),
        Some(Reason::Deferred("http_401".to_owned())),
        Some(Reason::CanceledByBank),
        Some(Reason::CanceledByUs),
        Some(Reason::Unfunded),
    ];
    returned.into_iter().chain(refused).chain(others).collect()
}

#[test]
fn what_is_said_possible_is_what_a_retry_takes() {
    for state in State::ALL {
        for reason in reasons() {
            for (is_flagged, corrected) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut payment = row(state, reason.clone());
                if is_flagged {
                    payment.leg.raise(AttentionReason::KeepsFailing, start());
                }
                let said = standing(&payment, corrected, BatchState::Completed);
                let taken = may_retry(&payment, corrected);
                assert_eq!(said.is_ok(), taken, "{state:?} {reason:?} {is_flagged} {corrected}: {said:?}");
            }
        }
    }
}

#[test]
fn a_batch_is_retried_only_once_it_is_completed() {
    for state in STATES {
        let said = standing(&row(State::Failed, Some(Reason::Unfunded)), false, state);
        let expected = if state == BatchState::Completed { Ok(()) } else { Err(NoRetry::Batch(state)) };
        assert_eq!(said, expected);
    }
}

#[test]
fn each_reason_has_its_code() {
    let returned = |code: &str| Some(Reason::Returned(code.to_owned()));
    for (payment, code) in [
        (row(State::Completed, None), "not_failed"),
        (row(State::Canceled, Some(Reason::CanceledByUs)), "canceled"),
        (row(State::Failed, Some(Reason::UnpayableInstitution("no route".to_owned()))), "unpayable_institution"),
        (row(State::Failed, Some(Reason::Refused("invalid_routing_number".to_owned()))), "needs_corrected_account"),
        (row(State::Returned, returned("R03")), "needs_corrected_account"),
        (row(State::Returned, returned("R14")), "return_is_final"),
        (row(State::Returned, None), "return_is_final"),
        (payment(1, State::Failed, Some(Reason::Unfunded)), "not_a_row"),
    ] {
        let refused = standing(&payment, false, BatchState::Completed).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
    }
}
