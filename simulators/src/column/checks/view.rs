//! The check object as the API and the webhooks show it, and lists of checks.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json as value};

use super::returns::ReturnView;
use super::{CheckChange, CheckStatus};
use crate::column::Column;
use crate::column::ach::view::{API_KEY, Identity};
use crate::column::error::ApiError;
use crate::column::list::PageQuery;
use crate::column::objects::{Address, Cents, json};
use crate::http::Request;

#[derive(Serialize)]
pub(crate) struct CheckView<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    idempotency_key: &'a str,
    bank_account_id: &'a str,
    account_number_id: &'a str,
    transfer_batch_id: Option<()>,
    lockbox_id: Option<()>,
    currency_code: &'static str,
    positive_pay_amount: Cents,
    deposited_amount: Option<Cents>,
    check_number: i64,
    payee_name: &'a str,
    extracted_payee_name: Option<()>,
    description: &'a str,
    external_routing_number: Option<()>,
    micr_line: Option<()>,
    front_image: Option<()>,
    back_image: Option<()>,
    allow_overdraft: bool,
    returns: Vec<ReturnView<'a>>,
    reviews: [(); 0],
    delivered_by_column: bool,
    message: Option<&'a str>,
    memo: Option<&'a str>,
    payee_company: Option<&'a str>,
    payee_address: Option<&'a Address>,
    delivery_status: Option<&'static str>,
    delivery_method: Option<&'a str>,
    delivery_tracking_url: Option<()>,
    delivery_tracking_number: Option<()>,
    is_preview_pdf_available: bool,
    attachment_document_id: Option<()>,
    void_date: Option<Date>,
    created_by: Identity,
    created_at: Timestamp,
    updated_at: Timestamp,
    initiated_at: Option<Timestamp>,
    pre_review_at: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    manual_review_at: Option<Timestamp>,
    rejected_at: Option<Timestamp>,
    pending_deposit_at: Option<Timestamp>,
    deposited_at: Option<Timestamp>,
    pending_stop_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    pending_first_return_at: Option<Timestamp>,
    first_return_at: Option<Timestamp>,
    reclear_at: Option<Timestamp>,
    pending_second_return_at: Option<Timestamp>,
    second_return_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    pending_user_initiated_return_at: Option<Timestamp>,
    user_initiated_return_submitted_at: Option<Timestamp>,
    user_initiated_returned_at: Option<Timestamp>,
    user_initiated_return_dishonored_at: Option<Timestamp>,
    returned_at: Option<Timestamp>,
    effective_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct CheckList {
    transfers: Vec<Box<RawValue>>,
    has_more: bool,
}

impl Column {
    /// The check as it was after its first `steps` steps.
    pub(crate) fn check_json(&self, position: usize, steps: usize) -> String {
        let check = self.checks.at(position);
        let mut view = self.check_terms_view(position);
        for step in check.steps.iter().take(steps) {
            view.updated_at = step.at;
            match &step.change {
                CheckChange::Status(status) => view.apply_status(*status, step.at),
                CheckChange::Mail(mail) => view.delivery_status = Some(mail.name()),
                CheckChange::Presented(amount) => view.deposited_amount = Some(*amount),
                CheckChange::Returned { .. } => {}
            }
        }
        view.returns = self.returns_view(position, steps);
        json(&view)
    }

    pub(crate) fn check_json_now(&self, position: usize) -> String {
        self.check_json(position, self.checks.at(position).steps.len())
    }

    pub(crate) fn list_checks(&self, request: &Request) -> Result<String, ApiError> {
        let is_wanted = |name: &str, actual: &str| {
            request.query_value(name).is_none_or(|wanted| wanted.is_empty() || wanted.eq_ignore_ascii_case(actual))
        };
        let page = PageQuery::read(request, "created.")?.select(
            self.checks.len(),
            |position| self.checks.at(position).created_at,
            |id| self.checks.position(id),
            |position| {
                let check = self.checks.at(position);
                is_wanted("bank_account_id", &self.accounts.at(check.terms.account).id)
                    && is_wanted("status", check.status.name())
                    && is_wanted("type", "debit")
            },
        )?;
        let raw = |position| RawValue::from_string(self.check_json_now(position)).unwrap_or_default();
        Ok(json(&CheckList { transfers: page.positions.into_iter().map(raw).collect(), has_more: page.has_more }))
    }

    /// As it stands in the list of all kinds of transfers.
    pub(crate) fn unified_check(&self, position: usize) -> Value {
        let check = self.checks.at(position);
        let terms = &check.terms;
        let reached = |wanted: CheckStatus| {
            check.steps.iter().find(|step| step.change == CheckChange::Status(wanted)).map(|step| step.at)
        };
        let settled_at = reached(CheckStatus::Settled);
        value!({
            "id": check.id, "type": "check_debit", "status": check.status.name(),
            "amount": i64::try_from(terms.amount).unwrap_or(i64::MAX), "currency_code": "USD", "is_incoming": false,
            "idempotency_key": terms.idempotency_key, "description": terms.description, "check_number": terms.check_number.to_string(),
            "sender_internal_account": {
                "bank_account_id": self.accounts.at(terms.account).id, "account_number_id": terms.account_number_id,
            },
            "external_destination": {"counterparty_id": "", "receiver_name": terms.payee_name},
            "created_at": check.created_at, "updated_at": check.steps.last().map_or(check.created_at, |step| step.at),
            "settled_at": settled_at, "completed_at": settled_at, "created_by": API_KEY,
        })
    }

    fn check_terms_view(&self, position: usize) -> CheckView<'_> {
        let check = self.checks.at(position);
        let terms = &check.terms;
        let letter = terms.letter.as_ref();
        CheckView {
            id: &check.id,
            kind: "debit",
            status: CheckStatus::Initiated.name(),
            idempotency_key: &terms.idempotency_key,
            bank_account_id: &self.accounts.at(terms.account).id,
            account_number_id: &terms.account_number_id,
            transfer_batch_id: None,
            lockbox_id: None,
            currency_code: "USD",
            positive_pay_amount: terms.amount,
            deposited_amount: None,
            check_number: terms.check_number,
            payee_name: &terms.payee_name,
            extracted_payee_name: None,
            description: &terms.description,
            external_routing_number: None,
            micr_line: None,
            front_image: None,
            back_image: None,
            allow_overdraft: false,
            returns: Vec::new(),
            reviews: [],
            delivered_by_column: letter.is_some(),
            message: letter.map(|letter| letter.message.as_str()),
            memo: letter.map(|letter| letter.memo.as_str()),
            payee_company: letter.map(|letter| letter.payee_company.as_str()),
            payee_address: letter.map(|letter| &letter.payee_address),
            delivery_status: None,
            delivery_method: letter.map(|letter| letter.delivery_method.as_str()),
            delivery_tracking_url: None,
            delivery_tracking_number: None,
            is_preview_pdf_available: false,
            attachment_document_id: None,
            void_date: terms.void_date,
            created_by: API_KEY,
            created_at: check.created_at,
            updated_at: check.created_at,
            initiated_at: None,
            pre_review_at: None,
            issued_at: None,
            manual_review_at: None,
            rejected_at: None,
            pending_deposit_at: None,
            deposited_at: None,
            pending_stop_at: None,
            stopped_at: None,
            pending_first_return_at: None,
            first_return_at: None,
            reclear_at: None,
            pending_second_return_at: None,
            second_return_at: None,
            settled_at: None,
            pending_user_initiated_return_at: None,
            user_initiated_return_submitted_at: None,
            user_initiated_returned_at: None,
            user_initiated_return_dishonored_at: None,
            returned_at: None,
            effective_at: None,
        }
    }
}

impl CheckView<'_> {
    fn apply_status(&mut self, status: CheckStatus, at: Timestamp) {
        self.status = status.name();
        let reached = match status {
            CheckStatus::Initiated => &mut self.initiated_at,
            CheckStatus::ManualReview => &mut self.manual_review_at,
            CheckStatus::Rejected => &mut self.rejected_at,
            CheckStatus::Issued => &mut self.issued_at,
            CheckStatus::PendingStop => &mut self.pending_stop_at,
            CheckStatus::Stopped => &mut self.stopped_at,
            CheckStatus::PendingDeposit => &mut self.pending_deposit_at,
            CheckStatus::PendingFirstReturn => &mut self.pending_first_return_at,
            CheckStatus::FirstReturn => &mut self.first_return_at,
            CheckStatus::PendingReclear => &mut self.reclear_at,
            CheckStatus::PendingSecondReturn => &mut self.pending_second_return_at,
            CheckStatus::SecondReturn => &mut self.second_return_at,
            CheckStatus::Settled => &mut self.settled_at,
            CheckStatus::PendingUserInitiatedReturn => &mut self.pending_user_initiated_return_at,
            CheckStatus::UserInitiatedReturnSubmitted => &mut self.user_initiated_return_submitted_at,
            CheckStatus::UserInitiatedReturned => &mut self.user_initiated_returned_at,
            CheckStatus::UserInitiatedReturnDishonored => &mut self.user_initiated_return_dishonored_at,
        };
        *reached = Some(at);
    }
}
