//! What a payment or funding does when the bank speaks about it, besides moving its leg.

use jiff::Timestamp;

use super::bank_object::BankObject;
use super::payers;
use super::step::Carrier;
use super::{OperationError, System, fund};
use crate::domain::autopay::person::Person;
use crate::domain::bank::status::StatusMeaning;
use crate::domain::calendar;
use crate::domain::funding::Funding;
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::leg::{Effect, Moved, State};
use crate::domain::payment::lone::recovers;
use crate::domain::payment::{Payee, Payment};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::ports::table::{Change, Condition};
use crate::store::keys;
use crate::store::stored::{Stored, read, replace};

pub(crate) trait Listener: Carrier {
    /// Takes facts about the item itself from what the bank has. Answers whether any is new.
    fn heed(&mut self, object: &BankObject, at: Timestamp, hold_banking_days: u32) -> bool;
    /// Fingerprint of the account at the other end.
    async fn fingerprint(&self, system: &System) -> Result<Option<String>, OperationError>;
    /// What a step means beyond its item: more effects of its own, and more changes for the same write.
    async fn consequences(&mut self, system: &System, moved: &mut Moved) -> Result<Vec<Change>, OperationError>;
    /// Hints after the write.
    async fn afterwards(&self, system: &System) -> Result<(), OperationError>;
}

impl Listener for Payment {
    fn heed(&mut self, object: &BankObject, _: Timestamp, _: u32) -> bool {
        match object {
            BankObject::Transfer(_) => false,
            BankObject::Check(check) => self.note_check(check),
        }
    }

    async fn fingerprint(&self, _: &System) -> Result<Option<String>, OperationError> {
        match &self.payee {
            Payee::Account(payee) => Ok(Some(payee.fingerprint.clone())),
            Payee::Check(_) => Ok(None),
        }
    }

    /// Money that came back to a person may meet what they owe for the returned funding of the same payment. The funding is held to
    /// what was read of it, so that of two returns at once one sees the other.
    async fn consequences(&mut self, system: &System, moved: &mut Moved) -> Result<Vec<Change>, OperationError> {
        let PaymentId::Lone(uuid) = self.id else { return Ok(Vec::new()) };
        if self.leg.state.holds_money() {
            return Ok(Vec::new());
        }
        let key = keys::funding(FundingId::Lone(uuid));
        let Some(mut funding) = read::<Funding>(&*system.table, &key).await? else { return Ok(Vec::new()) };
        if recovers(&self.leg, &funding.leg) {
            moved.effects.push(Effect::ReceivableRecovered);
            self.leg.effects.push(Effect::ReceivableRecovered);
        }
        Ok(vec![Change::Check { key, condition: Condition::VersionIs(*funding.version_mut()) }])
    }

    async fn afterwards(&self, system: &System) -> Result<(), OperationError> {
        if self.leg.effects.contains(&Effect::ReceivableRecovered) {
            settle_person(system, &self.payer_id).await?;
        }
        Ok(())
    }
}

impl Listener for Funding {
    fn heed(&mut self, object: &BankObject, at: Timestamp, hold_banking_days: u32) -> bool {
        let BankObject::Transfer(transfer) = object else { return false };
        let has_settled = transfer.status.meaning() == StatusMeaning::Settled;
        if self.leg.state != State::Completed || self.available_at.is_some() || !has_settled {
            return false;
        }
        let settled_on = calendar::eastern_date(transfer.settled_at.unwrap_or(at));
        self.settle_terms(transfer.effective_on.unwrap_or(settled_on), settled_on, hold_banking_days);
        true
    }

    async fn fingerprint(&self, system: &System) -> Result<Option<String>, OperationError> {
        match (self.id, &self.account) {
            (FundingId::Round { .. }, _) => {
                let source = read::<Source>(&*system.table, &keys::source(&self.payer_id)).await?;
                Ok(source.map(|source| source.account.fingerprint))
            }
            (FundingId::Lone(_), pulled) => Ok(pulled.as_ref().map(|pulled| pulled.account.fingerprint.clone())),
        }
    }

    /// A return after the money was available blocks what is new for the payer until the receivable is settled. A lone payment becomes
    /// due with its funding's end.
    async fn consequences(&mut self, system: &System, moved: &mut Moved) -> Result<Vec<Change>, OperationError> {
        let mut changes = Vec::new();
        if moved.effects.contains(&Effect::FundingReturnedAvailable) {
            tracing::error!(funding = %self.id, payer = self.payer_id, "attention: a funding came back after it was available");
            changes.push(payers::owe(system, self.id, &self.payer_id).await?);
        }
        let Some(payment_id) = self.id.payment().filter(|_| !self.leg.state.holds_money()) else { return Ok(changes) };
        let Some(mut payment) = read::<Payment>(&*system.table, &keys::payment(payment_id)).await? else {
            return Ok(changes);
        };
        if recovers(&payment.leg, &self.leg) {
            moved.effects.push(Effect::ReceivableRecovered);
            self.leg.effects.push(Effect::ReceivableRecovered);
        }
        payment.due_at = Some(system.clock.business_now());
        changes.push(replace(&mut payment)?);
        Ok(changes)
    }

    async fn afterwards(&self, system: &System) -> Result<(), OperationError> {
        if self.leg.state.holds_money() {
            return Ok(());
        }
        match self.id {
            FundingId::Round { batch, .. } => fund::release_all(system, batch).await,
            FundingId::Lone(uuid) => {
                if self.leg.effects.contains(&Effect::ReceivableRecovered) {
                    settle_person(system, &self.payer_id).await?;
                }
                system.enqueue([Task::Advance { payment_id: PaymentId::Lone(uuid) }]).await
            }
        }
    }
}

async fn settle_person(system: &System, payer_id: &str) -> Result<(), OperationError> {
    payers::settle_receivable::<Person>(system, &keys::person(payer_id.parse()?)).await.map(|_| ())
}
