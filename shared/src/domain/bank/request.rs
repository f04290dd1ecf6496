//! The request for an ACH transfer at Column (Column documentation, ACH transfers), from typed values to the bytes that are sent.
//!
//! Guarantees: the same values always make the same bytes; a value that the network cannot carry is of none of the types that a request is
//! built of ([`limits`](super::limits)), and nothing here prints an account number.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::body::{RequestProblem, TransferBody};
use super::limits::{EntryAccountNumber, EntryDescription, ReceiverName, TransferAmount};
use crate::domain::aba::RoutingNumber;
use crate::domain::ach::text::{RETRY_PAYMENT, TextField, fit, plain};
use crate::domain::money::Cents;

/// The largest amount of one entry.
pub const LARGEST_ENTRY: Cents = TransferAmount::LARGEST;

/// Column keeps this much of its own description, which never leaves the bank.
const DESCRIPTION_SIZE: usize = 255;

/// And this much of a counterparty's name.
const COUNTERPARTY_NAME_SIZE: usize = 127;

/// Which way the money goes, seen from our account: `Credit` pushes out, `Debit` pulls in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    Credit,
    Debit,
}

/// The standard entry class: what kind of account and authorization stand behind an entry (`money-rules.md section 2.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntryClass {
    /// A person's account, authorized in writing: payroll.
    Ppd,
    /// A company's account.
    Ccd,
    /// A person's debit authorized online. The network wants the account validated before the first one, and the person's name in each.
    Web,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountType {
    Checking,
    Savings,
    GeneralLedger,
    Loan,
}

impl AccountType {
    /// Reads the bank's word; `None` for one it does not document.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "checking" => Some(AccountType::Checking),
            "savings" => Some(AccountType::Savings),
            "general_ledger" => Some(AccountType::GeneralLedger),
            "loan" => Some(AccountType::Loan),
            _ => None,
        }
    }
}

/// When the entry takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// The bank's default: the next banking day.
    Standard,
    /// Today where the bank's windows still allow it; the answer's `same_day` says whether they did.
    SameDay,
    /// This day, or the next banking day after it.
    On(Date),
}

/// The account at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counterparty {
    /// Known to the bank from an earlier transfer.
    Known { counterparty_id: String },
    /// Sent along; the bank makes a counterparty of it and answers its id.
    Inline(InlineCounterparty),
}

/// An external account. `Debug` shows the last four digits alone.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineCounterparty {
    pub routing_number: RoutingNumber,
    pub account_number: EntryAccountNumber,
    pub account_type: AccountType,
    pub name: String,
}

impl fmt::Debug for InlineCounterparty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InlineCounterparty({} {})", self.routing_number, last_four(self.account_number.expose()))
    }
}

/// "…6789": enough for a person to recognize an account, too little to use it.
pub fn last_four(account_number: &str) -> String {
    let length = account_number.chars().count();
    // Of a short number even four characters would be most of it.
    let shown = if length < 8 { 0 } else { 4 };
    format!("…{}", account_number.chars().skip(length - shown).collect::<String>())
}

/// One ACH transfer as we want it. Texts without a type of their own may be of any length; [`Self::body`] fits them to the network's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AchTransferRequest {
    pub direction: Direction,
    pub amount: TransferAmount,
    /// Our Column account.
    pub bank_account_id: String,
    pub counterparty: Counterparty,
    pub entry_class: EntryClass,
    pub timing: Timing,
    /// For ourselves; the receiver does not see it.
    pub description: String,
    /// Whom the receiver sees as the originator. `None` leaves the bank's default, the account owner's name.
    pub company_name: Option<String>,
    /// What the receiver sees it is for, such as `PAYROLL` (`money-rules.md section 2.2`).
    pub company_entry_description: EntryDescription,
    pub receiver_name: ReceiverName,
    /// The number the receiver knows the payer by, such as an employee or loan number.
    pub receiver_id: Option<String>,
    /// One addenda record, for a biller that needs it.
    pub payment_related_info: Option<String>,
}

impl AchTransferRequest {
    /// The same debit once more, after a return for insufficient or uncollected funds. The network wants everything as it was but the
    /// company entry description, which says that it is a retry (NACHA, reinitiation of entries).
    pub fn reinitiated(self) -> Result<Self, RequestProblem> {
        Ok(Self { company_entry_description: EntryDescription::try_from(RETRY_PAYMENT)?, ..self })
    }

    /// The request's bytes: the same values always make the same bytes.
    pub fn body(&self) -> Result<TransferBody, RequestProblem> {
        TransferBody::of(&self.wire())
    }

    fn wire(&self) -> Wire<'_> {
        let (counterparty_id, counterparty) = match &self.counterparty {
            Counterparty::Known { counterparty_id } => (Some(counterparty_id.as_str()), None),
            Counterparty::Inline(account) => (None, Some(WireCounterparty::from(account))),
        };
        let (same_day, effective_date) = match self.timing {
            Timing::Standard => (false, None),
            Timing::SameDay => (true, None),
            Timing::On(date) => (false, Some(date)),
        };
        let fitted = |field, text: &Option<String>| text.as_deref().map(|text| fit(field, text));
        Wire {
            direction: self.direction,
            amount: self.amount.get().get(),
            currency_code: "USD",
            bank_account_id: &self.bank_account_id,
            counterparty_id,
            counterparty,
            entry_class_code: self.entry_class,
            same_day,
            effective_date,
            description: self.description.chars().take(DESCRIPTION_SIZE).collect(),
            company_name: fitted(TextField::CompanyName, &self.company_name),
            company_entry_description: self.company_entry_description.as_str(),
            receiver_name: self.receiver_name.as_str(),
            receiver_id: fitted(TextField::ReceiverId, &self.receiver_id),
            payment_related_info: fitted(TextField::PaymentRelatedInformation, &self.payment_related_info),
        }
    }
}

/// The fields in the order in which they are sent. Absent ones are left out, not null: the bank then takes its default.
#[derive(Serialize)]
struct Wire<'a> {
    #[serde(rename = "type")]
    direction: Direction,
    amount: i64,
    currency_code: &'static str,
    bank_account_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counterparty: Option<WireCounterparty<'a>>,
    entry_class_code: EntryClass,
    same_day: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date: Option<Date>,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<String>,
    company_entry_description: &'a str,
    receiver_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_related_info: Option<String>,
}

/// The account in a stored request, as it was written for the bank.
#[derive(Deserialize)]
struct SentBody {
    counterparty: Option<SentCounterparty>,
}

#[derive(Deserialize)]
struct SentCounterparty {
    routing_number: String,
    account_number: String,
    account_type: AccountType,
    name: String,
}

impl TransferBody {
    /// The account that this request spells out. `None` where it names a counterparty that the bank knows, or is no ACH transfer.
    pub fn inline_counterparty(&self) -> Option<InlineCounterparty> {
        let SentCounterparty { routing_number, account_number, account_type, name } =
            serde_json::from_slice::<SentBody>(self.bytes()).ok()?.counterparty?;
        Some(InlineCounterparty {
            routing_number: routing_number.parse().ok()?,
            account_number: account_number.as_str().try_into().ok()?,
            account_type,
            name,
        })
    }
}

#[derive(Serialize)]
struct WireCounterparty<'a> {
    routing_number: &'a str,
    account_number: &'a str,
    account_type: AccountType,
    name: String,
}

impl<'a> From<&'a InlineCounterparty> for WireCounterparty<'a> {
    fn from(account: &'a InlineCounterparty) -> Self {
        Self {
            routing_number: account.routing_number.as_str(),
            account_number: account.account_number.expose(),
            account_type: account.account_type,
            name: plain(&account.name).chars().take(COUNTERPARTY_NAME_SIZE).collect(),
        }
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
