//! The ACH transfer object as the API and the webhooks show it.

use jiff::Timestamp;
use serde::Serialize;

use super::{AchStatus, AchTransfer, Change, Direction, NotificationOfChange};
use crate::column::Column;
use crate::column::calendar::pacific_midnight;
use crate::column::objects::{Cents, ROUTING_NUMBER, json};

/// Of the simulated platform, the same in every entry.
const COMPANY_ID: &str = "1900000001";

#[derive(Serialize)]
pub(crate) struct Identity {
    id: &'static str,
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

pub(crate) const API_KEY: Identity =
    Identity { id: "akey_0000000000000000000000SIM", name: "simulated key", kind: "API_KEY" };

#[derive(Serialize)]
struct ReturnDetail<'a> {
    return_code: &'a str,
    description: &'static str,
    addenda: &'a str,
    status: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct NotificationView<'a> {
    #[serde(flatten)]
    change: &'a NotificationOfChange,
    transaction_code: u8,
}

#[derive(Serialize)]
pub(crate) struct AchView<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    direction: Direction,
    status: &'static str,
    amount: Cents,
    currency_code: &'static str,
    bank_account_id: &'a str,
    account_number_id: &'a str,
    counterparty_id: &'a str,
    is_incoming: bool,
    is_on_us: bool,
    same_day: bool,
    entry_class_code: &'a str,
    company_name: &'a str,
    company_id: &'static str,
    company_entry_description: &'a str,
    company_discretionary_data: &'a str,
    description: &'a str,
    receiver_name: &'a str,
    receiver_id: &'a str,
    payment_related_info: &'a str,
    trace_number: String,
    odfi_routing_number: &'static str,
    effective_on: Timestamp,
    allow_overdraft: bool,
    idempotency_key: &'a str,
    ultimate_originator_counterparty_id: &'static str,
    ultimate_beneficiary_counterparty_id: &'static str,
    transaction_type_code: &'static str,
    intermediary_financial_institutions: [(); 0],
    entry_details: Option<()>,
    iat: Option<()>,
    return_details: Vec<ReturnDetail<'a>>,
    notification_of_changes: Option<NotificationView<'a>>,
    nsf_deadline: Option<Timestamp>,
    reversal_pair_transfer_id: &'a str,
    ach_transfer_batch_id: Option<()>,
    created_by: Identity,
    created_at: Timestamp,
    initiated_at: Option<Timestamp>,
    manual_review_at: Option<Timestamp>,
    submitted_at: Option<Timestamp>,
    acknowledged_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    returned_at: Option<Timestamp>,
    return_dishonored_at: Option<Timestamp>,
    return_dishonored_funds_unlocked_at: Option<Timestamp>,
    return_contested_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl Column {
    /// The transfer as it was after its first `steps` steps.
    pub(crate) fn ach_view(&self, position: usize, steps: usize) -> AchView<'_> {
        let transfer = self.transfers.at(position);
        let mut view = self.ach_terms_view(transfer);
        for step in transfer.steps.iter().take(steps) {
            view.updated_at = step.at;
            match &step.change {
                Change::Status(status) => view.apply_status(*status, step.at, position),
                Change::Returned(reason) => {
                    view.status = AchStatus::Returned.name();
                    view.returned_at = Some(step.at);
                    view.return_details.push(ReturnDetail {
                        return_code: &reason.return_code,
                        description: "returned by the receiving bank",
                        addenda: &reason.addenda,
                        status: "COMPLETED",
                        created_at: step.at,
                        updated_at: step.at,
                    });
                }
                Change::Corrected(change) => {
                    view.notification_of_changes = Some(NotificationView { change, transaction_code: 0 });
                }
                Change::ReversalPair(pair) => view.reversal_pair_transfer_id = &self.transfers.at(*pair).id,
            }
        }
        view
    }

    pub(crate) fn ach_json(&self, position: usize, steps: usize) -> String {
        json(&self.ach_view(position, steps))
    }

    pub(crate) fn ach_json_now(&self, position: usize) -> String {
        self.ach_json(position, self.transfers.at(position).steps.len())
    }

    fn ach_terms_view<'a>(&'a self, transfer: &'a AchTransfer) -> AchView<'a> {
        let terms = &transfer.terms;
        AchView {
            id: &transfer.id,
            direction: terms.direction,
            status: AchStatus::Initiated.name(),
            amount: terms.amount,
            currency_code: "USD",
            bank_account_id: &self.accounts.at(terms.account).id,
            account_number_id: &terms.account_number_id,
            counterparty_id: &self.counterparties.at(terms.counterparty).id,
            is_incoming: false,
            is_on_us: false,
            same_day: transfer.clearing.same_day,
            entry_class_code: &terms.entry_class_code,
            company_name: &terms.company_name,
            company_id: COMPANY_ID,
            company_entry_description: &terms.company_entry_description,
            company_discretionary_data: &terms.company_discretionary_data,
            description: &terms.description,
            receiver_name: &terms.receiver_name,
            receiver_id: &terms.receiver_id,
            payment_related_info: &terms.payment_related_info,
            trace_number: String::new(),
            odfi_routing_number: ROUTING_NUMBER,
            effective_on: pacific_midnight(transfer.clearing.effective_on),
            allow_overdraft: false,
            idempotency_key: &terms.idempotency_key,
            ultimate_originator_counterparty_id: "",
            ultimate_beneficiary_counterparty_id: "",
            transaction_type_code: "",
            intermediary_financial_institutions: [],
            entry_details: None,
            iat: None,
            return_details: Vec::new(),
            notification_of_changes: None,
            nsf_deadline: None,
            reversal_pair_transfer_id: "",
            ach_transfer_batch_id: None,
            created_by: API_KEY,
            created_at: transfer.created_at,
            initiated_at: None,
            manual_review_at: None,
            submitted_at: None,
            acknowledged_at: None,
            settled_at: None,
            completed_at: None,
            cancelled_at: None,
            returned_at: None,
            return_dishonored_at: None,
            return_dishonored_funds_unlocked_at: None,
            return_contested_at: None,
            updated_at: transfer.created_at,
        }
    }
}

impl AchView<'_> {
    fn apply_status(&mut self, status: AchStatus, at: Timestamp, position: usize) {
        self.status = status.name();
        match status {
            AchStatus::Initiated => self.initiated_at = Some(at),
            AchStatus::ManualReview => self.manual_review_at = Some(at),
            AchStatus::ManualReviewApproved | AchStatus::PendingSubmission => {}
            AchStatus::Submitted => {
                self.submitted_at = Some(at);
                self.trace_number = format!("{}{:07}", &ROUTING_NUMBER[..8], position % 10_000_000);
            }
            AchStatus::Settled => self.settled_at = Some(at),
            AchStatus::Completed => self.completed_at = Some(at),
            AchStatus::Canceled => self.cancelled_at = Some(at),
            AchStatus::Returned => self.returned_at = Some(at),
            AchStatus::ReturnDishonored => self.return_dishonored_at = Some(at),
            AchStatus::ReturnContested => self.return_contested_at = Some(at),
        }
    }
}
