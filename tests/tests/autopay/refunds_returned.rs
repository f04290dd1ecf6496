//! A refund that comes back: it is sent again, or to another account of the person's that two operators have looked at.

use http::Method;
use serde_json::{Value, json};
use shared::domain::leg::State;
use simulators::column::Control;

use super::story::{OLGA, OSCAR, Story, count};

/// Ann canceled, and the bank that her money was pulled from does not take it back.
async fn returned() -> Story {
    let story = Story::after("canceled-after-debit-settled").await;
    let transfer_id = story.standing().refunds[0].leg.transfer_id.clone().unwrap();
    story.tell_bank(Control::Return { transfer_id, return_code: "R02".to_owned(), addenda: String::new() });
    story.until("the refund came back", |now| now.refunds[0].leg.state == State::Returned).await;
    story
}

fn path(story: &Story) -> String {
    format!("/payments/{}/refund/send-again", story.standing().refunds[0].id)
}

#[tokio::test]
async fn a_refund_that_came_back_is_sent_again_where_it_was_pulled_from() {
    let story = returned().await;
    story.call(OLGA, Method::POST, &path(&story), json!({})).await;
    story.until("the money is back", |now| now.refunds[0].leg.state == State::Completed).await;
    let standing = story.standing();
    assert_eq!((count(&standing, "refund_came_back"), count(&standing, "refund_sent")), (1, 2));
    story.is_balanced().await;
    let again = story.refusal(OLGA, Method::POST, &path(&story), json!({})).await;
    assert!(again.contains("payment_state"), "{again}");
}

/// Nothing looks at a refund that came back, once its flag is gone: her money would stay with us, and nobody would be told.
#[tokio::test]
async fn a_refund_that_came_back_is_not_cleared_while_its_money_is_here() {
    let story = returned().await;
    let refund_id = story.standing().refunds[0].id;
    let clear = format!("/payments/{refund_id}/attention/clear");
    let note = json!({ "note": "Somebody else sees to it." });
    assert!(story.refusal(OLGA, Method::POST, &clear, note.clone()).await.contains("refund_waits"));
    let waiting = story.call(OLGA, Method::GET, "/attention?kind=payment", Value::Null).await;
    let actions = waiting["items"][0]["actions"].as_array().unwrap();
    assert_eq!(actions.iter().map(|action| &action["path"]).collect::<Vec<_>>(), [&json!(path(&story))]);

    // What was sent back by hand and booked is seen to.
    let amount = story.standing().refunds[0].amount.to_string();
    let used = json!({
        "payer_id": story.standing().persons[0].id, "debit": "funds", "credit": "cash", "amount": amount,
        "reason": "Sent by wire.", "about": story.standing().funding().unwrap().id,
    });
    let proposed = story.call(OLGA, Method::POST, "/ledger/corrections", used.clone()).await;
    let confirm = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
    story.call(OSCAR, Method::POST, &confirm, used).await;
    story.call(OLGA, Method::POST, &clear, note).await;
}

#[tokio::test]
async fn a_refund_goes_to_another_account_only_where_two_operators_say_so() {
    let story = returned().await;
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "ann", "institution_id": "ins_2", "accounts": [{
            "key": "other", "name": "Example Savings", "mask": "4321", "type": "depository", "subtype": "savings",
            "balances": { "available": "10.00", "current": "10.00" },
            "numbers": { "account": "000987654321", "routing": simulators::plaid::routing_number("ins_2") },
        }],
    }));
    story.link_again("ins_2").await;
    story.let_days_pass(2).await;
    let standing = story.standing();
    let other = standing.bank_accounts.iter().find(|account| account.account.account_last4 == "4321").unwrap();
    let redirect = json!({ "bank_account_id": other.id.to_string() });
    story.call(OLGA, Method::POST, &path(&story), redirect.clone()).await;
    story.let_days_pass(2).await;
    assert_eq!(story.standing().refunds[0].leg.state, State::Returned, "it waits for a second person");
    let confirm = format!("{}/confirm", path(&story));
    let seen = json!({ "bank_account_id": other.id.to_string(), "account_last4": "4321" });
    assert!(story.refusal(OLGA, Method::POST, &confirm, seen.clone()).await.contains("same_person"));
    let unseen = json!({ "bank_account_id": other.id.to_string(), "account_last4": "6789" });
    assert!(story.refusal(OSCAR, Method::POST, &confirm, unseen).await.contains("proposal_differs"));
    story.call(OSCAR, Method::POST, &confirm, seen).await;
    story.until("the money is back", |now| now.refunds[0].leg.state == State::Completed).await;
    assert_eq!(story.standing().refunds[0].payee.account_last4(), "4321");
    story.is_balanced().await;
}
