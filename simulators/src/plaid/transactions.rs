//! Transactions: one append-only log for each person and institution, of which each item has seen a part; and what moves money on an account.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::error::{self, Failure};
use super::items::{Item, Product};
use super::money::Dollars;
use super::persons::seconds;
use super::webhooks::Notice;
use super::{Due, Plaid};

/// Transaction ids have as many characters as Plaid's.
const ID_LENGTH: usize = 37;

/// How far Plaid's first reading of an item's transactions is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Readiness {
    NotReady,
    Initial,
    Historical,
}

/// A purchase on a card costs a positive amount, a payment to it is negative.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Transaction {
    /// Unique at the simulated Plaid; each item makes an id of its own from it.
    pub(crate) number: u64,
    pub(crate) account: String,
    pub(crate) amount: Dollars,
    pub(crate) name: String,
    pub(crate) date: Date,
    pub(crate) kind: TransactionKind,
    pub(crate) is_pending: bool,
    pub(crate) pending_number: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TransactionKind {
    Purchase,
    CardPayment { check_number: Option<String> },
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Added(Transaction),
    /// Perhaps the same as before.
    Modified(Transaction),
    Removed {
        number: u64,
        account: String,
    },
}

impl Change {
    pub(crate) fn account(&self) -> &str {
        match self {
            Self::Added(transaction) | Self::Modified(transaction) => &transaction.account,
            Self::Removed { account, .. } => account,
        }
    }
}

/// Money that an institution will book.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Movement {
    pub(crate) account: String,
    /// Out of the account, or into it when negative.
    pub(crate) amount: Dollars,
    pub(crate) name: String,
    pub(crate) kind: TransactionKind,
    pub(crate) is_pending: bool,
    pub(crate) seen_after_s: u32,
}

impl Item {
    pub(crate) fn transaction_id(&self, number: u64) -> String {
        self.ids.opaque(number, ID_LENGTH)
    }

    /// The transaction as this item shows it; `None` for an account that is not of the item.
    pub(crate) fn transaction_view(&self, transaction: &Transaction) -> Option<Value> {
        let account_id = self.account_id(&transaction.account)?;
        let (primary, detailed, check_number) = match &transaction.kind {
            TransactionKind::Purchase => ("GENERAL_MERCHANDISE", "GENERAL_MERCHANDISE_OTHER_GENERAL_MERCHANDISE", None),
            TransactionKind::CardPayment { check_number } => {
                ("LOAN_PAYMENTS", "LOAN_PAYMENTS_CREDIT_CARD_PAYMENT", check_number.as_deref())
            }
        };
        Some(json!({
            "transaction_id": self.transaction_id(transaction.number),
            "account_id": account_id,
            "amount": transaction.amount.json(),
            "iso_currency_code": "USD",
            "unofficial_currency_code": null,
            "date": transaction.date.to_string(),
            "authorized_date": transaction.date.to_string(),
            "datetime": null,
            "authorized_datetime": null,
            "name": transaction.name,
            "merchant_name": null,
            "check_number": check_number,
            "pending": transaction.is_pending,
            "pending_transaction_id": transaction.pending_number.map(|number| self.transaction_id(number)),
            "account_owner": null,
            "payment_channel": "other",
            "transaction_code": null,
            "location": {
                "address": null, "city": null, "region": null, "postal_code": null, "country": null,
                "lat": null, "lon": null, "store_number": null,
            },
            "payment_meta": {
                "reference_number": null, "ppd_id": null, "payee": null, "by_order_of": null, "payer": null,
                "payment_method": null, "payment_processor": null, "reason": null,
            },
            "personal_finance_category": { "primary": primary, "detailed": detailed, "confidence_level": "HIGH" },
        }))
    }
}

impl Plaid {
    /// The institution books money; answers the transaction's number.
    pub(crate) fn book(&mut self, login: usize, movement: Movement) -> u64 {
        let number = self.ids.number();
        let today = self.today();
        if let Some(account) = self.logins[login].accounts.iter_mut().find(|account| account.key == movement.account) {
            account.book(movement.amount);
            if let (TransactionKind::CardPayment { .. }, Some(credit)) = (&movement.kind, &mut account.credit) {
                let paid = movement.amount.negated();
                credit.last_payment_amount = Some(paid);
                credit.last_payment_date = Some(today);
                if credit.minimum_payment_amount.is_none_or(|minimum| paid >= minimum) {
                    credit.is_overdue = credit.is_overdue.map(|_| false);
                }
            }
        }
        let transaction = Transaction {
            number,
            account: movement.account,
            amount: movement.amount,
            name: movement.name,
            date: today,
            kind: movement.kind,
            is_pending: movement.is_pending,
            pending_number: None,
        };
        self.logins[login].changes.push(Change::Added(transaction));
        self.see_after(login, movement.seen_after_s);
        number
    }

    fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// A pending transaction becomes final, under a new number.
    pub(crate) fn post_transaction(&mut self, number: u64, seen_after_s: u32) -> Result<u64, Failure> {
        let (login, pending) = self.find_transaction(number)?;
        if !pending.is_pending {
            return Err(Failure::field("transaction", "is not pending"));
        }
        let posted = self.ids.number();
        let account = pending.account.clone();
        let changes = &mut self.logins[login].changes;
        changes.push(Change::Removed { number, account });
        changes.push(Change::Added(Transaction {
            number: posted,
            is_pending: false,
            pending_number: Some(number),
            ..pending
        }));
        self.see_after(login, seen_after_s);
        Ok(posted)
    }

    /// A transaction disappears, and its effect on the balance with it.
    pub(crate) fn remove_transaction(&mut self, number: u64, seen_after_s: u32) -> Result<(), Failure> {
        let (login, gone) = self.find_transaction(number)?;
        let login_state = &mut self.logins[login];
        if let Some(account) = login_state.accounts.iter_mut().find(|account| account.key == gone.account) {
            account.book(gone.amount.negated());
        }
        login_state.changes.push(Change::Removed { number, account: gone.account });
        self.see_after(login, seen_after_s);
        Ok(())
    }

    /// A transaction is told again as modified, with another name or as it was.
    pub(crate) fn modify_transaction(&mut self, number: u64, name: Option<String>) -> Result<(), Failure> {
        let (login, mut modified) = self.find_transaction(number)?;
        modified.name = name.unwrap_or(modified.name);
        self.logins[login].changes.push(Change::Modified(modified));
        self.see_login(login);
        Ok(())
    }

    /// A transaction that was not removed, as it is now.
    fn find_transaction(&self, number: u64) -> Result<(usize, Transaction), Failure> {
        let latest = |login: &super::persons::Login| {
            login.changes.iter().rev().find_map(|change| match change {
                Change::Added(transaction) | Change::Modified(transaction) if transaction.number == number => {
                    Some(Some(transaction.clone()))
                }
                Change::Removed { number: removed, .. } if *removed == number => Some(None),
                Change::Added(_) | Change::Modified(_) | Change::Removed { .. } => None,
            })
        };
        let mut found =
            self.logins.iter().enumerate().filter_map(|(position, login)| Some((position, latest(login)??)));
        found.next().ok_or_else(|| Failure::new(error::INVALID_FIELD, "there is no such transaction"))
    }

    /// Begins Plaid's first reading of a new item's transactions.
    pub(crate) fn begin_reading(&mut self, item: usize) {
        let after = |after_s| self.now.saturating_add(seconds(after_s)).unwrap_or(self.now);
        let (initial, historical) =
            (after(self.settings.initial_update_after_s), after(self.settings.historical_update_after_s));
        self.schedule(initial, Due::Read { item, readiness: Readiness::Initial });
        self.schedule(historical, Due::Read { item, readiness: Readiness::Historical });
    }

    /// A part of the first reading is done: all transactions are there from the first part on.
    pub(crate) fn finish_reading(&mut self, item: usize, readiness: Readiness) {
        let is_first = self.items[item].readiness == Readiness::NotReady;
        self.items[item].readiness = self.items[item].readiness.max(readiness);
        let new_transactions = if is_first { self.take_new(item).0 } else { 0 };
        let is_historical_complete = self.items[item].readiness == Readiness::Historical;
        let notice = match readiness {
            Readiness::NotReady => return,
            Readiness::Initial => Notice::InitialUpdate { new_transactions },
            Readiness::Historical => Notice::HistoricalUpdate { new_transactions },
        };
        self.announce(item, notice);
        if self.items[item].is_sync_armed {
            self.announce(item, Notice::SyncUpdatesAvailable { is_historical_complete });
        }
    }

    /// Plaid sees the log to its end and tells what is new: one update causes up to three webhooks.
    pub(crate) fn see_transactions(&mut self, item: usize) {
        if self.items[item].readiness == Readiness::NotReady {
            return;
        }
        let (new_transactions, transaction_ids, is_changed) = self.take_new(item);
        let is_historical_complete = self.items[item].readiness == Readiness::Historical;
        if is_changed && self.items[item].is_sync_armed {
            self.announce(item, Notice::SyncUpdatesAvailable { is_historical_complete });
        }
        if new_transactions > 0 {
            self.announce(item, Notice::TransactionsUpdate { new_transactions });
        }
        if !transaction_ids.is_empty() {
            self.announce(item, Notice::TransactionsRemoved { transaction_ids });
        }
    }

    /// How many transactions are new to the item, which are gone, and whether anything changed.
    fn take_new(&mut self, item: usize) -> (usize, Vec<String>, bool) {
        let known = &mut self.items[item];
        let changes = &self.logins[known.login].changes;
        let fresh: Vec<&Change> = changes[known.seen_changes..]
            .iter()
            .filter(|change| known.account_id(change.account()).is_some())
            .collect();
        let added = fresh.iter().filter(|change| matches!(change, Change::Added(_))).count();
        let removed = fresh.iter().filter_map(|change| match change {
            Change::Removed { number, .. } => Some(known.transaction_id(*number)),
            Change::Added(_) | Change::Modified(_) => None,
        });
        let seen = (added, removed.collect(), !fresh.is_empty());
        known.seen_changes = changes.len();
        seen
    }

    /// Whether the item reads transactions; an item that only consented to them starts with the first call.
    pub(crate) fn require_transactions(&mut self, item: usize) -> Result<(), Failure> {
        let is_new = !self.items[item].products.contains(&Product::Transactions);
        self.require_product(item, Product::Transactions)?;
        if is_new {
            self.begin_reading(item);
        }
        Ok(())
    }
}
