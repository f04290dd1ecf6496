//! The account at the other end of each transfer against the one that its payment or funding was made for.
//!
//! The bank is asked once for each of its counterparties, which never change; one that it has forgotten can no longer be compared.

use serde::{Deserialize, Serialize};

use super::{Draft, OurItem, Work};
use crate::domain::bank::error::BankError;
use crate::domain::ids::TransferKey;
use crate::domain::leg::Leg;
use crate::domain::reconciliation::Verdict;
use crate::domain::reconciliation::compare::is_pinned_end;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::secret::AccountNumber;
use crate::operations::OperationError;
use crate::operations::bank_object::BankObject;
use crate::operations::corrected_ends::Numbers;
use crate::ports::table::{Change, Condition, Indexing, encode};
use crate::store::keys;
use crate::store::stored::read;

/// What a counterparty of the bank stands for.
#[derive(Serialize, Deserialize)]
struct BankCounterparty {
    version: u64,
    account: String,
}

impl Work<'_> {
    /// Compares the other end of a transfer that agrees in everything else. Answers the verdict on both.
    pub(super) async fn external_account(
        &self,
        run: &PayerRun,
        key: TransferKey,
        ours: &OurItem,
        object: &BankObject,
    ) -> Result<Verdict, OperationError> {
        let (Some((pinned, last4)), BankObject::Transfer(transfer)) = (&ours.external_account, object) else {
            return Ok(Verdict::Matched);
        };
        // What an earlier attempt was sent to is no longer in its item.
        let Some(counterparty_id) = transfer.counterparty_id.as_deref().filter(|_| key.attempt == ours.leg.attempt)
        else {
            return Ok(Verdict::Matched);
        };
        if self.names(counterparty_id, pinned, &ours.leg).await? {
            return Ok(Verdict::Matched);
        }
        let draft = Draft {
            subject: key.to_string(),
            verdict: Verdict::OtherAccount,
            transfer_id: Some(transfer.id.clone()),
            here: Some(format!("{} of the account ending in {last4}", ours.shown())),
            there: Some(format!("the account of {counterparty_id}")),
            remedied: false,
        };
        let finding = self.finding(run, draft).await?;
        self.put(finding).await?;
        Ok(Verdict::OtherAccount)
    }

    /// Whether a counterparty names the account that a leg is about. So does one that the bank no longer knows, and one that cannot be
    /// compared, since `pinned` was made under another key for fingerprints.
    async fn names(&self, counterparty_id: &str, pinned: &str, leg: &Leg) -> Result<bool, OperationError> {
        let key = keys::bank_counterparty(counterparty_id);
        let known: Option<BankCounterparty> = read(&*self.system.table, &key).await?;
        if known.is_some_and(|known| is_pinned_end(pinned, leg, &known.account)) {
            return Ok(true);
        }
        let column = self.system.column().await?;
        let account = match column.counterparty(counterparty_id, self.deadline).await {
            Ok(account) => account,
            Err(BankError::AboutUs { status: 404, .. }) => return Ok(true),
            Err(BankError::Refused { code, .. }) if code == "counterparty_not_found" => return Ok(true),
            Err(other) => return Err(other.into()),
        };
        let numbers = Numbers {
            routing_number: account.routing_number.as_str().to_owned(),
            account_number: AccountNumber::new(account.account_number.expose()),
            account_type: account.account_type,
        };
        let vault = self.system.vault().await?;
        let account = numbers.key(&vault);
        if !self.reconciliation.dry_run {
            let known = BankCounterparty { version: 1, account: account.clone() };
            let put = Change::Put {
                key,
                attributes: encode(&known)?,
                indexing: Indexing::default(),
                condition: Condition::Always,
            };
            self.system.table.write(vec![put]).await?;
        }
        // A release of before pinned the number as it was typed.
        let is_it = numbers.names(&vault, "").iter().any(|name| is_pinned_end(pinned, leg, name));
        Ok(is_it || key_version(&account) != key_version(pinned))
    }
}

/// The version of the key that a fingerprint was made under.
fn key_version(account: &str) -> &str {
    account.split('_').next().unwrap_or_default()
}
