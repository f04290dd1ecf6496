//! Reviewing a card: everything that the decision needs is read consistently, the decision is recorded with its reason, and a payment
//! is opened where it says so.
//!
//! Guarantees: whatever was decided on is written, or checked, under the version it was read at: of two reviews at once, of one card or
//! of two cards on one bank account, only one holds, and the other decides again. Running it again is harmless.

use jiff::{SignedDuration, Timestamp};

use super::super::{OperationError, System, audit, billers, payers, stops};
use super::account_hold::AccountHold;
use super::open::{self, Opening};
use super::real_accounts::{self, Sharing};
use super::{items, link, notices, people, snapshot};
use crate::adapters::plaid::BalanceQuery;
use crate::domain::autopay::authorization::Authorization;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::{Card, LastDecision};
use crate::domain::autopay::decision::{
    Decision, Inputs, SkipReason, announcement, decide, late_bill_notice, operators_notice,
};
use crate::domain::autopay::freshness::Age;
use crate::domain::autopay::ids::{CardId, PersonId};
use crate::domain::autopay::item::{Item, event_of};
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::person::Person;
use crate::domain::autopay::review::Review;
use crate::domain::biller::Remittance;
use crate::domain::calendar::eastern_date;
use crate::domain::deadline::Deadline;
use crate::domain::ids::PaymentId;
use crate::domain::task::Task;
use crate::ports::table::{Change, Condition, Order, Query, TableError, decode};
use crate::store::keys;
use crate::store::stored::{Stored, create, read, replace};

/// A card with a standing authorization is looked at this often, whether or not anything is heard of it.
const REVIEW_EVERY_MINUTES: i64 = 12 * 60;

/// What passes by itself is looked at again after this.
const SOON_MINUTES: i64 = 15;

/// Everything that a decision is made on, as it was read.
struct Loaded {
    person: Person,
    card: Card,
    card_item: Item,
    /// The bank account that the setup names, and its item.
    bank: Option<(BankAccount, Item)>,
    /// The bank account holds a balance that is not written yet.
    has_new_balance: bool,
    remittance: Option<Remittance>,
    /// Others who hold the same card or bank account.
    sharing: Sharing,
    /// What their debits left behind at the bank account.
    hold: Option<AccountHold>,
    asked_by: Option<PersonId>,
    /// The stop switch is on, for all or for the person.
    stopped: bool,
}

/// What is decided on, where others share it.
struct Shared {
    card: Card,
    bank_account: Option<BankAccount>,
}

/// Reviews a card, for its person where `asked_by` names them. Nothing where there is no such card.
pub async fn review(
    system: &System,
    card_id: CardId,
    asked_by: Option<PersonId>,
    deadline: Deadline,
) -> Result<Option<Review>, OperationError> {
    for _ in 0..items::TRIES_MAX {
        let Some(loaded) = Loaded::read(system, card_id, asked_by).await? else { return Ok(None) };
        match loaded.decide_and_save(system, deadline).await {
            Ok(review) => return Ok(Some(review)),
            Err(OperationError::Table(TableError::ConditionFailed { .. })) => {}
            Err(other) => return Err(other),
        }
    }
    Err(OperationError::Contended(format!("card {card_id}")))
}

/// The recorded reviews of a card of theirs, newest first, a page of the latest.
pub async fn recorded(
    system: &System,
    person: PersonId,
    card_id: CardId,
    most: u32,
) -> Result<Vec<Review>, OperationError> {
    let card = people::card(system, person, card_id).await?;
    let query = Query { order: Order::Descending, page_items: Some(most), ..Query::primary(keys::reviews_of(card.id)) };
    let page = system.table.query(&query).await?;
    Ok(page.items.into_iter().map(decode).collect::<Result<_, _>>()?)
}

async fn load_item(system: &System, item_id: &str) -> Result<Item, OperationError> {
    read(&*system.table, &keys::item(item_id)).await?.ok_or_else(|| OperationError::not_found("item", item_id))
}

impl Loaded {
    async fn read(
        system: &System,
        card_id: CardId,
        asked_by: Option<PersonId>,
    ) -> Result<Option<Self>, OperationError> {
        let card = read::<Card>(&*system.table, &keys::card(card_id)).await?;
        let Some(card) = card.filter(|card| card.same_as.is_none()) else { return Ok(None) };
        let mut person = payers::load_person(system, card.person_id).await?;
        if person.receivable_open && payers::settle_receivable::<Person>(system, &keys::person(person.id)).await? {
            person = payers::load_person(system, person.id).await?;
        }
        let card_item = load_item(system, &card.item_id).await?;
        let bank = match card.setup.bank_account_id {
            Some(id) => {
                let account = people::bank_account(system, person.id, id).await?;
                let item = load_item(system, &account.item_id).await?;
                Some((account, item))
            }
            None => None,
        };
        let bank_account = bank.as_ref().map(|(account, _)| account);
        if real_accounts::hold_what_is_known(system, &card, bank_account).await? {
            return Box::pin(Self::read(system, card_id, asked_by)).await;
        }
        let sharing = Sharing::of(system, &card, bank_account).await?;
        let hold = match bank_account {
            Some(account) => Some(AccountHold::of(system, account).await?),
            None => None,
        };
        let remittance = billers::remittance(system, &card.institution_id).await?;
        let stopped = !stops::may_claim(system, &person.id.to_string()).await?;
        let has_new_balance = false;
        Ok(Some(Self { person, card, card_item, bank, has_new_balance, remittance, sharing, hold, asked_by, stopped }))
    }

    /// Card and bank account with what others who share them have under way.
    fn shared(&self) -> Shared {
        let bank_account = self.bank.as_ref().map(|(account, _)| self.sharing.bank_account(account));
        Shared { card: self.sharing.card(&self.card), bank_account }
    }

    fn inputs<'a>(&'a self, system: &'a System, shared: &'a Shared, now: Timestamp) -> Inputs<'a> {
        let bank_item = self.bank.as_ref().map(|(_, item)| item.state);
        Inputs {
            now,
            person: &self.person,
            card: &shared.card,
            card_item: self.card_item.state,
            bank_account: shared.bank_account.as_ref().zip(bank_item),
            has_new_balance: self.has_new_balance,
            is_account_held: self.hold.as_ref().is_some_and(|hold| hold.is_held),
            remittance: self.remittance.as_ref(),
            policy: &system.settings.autopay,
            stopped: self.stopped,
        }
    }

    async fn decide_and_save(mut self, system: &System, deadline: Deadline) -> Result<Review, OperationError> {
        let now = system.clock.business_now();
        let mut shared = self.shared();
        let mut decision = decide(&self.inputs(system, &shared, now));
        if decision.wants_bank_balance() && self.ask_bank(system, deadline).await? {
            shared = self.shared();
            decision = decide(&self.inputs(system, &shared, system.clock.business_now()));
        }
        let review = decision.review(&self.inputs(system, &shared, system.clock.business_now()));
        let late_bill = late_bill_notice(&self.inputs(system, &shared, review.at), &decision);
        self.save(system, &decision, &review, late_bill).await?;
        Ok(review)
    }

    /// Reads the balance at the bank. Answers whether there is one; what Plaid says instead is noted at the item.
    async fn ask_bank(&mut self, system: &System, deadline: Deadline) -> Result<bool, OperationError> {
        let Some((account, item)) = self.bank.as_mut() else { return Ok(false) };
        if !item.state.lets_decide(system.clock.business_now()) {
            return Ok(false);
        }
        let token = link::access_token(system, item).await?;
        let query = BalanceQuery { account_ids: vec![account.account_id.clone()], updated_from: None };
        let at = system.clock.business_now();
        match system.plaid().await?.balances(&token, &query, deadline).await {
            Ok(answer) => {
                let found = answer.accounts.iter().find(|found| found.account_id == account.account_id);
                let Some(found) = found else { return Ok(false) };
                let updated_at = found.balances.last_updated_datetime;
                account.take(snapshot::bank_reading(found, Age { read_at: at, updated_at }));
                self.has_new_balance = true;
                Ok(true)
            }
            Err(error) => {
                tracing::warn!(item = item.id, %error, "a bank balance could not be read");
                items::happened(system, &item.id, event_of(&error)).await?;
                *item = load_item(system, &item.id).await?;
                Ok(false)
            }
        }
    }

    /// One write: the card with what was decided, what the person is told, and the payment where there is one.
    async fn save(
        mut self,
        system: &System,
        decision: &Decision,
        review: &Review,
        late_bill: Option<NoticeKind>,
    ) -> Result<(), OperationError> {
        let now = review.at;
        let mut changes = Vec::new();
        if let Some(person) = self.asked_by {
            let (actor, subject) = (person.to_string(), self.card.id.to_string());
            changes.push(audit::entry(system, &actor, "review_card", &subject, Some(&review.code))?);
        }
        if decision.is_news(&self.card) {
            changes.push(create(review)?);
            self.card.last_decision = Some(LastDecision { at: now, code: review.code.clone() });
        }
        let told = decision.notice(&self.card, eastern_date(now)).into_iter().chain(late_bill);
        changes.extend(notices::puts(system, Recipient::Person(self.person.id), told).await?);
        let wanted = operators_notice(decision, &self.card);
        changes.extend(notices::puts(system, Recipient::Operators, wanted).await?);
        changes.extend(self.ask_what_is_not_shown(system, now).await?);
        if let Some(announced) = announcement(decision, eastern_date(now)) {
            self.card.announced = Some(announced);
        }
        let opened = match decision {
            Decision::Pay { why, .. } => Some(self.open(system, review, why.cause.is_bill(), &mut changes).await?),
            Decision::Announce { .. } | Decision::Skip(_) | Decision::Attention(_) => {
                if let Some((account, _)) = self.bank.as_mut().filter(|_| self.has_new_balance) {
                    changes.push(replace(account)?);
                }
                None
            }
        };
        self.card.due_at = next_review(&self.card, decision, now);
        self.card.updated_at = now;
        changes.push(replace(&mut self.card)?);
        system.table.write(changes).await?;
        tracing::info!(card = %self.card.id, decision = review.code, "a card was reviewed");
        system.hint(opened.map(|payment_id| Task::Advance { payment_id })).await;
        Ok(())
    }

    /// The changes of a payment besides the card's; the person and the links are held to what was decided on.
    async fn open(
        &mut self,
        system: &System,
        review: &Review,
        for_bill: bool,
        changes: &mut Vec<Change>,
    ) -> Result<PaymentId, OperationError> {
        let missing = || OperationError::Inconsistent(format!("{} is to be paid without a setup", review.card_id));
        let amount = review.amount.ok_or_else(missing)?;
        let remittance = self.remittance.clone().ok_or_else(missing)?;
        let (bank_account, bank_item) = self.bank.as_mut().ok_or_else(missing)?;
        let (person, card) = (&self.person, &mut self.card);
        let opening = Opening { person, card, bank_account, remittance, amount, for_bill, review };
        let (payment_id, puts) = open::open(system, opening).await?;
        changes.extend(puts);
        bank_account.updated_at = review.at;
        changes.push(replace(bank_account)?);
        changes.push(unchanged(&mut self.person));
        changes.push(unchanged(&mut self.card_item));
        if bank_item.id != self.card_item.id {
            changes.push(unchanged(bank_item));
        }
        // Of two who share an account only one opens a debit at once; the other decides again.
        changes.extend(fault!(SharedDebitsNotHeld, Vec::new(), self.sharing.unchanged()));
        if let Some(hold) = self.hold.take() {
            hold.hold_to(changes);
        }
        Ok(payment_id)
    }

    /// Asks the person about cashed checks that Plaid does not show.
    async fn ask_what_is_not_shown(&mut self, system: &System, now: Timestamp) -> Result<Vec<Change>, OperationError> {
        let card_name = self.card.name.clone();
        let mut asked = Vec::new();
        for payment in &mut self.card.payments {
            if payment.ask(now) {
                let (payment_id, amount) = (payment.payment_id, payment.amount);
                asked.push(NoticeKind::PostedAsked { payment_id, card_name: card_name.clone(), amount });
            }
        }
        notices::puts(system, Recipient::Person(self.person.id), asked).await
    }
}

/// Holds a write back unless the item is as it was read.
pub(super) fn unchanged<T: Stored>(item: &mut T) -> Change {
    Change::Check { key: item.key(), condition: Condition::VersionIs(*item.version_mut()) }
}

/// When a card is looked at again. What it waits for makes it due as well.
fn next_review(card: &Card, decision: &Decision, now: Timestamp) -> Option<Timestamp> {
    let after = |minutes: i64| now.checked_add(SignedDuration::from_mins(minutes)).ok();
    let stands = card.authorization.as_ref().is_some_and(Authorization::stands);
    let asks_at = card.payments.iter().filter_map(|payment| payment.asks_at()).min();
    let again = match decision {
        Decision::Skip(SkipReason::BankBalanceStale { .. } | SkipReason::Paused) => after(SOON_MINUTES),
        Decision::Pay { .. } | Decision::Announce { .. } | Decision::Skip(_) | Decision::Attention(_) => {
            after(REVIEW_EVERY_MINUTES)
        }
    };
    [again.filter(|_| stands), asks_at].into_iter().flatten().min()
}
