//! What had no way out: a person's money that nobody gave back, an address that was tried again, an agreement that another's return ended,
//! and a link too large to end.

use ::scenarios::simulation::people::Caller;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::domain::autopay::bank_account::BankAccount;
use shared::domain::leg::{AttentionReason, State};
use shared::domain::payment::Payment;
use simulators::column::{CallFault, CallFaultKind, Control, Direction, MailStatus, ReturnMoment, ReturnPlan};

use super::story::{OLGA, OSCAR, Story, count};

const BANK: &str = "ins_2";
const CLEO: Caller = Caller::Person("cleo");

/// More bank accounts than one write of the table holds.
const MANY: usize = 105;

impl Story {
    /// Ann's check is out and her debit comes back; before the bank stops the check she repays that much by wire.
    async fn that_repays_before_the_check_is_stopped(amount: &str) -> Self {
        let story = Self::that_will_pay().await;
        story.until_payment_is(State::Processing).await;
        story.tell_bank(Control::FaultCalls(CallFault {
            fault: CallFaultKind::ErrorBefore,
            count: 1_000,
            method: Some("POST".to_owned()),
            path_prefix: "/transfers/checks".to_owned(),
        }));
        story.bank_returns(story.debit_id()).await;
        assert!(story.standing().persons[0].receivable_open);
        story.repays(amount).await;
        story.tell_bank(Control::ClearFaults);
        story.until_payment_is(State::Returned).await;
        story
    }

    async fn repays(&self, amount: &str) {
        self.wire(amount).await;
        self.has_repaid(amount).await;
    }

    async fn has_repaid(&self, amount: &str) {
        self.book(self.terms(("cash", "receivable"), amount, "Repaid by wire.")).await;
        self.simulation.settle().await.unwrap();
    }

    fn terms(&self, (debit, credit): (&str, &str), amount: &str, reason: &str) -> Value {
        let payer_id = self.standing().persons[0].id;
        json!({ "payer_id": payer_id, "debit": debit, "credit": credit, "amount": amount, "reason": reason })
    }

    /// Two operators book it.
    async fn book(&self, terms: Value) {
        let proposed = self.call(OLGA, Method::POST, "/ledger/corrections", terms.clone()).await;
        let path = format!("/ledger/corrections/{}/confirm", proposed["correction_id"].as_str().unwrap());
        self.call(OSCAR, Method::POST, &path, terms).await;
    }

    /// She wires what no payment is about.
    async fn finds_beside(&self, amount: &str) {
        self.wire(amount).await;
        self.book(self.terms(("cash", "funds"), amount, "Paid in beside all.")).await;
    }

    /// Her wire is taken back by the bank that sent it.
    async fn is_recalled(&self, amount: &str) {
        self.book(self.terms(("receivable", "cash"), amount, "Her wire was recalled.")).await;
    }

    fn set_off(&self, amount: &str) -> Value {
        let mut terms = self.terms(("funds", "receivable"), amount, "Set off.");
        terms["uses"] = json!(self.standing().payment().unwrap().funding_id());
        terms
    }

    fn taken_back(&self, amount: &str) -> Value {
        let mut terms = self.set_off(amount);
        (terms["debit"], terms["credit"]) = (json!("receivable"), json!("funds"));
        terms
    }

    async fn takes_back(&self, amount: &str) {
        self.book(self.taken_back(amount)).await;
    }

    async fn sets_off(&self, amount: &str) {
        self.book(self.set_off(amount)).await;
    }

    async fn sets_off_what_is_refused(&self, amount: &str) {
        let refused = self.refusal(OLGA, Method::POST, "/ledger/corrections", self.set_off(amount)).await;
        assert!(refused.contains("about_invalid"), "{refused}");
    }

    /// She has repaid her lost debit, and the refund of the stopped check does not arrive.
    async fn whose_refund_comes_back() -> Self {
        let story = Self::that_repays_before_the_check_is_stopped("2155.00").await;
        story.tell_bank(Control::PlanReturns(ReturnPlan::new(Direction::Credit, ReturnMoment::Settled, 1, &["R02"])));
        story.clear_attention().await;
        story
            .until("the refund came back", |now| now.refunds.iter().any(|refund| refund.leg.state == State::Returned))
            .await;
        story
    }

    async fn sends_again(&self) {
        let path = format!("/payments/{}/refund/send-again", self.standing().refunds[0].id);
        self.call(OLGA, Method::POST, &path, json!({})).await;
    }

    async fn money_is_back(&self) {
        let is_back = |refund: &Payment| refund.leg.state == State::Completed;
        self.until("the money is back", |now| now.refunds.iter().any(is_back)).await;
        assert_eq!(self.standing().refunds.len(), 1);
        self.is_balanced().await;
    }

    /// A link of Cleo's to so many bank accounts.
    async fn large_link(&self) -> String {
        let routing = simulators::plaid::routing_number(BANK);
        let account = |number: usize| {
            json!({
                "key": format!("checking{number}"), "name": format!("Checking {number}"), "mask": format!("{number:04}"),
                "type": "depository", "subtype": "checking", "balances": { "available": "10.00", "current": "10.00" },
                "numbers": { "account": format!("0007{number:06}"), "routing": routing },
            })
        };
        let accounts: Vec<Value> = (1000..1000 + MANY).map(account).collect();
        self.tell_plaid(json!({
            "control": "create_person", "user_id": "cleo", "institution_id": BANK, "accounts": accounts,
        }));
        let item_id = self.simulation.link("cleo", BANK).await.unwrap();
        self.simulation.settle().await.unwrap();
        assert_eq!(self.accounts_of(&item_id).len(), MANY);
        item_id
    }

    fn accounts_of(&self, item_id: &str) -> Vec<BankAccount> {
        self.standing().bank_accounts.into_iter().filter(|account| account.item_id == item_id).collect()
    }

    fn has_ended(&self, item_id: &str) -> bool {
        let is_over = self.standing().items.iter().any(|item| item.id == item_id && item.state.is_over());
        let accounts = self.accounts_of(item_id);
        let has_ended = |account: &BankAccount| account.unusable.is_some() && account.permission_ended_at.is_some();
        is_over && accounts.len() == MANY && accounts.iter().all(has_ended)
    }
}

#[tokio::test]
async fn the_money_of_a_stopped_check_goes_back_to_whoever_has_repaid_its_lost_debit() {
    let story = Story::that_repays_before_the_check_is_stopped("2155.00").await;
    assert!(story.standing().refunds.is_empty(), "an operator may look first");
    story.clear_attention().await;
    story.money_is_back().await;
}

#[tokio::test]
async fn a_refund_of_repaid_money_that_came_back_is_sent_again() {
    let story = Story::whose_refund_comes_back().await;
    story.sends_again().await;
    story.money_is_back().await;
}

/// What we hold is hers once she owes nothing any more.
#[tokio::test]
async fn the_money_of_a_stopped_check_waits_for_the_rest_of_what_its_person_owes() {
    let story = Story::that_repays_before_the_check_is_stopped("1000.00").await;
    story.clear_attention().await;
    story.let_days_pass(3).await;
    assert!(story.standing().refunds.is_empty());
    story.repays("1155.00").await;
    story.money_is_back().await;
}

/// What lies there is set against what she owes: the rest of it is given back, and nothing of what another payment holds.
#[tokio::test]
async fn what_operators_set_against_a_debt_is_not_given_back() {
    let story = Story::that_repays_before_the_check_is_stopped("1000.00").await;
    story.finds_beside("500.00").await;
    story.sets_off("1155.00").await;
    story.clear_attention().await;
    story.money_is_back().await;
    let standing = story.standing();
    assert_eq!(standing.refunds[0].amount.to_string(), "1000.00");
    assert!(!standing.persons[0].receivable_open, "nothing is owed");
}

#[tokio::test]
async fn a_payment_whose_money_was_all_set_against_a_debt_ends_without_a_refund() {
    let story = Story::that_repays_before_the_check_is_stopped("1000.00").await;
    story.is_recalled("1000.00").await;
    story.sets_off_what_is_refused("2155.01").await;
    story.sets_off("2155.00").await;
    story.clear_attention().await;
    story.let_days_pass(3).await;
    let standing = story.standing();
    assert!(standing.refunds.is_empty(), "there is nothing to give back");
    let payment = standing.payment().unwrap();
    assert!(payment.leg.attention.is_none(), "nobody has to look again");
    assert!(payment.autopay.as_ref().unwrap().used_up_at.is_some());
    assert!(!standing.persons[0].receivable_open, "nothing is owed");
}

/// What is left of a refund could not be sent again.
#[tokio::test]
async fn a_refund_that_came_back_is_set_against_a_debt_whole_or_not_at_all() {
    let story = Story::whose_refund_comes_back().await;
    story.is_recalled("400.00").await;
    story.sets_off_what_is_refused("400.00").await;
    story.has_repaid("400.00").await;
    story.sends_again().await;
    story.money_is_back().await;
}

/// Whether the refund stayed with her is the bank's to say; then somebody sends it again.
#[tokio::test]
async fn a_refund_whose_return_is_disputed_pays_no_debt_and_keeps_a_flag() {
    let story = Story::that_repays_before_the_check_is_stopped("2155.00").await;
    story.clear_attention().await;
    story.money_is_back().await;
    let transfer_id = story.standing().refunds[0].leg.transfer_id.clone().unwrap();
    story.bank_returns(transfer_id.clone()).await;
    story.tell_bank(Control::DishonorReturn { transfer_id });
    let is_disputed = |refund: &Payment| refund.leg.attention_reason() == Some(AttentionReason::ReturnDisputed);
    story.until("its return is disputed", |now| now.refunds.iter().any(is_disputed)).await;
    story.is_recalled("2155.00").await;
    story.sets_off_what_is_refused("2155.00").await;
    story.has_repaid("2155.00").await;

    let path = format!("/payments/{}/attention/clear", story.standing().refunds[0].id);
    story.call(OLGA, Method::POST, &path, json!({ "note": "The dispute came to nothing." })).await;
    let flag = story.standing().refunds[0].leg.attention_reason();
    assert_eq!(flag, Some(AttentionReason::RefundReturned));
    story.sends_again().await;
    story.money_is_back().await;
}

/// Nobody would give it back any more.
#[tokio::test]
async fn what_was_set_off_stays_so_once_the_rest_was_given_back() {
    let story = Story::that_repays_before_the_check_is_stopped("1000.00").await;
    story.sets_off("1155.00").await;
    story.takes_back("100.00").await;
    story.sets_off("100.00").await;
    story.clear_attention().await;
    story.money_is_back().await;
    let refused = story.refusal(OLGA, Method::POST, "/ledger/corrections", story.taken_back("100.00")).await;
    assert!(refused.contains("given back"), "{refused}");
}

/// What lies there pays for nothing else: her next payment is not paid with it, and it is not spent twice.
#[tokio::test]
async fn money_that_no_debit_brought_is_not_given_back_with_a_payment() {
    let story = Story::that_repays_before_the_check_is_stopped("2155.00").await;
    story.finds_beside("500.00").await;
    story.sets_off_what_is_refused("1.00").await;
    story.clear_attention().await;
    story.money_is_back().await;
    assert_eq!(story.standing().refunds[0].amount.to_string(), "2155.00");
}

#[tokio::test]
async fn a_check_that_failed_at_two_addresses_is_mailed_to_neither_again() {
    let story = Story::after("check-returned-by-mail").await;
    story.replace_check().await;
    story.until_payment_is(State::Processing).await;
    story.until("the new letter is in the mail", |now| count(now, "check_mailed") == 2).await;
    story.tell_bank(Control::MoveMail { transfer_id: story.check_id(), to: MailStatus::ReturnedToSender });
    story.until_payment_is(State::Returned).await;
    story.clear_attention().await;
    story.money_is_back().await;
    story.change_card(&json!({ "balances": { "current": "3156.00" } }));
    story.let_days_pass(10).await;
    assert_eq!(story.standing().payments.len(), 1);
    assert_eq!(story.review().await["code"], "held_back");
}

#[tokio::test]
async fn the_return_of_a_debit_does_not_end_an_agreement_that_came_after_it() {
    let story = Story::after("below-threshold").await;
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "ann", "institution_id": BANK, "accounts": [{
            "key": "other", "name": "Other Checking", "mask": "0008", "type": "depository", "subtype": "checking",
            "balances": { "available": "9000.00", "current": "9000.00" },
            "numbers": { "account": "000888880008", "routing": simulators::plaid::routing_number(BANK) },
        }],
    }));
    story.link_again(BANK).await;
    story.let_days_pass(1).await;
    story.buy("card", "2700.00");
    story.until_debit_is(State::Completed).await;
    let other = story.standing().bank_accounts.into_iter().find(|account| account.account.account_last4 == "0008");
    let chosen = json!({ "bank_account_id": other.unwrap().id });
    story.call(super::story::ANN, Method::PUT, &format!("{}/autopay", story.card_path()), chosen).await;
    story.agree_again().await;
    let (transfer_id, return_code) = (story.debit_id(), "R08".to_owned());
    story.tell_bank(Control::Return { transfer_id, return_code, addenda: String::new() });
    story.until_payment_is(State::Failed).await;
    let authorization = story.standing().cards[0].authorization.clone().unwrap();
    assert!(authorization.stands(), "{:?}", authorization.ended_by_return);
    story.until("it is paid from the other account", |now| now.payments.len() == 2).await;
}

#[tokio::test]
async fn a_link_with_more_accounts_than_one_write_holds_is_removed() {
    let story = Story::after("below-threshold").await;
    let item_id = story.large_link().await;
    story.call(CLEO, Method::DELETE, &format!("/items/{item_id}"), Value::Null).await;
    assert!(story.has_ended(&item_id));
}

#[tokio::test]
async fn a_link_with_more_accounts_than_one_write_holds_ends_with_its_permission() {
    let story = Story::after("below-threshold").await;
    let item_id = story.large_link().await;
    story.tell_plaid(json!({ "control": "revoke_permission", "item_id": item_id }));
    story.simulation.let_pass(SignedDuration::from_hours(1)).await.unwrap();
    assert!(story.has_ended(&item_id));
}

#[tokio::test]
async fn a_second_link_beside_one_with_more_accounts_than_one_write_holds_is_read() {
    let story = Story::after("below-threshold").await;
    story.large_link().await;
    story.tell_plaid(json!({
        "control": "create_person", "user_id": "cleo", "institution_id": BANK, "accounts": [{
            "key": "new", "name": "New Checking", "mask": "0005", "type": "depository", "subtype": "checking",
            "balances": { "available": "10.00", "current": "10.00" },
            "numbers": { "account": "000555550005", "routing": simulators::plaid::routing_number(BANK) },
        }],
    }));
    let second = story.simulation.link("cleo", BANK).await.unwrap();
    story.simulation.let_pass(SignedDuration::from_hours(1)).await.unwrap();
    let items = story.standing().items;
    assert!(items.iter().any(|item| item.id == second && item.read_at.is_some()));
}
