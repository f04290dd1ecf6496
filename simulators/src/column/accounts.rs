//! Entities, bank accounts and account numbers (column.md sections 3.1 to 3.3).

use serde::{Deserialize, Serialize};

use super::Column;
use super::error::ApiError;
use super::idempotency::Made;
use super::input::{Flag, bounded, present, read, required, usd};
use super::list::PageQuery;
use super::objects::{
    AccountNumber, Address, BIC, Balances, BankAccount, BusinessDetails, Entity, ROUTING_NUMBER, json,
};
use crate::http::Request;

const ACCOUNT_NUMBER_DIGITS: usize = 15;

#[derive(Deserialize)]
struct BusinessInput {
    business_name: Option<String>,
    ein: Option<String>,
    website: Option<String>,
    industry: Option<String>,
    legal_type: Option<String>,
    address: Option<Address>,
}

#[derive(Deserialize)]
struct BankAccountInput {
    entity_id: Option<String>,
    description: Option<String>,
    display_name: Option<String>,
    currency_code: Option<String>,
    is_overdraftable: Option<Flag>,
}

#[derive(Deserialize)]
struct AccountNumberInput {
    description: Option<String>,
}

#[derive(Serialize)]
struct EntityList<'a> {
    entities: Vec<&'a Entity>,
    has_more: bool,
}

#[derive(Serialize)]
struct BankAccountList<'a> {
    bank_accounts: Vec<&'a BankAccount>,
    has_more: bool,
}

#[derive(Serialize)]
struct AccountNumberList<'a> {
    account_numbers: Vec<&'a AccountNumber>,
    has_more: bool,
}

impl Column {
    pub(crate) fn create_business(&mut self, request: &Request) -> Result<Made, ApiError> {
        let input: BusinessInput = read(request)?;
        let name = required(input.business_name, "business_name")?;
        let details = BusinessDetails {
            business_name: name,
            ein: input.ein.unwrap_or_default(),
            website: input.website.unwrap_or_default(),
            industry: input.industry.unwrap_or_default(),
            legal_type: input.legal_type.unwrap_or_default(),
            address: input.address,
        };
        let position = self.add_entity(details, false);
        Ok(Made::Body(json(self.entities.at(position))))
    }

    /// The names `Review` and `Denied` are not verified (column.md section 6).
    pub(crate) fn add_entity(&mut self, details: BusinessDetails, is_root: bool) -> usize {
        let id = self.ids.next("enti", self.now);
        let entity = Entity {
            id: id.clone(),
            kind: "BUSINESS",
            name: details.business_name.clone(),
            is_root,
            verification_status: match details.business_name.as_str() {
                "Review" => "MANUAL_REVIEW",
                "Denied" => "DENIED",
                _ => "VERIFIED",
            },
            review_reasons: Vec::new(),
            documents: Vec::new(),
            requires_screening: false,
            business_details: details,
            created_at: self.now,
        };
        self.entities.push(&id, entity)
    }

    pub(crate) fn get_entity(&self, id: &str) -> Result<String, ApiError> {
        self.entities.find(id).map(json).ok_or_else(|| ApiError::not_found("entity"))
    }

    pub(crate) fn list_entities(&self, request: &Request) -> Result<String, ApiError> {
        let page = PageQuery::read(request, "created.")?.select(
            self.entities.len(),
            |position| self.entities.at(position).created_at,
            |id| self.entities.position(id),
            |_| true,
        )?;
        let entities = page.positions.iter().map(|position| self.entities.at(*position)).collect();
        Ok(json(&EntityList { entities, has_more: page.has_more }))
    }

    pub(crate) fn create_bank_account(&mut self, request: &Request) -> Result<Made, ApiError> {
        let input: BankAccountInput = read(request)?;
        let entity_id = required(input.entity_id, "entity_id")?;
        let description = bounded(Some(required(input.description, "description")?), "description", 255)?;
        if description.chars().count() < 3 {
            return Err(ApiError::field("description", "must have at least 3 characters"));
        }
        usd(present(input.currency_code).or_else(|| Some("USD".to_owned())))?;
        if input.is_overdraftable.is_some_and(|flag| flag.0) {
            return Err(ApiError::transfer("feature_not_enabled", "overdraft is not simulated"));
        }
        let entity = self.entities.find(&entity_id).ok_or_else(|| ApiError::field("entity_id", "is not an entity"))?;
        if entity.verification_status != "VERIFIED" {
            return Err(ApiError::new(400, "entity_error", "entity_not_verified", "the entity is not verified"));
        }
        let id = self.ids.next("bacc", self.now);
        let (number_id, number) = self.add_account_number(&id, String::new());
        let account = BankAccount {
            id: id.clone(),
            kind: "CHECKING",
            status: "open",
            currency_code: "USD",
            description,
            display_name: input.display_name.unwrap_or_default(),
            owners: vec![entity_id],
            balances: Balances::default(),
            routing_number: ROUTING_NUMBER,
            bic: BIC,
            default_account_number: number,
            default_account_number_id: number_id,
            is_overdraftable: false,
            overdraft_reserve_account_id: "",
            is_interest_bearing: false,
            interest_config_id: "",
            fdic_insurance: "standard",
            created_at: self.now,
            transfers: Vec::new(),
        };
        let body = json(&account);
        self.accounts.push(&id, account);
        Ok(Made::Body(body))
    }

    pub(crate) fn get_bank_account(&self, id: &str) -> Result<String, ApiError> {
        self.accounts.find(id).map(json).ok_or_else(bank_account_not_found)
    }

    pub(crate) fn list_bank_accounts(&self, request: &Request) -> Result<String, ApiError> {
        let entity_id = request.query_value("entity_id");
        let page = PageQuery::read(request, "created.")?.select(
            self.accounts.len(),
            |position| self.accounts.at(position).created_at,
            |id| self.accounts.position(id),
            |position| entity_id.is_none_or(|id| self.accounts.at(position).owners.iter().any(|owner| owner == id)),
        )?;
        let bank_accounts = page.positions.iter().map(|position| self.accounts.at(*position)).collect();
        Ok(json(&BankAccountList { bank_accounts, has_more: page.has_more }))
    }

    pub(crate) fn create_account_number(&mut self, account_id: &str, request: &Request) -> Result<Made, ApiError> {
        let input: AccountNumberInput = read(request)?;
        let description = bounded(input.description, "description", 255)?;
        self.accounts.find(account_id).ok_or_else(bank_account_not_found)?;
        let (id, _) = self.add_account_number(account_id, description);
        self.get_account_number(&id).map(Made::Body)
    }

    fn add_account_number(&mut self, account_id: &str, description: String) -> (String, String) {
        let id = self.ids.next("acno", self.now);
        let account_number = self.ids.digits(ACCOUNT_NUMBER_DIGITS);
        let number = AccountNumber {
            id: id.clone(),
            account_number: account_number.clone(),
            routing_number: ROUTING_NUMBER,
            bic: BIC,
            bank_account_id: account_id.to_owned(),
            description,
            check_issuing_positive_pay_required: false,
            check_issuing_prefund_required: None,
            check_issuing_manual_settlement_required: false,
            created_at: self.now,
        };
        self.numbers.push(&id, number);
        (id, account_number)
    }

    pub(crate) fn get_account_number(&self, id: &str) -> Result<String, ApiError> {
        self.numbers.find(id).map(json).ok_or_else(|| ApiError::not_found("account number"))
    }

    pub(crate) fn list_account_numbers(&self, account_id: &str, request: &Request) -> Result<String, ApiError> {
        self.accounts.find(account_id).ok_or_else(bank_account_not_found)?;
        let page = PageQuery::read(request, "created.")?.select(
            self.numbers.len(),
            |position| self.numbers.at(position).created_at,
            |id| self.numbers.position(id),
            |position| self.numbers.at(position).bank_account_id == account_id,
        )?;
        let account_numbers = page.positions.iter().map(|position| self.numbers.at(*position)).collect();
        Ok(json(&AccountNumberList { account_numbers, has_more: page.has_more }))
    }

    /// The balances of all accounts together.
    #[must_use]
    pub fn total_balances(&self) -> Balances {
        self.accounts.iter().fold(Balances::default(), |total, account| Balances {
            available_amount: total.available_amount + account.balances.available_amount,
            pending_amount: total.pending_amount + account.balances.pending_amount,
            holding_amount: total.holding_amount + account.balances.holding_amount,
            locked_amount: total.locked_amount + account.balances.locked_amount,
        })
    }
}

fn bank_account_not_found() -> ApiError {
    ApiError::new(404, "bank_account_error", "bank_account_not_found", "there is no such bank account")
}
