//! Opening a payment: the payment, its funding, and what card and bank account know of it, in one write.

use super::super::{OperationError, System};
use super::notices;
use crate::domain::autopay::agreement::PinnedAgreement;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::{Card, CardReading};
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::in_flight::CardPayment;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::person::Person;
use crate::domain::autopay::review::Review;
use crate::domain::biller::Remittance;
use crate::domain::calendar::eastern_date;
use crate::domain::funding::{Funding, PulledAccount};
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::leg::Leg;
use crate::domain::money::Cents;
use crate::domain::payment::{CheckPayee, Payee, Payment};
use crate::domain::source::ExternalAccount;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::create;

/// What the person's bank shows of the debit (NACHA company entry description, 10 characters).
const ENTRY_DESCRIPTION: &str = "CARD PYMT";

/// Printed on the letter around the check; the card's number follows.
const MESSAGE: &str = "Payment for card account";

/// What is decided, and what it is paid from and to.
pub(super) struct Opening<'a> {
    pub person: &'a Person,
    pub card: &'a mut Card,
    pub bank_account: &'a mut BankAccount,
    pub remittance: Remittance,
    pub amount: Cents,
    /// Because the bill is nearly due or late.
    pub for_bill: bool,
    pub review: &'a Review,
}

/// Notes the payment at its card and bank account, and answers its id with the puts of payment, funding and notice. Card and bank
/// account are still to be put, under the versions that were decided on.
pub(super) async fn open(system: &System, opening: Opening<'_>) -> Result<(PaymentId, Vec<Change>), OperationError> {
    let Opening { person, card, bank_account, remittance, amount, for_bill, review } = opening;
    let now = system.clock.business_now();
    let uuid = system.new_uuid();
    let (payment_id, funding_id) = (PaymentId::Single(uuid), FundingId::Single(uuid));
    let pulled = PulledAccount {
        account: resealed_account(system, bank_account, funding_id).await?,
        account_type: bank_account.account_type,
        entry_description: ENTRY_DESCRIPTION.to_owned(),
        name: None,
        account_version: None,
        corrected: None,
    };
    let payer_id = person.id.to_string();
    let funding = Funding { account: Some(pulled), ..Funding::new(funding_id, amount, payer_id.clone(), now) };
    let payment = Payment {
        id: payment_id,
        version: 1,
        amount,
        payer_id,
        round: 1,
        leg: Leg::new(),
        payee: Payee::Check(payee(system, card, remittance, payment_id).await?),
        check: None,
        row: None,
        autopay: Some(Box::new(facts(card, bank_account, review))),
        due_at: Some(now),
        created_at: now,
        updated_at: now,
    };
    let bill = card.reading.as_ref().and_then(CardReading::bill);
    card.open(CardPayment { for_bill, bill, ..CardPayment::new(payment_id, amount, eastern_date(now)) });
    bank_account.open_debit(payment_id, amount);
    let (card_name, reason) = (card.name.clone(), review.reason.clone());
    let notice = NoticeKind::PaymentStarted { payment_id, card_name, amount, reason };
    let notice = notices::puts(system, Recipient::Person(person.id), [notice]).await?;
    let puts = [create(&payment)?, create(&funding)?].into_iter().chain(notice).collect();
    Ok((payment_id, puts))
}

fn facts(card: &Card, bank_account: &BankAccount, review: &Review) -> AutopayFacts {
    AutopayFacts {
        card_id: card.id,
        bank_account_id: bank_account.id,
        utilization_before: review.figures.utilization,
        rule: card.setup.rule.unwrap_or_default(),
        reason: review.reason.clone(),
        decided_at: review.at,
        agreement: PinnedAgreement::of(card, bank_account),
        cancel_asked_at: None,
        stop_asked_at: None,
        mailed_before: Vec::new(),
        refund_of: None,
        refunded_by: None,
        used_up_at: None,
    }
}

/// The bank account's numbers, sealed anew for the funding, which keeps what it was opened with.
async fn resealed_account(
    system: &System,
    bank_account: &BankAccount,
    funding_id: FundingId,
) -> Result<ExternalAccount, OperationError> {
    let vault = system.vault().await?;
    let sealed = bank_account.account.sealed_account.clone().into();
    let number = vault.sealing.open(&sealed, &keys::bank_account(bank_account.id).pk)?;
    let sealed = vault.sealing.seal(number.expose(), &keys::funding(funding_id).pk, &*system.random)?;
    Ok(ExternalAccount { sealed_account: sealed.as_str().to_owned(), ..bank_account.account.clone() })
}

/// The issuer, and the card's number sealed anew for the payment.
async fn payee(
    system: &System,
    card: &Card,
    remittance: Remittance,
    payment_id: PaymentId,
) -> Result<CheckPayee, OperationError> {
    let number = card.setup.card_number.as_ref();
    let number = number.ok_or_else(|| OperationError::Inconsistent(format!("{} has no card number", card.id)))?;
    let vault = system.vault().await?;
    let opened = vault.sealing.open(&number.sealed.clone().into(), &keys::card(card.id).pk)?;
    let sealed = vault.sealing.seal(opened.expose(), &keys::payment(payment_id).pk, &*system.random)?;
    Ok(CheckPayee {
        name: remittance.name,
        address: remittance.address,
        memo: format!("Account ending {}", number.last4),
        message: MESSAGE.to_owned(),
        sealed_account: Some(sealed.as_str().to_owned()),
        account_last4: number.last4.clone(),
        account_fingerprint: card.numbers.present.clone(),
    })
}
