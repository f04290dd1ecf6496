use proptest::prelude::*;

use super::checks::{check_body, money};
use super::*;

#[derive(Debug, Clone)]
enum Deed {
    Issue(i64),
    Cash(usize, Option<i64>, bool),
    Stop(usize),
    Return(usize),
    Reclear(usize),
    SendBack(usize),
    Dishonor(usize),
    Review,
    Approve(usize),
    Reject(usize),
    Mail(usize, MailStatus),
    Wait(i64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let letters = prop::sample::select(vec![MailStatus::Rerouted, MailStatus::ReturnedToSender, MailStatus::Failed]);
    prop_oneof![
        4 => (1..500_i64).prop_map(Deed::Issue),
        4 => (0..9_usize, prop::option::of(1..500_i64), any::<bool>()).prop_map(|(n, amount, beats)| Deed::Cash(n, amount, beats)),
        2 => (0..9_usize).prop_map(Deed::Stop),
        2 => (0..9_usize).prop_map(Deed::Return),
        2 => (0..9_usize).prop_map(Deed::Reclear),
        2 => (0..9_usize).prop_map(Deed::SendBack),
        1 => (0..9_usize).prop_map(Deed::Dishonor),
        1 => Just(Deed::Review),
        1 => (0..9_usize).prop_map(Deed::Approve),
        1 => (0..9_usize).prop_map(Deed::Reject),
        1 => (0..9_usize, letters).prop_map(|(n, to)| Deed::Mail(n, to)),
        6 => (1..200_i64).prop_map(Deed::Wait),
    ]
}

/// Does the deeds; refusals are fine. `step_hours` is how far the clock is moved at once.
fn live(deeds: &[Deed], step_hours: i64) -> Story {
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    let mut ids: Vec<String> = Vec::new();
    for deed in deeds {
        let nth = |position: usize| ids.get(position % ids.len().max(1)).cloned().unwrap_or_default();
        let transfer_path = |position: usize, call: &str| format!("/transfers/checks/{}/{call}", nth(position));
        let control = match deed.clone() {
            Deed::Issue(cents) => {
                let body = check_body(&story, cents);
                let (_, answer) = story.call("POST", "/transfers/checks/issue", body);
                ids.extend(answer["id"].as_str().map(str::to_owned));
                continue;
            }
            Deed::Stop(position) => {
                story.call("POST", &transfer_path(position, "stop-payment"), Value::Null);
                continue;
            }
            Deed::SendBack(position) => {
                story.call("POST", &transfer_path(position, "return"), json!({"return_reason": "Q"}));
                continue;
            }
            Deed::Wait(hours) => {
                let until = story.now + SignedDuration::from_hours(hours);
                while story.now < until {
                    story.now = until.min(story.now + SignedDuration::from_hours(step_hours));
                    story.bank.advance(story.now);
                }
                continue;
            }
            Deed::Cash(position, amount, beats_stop) => {
                Control::CashCheck { transfer_id: nth(position), amount, beats_stop }
            }
            Deed::Return(position) => Control::ReturnCheck { transfer_id: nth(position), reason: "A".to_owned() },
            Deed::Reclear(position) => Control::ReclearCheck { transfer_id: nth(position) },
            Deed::Dishonor(position) => Control::DishonorReturn { transfer_id: nth(position) },
            Deed::Review => Control::ReviewNext { count: 1 },
            Deed::Approve(position) => Control::ApproveReview { transfer_id: nth(position) },
            Deed::Reject(position) => Control::RejectReview { transfer_id: nth(position) },
            Deed::Mail(position, to) => Control::MoveMail { transfer_id: nth(position), to },
        };
        let _ = story.bank.control(story.now, control);
    }
    story
}

fn all_checks(story: &mut Story) -> Vec<Value> {
    story.ok("GET", "/transfers/checks?limit=100", Value::Null)["transfers"].as_array().unwrap().clone()
}

/// Locked and spent money as the checks' times tell it.
fn retold(story: &mut Story) -> (i64, i64) {
    let (mut locked, mut outside) = (0, 0);
    for check in all_checks(story) {
        let amount = check["positive_pay_amount"].as_i64().unwrap();
        let reached = |name: &str| !check[name].is_null();
        let is_back =
            ["stopped_at", "rejected_at", "second_return_at", "user_initiated_returned_at"].into_iter().any(reached);
        match (is_back, reached("settled_at")) {
            (true, _) => {}
            (false, true) => outside += amount,
            (false, false) => locked += amount,
        }
    }
    (locked, outside)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_cent_of_a_check_is_made_or_lost(deeds in proptest::collection::vec(deed(), 1..40)) {
        let mut story = live(&deeds, 1_000);
        let ((available, locked), (_, pending)) = (money(&mut story), story.balances());
        let (locked_by_checks, outside) = retold(&mut story);
        prop_assert_eq!(locked, locked_by_checks);
        prop_assert_eq!(available + locked + pending + outside, 1_000);
        prop_assert!(available >= 0);
    }

    #[test]
    fn every_check_comes_to_an_end_by_the_clock(deeds in proptest::collection::vec(deed(), 1..25)) {
        let mut story = live(&deeds, 1_000);
        story.now += SignedDuration::from_hours(24 * 230);
        story.bank.advance(story.now);
        for check in all_checks(&mut story) {
            let status = check["status"].as_str().unwrap();
            let ends = ["rejected", "stopped", "settled", "second_return", "user_initiated_returned", "user_initiated_return_dishonored"];
            prop_assert!(ends.contains(&status), "{}", status);
        }
        prop_assert_eq!(money(&mut story).1, 0);
    }

    #[test]
    fn small_steps_of_the_clock_and_jumps_make_the_same_checks(deeds in proptest::collection::vec(deed(), 1..25)) {
        prop_assert_eq!(live(&deeds, 1_000).bank, live(&deeds, 5).bank);
    }
}
