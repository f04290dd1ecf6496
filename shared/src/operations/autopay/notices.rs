//! Notices: put in the write of what causes them, delivered afterwards.
//!
//! Guarantees: each kind comes once per occasion, because its key names both; a notice stays due until the port has taken it, however long
//! an outage lasts. Limit: where the mark of a delivery is lost it is handed over again, under the same id.

use std::collections::BTreeSet;

use crate::domain::autopay::card::Card;
use crate::domain::autopay::notice::{Notice, NoticeKind, Outlook, Recipient};
use crate::domain::calendar::eastern_date;
use crate::domain::ids::{FundingId, ItemId, PaymentId};
use crate::domain::leg::Leg;
use crate::operations::submit::replace_or_leave;
use crate::operations::system::minutes_from;
use crate::operations::{OperationError, System, webhooks};
use crate::ports::notices;
use crate::ports::table::{Change, TableError};
use crate::store::keys;
use crate::store::stored::{Stored, create, read, replace};

/// What could not be handed over is tried again after this.
const RETRY_MINUTES: i64 = 5;

/// Writes of one mark before the notice is handed over again.
const TRIES_MAX: usize = 5;

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
            changes.extend(webhooks::of_notice(system, &notice.kind).await?);
        }
    }
    Ok(changes)
}

/// The notice of a leg that bears attention, to whoever clears it.
pub(crate) async fn of_attention(system: &System, item_id: ItemId, leg: &Leg) -> Result<Vec<Change>, OperationError> {
    let Some(attention) = &leg.attention else { return Ok(Vec::new()) };
    let (reason, since) = (attention.reason.as_str().to_owned(), attention.since);
    let is_held = fault!(NoticeWithoutState, true, attention.reason.holds());
    let kind = NoticeKind::AttentionRaised { item_id, reason, since, is_held, outlook: Outlook::GoesOn };
    puts(system, who_clears(item_id), [kind]).await
}

/// Who hears of an item that needs somebody.
pub(crate) const fn who_clears(item_id: ItemId) -> Recipient {
    match item_id {
        ItemId::Payment(PaymentId::Row { .. } | PaymentId::Refund { .. })
        | ItemId::Funding(FundingId::Round { .. }) => Recipient::PayrollAdmins,
        ItemId::Payment(PaymentId::Single(_)) | ItemId::Funding(FundingId::Single(_)) => Recipient::Operators,
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
    match system.notices.send(&message(&notice)).await {
        Ok(()) => delivered(system, notice).await,
        Err(error) => {
            tracing::warn!(?notice, %error, "a notice waits: it could not be handed over");
            notice.due_at = Some(minutes_from(system.clock.business_now(), RETRY_MINUTES));
            replace_or_leave(system, &mut notice).await
        }
    }
}

/// Marks a notice as delivered, and with it what counts from its delivery.
async fn delivered(system: &System, notice: Notice) -> Result<(), OperationError> {
    for _ in 0..TRIES_MAX {
        let mut marked = Notice { due_at: None, ..notice.clone() };
        let mut changes = vec![replace(&mut marked)?];
        changes.extend(announcement_delivered(system, &notice.kind).await?);
        match system.table.write(changes).await {
            Ok(()) => return Ok(()),
            Err(TableError::ConditionFailed { key, .. }) if key == notice.key() => return Ok(()),
            Err(TableError::ConditionFailed { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(OperationError::Contended("a card".to_owned()))
}

/// The put of the card whose announced debit may be made so many days after this.
async fn announcement_delivered(system: &System, kind: &NoticeKind) -> Result<Option<Change>, OperationError> {
    let NoticeKind::DebitAnnounced { card_id, debit_on: told, .. } = kind else { return Ok(None) };
    let Some(mut card) = read::<Card>(&*system.table, &keys::card(*card_id)).await? else { return Ok(None) };
    let Some(announced) = card.announced.as_mut().filter(|announced| announced.debit_on == *told) else {
        return Ok(None);
    };
    announced.delivered(eastern_date(system.clock.business_now()));
    Ok(Some(replace(&mut card)?))
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
