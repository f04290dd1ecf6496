//! Notices: put in the write of what causes them, delivered afterwards.
//!
//! Guarantees: each kind comes once per occasion, because its key names both; a notice stays due until the port has taken it, however long
//! an outage lasts. Limit: where the mark of a delivery is lost it is handed over again, under the same id.

use std::collections::BTreeSet;

use crate::domain::autopay::notice::{Notice, NoticeKind, Recipient};
use crate::domain::ids::{FundingId, ItemId, PaymentId};
use crate::domain::leg::Leg;
use crate::operations::submit::replace_or_leave;
use crate::operations::system::minutes_from;
use crate::operations::{OperationError, System};
use crate::ports::notices;
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::{Stored, create, read};

/// What could not be handed over is tried again after this.
const RETRY_MINUTES: i64 = 5;

/// The puts of the notices that are not there yet. Another write that puts one of them first fails this one: read again.
pub(crate) async fn puts(
    system: &System,
    recipient: Recipient,
    kinds: impl IntoIterator<Item = NoticeKind> + Send,
) -> Result<Vec<Change>, OperationError> {
    let now = system.clock.business_now();
    let notices: Vec<Notice> = kinds.into_iter().map(|kind| Notice::new(recipient, kind, now)).collect();
    let (mut seen, mut changes) = (BTreeSet::new(), Vec::new());
    for notice in notices {
        let key = notice.key();
        if seen.insert(key.clone()) && system.table.get(&key).await?.is_none() {
            changes.push(create(&notice)?);
        }
    }
    Ok(changes)
}

/// The notice of a leg that bears attention, to whoever clears it.
pub(crate) async fn of_attention(system: &System, item_id: ItemId, leg: &Leg) -> Result<Vec<Change>, OperationError> {
    let Some(attention) = &leg.attention else { return Ok(Vec::new()) };
    let (reason, since) = (attention.reason.as_str().to_owned(), attention.since);
    let kind = NoticeKind::AttentionRaised { item_id, reason, since, is_held: true };
    puts(system, who_clears(item_id), [kind]).await
}

const fn who_clears(item_id: ItemId) -> Recipient {
    match item_id {
        ItemId::Payment(PaymentId::Row { .. } | PaymentId::Refund { .. })
        | ItemId::Funding(FundingId::Round { .. }) => Recipient::PayrollAdmins,
        ItemId::Payment(PaymentId::Lone(_)) | ItemId::Funding(FundingId::Lone(_)) => Recipient::Operators,
    }
}

/// Hands a notice over, then marks it as delivered. One that cannot be handed over stays due.
pub async fn deliver(system: &System, recipient: Recipient, occasion: &str) -> Result<(), OperationError> {
    let Some(mut notice) = read::<Notice>(&*system.table, &keys::notice(recipient, occasion)).await? else {
        return Ok(());
    };
    if notice.due_at.is_none() {
        return Ok(());
    }
    notice.due_at = match system.notices.send(&message(&notice)).await {
        Ok(()) => None,
        Err(error) => {
            tracing::warn!(?notice, %error, "a notice waits: it could not be handed over");
            Some(minutes_from(system.clock.business_now(), RETRY_MINUTES))
        }
    };
    replace_or_leave(system, &mut notice).await
}

fn message(notice: &Notice) -> notices::Notice {
    notices::Notice {
        id: format!("{}#{}", notice.recipient, notice.kind.occasion()),
        recipient: match notice.recipient {
            Recipient::Person(person_id) => notices::Recipient::Person { person_id: person_id.to_string() },
            Recipient::PayrollAdmins => notices::Recipient::Admins,
            Recipient::Operators => notices::Recipient::Operators,
        },
        kind: notice.kind.code().to_owned(),
        text: notice.text.clone(),
    }
}
