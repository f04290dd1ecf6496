//! Advancing a lone payment: its own funding first, then itself. One look may do several steps; running it again is harmless.

use uuid::Uuid;

use super::ach::{self, OtherEnd};
use super::payers::{self, facts};
use super::submit::replace_or_leave;
use super::{OperationError, System, check, follow_up, fund, step, system::minutes_from};
use crate::domain::autopay::person::Person;
use crate::domain::bank::request::EntryClass;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::leg::{Effect, State};
use crate::domain::payment::lone::{Action, Standing, next_action, repays};
use crate::domain::payment::{Payee, Payment};
use crate::ports::table::TableError;
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored, read, replace};

/// Steps of one look: the hold ends, and the money goes out.
const STEPS_MAX: usize = 3;

/// A payment whose money is there and that its payer may not spend yet is looked at again after this.
const BLOCKED_MINUTES: i64 = 10;

/// A payment, its funding and whoever pays, as they stand.
struct Lone {
    payment: Payment,
    funding: Funding,
    person: Person,
}

/// Pushes whichever leg is due.
pub async fn advance(system: &System, payment_id: PaymentId, deadline: Deadline) -> Result<(), OperationError> {
    let PaymentId::Lone(uuid) = payment_id else {
        return Err(OperationError::not_found("lone payment", payment_id));
    };
    for _ in 0..STEPS_MAX {
        let lone = Lone::load(system, uuid).await?;
        if !lone.act(system, deadline).await? {
            break;
        }
    }
    Ok(())
}

impl Lone {
    async fn load(system: &System, uuid: Uuid) -> Result<Self, OperationError> {
        let (payment_id, funding_id) = (PaymentId::Lone(uuid), FundingId::Lone(uuid));
        let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
        let payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
        let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
        let funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
        let mut person = payers::load_person(system, payment.payer_id.parse()?).await?;
        if person.receivable_open && payers::settle_receivable::<Person>(system, &keys::person(person.id)).await? {
            person = payers::load_person(system, person.id).await?;
        }
        Ok(Self { payment, funding, person })
    }

    /// Does the next thing. Answers whether there may be another to do at once.
    async fn act(self, system: &System, deadline: Deadline) -> Result<bool, OperationError> {
        let business_now = system.clock.business_now();
        let action = next_action(Standing {
            payment: &self.payment,
            funding: &self.funding,
            payer: facts(&self.person, business_now),
            business_now,
            elapsed_now: system.clock.elapsed_now(),
        });
        match action {
            Action::SendFunding => self.pull(system, deadline).await.map(|()| false),
            Action::AskFunding => follow_up::ask(system, self.funding, deadline).await.map(|()| false),
            Action::EndHold => self.end_hold(system).await,
            Action::CancelFunding => fund::stop(system, self.funding).await.map(|()| false),
            Action::SendPayout => self.pay(system, deadline).await.map(|()| false),
            Action::AskPayout => follow_up::ask(system, self.payment, deadline).await.map(|()| true),
            Action::FailUnfunded { after_available } => {
                self.fail_unfunded(system, after_available).await.map(|()| true)
            }
            Action::Wait => self.postpone(system).await.map(|()| false),
        }
    }

    async fn pull(self, system: &System, deadline: Deadline) -> Result<(), OperationError> {
        let id = self.funding.id;
        let Some(pulled) = self.funding.account.clone() else {
            return Err(OperationError::Inconsistent(format!("{id} names no account to pull from")));
        };
        let other_end = OtherEnd {
            routing_number: pulled.account.routing_number,
            sealed_account: pulled.account.sealed_account,
            sealed_under: keys::funding(id).pk,
            account_type: pulled.account_type,
            fingerprint: pulled.account.fingerprint,
            name: self.person.name.clone(),
            entry_class: EntryClass::Web,
            entry_description: pulled.entry_description,
        };
        ach::send(system, self.funding, &self.person, other_end, deadline).await
    }

    /// Makes the payment due in the same write: a run that dies here loses no time.
    async fn end_hold(mut self, system: &System) -> Result<bool, OperationError> {
        let now = system.clock.business_now();
        let mut moved = self.funding.leg.end_hold()?;
        if repays(&self.payment.leg, facts(&self.person, now)) {
            moved.effects.push(Effect::ReceivableRepaid);
            self.funding.leg.effects.push(Effect::ReceivableRepaid);
        }
        let entry = HistoryEntry::new("available", &self.funding.leg, now).moved(&moved);
        let mut changes = step::changes(&mut self.funding, &entry, &moved.effects, now)?;
        self.payment.due_at = Some(now);
        changes.push(replace(&mut self.payment)?);
        match system.table.write(changes).await {
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(true),
            Err(other) => Err(other.into()),
        }
    }

    async fn pay(self, system: &System, deadline: Deadline) -> Result<(), OperationError> {
        match &self.payment.payee {
            Payee::Account(payee) => {
                let other_end = OtherEnd::of_payee(payee, self.payment.key().pk);
                ach::send(system, self.payment, &self.person, other_end, deadline).await
            }
            Payee::Check(payee) => check::send(system, self.payment.clone(), payee, &self.person, deadline).await,
        }
    }

    async fn fail_unfunded(mut self, system: &System, after_available: bool) -> Result<(), OperationError> {
        let now = system.clock.business_now();
        let kind = self.payment.kind();
        let moved = self.payment.leg.fail_unfunded(kind, after_available)?;
        let entry = HistoryEntry::new("unfunded", &self.payment.leg, now).moved(&moved);
        match step::save(&*system.table, &mut self.payment, &entry, &moved.effects, now).await {
            // Claimed in between: then it is on its way, and stays so.
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// Nothing can be done now: what is due is looked at again later.
    async fn postpone(mut self, system: &System) -> Result<(), OperationError> {
        let now = system.clock.business_now();
        let is_due = |at: Option<jiff::Timestamp>| at.is_some_and(|at| at <= now);
        if is_due(self.payment.due_at) {
            self.payment.schedule(now);
            let is_blocked = self.payment.leg.state == State::Unprocessed && self.funding.leg.state == State::Available;
            if is_blocked && self.payment.due_at.is_some() {
                self.payment.due_at = Some(minutes_from(now, BLOCKED_MINUTES));
            }
            replace_or_leave(system, &mut self.payment).await?;
        }
        if is_due(self.funding.due_at) {
            self.funding.schedule(now);
            replace_or_leave(system, &mut self.funding).await?;
        }
        Ok(())
    }
}
