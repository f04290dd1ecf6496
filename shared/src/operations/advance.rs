//! Advancing a single payment: its own funding first, then itself. One look may do several steps; running it again is harmless.

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::ach;
use super::autopay::payment_accounts::PaymentAccounts;
use super::autopay::{held, notices, people, refund};
use super::corrected_ends::ExternalAccountDetails;
use super::payers::{self, facts};
use super::submit::replace_or_leave;
use super::{OperationError, System, check, follow_up, fund, save_step, stops, system::minutes_from, unsettled};
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::held::Ended;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::payment_effects::{debit_failure, ended_by_debit, may_debit, may_mail, outlook};
use crate::domain::autopay::person::Person;
use crate::domain::bank::request::EntryClass;
use crate::domain::calendar;
use crate::domain::deadline::Deadline;
use crate::domain::funding::Funding;
use crate::domain::ids::PaymentId;
use crate::domain::leg::{Effect, Kind, State};
use crate::domain::payment::single::{
    Action, PayerFacts, PaymentContext, is_lost_and_owed, is_taken_off, next_action, repays_receivable,
};
use crate::domain::payment::{CheckPayee, Payee, Payment};
use crate::ports::table::{Change, TableError};
use crate::store::history::HistoryEntry;
use crate::store::keys;
use crate::store::stored::{Stored, read, replace};

/// Steps of one look: the hold ends, and the money goes out.
const STEPS_MAX: usize = 3;

/// A payment whose money is there and that its payer may not spend yet is looked at again after this.
const BLOCKED_MINUTES: i64 = 10;

/// Money that a person owes for is looked at again after this: it is theirs once they owe nothing.
const OWED_MINUTES: i64 = 12 * 60;

/// A payment, its funding, whoever pays, and what autopay knows of both ends, as they stand.
pub(crate) struct SinglePayment {
    pub payment: Payment,
    /// Its own; of a refund that of the payment whose money it gives back.
    pub funding: Funding,
    pub person: Person,
    pub accounts: Option<PaymentAccounts>,
    /// The stop switch is on, for all or for the person.
    pub stopped: bool,
}

/// Pushes whichever leg is due.
pub async fn advance(system: &System, payment_id: PaymentId, deadline: Deadline) -> Result<(), OperationError> {
    let PaymentId::Single(uuid) = payment_id else {
        return Err(OperationError::not_found("single payment", payment_id));
    };
    for step in 0..STEPS_MAX {
        let single = SinglePayment::load(system, uuid).await?;
        if step == 0 {
            unsettled::tell_of_payment(system, &single.payment);
        }
        if !single.act(system, deadline).await? {
            break;
        }
    }
    Ok(())
}

/// Cancels a payment of which nothing was sent, at once. Answers `false` where the bank has or may have something of it.
pub(crate) async fn cancel_unsent(system: &System, payment_id: PaymentId) -> Result<bool, OperationError> {
    let PaymentId::Single(uuid) = payment_id else { return Ok(false) };
    let single = SinglePayment::load(system, uuid).await?;
    if single.next(system) != Action::CancelUnsent {
        return Ok(false);
    }
    single.cancel_both(system).await
}

impl SinglePayment {
    async fn load(system: &System, uuid: Uuid) -> Result<Self, OperationError> {
        let payment_id = PaymentId::Single(uuid);
        let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
        let payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
        let funding_id = payment.funding_id();
        let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
        let funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
        let mut person = payers::load_person(system, payment.payer_id.parse()?).await?;
        if person.receivable_open && payers::settle_receivable::<Person>(system, &keys::person(person.id)).await? {
            person = payers::load_person(system, person.id).await?;
        }
        let accounts = match &payment.autopay {
            Some(facts) => Some(PaymentAccounts::load(system, facts).await?),
            None => None,
        };
        let may_be_debited = match funding.leg.state {
            State::Unprocessed | State::Returned => payment.leg.state == State::Unprocessed,
            State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Failed
            | State::Canceled => false,
        };
        let accounts = match accounts {
            Some(accounts) if may_be_debited => Some(accounts.with_sharing(system).await?),
            known => known,
        };
        let stopped = !stops::may_claim(system, &payment.payer_id).await?;
        Ok(Self { payment, funding, person, accounts, stopped })
    }

    fn payer_facts(&self, business_now: jiff::Timestamp) -> PayerFacts {
        let known = facts(&self.person, business_now);
        PayerFacts { is_paused: known.is_paused || self.stopped, ..known }
    }

    fn next(&self, system: &System) -> Action {
        let business_now = system.clock.business_now();
        let may_debit = |(accounts, facts): (&PaymentAccounts, &AutopayFacts)| {
            !accounts.is_held && may_debit(&self.person, &accounts.card, accounts.present().bank_account, facts)
        };
        let (id, amount) = (self.payment.id, self.payment.amount);
        let accounts = self.accounts.as_ref().zip(self.payment.autopay.as_deref());
        next_action(PaymentContext {
            payment: &self.payment,
            funding: &self.funding,
            payer: self.payer_facts(business_now),
            may_debit: accounts.is_none_or(may_debit),
            is_still_owed: accounts.is_none_or(|(accounts, _)| accounts.is_still_owed(id, amount)),
            may_present_again: accounts.is_none_or(|(accounts, _)| accounts.bears_again(id, amount)),
            may_mail: accounts.is_none_or(|(accounts, _)| may_mail(&accounts.card, &self.payment.payee)),
            presented: accounts.map_or(0, |(accounts, _)| accounts.presented_with(id)),
            business_now,
            elapsed_now: system.clock.elapsed_now(),
        })
    }

    /// Does the next thing. Answers whether there may be another to do at once.
    async fn act(self, system: &System, deadline: Deadline) -> Result<bool, OperationError> {
        match self.next(system) {
            Action::SendFunding => self.pull(system, deadline).await,
            Action::AskFunding => follow_up::ask(system, self.funding, deadline).await.map(|()| false),
            Action::EndHold => self.end_hold(system).await,
            Action::CancelFunding => fund::stop(system, self.funding).await.map(|()| false),
            Action::SendPayout => self.pay(system, deadline).await,
            Action::AskPayout => follow_up::ask(system, self.payment, deadline).await.map(|()| true),
            Action::FailUnfunded { after_available } => {
                self.fail_unfunded(system, after_available).await.map(|()| true)
            }
            Action::PresentAgain { not_before } => self.present_again(system, not_before).await.map(|()| false),
            Action::CancelUnsent => self.cancel_both(system).await.map(|_| false),
            Action::StopCheck => check::stop(system, &self.payment, deadline).await.map(|()| false),
            Action::GiveBack => refund::refund(system, self).await.map(|()| false),
            Action::NoteRepaid => refund::note_repaid(system, self).await,
            Action::Wait => self.postpone(system).await.map(|()| false),
        }
    }

    /// Answers whether the bank refused it for good: no event of the bank tells of that, so what follows is done at once.
    async fn pull(mut self, system: &System, deadline: Deadline) -> Result<bool, OperationError> {
        let (id, now) = (self.funding.id, system.clock.business_now());
        // The debit is due by itself while its outcome is unknown; its payment would be looked at every minute for that long.
        if self.payment.due_at.is_some_and(|at| at <= now) {
            self.payment.schedule(now);
            replace_or_leave(system, &mut self.payment).await?;
        }
        let Some(pulled) = self.funding.account.clone() else {
            return Err(OperationError::Inconsistent(format!("{id} names no account to pull from")));
        };
        let person = people::ensure_bank_account(system, self.person, deadline).await?;
        let external_account = ExternalAccountDetails {
            account: pulled.key(),
            routing_number: pulled.account.routing_number,
            sealed_account: pulled.account.sealed_account,
            sealed_under: vec![keys::funding(id).pk],
            account_type: pulled.account_type,
            name: pulled.name.unwrap_or_else(|| person.name.clone()),
            entry_class: EntryClass::Web,
            entry_description: pulled.entry_description,
            corrected: None,
        };
        ach::send(system, self.funding, &person, external_account, deadline).await?;
        let sent: Option<Funding> = read(&*system.table, &keys::funding(id)).await?;
        Ok(sent.is_some_and(|sent| sent.leg.state == State::Failed))
    }

    /// Makes the payment due in the same write: a run that dies here loses no time.
    async fn end_hold(mut self, system: &System) -> Result<bool, OperationError> {
        let now = system.clock.business_now();
        let mut moved = self.funding.leg.end_hold()?;
        let mut more = Vec::new();
        let mut is_repaid = repays_receivable(&self.payment.leg, facts(&self.person, now));
        if is_repaid {
            let person = keys::person(self.person.id);
            let (owes, change) = payers::owes::<Person>(system, &person, self.funding.amount).await?;
            is_repaid = owes;
            more.push(change);
        }
        if is_repaid {
            moved.effects.push(Effect::ReceivableRepaid);
            self.funding.leg.effects.push(Effect::ReceivableRepaid);
        }
        let entry = HistoryEntry::new("available", &self.funding.leg, now).moved(&moved);
        let mut changes = save_step::changes(system, &mut self.funding, &entry, &moved.effects, now).await?;
        changes.append(&mut more);
        self.payment.due_at = Some(now);
        changes.push(replace(&mut self.payment)?);
        // The hold outlasts the days in which a bank may return a debit for want of money or account.
        let number = self.funding.account.as_ref().map(|pulled| pulled.debited_number().to_owned());
        if let Some((PaymentAccounts { bank_account, .. }, number)) = self.accounts.as_mut().zip(number)
            && bank_account.proven_by(&number, now)
        {
            bank_account.updated_at = now;
            changes.push(replace(bank_account)?);
        }
        match system.table.write(changes).await {
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(true),
            Err(other) => Err(other.into()),
        }
    }

    /// The payee of a check as the biller directory has it by now. Where a check of this payment was made before, it goes where its request or
    /// its replacement says.
    fn addressed(&self, payee: &CheckPayee) -> CheckPayee {
        let is_unmade = self.payment.leg.attempt == 1 && self.payment.leg.request.is_none();
        let remittance = self.accounts.as_ref().and_then(|accounts| accounts.remittance.as_ref()).filter(|_| is_unmade);
        match fault!(CorrectedAddressNotUsed, None, remittance) {
            Some(known) => CheckPayee { name: known.name.clone(), address: known.address.clone(), ..payee.clone() },
            None => payee.clone(),
        }
    }

    /// Answers the same of the payment.
    async fn pay(self, system: &System, deadline: Deadline) -> Result<bool, OperationError> {
        let id = self.payment.id;
        match &self.payment.payee {
            Payee::Account(payee) => {
                let external_account =
                    ExternalAccountDetails::of_payee(system, payee, vec![self.payment.key().pk]).await?;
                ach::send(system, self.payment, &self.person, external_account, deadline).await?;
            }
            Payee::Check(payee) => {
                let payee = self.addressed(payee);
                let payment = Payment { payee: Payee::Check(payee.clone()), ..self.payment };
                check::send(system, payment, &payee, &self.person, deadline).await?;
            }
        }
        let sent: Option<Payment> = read(&*system.table, &keys::payment(id)).await?;
        Ok(sent.is_some_and(|sent| sent.leg.state == State::Failed))
    }

    async fn fail_unfunded(mut self, system: &System, after_available: bool) -> Result<(), OperationError> {
        let now = system.clock.business_now();
        let kind = self.payment.kind();
        let takes_off = after_available && !is_taken_off(&self.payment.leg, &self.funding);
        let mut more = Vec::new();
        if takes_off {
            let person = keys::person(self.person.id);
            let (owes, unchanged) = payers::owes::<Person>(system, &person, self.payment.amount).await?;
            // What operators have used up of it pays for something else.
            if !owes || self.payment.amount > self.funding.unused() {
                return refund::flag(system, self.payment, now).await;
            }
            more.push(unchanged);
        }
        let moved = self.payment.leg.fail_unfunded(kind, takes_off)?;
        let entry = HistoryEntry::new("unfunded", &self.payment.leg, now).moved(&moved);
        let mut changes = save_step::changes(system, &mut self.payment, &entry, &moved.effects, now).await?;
        changes.extend(more);
        if takes_off {
            self.funding.debt_taken_off_at = Some(now);
            changes.push(replace(&mut self.funding)?);
        }
        if self.payment.refund_of().is_none() {
            let ended = ended_by_debit(&self.payment, &self.funding, now);
            changes.extend(self.undo(system, Some(ended), now).await?);
        }
        match system.table.write(changes).await {
            // Claimed in between: then it is on its way, and stays so.
            Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// What it means for card and bank account that nothing comes of the payment, and what the person is told: why the debit failed, or
    /// that their wish was done.
    async fn undo(
        &mut self,
        system: &System,
        ended: Option<Ended>,
        now: Timestamp,
    ) -> Result<Vec<Change>, OperationError> {
        let Some(mut accounts) = self.accounts.take() else { return Ok(Vec::new()) };
        let (payment_id, amount, card_name) = (self.payment.id, self.payment.amount, accounts.card.name.clone());
        let mut changes = Vec::new();
        if let Some(ended) = &ended {
            accounts.card.end(payment_id, ended);
            changes.extend(held::told(system, &accounts.card, payment_id, ended.by).await?);
        }
        let told = match ended.filter(|_| !self.payment.is_cancel_asked()) {
            Some(_) => {
                let failure = debit_failure(&self.funding, calendar::eastern_date(now));
                let outlook = outlook(&self.person, accounts.present());
                let outlook = outlook.with_hold(accounts.is_held).with_debt(self.person.receivable_open);
                NoticeKind::DebitFailed { payment_id, card_name, amount, failure, outlook }
            }
            None => NoticeKind::PaymentCanceled { payment_id, card_name, amount },
        };
        changes.extend(notices::puts(system, Recipient::Person(self.person.id), [told]).await?);
        changes.extend(accounts.undo(payment_id, now)?);
        Ok(changes)
    }

    /// Neither the debit nor the check was sent: both end here. Answers whether they did; claimed in between, they are on their way.
    async fn cancel_both(mut self, system: &System) -> Result<bool, OperationError> {
        let now = system.clock.business_now();
        let kind = self.payment.kind();
        if let Some(accounts) = &mut self.accounts {
            accounts.card.present(self.payment.id, self.funding.leg.attempt.saturating_sub(1));
        }
        let moved = self.payment.leg.cancel(kind)?;
        let entry = HistoryEntry::new("canceled", &self.payment.leg, now).moved(&moved);
        let mut changes = save_step::changes(system, &mut self.payment, &entry, &moved.effects, now).await?;
        let moved = self.funding.leg.cancel(Kind::Funding)?;
        let entry = HistoryEntry::new("canceled", &self.funding.leg, now).moved(&moved);
        changes.extend(save_step::changes(system, &mut self.funding, &entry, &moved.effects, now).await?);
        changes.extend(self.undo(system, None, now).await?);
        match system.table.write(changes).await {
            Ok(()) => Ok(true),
            Err(TableError::ConditionFailed { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// The same debit once more, not before its day. The bank account has to bear it again.
    async fn present_again(mut self, system: &System, not_before: Date) -> Result<(), OperationError> {
        let now = system.clock.business_now();
        let moved = self.funding.present_again(not_before)?;
        let entry = HistoryEntry::new("presented_again", &self.funding.leg, now).moved(&moved);
        let mut changes = save_step::changes(system, &mut self.funding, &entry, &moved.effects, now).await?;
        self.payment.schedule(now);
        changes.push(replace(&mut self.payment)?);
        if let Some(accounts) = &mut self.accounts {
            let (payment_id, amount) = (self.payment.id, self.payment.amount);
            accounts.bank_account.debit_gone(payment_id);
            accounts.bank_account.open_debit(payment_id, amount);
            accounts.bank_account.updated_at = now;
            changes.push(replace(&mut accounts.bank_account)?);
            let attempt = self.funding.leg.attempt;
            accounts.card.present(payment_id, attempt);
            accounts.card.updated_at = now;
            changes.push(replace(&mut accounts.card)?);
            changes.extend(accounts.others_unchanged());
            let told = NoticeKind::DebitTriedAgain { payment_id, attempt, amount, not_before };
            changes.extend(notices::puts(system, Recipient::Person(self.person.id), [told]).await?);
        }
        match system.table.write(changes).await {
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
            // Its money is gone with its funding: there is nothing to give back, unless its person repays what they owe for it.
            if self.payment.owes_refund() && !self.funding.leg.state.holds_money() {
                let may_be_repaid = is_lost_and_owed(&self.payment.leg, &self.funding);
                self.payment.due_at = may_be_repaid.then(|| minutes_from(now, OWED_MINUTES));
            }
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
