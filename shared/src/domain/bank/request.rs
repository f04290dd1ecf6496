//! The request for an ACH transfer at Column (`column.md section 4.1`), from typed values to the bytes that are sent.
//!
//! Guarantees: the bytes are made once, by [`AchTransferRequest::body`]; a claim stores them and every send repeats them, so that a
//! later version of this code cannot change a request whose outcome is unknown. Nothing here prints an account number.

use std::fmt;

use bytes::Bytes;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::ach::text::{TextField, fit};
use crate::domain::money::Cents;

/// The largest amount of one entry: ten digits of cents (`money-rules.md section 2.3`).
pub const LARGEST_ENTRY: Cents = Cents::new(9_999_999_999);

/// The longest account number of an entry. A longer one is refused, never cut.
pub const ACCOUNT_NUMBER_SIZE: usize = 17;

/// Column keeps this much of its own description, which never leaves the bank.
const DESCRIPTION_SIZE: usize = 255;

/// Which way the money goes, seen from our account: `Credit` pushes out, `Debit` pulls in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Direction {
    Credit,
    Debit,
}

/// The standard entry class: what kind of account and authorisation stand behind an entry (`money-rules.md section 2.1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum EntryClass {
    /// A person's account, authorised in writing: payroll.
    Ppd,
    /// A company's account.
    Ccd,
    /// A person's debit authorised online.
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
    pub routing_number: String,
    pub account_number: String,
    pub account_type: AccountType,
    pub name: String,
}

impl fmt::Debug for InlineCounterparty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "InlineCounterparty({} {})", self.routing_number, last_four(&self.account_number))
    }
}

/// "…6789": enough for a person to recognise an account, too little to use it.
pub fn last_four(account_number: &str) -> String {
    let length = account_number.chars().count();
    // Of a short number even four characters would be most of it.
    let shown = if length < 8 { 0 } else { 4 };
    format!("…{}", account_number.chars().skip(length - shown).collect::<String>())
}

/// One ACH transfer as we want it. Texts may be of any length; [`Self::body`] fits them to the network's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AchTransferRequest {
    pub direction: Direction,
    pub amount: Cents,
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
    pub company_entry_description: String,
    pub receiver_name: String,
    /// The number the receiver knows the payer by, such as an employee or loan number.
    pub receiver_id: Option<String>,
    /// One addenda record, for a biller that needs it.
    pub payment_related_info: Option<String>,
}

/// Why no request can be made of the given values. Final until they are corrected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestProblem {
    #[error("an ACH entry takes 0.01 to 99999999.99, not {0}: correct the amount or split the payment before approval")]
    Amount(Cents),
    #[error("an account number has 1 to 17 letters, digits or hyphens: correct the account ending {0}")]
    AccountNumber(String),
    #[error("a routing number has nine digits, not {0:?}: correct it")]
    RoutingNumber(String),
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
}

/// The bytes of a request, exactly as they are sent and sent again. `Debug` shows only their number.
#[derive(Clone, PartialEq, Eq)]
pub struct TransferBody(Bytes);

impl TransferBody {
    /// A body that was stored with a claim.
    pub fn from_stored(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// Holds the account number: store it sealed.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
}

impl fmt::Debug for TransferBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TransferBody({} bytes)", self.0.len())
    }
}

impl AchTransferRequest {
    /// The request's bytes: the same values always make the same bytes.
    pub fn body(&self) -> Result<TransferBody, RequestProblem> {
        if !self.amount.is_positive() || self.amount > LARGEST_ENTRY {
            return Err(RequestProblem::Amount(self.amount));
        }
        if let Counterparty::Inline(account) = &self.counterparty {
            check_account(account)?;
        }
        serde_json::to_vec(&self.wire())
            .map(|bytes| TransferBody(bytes.into()))
            .map_err(|cause| RequestProblem::Unwritable(cause.to_string()))
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
            amount: self.amount.get(),
            currency_code: "USD",
            bank_account_id: &self.bank_account_id,
            counterparty_id,
            counterparty,
            entry_class_code: self.entry_class,
            same_day,
            effective_date,
            description: self.description.chars().take(DESCRIPTION_SIZE).collect(),
            company_name: fitted(TextField::CompanyName, &self.company_name),
            company_entry_description: fit(TextField::CompanyEntryDescription, &self.company_entry_description),
            receiver_name: fit(TextField::ReceiverName, &self.receiver_name),
            receiver_id: fitted(TextField::ReceiverId, &self.receiver_id),
            payment_related_info: fitted(TextField::PaymentRelatedInformation, &self.payment_related_info),
        }
    }
}

fn check_account(account: &InlineCounterparty) -> Result<(), RequestProblem> {
    let number = &account.account_number;
    let takes = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if number.is_empty() || number.len() > ACCOUNT_NUMBER_SIZE || !number.bytes().all(takes) {
        return Err(RequestProblem::AccountNumber(last_four(number)));
    }
    let routing = &account.routing_number;
    if routing.len() != 9 || !routing.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RequestProblem::RoutingNumber(routing.chars().take(12).collect()));
    }
    Ok(())
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
    company_entry_description: String,
    receiver_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiver_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_related_info: Option<String>,
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
        // column.md section 3.4: the bank keeps 127 characters of a counterparty's name.
        Self {
            routing_number: &account.routing_number,
            account_number: &account.account_number,
            account_type: account.account_type,
            name: account.name.chars().take(127).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payout() -> AchTransferRequest {
        AchTransferRequest {
            direction: Direction::Credit,
            amount: Cents::new(48_250),
            bank_account_id: "bacc_example".to_owned(),
            counterparty: Counterparty::Inline(InlineCounterparty {
                routing_number: "110000000".to_owned(),
                account_number: "000123456789".to_owned(),
                account_type: AccountType::Checking,
                name: "Pat Example".to_owned(),
            }),
            entry_class: EntryClass::Ppd,
            timing: Timing::Standard,
            description: "batch bat_1 row 7".to_owned(),
            company_name: Some("Example Payroll Company".to_owned()),
            company_entry_description: "payroll".to_owned(),
            receiver_name: "Pat Example".to_owned(),
            receiver_id: None,
            payment_related_info: None,
        }
    }

    #[test]
    fn the_bytes_are_pinned() {
        // A changed order or spelling would change a request that is repeated after a deployment.
        let body = payout().body().unwrap();
        assert_eq!(
            std::str::from_utf8(body.bytes()).unwrap(),
            concat!(
                r#"{"type":"CREDIT","amount":48250,"currency_code":"USD","bank_account_id":"bacc_example","#,
                r#""counterparty":{"routing_number":"110000000","account_number":"000123456789","#,
                r#""account_type":"checking","name":"Pat Example"},"entry_class_code":"PPD","same_day":false,"#,
                r#""description":"batch bat_1 row 7","company_name":"EXAMPLE PAYROLL","#,
                r#""company_entry_description":"PAYROLL","receiver_name":"PAT EXAMPLE"}"#
            )
        );
    }

    #[test]
    fn same_day_and_a_named_day_exclude_each_other() {
        let text = |timing| {
            let body = AchTransferRequest { timing, ..payout() }.body().unwrap();
            String::from_utf8(body.bytes().to_vec()).unwrap()
        };
        assert!(text(Timing::SameDay).contains(r#""same_day":true"#));
        assert!(!text(Timing::SameDay).contains("effective_date"));
        assert!(text(Timing::On(jiff::civil::date(2026, 3, 3))).contains(r#""effective_date":"2026-03-03""#));
    }

    #[test]
    fn no_request_is_made_of_an_amount_the_network_cannot_carry() {
        for cents in [-1, 0, 10_000_000_000] {
            let request = AchTransferRequest { amount: Cents::new(cents), ..payout() };
            assert_eq!(request.body(), Err(RequestProblem::Amount(Cents::new(cents))));
        }
    }

    #[test]
    fn an_account_number_is_refused_rather_than_cut() {
        for number in ["", "123456789012345678", "12 34", "12é4"] {
            let Counterparty::Inline(account) = payout().counterparty else { panic!("inline") };
            let account = InlineCounterparty { account_number: number.to_owned(), ..account };
            let request = AchTransferRequest { counterparty: Counterparty::Inline(account), ..payout() };
            assert!(matches!(request.body(), Err(RequestProblem::AccountNumber(_))), "{number}");
        }
    }

    #[test]
    fn nothing_prints_an_account_number() {
        let request = payout();
        let printed = format!("{request:?} {:?}", request.body().unwrap());
        assert!(!printed.contains("123456789"), "{printed}");
        assert!(printed.contains("…6789"), "{printed}");
    }
}
