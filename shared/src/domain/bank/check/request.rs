//! The request for a check that the bank prints and mails, from typed values to the bytes that are sent.
//!
//! Guarantees: the same values always make the same bytes; what the payee reads is of types that are whole or not at all
//! ([`limits`](super::super::limits)), because a cut reference pays another account. Nothing here prints a name, an address or a reference.

use std::fmt;

use serde::Serialize;

use crate::domain::bank::body::{RequestProblem, TransferBody};
use crate::domain::bank::limits::{CheckMemo, CheckMessage, CheckPayeeName, CheckPayorName, TransferAmount};
use crate::domain::bank::mailing_address::{MailingAddress, WireAddress};

/// Column keeps this much of the description, which stands in our own statement alone.
const DESCRIPTION_SIZE: usize = 255;

/// One check as we want it. The bank pays it only if it is presented for exactly `amount`: that is what it calls positive pay.
#[derive(Clone, PartialEq, Eq)]
pub struct IssueCheckRequest {
    /// Locked in the account from now on, until the check is paid, stopped or void.
    pub amount: TransferAmount,
    /// Our Column account.
    pub bank_account_id: String,
    /// To whose order it is payable: the card issuer.
    pub payee_name: CheckPayeeName,
    /// For ourselves; the payee does not see it. Cut at 255 characters.
    pub description: String,
    pub mail: MailRequest,
}

/// What is printed and mailed with the check.
#[derive(Clone, PartialEq, Eq)]
pub struct MailRequest {
    pub payee_address: MailingAddress,
    /// On the check itself: how the payee finds the account that is paid.
    pub memo: CheckMemo,
    /// On the letter around the check.
    pub message: CheckMessage,
    /// Who pays, where it is not our own company.
    pub payor_name: Option<CheckPayorName>,
    pub payor_address: Option<MailingAddress>,
}

impl fmt::Debug for IssueCheckRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "IssueCheckRequest({} from {})", self.amount.get(), self.bank_account_id)
    }
}

impl fmt::Debug for MailRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MailRequest").field("payee_address", &self.payee_address).finish_non_exhaustive()
    }
}

impl IssueCheckRequest {
    /// The request's bytes: the same values always make the same bytes.
    pub fn body(&self) -> Result<TransferBody, RequestProblem> {
        TransferBody::of(&self.wire())
    }

    fn wire(&self) -> Wire<'_> {
        let mail = &self.mail;
        Wire {
            bank_account_id: &self.bank_account_id,
            positive_pay_amount: self.amount.get().get(),
            currency_code: "USD",
            payee_name: self.payee_name.as_str(),
            description: self.description.chars().take(DESCRIPTION_SIZE).collect(),
            mail_check_request: WireMail {
                message: mail.message.as_str(),
                memo: mail.memo.as_str(),
                payee_address: mail.payee_address.wire(),
                payor_name: mail.payor_name.as_ref().map(CheckPayorName::as_str),
                payor_address: mail.payor_address.as_ref().map(MailingAddress::wire),
            },
        }
    }
}

/// The fields in the order in which they are sent. Absent ones are left out, not null: the bank then takes its default.
#[derive(Serialize)]
struct Wire<'a> {
    bank_account_id: &'a str,
    positive_pay_amount: i64,
    currency_code: &'static str,
    payee_name: &'a str,
    description: String,
    mail_check_request: WireMail<'a>,
}

#[derive(Serialize)]
struct WireMail<'a> {
    message: &'a str,
    memo: &'a str,
    payee_address: WireAddress<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payor_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payor_address: Option<WireAddress<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bank::mailing_address::AddressParts;
    use crate::domain::money::Cents;

    fn address(line_1: &str, city: &str, state: &str, postal_code: &str) -> MailingAddress {
        let parts = AddressParts {
            line_1: line_1.to_owned(),
            line_2: None,
            city: city.to_owned(),
            state: state.to_owned(),
            postal_code: postal_code.to_owned(),
        };
        parts.try_into().unwrap()
    }

    fn card_bill() -> IssueCheckRequest {
        IssueCheckRequest {
            amount: Cents::new(48_250).try_into().unwrap(),
            bank_account_id: "bacc_example".to_owned(),
            payee_name: "Example Card Services".try_into().unwrap(),
            description: "pay_example".to_owned(),
            mail: MailRequest {
                payee_address: address("PO Box 100", "Wilmington", "DE", "19886"),
                memo: "Acct 4421".try_into().unwrap(),
                message: "Payment for account ending 4421".try_into().unwrap(),
                payor_name: Some("Pat Example".try_into().unwrap()),
                payor_address: Some(address("1 Main St", "Reno", "NV", "89501")),
            },
        }
    }

    fn with_mail(change: impl FnOnce(&mut MailRequest)) -> IssueCheckRequest {
        let mut request = card_bill();
        change(&mut request.mail);
        request
    }

    #[test]
    fn the_bytes_are_pinned() {
        // A changed order or spelling would change a request that is repeated after a deployment.
        let body = card_bill().body().unwrap();
        assert_eq!(
            std::str::from_utf8(body.bytes()).unwrap(),
            concat!(
                r#"{"bank_account_id":"bacc_example","positive_pay_amount":48250,"currency_code":"USD","#,
                r#""payee_name":"Example Card Services","description":"pay_example","#,
                r#""mail_check_request":{"message":"Payment for account ending 4421","memo":"Acct 4421","#,
                r#""payee_address":{"line_1":"PO Box 100","city":"Wilmington","state":"DE","#,
                r#""postal_code":"19886","country_code":"US"},"payor_name":"Pat Example","#,
                r#""payor_address":{"line_1":"1 Main St","city":"Reno","state":"NV","#,
                r#""postal_code":"89501","country_code":"US"}}}"#
            )
        );
    }

    #[test]
    fn a_payor_who_is_not_named_is_left_to_the_bank() {
        let request = with_mail(|mail| (mail.payor_name, mail.payor_address) = (None, None));
        let text = String::from_utf8(request.body().unwrap().bytes().to_vec()).unwrap();
        assert!(!text.contains("payor") && !text.contains("null"), "{text}");
    }

    #[test]
    fn nothing_prints_a_name_an_address_or_a_reference() {
        let request = card_bill();
        let printed = format!("{request:?} {:?} {:?}", request.mail, request.body());
        for personal in ["Pat", "Main", "4421", "Example Card"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }
}
