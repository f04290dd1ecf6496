//! The accounts that a notification of change is kept with.

use crate::domain::leg::Destination;
use crate::operations::corrected_ends::{Numbers, ending};
use crate::operations::leg_hooks::LegHooks;
use crate::operations::named_account::NamedAccount;
use crate::operations::{OperationError, System};

/// An account that a word is kept with.
pub(super) struct Place {
    /// What it is known by.
    pub account: String,
    pub last4: String,
    /// What may have been kept of it under, the present name first.
    pub names: Vec<String>,
    pub numbers: Option<Numbers>,
    /// The other account that the same word is kept with.
    pub duplicate: Option<String>,
}

/// The accounts that a word is kept with which was said of an attempt that went to `destination`. The one that decides where the next
/// transfer goes comes first.
pub(super) async fn places<T: LegHooks>(
    system: &System,
    item: &T,
    destination: Destination<'_>,
) -> Result<Vec<Place>, OperationError> {
    let Some(named) = item.named_account(system, destination).await?.filter(|named| !named.account.is_empty()) else {
        return Ok(Vec::new());
    };
    let is_led = named.is_led;
    let mut named = named_place(system, named).await?;
    let sent = destination.corrected().filter(|sent| !named.names.contains(&sent.account));
    let Some(sent) = fault!(KeptWithNamedAlone, None, sent) else { return Ok(vec![named]) };
    let mut sent = Place {
        account: sent.account.clone(),
        last4: sent.account_last4.clone(),
        names: vec![sent.account.clone()],
        numbers: None,
        duplicate: None,
    };
    if !is_led {
        return Ok(vec![sent]);
    }
    named.duplicate = Some(sent.account.clone());
    sent.duplicate = Some(named.account.clone());
    Ok(vec![named, sent])
}

async fn named_place(system: &System, named: NamedAccount) -> Result<Place, OperationError> {
    let NamedAccount { account: pinned, routing_number, sealed_account, sealed_under, account_type, .. } = named;
    let numbers = Numbers::open(system, &routing_number, account_type, &sealed_account, &sealed_under).await?;
    let vault = system.vault().await?;
    Ok(Place {
        account: numbers.key(&vault),
        last4: ending(numbers.account_number.expose()),
        names: numbers.names(&vault, &pinned),
        numbers: Some(numbers),
        duplicate: None,
    })
}
