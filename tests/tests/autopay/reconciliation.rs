//! The payments of persons against the bank: their debits and checks, and the books with what checks hold back.

use ::scenarios::simulation::Simulation;
use ::scenarios::simulation::people::Caller;
use http::Method;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;
use shared::domain::ids::ReconciliationId;
use shared::domain::reconciliation::{Finding, Range, Reconciliation, ReconciliationState, Verdict};
use shared::domain::source::PauseReason;
use shared::operations::reconciliation;
use shared::store::stored::replace;
use uuid::Uuid;

const OLGA: Caller = Caller::Operator("olga");

async fn after(scenario: &str) -> Simulation {
    let mut simulation = Simulation::start().unwrap();
    ::scenarios::find(scenario).unwrap().play_on(&mut simulation).await.unwrap();
    // What the bank has just changed is not judged.
    simulation.let_pass(SignedDuration::from_hours(5)).await.unwrap();
    simulation
}

/// Of the last two months, to its end.
async fn reconciled(simulation: &Simulation, number: u128, dry_run: bool) -> (Reconciliation, Vec<Finding>) {
    let (system, today) = (&simulation.system, simulation.now().to_zoned(TimeZone::UTC).date());
    let range = Range::asked(today - jiff::Span::new().days(61), today, simulation.now()).unwrap();
    let id = ReconciliationId::new(Uuid::from_u128(number));
    reconciliation::request(system, Uuid::from_u128(number), range, None, dry_run, "olga").await.unwrap();
    for _ in 0..60 {
        simulation.let_pass(SignedDuration::from_mins(16)).await.unwrap();
        let stands = reconciliation::load(system, id).await.unwrap();
        if stands.state == ReconciliationState::Completed {
            let (found, _) = reconciliation::findings(system, id, None, 1_000).await.unwrap();
            return (stands, found);
        }
    }
    panic!("{id} is never completed");
}

fn pause(simulation: &Simulation) -> Option<PauseReason> {
    simulation.standing().unwrap().persons[0].pause.as_ref().map(|pause| pause.reason.clone())
}

#[tokio::test]
async fn a_card_s_bill_agrees_from_the_debit_to_the_cashed_check() {
    let simulation = after("happy-path").await;
    let (stands, found) = reconciled(&simulation, 1, false).await;
    assert_eq!(found, []);
    assert_eq!((stands.payers, stands.counts.matched), (1, 2), "a debit and a check: {stands:?}");
    assert_eq!(pause(&simulation), None);
}

/// Its check was stopped: the money is the payer's again, and bank and books say so alike.
#[tokio::test]
async fn a_check_that_came_back_by_mail_agrees() {
    let simulation = after("check-returned-by-mail").await;
    let (stands, found) = reconciled(&simulation, 1, false).await;
    assert_eq!(found, []);
    assert_eq!(stands.counts.matched, 2, "{stands:?}");
}

#[tokio::test]
async fn a_second_check_for_one_bill_stops_the_person_until_an_operator_has_looked() {
    let simulation = after("happy-path").await;
    let mut payment = simulation.standing().unwrap().payment().unwrap().clone();
    payment.leg.transfer_id = Some("chkt_another".to_owned());
    simulation.system.table.write(vec![replace(&mut payment).unwrap()]).await.unwrap();

    let (_, found) = reconciled(&simulation, 1, true).await;
    assert_eq!(found.iter().map(|finding| finding.verdict).collect::<Vec<_>>(), [Verdict::Duplicate], "{found:?}");
    assert_eq!(pause(&simulation), None, "a dry run stops nobody");
    let (stands, _) = reconciled(&simulation, 2, false).await;
    assert_eq!(pause(&simulation), Some(PauseReason::Difference(stands.id.to_string())));
    let standing = simulation.standing().unwrap();
    assert!(standing.has_notice("difference_found"));

    let path = format!("/people/{}/block/clear", standing.persons[0].id);
    simulation.call(OLGA, Method::POST, &path, json!({ "note": "The bank took it back." })).await.unwrap();
    assert_eq!(pause(&simulation), None);
    let (_, found) = reconciled(&simulation, 3, false).await;
    assert!(found.iter().all(|finding| finding.known) && pause(&simulation).is_none(), "{found:?}");
}
