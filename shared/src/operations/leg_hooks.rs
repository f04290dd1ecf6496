//! What a payment or funding does when the bank speaks about it, besides moving its leg.

use jiff::Timestamp;

use super::account_corrections::KeptCorrection;
use super::autopay::{corrected, notices, payment_effects};
use super::bank_object::BankObject;
use super::named_account::NamedAccount;
use super::payers;
use super::save_step::HasLeg;
use super::{OperationError, System, debts, fund, sources};
use crate::domain::ach::account_correction::AccountCorrection;
use crate::domain::ach::return_codes::ReturnCode;
use crate::domain::autopay::notice::{NoticeKind, Recipient};
use crate::domain::autopay::person::Person;
use crate::domain::bank::status::StatusMeaning;
use crate::domain::calendar;
use crate::domain::funding::{CorrectedAccount, Funding};
use crate::domain::ids::{FundingId, PaymentId};
use crate::domain::leg::{Destination, Effect, Reason, State, Transition};
use crate::domain::payment::single::offsets_receivable;
use crate::domain::payment::{Payee, Payment, StopRequest};
use crate::domain::source::Source;
use crate::domain::task::Task;
use crate::ports::table::{Change, Condition};
use crate::store::keys;
use crate::store::stored::{Stored, read, replace};

/// Whether something may be sent, at the moment of its send: a person's word about a debit, or what the bank says of an earlier one.
pub(crate) enum Permission {
    /// As long as these conditions hold in the write of the claim.
    Given(Vec<Change>),
    /// Not before somebody has decided something: it stays due.
    NotNow,
    /// They agreed to something else, or to nothing, or the debit was stopped: it is not sent.
    Gone,
}

pub(crate) trait LegHooks: HasLeg {
    /// Takes facts about the item itself from what the bank has. Answers whether any is new.
    async fn record_bank_details(
        &mut self,
        system: &System,
        object: &BankObject,
        at: Timestamp,
    ) -> Result<bool, OperationError>;
    /// Keeps where it goes by a correction of the bank's, and nothing where it goes to the account that it names.
    fn went_to(&mut self, corrected: Option<CorrectedAccount>);
    /// What has to be so for its first send, beside the item itself: checked in the write of the claim.
    fn claim_checks(&self) -> Vec<Change>;
    /// The account at the other end, as the item was made for it: what the bank corrects of an attempt that went to `destination` is kept
    /// with that.
    async fn named_account(
        &self,
        system: &System,
        destination: Destination<'_>,
    ) -> Result<Option<NamedAccount>, OperationError>;
    /// What is told where the bank has corrected that account.
    async fn corrected(&self, system: &System, correction: &AccountCorrection) -> Result<Vec<Change>, OperationError>;
    /// What it means for whose account that is, in the write that hears of it, which changes `so_far`.
    async fn renumbered(
        &self,
        system: &System,
        said: &KeptCorrection,
        so_far: &mut Vec<Change>,
    ) -> Result<(), OperationError>;
    /// What the bank's word means beyond its item: more effects of its own, and more changes for the same write. `moved` is absent where
    /// only facts were new.
    async fn consequences(
        &mut self,
        system: &System,
        moved: Option<&mut Transition>,
        at: Timestamp,
    ) -> Result<Vec<Change>, OperationError>;
    /// Whether it may be sent at this moment, and what its claim is held to beside the item itself.
    async fn permission(&self, _: &System) -> Result<Permission, OperationError> {
        Ok(Permission::Given(Vec::new()))
    }
    /// What is flagged and told where the bank refused it for good, before it is saved.
    async fn refused(&mut self, _: &System) -> Result<Vec<Change>, OperationError> {
        Ok(Vec::new())
    }
    /// Hints after the write.
    async fn afterwards(&self, system: &System) -> Result<(), OperationError>;
}

/// Payroll's admins hear of each correction of an account once.
async fn tell_admins(system: &System, correction: &AccountCorrection) -> Result<Vec<Change>, OperationError> {
    let kind = NoticeKind::AccountCorrected {
        account: correction.account.clone(),
        version: correction.version,
        change_code: correction.change_code.clone(),
        account_last4: correction.account_last4.clone(),
        corrected_last4: correction.corrected_last4.clone(),
    };
    notices::puts(system, Recipient::PayrollAdmins, [kind]).await
}

impl LegHooks for Payment {
    async fn record_bank_details(
        &mut self,
        _: &System,
        object: &BankObject,
        _: Timestamp,
    ) -> Result<bool, OperationError> {
        match object {
            BankObject::Transfer(_) => Ok(false),
            BankObject::Check(check) => Ok(self.note_check(check)),
        }
    }

    /// Nothing is given back to where a payout went.
    fn went_to(&mut self, _: Option<CorrectedAccount>) {}

    /// A batch of 50,000 payments has one header: it is read before, once a run.
    fn claim_checks(&self) -> Vec<Change> {
        Vec::new()
    }

    async fn named_account(
        &self,
        _: &System,
        destination: Destination<'_>,
    ) -> Result<Option<NamedAccount>, OperationError> {
        match &self.payee {
            Payee::Account(payee) => Ok(Some(NamedAccount::of_payee(self, payee, destination))),
            Payee::Check(_) => Ok(None),
        }
    }

    async fn corrected(&self, system: &System, correction: &AccountCorrection) -> Result<Vec<Change>, OperationError> {
        match (&self.autopay, self.id) {
            (Some(facts), _) => payment_effects::numbers_corrected(system, self.item_id(), facts).await,
            (None, PaymentId::Row { .. } | PaymentId::Refund { .. }) => tell_admins(system, correction).await,
            (None, PaymentId::Single(_)) => Ok(Vec::new()),
        }
    }

    async fn renumbered(
        &self,
        system: &System,
        said: &KeptCorrection,
        so_far: &mut Vec<Change>,
    ) -> Result<(), OperationError> {
        corrected::join_refunded(system, self, said, so_far).await
    }

    /// Money that came back to a person may meet what they owe for the returned funding of the same payment, unless they repaid that
    /// otherwise: then it is theirs. The funding is held to what was read of it, so that of two ends at once one sees the other.
    async fn consequences(
        &mut self,
        system: &System,
        moved: Option<&mut Transition>,
        at: Timestamp,
    ) -> Result<Vec<Change>, OperationError> {
        let PaymentId::Single(_) = self.id else { return self.of_batch(system, moved).await };
        let key = keys::funding(self.funding_id());
        let (mut changes, mut funding) = (Vec::new(), None);
        if !self.leg.state.is_open() {
            funding = read::<Funding>(&*system.table, &key).await?;
        }
        let from = moved.as_ref().map(|moved| moved.from);
        if let Some(funding) = &mut funding {
            let condition = Condition::VersionIs(*funding.version_mut());
            let mut is_owed = moved.is_some() && self.refunded_by().is_none() && offsets_receivable(&self.leg, funding);
            if is_owed {
                let person = payers::key_of(&self.payer_id);
                let (owes, change) = payers::owes::<Person>(system, &person, self.amount).await?;
                is_owed = owes;
                changes.push(change);
            }
            match moved {
                Some(moved) if is_owed => {
                    moved.effects.push(Effect::ReceivableRecovered);
                    self.leg.effects.push(Effect::ReceivableRecovered);
                    funding.debt_taken_off_at = Some(system.clock.business_now());
                    changes.push(replace(funding)?);
                }
                Some(_) | None => changes.push(Change::Check { key, condition }),
            }
        }
        changes.extend(payment_effects::after_payment(system, self, funding.as_ref(), from, at).await?);
        Ok(changes)
    }

    async fn permission(&self, system: &System) -> Result<Permission, OperationError> {
        payment_effects::mailing(system, self).await
    }

    async fn refused(&mut self, system: &System) -> Result<Vec<Change>, OperationError> {
        match self.id {
            PaymentId::Refund { .. } => {
                fault!(RefusedRefundNotTold, Ok(Vec::new()), self.tell_undelivered(system).await)
            }
            PaymentId::Single(_) if self.refund_of().is_some() => payment_effects::refund_refused(system, self).await,
            // The batch's report says so of a row, and the money of a single payment goes back to its person.
            PaymentId::Row { .. } | PaymentId::Single(_) => Ok(Vec::new()),
        }
    }

    async fn afterwards(&self, system: &System) -> Result<(), OperationError> {
        if self.leg.effects.contains(&Effect::ReceivableRecovered) {
            settle_person(system, &self.payer_id).await?;
        }
        if self.owes_refund() || self.stop_request() == StopRequest::Now {
            system.enqueue([Task::Advance { payment_id: self.id }]).await?;
        }
        Ok(())
    }
}

impl LegHooks for Funding {
    async fn record_bank_details(
        &mut self,
        system: &System,
        object: &BankObject,
        at: Timestamp,
    ) -> Result<bool, OperationError> {
        let BankObject::Transfer(transfer) = object else { return Ok(false) };
        let known = self.first_presented;
        self.note_presented(transfer.effective_on, transfer.settled_at.map(calendar::eastern_date));
        let is_new = self.first_presented != known;
        let has_settled = transfer.status.meaning() == StatusMeaning::Settled;
        if self.leg.state != State::Completed || self.available_at.is_some() || !has_settled {
            return Ok(is_new);
        }
        let settled_on = calendar::eastern_date(transfer.settled_at.unwrap_or(at));
        let hold = match self.id.payment() {
            Some(payment_id) => payment_effects::hold_banking_days(system, payment_id, self.account.as_ref()).await?,
            None => system.settings.hold_banking_days,
        };
        self.settle_terms(transfer.effective_on.unwrap_or(settled_on), settled_on, hold);
        Ok(true)
    }

    fn went_to(&mut self, corrected: Option<CorrectedAccount>) {
        if let Some(account) = &mut self.account {
            account.corrected = corrected;
        }
    }

    fn claim_checks(&self) -> Vec<Change> {
        match self.id {
            FundingId::Round { batch, .. } => {
                fault!(FundingOfCanceledBatch, Vec::new(), vec![fund::still_paying(batch)])
            }
            FundingId::Single(_) => Vec::new(),
        }
    }

    /// A source's funding of before does not say from which of its accounts it pulled, so that nothing can be kept with any.
    async fn named_account(&self, system: &System, _: Destination<'_>) -> Result<Option<NamedAccount>, OperationError> {
        let under = || vec![keys::funding(self.id).pk];
        let pinned = self.account.as_ref();
        let pinned =
            pinned.map(|pulled| NamedAccount::new(&pulled.account, pulled.account_type, pulled.key(), under()));
        fault!(
            CorrectionOfPresentAccount,
            if let FundingId::Round { .. } = self.id {
                return present_account(system, self).await;
            }
        );
        let _ = system;
        Ok(pinned)
    }

    async fn corrected(&self, system: &System, correction: &AccountCorrection) -> Result<Vec<Change>, OperationError> {
        match self.id {
            FundingId::Round { .. } => tell_admins(system, correction).await,
            FundingId::Single(_) => payment_effects::debited_numbers_corrected(system, self.id).await,
        }
    }

    async fn renumbered(
        &self,
        system: &System,
        said: &KeptCorrection,
        so_far: &mut Vec<Change>,
    ) -> Result<(), OperationError> {
        corrected::join_debited(system, self, said, so_far).await
    }

    async fn permission(&self, system: &System) -> Result<Permission, OperationError> {
        match self.id.payment() {
            Some(payment_id) => payment_effects::permission(system, payment_id).await,
            None if self.is_earlier_undecided(system).await? => Ok(Permission::NotNow),
            None => Ok(Permission::Given(Vec::new())),
        }
    }

    /// A return after the money was available blocks what is new for the payer until the receivable is settled. A single payment becomes
    /// due with its funding's end.
    async fn consequences(
        &mut self,
        system: &System,
        moved: Option<&mut Transition>,
        at: Timestamp,
    ) -> Result<Vec<Change>, OperationError> {
        let Some(moved) = moved else { return Ok(Vec::new()) };
        match self.id {
            FundingId::Round { .. } => self.of_source(system, moved).await,
            FundingId::Single(_) => {
                let was_untold = matches!(moved.from, State::Unprocessed | State::Submitting);
                let is_first_word = was_untold && moved.from != moved.to && moved.to.holds_money();
                if is_first_word && matches!(self.permission(system).await?, Permission::Gone) {
                    self.unwanted_at = Some(system.clock.business_now());
                }
                payment_effects::after_funding(system, self, moved, at).await
            }
        }
    }

    async fn afterwards(&self, system: &System) -> Result<(), OperationError> {
        if self.leg.state.holds_money() {
            return Ok(());
        }
        match self.id {
            FundingId::Round { batch, .. } => fund::release_all(system, batch).await,
            FundingId::Single(uuid) => {
                if self.leg.effects.contains(&Effect::ReceivableRecovered) {
                    settle_person(system, &self.payer_id).await?;
                }
                system.enqueue([Task::Advance { payment_id: PaymentId::Single(uuid) }]).await
            }
        }
    }
}

impl Payment {
    /// Payroll's admins hear of a payout that comes back after it was paid, and of a refund that does not arrive: nobody else looks at a
    /// batch that is over.
    async fn of_batch(&self, system: &System, moved: Option<&mut Transition>) -> Result<Vec<Change>, OperationError> {
        let Some(moved) = moved.filter(|moved| !moved.to.holds_money()) else { return Ok(Vec::new()) };
        let is_told = match self.id {
            PaymentId::Row { .. } => matches!(moved.from, State::Completed | State::Available),
            PaymentId::Refund { .. } => moved.from.holds_money(),
            PaymentId::Single(_) => false,
        };
        if fault!(LateReturnNotTold, true, !is_told) {
            return Ok(Vec::new());
        }
        self.tell_undelivered(system).await
    }

    async fn tell_undelivered(&self, system: &System) -> Result<Vec<Change>, OperationError> {
        let kind = NoticeKind::PayoutReturned {
            payment_id: self.id,
            attempt: self.leg.attempt,
            amount: self.amount,
            reason: self.leg.reason.as_ref().map(Reason::to_string).unwrap_or_default(),
        };
        notices::puts(system, Recipient::PayrollAdmins, [kind]).await
    }
}

impl Funding {
    /// Whether it pulls anew what one of a round before may have brought: nobody has decided what the bank's word about that means.
    async fn is_earlier_undecided(&self, system: &System) -> Result<bool, OperationError> {
        let FundingId::Round { batch, source, round } = self.id else { return Ok(false) };
        let behind = debts::behind(system, batch, source, round).await?;
        Ok(fault!(UndecidedPulledAnew, false, behind.earlier.iter().any(Funding::is_undecided)))
    }

    /// Payroll's admins hear of a funding that came back.
    async fn of_source(&self, system: &System, moved: &Transition) -> Result<Vec<Change>, OperationError> {
        let mut changes = self.mark_source(system, moved).await?;
        if let (true, Some(Reason::Returned(code))) = (moved.to == State::Returned, &self.leg.reason) {
            let kind = NoticeKind::FundingReturned {
                funding_id: self.id,
                attempt: self.leg.attempt,
                amount: self.amount,
                return_code: code.clone(),
            };
            changes.extend(notices::puts(system, Recipient::PayrollAdmins, [kind]).await?);
        }
        Ok(changes)
    }
}

impl Funding {
    /// Its source owes what came back late, and is not debited again where the return code forbids it.
    async fn mark_source(&self, system: &System, moved: &Transition) -> Result<Vec<Change>, OperationError> {
        let came_back_late = moved.effects.contains(&Effect::FundingReturnedAvailable);
        let has_just_returned = moved.from != State::Returned && moved.to == State::Returned;
        let code = match &self.leg.reason {
            Some(Reason::Returned(code)) if has_just_returned => Some(code.parse().unwrap_or(ReturnCode::UNREADABLE)),
            _ => None,
        };
        if !came_back_late && code.is_none() {
            return Ok(Vec::new());
        }
        let key = keys::source(&self.payer_id);
        let source: Option<Source> = read(&*system.table, &key).await?;
        let mut source = source.ok_or_else(|| OperationError::not_found("source", &self.payer_id))?;
        let now = system.clock.business_now();
        let mut changes = match code {
            Some(code) => self.bar_holder(system, code, now).await?,
            None => Vec::new(),
        };
        if came_back_late {
            tracing::error!(funding = %self.id, payer = self.payer_id, "attention: a funding came back after it was available");
            source.receivable_open = true;
        }
        if let Some(code) = code.filter(|code| source.apply_return_code(*code, now)) {
            changes.extend(self.barred(system, &source, code).await?);
        } else if !came_back_late {
            return Ok(changes);
        }
        source.updated_at = now;
        changes.push(replace(&mut source)?);
        Ok(changes)
    }
}

impl Funding {
    /// The account that it pulled from may be another source's by now: that one is not debited again either.
    async fn bar_holder(
        &self,
        system: &System,
        code: ReturnCode,
        now: Timestamp,
    ) -> Result<Vec<Change>, OperationError> {
        let Some(pulled) = &self.account else { return Ok(Vec::new()) };
        let holder = sources::holder(system, &pulled.key()).await?.filter(|holder| *holder != self.payer_id);
        let Some(holder) = fault!(FormerHolderAloneBarred, None, holder) else { return Ok(Vec::new()) };
        let source: Option<Source> = read(&*system.table, &keys::source(&holder)).await?;
        let Some(mut source) = source else { return Ok(Vec::new()) };
        if !source.apply_return_code(code, now) {
            return Ok(Vec::new());
        }
        source.updated_at = now;
        let mut changes = self.barred(system, &source, code).await?;
        changes.push(replace(&mut source)?);
        Ok(changes)
    }

    async fn barred(&self, system: &System, source: &Source, code: ReturnCode) -> Result<Vec<Change>, OperationError> {
        tracing::error!(funding = %self.id, payer = source.id, %code, "attention: a source is barred by the return of a debit");
        let kind = NoticeKind::SourceBarred { source_id: source.id.clone(), funding_id: self.id, return_code: code };
        notices::puts(system, Recipient::Operators, [kind]).await
    }
}

async fn settle_person(system: &System, payer_id: &str) -> Result<(), OperationError> {
    payers::settle_receivable::<Person>(system, &keys::person(payer_id.parse()?)).await.map(|_| ())
}

/// The account that a source has now, whatever its funding was made for.
#[cfg(feature = "deliberate-faults")]
async fn present_account(system: &System, funding: &Funding) -> Result<Option<NamedAccount>, OperationError> {
    let source = read::<Source>(&*system.table, &keys::source(&funding.payer_id)).await?;
    Ok(source.map(|source| {
        let (account, sealed_under) = (&source.account, vec![keys::source(&source.id).pk]);
        NamedAccount::new(account, fund::SOURCE_ACCOUNT_TYPE, account.fingerprint.clone(), sealed_under)
    }))
}
