//! Column's answers as our types, and the shapes they are read from.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::bank::check::snapshot::CheckSnapshot;
use crate::domain::bank::event::{BankEvent, MalformedBankData, TransferSnapshot, UnreadableEvent};
use crate::domain::money::Cents;

/// One of our accounts at the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    pub id: String,
    pub status: BankAccountStatus,
    pub currency: String,
    pub description: String,
    pub balances: Balances,
    /// When it was opened; absent where the bank does not say it readably.
    pub created_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BankAccountStatus {
    Open,
    Closed,
    Frozen,
    Other(String),
}

/// What an account holds. A balance may be negative: a late return takes money that was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// Can be spent now.
    pub available: Cents,
    /// Pulled and not yet available.
    pub pending: Cents,
    /// Held for book transfers.
    pub holding: Cents,
    /// Locked for issued checks and overdrafts.
    pub locked: Cents,
}

/// What became of a wish to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    Canceled(Box<TransferSnapshot>),
    /// The bank has already sent it: it will settle or return.
    TooLate,
}

/// What became of a wish to stop a check. Whichever it is, the check's own later status has the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopOutcome {
    /// The bank takes the stop. The money is unlocked within ten business days, and an event says when.
    Stopping(Box<CheckSnapshot>),
    /// It was being stopped before, or will not be paid anyway: there is nothing to wish for.
    Already(Box<CheckSnapshot>),
    /// It was presented: the bank pays or returns it.
    TooLate(Box<CheckSnapshot>),
}

/// What a search through a list came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    It(Box<T>),
    /// Not so far: the search goes on from there.
    Further(PageCursor),
    /// The whole list does not have it.
    Nothing,
}

impl<T> Found<T> {
    pub fn map<U>(self, made: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::It(it) => Found::It(Box::new(made(*it))),
            Found::Further(cursor) => Found::Further(cursor),
            Found::Nothing => Found::Nothing,
        }
    }
}

/// Where a list goes on: the id of the last thing seen. Safe to store.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct PageCursor(pub String);

/// Transfers, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferPage {
    pub transfers: Vec<TransferSnapshot>,
    /// `None` on the last page.
    pub older: Option<PageCursor>,
}

/// Accounts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccountPage {
    pub accounts: Vec<BankAccount>,
    /// `None` on the last page.
    pub older: Option<PageCursor>,
}

/// Checks, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckPage {
    pub checks: Vec<CheckSnapshot>,
    /// `None` on the last page.
    pub older: Option<PageCursor>,
}

/// Events, newest first. One that cannot be read does not hide the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    pub events: Vec<Result<BankEvent, UnreadableEvent>>,
    /// `None` on the last page.
    pub older: Option<PageCursor>,
}

#[derive(Deserialize)]
pub(super) struct WireBankAccount {
    id: String,
    status: Option<String>,
    currency_code: Option<String>,
    description: Option<String>,
    balances: WireBalances,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct WireBalances {
    available_amount: i64,
    pending_amount: i64,
    holding_amount: i64,
    locked_amount: i64,
}

#[derive(Deserialize)]
pub(super) struct WireTransferList {
    transfers: Vec<Value>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
pub(super) struct WireBankAccountList {
    bank_accounts: Vec<WireBankAccount>,
    #[serde(default)]
    has_more: bool,
}

impl From<WireBankAccountList> for BankAccountPage {
    fn from(list: WireBankAccountList) -> Self {
        let accounts: Vec<BankAccount> = list.bank_accounts.into_iter().map(BankAccount::from).collect();
        let older = accounts.last().filter(|_| list.has_more).map(|account| PageCursor(account.id.clone()));
        Self { accounts, older }
    }
}

#[derive(Deserialize)]
pub(super) struct WireEventList {
    events: Vec<Value>,
    #[serde(default)]
    has_more: bool,
}

impl From<WireBankAccount> for BankAccount {
    fn from(wire: WireBankAccount) -> Self {
        let status = wire.status.unwrap_or_default();
        Self {
            id: wire.id,
            status: match status.to_ascii_lowercase().as_str() {
                "open" => BankAccountStatus::Open,
                "closed" => BankAccountStatus::Closed,
                "frozen" => BankAccountStatus::Frozen,
                _ => BankAccountStatus::Other(status),
            },
            created_at: wire.created_at.and_then(|text| text.parse().ok()),
            currency: wire.currency_code.unwrap_or_default(),
            description: wire.description.unwrap_or_default(),
            balances: Balances {
                available: Cents::new(wire.balances.available_amount),
                pending: Cents::new(wire.balances.pending_amount),
                holding: Cents::new(wire.balances.holding_amount),
                locked: Cents::new(wire.balances.locked_amount),
            },
        }
    }
}

impl TryFrom<WireTransferList> for TransferPage {
    type Error = MalformedBankData;

    fn try_from(list: WireTransferList) -> Result<Self, Self::Error> {
        let older = cursor(&list.transfers, list.has_more);
        let transfers = list.transfers.into_iter().map(TransferSnapshot::from_json).collect::<Result<_, _>>()?;
        Ok(Self { transfers, older })
    }
}

impl TryFrom<WireTransferList> for CheckPage {
    type Error = MalformedBankData;

    fn try_from(list: WireTransferList) -> Result<Self, Self::Error> {
        let older = cursor(&list.transfers, list.has_more);
        let checks = list.transfers.into_iter().map(CheckSnapshot::from_json).collect::<Result<_, _>>()?;
        Ok(Self { checks, older })
    }
}

impl From<WireEventList> for EventPage {
    fn from(list: WireEventList) -> Self {
        let older = cursor(&list.events, list.has_more);
        Self { events: list.events.into_iter().map(BankEvent::of_list).collect(), older }
    }
}

fn cursor(items: &[Value], has_more: bool) -> Option<PageCursor> {
    let last = items.last()?.get("id")?.as_str()?;
    has_more.then(|| PageCursor(last.to_owned()))
}
