//! Whose money it is that an operator acts on: nobody decides about their own, or about that of somebody with whom they have a bank account
//! or card in common.
//!
//! Guarantees: whoever holds a real account has it in common with everybody else who does, under whatever link, name or number, and whichever
//! of these its bank has put in the place of another; a card is shared as it is for payments, and stays so for whoever types another number. A
//! number that a stranger types bars nobody. Stopping money is everybody's; the switch of all is nobody's own. Limit: a caller is known by the
//! subject of their token, so that somebody with two subjects is two.

use std::collections::BTreeSet;

use super::holders::{Holders, Own};
use super::{people, subjects};
use crate::domain::autopay::ids::PersonId;
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::operations::{OperationError, System};

/// Holds an operator back from deciding about money of this payer that is their own or that they have a share in. A source is a company's.
pub(crate) async fn refuse(system: &System, caller: &str, payer_id: &str) -> Result<(), OperationError> {
    let Ok(person_id) = payer_id.parse::<PersonId>() else { return Ok(()) };
    if fault!(OwnMoneyDecided, false, is_own(system, caller, person_id).await?) {
        return Err(AutopayRefusal::OwnMoney.into());
    }
    Ok(())
}

/// Whether a person is whoever calls, or has a bank account or card in common with them.
pub(super) async fn is_own(system: &System, caller: &str, person_id: PersonId) -> Result<bool, OperationError> {
    let callers = subjects::persons_of(system, caller).await?;
    if callers.contains(&person_id) {
        return Ok(true);
    }
    fault!(SharedIsNobodys, return Ok(false));
    // One of them may have put down a number that the other still holds.
    if !sharers(system, person_id).await?.is_disjoint(&callers) {
        return Ok(true);
    }
    for own in callers {
        if sharers(system, own).await?.contains(&person_id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everybody who has, or had, a bank account or card in common with a person.
async fn sharers(system: &System, person_id: PersonId) -> Result<BTreeSet<PersonId>, OperationError> {
    let mut persons = BTreeSet::new();
    for card in people::cards(system, person_id).await? {
        let own = Own { card: Some(&card), with_put_down: true, ..Own::default() };
        persons.extend(Holders::of(system, own).await?.persons());
    }
    for account in people::bank_accounts(system, person_id).await? {
        let own = Own { bank_account: Some(&account), ..Own::default() };
        persons.extend(Holders::of(system, own).await?.persons());
    }
    Ok(persons)
}
