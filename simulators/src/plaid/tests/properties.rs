use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Buy { is_pending: bool },
    Post(Index),
    Remove(Index),
    Modify(Index),
    Sync { count: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => any::<bool>().prop_map(|is_pending| Step::Buy { is_pending }),
        2 => any::<Index>().prop_map(Step::Post),
        1 => any::<Index>().prop_map(Step::Remove),
        1 => any::<Index>().prop_map(Step::Modify),
        2 => (1..5_u16).prop_map(|count| Step::Sync { count }),
    ]
}

/// What an application has stored: rows by their id, and its cursor.
#[derive(Default)]
struct Store {
    rows: BTreeMap<String, Value>,
    cursor: String,
}

impl Store {
    /// Reads all pages from the stored cursor on, applies them, and keeps the last cursor.
    fn sync(&mut self, story: &mut Story, linked: &Linked, count: u16) {
        loop {
            let fields = json!({"access_token": linked.token, "cursor": self.cursor, "count": count});
            let page = story.ok("/transactions/sync", fields);
            let list = |name: &str| page[name].as_array().unwrap().clone();
            assert!(list("added").len() + list("modified").len() + list("removed").len() <= usize::from(count));
            let id = |row: &Value| row["transaction_id"].as_str().unwrap().to_owned();
            self.rows.extend(list("added").into_iter().chain(list("modified")).map(|row| (id(&row), row)));
            for row in list("removed") {
                assert!(self.rows.remove(&id(&row)).is_some());
            }
            page["next_cursor"].as_str().unwrap().clone_into(&mut self.cursor);
            if page["has_more"] == false {
                return;
            }
        }
    }
}

/// Numbers that posting, removing and modifying can be about, and what they do to them.
fn take(story: &mut Story, live: &mut Vec<u64>, step: &Step) {
    let number = |answer: Value| answer["transaction"].as_u64().unwrap();
    match step {
        Step::Buy { is_pending } => {
            let fields = json!({"user_id": "pat", "account": "card", "amount": "3.21", "is_pending": is_pending});
            live.push(number(story.control("purchase", fields)));
        }
        Step::Post(index) if !live.is_empty() => {
            let position = index.index(live.len());
            let post = Control::PostTransaction { transaction: live[position], seen_after_s: 0 };
            if let Ok(answer) = story.plaid.control(story.now, post) {
                live[position] = number(answer);
            }
        }
        Step::Remove(index) if !live.is_empty() => {
            let gone = live.swap_remove(index.index(live.len()));
            story.control("remove-transaction", json!({"transaction": gone}));
        }
        Step::Modify(index) if !live.is_empty() => {
            let chosen = live[index.index(live.len())];
            story.control("modify-transaction", json!({"transaction": chosen, "name": "Another name"}));
        }
        Step::Post(_) | Step::Remove(_) | Step::Modify(_) | Step::Sync { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_paging_at_any_time_ends_with_the_same_rows(steps in proptest::collection::vec(step(), 1..40)) {
        let mut story = Story::new();
        let linked = story.link_card();
        story.later(60);
        let (mut live, mut along) = (Vec::new(), Store::default());
        for step in &steps {
            take(&mut story, &mut live, step);
            if let Step::Sync { count } = step {
                along.sync(&mut story, &linked, *count);
            }
        }
        along.sync(&mut story, &linked, 3);
        let mut at_once = Store::default();
        at_once.sync(&mut story, &linked, 500);
        prop_assert_eq!(along.rows.len(), live.len());
        prop_assert_eq!(along.rows, at_once.rows);
    }

    #[test]
    fn an_amount_is_shown_with_the_decimals_it_was_given(cents in -1_000_000_000_i64..1_000_000_000, scale in 0_u32..8) {
        let amount = Dollars(rust_decimal::Decimal::new(cents, scale));
        let read: Dollars = serde_json::from_value(amount.json()).unwrap();
        prop_assert_eq!(read, amount);
    }

    #[test]
    fn the_same_calls_give_the_same_plaid(steps in proptest::collection::vec(step(), 1..20)) {
        let run = || {
            let mut story = Story::new();
            let linked = story.link_card();
            let mut live = Vec::new();
            let mut store = Store::default();
            for step in &steps {
                story.later(7);
                take(&mut story, &mut live, step);
                store.sync(&mut story, &linked, 10);
            }
            (story.plaid.due_deliveries(story.now, usize::MAX), story.plaid)
        };
        prop_assert!(run() == run());
    }
}
