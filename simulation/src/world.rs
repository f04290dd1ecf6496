//! What persons' institutions know: their accounts and cards under keys of the institutions' own, whoever holds them and whatever links show
//! of them. Money that moves there moves for every holder.

use std::cell::RefCell;

use auditor::evidence::{Account, Balance, Booked, RealAccount, RealCard, Statement};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::actor::Actor;

/// A person who has a real account or card, and what control calls name it by there.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub subject: &'static str,
    pub account: &'static str,
    pub real: String,
}

/// Amounts that moved, each at its time; what will be booked later is among them.
type Changes = Vec<(Timestamp, i64)>;

#[derive(Debug, Default)]
pub(crate) struct World {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    holders: Vec<Holder>,
    accounts: Vec<(RealAccount, Changes)>,
    cards: Vec<(RealCard, Changes)>,
    /// What a bank said is to be used instead of another number.
    corrections: Vec<(Account, Account)>,
}

/// What stood at each time at which something moved.
fn balances(changes: &Changes) -> Vec<Balance> {
    let mut changes = changes.clone();
    changes.sort_by_key(|(at, _)| *at);
    let mut cents = 0;
    let mut balances = Vec::new();
    for (at, change) in changes {
        cents += change;
        balances.push(Balance { at, cents });
    }
    balances
}

fn dollars(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

impl World {
    pub(crate) fn accounts(&self) -> Vec<RealAccount> {
        let state = self.state.borrow();
        let with_balances =
            |(account, changes): &(RealAccount, Changes)| RealAccount { held: balances(changes), ..account.clone() };
        state.accounts.iter().map(with_balances).collect()
    }

    pub(crate) fn cards(&self) -> Vec<RealCard> {
        let state = self.state.borrow();
        let with_balances =
            |(card, changes): &(RealCard, Changes)| RealCard { owed: balances(changes), ..card.clone() };
        state.cards.iter().map(with_balances).collect()
    }

    /// Whether no person has anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.borrow().holders.is_empty()
    }

    /// A person has this account. Whoever comes second shares it.
    pub(crate) fn has_account(&self, holder: Holder, number: Account, held: i64, now: Timestamp) {
        let mut state = self.state.borrow_mut();
        if state.accounts.iter().all(|(known, _)| known.key != holder.real) {
            let account = RealAccount { key: holder.real.clone(), numbers: vec![number], ..RealAccount::default() };
            state.accounts.push((account, vec![(now, held)]));
        }
        state.holders.push(holder);
    }

    /// The same of a card.
    pub(crate) fn has_card(&self, holder: Holder, number: &str, owed: i64, now: Timestamp) {
        let mut state = self.state.borrow_mut();
        if state.cards.iter().all(|(known, _)| known.key != holder.real) {
            let card = RealCard { key: holder.real.clone(), number: number.to_owned(), ..RealCard::default() };
            state.cards.push((card, vec![(now, owed)]));
        }
        state.holders.push(holder);
    }

    /// What is owed on a card now, or held in an account.
    pub(crate) fn stands(&self, real: &str, now: Timestamp) -> i64 {
        let state = self.state.borrow();
        let accounts = state.accounts.iter().map(|(account, changes)| (&account.key, changes));
        let cards = state.cards.iter().map(|(card, changes)| (&card.key, changes));
        let changes = accounts.chain(cards).find(|(key, _)| key.as_str() == real).map(|(_, changes)| changes);
        changes.into_iter().flatten().filter(|(at, _)| *at <= now).map(|(_, change)| change).sum()
    }

    fn change(&self, real: &str, at: Timestamp, cents: i64) {
        let mut state = self.state.borrow_mut();
        let State { accounts, cards, .. } = &mut *state;
        let accounts = accounts.iter_mut().map(|(account, changes)| (&account.key, changes));
        let cards = cards.iter_mut().map(|(card, changes)| (&card.key, changes));
        if let Some((_, changes)) = accounts.chain(cards).find(|(key, _)| key.as_str() == real) {
            changes.push((at, cents));
        }
    }

    pub(crate) fn holders(&self, real: &str) -> Vec<Holder> {
        self.state.borrow().holders.iter().filter(|holder| holder.real == real).cloned().collect()
    }

    /// The number that the account has now.
    pub(crate) fn number(&self, real: &str) -> Option<Account> {
        let state = self.state.borrow();
        let (account, _) = state.accounts.iter().find(|(account, _)| account.key == real)?;
        account.numbers.last().cloned()
    }

    /// The number, now or before, that ends so.
    pub(crate) fn number_ending(&self, real: &str, last4: &str) -> Option<Account> {
        let state = self.state.borrow();
        let (account, _) = state.accounts.iter().find(|(account, _)| account.key == real)?;
        account.numbers.iter().rev().find(|number| number.account_number.ends_with(last4)).cloned()
    }

    pub(crate) fn renumber(&self, real: &str, number: Account) {
        let mut state = self.state.borrow_mut();
        if let Some((account, _)) = state.accounts.iter_mut().find(|(account, _)| account.key == real) {
            account.numbers.push(number);
        }
    }

    /// Whose account this is.
    pub(crate) fn account_of(&self, number: &Account) -> Option<String> {
        let state = self.state.borrow();
        // The first that was meant, however often it was corrected.
        let named = state.corrections.iter().rfind(|(_, new)| new == number).map(|(was, _)| was);
        let number = named.unwrap_or(number);
        let (account, _) = state.accounts.iter().find(|(account, _)| account.numbers.contains(number))?;
        Some(account.key.clone())
    }

    /// The bank of an account says what is to be used instead.
    pub(crate) fn corrects(&self, was: &Account, new: Account) {
        let mut state = self.state.borrow_mut();
        let first = state.corrections.iter().find(|(_, known)| known == was).map(|(first, _)| first.clone());
        state.corrections.push((first.unwrap_or_else(|| was.clone()), new));
    }

    /// The card whose number stands in this text.
    pub(crate) fn card_in(&self, text: &str) -> Option<String> {
        let state = self.state.borrow();
        let (card, _) = state.cards.iter().find(|(card, _)| text.contains(&card.number))?;
        Some(card.key.clone())
    }

    /// The account shows a transfer of ours from now on. False where it did already.
    pub(crate) fn take(&self, real: &str, transfer: &str, at: Timestamp) -> bool {
        let mut state = self.state.borrow_mut();
        let Some((account, _)) = state.accounts.iter_mut().find(|(account, _)| account.key == real) else {
            return false;
        };
        let is_new = account.taken.iter().all(|taken| taken.transfer != transfer);
        if is_new {
            account.taken.push(Booked { transfer: transfer.to_owned(), at });
        }
        is_new
    }

    fn book(&self, real: &str, transfer: &str, at: Timestamp) {
        let mut state = self.state.borrow_mut();
        if let Some((card, _)) = state.cards.iter_mut().find(|(card, _)| card.key == real) {
            card.booked.push(Booked { transfer: transfer.to_owned(), at });
        }
    }

    /// A statement of the card is issued.
    pub(crate) fn states(&self, real: &str, statement: Statement) {
        let mut state = self.state.borrow_mut();
        if let Some((card, _)) = state.cards.iter_mut().find(|(card, _)| card.key == real) {
            card.statements.push(statement);
        }
    }

    /// Nobody books our transfers any more from now on.
    pub(crate) fn rests(&self, now: Timestamp) {
        for (account, _) in &mut self.state.borrow_mut().accounts {
            account.until = Some(now);
        }
    }
}

impl Actor {
    /// Money leaves an account, or comes in where it is less than nothing; on a card it is spent.
    pub(crate) fn spend(&self, real: &str, cents: i64, seen_after_s: u64) {
        self.hub.world.change(real, self.now(), if self.is_card(real) { cents } else { -cents });
        let stands = dollars(self.hub.world.stands(real, self.now()));
        self.tell(format_args!("{real}: {} goes out; it stands at {stands}", dollars(cents)));
        for holder in self.hub.world.holders(real) {
            let told = json!({
                "control": "purchase", "user_id": holder.subject, "account": holder.account, "amount": dollars(cents),
                "name": "Example Shop", "seen_after_s": seen_after_s,
            });
            let _ = self.simulation.providers.tell_plaid(told);
        }
    }

    /// A payment arrives at a card's issuer, which books it so much later; a check of ours, where it is one.
    pub(crate) fn pay_card(&self, real: &str, cents: i64, check: Option<(&str, Option<&str>)>, booked_after_s: u64) {
        let after = SignedDuration::from_secs(i64::try_from(booked_after_s).unwrap_or_default());
        let at = self.now().saturating_add(after).unwrap_or(Timestamp::MAX);
        self.hub.world.change(real, at, -cents);
        self.tell(format_args!("{real}: {} is booked at {at}", dollars(cents)));
        if let Some((transfer, _)) = check {
            self.hub.world.book(real, transfer, at);
        }
        for holder in self.hub.world.holders(real) {
            let told = json!({
                "control": "pay_card", "user_id": holder.subject, "account": holder.account, "amount": dollars(cents),
                "check_number": check.and_then(|(_, number)| number), "booked_after_s": booked_after_s,
            });
            let _ = self.simulation.providers.tell_plaid(told);
        }
    }

    /// Changes a real account as every holder's link shows it.
    pub(crate) fn set_account(&self, real: &str, change: &Value, seen_after_s: u64) {
        for holder in self.hub.world.holders(real) {
            let told = json!({
                "control": "set_account", "user_id": holder.subject, "account": holder.account, "change": change,
                "seen_after_s": seen_after_s,
            });
            let _ = self.simulation.providers.tell_plaid(told);
        }
    }

    fn is_card(&self, real: &str) -> bool {
        self.hub.world.state.borrow().cards.iter().any(|(card, _)| card.key == real)
    }
}
