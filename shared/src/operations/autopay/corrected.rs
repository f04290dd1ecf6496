//! A person's bank account whose number their bank corrected: the number that it put in the place of the old one is the same account from
//! then on, whoever links it.
//!
//! Guarantees: the account holds the new number in the write that hears of the correction, and no more in the one that takes it back; a debit
//! that went there in between counts there until it has settled.

use super::super::{OperationError, System};
use super::real_accounts::Claims;
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::ids::BankAccountId;
use crate::domain::external_account::numbers_of;
use crate::domain::funding::Funding;
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::payment::{Payee, Payment};
use crate::operations::account_corrections::KeptCorrection;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::read;

/// The account that a person's transfer named.
struct Named<'a> {
    bank_account_id: BankAccountId,
    routing_number: &'a str,
    sealed_account: &'a str,
    /// The partition of the item that holds it.
    sealed_under: String,
}

/// Joins the number that the bank put in the place of the one that a debit named with that.
pub(crate) async fn join_debited(
    system: &System,
    funding: &Funding,
    said: &KeptCorrection,
    so_far: &mut Vec<Change>,
) -> Result<(), OperationError> {
    let (Some(payment_id), Some(pulled)) = (funding.id.payment(), &funding.account) else { return Ok(()) };
    let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
    let Some(facts) = payment.and_then(|payment| payment.autopay) else { return Ok(()) };
    let named = Named {
        bank_account_id: facts.bank_account_id,
        routing_number: &pulled.account.routing_number,
        sealed_account: &pulled.account.sealed_account,
        sealed_under: keys::funding(funding.id).pk,
    };
    join(system, named, said, so_far).await
}

/// The same of a refund.
pub(crate) async fn join_refunded(
    system: &System,
    refund: &Payment,
    said: &KeptCorrection,
    so_far: &mut Vec<Change>,
) -> Result<(), OperationError> {
    let (Some(facts), Payee::Account(payee)) = (&refund.autopay, &refund.payee) else { return Ok(()) };
    // Where it went back to a corrected account, that is the one which the bank speaks of.
    let went_to = refund.leg.destination(said.attempt).corrected().map(|sent| &sent.account);
    let came_from = payee.came_from.as_deref().filter(|came_from| Some(&came_from.key()) == went_to);
    let own = (&payee.routing_number, &payee.sealed_account);
    let (routing_number, sealed_account) =
        came_from.map_or(own, |came_from| (&came_from.account.routing_number, &came_from.account.sealed_account));
    let sealed_under = keys::payment(refund.id).pk;
    let bank_account_id = facts.bank_account_id;
    let named = Named { bank_account_id, routing_number, sealed_account, sealed_under };
    join(system, named, said, so_far).await
}

/// Joins the number that a correction puts in the place of the one named with that, in a write that changes `so_far`.
async fn join(
    system: &System,
    named: Named<'_>,
    said: &KeptCorrection,
    so_far: &mut Vec<Change>,
) -> Result<(), OperationError> {
    let vault = system.vault().await?;
    let KeptCorrection { account: key, correction: said, attempt: _ } = said;
    let number = match &said.sealed_account {
        Some(sealed) => vault.sealing.open(&sealed.clone().into(), &keys::counterparty(key).pk)?,
        None => vault.sealing.open(&named.sealed_account.to_owned().into(), &named.sealed_under)?,
    };
    let routing_number = said.routing_number.as_deref().unwrap_or(named.routing_number);
    let sent = vault.number(routing_number, number.expose());
    let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(named.bank_account_id)).await?;
    let (Some(account), false) = (account, fault!(CorrectedNumberIsAnother, true, false)) else { return Ok(()) };
    let mut claims = Claims::going_on_with(so_far)?;
    for key in sent.all() {
        claims.of(system, key).await?.bank_accounts.insert(account.id, account.person_id);
    }
    let before = numbers_of(key);
    claims.of(system, before).await?.correct_to(Some(sent).filter(|sent| sent.number != before));
    so_far.extend(claims.changes()?);
    Ok(())
}

/// The puts that part the accounts which corrections of these ones joined, for the write that takes those back. What a link has shown by then
/// stays joined, and a debit that is on its way to a corrected number counts there.
pub(crate) async fn part(system: &System, account_keys: &[&str]) -> Result<Vec<Change>, OperationError> {
    let mut claims = Claims::default();
    for account_key in account_keys {
        let named = claims.of(system, numbers_of(account_key)).await?;
        let (taken_back, holders) = (named.take_corrections_back(), named.bank_accounts.clone());
        for id in holders.into_keys() {
            let account: Option<BankAccount> = read(&*system.table, &keys::bank_account(id)).await?;
            for sent in &taken_back {
                let debits = under_way_to(system, account.as_ref(), &sent.number).await?;
                let is_shown =
                    |key: &&String| account.as_ref().is_some_and(|account| account.real_accounts.contains(key));
                for key in sent.all().filter(|key| !is_shown(key)) {
                    let key = claims.of(system, key).await?;
                    key.bank_accounts.remove(&id);
                    key.led_here.extend(debits.iter().map(|payment_id| (*payment_id, id)));
                }
            }
        }
    }
    Ok(claims.changes()?)
}

/// The payments whose debits of a bank account really went to this number, and may be on their way there.
async fn under_way_to(
    system: &System,
    account: Option<&BankAccount>,
    number: &str,
) -> Result<Vec<PaymentId>, OperationError> {
    let mut found = Vec::new();
    for debit in account.into_iter().flat_map(|account| &account.open_debits) {
        let PaymentId::Single(uuid) = debit.payment_id else { continue };
        let funding: Option<Funding> = read(&*system.table, &keys::funding(FundingId::Single(uuid))).await?;
        let pulled = funding.and_then(|funding| funding.account);
        found.extend(pulled.filter(|pulled| pulled.debited_number() == number).map(|_| debit.payment_id));
    }
    Ok(fault!(CorrectedDebitForgotten, Vec::new(), found))
}
