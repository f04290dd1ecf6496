//! One check of one of our payments: its request from what is stored.

use super::ach::rest;
use super::bank_object::{BankObject, ObjectEvent};
use super::send::{self, Prepared};
use super::{OperationError, System, bank_events};
use crate::adapters::column::StopOutcome;
use crate::domain::autopay::person::Person;
use crate::domain::bank::body::RequestProblem;
use crate::domain::bank::check::request::{IssueCheckRequest, MailRequest};
use crate::domain::bank::limits::CheckPayorName;
use crate::domain::deadline::Deadline;
use crate::domain::payment::{CheckPayee, Payment};
use crate::domain::secret::last_four;
use crate::store::stored::Stored;

/// Has the bank issue and mail it, and lets the person rest where the bank refuses us.
pub(crate) async fn send(
    system: &System,
    payment: Payment,
    payee: &CheckPayee,
    person: &Person,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let request = prepare(system, payment.clone(), payee, person);
    let sent = send::send(system, payment, request, deadline).await?;
    rest::<Person>(system, &person.key(), sent).await
}

/// Asks the bank to stop the check. Whatever it answers is the bank's word about the check, and applied as that; what it will not say
/// now is asked again, because the wish stays recorded.
pub(crate) async fn stop(system: &System, payment: &Payment, deadline: Deadline) -> Result<(), OperationError> {
    let Some(check_id) = &payment.leg.transfer_id else { return Ok(()) };
    let column = system.column().await?;
    let check = match column.stop_check(check_id, deadline).await? {
        StopOutcome::Stopping(check) | StopOutcome::Already(check) => {
            tracing::info!(payment = %payment.id, "the bank stops a check");
            check
        }
        StopOutcome::TooLate(check) => {
            tracing::error!(payment = %payment.id, "attention: a check was presented before it could be stopped");
            check
        }
    };
    let object = BankObject::Check(check);
    let event = ObjectEvent {
        event_id: format!("stop:{check_id}:{}", object.standing()),
        created_at: object.updated_at(),
        event_type: "stop_asked".to_owned(),
        object,
    };
    bank_events::apply(system, &event).await.map(|_| ())
}

async fn prepare(
    system: &System,
    payment: Payment,
    payee: &CheckPayee,
    person: &Person,
) -> Result<Prepared, OperationError> {
    let bank_account_id = person
        .column_bank_account_id
        .clone()
        .ok_or_else(|| OperationError::Inconsistent(format!("{} has no account at the bank", person.id)))?;
    let message = match &payee.sealed_account {
        Some(sealed) => {
            let number = system.vault().await?.sealing.open(&sealed.clone().into(), &payment.key().pk)?;
            // Memo and letter speak of one account.
            if last_four(number.expose()) != payee.account_last4 {
                return Err(RequestProblem::OtherAccount.into());
            }
            format!("{} {}", payee.message, number.expose())
        }
        None => payee.message.clone(),
    };
    let request = IssueCheckRequest {
        amount: payment.amount.try_into()?,
        bank_account_id: bank_account_id.clone(),
        payee_name: payee.name.as_str().try_into()?,
        description: payment.id.to_string(),
        mail: MailRequest {
            payee_address: payee.address.clone(),
            memo: payee.memo.as_str().try_into()?,
            message: message.as_str().try_into()?,
            payor_name: Some(CheckPayorName::of_person(&person.name)?),
            payor_address: person.address.clone(),
        },
    };
    Ok(Prepared { body: request.body()?, bank_account_id })
}
