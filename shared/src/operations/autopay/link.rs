//! Linking an institution, and repairing a link.

use super::super::{OperationError, System, audit};
use super::people::{self, Holder};
use super::{items, sync_item};
use crate::adapters::plaid::{LinkPurpose, LinkToken, LinkTokenRequest, RepairNeed};
use crate::domain::autopay::ids::PersonId;
use crate::domain::autopay::item::{Item, ItemEvent};
use crate::domain::autopay::refusal::AutopayRefusal;
use crate::domain::deadline::Deadline;
use crate::domain::secret::{AccessToken, PublicToken};
use crate::domain::task::Task;
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::create;

/// What Link is opened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    NewItem,
    Repair { item_id: String, need: RepairNeed },
}

/// A token that opens Link. Where an institution sends a person back to is set where Link is embedded.
pub async fn link_token(
    system: &System,
    person: PersonId,
    purpose: Purpose,
    redirect_uri: Option<String>,
    deadline: Deadline,
) -> Result<LinkToken, OperationError> {
    let purpose = match purpose {
        Purpose::NewItem => LinkPurpose::NewItem { webhook_url: system.settings.plaid_webhook_url.clone() },
        Purpose::Repair { item_id, need } => {
            let item = people::item(system, person, &item_id).await?;
            LinkPurpose::Repair { access_token: access_token(system, &item).await?, need }
        }
    };
    let request = LinkTokenRequest { client_user_id: person.to_string(), purpose, redirect_uri };
    Ok(system.plaid().await?.create_link_token(&request, deadline).await?)
}

/// Puts down what a person linked, and reads it. The token is sealed and stored before anything else is done with it. Where Plaid takes a
/// public token once only, a run that died in between leaves an item that nobody has the token of: the person links again.
pub async fn exchange(
    system: &System,
    person_id: PersonId,
    holder: Holder,
    public_token: &PublicToken,
    deadline: Deadline,
) -> Result<Item, OperationError> {
    let person = people::ensure(system, person_id, holder).await?;
    let exchanged = system.plaid().await?.exchange_public_token(public_token, deadline).await?;
    let vault = system.vault().await?;
    let bound_to = keys::item(&exchanged.item_id).pk;
    let sealed = vault.sealing.seal(exchanged.access_token.expose(), &bound_to, &*system.random)?;
    let now = system.clock.business_now();
    let item = Item::new(exchanged.item_id, person.id, sealed.as_str().to_owned(), now);
    let entry = audit::entry(system, &person.id.to_string(), "link_item", &item.id, None)?;
    match system.table.write(vec![create(&item)?, entry]).await {
        // An item of ours already: the same token was exchanged before.
        Ok(()) | Err(TableError::ConditionFailed { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    read_soon(system, &item.id, deadline).await;
    people::item(system, person.id, &item.id).await
}

/// The person has been through Link's update mode.
pub async fn repaired(
    system: &System,
    person: PersonId,
    item_id: &str,
    deadline: Deadline,
) -> Result<Item, OperationError> {
    let item = people::item(system, person, item_id).await?;
    if item.state.is_over() {
        return Err(AutopayRefusal::ItemOver.into());
    }
    items::done_by(system, person, item_id, ItemEvent::Repaired, "repair_item").await?;
    read_soon(system, item_id, deadline).await;
    people::item(system, person, item_id).await
}

/// Reads while the person waits; what fails is due again by itself.
async fn read_soon(system: &System, item_id: &str, deadline: Deadline) {
    if let Err(error) = sync_item::sync_item(system, item_id, deadline).await {
        tracing::warn!(item = item_id, %error, "an item is read later");
        system.hint([Task::ReadItem { item_id: item_id.to_owned() }]).await;
    }
}

/// The item's token, opened.
pub(super) async fn access_token(system: &System, item: &Item) -> Result<AccessToken, OperationError> {
    let sealed = item.sealed_access_token.clone().ok_or(AutopayRefusal::ItemOver)?;
    let opened = system.vault().await?.sealing.open(&sealed.into(), &keys::item(&item.id).pk)?;
    Ok(AccessToken::new(opened.expose()))
}
