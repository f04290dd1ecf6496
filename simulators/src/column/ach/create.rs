//! Accepting an ACH transfer: validation first, then funds, then the effect; a refusal leaves nothing behind.

use jiff::civil::Date;
use serde::Deserialize;

use super::life::Due;
use super::{AchStatus, AchTransfer, Change, Direction, Funds, Terms};
use crate::column::calendar::{Clearing, pacific_date};
use crate::column::counterparties::{CounterpartyInput, NewCounterparty};
use crate::column::error::ApiError;
use crate::column::idempotency::Made;
use crate::column::input::{Flag, Whole, ach_text, bounded, present, read, required, usd};
use crate::column::objects::{Cents, ROUTING_NUMBER};
use crate::column::{Column, TransferRef};
use crate::http::Request;

/// Ten digits, the width of the amount in a Nacha entry.
const LARGEST_AMOUNT: Cents = 9_999_999_999;
/// Same-day entries, since 2022-03-18 (money-rules.md section 3).
const LARGEST_SAME_DAY_AMOUNT: Cents = 100_000_000;
const LONGEST_ACCOUNT_NUMBER: usize = 17;

#[derive(Deserialize)]
struct AchInput {
    #[serde(rename = "type")]
    direction: Option<String>,
    amount: Option<Whole>,
    currency_code: Option<String>,
    bank_account_id: Option<String>,
    account_number_id: Option<String>,
    counterparty_id: Option<String>,
    counterparty: Option<CounterpartyInput>,
    entry_class_code: Option<String>,
    same_day: Option<Flag>,
    effective_date: Option<String>,
    description: Option<String>,
    company_name: Option<String>,
    company_entry_description: Option<String>,
    company_discretionary_data: Option<String>,
    receiver_name: Option<String>,
    receiver_id: Option<String>,
    payment_related_info: Option<String>,
    allow_overdraft: Option<Flag>,
}

#[derive(Deserialize)]
struct ReverseInput {
    reason: Option<String>,
    description: Option<String>,
}

const REVERSAL_REASONS: [&str; 5] = [
    "duplicated_entry",
    "incorrect_amount",
    "incorrect_receiver_account",
    "debit_earlier_than_intended",
    "credit_later_than_intended",
];

enum Receiver {
    Known(usize),
    Inline(NewCounterparty),
}

impl Column {
    pub(crate) fn create_ach(&mut self, request: &Request, idempotency_key: &str) -> Result<Made, ApiError> {
        let input: AchInput = read(request)?;
        let direction = direction(input.direction)?;
        let amount = amount(input.amount)?;
        usd(input.currency_code)?;
        let (account, account_number_id) =
            self.ach_account(present(input.bank_account_id), present(input.account_number_id))?;
        let receiver = self.ach_receiver(present(input.counterparty_id), input.counterparty)?;
        let entry_class_code = entry_class_code(input.entry_class_code, direction)?;
        let effective_date = self.effective_date(present(input.effective_date))?;
        if input.allow_overdraft.is_some_and(|flag| flag.0) {
            return Err(ApiError::transfer("overdraft_not_allowed", "the account is not overdraftable"));
        }
        let clearing = Clearing::plan(self.now, input.same_day.is_some_and(|flag| flag.0), effective_date);
        if clearing.same_day && amount > LARGEST_SAME_DAY_AMOUNT {
            return Err(ApiError::transfer("transfer_invalid_amount", "over the limit of a same-day entry"));
        }
        let longest_name = if entry_class_code == "CIE" { 15 } else { 22 };
        let default_name = self.receiver_name(&receiver).chars().take(longest_name).collect();
        let terms = Terms {
            direction,
            amount,
            account,
            account_number_id,
            counterparty: 0,
            entry_class_code,
            description: bounded(input.description, "description", 255)?,
            company_name: ach_text(
                present(input.company_name).or_else(|| Some(self.default_company_name())),
                "company_name",
                16,
            )?,
            company_entry_description: ach_text(
                present(input.company_entry_description).or_else(|| Some("PAYMENT".to_owned())),
                "company_entry_description",
                10,
            )?,
            company_discretionary_data: ach_text(input.company_discretionary_data, "company_discretionary_data", 20)?,
            receiver_name: ach_text(
                present(input.receiver_name).or(Some(default_name)),
                "receiver_name",
                longest_name,
            )?,
            receiver_id: ach_text(input.receiver_id, "receiver_id", 15)?,
            payment_related_info: ach_text(input.payment_related_info, "payment_related_info", 80)?,
            idempotency_key: idempotency_key.to_owned(),
        };
        self.check_funds(&terms)?;
        let counterparty = match receiver {
            Receiver::Known(position) => position,
            Receiver::Inline(new) => self.add_counterparty(new),
        };
        let transfer = self.initiate(Terms { counterparty, ..terms }, clearing);
        Ok(Made::Ach { transfer, steps: 1 })
    }

    /// A new transfer in the opposite direction, which points at the original and is pointed at by it.
    pub(crate) fn reverse_ach(&mut self, id: &str, request: &Request, idempotency_key: &str) -> Result<Made, ApiError> {
        let input: ReverseInput = read(request)?;
        let original = self.transfers.position(id).ok_or_else(|| ApiError::not_found("ACH transfer"))?;
        let reason = required(input.reason, "reason")?;
        if !REVERSAL_REASONS.contains(&reason.as_str()) {
            return Err(ApiError::field("reason", "is not a reason for a reversal"));
        }
        let transfer = self.transfers.at(original);
        let is_reversed = transfer.steps.iter().any(|step| matches!(step.change, Change::ReversalPair(_)));
        match transfer.status {
            AchStatus::Submitted | AchStatus::Settled | AchStatus::Completed if !is_reversed => {}
            AchStatus::Submitted
            | AchStatus::Settled
            | AchStatus::Completed
            | AchStatus::Initiated
            | AchStatus::ManualReview
            | AchStatus::ManualReviewApproved
            | AchStatus::PendingSubmission
            | AchStatus::Canceled
            | AchStatus::Returned
            | AchStatus::ReturnDishonored
            | AchStatus::ReturnContested => {
                return Err(ApiError::transfer("invalid_field_value", "this transfer cannot be reversed"));
            }
        }
        let terms = Terms {
            direction: transfer.terms.direction.opposite(),
            company_entry_description: "REVERSAL".to_owned(),
            description: bounded(input.description, "description", 255)?,
            idempotency_key: idempotency_key.to_owned(),
            ..transfer.terms.clone()
        };
        self.check_funds(&terms)?;
        let reversal = self.initiate(terms, Clearing::plan(self.now, false, None));
        self.record_step(original, Change::ReversalPair(reversal));
        self.record_step(reversal, Change::ReversalPair(original));
        Ok(Made::Ach { transfer: reversal, steps: self.transfers.at(reversal).steps.len() })
    }

    fn initiate(&mut self, terms: Terms, clearing: Clearing) -> usize {
        let id = self.ids.next("acht", self.now);
        let funds = match terms.direction {
            Direction::Credit => Funds::Taken,
            Direction::Debit => Funds::Pending,
        };
        let account = self.accounts.at_mut(terms.account);
        match terms.direction {
            Direction::Credit => account.balances.available_amount -= terms.amount,
            Direction::Debit => account.balances.pending_amount += terms.amount,
        }
        account.transfers.push(self.transfers.len());
        let transfer = AchTransfer {
            id: id.clone(),
            created_at: self.now,
            terms,
            clearing,
            settles_at: clearing.settles_at,
            status: AchStatus::Initiated,
            funds,
            steps: Vec::with_capacity(5),
            order: self.order.len(),
            events: Vec::with_capacity(5),
        };
        let position = self.transfers.push(&id, transfer);
        self.order.push(TransferRef::Ach(position));
        self.change_status(position, AchStatus::Initiated);
        if self.faults.takes_review() {
            self.change_status(position, AchStatus::ManualReview);
        } else {
            self.schedule(clearing.deadline, Due::Submission(position));
        }
        position
    }

    fn check_funds(&self, terms: &Terms) -> Result<(), ApiError> {
        match terms.direction {
            Direction::Credit if self.accounts.at(terms.account).balances.available_amount < terms.amount => {
                Err(ApiError::transfer("transfer_non_sufficient_fund", "the account's available balance is too low"))
            }
            Direction::Credit | Direction::Debit => Ok(()),
        }
    }

    pub(crate) fn ach_account(
        &self,
        account_id: Option<String>,
        number_id: Option<String>,
    ) -> Result<(usize, String), ApiError> {
        let unknown =
            || ApiError::new(400, "bank_account_error", "bank_account_not_found", "there is no such bank account");
        let number = number_id.map(|id| self.numbers.find(&id).ok_or_else(unknown)).transpose()?;
        let account_id = match (account_id, number) {
            (None, None) => return Err(ApiError::missing("bank_account_id")),
            (Some(id), Some(number)) if id != number.bank_account_id => {
                return Err(ApiError::invalid(
                    "mutually_exclusive_parameters",
                    "account_number_id",
                    "belongs to another bank account",
                ));
            }
            (Some(id), Some(_) | None) => id,
            (None, Some(number)) => number.bank_account_id.clone(),
        };
        let position = self.accounts.position(&account_id).ok_or_else(unknown)?;
        let number_id = number
            .map_or_else(|| self.accounts.at(position).default_account_number_id.clone(), |number| number.id.clone());
        Ok((position, number_id))
    }

    fn ach_receiver(&self, id: Option<String>, inline: Option<CounterpartyInput>) -> Result<Receiver, ApiError> {
        let receiver = match (id, inline) {
            (None, None) => return Err(ApiError::missing("counterparty_id")),
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid(
                    "mutually_exclusive_parameters",
                    "counterparty",
                    "excludes counterparty_id",
                ));
            }
            (Some(id), None) => Receiver::Known(
                self.counterparties
                    .position(&id)
                    .ok_or_else(|| ApiError::transfer("counterparty_not_found", "there is no such counterparty"))?,
            ),
            (None, Some(inline)) => Receiver::Inline(NewCounterparty::validate(inline)?),
        };
        let (routing_number, account_number) = match &receiver {
            Receiver::Known(position) => {
                let known = self.counterparties.at(*position);
                (&known.routing_number, &known.account_number)
            }
            Receiver::Inline(new) => (&new.routing_number, &new.account_number),
        };
        if routing_number == ROUTING_NUMBER || account_number.len() > LONGEST_ACCOUNT_NUMBER {
            return Err(ApiError::transfer("transfer_invalid_destination_account", "ACH cannot reach this account"));
        }
        Ok(receiver)
    }

    fn receiver_name<'a>(&'a self, receiver: &'a Receiver) -> &'a str {
        match receiver {
            Receiver::Known(position) => &self.counterparties.at(*position).name,
            Receiver::Inline(new) => &new.name,
        }
    }

    fn default_company_name(&self) -> String {
        self.config.root_entity_name.chars().take(16).collect()
    }

    fn effective_date(&self, text: Option<String>) -> Result<Option<Date>, ApiError> {
        let invalid = |reason| ApiError::invalid("invalid_date", "effective_date", reason);
        let Some(text) = text else { return Ok(None) };
        let date: Date = text.parse().map_err(|_| invalid("must be YYYY-MM-DD"))?;
        if date < pacific_date(self.now) {
            return Err(invalid("is in the past"));
        }
        Ok(Some(date))
    }
}

fn direction(text: Option<String>) -> Result<Direction, ApiError> {
    match required(text, "type")?.as_str() {
        "CREDIT" => Ok(Direction::Credit),
        "DEBIT" => Ok(Direction::Debit),
        _ => Err(ApiError::field("type", "must be CREDIT or DEBIT")),
    }
}

fn amount(whole: Option<Whole>) -> Result<Cents, ApiError> {
    let amount = Cents::from(whole.ok_or_else(|| ApiError::missing("amount"))?.0);
    if (1..=LARGEST_AMOUNT).contains(&amount) {
        Ok(amount)
    } else {
        Err(ApiError::transfer("transfer_invalid_amount", "the amount must be from 1 to 9999999999 cents"))
    }
}

/// CIE carries credits only, TEL debits only (money-rules.md section 2.1).
fn entry_class_code(text: Option<String>, direction: Direction) -> Result<String, ApiError> {
    let code = present(text).unwrap_or_else(|| "PPD".to_owned());
    match (code.as_str(), direction) {
        ("PPD" | "CCD" | "WEB" | "CTX", _) | ("TEL", Direction::Debit) | ("CIE", Direction::Credit) => Ok(code),
        ("IAT", _) => Err(ApiError::transfer("feature_not_enabled", "international entries are not enabled")),
        _ => Err(ApiError::field("entry_class_code", "is unknown or does not fit the direction")),
    }
}
