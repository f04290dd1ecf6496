//! The words that only operators and payroll's admins read.

use super::Outlook;
use crate::domain::autopay::held::EndedBy;
use crate::domain::autopay::ids::CardId;
use crate::domain::ids::{PaymentId, WebhookEndpointId};

/// What operators have to know of the next debit of whoever's debit ended.
pub(super) const fn held(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::GoesOn => "What follows is not held back by it.",
        Outlook::NextStatement => "No new debit is made for the bill.",
        Outlook::LookedInto => "No new payment of its card is opened.",
        Outlook::AgreeAnew => "No new debit is made until the person has given a new authorization.",
        Outlook::OtherAccount => "The bank account is not debited any more.",
        Outlook::Owing => "No new debit is made until what is owed is settled.",
        Outlook::Blocked => "No new debit of its person is made until the block is cleared.",
    }
}

/// What operators do about a card that is held back.
pub(super) fn held_back(card_id: CardId, payment_id: PaymentId, by: EndedBy) -> String {
    let (what, ends) = match by {
        EndedBy::NoMoney => ("its debit came back for lack of money", "the next statement"),
        EndedBy::AccountRefused => ("its bank account cannot be debited", "the person has another bank account"),
        EndedBy::NotAuthorized | EndedBy::Stopped => {
            ("its debit was stopped or disputed", "the person has given a new authorization")
        }
        EndedBy::DebitRefused => ("its debit was not taken", "the person has another bank account"),
        EndedBy::CheckFailed => (
            "its check did not pay",
            "the biller directory has another address (PUT /billers/{institution_id}/remittance)",
        ),
    };
    format!(
        "Payment {payment_id} ended: {what}. No new payment of card {card_id} is opened until {ends}, or you have looked into it and say so \
         (POST /cards/{card_id}/hold/clear)."
    )
}

/// What operators do about a receiver that takes nothing.
pub(super) fn webhook_endpoint_disabled(endpoint_id: WebhookEndpointId, since: &str) -> String {
    format!(
        "Webhook endpoint {endpoint_id} has taken nothing since {since} and is disabled. Events are kept for it. When its receiver is \
         repaired, enable it (POST /webhook-endpoints/{endpoint_id}/enable) and have them sent again \
         (POST /webhook-endpoints/{endpoint_id}/replay)."
    )
}

/// A payout of a batch that came back, and what can be done.
pub(super) fn payout_returned(payment_id: PaymentId, amount: &str, reason: &str) -> String {
    match payment_id {
        PaymentId::Row { batch, .. } => format!(
            "Payment {payment_id} of {amount} came back after it was paid ({reason}). Its money is the source's again: retry batch {batch}, \
             where the reason allows it, or refund it to the source."
        ),
        PaymentId::Refund { batch, .. } => format!(
            "Refund {payment_id} of {amount} did not arrive ({reason}); the money is with us. Look at the source's account, then ask for \
             the refund of batch {batch} again."
        ),
        PaymentId::Single(_) => format!("Payment {payment_id} of {amount} came back ({reason})."),
    }
}
