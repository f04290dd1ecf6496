//! The books of one payer against what made them: every line has its payment or funding, and what those say they posted is there.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::payer::SeenPage;
use super::{Draft, OurItem, Work, our_item, posted, save};
use crate::domain::ids::TransferKey;
use crate::domain::ledger::{Account, AccountKind, CauseId};
use crate::domain::leg::Effect;
use crate::domain::reconciliation::compare;
use crate::domain::reconciliation::run::PayerRun;
use crate::domain::reconciliation::{Verdict, shown};
use crate::operations::OperationError;
use crate::ports::table::{Query, Range, decode};
use crate::store::keys;
use crate::store::ledger::{self, Posting};

/// Every effect has a line in one of these.
const LOOKED_THROUGH: [AccountKind; 4] =
    [AccountKind::DebitsInTransit, AccountKind::Cash, AccountKind::CashLocked, AccountKind::Receivable];

/// The bank's clock and ours may differ by so much.
const CLOCKS_HOURS: i64 = 1;

/// What the pages have told, as hashes: eight bytes for each name, since a range may have a million of them.
#[derive(Default)]
struct Told {
    keys: HashSet<u64>,
    /// Posted by what their items say, and not yet met in the books.
    posted: HashSet<u64>,
    /// Met in the books.
    met: HashSet<u64>,
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

impl Work<'_> {
    /// Answers whether the run was saved.
    pub(super) async fn books(&self, run: &mut PayerRun) -> Result<bool, OperationError> {
        let mut told = Told::default();
        for page in 0..run.pages {
            let seen = self.seen(run, page).await?;
            told.keys.extend(seen.keys.iter().map(|key| hash(key)));
            told.posted.extend(seen.posted.iter().map(|name| hash(name)));
        }
        let range = self.reconciliation.range;
        let begins_at =
            range.begins_at().checked_sub(SignedDuration::from_hours(CLOCKS_HOURS)).unwrap_or(range.begins_at());
        for kind in LOOKED_THROUGH {
            let account = Account { kind, payer_id: run.payer_id.clone() };
            self.account(run, &account, begins_at, &mut told).await?;
        }
        self.not_posted(run, &told).await?;
        run.books_compared(self.system.clock.business_now());
        save(self.system, run, Vec::new()).await
    }

    async fn seen(&self, run: &PayerRun, page: u32) -> Result<SeenPage, OperationError> {
        let key = keys::seen_page(run.reconciliation_id, &run.payer_id, page);
        let seen = crate::store::stored::read(&*self.system.table, &key).await?;
        seen.ok_or_else(|| OperationError::Inconsistent(format!("page {page} of {} is gone", run.payer_id)))
    }

    /// Looks through an account's lines from a moment on.
    async fn account(
        &self,
        run: &PayerRun,
        account: &Account,
        begins_at: Timestamp,
        told: &mut Told,
    ) -> Result<(), OperationError> {
        let until = self.system.clock.business_now();
        for partition in ledger::partitions(account, begins_at.max(run.since), until) {
            let range = Range::Between(keys::sortable(begins_at), "~".to_owned());
            let mut query = Query { range, ..Query::primary(partition) };
            loop {
                let page = self.system.table.query(&query).await?;
                for item in page.items {
                    self.line(run, decode(item)?, told).await?;
                }
                match page.next {
                    Some(next) => query.start_after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    async fn line(&self, run: &PayerRun, line: Posting, told: &mut Told) -> Result<(), OperationError> {
        // A correction was looked at by two people, and is in no list of the bank's.
        let (CauseId::Item(item), Some(effect)) = (line.cause, line.effect.of_leg()) else { return Ok(()) };
        let key = TransferKey { item, attempt: line.attempt };
        let name = posted(item, line.attempt, effect.as_str(), line.amount);
        let hashed = hash(&name);
        if told.posted.remove(&hashed) {
            told.met.insert(hashed);
            return Ok(());
        }
        let is_in_range = self.is_in_range(line.at);
        if told.met.contains(&hashed) || !is_in_range || !is_accepted(effect) {
            return Ok(());
        }
        told.met.insert(hashed);
        if told.keys.contains(&hash(&key.to_string())) {
            return self.line_of_seen(run, key, effect, &line).await;
        }
        self.line_of_unseen(run, key, &line).await
    }

    fn is_in_range(&self, at: Timestamp) -> bool {
        let range = self.reconciliation.range;
        range.begins_at() <= at && at <= range.ends_at(self.reconciliation.cut())
    }

    /// The bank showed the transfer: the item has to know of the line, unless the line is an earlier attempt's.
    async fn line_of_seen(
        &self,
        run: &PayerRun,
        key: TransferKey,
        effect: Effect,
        line: &Posting,
    ) -> Result<(), OperationError> {
        let ours = our_item(self.system, key.item).await?;
        let is_known = ours.as_ref().is_some_and(|ours| {
            let is_earlier = key.attempt < ours.leg.attempt;
            ours.amount == line.amount
                && ours.payer_id == run.payer_id
                && (is_earlier || ours.leg.effects.contains(&effect))
        });
        if is_known {
            return Ok(());
        }
        let draft = Draft {
            subject: key.to_string(),
            verdict: Verdict::NotPosted,
            transfer_id: ours.as_ref().and_then(|ours| ours.leg.transfer_id.clone()),
            here: ours.as_ref().map(OurItem::shown),
            there: Some(shown(line.amount, effect.as_str())),
            remedied: false,
        };
        let finding = self.finding(run, draft).await?;
        self.put(finding).await
    }

    /// The books say that the bank took it, and the bank's list does not show it: it is asked for by its id.
    async fn line_of_unseen(&self, run: &PayerRun, key: TransferKey, line: &Posting) -> Result<(), OperationError> {
        let ours = our_item(self.system, key.item).await?;
        let (verdict, transfer_id) = match &ours {
            None => (Verdict::NotPosted, None),
            Some(ours) => match &ours.leg.transfer_id {
                Some(id) if ours.leg.attempt == key.attempt => {
                    let is_there = self.at_bank(ours.expected.kind, id).await?.is_some();
                    (if is_there { Verdict::Matched } else { compare::not_there(&ours.leg) }, Some(id.clone()))
                }
                Some(_) | None => (Verdict::Matched, None),
            },
        };
        if !verdict.is_difference() {
            return Ok(());
        }
        let draft = Draft {
            subject: key.to_string(),
            verdict,
            transfer_id,
            here: Some(ours.as_ref().map_or_else(|| shown(line.amount, "posted"), OurItem::shown)),
            there: None,
            remedied: false,
        };
        let finding = self.finding(run, draft).await?;
        self.put(finding).await
    }

    /// What items say that they have posted, and no line shows. The pages are read again for the names.
    async fn not_posted(&self, run: &PayerRun, told: &Told) -> Result<(), OperationError> {
        if told.posted.is_empty() {
            return Ok(());
        }
        for page in 0..run.pages {
            for name in self.seen(run, page).await?.posted {
                if !told.posted.contains(&hash(&name)) {
                    continue;
                }
                let (subject, effect) = name.split_once(' ').unwrap_or((&name, ""));
                let draft = Draft {
                    subject: subject.to_owned(),
                    verdict: Verdict::NotPosted,
                    transfer_id: None,
                    here: Some(effect.to_owned()),
                    there: None,
                    remedied: false,
                };
                let finding = self.finding(run, draft).await?;
                self.put(finding).await?;
            }
        }
        Ok(())
    }
}

/// The bank took it: from then on its list shows it.
const fn is_accepted(effect: Effect) -> bool {
    match effect {
        Effect::FundingAccepted | Effect::PayoutAccepted | Effect::CheckIssued => true,
        Effect::FundingAvailable
        | Effect::FundingReturnedPending
        | Effect::FundingReturnedAvailable
        | Effect::PayoutReversed
        | Effect::CheckSettled
        | Effect::CheckReversed
        | Effect::CheckReturnedAfterSettled
        | Effect::UnfundedFailed
        | Effect::ReceivableRecovered
        | Effect::ReceivableRepaid => false,
    }
}
