//! The words of every notice, as one total function.

use jiff::Timestamp;

use super::{CheckFailure, DebitFailure, NoticeKind};
use crate::domain::autopay::authorisation::AuthorisationStep;
use crate::domain::autopay::explain::{day, money};
use crate::domain::autopay::item::ItemNotice;
use crate::domain::calendar::eastern_date;

impl NoticeKind {
    pub fn text(&self) -> String {
        match self {
            NoticeKind::PaymentStarted { card_name, amount, reason, .. } => {
                format!("We are paying {} of {card_name}. {reason}", money(*amount))
            }
            NoticeKind::DebitAnnounced { card_name, amount, debit_on, .. } => format!(
                "On {} we will debit {} to pay {card_name}. That is outside the range you agreed to, so you hear of it ahead; you can \
                 revoke your authorisation before that day.",
                day(*debit_on),
                money(*amount)
            ),
            NoticeKind::CardNeeds { card_name, reason, .. } => format!("{card_name}: {reason}"),
            NoticeKind::Item { institution_name, what, .. } => item(institution_name, *what),
            NoticeKind::DebitTriedAgain { amount, not_before, .. } => format!(
                "Your bank returned our debit of {} for lack of money. We will try it again on {} or soon after; please have the money \
                 there.",
                money(*amount),
                day(*not_before)
            ),
            NoticeKind::DebitFailed { card_name, amount, failure, .. } => {
                format!(
                    "Your bank did not pay our debit of {} for {card_name}: {}",
                    money(*amount),
                    debit_failure(*failure)
                )
            }
            NoticeKind::ReceivableOpened { amount, .. } => format!(
                "Your bank took back {} after we had sent it on to your card's issuer. We are trying to stop the check. Until the sum is \
                 settled nothing new is paid.",
                money(*amount)
            ),
            NoticeKind::ReceivableEnded { amount, .. } => {
                format!("The {} that your bank took back is settled. Autopay goes on.", money(*amount))
            }
            NoticeKind::CheckMailed { card_name, amount, .. } => {
                format!("The check of {} for {card_name} is in the mail.", money(*amount))
            }
            NoticeKind::CheckCashed { card_name, amount, .. } => {
                format!("The issuer of {card_name} cashed the check of {}.", money(*amount))
            }
            NoticeKind::CheckFailed { card_name, amount, failure, .. } => {
                format!("The check of {} for {card_name} did not pay: {}", money(*amount), check_failure(*failure))
            }
            NoticeKind::PostedAsked { card_name, amount, .. } => format!(
                "The check of {} for {card_name} was cashed ten days ago, but the card's balance does not show it. Please look at your \
                 card's statement and tell us whether it was credited. Until then it counts as on its way.",
                money(*amount)
            ),
            NoticeKind::PaymentCanceled { card_name, amount, .. } => {
                format!("The payment of {} to {card_name} is canceled.", money(*amount))
            }
            NoticeKind::RefundSent { amount, bank_account_last4, .. } => {
                format!("{} is on its way back to your bank account ending in {bank_account_last4}.", money(*amount))
            }
            NoticeKind::Authorisation { step: AuthorisationStep::Agreed, text, .. } => {
                format!("Autopay is on. Keep this copy of what you agreed to: {text}")
            }
            NoticeKind::Authorisation { step: AuthorisationStep::Revoked, at, .. } => format!(
                "You revoked your authorisation on {}. No debit is sent any more; one that your bank already has may still be booked.",
                moment(*at)
            ),
            NoticeKind::NumbersCorrected { bank_account_last4, .. } => {
                format!(
                    "Your bank corrected the details of the account ending in {bank_account_last4}. We use them from now on."
                )
            }
            NoticeKind::AddressWanted { institution_id, institution_name } => format!(
                "A card of {institution_name} cannot be paid: the biller directory has no address for checks of {institution_id}. Enter it \
                 (PUT /billers/{institution_id}/remittance), and have a second person confirm it."
            ),
            NoticeKind::DifferenceFound { reconciliation_id, payer_id, differences } => format!(
                "Reconciliation {reconciliation_id} found {differences} differences of {payer_id} between payments, books and bank that \
                 nothing explains. Nothing leaves this payer until you have looked."
            ),
            NoticeKind::EventUnmatched { event_id, is_readable: true, .. } => format!(
                "The bank's event {event_id} names a payment or funding that is not here. Find out what it is about, then close it."
            ),
            NoticeKind::EventUnmatched { event_id, is_readable: false, .. } => format!(
                "The bank's event {event_id} is signed and cannot be read. It is kept, and applied by the first version that can read it."
            ),
            NoticeKind::BatchCompleted { batch_id, paid, failed, .. } => {
                format!("Batch {batch_id} is completed: {paid} payments paid, {failed} not.")
            }
            NoticeKind::ImportFailed { batch_id, text, .. } => format!("Batch {batch_id} failed. {text}"),
            NoticeKind::FundingReturned { funding_id, amount, return_code, .. } => {
                format!("Funding {funding_id} of {} came back with {return_code}.", money(*amount))
            }
            NoticeKind::AttentionRaised { item_id, reason, .. } => {
                format!("{item_id} needs an operator: {reason}. Nothing automatic happens until that is cleared.")
            }
        }
    }
}

fn item(institution_name: &str, what: ItemNotice) -> String {
    match what {
        ItemNotice::LoginRequired { .. } => format!(
            "{institution_name} asks you to log in again. Until you do, nothing is paid for what is linked there. If a bill is due soon, \
             pay it yourself."
        ),
        ItemNotice::ConsentExpiring { until } => format!(
            "Your permission at {institution_name} ends on {}. Renew it before, so that autopay goes on.",
            moment(until)
        ),
        ItemNotice::InstitutionDown { since } => format!(
            "{institution_name} has not answered since {}. Nothing is paid on old figures; if a bill is due soon, pay it yourself.",
            moment(since)
        ),
        ItemNotice::Revoked { .. } => format!(
            "The link to {institution_name} is gone: the permission was withdrawn. Autopay for what was linked there has stopped. Link it \
             again to go on."
        ),
    }
}

fn debit_failure(failure: DebitFailure) -> String {
    match failure {
        DebitFailure::NoMoney => {
            "there was not enough money. Autopay looks again at the next review; pay the bill yourself if it is due."
                .to_owned()
        }
        DebitFailure::AccountClosed => "the account is closed. Choose another one.".to_owned(),
        DebitFailure::AccountUnusable { return_code } => {
            format!("the account cannot be debited ({}). Link it again or choose another one.", return_code.meaning())
        }
        DebitFailure::AccountFrozen => "the account is frozen. Ask your bank, or choose another one.".to_owned(),
        DebitFailure::Unauthorised { .. } => {
            "it says that the debit was not authorised. No new debit is made until we have spoken to you.".to_owned()
        }
        DebitFailure::Stopped => "it was stopped at the bank. Agree to the debits again to go on.".to_owned(),
        DebitFailure::HolderDeceased => {
            "it says that the account's holder has died. No new debit is made until we have spoken to you.".to_owned()
        }
        DebitFailure::Other { return_code } => {
            format!("{} ({return_code}). We are looking into it.", return_code.meaning())
        }
        DebitFailure::Refused => "the debit could not be sent. We are looking into it.".to_owned(),
    }
}

const fn check_failure(failure: CheckFailure) -> &'static str {
    match failure {
        CheckFailure::ReturnedByMail => {
            "it came back by mail. We stop it, then send it to a corrected address or give the money back."
        }
        CheckFailure::Voided => "nobody cashed it within 180 days. The money goes back to your bank account.",
        CheckFailure::OtherAmount => "it was presented for another amount and refused. We are looking into it.",
        CheckFailure::Rejected => "the bank rejected it. We are looking into it.",
        CheckFailure::Stopped => "it was stopped.",
        CheckFailure::Returned => "it came back after it had been cashed. We are looking into it.",
    }
}

fn moment(at: Timestamp) -> String {
    day(eastern_date(at))
}
