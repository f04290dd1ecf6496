//! Two who have a bank account or a card in common, and what either may do with the operator role: nobody decides about money that is theirs.

use ::scenarios::simulation::people::Caller;
use http::Method;
use serde_json::{Value, json};
use shared::domain::autopay::card::Card;
use shared::domain::autopay::ids::PersonId;
use shared::domain::leg::State;
use shared::operations::autopay::subjects::keyed;
use simulators::column::{Control, Direction, ReturnMoment, ReturnPlan};

use super::story::{OLGA, OSCAR, Story};

pub(super) const ANNS_ACCOUNT: &str = "000123456789";
pub(super) const OTHER_ACCOUNT: &str = "000222220002";
const ANNS_CARD: &str = "4111000001004421";
const BOBS_CARD: &str = "4111000000035533";
const ANN_OPERATES: Caller = Caller::Operator("ann");
const BOB_OPERATES: Caller = Caller::Operator("bob");

impl Story {
    pub(super) fn person_of(&self, subject: &str) -> PersonId {
        futures::executor::block_on(keyed(&self.simulation.system, subject)).unwrap()
    }

    pub(super) fn card_of(&self, subject: &str) -> Card {
        let id = self.person_of(subject);
        self.standing().cards.into_iter().find(|card| card.person_id == id).unwrap()
    }

    /// Somebody else has Ann's card, which owes so much, and a bank account of this number at her bank.
    pub(super) async fn joins(&self, subject: &'static str, account_number: &str, owed: &str) {
        self.links(subject, account_number, "4421", owed).await;
    }

    /// Somebody links a card that ends so and owes so much, and a bank account of this number, at Ann's issuer and bank.
    pub(super) async fn links(&self, subject: &'static str, account_number: &str, mask: &str, owed: &str) {
        let checking = json!({
            "key": "checking", "name": "Checking", "mask": &account_number[8..], "type": "depository",
            "subtype": "checking", "balances": { "available": "8000.00", "current": "8000.00" },
            "numbers": { "account": account_number, "routing": simulators::plaid::routing_number("ins_2") },
        });
        let card = json!({
            "key": "card", "name": format!("Everyday Card {mask}"), "official_name": "Everyday Rewards Card", "mask": mask,
            "type": "credit", "subtype": "credit card", "balances": { "current": owed, "limit": "5000.00" },
        });
        for (institution_id, account) in [("ins_2", checking), ("ins_3", card)] {
            self.tell_plaid(json!({
                "control": "create_person", "user_id": subject, "institution_id": institution_id, "accounts": [account],
            }));
            self.simulation.link(subject, institution_id).await.unwrap();
            self.simulation.settle().await.unwrap();
        }
    }

    /// They have the card paid from their bank account as Ann has hers.
    pub(super) async fn joins_autopay(&self, subject: &'static str) {
        let (caller, card) = (Caller::Person(subject), self.card_of(subject));
        let card_id = card.id;
        let number = if card.mask.as_deref() == Some("4421") { ANNS_CARD } else { BOBS_CARD };
        let accounts = self.call(caller, Method::GET, "/bank-accounts", Value::Null).await;
        let chosen = json!({
            "bank_account_id": accounts["items"][0]["bank_account_id"], "card_number": number,
            "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
        });
        self.call(caller, Method::PUT, &format!("/cards/{card_id}/autopay"), chosen).await;
        let path = format!("/authorization-text?card_id={card_id}&least=1.00&most=2500.00");
        let text = self.call(caller, Method::GET, &path, Value::Null).await;
        let agreed = json!({
            "text_version": text["text_version"], "text_sha256": text["text_sha256"],
            "bank_account_id": text["bank_account_id"], "range": text["range"],
        });
        self.call(caller, Method::POST, &format!("/cards/{card_id}/authorization"), agreed).await;
        self.simulation.settle().await.unwrap();
    }

    pub(super) async fn code_for(&self, subject: &'static str) -> String {
        let path = format!("/cards/{}/review", self.card_of(subject).id);
        let review = self.call(Caller::Person(subject), Method::POST, &path, Value::Null).await;
        review["code"].as_str().unwrap().to_owned()
    }

    pub(super) fn next_debits_come_back(&self, codes: &[&str]) {
        let plan = ReturnPlan::new(Direction::Debit, ReturnMoment::Settled, codes.len() as u64, codes);
        self.tell_bank(Control::PlanReturns(plan));
    }

    async fn is_refused_as_own(&self, caller: Caller, method: Method, path: &str, body: Value) {
        let refused = self.refusal(caller, method, path, body).await;
        assert!(refused.contains("403") && refused.contains("own_money"), "{path}: {refused}");
        assert!(refused.contains("ask another operator"), "{refused}");
    }
}

fn note() -> Value {
    json!({ "note": "It was me." })
}

#[tokio::test]
async fn nobody_lifts_the_hold_of_their_own_card_through_its_other_holder() {
    let story = Story::after("below-threshold").await;
    story.joins("bob", OTHER_ACCOUNT, "455.00").await;
    story.joins_autopay("bob").await;
    story.next_debits_come_back(&["R99"]);
    story.buy("card", "2700.00");
    story.until_payment_is(State::Failed).await;
    let path = format!("/cards/{}/hold/clear", story.card_of("ann").id);
    assert!(story.refusal(BOB_OPERATES, Method::POST, &path, note()).await.contains("own_block"));
    story.call(OLGA, Method::POST, &path, note()).await;
    story.until("the next payment is opened", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn nobody_lifts_a_block_for_an_account_that_they_have_too() {
    let story = Story::after("funding-returned-r10-unauthorized").await;
    story.joins("bob", ANNS_ACCOUNT, "455.00").await;
    let path = format!("/people/{}/block/clear", story.person_of("ann"));
    let refused = story.refusal(BOB_OPERATES, Method::POST, &path, note()).await;
    assert!(refused.contains("403") && refused.contains("own_block"), "{refused}");
    story.call(OLGA, Method::POST, &path, note()).await;
}

#[tokio::test]
async fn a_stop_of_their_own_money_anybody_throws_and_nobody_ends() {
    let story = Story::after("below-threshold").await;
    story.joins("bob", ANNS_ACCOUNT, "455.00").await;
    let path = format!("/stops/{}", story.person_of("ann"));
    let set = |stopped: bool| json!({ "stopped": stopped, "reason": "fraud is suspected" });
    story.call(OLGA, Method::PUT, &path, set(true)).await;
    story.is_refused_as_own(ANN_OPERATES, Method::PUT, &path, set(false)).await;
    story.is_refused_as_own(BOB_OPERATES, Method::PUT, &path, set(false)).await;
    story.buy("card", "2700.00");
    story.let_days_pass(1).await;
    assert!(story.standing().payments.is_empty(), "it is stopped still");
    story.call(OSCAR, Method::PUT, &path, set(false)).await;
    story.until("it is paid", |now| now.payment().is_some()).await;
    let stopped = story.call(ANN_OPERATES, Method::PUT, &path, set(true)).await;
    assert_eq!(stopped["by"], "ann");
}

#[tokio::test]
async fn nobody_is_a_pair_of_eyes_on_their_own_refund() {
    let story = Story::after("canceled-after-debit-settled").await;
    let standing = story.standing();
    let (refund, account) = (&standing.refunds[0], &standing.bank_accounts[0]);
    let transfer_id = refund.leg.transfer_id.clone().unwrap();
    story.tell_bank(Control::Return { transfer_id, return_code: "R02".to_owned(), addenda: String::new() });
    story.until("the refund came back", |now| now.refunds[0].leg.state == State::Returned).await;
    let again = format!("/payments/{}/refund/send-again", refund.id);
    let to = json!({ "bank_account_id": account.id });
    let seen = json!({ "bank_account_id": account.id, "account_last4": account.account.account_last4 });
    let funding = format!("/fundings/{}/attention/clear", standing.fundings[0].id);
    let outcome = json!({ "told": { "outcome": "never_reached" }, "reason": "They said so." });
    let unknown = format!("/unknown-outcomes/{}", standing.fundings[0].id);
    story.is_refused_as_own(ANN_OPERATES, Method::PUT, &unknown, outcome).await;
    story
        .is_refused_as_own(ANN_OPERATES, Method::POST, &format!("/payments/{}/attention/clear", refund.id), note())
        .await;
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &funding, note()).await;
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &again, to.clone()).await;
    story.call(OLGA, Method::POST, &again, to).await;
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &format!("{again}/confirm"), seen.clone()).await;
    story.call(OSCAR, Method::POST, &format!("{again}/confirm"), seen).await;
    story.until("the money is back", |now| now.refunds[0].leg.state == State::Completed).await;
}

#[tokio::test]
async fn nobody_is_a_pair_of_eyes_on_their_own_check_or_books() {
    let story = Story::after("check-returned-by-mail").await;
    let path = format!("/payments/{}/check/replace", story.payment_id());
    let address =
        json!({ "address": { "line_1": "PO Box 200", "city": "Wilmington", "state": "DE", "postal_code": "19886" } });
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &path, address.clone()).await;
    story.call(OLGA, Method::POST, &path, address.clone()).await;
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &format!("{path}/confirm"), address.clone()).await;
    story.call(OSCAR, Method::POST, &format!("{path}/confirm"), address).await;

    let booked = json!({
        "payer_id": story.person_of("ann"), "debit": "cash", "credit": "funds", "amount": "5.00", "reason": "Found.",
    });
    story.is_refused_as_own(ANN_OPERATES, Method::POST, "/ledger/corrections", booked.clone()).await;
    let proposed = story.call(OLGA, Method::POST, "/ledger/corrections", booked.clone()).await;
    let confirm = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
    story.is_refused_as_own(ANN_OPERATES, Method::POST, &confirm, booked).await;
}

#[tokio::test]
async fn a_replaced_check_is_made_out_to_whom_the_directory_names_by_now() {
    let story = Story::after("check-returned-by-mail").await;
    let address = json!({ "line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886" });
    let corrected = json!({ "name": "Example Cards LLC", "address": address });
    let directory = "/billers/ins_3/remittance";
    story.call(OLGA, Method::PUT, directory, corrected.clone()).await;
    story.call(OSCAR, Method::POST, &format!("{directory}/confirm"), corrected).await;
    let path = format!("/payments/{}/check/replace", story.payment_id());
    story.call(OLGA, Method::POST, &path, json!({ "address": address })).await;
    story.until_payment_is(State::Processing).await;
    let check = story.simulation.providers.bank_get(&format!("/transfers/checks/{}", story.check_id())).unwrap();
    assert_eq!(
        (&check["payee_name"], &check["payee_address"]["line_1"]),
        (&json!("Example Cards LLC"), &json!("PO Box 100"))
    );
}
