use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Deed {
    Pull(i64),
    Pay(i64),
    Wait(i64),
    Cancel(usize),
    Return(usize),
    Settle(usize),
    Reverse(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (1..500_i64).prop_map(Deed::Pull),
        (1..500_i64).prop_map(Deed::Pay),
        (1..100_i64).prop_map(Deed::Wait),
        (0..20_usize).prop_map(Deed::Cancel),
        (0..20_usize).prop_map(Deed::Return),
        (0..20_usize).prop_map(Deed::Settle),
        (0..20_usize).prop_map(Deed::Reverse),
    ]
}

/// Does the deeds; refusals are fine. `step_hours` is how far the clock is moved at once.
fn live(deeds: &[Deed], step_hours: i64) -> Story {
    let mut story = Story::funded(1_000);
    story.endpoint(&["*"]);
    let mut ids: Vec<String> = Vec::new();
    for deed in deeds {
        let nth = |position: usize| ids.get(position % ids.len().max(1)).cloned().unwrap_or_default();
        match deed {
            Deed::Pull(cents) => ids.push(story.transfer("DEBIT", *cents)),
            Deed::Pay(cents) => {
                let body = story.transfer_body("CREDIT", *cents);
                let (_, answer) = story.call("POST", "/transfers/ach", body);
                ids.extend(answer["id"].as_str().map(str::to_owned));
            }
            Deed::Wait(hours) => wait(&mut story, *hours, step_hours),
            Deed::Cancel(position) => {
                drop(story.call("POST", &format!("/transfers/ach/{}/cancel", nth(*position)), Value::Null))
            }
            Deed::Return(position) => {
                let returned = Control::Return {
                    transfer_id: nth(*position),
                    return_code: "R03".to_owned(),
                    addenda: String::new(),
                };
                let _ = story.bank.control(story.now, returned);
            }
            Deed::Settle(position) => {
                let body = json!({"ach_transfer_id": nth(*position)});
                story.call("POST", "/simulate/transfers/ach/settle", body);
            }
            Deed::Reverse(position) => {
                let path = format!("/transfers/ach/{}/reverse", nth(*position));
                let (_, answer) = story.call("POST", &path, json!({"reason": "duplicated_entry"}));
                ids.extend(answer["id"].as_str().map(str::to_owned));
            }
        }
    }
    story
}

fn wait(story: &mut Story, hours: i64, step_hours: i64) {
    let until = story.now + SignedDuration::from_hours(hours);
    while story.now < until {
        story.now = until.min(story.now + SignedDuration::from_hours(step_hours));
        story.bank.advance(story.now);
    }
}

/// Available and pending money as the transfers tell it: what came by wire, less payouts that stand, plus debits that stand and are old enough.
fn retold(story: &mut Story) -> (i64, i64) {
    let (mut available, mut pending) = (1_000, 0);
    let transfers = story.ok("GET", "/transfers/ach?limit=100", Value::Null)["transfers"].clone();
    for transfer in transfers.as_array().unwrap() {
        let amount = transfer["amount"].as_i64().unwrap();
        let stands = transfer["returned_at"].is_null() && transfer["cancelled_at"].is_null();
        let effective_on = calendar::pacific_date(at(transfer["effective_on"].as_str().unwrap()));
        let is_old_enough =
            !transfer["settled_at"].is_null() && story.now >= calendar::debit_available_at(effective_on);
        match (stands, transfer["type"].as_str().unwrap(), is_old_enough) {
            (false, _, _) => {}
            (true, "CREDIT", _) => available -= amount,
            (true, _, true) => available += amount,
            (true, _, false) => pending += amount,
        }
    }
    (available, pending)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn balances_are_what_the_transfers_tell(deeds in proptest::collection::vec(deed(), 1..40)) {
        let mut story = live(&deeds, 1_000);
        prop_assert_eq!(story.balances(), retold(&mut story));
    }

    #[test]
    fn small_steps_of_the_clock_and_jumps_make_the_same_bank(deeds in proptest::collection::vec(deed(), 1..25)) {
        prop_assert_eq!(live(&deeds, 1_000).bank, live(&deeds, 3).bank);
    }
}
