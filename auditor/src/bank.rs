//! The bank's transfers and checks, read from its own JSON.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::calendar;
use crate::evidence::Account;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pulls money in.
    Debit,
    /// Pays out by ACH.
    Credit,
    /// Pays out by mail.
    Check,
}

/// What became of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// On its way.
    Open,
    /// Arrived, as far as is known.
    Settled,
    /// Came back, or never left.
    Back,
}

/// A transfer or check.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    /// What our key names, as the bank echoes it; the whole key where it is none of ours.
    pub(crate) item: String,
    pub(crate) attempt: u32,
    pub(crate) cents: i64,
    /// Of the payer at the bank.
    pub(crate) bank_account: String,
    pub(crate) status: String,
    pub(crate) created_at: Timestamp,
    pub(crate) settled_at: Option<Timestamp>,
    pub(crate) back_at: Option<Timestamp>,
    /// By Pacific days.
    pub(crate) effective_on: Option<Date>,
    /// The account at the other end; `None` for a check.
    pub(crate) external_account: Option<Account>,
    /// `loan`, `checking` or `savings`, of the account at the other end.
    pub(crate) account_type: String,
    /// What is printed on the letter around a check.
    pub(crate) message: String,
}

impl Transfer {
    pub(crate) fn fate(&self) -> Fate {
        match self.status.as_str() {
            "SETTLED"
            | "COMPLETED"
            | "settled"
            | "pending_user_initiated_return"
            | "user_initiated_return_submitted" => Fate::Settled,
            "CANCELED"
            | "RETURNED"
            | "RETURN_DISHONORED"
            | "RETURN_DISHONORED_FUNDS_UNLOCKED"
            | "RETURN_CONTESTED"
            | "stopped"
            | "rejected"
            | "second_return"
            | "user_initiated_returned"
            | "user_initiated_return_dishonored" => Fate::Back,
            _ => Fate::Open,
        }
    }

    /// It moved money, or will.
    pub(crate) fn is_live(&self) -> bool {
        self.fate() != Fate::Back
    }

    /// It pays out.
    pub(crate) const fn is_payout(&self) -> bool {
        match self.kind {
            Kind::Credit | Kind::Check => true,
            Kind::Debit => false,
        }
    }

    /// The money was taken from what may be spent when it came back: the check had been paid.
    pub(crate) const fn was_settled(&self) -> bool {
        self.settled_at.is_some()
    }

    /// Of an ACH transfer. `None` where the bank's JSON is not as documented.
    pub(crate) fn of_ach(object: &Value, counterparties: &[Value]) -> Option<Self> {
        let kind = match text(object, "type")? {
            "DEBIT" => Kind::Debit,
            "CREDIT" => Kind::Credit,
            _ => return None,
        };
        let counterparty = text(object, "counterparty_id").unwrap_or_default();
        let back_at = ["returned_at", "cancelled_at"].iter().find_map(|name| time(object, name));
        let counterparty = counterparties.iter().find(|known| text(known, "id") == Some(counterparty));
        let account_type = counterparty.and_then(|known| text(known, "account_type")).unwrap_or_default();
        let external_account = counterparty.and_then(account);
        Self::of(object, kind, "amount", back_at).map(|transfer| Self {
            effective_on: time(object, "effective_on").map(calendar::pacific_day),
            external_account,
            account_type: account_type.to_owned(),
            ..transfer
        })
    }

    pub(crate) fn of_check(object: &Value) -> Option<Self> {
        let ends = ["stopped_at", "rejected_at", "second_return_at", "user_initiated_returned_at"];
        let back_at = ends.iter().find_map(|name| time(object, name));
        Self::of(object, Kind::Check, "positive_pay_amount", back_at)
            .map(|check| Self { message: text(object, "message").unwrap_or_default().to_owned(), ..check })
    }

    fn of(object: &Value, kind: Kind, amount: &str, back_at: Option<Timestamp>) -> Option<Self> {
        let key = text(object, "idempotency_key").unwrap_or_default();
        let (item, attempt) = split_key(key).unwrap_or((key, 0));
        Some(Self {
            id: text(object, "id")?.to_owned(),
            kind,
            item: item.to_owned(),
            attempt,
            cents: object.get(amount)?.as_i64()?,
            bank_account: text(object, "bank_account_id")?.to_owned(),
            status: text(object, "status")?.to_owned(),
            created_at: time(object, "created_at")?,
            settled_at: time(object, "settled_at"),
            back_at,
            effective_on: None,
            external_account: None,
            account_type: String::new(),
            message: String::new(),
        })
    }
}

/// The item and the attempt of a key `{item}:{attempt}`.
pub(crate) fn split_key(key: &str) -> Option<(&str, u32)> {
    let (item, attempt) = key.rsplit_once(':')?;
    Some((item, attempt.parse().ok()?))
}

pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

pub(crate) fn time(object: &Value, name: &str) -> Option<Timestamp> {
    text(object, name)?.parse().ok()
}

/// What the receiving bank says is to be used instead of the account at the other end, in this word of the bank about a transfer. What
/// it leaves empty stays as it was.
pub(crate) fn correction(object: &Value, end: &Account) -> Option<Account> {
    let change = object.get("notification_of_changes").filter(|change| change.is_object())?;
    let corrected =
        |name: &str, was: &str| text(change, name).filter(|text| !text.is_empty()).unwrap_or(was).to_owned();
    Some(Account {
        routing_number: corrected("routing_number", &end.routing_number),
        account_number: unspelled(&corrected("account_number", &end.account_number)),
    })
}

/// The kind of account that the receiving bank says is to be used; `was` where it says nothing of that.
pub(crate) fn corrected_type(object: &Value, was: &str) -> String {
    let change = object.get("notification_of_changes").filter(|change| change.is_object());
    let said = change.and_then(|change| text(change, "account_type")).filter(|said| !said.is_empty());
    said.unwrap_or(was).to_owned()
}

/// An account number without its spelling: neither hyphens, blanks nor the case of letters make another account.
pub(crate) fn unspelled(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

fn account(counterparty: &Value) -> Option<Account> {
    Some(Account {
        routing_number: text(counterparty, "routing_number")?.to_owned(),
        account_number: unspelled(text(counterparty, "account_number")?),
    })
}
