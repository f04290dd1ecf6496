//! Webhooks at a rate that a day of the largest payroll does not reach, a tenth of them sent twice and a tenth forged, over real sockets.
//!
//! The events are true ones of the simulated bank and Plaid, held back until their payroll is sent and then delivered at once, in no
//! order. None may be lost: what was answered 200 is applied before anything but webhooks has looked at the payments. How fast it goes
//! is printed and not judged: that depends on the machine.
#![cfg(test)]

mod books;
mod held;
mod scene;
mod volley;

use scene::Scene;
use volley::{Fate, Volley};

const PER_SECOND: u64 = 200;

async fn none_is_lost_in(seconds: u64) {
    let total = usize::try_from(PER_SECOND * seconds).unwrap();
    // Of each payment the bank tells about five events: that leaves room for Plaid's, the repeats and the forged ones.
    let scene = Scene::with_payments_of(total * 13 / 100).await;
    let bank = scene.bank_has_told_everything().await;
    let plaid = scene.plaid_tells(total / 20).await;
    let volley = Volley::of(&bank, &plaid, total);

    let landed = volley.fly(&scene.stack.base_url, PER_SECOND).await;
    eprintln!("{landed}");
    for hit in &landed.hits {
        let expected = if hit.fate == Fate::Forged { 401 } else { 200 };
        assert_eq!(hit.status, expected, "{hit:?}");
    }

    scene.works_off_its_tasks().await;
    books::each_event_is_in_its_history_once(&scene, &bank).await;
    books::each_webhook_of_plaid_was_heeded(&scene, &plaid).await;
    books::nothing_is_left_of(&scene, &volley.forged).await;
    books::payments_stand_as_the_bank_says(&scene).await;
    books::cash_and_pulled_are_the_bank_s_balances(&scene).await;

    scene.batch_ends().await;
    books::payments_stand_as_the_bank_says(&scene).await;
    books::cash_and_pulled_are_the_bank_s_balances(&scene).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_of_two_hundred_a_second_for_five_seconds() {
    none_is_lost_in(5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: .ci/long runs it"]
async fn none_is_lost_of_two_hundred_a_second_for_a_minute() {
    none_is_lost_in(60).await;
}
