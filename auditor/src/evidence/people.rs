//! Persons, what they allowed, and what their institutions know of the accounts that their links show.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Account;

/// A person and what they allowed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Person {
    /// Under which payments and ledger accounts name them.
    pub person_id: String,
    /// Of their token.
    pub subject: String,
    /// The name that they gave as holder of their account.
    pub holder: String,
    /// Their accounts at their own banks, which debits may pull from, under every number that those have had.
    pub accounts: Vec<Account>,
    pub cards: Vec<Card>,
}

/// A card as a person has it here, and what they want of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Card {
    pub card_id: String,
    /// Its issuer's own key: see [`RealCard`].
    pub real: String,
    /// What the person typed in; printed on the letter around each check.
    pub card_number: String,
    /// The last digits of its number, as the issuer says.
    pub mask: String,
    /// What was agreed to, in order of time; the last one stands until the next, or until it was revoked.
    pub permissions: Vec<Permission>,
    /// In order of time; the last one stands until the next.
    pub caps: Vec<Caps>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Balance {
    pub at: Timestamp,
    pub cents: i64,
}

/// An authorization to debit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Permission {
    /// Business time at which the person asked for it.
    pub from: Timestamp,
    /// Business time at which its end was answered.
    pub until: Option<Timestamp>,
    pub account: Account,
    /// `checking` or `savings`, as it was when it was agreed to.
    pub account_type: String,
    /// Amounts that need no notice of their own.
    pub least_cents: i64,
    pub most_cents: i64,
}

/// The most that may be pulled for a card.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Caps {
    /// Business time at which the API answered that they hold.
    pub from: Timestamp,
    pub payment_cents: Option<i64>,
    /// In a calendar day, Eastern.
    pub day_cents: Option<i64>,
    /// In a calendar month, Eastern.
    pub month_cents: Option<i64>,
}

/// An account at a person's bank as that bank knows it, whoever holds it and whatever number, name or link shows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RealAccount {
    /// The bank's own.
    pub key: String,
    /// Every number that it has had; the last one stands.
    pub numbers: Vec<Account>,
    /// What it held, in order of time; the last one stands until the next.
    pub held: Vec<Balance>,
    /// Our transfers that it has booked.
    pub taken: Vec<Booked>,
    /// Until when it booked them as a bank does, at the latest the night after they settled.
    pub until: Option<Timestamp>,
}

/// A card as its issuer knows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RealCard {
    /// The issuer's own.
    pub key: String,
    pub number: String,
    /// In order of time; what our checks paid is taken off once it is booked.
    pub owed: Vec<Balance>,
    /// Our checks that it has booked.
    pub booked: Vec<Booked>,
    /// What was issued after the first statement, in order.
    pub statements: Vec<Statement>,
}

/// What an issuer asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Statement {
    pub at: Timestamp,
    pub minimum_cents: i64,
    pub due_on: String,
}

/// How often one link's bank was asked for a balance: each time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BalanceAsked {
    pub at: Timestamp,
    /// The first link that was asked about is 0.
    pub link: usize,
}

/// A link, and how many of its accounts its person is shown after some days.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LargeLink {
    pub subject: String,
    pub shared: usize,
    pub shown: usize,
}

/// A transfer of ours that an account or card of a person's shows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Booked {
    /// Its id at our bank.
    pub transfer: String,
    pub at: Timestamp,
}

/// What a person once saw of a bank account of theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sighting {
    pub at: Timestamp,
    pub subject: String,
    pub bank_account_id: String,
    /// The last digits of its number.
    pub last4: String,
}

/// A notice that reached whom it was for; the first time where it was handed over again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldNotice {
    /// Business time.
    pub at: Timestamp,
    /// The same on every try.
    pub id: String,
    /// A person's id, `admins` or `operators`.
    pub recipient: String,
    pub kind: String,
    pub text: String,
}

/// What a person is shown of a card or bank account of theirs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    /// Of their token.
    pub subject: String,
    pub view: Value,
}
