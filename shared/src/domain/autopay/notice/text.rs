//! The words of every notice, as one total function; those of persons are here whole.

use jiff::Timestamp;

use super::office::{held, held_back, payout_returned, webhook_endpoint_disabled};
use super::{CheckFailure, DebitFailure, NoticeKind, Outlook};
use crate::domain::autopay::authorization::AuthorizationStep;
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
                "On {}, or in the week after it, we will debit {} to pay {card_name}. That is outside the range you agreed to, so you hear of it ahead; you can \
                 revoke your authorization before that day.",
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
            NoticeKind::DebitFailed { card_name, amount, failure, outlook, .. } => format!(
                "Your bank did not pay our debit of {} for {card_name}: {}. {}",
                money(*amount),
                debit_failure(*failure),
                after_debit(*failure, *outlook)
            ),
            NoticeKind::ReceivableOpened { amount, check_is_out: true, .. } => format!(
                "Your bank took back {} after we had sent it on to your card's issuer. We are trying to stop the check. Until the sum is \
                 settled nothing new is paid.",
                money(*amount)
            ),
            NoticeKind::ReceivableOpened { amount, check_is_out: false, .. } => format!(
                "Your bank took back {} after we had paid it out. Until the sum is settled nothing new is paid; we will be in touch.",
                money(*amount)
            ),
            NoticeKind::ReceivableEnded { amount, outlook, .. } => {
                format!("The {} that your bank took back is settled. {}", money(*amount), next(*outlook))
            }
            NoticeKind::BillLate { card_name, due_on, amount, reason, .. } => format!(
                "{} of the bill of {card_name} that is due on {} will not be there in time, as it looks now: pay it another way if that \
                 matters. {reason}",
                money(*amount),
                day(*due_on)
            ),
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
            NoticeKind::RefundCameBack { amount, bank_account_last4, .. } => format!(
                "{} that we sent back to your bank account ending in {bank_account_last4} did not arrive there. The money is with us; we are \
                 looking into where to send it.",
                money(*amount)
            ),
            NoticeKind::Authorization { step: AuthorizationStep::Agreed, text, outlook, .. } => {
                format!("{} Keep this copy of what you agreed to: {text}", agreed(*outlook))
            }
            NoticeKind::Authorization { step: AuthorizationStep::Revoked, at, .. } => format!(
                "You revoked your authorization on {}. No debit is sent any more; one that your bank already has may still be booked.",
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
                "Reconciliation {reconciliation_id} compared payments, books and bank of {payer_id}. Differences that nothing explains: \
                 {differences}. Nothing leaves this payer until you have looked."
            ),
            NoticeKind::EventUnmatched { event_id, is_readable: true, .. } => format!(
                "The bank's event {event_id} names no payment or funding that is here. Find out what it is about, then close it."
            ),
            NoticeKind::EventUnmatched { event_id, is_readable: false, .. } => format!(
                "The bank's event {event_id} is signed and cannot be read. It is kept, and applied by the first version that can read it."
            ),
            NoticeKind::AccountCorrected { account, change_code, account_last4, corrected_last4, .. } => {
                let to = corrected_last4.as_deref().map(|last4| format!(" to the one ending in {last4}"));
                format!(
                    "The bank corrected the account ending in {account_last4}{} ({change_code}). What is sent from now on goes there. If that \
                     is wrong, take it back: POST /account-corrections/{account}/withdraw, confirmed by a second operator.",
                    to.unwrap_or_default()
                )
            }
            NoticeKind::SourceBarred { source_id, funding_id, return_code } => format!(
                "The debit {funding_id} of source {source_id} came back with {return_code} ({}). Nothing leaves this source, and it is not \
                 debited again, until an operator has looked and resumes it with a reason.",
                return_code.meaning()
            ),
            NoticeKind::BatchCompleted { batch_id, paid, failed, .. } => {
                format!("Batch {batch_id} is completed: {paid} payments paid, {failed} not.")
            }
            NoticeKind::ImportFailed { batch_id, text, .. } => format!("Batch {batch_id} failed. {text}"),
            NoticeKind::FundingReturned { funding_id, amount, return_code, .. } => {
                format!("Funding {funding_id} of {} came back with {return_code}.", money(*amount))
            }
            NoticeKind::PayoutReturned { payment_id, amount, reason, .. } => {
                payout_returned(*payment_id, &money(*amount), reason)
            }
            NoticeKind::AttentionRaised { item_id, reason, is_held: true, .. } => {
                format!("{item_id} needs an operator: {reason}. Nothing automatic happens until that is cleared.")
            }
            NoticeKind::AttentionRaised { item_id, reason, is_held: false, outlook, .. } => {
                format!("{item_id} is to be looked into by an operator: {reason}. It has ended. {}", held(*outlook))
            }
            NoticeKind::ReviewLasts { item_id, amount, since, .. } => format!(
                "The bank has had {item_id} of {} in its own review since {}, and has said nothing more. Ask it: nothing goes on before it \
                 approves or rejects it.",
                money(*amount),
                moment(*since)
            ),
            NoticeKind::AddressOffered { institution_id, payment_id } => format!(
                "The check of {payment_id} went to another address, which two of you confirmed. Checks for {institution_id} that are not made \
                 yet still go to the one in the biller directory: the other one is proposed there (GET /billers/{institution_id}); confirm it \
                 if it is right for all."
            ),
            NoticeKind::CardHeldBack { card_id, payment_id, by } => held_back(*card_id, *payment_id, *by),
            NoticeKind::WebhookEndpointDisabled { endpoint_id, since } => {
                webhook_endpoint_disabled(*endpoint_id, &moment(*since))
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
            "Your permission at {institution_name} ends on {}. Renew it before then: without it nothing is paid.",
            moment(until)
        ),
        ItemNotice::InstitutionDown { since } => format!(
            "{institution_name} has not answered since {}. Nothing is paid on old figures; if a bill is due soon, pay it yourself.",
            moment(since)
        ),
        ItemNotice::Revoked { .. } => format!(
            "The link to {institution_name} is gone: the permission was withdrawn. Nothing is paid for what was \
             linked there, or from there, until it is linked again."
        ),
    }
}

fn debit_failure(failure: DebitFailure) -> String {
    match failure {
        DebitFailure::NoMoney => "there was not enough money".to_owned(),
        DebitFailure::AccountClosed => "the account is closed".to_owned(),
        DebitFailure::AccountUnusable { return_code } => {
            format!("the account cannot be debited ({})", return_code.meaning())
        }
        DebitFailure::AccountFrozen => "the account is frozen".to_owned(),
        DebitFailure::Unauthorized { .. } => "it says that the debit was not authorized".to_owned(),
        DebitFailure::Stopped => "it was stopped at the bank".to_owned(),
        DebitFailure::HolderDeceased => "it says that the account's holder has died".to_owned(),
        DebitFailure::Other { return_code } => {
            format!("{} ({return_code}). We are looking into it", return_code.meaning())
        }
        DebitFailure::Refused => "the debit could not be sent. We are looking into it".to_owned(),
    }
}

/// What a person does about an account that its bank may open again.
const UNTIL_OPEN: &str = "Nothing is debited until you choose another bank account; or until your bank has told you that it lets this one be \
                          debited, you have told us, and you have agreed to its debits anew.";

/// What a person can do after a debit failed, in the state that they are in.
fn after_debit(failure: DebitFailure, outlook: Outlook) -> &'static str {
    match (outlook, failure) {
        (Outlook::GoesOn, DebitFailure::NoMoney) => {
            "Autopay looks again at the next review; pay the bill yourself if it is due."
        }
        (Outlook::OtherAccount, DebitFailure::AccountFrozen) => UNTIL_OPEN,
        (Outlook::OtherAccount, DebitFailure::AccountUnusable { return_code }) if return_code.may_pass() => UNTIL_OPEN,
        (Outlook::OtherAccount, DebitFailure::AccountClosed | DebitFailure::AccountUnusable { .. }) => {
            "Nothing is debited until you choose another bank account."
        }
        (
            Outlook::GoesOn,
            DebitFailure::AccountClosed
            | DebitFailure::AccountUnusable { .. }
            | DebitFailure::AccountFrozen
            | DebitFailure::Unauthorized { .. }
            | DebitFailure::Stopped
            | DebitFailure::HolderDeceased
            | DebitFailure::Other { .. }
            | DebitFailure::Refused,
        ) => "Pay the bill yourself if it is due.",
        (
            Outlook::NextStatement
            | Outlook::LookedInto
            | Outlook::AgreeAnew
            | Outlook::OtherAccount
            | Outlook::Owing
            | Outlook::Blocked,
            _,
        ) => next(outlook),
    }
}

/// What comes next, in the state that a person is in.
const fn next(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::GoesOn => "Where nothing else is owed, autopay goes on.",
        Outlook::NextStatement => "Nothing more is debited before the next statement: pay the bill another way.",
        Outlook::LookedInto => {
            "Nothing new is debited for the card until we have looked into it: pay what is due another way."
        }
        Outlook::AgreeAnew => "Nothing is debited until you agree to the debits again.",
        Outlook::OtherAccount => "Nothing is debited until you choose another bank account, or link it again.",
        Outlook::Owing => "Nothing new is debited until what is owed is settled.",
        Outlook::Blocked => "No new debit is made until we have spoken to you.",
    }
}

/// What agreeing came to.
const fn agreed(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::GoesOn => "Autopay is on.",
        Outlook::NextStatement => "You agreed to the debits. Nothing more is debited before the next statement.",
        Outlook::LookedInto => {
            "You agreed to the debits. Nothing is debited yet: we are looking into how an earlier payment ended."
        }
        Outlook::AgreeAnew => "You agreed to the debits, and that has ended since: nothing is debited.",
        Outlook::OtherAccount => {
            "You agreed to the debits. Nothing is debited yet: the bank account cannot be debited. Choose another one, link it again if it \
             is no longer shared, or tell us once its bank has opened it again."
        }
        Outlook::Owing => "You agreed to the debits. Nothing new is debited until what is owed is settled.",
        Outlook::Blocked => "You agreed to the debits. No new debit is made until we have spoken to you.",
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
