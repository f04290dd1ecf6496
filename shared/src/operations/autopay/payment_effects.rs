//! What becomes of a payment once it is opened: the changes of its card, its bank account and its person that go in the write of each
//! step, with the notices.
//!
//! Guarantees: a step of a payment or funding and what it means for the card, the bank account and the person are one write. Limit: only
//! payments of autopay have these; any other single payment moves by its two legs alone.

use jiff::Timestamp;
use jiff::civil::Date;

use super::account_hold::{self, AccountHold, Noted, add_checks};
use super::real_accounts::Sharing;
use super::review::unchanged;
use super::{authorization, held, notices, real_accounts};
use crate::domain::autopay::bank_account::BankAccount;
use crate::domain::autopay::card::Card;
use crate::domain::autopay::facts::AutopayFacts;
use crate::domain::autopay::held::{EndedBy, Present};
use crate::domain::autopay::notice::{NoticeKind, Outlook, Recipient};
use crate::domain::autopay::payment_effects::{self, CardStep, CheckNews};
use crate::domain::autopay::person::Person;
use crate::domain::autopay::retry::Consequences;
use crate::domain::autopay::sending::Sending;
use crate::domain::batch::Idempotent;
use crate::domain::calendar;
use crate::domain::funding::{Funding, PulledAccount};
use crate::domain::ids::{FundingId, ItemId, PaymentId};
use crate::domain::leg::{AttentionReason, Effect, Kind, Reason, State, Transition};
use crate::domain::payment::Payment;
use crate::domain::payment::single::{may_resend, offsets_receivable};
use crate::operations::leg_hooks::Permission;
use crate::operations::{OperationError, System, payers};
use crate::ports::table::Change;
use crate::store::keys;
use crate::store::stored::{read, replace};

pub(super) async fn load_card(system: &System, facts: &AutopayFacts) -> Result<Card, OperationError> {
    let card = read(&*system.table, &keys::card(facts.card_id)).await?;
    card.ok_or_else(|| OperationError::not_found("card", facts.card_id))
}

pub(super) async fn load_bank_account(system: &System, facts: &AutopayFacts) -> Result<BankAccount, OperationError> {
    let account = read(&*system.table, &keys::bank_account(facts.bank_account_id)).await?;
    account.ok_or_else(|| OperationError::not_found("bank account", facts.bank_account_id))
}

/// Whether the debit for a payment may be sent now, and what its claim is held to: the payment, the person, the card and the bank account
/// as they were judged, and whoever else holds these.
pub(crate) async fn permission(system: &System, payment_id: PaymentId) -> Result<Permission, OperationError> {
    let payment = load_payment(system, payment_id).await?;
    let mut payment = payment.ok_or_else(|| OperationError::not_found("payment", payment_id))?;
    let Some(facts) = payment.autopay.clone() else { return Ok(Permission::Given(Vec::new())) };
    let (mut card, mut bank_account) = (load_card(system, &facts).await?, load_bank_account(system, &facts).await?);
    let mut held_to = real_accounts::follow_number(system, &mut bank_account).await?;
    let hold = AccountHold::of(system, &bank_account).await?;
    let mut sharing = Sharing::of(system, &card, None).await?;
    let mut person: Person = payers::load_person(system, card.person_id).await?;
    let sending = Sending {
        payment: &payment,
        facts: &facts,
        person: &person,
        card: &fault!(OwnPaymentsOnlyOwed, card.clone(), sharing.card(&card)),
        bank_account: &bank_account,
        is_held: fault!(HoldNotInClaim, false, hold.is_held),
    };
    if !sending.is_allowed() {
        return Ok(Permission::Gone);
    }
    held_to.extend([
        unchanged(&mut payment),
        unchanged(&mut person),
        unchanged(&mut card),
        unchanged(&mut bank_account),
    ]);
    add_checks(&mut held_to, sharing.unchanged());
    hold.hold_to(&mut held_to);
    Ok(Permission::Given(held_to))
}

/// Whether a payment's check may be mailed now, and what its first claim is held to: the card, as it was judged. What may be out, a check or a
/// refund, is sent again only while its money is here.
pub(crate) async fn mailing(system: &System, payment: &Payment) -> Result<Permission, OperationError> {
    let Some(facts) = payment.autopay.as_deref() else { return Ok(Permission::Given(Vec::new())) };
    if payment.leg.may_be_out() {
        return resending(system, payment).await;
    }
    if payment.kind() != Kind::Check {
        return Ok(Permission::Given(Vec::new()));
    }
    let mut card = load_card(system, facts).await?;
    if !payment_effects::may_mail(&card, &payment.payee) {
        return Ok(Permission::Gone);
    }
    Ok(Permission::Given(vec![unchanged(&mut card)]))
}

async fn resending(system: &System, payment: &Payment) -> Result<Permission, OperationError> {
    let funding_id = payment.funding_id();
    let funding: Option<Funding> = read(&*system.table, &keys::funding(funding_id)).await?;
    let mut funding = funding.ok_or_else(|| OperationError::not_found("funding", funding_id))?;
    let is_allowed = fault!(SentOnLostFunding, true, may_resend(payment, &funding));
    Ok(if is_allowed { Permission::Given(vec![unchanged(&mut funding)]) } else { Permission::Gone })
}

/// Banking days that a settled funding of this payment is held, by the number that was really debited.
pub(crate) async fn hold_banking_days(
    system: &System,
    payment_id: PaymentId,
    pulled: Option<&PulledAccount>,
) -> Result<u32, OperationError> {
    let usual = system.settings.hold_banking_days;
    let payment: Option<Payment> = read(&*system.table, &keys::payment(payment_id)).await?;
    let Some(facts) = payment.and_then(|payment| payment.autopay) else { return Ok(usual) };
    let policy = &system.settings.autopay;
    let bank_account = load_bank_account(system, &facts).await?;
    let number = debited_number(&facts, pulled, &bank_account);
    Ok(bank_account.hold_of_debit(&number, policy.hold_new_link, policy.hold_proven).max(usual))
}

/// The person is told that the bank corrected their account: once for each transfer.
pub(crate) async fn numbers_corrected(
    system: &System,
    item_id: ItemId,
    facts: &AutopayFacts,
) -> Result<Vec<Change>, OperationError> {
    let bank_account = load_bank_account(system, facts).await?;
    let (bank_account_id, bank_account_last4) = (bank_account.id, bank_account.account.account_last4);
    let kind = NoticeKind::NumbersCorrected { item_id, bank_account_id, bank_account_last4 };
    notices::puts(system, Recipient::Person(bank_account.person_id), [kind]).await
}

/// The same of the payment that a debit was made for.
pub(crate) async fn debited_numbers_corrected(
    system: &System,
    funding_id: FundingId,
) -> Result<Vec<Change>, OperationError> {
    let Some(payment_id) = funding_id.payment() else { return Ok(Vec::new()) };
    let payment = load_payment(system, payment_id).await?;
    match payment.and_then(|payment| payment.autopay) {
        Some(facts) => numbers_corrected(system, ItemId::Funding(funding_id), &facts).await,
        None => Ok(Vec::new()),
    }
}

/// What the bank's word about a payment means beyond it. `from` is the state it left, where it moved.
pub(crate) async fn after_payment(
    system: &System,
    payment: &mut Payment,
    funding: Option<&Funding>,
    from: Option<State>,
    at: Timestamp,
) -> Result<Vec<Change>, OperationError> {
    let Some(facts) = payment.autopay.clone() else { return Ok(Vec::new()) };
    let now = system.clock.business_now();
    if facts.refund_of.is_some() {
        let is_back = from.is_some_and(State::holds_money) && !payment.leg.state.holds_money();
        if is_back && !payment.leg.effects.contains(&Effect::ReceivableRecovered) {
            payment.leg.raise(AttentionReason::RefundReturned, now);
            return refund_came_back(system, payment).await;
        }
        return Ok(Vec::new());
    }
    let mut card = load_card(system, &facts).await?;
    let funding_came_back = funding.is_some_and(came_back_late);
    let outlook = outlook_once_settled(system, payment, &card).await?;
    let news = CheckNews { payment, from, funding_came_back, card_name: &card.name, outlook, at };
    let after = payment_effects::after_check(news);
    if let Some(facts) = payment.autopay.as_mut().filter(|_| after.asks_stop) {
        facts.stop_asked_at = Some(now);
    }
    if let Some(reason) = after.attention {
        tracing::error!(payment = %payment.id, ?reason, "attention: a check needs an operator");
        payment.leg.raise(reason, now);
    }
    let mut changes = notices::puts(system, Recipient::Person(card.person_id), after.notices).await?;
    if let Some(step) = after.card {
        step.mark(&mut card, payment.id, now);
        changes.push(replace(&mut card)?);
    }
    Ok(changes)
}

/// The bank refuses to give the money back: an operator decides, and the person is told.
pub(crate) async fn refund_refused(system: &System, refund: &mut Payment) -> Result<Vec<Change>, OperationError> {
    refund.leg.raise(AttentionReason::RefundReturned, system.clock.business_now());
    tracing::error!(payment = %refund.id, "attention: the bank refused a refund");
    let mut changes = notices::of_attention(system, ItemId::Payment(refund.id), &refund.leg).await?;
    changes.extend(refund_came_back(system, refund).await?);
    Ok(changes)
}

/// The put of what the person is told of a refund that did not arrive.
async fn refund_came_back(system: &System, refund: &Payment) -> Result<Vec<Change>, OperationError> {
    let kind = NoticeKind::RefundCameBack {
        payment_id: refund.id,
        attempt: refund.leg.attempt,
        amount: refund.amount,
        bank_account_last4: refund.payee.account_last4().to_owned(),
    };
    notices::puts(system, Recipient::Person(refund.payer_id.parse()?), [kind]).await
}

/// What holds the next debit back once nothing is owed for this payment any more.
async fn outlook_once_settled(system: &System, payment: &Payment, card: &Card) -> Result<Outlook, OperationError> {
    let facts = payment.autopay.as_ref().filter(|_| payment.leg.effects.contains(&Effect::ReceivableRecovered));
    let Some(facts) = facts else { return Ok(Outlook::GoesOn) };
    let person: Person = payers::load_person(system, card.person_id).await?;
    let mut bank_account = load_bank_account(system, facts).await?;
    real_accounts::follow_number(system, &mut bank_account).await?;
    Ok(payment_effects::outlook(&person, Present { card, bank_account: &bank_account, remittance: None }))
}

/// The number that a debit really went to, by its fingerprint: as the funding has it.
fn debited_number(facts: &AutopayFacts, pulled: Option<&PulledAccount>, bank_account: &BankAccount) -> String {
    let agreed = facts.agreement.as_ref().map(|agreement| agreement.account.fingerprint.as_str());
    pulled.map(PulledAccount::debited_number).or(agreed).unwrap_or(&bank_account.account.fingerprint).to_owned()
}

fn came_back_late(funding: &Funding) -> bool {
    funding.leg.effects.contains(&Effect::FundingReturnedAvailable)
}

/// What the bank's word about a single funding means beyond it, and what it adds to the books.
pub(crate) async fn after_funding(
    system: &System,
    funding: &mut Funding,
    moved: &mut Transition,
    at: Timestamp,
) -> Result<Vec<Change>, OperationError> {
    let Some(payment_id) = funding.id.payment() else { return Ok(Vec::new()) };
    // A further word about a return, such as a dispute, means nothing new for card, bank account and person.
    let is_gone = moved.from != moved.to && !funding.leg.state.holds_money();
    let has_settled = moved.from != State::Completed && moved.to == State::Completed;
    if !is_gone && !has_settled {
        return Ok(Vec::new());
    }
    let Some(payment) = load_payment(system, payment_id).await? else { return Ok(Vec::new()) };
    if has_settled {
        return settled(system, &payment, funding.leg.settled_at.unwrap_or(at)).await;
    }
    // What a refund gave back is the refund's to answer for.
    let holder = match payment.refunded_by() {
        Some(refund_id) => load_payment(system, refund_id).await?.unwrap_or(payment),
        None => payment,
    };
    Returned { system, now: system.clock.business_now(), holder }.changes(funding, moved).await
}

async fn load_payment(system: &System, id: PaymentId) -> Result<Option<Payment>, OperationError> {
    Ok(read(&*system.table, &keys::payment(id)).await?)
}

async fn settled(system: &System, payment: &Payment, at: Timestamp) -> Result<Vec<Change>, OperationError> {
    let Some(facts) = &payment.autopay else { return Ok(Vec::new()) };
    let mut bank_account = load_bank_account(system, facts).await?;
    bank_account.debit_settled(payment.id, at);
    bank_account.updated_at = system.clock.business_now();
    Ok(vec![replace(&mut bank_account)?])
}

/// What a return is, beside its code.
#[derive(Clone, Copy)]
struct Means {
    is_late: bool,
    is_recovered: bool,
}

/// A funding that came back, and the payment that has its money or had it last.
struct Returned<'a> {
    system: &'a System,
    now: Timestamp,
    holder: Payment,
}

impl Returned<'_> {
    async fn changes(mut self, funding: &mut Funding, moved: &mut Transition) -> Result<Vec<Change>, OperationError> {
        let is_recovered = offsets_receivable(&self.holder.leg, funding);
        if is_recovered {
            funding.debt_taken_off_at = Some(self.now);
            moved.effects.push(Effect::ReceivableRecovered);
            funding.leg.effects.push(Effect::ReceivableRecovered);
        }
        let is_late = moved.effects.contains(&Effect::FundingReturnedAvailable);
        let mut changes = self.person(funding, is_late).await?;
        if let Some(facts) = self.holder.autopay.clone() {
            changes.extend(self.ends(&facts, funding, Means { is_late, is_recovered }).await?);
            if is_late && !is_recovered {
                changes.extend(self.late(&facts, funding).await?);
            }
        }
        self.holder.due_at = Some(self.now);
        changes.push(replace(&mut self.holder)?);
        Ok(changes)
    }

    fn today(&self) -> Date {
        calendar::eastern_date(self.now)
    }

    /// What follows from its return code. An agreement that was made after the payment was opened is none of its.
    fn follows(&self, facts: &AutopayFacts, funding: &Funding, card: &Card) -> Option<Consequences> {
        let after = payment_effects::consequences(funding, self.today())?;
        let is_its =
            card.authorization.as_ref().is_some_and(|present| payment_effects::is_opened_under(facts, present));
        Some(Consequences { ends_authorization: after.ends_authorization && is_its, ..after })
    }

    /// Owing what came back late; blocked where the debit was not authorized.
    async fn person(&self, funding: &Funding, is_late: bool) -> Result<Vec<Change>, OperationError> {
        let blocks = payment_effects::consequences(funding, self.today()).is_some_and(|after| after.blocks_person);
        if !is_late && !blocks {
            return Ok(Vec::new());
        }
        let mut person: Person = payers::load_person(self.system, funding.payer_id.parse()?).await?;
        if let Some(debit) = funding.returned_debit().filter(|_| blocks) {
            tracing::error!(funding = %funding.id, code = %debit.return_code, "attention: no new debit for this person");
            let _ = person.block_debits(debit.return_code, self.now);
        }
        if is_late {
            tracing::error!(funding = %funding.id, "attention: a funding came back after it was available");
            person.open_receivable(self.now);
        }
        person.updated_at = self.now;
        Ok(vec![replace(&mut person)?])
    }

    /// What it leaves behind at the bank account, closed or held: by the number that was really debited.
    async fn account(
        &self,
        facts: &AutopayFacts,
        funding: &Funding,
        noted: Noted,
    ) -> Result<Vec<Change>, OperationError> {
        if noted.closes.is_none() && !noted.holds {
            return Ok(Vec::new());
        }
        let mut bank_account = load_bank_account(self.system, facts).await?;
        let pulled = funding.account.as_ref();
        let number = debited_number(facts, pulled, &bank_account);
        let mut changes = account_hold::note(self.system, &number, &bank_account, noted).await?;
        if let Some(return_code) = noted.closes {
            // The named number is closed by it as long as its debits go to this one, and no longer.
            let closed =
                fault!(ReturnClosesNamedNumber, pulled.map_or(&number, |pulled| &pulled.account.fingerprint), &number);
            bank_account.closed_by_return(closed, return_code, self.now);
            bank_account.updated_at = self.now;
            changes.push(replace(&mut bank_account)?);
        }
        Ok(changes)
    }

    /// What the code says about the bank account and the authorization; an operator hears of what is to be looked into.
    async fn ends(&self, facts: &AutopayFacts, funding: &Funding, means: Means) -> Result<Vec<Change>, OperationError> {
        let mut changes = Vec::new();
        let mut card = load_card(self.system, facts).await?;
        let after = self.follows(facts, funding, &card);
        let returned = funding.returned_debit();
        changes.extend(self.account(facts, funding, Noted::of(returned, after, means.is_late)).await?);
        let ending = returned.filter(|_| after.is_some_and(|after| after.ends_authorization));
        if after.is_some() || means.is_late || means.is_recovered {
            let payment_id = facts.refund_of.unwrap_or(self.holder.id);
            let ended = payment_effects::ended_by_debit(&self.holder, funding, self.now);
            if let Some((mut authorization, debit)) = card.authorization.clone().zip(ending)
                && authorization.end_by_return(debit.return_code, self.now) == Idempotent::Executed
            {
                changes.push(authorization::ended_by_return(&card, &authorization, self.now)?);
                card.authorize(authorization);
            }
            if means.is_recovered {
                CardStep::Reversed.mark(&mut card, payment_id, self.now);
            }
            card.end(payment_id, &ended);
            changes.extend(held::told(self.system, &card, payment_id, ended.by).await?);
            card.updated_at = self.now;
            changes.push(replace(&mut card)?);
        }
        let is_told_otherwise = EndedBy::of_debit(payment_effects::debit_failure(funding, self.today())).is_operators();
        if after.is_some_and(|after| after.attention) && !is_told_otherwise {
            let reason = funding.leg.reason.as_ref().map(Reason::to_string).unwrap_or_default();
            let item_id = ItemId::Funding(funding.id);
            // The debit has ended, and bears no flag: what it means for its person is said.
            let outlook = Outlook::GoesOn.after(after);
            let kind = NoticeKind::AttentionRaised { item_id, reason, since: self.now, is_held: false, outlook };
            changes.extend(notices::puts(self.system, Recipient::Operators, [kind]).await?);
        }
        Ok(changes)
    }

    /// The money had left: a check is stopped if it still can be; what is gone for good is owed.
    async fn late(&mut self, facts: &AutopayFacts, funding: &Funding) -> Result<Vec<Change>, OperationError> {
        let (kind, state) = (self.holder.kind(), self.holder.leg.state);
        let mut changes = Vec::new();
        let check_is_out = payment_effects::is_check_out(kind, state);
        if check_is_out && let Some(facts) = self.holder.autopay.as_mut() {
            facts.stop_asked_at.get_or_insert(self.now);
        } else if payment_effects::is_lost(kind, state) {
            if self.holder.leg.attention.is_none() {
                tracing::error!(payment = %self.holder.id, "attention: what came back had been paid out for good");
                self.holder.leg.raise(AttentionReason::ReceivableOpen, self.now);
                let item_id = ItemId::Payment(self.holder.id);
                changes.extend(notices::of_attention(self.system, item_id, &self.holder.leg).await?);
            }
        } else {
            // Nothing has left: the payment fails next, and tells.
            return Ok(changes);
        }
        let card = load_card(self.system, facts).await?;
        let payment_id = facts.refund_of.unwrap_or(self.holder.id);
        let amount = funding.amount;
        let failure = payment_effects::debit_failure(funding, self.today());
        let person: Person = payers::load_person(self.system, card.person_id).await?;
        let bank_account = load_bank_account(self.system, facts).await?;
        let after = self.follows(facts, funding, &card);
        let present = Present { card: &card, bank_account: &bank_account, remittance: None };
        let outlook = payment_effects::outlook(&person, present).after(after).with_debt(true);
        let told = [
            NoticeKind::DebitFailed { payment_id, card_name: card.name, amount, failure, outlook },
            NoticeKind::ReceivableOpened { payment_id, amount, check_is_out },
        ];
        changes.extend(notices::puts(self.system, Recipient::Person(card.person_id), told).await?);
        Ok(changes)
    }
}
