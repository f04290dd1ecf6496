//! Lists of transfers, and incoming wires, the sandbox's way to fund an account (column.md sections 4, 4.1 and 6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json as value};

use super::ach::view::API_KEY;
use super::ach::{AchTransfer, Direction};
use super::calendar::pacific_midnight;
use super::error::ApiError;
use super::events::{EventKind, Subject};
use super::input::{Whole, read, required, usd};
use super::list::PageQuery;
use super::objects::{Cents, json};
use super::{Column, TransferRef};
use crate::http::Request;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IncomingWire {
    id: String,
    bank_account_id: String,
    account_number_id: String,
    amount: Cents,
    created_at: Timestamp,
    /// Position of its event.
    pub(crate) event: usize,
    /// Place among all transfers.
    order: usize,
}

#[derive(Deserialize)]
struct WireInput {
    destination_account_number_id: Option<String>,
    amount: Option<Whole>,
    currency_code: Option<String>,
}

#[derive(Deserialize)]
struct SettleInput {
    ach_transfer_id: Option<String>,
}

#[derive(Serialize)]
struct TransferList<T> {
    transfers: Vec<T>,
    has_more: bool,
}

/// Fields of a wire that are empty for one that came in without a story.
const EMPTY_WIRE_FIELDS: [&str; 46] = [
    "beneficiary_account_number",
    "beneficiary_name",
    "beneficiary_reference",
    "business_function_code",
    "counterparty_id",
    "creditor_agent_name",
    "creditor_agent_routing_number",
    "creditor_tax_id",
    "debtor_agent_name",
    "debtor_agent_routing_number",
    "description",
    "fi_to_fi_information_line_1",
    "fi_to_fi_information_line_2",
    "fi_to_fi_information_line_3",
    "fi_to_fi_information_line_4",
    "fi_to_fi_information_line_5",
    "fi_to_fi_information_line_6",
    "idempotency_key",
    "imad",
    "instructed_agent_name",
    "instructed_agent_routing_number",
    "instructing_agent_name",
    "instructing_agent_routing_number",
    "omad",
    "originator_account_number",
    "originator_name",
    "originator_to_beneficiary_information_line_1",
    "originator_to_beneficiary_information_line_2",
    "originator_to_beneficiary_information_line_3",
    "originator_to_beneficiary_information_line_4",
    "previous_message_reference",
    "raw_beneficiary_address",
    "raw_originator_address",
    "receiver_di_name",
    "receiver_di_routing_number",
    "reversal_pair_transfer_id",
    "sender_di_name",
    "sender_di_routing_number",
    "sender_reference",
    "subtype_code",
    "tax_record_period_type",
    "tax_type_code",
    "tax_year",
    "type_code",
    "ultimate_originator_counterparty_id",
    "wire_drawdown_request_id",
];

impl Column {
    pub(crate) fn receive_wire(&mut self, request: &Request) -> Result<String, ApiError> {
        let input: WireInput = read(request)?;
        let number_id = required(input.destination_account_number_id, "destination_account_number_id")?;
        let amount = input.amount.ok_or_else(|| ApiError::missing("amount"))?.0;
        usd(input.currency_code)?;
        if amount <= 0 {
            return Err(ApiError::transfer("transfer_invalid_amount", "the amount must be positive"));
        }
        let number = self.numbers.find(&number_id).ok_or_else(|| ApiError::not_found("account number"))?;
        let bank_account_id = number.bank_account_id.clone();
        if let Some(account) = self.accounts.find_mut(&bank_account_id) {
            account.balances.available_amount += Cents::from(amount);
        }
        let wire = IncomingWire {
            id: self.ids.next("wire", self.now),
            bank_account_id,
            account_number_id: number_id,
            amount: Cents::from(amount),
            created_at: self.now,
            event: 0,
            order: self.order.len(),
        };
        let id = wire.id.clone();
        let position = self.wires.push(&id, wire);
        self.order.push(TransferRef::Wire(position));
        let event = self.emit(EventKind::WireCompleted, Subject::Wire(position));
        self.wires.at_mut(position).event = event;
        Ok("{}".to_owned())
    }

    pub(crate) fn simulate_ach_settlement(&mut self, request: &Request) -> Result<String, ApiError> {
        let input: SettleInput = read(request)?;
        self.settle_by_force(&required(input.ach_transfer_id, "ach_transfer_id")?)?;
        Ok("{}".to_owned())
    }

    pub(crate) fn wire_json(&self, position: usize) -> String {
        let wire = self.wires.at(position);
        let mut object: Map<String, Value> =
            EMPTY_WIRE_FIELDS.iter().map(|field| ((*field).to_owned(), Value::from(""))).collect();
        let known = value!({
            "id": wire.id, "status": "COMPLETED", "amount": i64::try_from(wire.amount).unwrap_or(i64::MAX), "currency_code": "USD",
            "bank_account_id": wire.bank_account_id, "account_number_id": wire.account_number_id,
            "is_incoming": true, "is_on_us": false, "allow_overdraft": false, "created_by": null, "sender_address": null,
            "created_at": wire.created_at, "updated_at": wire.created_at, "completed_at": wire.created_at,
            "initiated_at": null, "pending_submission_at": null, "submitted_at": null, "rejected_at": null, "manual_review_at": null,
        });
        if let Value::Object(known) = known {
            object.extend(known);
        }
        Value::Object(object).to_string()
    }

    pub(crate) fn list_ach(&self, request: &Request) -> Result<String, ApiError> {
        let query = PageQuery::read(request, "created.")?;
        let keep = |transfer: &AchTransfer| self.matches_ach_filters(transfer, request);
        let positions = match request.query_value("bank_account_id") {
            None => {
                let page = query.select(
                    self.transfers.len(),
                    |position| self.transfers.at(position).created_at,
                    |id| self.transfers.position(id),
                    |position| keep(self.transfers.at(position)),
                )?;
                (page.positions, page.has_more)
            }
            Some(account_id) => {
                let own: &[usize] = self.accounts.find(account_id).map_or(&[], |account| &account.transfers);
                let page = query.select(
                    own.len(),
                    |index| self.transfers.at(own[index]).created_at,
                    |id| self.transfers.position(id).and_then(|position| own.binary_search(&position).ok()),
                    |index| keep(self.transfers.at(own[index])),
                )?;
                (page.positions.into_iter().map(|index| own[index]).collect(), page.has_more)
            }
        };
        let transfers = positions.0.iter().map(|position| raw(self.ach_json_now(*position))).collect();
        Ok(json(&TransferList { transfers, has_more: positions.1 }))
    }

    fn matches_ach_filters(&self, transfer: &AchTransfer, request: &Request) -> bool {
        let is_wanted = |name: &str, actual: &str| {
            request.query_value(name).is_none_or(|wanted| wanted.is_empty() || wanted.eq_ignore_ascii_case(actual))
        };
        let direction = match transfer.terms.direction {
            Direction::Credit => "credit",
            Direction::Debit => "debit",
        };
        is_wanted("status", transfer.status.name())
            && is_wanted("type", direction)
            && is_wanted("is_incoming", "false")
            && is_wanted("counterparty_id", &self.counterparties.at(transfer.terms.counterparty).id)
    }

    /// All kinds of transfers in one shape.
    pub(crate) fn list_transfers(&self, request: &Request) -> Result<String, ApiError> {
        let wanted_kind = request.query_value("type");
        let page = PageQuery::read(request, "created_at_")?.select(
            self.order.len(),
            |index| match self.order[index] {
                TransferRef::Ach(position) => self.transfers.at(position).created_at,
                TransferRef::Check(position) => self.checks.at(position).created_at,
                TransferRef::Wire(position) => self.wires.at(position).created_at,
            },
            |id| self.order_of(id),
            |index| match self.order[index] {
                TransferRef::Ach(_) => wanted_kind.is_none_or(|kind| kind == "ach"),
                TransferRef::Check(_) => wanted_kind.is_none_or(|kind| kind == "check"),
                TransferRef::Wire(_) => wanted_kind.is_none_or(|kind| kind == "wire"),
            },
        )?;
        let transfers: Vec<Value> = page
            .positions
            .iter()
            .map(|index| match self.order[*index] {
                TransferRef::Ach(position) => self.unified_ach(position),
                TransferRef::Check(position) => self.unified_check(position),
                TransferRef::Wire(position) => self.unified_wire(position),
            })
            .collect();
        Ok(json(&TransferList { transfers, has_more: page.has_more }))
    }

    fn order_of(&self, id: &str) -> Option<usize> {
        let ach = self.transfers.find(id).map(|transfer| transfer.order);
        let check = || self.checks.find(id).map(|check| check.order);
        ach.or_else(check).or_else(|| self.wires.find(id).map(|wire| wire.order))
    }

    fn unified_ach(&self, position: usize) -> Value {
        let transfer = self.transfers.at(position);
        let terms = &transfer.terms;
        let own = value!({"bank_account_id": self.accounts.at(terms.account).id, "account_number_id": terms.account_number_id});
        let counterparty = self.counterparties.at(terms.counterparty);
        let shown = serde_json::to_value(self.ach_view(position, transfer.steps.len())).unwrap_or_default();
        let mut object = value!({
            "id": transfer.id, "status": transfer.status.name(), "amount": i64::try_from(terms.amount).unwrap_or(i64::MAX),
            "currency_code": "USD", "is_incoming": false, "idempotency_key": terms.idempotency_key, "description": terms.description,
            "created_at": transfer.created_at, "updated_at": shown["updated_at"], "settled_at": shown["settled_at"],
            "completed_at": shown["completed_at"], "effective_on": pacific_midnight(transfer.clearing.effective_on), "created_by": API_KEY,
        });
        match terms.direction {
            Direction::Credit => {
                object["type"] = "ach_credit".into();
                object["sender_internal_account"] = own;
                object["external_destination"] =
                    value!({"counterparty_id": counterparty.id, "receiver_name": terms.receiver_name});
            }
            Direction::Debit => {
                object["type"] = "ach_debit".into();
                object["receiver_internal_account"] = own;
                object["external_source"] =
                    value!({"counterparty_id": counterparty.id, "sender_name": terms.receiver_name, "bank_name": ""});
            }
        }
        object
    }

    fn unified_wire(&self, position: usize) -> Value {
        let wire = self.wires.at(position);
        value!({
            "id": wire.id, "type": "wire", "status": "COMPLETED", "amount": i64::try_from(wire.amount).unwrap_or(i64::MAX),
            "currency_code": "USD", "is_incoming": true, "idempotency_key": "", "description": "",
            "receiver_internal_account": {"bank_account_id": wire.bank_account_id, "account_number_id": wire.account_number_id},
            "created_at": wire.created_at, "updated_at": wire.created_at, "settled_at": wire.created_at, "completed_at": wire.created_at,
        })
    }
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_default()
}
