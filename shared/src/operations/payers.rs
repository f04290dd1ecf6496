//! What is done alike with whoever pays, a source or a person: resting while the bank refuses us, owing, and owing no longer.

use jiff::Timestamp;

use super::{OperationError, System, system::minutes_from};
use crate::adapters::column::BankAccount;
use crate::domain::autopay::ids::PersonId;
use crate::domain::autopay::person::Person;
use crate::domain::bank::error::BankError;
use crate::domain::deadline::Deadline;
use crate::domain::ids::ReconciliationId;
use crate::domain::ledger::{Account, AccountKind, correction};
use crate::domain::money::Cents;
use crate::domain::payment::single::PayerFacts;
use crate::domain::source::{Pause, PauseReason, Source};
use crate::ports::table::{Change, Key, TableError};
use crate::store::stored::{Stored, read, replace};
use crate::store::{keys, ledger};

/// How the names of payers' accounts at the bank begin.
const OF_SOURCE: &str = "Payroll of ";
const OF_PERSON: &str = "Autopay of ";

/// After a refusal for a reason of ours, nothing leaves the payer for this long.
const BANK_PAUSE_MINUTES: i64 = 5;

/// A source or a person.
pub(crate) trait Payer: Stored + Send + Sync {
    fn payer_id(&self) -> String;
    /// The payer's own account at the bank.
    fn bank_account_id(&self) -> Option<&str>;
    fn created_at(&self) -> Timestamp;
    fn pause_mut(&mut self) -> &mut Option<Pause>;
    fn receivable_open_mut(&mut self) -> &mut bool;
    /// Their money in `funds` that no funding brought.
    fn beside_mut(&mut self) -> &mut Option<Cents>;
    /// A correction of the books says that they owe.
    fn reopen_receivable(&mut self, now: Timestamp);
    /// Called with every change.
    fn touch(&mut self, now: Timestamp);
}

impl Payer for Source {
    fn payer_id(&self) -> String {
        self.id.clone()
    }

    fn bank_account_id(&self) -> Option<&str> {
        self.bank_account_id.as_deref()
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn pause_mut(&mut self) -> &mut Option<Pause> {
        &mut self.pause
    }

    fn receivable_open_mut(&mut self) -> &mut bool {
        &mut self.receivable_open
    }

    fn beside_mut(&mut self) -> &mut Option<Cents> {
        &mut self.beside_batches
    }

    fn reopen_receivable(&mut self, _: Timestamp) {
        self.receivable_open = true;
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

impl Payer for Person {
    fn payer_id(&self) -> String {
        self.id.to_string()
    }

    fn bank_account_id(&self) -> Option<&str> {
        self.column_bank_account_id.as_deref()
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn pause_mut(&mut self) -> &mut Option<Pause> {
        &mut self.pause
    }

    fn receivable_open_mut(&mut self) -> &mut bool {
        &mut self.receivable_open
    }

    fn beside_mut(&mut self) -> &mut Option<Cents> {
        &mut self.beside_payments
    }

    fn reopen_receivable(&mut self, now: Timestamp) {
        Person::reopen_receivable(self, now);
    }

    fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
    }
}

/// What the decision about a single payment looks at.
pub(crate) fn facts(person: &Person, business_now: Timestamp) -> PayerFacts {
    PayerFacts { is_paused: person.is_paused(business_now), receivable_open: person.receivable_open }
}

pub(crate) async fn load_person(system: &System, id: PersonId) -> Result<Person, OperationError> {
    read(&*system.table, &keys::person(id)).await?.ok_or_else(|| OperationError::not_found("person", id))
}

async fn load<P: Payer>(system: &System, key: &Key) -> Result<P, OperationError> {
    read(&*system.table, key).await?.ok_or_else(|| OperationError::not_found("payer", &key.pk))
}

/// The bank refused for a reason of ours, or is out of reach: the payer rests a while, by itself.
pub(crate) async fn pause_for_bank<P: Payer>(system: &System, key: &Key, code: &str) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let mut payer: P = load(system, key).await?;
    if payer.pause_mut().as_ref().is_some_and(|pause| pause.is_on(now)) {
        return Ok(());
    }
    tracing::error!(
        payer = payer.payer_id(),
        code,
        "alarm: a payer is paused, because the bank refused us or is out of reach"
    );
    *payer.pause_mut() = Some(Pause {
        reason: PauseReason::Bank(code.to_owned()),
        since: now,
        until: Some(minutes_from(now, BANK_PAUSE_MINUTES)),
    });
    payer.touch(now);
    match system.table.write(vec![replace(&mut payer)?]).await {
        Ok(()) | Err(TableError::ConditionFailed { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

/// Opens the payer's own account at the bank. Where the bank refuses us there, the payer rests as after a refused send: it is the first that
/// the bank hears of them, and nothing else would tell of a key that it does not take.
pub(crate) async fn open_bank_account<P: Payer>(
    system: &System,
    payer: &P,
    key: &str,
    deadline: Deadline,
) -> Result<BankAccount, OperationError> {
    let (entity_id, name) = (&system.settings.column_entity_id, account_name(&payer.payer_id()));
    let opened = system.column().await?.create_bank_account(entity_id, &name, key, deadline).await;
    if let Err(BankError::AboutUs { status, code }) = &opened {
        let code = code.clone().unwrap_or_else(|| format!("http_{status}"));
        system.bank_answered();
        pause_for_bank::<P>(system, &payer.key(), &code).await?;
    }
    Ok(opened?)
}

/// Nothing leaves the payer until an operator has looked. What they had stopped themselves stays theirs.
pub(crate) async fn pause_for_difference<P: Payer>(
    system: &System,
    key: &Key,
    reconciliation_id: ReconciliationId,
    told: Vec<Change>,
) -> Result<(), OperationError> {
    let now = system.clock.business_now();
    let mut payer: P = load(system, key).await?;
    let mut changes = told;
    if payer.pause_mut().as_ref().is_none_or(|pause| pause.until.is_some()) {
        let reason = PauseReason::Difference(reconciliation_id.to_string());
        *payer.pause_mut() = Some(Pause { reason, since: now, until: None });
        payer.touch(now);
        changes.push(replace(&mut payer)?);
    }
    Ok(system.table.write(changes).await?)
}

/// Lifts the block of a payer whose receivable is settled in the books. Answers whether it was lifted.
pub(crate) async fn settle_receivable<P: Payer>(system: &System, key: &Key) -> Result<bool, OperationError> {
    let mut payer: P = load(system, key).await?;
    if !*payer.receivable_open_mut() {
        return Ok(false);
    }
    if !receivable(system, &payer).await?.is_zero() {
        return Ok(false);
    }
    let now = system.clock.business_now();
    *payer.receivable_open_mut() = false;
    payer.touch(now);
    match system.table.write(vec![replace(&mut payer)?]).await {
        Ok(()) => Ok(true),
        Err(TableError::ConditionFailed { .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// What a payer owes by their books.
pub(crate) async fn owed_by(system: &System, payer_id: &str) -> Result<Cents, OperationError> {
    let key = key_of(payer_id);
    if payer_id.parse::<PersonId>().is_ok() {
        receivable::<Person>(system, &load(system, &key).await?).await
    } else {
        receivable::<Source>(system, &load(system, &key).await?).await
    }
}

async fn receivable<P: Payer>(system: &System, payer: &P) -> Result<Cents, OperationError> {
    let account = Account { kind: AccountKind::Receivable, payer_id: payer.payer_id() };
    let now = system.clock.business_now();
    Ok(ledger::totals(&*system.table, &account, payer.created_at(), now).await?.balance()?)
}

/// Whether a payer's books hold a debt of at least this amount. With the change of the payer's item that goes into the write that takes it
/// off: of two at once, and of a correction of what is owed, one sees the other.
pub(crate) async fn owes<P: Payer>(
    system: &System,
    key: &Key,
    amount: Cents,
) -> Result<(bool, Change), OperationError> {
    let mut payer: P = load(system, key).await?;
    let mut is_owed = *payer.receivable_open_mut();
    if is_owed {
        let balance = receivable(system, &payer).await?;
        is_owed = fault!(RepaidDebtTakenOff, true, balance >= amount);
    }
    payer.touch(system.clock.business_now());
    Ok((is_owed, replace(&mut payer)?))
}

/// Whether a payer owes nothing and their books hold at least this amount for them. With the change of the payer's item that goes into the
/// write that gives it back, as with [`owes`].
pub(crate) async fn holds<P: Payer>(
    system: &System,
    key: &Key,
    amount: Cents,
) -> Result<(bool, Change), OperationError> {
    let mut payer: P = load(system, key).await?;
    let now = system.clock.business_now();
    let account = Account { kind: AccountKind::Funds, payer_id: payer.payer_id() };
    let totals = ledger::totals(&*system.table, &account, payer.created_at(), now).await?;
    let holds = !*payer.receivable_open_mut() && totals.credits.minus(totals.debits)? >= amount;
    payer.touch(now);
    Ok((holds, replace(&mut payer)?))
}

/// What a correction changes of a payer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfPayer {
    /// How much more they owe; less than nothing where they owe less.
    pub more_owed: Cents,
    /// What it uses up of their money that no funding brought, or adds to it.
    pub used_beside: Option<Cents>,
}

/// The item of a payer for the write of a correction: who owes then is blocked by that write, and whom it frees is found by their books after
/// it.
pub(crate) async fn corrected(system: &System, payer_id: &str, of_payer: OfPayer) -> Result<Change, OperationError> {
    let key = key_of(payer_id);
    if payer_id.parse::<PersonId>().is_ok() {
        corrected_as::<Person>(system, &key, of_payer).await
    } else {
        corrected_as::<Source>(system, &key, of_payer).await
    }
}

async fn corrected_as<P: Payer>(system: &System, key: &Key, of_payer: OfPayer) -> Result<Change, OperationError> {
    let mut payer: P = load(system, key).await?;
    let now = system.clock.business_now();
    if let Some(cents) = of_payer.used_beside {
        correction::note_used(payer.beside_mut(), cents)?;
    }
    let owes = receivable(system, &payer).await?.plus(of_payer.more_owed)?.is_positive();
    if fault!(DebtOfCorrectionForgotten, false, owes && !*payer.receivable_open_mut()) {
        payer.reopen_receivable(now);
    }
    payer.touch(now);
    Ok(replace(&mut payer)?)
}

/// The item of a payer, by the id in the ledger's accounts.
pub(crate) fn key_of(payer_id: &str) -> Key {
    payer_id.parse::<PersonId>().map_or_else(|_| keys::source(payer_id), keys::person)
}

/// What a payer's own account is called at the bank.
pub(crate) fn account_name(payer_id: &str) -> String {
    let purpose = if payer_id.parse::<PersonId>().is_ok() { OF_PERSON } else { OF_SOURCE };
    format!("{purpose}{payer_id}")
}

/// The payer that an account at the bank was opened for, by its name there.
pub(crate) fn payer_of_account(name: &str) -> Option<String> {
    let source = name.strip_prefix(OF_SOURCE).filter(|id| !id.is_empty());
    let person = || name.strip_prefix(OF_PERSON).filter(|id| id.parse::<PersonId>().is_ok());
    source.or_else(person).map(str::to_owned)
}

/// The payer's own account at the bank, where they have one.
pub(crate) async fn bank_account_of(system: &System, payer_id: &str) -> Result<Option<String>, OperationError> {
    let key = key_of(payer_id);
    if payer_id.parse::<PersonId>().is_ok() {
        let person = read::<Person>(&*system.table, &key).await?;
        Ok(person.and_then(|person| person.column_bank_account_id))
    } else {
        let source = read::<Source>(&*system.table, &key).await?;
        Ok(source.and_then(|source| source.bank_account_id))
    }
}

/// Since when each payer has books, by the id in the ledger's accounts.
pub(crate) async fn since(system: &System, payer_id: &str) -> Result<Timestamp, OperationError> {
    match payer_id.parse::<PersonId>() {
        Ok(id) => load_person(system, id).await.map(|person| person.created_at),
        Err(_) => super::sources::load(system, payer_id).await.map(|source| source.created_at),
    }
}
