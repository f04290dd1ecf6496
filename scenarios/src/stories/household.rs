//! Ann, her bank account and her cards; and what she, her bank and her issuer do in many scenarios.

use http::Method;
use serde_json::{Value, json};
use shared::domain::bank::check::delivery::DeliveryStatus;
use shared::domain::leg::State;
use simulators::column::Control;

use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;
use crate::simulation::people::Caller;
use crate::simulation::standing::Standing;

pub(super) const ANN: &str = "ann";
pub(super) const BANK: &str = "ins_2";
pub(super) const ISSUER: &str = "ins_3";
/// Made up, and never to be seen in a log.
pub(crate) const BANK_ACCOUNT_NUMBER: &str = "000123456789";
pub(crate) const CARD_NUMBER: &str = "4111000001004421";
/// The number of the card whose mask is 8765.
pub(crate) const SECOND_CARD_NUMBER: &str = "4111000001058765";

/// A card of Ann's, as its issuer has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct CardAccount {
    pub(super) key: &'static str,
    pub(super) mask: &'static str,
    pub(super) owed: &'static str,
    pub(super) limit: Option<&'static str>,
    pub(super) due_on: &'static str,
}

/// 455.00 of 5,000.00 is owed, and the bill is weeks away.
pub(super) const CARD: CardAccount =
    CardAccount { key: "card", mask: "4421", owed: "455.00", limit: Some("5000.00"), due_on: "2026-04-20" };

/// What lies in Ann's bank account at first.
pub(super) const ENOUGH: &str = "8000.00";

/// Amounts that need no notice of their own.
pub(super) const WIDE_RANGE: (&str, &str) = ("1.00", "2500.00");

impl CardAccount {
    fn account(&self) -> Value {
        json!({
            "key": self.key, "name": format!("Everyday Card {}", self.mask), "official_name": "Everyday Rewards Card",
            "mask": self.mask, "type": "credit", "subtype": "credit card",
            "balances": { "current": self.owed, "limit": self.limit },
            "credit": {
                "is_overdue": false, "last_statement_balance": "455.00", "last_statement_issue_date": "2026-02-23",
                "minimum_payment_amount": "35.00", "next_payment_due_date": self.due_on,
            },
        })
    }
}

/// Plaid knows Ann's accounts; nothing is linked yet.
pub(super) fn open_accounts(simulation: &Simulation, available: &str, cards: &[CardAccount]) -> Played<()> {
    let routing = simulators::plaid::routing_number(BANK);
    let checking = json!({
        "key": "checking", "name": "Example Checking", "mask": "6789", "type": "depository", "subtype": "checking",
        "balances": { "available": available, "current": available },
        "numbers": { "account": BANK_ACCOUNT_NUMBER, "routing": routing },
    });
    let cards: Vec<Value> = cards.iter().map(CardAccount::account).collect();
    for (institution_id, accounts) in [(BANK, json!([checking])), (ISSUER, json!(cards))] {
        simulation.providers.tell_plaid(json!({
            "control": "create_person", "user_id": ANN, "institution_id": institution_id, "accounts": accounts,
        }))?;
    }
    Ok(())
}

/// Ann has linked both institutions, and every card is on autopay down to 30 % within this range.
pub(super) async fn set_up(
    simulation: &Simulation,
    available: &str,
    cards: &[CardAccount],
    range: (&str, &str),
) -> Played<()> {
    open_accounts(simulation, available, cards)?;
    simulation.enter_remittance_address(ISSUER).await?;
    link_both(simulation).await?;
    for card in simulation.standing()?.cards {
        let card_id = card.id.to_string();
        choose(simulation, &card_id).await?;
        enter_number(simulation, &card_id).await?;
        authorize(simulation, &card_id, range).await?;
    }
    simulation.let_days_pass(1).await
}

/// The usual card and enough money for it.
pub(super) async fn set_up_usual(simulation: &Simulation) -> Played<()> {
    set_up(simulation, ENOUGH, &[CARD], WIDE_RANGE).await
}

pub(super) async fn link_both(simulation: &Simulation) -> Played<()> {
    simulation.link(ANN, BANK).await?;
    simulation.link(ANN, ISSUER).await?;
    simulation
        .until("both institutions have been read", |now| !now.cards.is_empty() && !now.bank_accounts.is_empty())
        .await?;
    Ok(())
}

/// Ann chooses her bank account and the usual rule.
pub(super) async fn choose(simulation: &Simulation, card_id: &str) -> Played<()> {
    let standing = simulation.standing()?;
    let Some(bank_account) = standing.bank_accounts.first() else {
        return Err(ScenarioError::wrong("no bank account was found at Ann's bank"));
    };
    let chosen = json!({
        "bank_account_id": bank_account.id,
        "rule": { "threshold": 3000, "above_threshold": { "down_to": 3000 }, "when_due": "minimum" },
    });
    simulation.call(Caller::Person(ANN), Method::PUT, &format!("/cards/{card_id}/autopay"), chosen).await.map(drop)
}

pub(super) async fn enter_number(simulation: &Simulation, card_id: &str) -> Played<()> {
    let standing = simulation.standing()?;
    let mask = standing.cards.iter().find(|card| card.id.to_string() == card_id).and_then(|card| card.mask.as_deref());
    let number = json!({ "card_number": if mask == Some("8765") { SECOND_CARD_NUMBER } else { CARD_NUMBER } });
    simulation.call(Caller::Person(ANN), Method::PUT, &format!("/cards/{card_id}/autopay"), number).await.map(drop)
}

pub(super) async fn authorize(simulation: &Simulation, card_id: &str, range: (&str, &str)) -> Played<()> {
    let (least, most) = range;
    let path = format!("/authorization-text?card_id={card_id}&least={least}&most={most}");
    let text = simulation.call(Caller::Person(ANN), Method::GET, &path, Value::Null).await?;
    let agreed = json!({
        "text_version": text["text_version"], "text_sha256": text["text_sha256"],
        "bank_account_id": text["bank_account_id"],
        "range": { "least": least, "most": most },
    });
    let path = format!("/cards/{card_id}/authorization");
    simulation.call(Caller::Person(ANN), Method::POST, &path, agreed).await.map(drop)
}

/// Ann buys something with a card; Plaid sees it at once.
pub(super) fn buy(simulation: &Simulation, card: &str, amount: &str) -> Played<()> {
    let bought =
        json!({ "control": "purchase", "user_id": ANN, "account": card, "amount": amount, "name": "Example Shop" });
    simulation.providers.tell_plaid(bought).map(drop)
}

/// Money leaves Ann's bank account.
pub(super) fn spend(simulation: &Simulation, amount: &str) -> Played<()> {
    buy(simulation, "checking", amount)
}

/// Ann pays a card herself, elsewhere.
pub(super) fn pay_otherwise(simulation: &Simulation, amount: &str) -> Played<()> {
    let paid = json!({ "control": "pay_card", "user_id": ANN, "account": CARD.key, "amount": amount });
    simulation.providers.tell_plaid(paid).map(drop)
}

/// 63.1 % of the limit is owed: 1,655.00 above 30 %.
pub(super) fn pass_threshold(simulation: &Simulation) -> Played<()> {
    buy(simulation, CARD.key, "2700.00")
}

pub(super) async fn opened(simulation: &Simulation) -> Played<Standing> {
    simulation.until("a payment is opened", |now| now.payment().is_some()).await
}

pub(super) async fn debited(simulation: &Simulation) -> Played<Standing> {
    let is_debited = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Processing);
    simulation.until("the debit is at the bank", is_debited).await
}

pub(super) async fn settled(simulation: &Simulation) -> Played<Standing> {
    let is_settled = |now: &Standing| now.funding().is_some_and(|funding| funding.leg.state == State::Completed);
    simulation.until("the debit has settled", is_settled).await
}

pub(super) async fn issued(simulation: &Simulation) -> Played<Standing> {
    let is_issued = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Processing);
    simulation.until("the check is issued", is_issued).await
}

fn letter(standing: &Standing) -> Option<&DeliveryStatus> {
    standing.payment()?.check.as_ref()?.delivery_status.as_ref()
}

pub(super) async fn mailed(simulation: &Simulation) -> Played<Standing> {
    let is_out = |now: &Standing| letter(now).is_some_and(|status| status.rank() >= DeliveryStatus::Mailed.rank());
    simulation.until("the check is in the mail", is_out).await
}

pub(super) async fn delivered(simulation: &Simulation) -> Played<Standing> {
    let has_come = |now: &Standing| letter(now) == Some(&DeliveryStatus::Delivered);
    simulation.until("the check is delivered", has_come).await
}

/// The bank's id of the check that is out, or of whatever the payment went by.
pub(super) fn check_id(standing: &Standing) -> Played<String> {
    let id = standing.payment().and_then(|payment| payment.leg.transfer_id.clone());
    id.ok_or_else(|| ScenarioError::wrong("no check was issued"))
}

pub(super) fn debit_id(standing: &Standing) -> Played<String> {
    let id = standing.funding().and_then(|funding| funding.leg.transfer_id.clone());
    id.ok_or_else(|| ScenarioError::wrong("no debit was sent"))
}

/// The issuer cashes the check as it is.
pub(super) async fn cashed(simulation: &Simulation) -> Played<Standing> {
    let transfer_id = check_id(&simulation.standing()?)?;
    simulation.providers.tell_bank(Control::CashCheck { transfer_id, amount: None, beats_stop: false })?;
    let is_paid = |now: &Standing| now.payment().is_some_and(|payment| payment.leg.state == State::Completed);
    simulation.until("the check is cashed", is_paid).await
}

/// The issuer books the last payment on its card, and Plaid sees it, so many seconds from now.
pub(super) fn book_on_card(simulation: &Simulation, card: &str, after_seconds: u32) -> Played<()> {
    let standing = simulation.standing()?;
    let Some(payment) = standing.payment() else { return Err(ScenarioError::wrong("there is no payment to book")) };
    simulation.providers.tell_plaid(json!({
        "control": "pay_card", "user_id": ANN, "account": card, "amount": payment.amount, "booked_after_s": after_seconds,
    }))?;
    Ok(())
}

pub(super) async fn shown(simulation: &Simulation) -> Played<Standing> {
    let is_shown =
        |now: &Standing| now.cards.iter().all(|card| card.payments.iter().all(|payment| !payment.is_in_flight()));
    simulation.until("Plaid shows the payment", is_shown).await
}

/// From an opened payment to a card whose balance shows it.
pub(super) async fn pay_to_the_end(simulation: &Simulation) -> Played<()> {
    let standing = settled(simulation).await?;
    let amount = standing.payment().map(|payment| payment.amount.to_string()).unwrap_or_default();
    spend(simulation, &amount)?;
    issued(simulation).await?;
    delivered(simulation).await?;
    cashed(simulation).await?;
    book_on_card(simulation, CARD.key, 0)?;
    shown(simulation).await?;
    Ok(())
}
