//! What operators do where autopay cannot go on by itself, and what comes of it: the books balance and the bank agrees to the cent.

use ::scenarios::simulation::people::Caller;
use ::scenarios::simulation::standing::Standing;
use http::Method;
use serde_json::{Value, json};
use shared::domain::leg::State;
use shared::domain::source::PauseReason;
use shared::ports::table::Query;
use shared::store::keys;
use simulators::column::{CallFault, CallFaultKind, Control, MailStatus};

use super::story::{ANN, OLGA, OSCAR, Story, count};

impl Story {
    pub(super) async fn replace_check(&self) {
        let address = json!({ "line_1": "PO Box 200", "city": "Wilmington", "state": "DE", "postal_code": "19886" });
        let path = format!("/payments/{}/check/replace", self.payment_id());
        self.call(OLGA, Method::POST, &path, json!({ "address": address })).await;
        let confirm = format!("{path}/confirm");
        let alone = self.simulation.call(OLGA, Method::POST, &confirm, json!({ "address": address })).await;
        assert!(alone.is_err_and(|refusal| refusal.to_string().contains("same_person")));
        let unseen = self.simulation.call(OSCAR, Method::POST, &confirm, replacement()).await;
        assert!(unseen.is_err_and(|refusal| refusal.to_string().contains("proposal_differs")));
        let seen = self.address_that_attention_leads_to().await;
        assert_eq!(seen, address);
        self.call(OSCAR, Method::POST, &confirm, json!({ "address": address })).await;
    }

    /// What Oscar finds where he is told what he may do.
    async fn address_that_attention_leads_to(&self) -> Value {
        let waiting = self.call(OSCAR, Method::GET, "/attention?kind=payment", Value::Null).await;
        let actions = waiting["items"][0]["actions"].as_array().unwrap();
        let read = actions.iter().find(|action| action["method"] == "GET").unwrap();
        let proposed = self.call(OSCAR, Method::GET, read["path"].as_str().unwrap(), Value::Null).await;
        assert_eq!((&proposed["proposed_by"], &proposed["confirmed_by"]), (&json!("olga"), &Value::Null));
        proposed["address"].clone()
    }

    /// The replaced check goes out, to the corrected address, and pays.
    async fn new_check_pays(&self) {
        let first = self.check_id();
        self.replace_check().await;
        self.until_payment_is(State::Processing).await;
        assert_ne!(self.check_id(), first);
        let check = self.simulation.providers.bank_get(&format!("/transfers/checks/{}", self.check_id())).unwrap();
        assert_eq!(check["payee_address"]["line_1"], "PO Box 200");
        self.until("the new letter is in the mail", |now| count(now, "check_mailed") == 2).await;
        self.cash_check().await;
        assert!(self.standing().refunds.is_empty(), "the money went to the issuer");
        self.is_balanced().await;
    }

    pub(super) async fn money_goes_back(&self) {
        self.clear_attention().await;
        let is_refunded = |now: &Standing| now.refunds.iter().any(|refund| refund.leg.state == State::Completed);
        self.until("the money is back in the bank account", is_refunded).await;
        assert_eq!(count(&self.standing(), "refund_sent"), 1);
        let refused = self.simulation.call(OLGA, Method::POST, &self.replacement_path(), replacement()).await;
        assert!(refused.is_err(), "what went back cannot be mailed as well");
        self.is_balanced().await;
    }

    pub(super) async fn bank_returns(&self, transfer_id: String) {
        let returned = Control::Return { transfer_id, return_code: "R02".to_owned(), addenda: String::new() };
        self.simulation.providers.tell_bank(returned).unwrap();
        self.simulation.settle().await.unwrap();
    }

    /// The person sends money to their own account at the bank.
    pub(super) async fn wire(&self, amount: &str) {
        let accounts = self.simulation.providers.bank_get("/bank-accounts").unwrap();
        let own = format!(" {}", self.standing().persons[0].id);
        let is_own = |account: &&Value| account["description"].as_str().is_some_and(|text| text.ends_with(&own));
        let account = accounts["bank_accounts"].as_array().unwrap().iter().find(is_own).unwrap();
        let cents: i64 = amount.replace('.', "").parse().unwrap();
        let wire = json!({
            "destination_account_number_id": account["default_account_number_id"], "amount": cents, "currency_code": "USD",
        });
        self.simulation.providers.bank_post("/simulate/receive-wire", &wire).unwrap();
    }

    fn replacement_path(&self) -> String {
        format!("/payments/{}/check/replace", self.payment_id())
    }
}

fn replacement() -> Value {
    json!({ "address": { "line_1": "PO Box 300", "city": "Wilmington", "state": "DE", "postal_code": "19886" } })
}

#[tokio::test]
async fn a_check_that_came_back_by_mail_is_sent_to_a_corrected_address_and_pays() {
    Story::after("check-returned-by-mail").await.new_check_pays().await;
}

#[tokio::test]
async fn the_money_of_a_check_that_came_back_by_mail_goes_back_where_the_flag_is_cleared() {
    Story::after("check-returned-by-mail").await.money_goes_back().await;
}

#[tokio::test]
async fn a_check_that_was_refused_is_made_anew_and_pays() {
    Story::after("check-cashed-for-another-amount").await.new_check_pays().await;
}

#[tokio::test]
async fn the_money_of_a_check_that_was_refused_goes_back_where_the_flag_is_cleared() {
    Story::after("check-cashed-for-another-amount").await.money_goes_back().await;
}

#[tokio::test]
async fn a_replaced_check_that_comes_back_too_is_stopped_and_told_of_again() {
    let story = Story::after("check-returned-by-mail").await;
    story.replace_check().await;
    story.until_payment_is(State::Processing).await;
    story.until("the new letter is in the mail", |now| count(now, "check_mailed") == 2).await;
    let back = Control::MoveMail { transfer_id: story.check_id(), to: MailStatus::ReturnedToSender };
    story.simulation.providers.tell_bank(back).unwrap();
    story.until_payment_is(State::Returned).await;
    let standing = story.standing();
    assert_eq!((count(&standing, "check_returned_by_mail"), count(&standing, "attention_raised")), (2, 2));
    story.money_goes_back().await;
}

#[tokio::test]
async fn a_check_whose_debit_came_back_is_not_replaced_and_what_is_owed_is_taken_off_once() {
    let story = Story::after("check-returned-by-mail").await;
    let transfer_id = story.standing().funding().unwrap().leg.transfer_id.clone().unwrap();
    let returned = Control::Return { transfer_id, return_code: "R02".to_owned(), addenda: String::new() };
    story.simulation.providers.tell_bank(returned).unwrap();
    story.until("the debit came back", |now| now.funding().unwrap().leg.state == State::Returned).await;
    let refused = story.simulation.call(OLGA, Method::POST, &story.replacement_path(), replacement()).await;
    assert!(refused.is_err_and(|refusal| refusal.to_string().contains("money_gone")));
    story.clear_attention().await;
    story.simulation.let_days_pass(2).await.unwrap();
    story.is_balanced().await;
}

/// Without the look into the books the debt would be taken off twice: the person would have repaid it, and lose the refund as well.
#[tokio::test]
async fn whoever_is_blocked_is_not_told_that_autopay_goes_on() {
    let story = Story::after("funding-returned-after-mailing-stop-wins").await;
    let standing = story.standing();
    let ended = standing.notices.iter().find(|told| told.kind.code() == "receivable_ended").unwrap();
    let text = &ended.text;
    assert!(text.contains("No new debit is made until we have spoken to you") && !text.contains("goes on"), "{text}");
}

/// The first that the bank hears of a person is that their account is to be opened.
#[tokio::test]
async fn a_key_that_is_refused_at_a_person_s_first_payment_lets_them_rest_and_the_bill_is_paid_after_it() {
    let story = Story::that_will_pay().await;
    let refused = CallFaultKind::Unauthorized;
    let path_prefix = "/bank-accounts".to_owned();
    story.tell_bank(Control::FaultCalls(CallFault { fault: refused, count: 1, method: None, path_prefix }));
    let is_paused = |now: &Standing| now.persons[0].pause.is_some();
    let standing = story.until("she rests", is_paused).await;
    let pause = standing.persons[0].pause.as_ref().unwrap();
    assert!(matches!(pause.reason, PauseReason::Bank(_)) && pause.until.is_some(), "{pause:?}");
    assert!(standing.funding().unwrap().leg.transfer_id.is_none());
    story.until_payment_is(State::Processing).await;
}

#[tokio::test]
async fn nobody_clears_what_holds_their_own_debits_back() {
    let story = Story::after("funding-returned-r10-unauthorized").await;
    let path = format!("/people/{}/block/clear", story.standing().persons[0].id);
    let note = json!({ "note": "It was me." });
    let refused = story.simulation.call(Caller::Operator("ann"), Method::POST, &path, note).await;
    assert!(refused.is_err_and(|refusal| refusal.to_string().contains("own_block")));
    assert!(story.standing().persons[0].debit_block.is_some());
}

#[tokio::test]
async fn a_check_that_is_out_cannot_be_replaced() {
    let story = Story::after("happy-path").await;
    let refused = story.simulation.call(OLGA, Method::POST, &story.replacement_path(), replacement()).await;
    assert!(refused.is_err_and(|refusal| refusal.to_string().contains("payment_state")));
}

#[tokio::test]
async fn after_an_unauthorized_return_a_review_says_what_happened_and_what_helps() {
    let story = Story::after("funding-returned-r10-unauthorized").await;
    let blocked = story.review().await;
    assert_eq!(blocked["code"], "debits_blocked");
    let reason = blocked["reason"].as_str().unwrap();
    assert!(reason.contains("your bank returned a debit") && !reason.contains("revoked"), "{reason}");

    let standing = story.standing();
    let path = format!("/people/{}/block/clear", standing.persons[0].id);
    story.call(OLGA, Method::POST, &path, json!({ "note": "The holder had forgotten." })).await;
    assert_eq!(story.review().await["code"], "authorization_ended", "she has to agree again");

    let records = keys::authorizations_of(standing.cards[0].id);
    let records = story.simulation.system.table.query(&Query::primary(records)).await.unwrap().items;
    let steps: Vec<&str> = records.iter().map(|record| record["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["agreed", "ended_by_return"]);
    assert_eq!(records[1]["authorization"]["ended_by_return"]["return_code"], "R10");
}

#[tokio::test]
async fn a_return_that_operators_were_told_of_is_heard_again_when_it_is_disputed() {
    let story = Story::after("funding-returned-r10-unauthorized").await;
    let returned = story.standing().funding().unwrap().leg.transfer_id.clone().unwrap();
    story.simulation.providers.tell_bank(Control::DishonorReturn { transfer_id: returned }).unwrap();
    let is_heard = |now: &Standing| now.funding().unwrap().leg.bank_status.as_deref() == Some("RETURN_DISHONORED");
    story.until("the dispute is heard", is_heard).await;
    assert_eq!(count(&story.standing(), "attention_raised"), 2, "of the return, and of its dispute");
}

#[tokio::test]
async fn a_bank_s_own_address_is_mailed_to_only_where_two_operators_say_so() {
    const ISSUER: &str = "ins_3";
    let story = Story::after("issuer-address-unknown").await;
    let card_id = story.standing().cards[0].id;
    let card = story.call(ANN, Method::GET, &format!("/cards/{card_id}"), Value::Null).await;
    assert_eq!(card["missing"][0]["code"], "remittance_address", "the bank knows an address, and nobody allowed it");

    let path = format!("/billers/{ISSUER}/remittance");
    let choice = json!({ "routing_number": "021000021", "name": "Example Card Services" });
    story.call(OLGA, Method::PUT, &format!("{path}/institution-address"), choice).await;
    story.simulation.settle().await.unwrap();
    let proposed = story.call(OLGA, Method::GET, &format!("/billers/{ISSUER}"), Value::Null).await;
    assert_eq!(proposed["remittance"], Value::Null);
    let found = proposed["remittance_proposal"]["remittance"].clone();
    assert_eq!(found["institution_routing_number"], "021000021");
    let same_person = story.simulation.call(OLGA, Method::POST, &format!("{path}/confirm"), found.clone()).await;
    assert!(same_person.is_err_and(|refusal| refusal.to_string().contains("same_person")));
    let as_if_entered = json!({ "name": found["name"], "address": found["address"] });
    let unseen = story.simulation.call(OSCAR, Method::POST, &format!("{path}/confirm"), as_if_entered).await;
    assert!(unseen.is_err_and(|refusal| refusal.to_string().contains("proposal_differs")));
    story.call(OSCAR, Method::POST, &format!("{path}/confirm"), found.clone()).await;

    story.until("the letter is in the mail", |now| count(now, "check_mailed") == 1).await;
    let check = story.simulation.providers.bank_get(&format!("/transfers/checks/{}", story.check_id())).unwrap();
    assert_eq!(check["payee_address"]["line_1"], found["address"]["line_1"]);
    story.cash_check().await;
    story.is_balanced().await;
}
