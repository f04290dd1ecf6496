//! Accepting a check: validation first, then funds, then the effect; a refusal leaves nothing behind.

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;

use super::{Check, CheckDue, CheckStatus, CheckTerms, Letter, Money};
use crate::column::ach::life::Due;
use crate::column::calendar::{pacific_date, pacific_midnight};
use crate::column::error::ApiError;
use crate::column::idempotency::Made;
use crate::column::input::{Flag, Whole, bounded, present, read, required, usd};
use crate::column::objects::{Address, Cents};
use crate::column::{Column, TransferRef};
use crate::http::Request;

/// Ten digits, the width of the amount in the line that banks read.
const LARGEST_AMOUNT: Cents = 9_999_999_999;
const FIRST_CHECK_NUMBER: i64 = 1_001;
/// Each address line, and both together (Column documentation, check printing).
const LONGEST_LINE: usize = 35;
const LONGEST_LINES: usize = 50;
/// How long a check is good (Column documentation, check issuing).
const VOID_AFTER: SignedDuration = SignedDuration::from_hours(180 * 24);
/// From the acceptance until the check is good; not documented.
const ISSUING: SignedDuration = SignedDuration::from_mins(1);

#[derive(Deserialize)]
struct CheckInput {
    bank_account_id: Option<String>,
    account_number_id: Option<String>,
    positive_pay_amount: Option<Whole>,
    currency_code: Option<String>,
    payee_name: Option<String>,
    description: Option<String>,
    allow_overdraft: Option<Flag>,
    customized_check_number: Option<Whole>,
    void_date: Option<String>,
    mail_check_request: Option<MailInput>,
}

#[derive(Deserialize)]
struct MailInput {
    message: Option<String>,
    memo: Option<String>,
    payee_company: Option<String>,
    payee_address: Option<Address>,
    payor_name: Option<String>,
    payor_address: Option<Address>,
    delivery_method: Option<String>,
}

impl Column {
    pub(crate) fn issue_check(&mut self, request: &Request, idempotency_key: &str) -> Result<Made, ApiError> {
        let input: CheckInput = read(request)?;
        let amount = amount(input.positive_pay_amount)?;
        usd(input.currency_code)?;
        let (account_id, number_id) = (present(input.bank_account_id), present(input.account_number_id));
        if account_id.is_some() && number_id.is_some() {
            return Err(ApiError::invalid(
                "mutually_exclusive_parameters",
                "account_number_id",
                "excludes bank_account_id",
            ));
        }
        let (account, account_number_id) = self.ach_account(account_id, number_id)?;
        if input.allow_overdraft.is_some_and(|flag| flag.0) {
            return Err(ApiError::transfer("overdraft_not_allowed", "the account is not overdraftable"));
        }
        let terms = CheckTerms {
            amount,
            account,
            account_number_id,
            check_number: self.check_number(input.customized_check_number)?,
            payee_name: bounded(Some(required(input.payee_name, "payee_name")?), "payee_name", 255)?,
            description: bounded(input.description, "description", 255)?,
            void_date: self.void_date(present(input.void_date))?,
            letter: input.mail_check_request.map(letter).transpose()?,
            idempotency_key: idempotency_key.to_owned(),
        };
        if self.accounts.at(account).balances.available_amount < amount {
            return Err(ApiError::transfer(
                "transfer_non_sufficient_fund",
                "the account's available balance is too low",
            ));
        }
        let check = self.initiate_check(terms);
        Ok(Made::Check { check, steps: 1 })
    }

    fn initiate_check(&mut self, terms: CheckTerms) -> usize {
        let id = self.ids.next("chkt", self.now);
        let void_at = self.now.saturating_add(VOID_AFTER).unwrap_or(self.now);
        let void_at = terms.void_date.map_or(void_at, |date| pacific_midnight(date).min(void_at));
        self.move_money(terms.account, terms.amount, Money::Available, Money::Locked);
        let check = Check {
            id: id.clone(),
            created_at: self.now,
            terms,
            status: CheckStatus::Initiated,
            mail: None,
            deposited_amount: None,
            return_reason: String::new(),
            steps: Vec::new(),
            order: self.order.len(),
            events: Vec::new(),
        };
        let position = self.checks.push(&id, check);
        self.order.push(TransferRef::Check(position));
        self.change_check(position, CheckStatus::Initiated);
        self.schedule(void_at, Due::Check { check: position, due: CheckDue::Void });
        if self.faults.takes_review() {
            self.change_check(position, CheckStatus::ManualReview);
        } else {
            self.schedule_after(ISSUING, Due::Check { check: position, due: CheckDue::Issue });
        }
        position
    }

    /// Numbers count up; one that was asked for is taken as it is.
    fn check_number(&self, customized: Option<Whole>) -> Result<i64, ApiError> {
        let is_free = |number: i64| !self.checks.iter().any(|check| check.terms.check_number == number);
        match customized {
            Some(Whole(number)) if number > 0 && is_free(number) => Ok(number),
            Some(_) => Err(ApiError::field("customized_check_number", "is taken or not positive")),
            None => {
                let highest = self.checks.iter().map(|check| check.terms.check_number).max();
                Ok(highest.map_or(FIRST_CHECK_NUMBER, |number| number.saturating_add(1)))
            }
        }
    }

    fn void_date(&self, text: Option<String>) -> Result<Option<Date>, ApiError> {
        let invalid = |reason| ApiError::invalid("invalid_date", "void_date", reason);
        let Some(text) = text else { return Ok(None) };
        let date: Date = text.parse().map_err(|_| invalid("must be YYYY-MM-DD"))?;
        if date <= pacific_date(self.now) {
            return Err(invalid("must be in the future"));
        }
        Ok(Some(date))
    }
}

/// Positive pay is on: the amount must be announced.
fn amount(whole: Option<Whole>) -> Result<Cents, ApiError> {
    let amount = Cents::from(whole.ok_or_else(|| ApiError::missing("positive_pay_amount"))?.0);
    if (1..=LARGEST_AMOUNT).contains(&amount) {
        Ok(amount)
    } else {
        Err(ApiError::transfer("transfer_invalid_amount", "the amount must be from 1 to 9999999999 cents"))
    }
}

fn letter(input: MailInput) -> Result<Letter, ApiError> {
    let payee_address = input.payee_address.ok_or_else(|| ApiError::missing("mail_check_request.payee_address"))?;
    check_address(&payee_address, "payee_address")?;
    if let Some(payor_address) = &input.payor_address {
        check_address(payor_address, "payor_address")?;
    }
    bounded(input.payor_name, "mail_check_request.payor_name", 255)?;
    let delivery_method = present(input.delivery_method).unwrap_or_else(|| "usps_first_class".to_owned());
    if !["usps_first_class", "fedex_two_day", "fedex_overnight"].contains(&delivery_method.as_str()) {
        return Err(ApiError::field("mail_check_request.delivery_method", "is unknown"));
    }
    let message = required(input.message, "mail_check_request.message")?;
    Ok(Letter {
        message: bounded(Some(message), "mail_check_request.message", 255)?,
        memo: bounded(input.memo, "mail_check_request.memo", 255)?,
        payee_company: bounded(input.payee_company, "mail_check_request.payee_company", 255)?,
        payee_address,
        delivery_method,
    })
}

fn check_address(address: &Address, of: &str) -> Result<(), ApiError> {
    let wrong = |part: &str, reason| {
        Err(ApiError::invalid("invalid_address", &format!("mail_check_request.{of}.{part}"), reason))
    };
    let (first, second) = (address.line_1.chars().count(), address.line_2.chars().count());
    if first == 0 || first > LONGEST_LINE || second > LONGEST_LINE || first + second > LONGEST_LINES {
        return wrong("line_1", "is empty or too long");
    }
    if address.city.is_empty() {
        return wrong("city", "must be set");
    }
    if address.country_code != "US" {
        return wrong("country_code", "must be US");
    }
    if address.state.len() != 2 || !address.state.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return wrong("state", "must be two letters");
    }
    if address.postal_code.is_empty() {
        return wrong("postal_code", "must be set");
    }
    Ok(())
}
