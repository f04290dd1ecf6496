//! One ACH transfer of one of our items: its request from what is stored, and what its outcome does to the payer.

use super::bank_object::BankObject;
use super::corrected_ends::{self, ExternalAccountDetails, Numbers, ending};
use super::leg_hooks::LegHooks;
use super::payers::{self, Payer};
use super::send::{self, Prepared, Sent};
use super::{OperationError, System};
use crate::adapters::sealing::SealedText;
use crate::domain::aba::RoutingNumber;
use crate::domain::bank::body::{RequestProblem, TransferBody};
use crate::domain::bank::reach::BankIs;
use crate::domain::bank::request::{AchTransferRequest, Counterparty, Direction, InlineCounterparty, Timing};
use crate::domain::batch::retry::came_back_from;
use crate::domain::deadline::Deadline;
use crate::domain::external_account::account_key;
use crate::domain::funding::CorrectedAccount;
use crate::domain::ids::{ItemId, PaymentId};
use crate::domain::leg::SentCorrected;
use crate::domain::money::Cents;
use crate::domain::source::ExternalAccount;
use crate::ports::table::Key;
use crate::store::account_holder;
use crate::store::counterparty::{self, KnownCounterparty};

impl ExternalAccountDetails {
    /// What the bank has corrected about the account, as a send would use it now. Nothing where no request could carry it.
    pub(crate) async fn corrected_now(&self, system: &System) -> Result<Option<SentCorrected>, OperationError> {
        match named_to_bank(system, self).await {
            Ok(named) => Ok(named.corrected),
            Err(OperationError::Unsendable(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// Sends an item, remembers the bank's name for the account that was in the request, and lets the payer rest where the bank refuses us.
pub(crate) async fn send<T: LegHooks, P: Payer>(
    system: &System,
    mut item: T,
    payer: &P,
    external_account: ExternalAccountDetails,
    deadline: Deadline,
) -> Result<(), OperationError> {
    let kind = item.expected().kind;
    let draft = Draft {
        direction: if kind.is_debit() { Direction::Debit } else { Direction::Credit },
        bank_account_id: payer.bank_account_id().map(str::to_owned),
        item: item.item_id().to_string(),
        amount: item.amount(),
        payer_id: payer.payer_id(),
    };
    // What goes out again is what was stored, and about the account that it names.
    let (prepared, spelled_out) = match item.leg().request.clone() {
        Some(stored) => (None, stored_account(system, &stored, &item.key().pk).await?),
        None => match named_for(system, &item, &external_account).await {
            Ok(named) => {
                item.leg_mut().corrected = named.corrected.clone().or_else(|| external_account.corrected.clone());
                item.went_to(corrected_account(system, &named, &item.key().pk).await?);
                let spelled_out = match &named.counterparty {
                    Counterparty::Inline(account) => Some(account.clone()),
                    Counterparty::Known { .. } => None,
                };
                (Some(draft.prepare(&external_account, named)), spelled_out)
            }
            // That no request can be made is for the send to judge: it ends the item where it is to be sent.
            Err(unsendable @ OperationError::Unsendable(_)) => (Some(Err(unsendable)), None),
            Err(other) => return Err(other),
        },
    };
    let gone = || OperationError::Inconsistent("a stored request disappeared before its send".to_owned());
    let request = async move { prepared.unwrap_or_else(|| Err(gone())) };
    let sent = send::send(system, item, request, deadline).await?;
    if let Sent::Forgotten { counterparty_id } = &sent {
        for name in external_account.names(system).await? {
            counterparty::forget(&*system.table, &name, counterparty_id).await?;
        }
    }
    if let (Sent::Accepted(BankObject::Transfer(transfer)), Some(account)) = (&sent, spelled_out) {
        let known_by =
            fault!(FundedFromPresentAccount, external_account.account.clone(), known_by(system, &account).await?);
        remember(system, &known_by, transfer.counterparty_id.clone()).await?;
    }
    rest::<P>(system, &payer.key(), sent).await
}

/// The account that a correction put in the place of the one named, sealed for the item.
async fn corrected_account(
    system: &System,
    named: &NamedToBank,
    bound_to: &str,
) -> Result<Option<CorrectedAccount>, OperationError> {
    let (Counterparty::Inline(account), Some(corrected)) = (&named.counterparty, &named.corrected) else {
        return Ok(None);
    };
    let (vault, number) = (system.vault().await?, account.account_number.expose());
    let fingerprint = vault.account(account.routing_number.as_str(), number);
    Ok(Some(CorrectedAccount {
        change_code: corrected.change_code.clone(),
        account: ExternalAccount {
            routing_number: account.routing_number.as_str().to_owned(),
            sealed_account: vault.sealing.seal(number, bound_to, &*system.random)?.as_str().to_owned(),
            account_last4: ending(number),
            fingerprint: fingerprint.as_str().to_owned(),
        },
        account_type: account.account_type,
    }))
}

/// What an account is known by, from its whole numbers.
async fn known_by(system: &System, account: &InlineCounterparty) -> Result<String, OperationError> {
    let fingerprint = system.vault().await?.account(account.routing_number.as_str(), account.account_number.expose());
    Ok(account_key(fingerprint.as_str(), account.account_type))
}

/// The account that a stored request spells out.
async fn stored_account(
    system: &System,
    stored: &str,
    bound_to: &str,
) -> Result<Option<InlineCounterparty>, OperationError> {
    let vault = system.vault().await?;
    let opened = vault.sealing.open(&SealedText::from(stored.to_owned()), bound_to)?;
    Ok(TransferBody::from_stored(opened.expose().to_owned().into_bytes()).inline_counterparty())
}

/// What the bank's answer to a send does to the payer: a refusal for a reason of ours lets them rest, one silence does not, and an outage
/// does.
pub(crate) async fn rest<P: Payer>(system: &System, payer: &Key, sent: Sent) -> Result<(), OperationError> {
    match sent {
        Sent::Deferred(code) => {
            system.bank_answered();
            payers::pause_for_bank::<P>(system, payer, &code).await
        }
        Sent::Silent => match fault!(OneSilencePauses, BankIs::OutOfReach, system.bank_was_silent()) {
            BankIs::InReach => Ok(()),
            BankIs::OutOfReach => payers::pause_for_bank::<P>(system, payer, "no_answer").await,
        },
        Sent::Accepted(_) | Sent::Refused | Sent::Forgotten { .. } => {
            system.bank_answered();
            Ok(())
        }
        Sent::NotOurs | Sent::NotReached | Sent::Stopped => Ok(()),
    }
}

/// What of a request comes from the item and its payer.
struct Draft {
    direction: Direction,
    bank_account_id: Option<String>,
    item: String,
    amount: Cents,
    payer_id: String,
}

impl Draft {
    fn prepare(
        self,
        external_account: &ExternalAccountDetails,
        named: NamedToBank,
    ) -> Result<Prepared, OperationError> {
        let bank_account_id = self
            .bank_account_id
            .ok_or_else(|| OperationError::Inconsistent(format!("{} has no account at the bank", self.payer_id)))?;
        let request = AchTransferRequest {
            direction: self.direction,
            amount: self.amount.try_into()?,
            bank_account_id: bank_account_id.clone(),
            entry_class: external_account.entry_class,
            timing: Timing::Standard,
            description: self.item,
            company_name: None,
            company_entry_description: external_account.entry_description.as_str().try_into()?,
            receiver_name: external_account.name.as_str().try_into()?,
            receiver_id: None,
            payment_related_info: None,
            counterparty: named.counterparty,
        };
        Ok(Prepared { body: request.body()?, bank_account_id })
    }
}

/// How an account is named in a request, and what the bank had corrected about it.
struct NamedToBank {
    counterparty: Counterparty,
    corrected: Option<SentCorrected>,
    /// The account, by its number.
    fingerprint: String,
}

/// How the account of an item is named. A row is not paid again where it came back from for want of another account: the correction that let it
/// be retried may have been taken back since. Money of a source neither comes from an account that is another source's by now nor goes there:
/// since the item was made its own source may have given that account up, or the bank may have led there.
async fn named_for<T: LegHooks>(
    system: &System,
    item: &T,
    external_account: &ExternalAccountDetails,
) -> Result<NamedToBank, OperationError> {
    let named = named_to_bank(system, external_account).await?;
    if fault!(PaidWhereItCameBackFrom, false, would_come_back(item, external_account, &named)) {
        return Err(RequestProblem::NeedsCorrectedAccount.into());
    }
    if !corrected_ends::is_of_source(item.item_id()) {
        return Ok(named);
    }
    let holder = account_holder::find(&*system.table, &named.fingerprint).await?;
    let is_of_another = holder.is_some_and(|holder| holder.source_id != item.payer_id());
    if fault!(SentToAnotherSource, false, is_of_another) {
        return Err(RequestProblem::AccountOfAnotherSource.into());
    }
    Ok(named)
}

fn would_come_back<T: LegHooks>(item: &T, external_account: &ExternalAccountDetails, named: &NamedToBank) -> bool {
    let goes_to = named.corrected.as_ref().map_or(&external_account.account, |corrected| &corrected.account);
    match item.item_id() {
        ItemId::Payment(PaymentId::Row { .. }) => came_back_from(item.leg(), goes_to, &external_account.account),
        ItemId::Payment(PaymentId::Refund { .. } | PaymentId::Single(_)) | ItemId::Funding(_) => false,
    }
}

/// What the bank told us to change wins, as far as it leads; then the counterparty it knows; then the account as it is.
async fn named_to_bank(
    system: &System,
    external_account: &ExternalAccountDetails,
) -> Result<NamedToBank, OperationError> {
    let numbers = external_account.numbers(system).await?;
    let (own, kept) = corrected_ends::named_last(system, numbers, &external_account.account).await?;
    if let Some((name, KnownCounterparty { correction: Some(correction), .. })) = &kept {
        let account = corrected_ends::led_to(system, &own, name, correction).await?;
        return corrected(system, external_account, &account, &correction.change_code).await;
    }
    let fingerprint = own.fingerprint(&*system.vault().await?).as_str().to_owned();
    let counterparty = match kept.and_then(|(_, known)| known.counterparty_id) {
        Some(counterparty_id) => Counterparty::Known { counterparty_id },
        None => Counterparty::Inline(inline(&own, &external_account.name)?),
    };
    Ok(NamedToBank { counterparty, corrected: None, fingerprint })
}

async fn corrected(
    system: &System,
    external_account: &ExternalAccountDetails,
    account: &Numbers,
    change_code: &str,
) -> Result<NamedToBank, OperationError> {
    let fingerprint = account.fingerprint(&*system.vault().await?).as_str().to_owned();
    let account = inline(account, &external_account.name)?;
    let corrected = SentCorrected {
        change_code: change_code.to_owned(),
        account_last4: ending(account.account_number.expose()),
        account: known_by(system, &account).await?,
    };
    Ok(NamedToBank { counterparty: Counterparty::Inline(account), corrected: Some(corrected), fingerprint })
}

fn inline(account: &Numbers, name: &str) -> Result<InlineCounterparty, RequestProblem> {
    Ok(InlineCounterparty {
        account_number: account.account_number.expose().try_into()?,
        routing_number: account.routing_number.parse::<RoutingNumber>().map_err(RequestProblem::from)?,
        account_type: account.account_type,
        name: name.to_owned(),
    })
}

/// Keeps the bank's name for an account. Losing it only makes the bank name it again.
async fn remember(system: &System, account: &str, counterparty_id: Option<String>) -> Result<(), OperationError> {
    let Some(counterparty_id) = counterparty_id else { return Ok(()) };
    let forgotten_at = counterparty::find(&*system.table, account).await?.and_then(|known| known.forgotten_at());
    let known = KnownCounterparty {
        counterparty_id: Some(counterparty_id),
        correction: None,
        version: 1,
        updated_at: system.clock.business_now(),
    };
    if let Err(error) = counterparty::remember_new(&*system.table, account, known, forgotten_at).await {
        tracing::warn!(%error, "the bank's counterparty was not remembered");
    }
    Ok(())
}
