//! Counterparties and institutions (column.md sections 3.4 and 5).

use serde::{Deserialize, Serialize};

use super::Column;
use super::error::ApiError;
use super::input::{Flag, bounded, present, read, required};
use super::list::PageQuery;
use super::objects::{Address, Counterparty, ROUTING_NUMBER, json};
use crate::http::Request;

const LONGEST_ACCOUNT_NUMBER: usize = 34;

#[derive(Deserialize)]
pub(crate) struct CounterpartyInput {
    routing_number: Option<String>,
    account_number: Option<String>,
    routing_number_type: Option<String>,
    account_type: Option<String>,
    name: Option<String>,
    description: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    address: Option<Address>,
    legal_id: Option<String>,
    legal_type: Option<String>,
    local_bank_code: Option<String>,
    local_account_number: Option<String>,
    local_bank_name: Option<String>,
    local_bank_country_code: Option<String>,
    wire_drawdown_allowed: Option<Flag>,
}

/// A counterparty that may be created.
pub(crate) struct NewCounterparty {
    pub(crate) routing_number: String,
    pub(crate) account_number: String,
    pub(crate) name: String,
    rest: CounterpartyInput,
}

impl NewCounterparty {
    pub(crate) fn validate(mut input: CounterpartyInput) -> Result<Self, ApiError> {
        let routing_number = required(input.routing_number.take(), "routing_number")?;
        let account_number = required(input.account_number.take(), "account_number")?;
        if present(input.routing_number_type.clone()).is_some_and(|kind| kind != "aba") {
            return Err(ApiError::transfer("feature_not_enabled", "only domestic counterparties are simulated"));
        }
        if !is_known_routing_number(&routing_number) {
            return Err(routing_number_not_found(400));
        }
        let is_plain = account_number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b' ');
        if !is_plain || account_number.len() > LONGEST_ACCOUNT_NUMBER {
            return Err(ApiError::field("account_number", "must be letters and digits"));
        }
        let account_type = present(input.account_type.take()).unwrap_or_else(|| "checking".to_owned());
        if !["checking", "savings", "general_ledger", "loan"].contains(&account_type.as_str()) {
            return Err(ApiError::field("account_type", "is unknown"));
        }
        let name = bounded(input.name.take(), "name", 127)?;
        input.description = Some(bounded(input.description, "description", 127)?);
        input.phone = Some(bounded(input.phone, "phone", 31)?);
        input.legal_id = Some(bounded(input.legal_id, "legal_id", 127)?);
        input.account_type = Some(account_type);
        Ok(Self { routing_number, account_number, name, rest: input })
    }
}

#[derive(Serialize)]
struct CounterpartyList<'a> {
    counterparties: Vec<&'a Counterparty>,
    has_more: bool,
}

#[derive(Serialize)]
struct Institution<'a> {
    routing_number: &'a str,
    routing_number_type: &'static str,
    full_name: String,
    short_name: String,
    street_address: &'static str,
    city: &'static str,
    state: &'static str,
    zip_code: &'static str,
    country_code: &'static str,
    phone_number: &'static str,
    ach_eligible: bool,
    check_eligible: bool,
    wire_eligible: bool,
    wire_settlement_only: bool,
    realtime_eligible: bool,
    realtime_rfp_eligible: bool,
    created_at: &'static str,
    updated_at: &'static str,
}

impl Column {
    /// Creates a counterparty and answers its position.
    pub(crate) fn add_counterparty(&mut self, new: NewCounterparty) -> usize {
        let id = self.ids.next("cpty", self.now);
        let rest = new.rest;
        let counterparty = Counterparty {
            id: id.clone(),
            is_column_account: new.routing_number == ROUTING_NUMBER,
            routing_number: new.routing_number,
            account_number: new.account_number,
            routing_number_type: "aba".to_owned(),
            account_type: rest.account_type.unwrap_or_default(),
            name: new.name,
            description: rest.description.unwrap_or_default(),
            email: rest.email.unwrap_or_default(),
            phone: rest.phone.unwrap_or_default(),
            address: rest.address.map(Box::new),
            legal_id: rest.legal_id.unwrap_or_default(),
            legal_type: rest.legal_type.unwrap_or_default(),
            local_bank_code: rest.local_bank_code.unwrap_or_default(),
            local_bank_name: rest.local_bank_name.unwrap_or_default(),
            local_account_number: rest.local_account_number.unwrap_or_default(),
            local_bank_country_code: rest.local_bank_country_code.unwrap_or_default(),
            wire_drawdown_allowed: rest.wire_drawdown_allowed.is_some_and(|flag| flag.0),
            created_at: self.now,
            updated_at: self.now,
        };
        self.counterparties.push(&id, counterparty)
    }

    pub(crate) fn create_counterparty(&mut self, request: &Request) -> Result<String, ApiError> {
        let new = NewCounterparty::validate(read(request)?)?;
        let position = self.add_counterparty(new);
        Ok(json(self.counterparties.at(position)))
    }

    pub(crate) fn get_counterparty(&self, id: &str) -> Result<String, ApiError> {
        let counterparty = self.counterparties.find(id).ok_or_else(|| ApiError::not_found("counterparty"))?;
        Ok(json(counterparty))
    }

    pub(crate) fn list_counterparties(&self, request: &Request) -> Result<String, ApiError> {
        let page = PageQuery::read(request, "created.")?.select(
            self.counterparties.len(),
            |position| self.counterparties.at(position).created_at,
            |id| self.counterparties.position(id),
            |position| self.counterparties.is_visible(&self.counterparties.at(position).id),
        )?;
        let counterparties = page.positions.iter().map(|position| self.counterparties.at(*position)).collect();
        Ok(json(&CounterpartyList { counterparties, has_more: page.has_more }))
    }

    pub(crate) fn delete_counterparty(&mut self, id: &str) -> Result<String, ApiError> {
        if self.counterparties.hide(id) { Ok("{}".to_owned()) } else { Err(ApiError::not_found("counterparty")) }
    }
}

/// Every routing number that can exist is an institution here.
pub(crate) fn get_institution(routing_number: &str) -> Result<String, ApiError> {
    if !is_known_routing_number(routing_number) {
        return Err(routing_number_not_found(404));
    }
    let institution = Institution {
        routing_number,
        routing_number_type: "aba",
        full_name: format!("SIMULATED BANK {routing_number}, NA"),
        short_name: format!("SIMULATED BANK {routing_number}"),
        street_address: "1 EXAMPLE ST",
        city: "TAMPA",
        state: "FL",
        zip_code: "33610",
        country_code: "US",
        phone_number: "8135550100",
        ach_eligible: true,
        check_eligible: true,
        wire_eligible: true,
        wire_settlement_only: false,
        realtime_eligible: true,
        realtime_rfp_eligible: false,
        created_at: "2021-07-01T00:00:00Z",
        updated_at: "2026-01-01T00:00:00Z",
    };
    Ok(json(&institution))
}

fn routing_number_not_found(status: u16) -> ApiError {
    let mut refusal = ApiError::invalid("routing_number_not_found", "routing_number", "is not a known institution");
    refusal.status = status;
    refusal
}

/// Nine digits and the ABA check sum (money-rules.md section 2.4). Of the first two digits nothing is asked: most numbers of the sample
/// files lie outside the Federal Reserve's ranges (payroll-file.md section 2).
fn is_known_routing_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|character| character.to_digit(10)).collect();
    if digits.len() != 9 || text.len() != 9 || digits.iter().all(|digit| *digit == 0) {
        return false;
    }
    let sum: u32 = digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::is_known_routing_number;

    #[test]
    fn routing_numbers_are_checked_by_their_sum() {
        for valid in
            ["021000021", "121000248", "011401533", "322271627", "026009593", "121145307", "110000000", "500000005"]
        {
            assert!(is_known_routing_number(valid), "{valid}");
        }
        for invalid in ["021000020", "123456789", "000000000", "02100002", "0210000211", "02100002x"] {
            assert!(!is_known_routing_number(invalid), "{invalid}");
        }
    }
}
