//! Everything that waits for a person, kind by kind, oldest first. For showing: found in the index, which lags a moment, then each thing
//! read by its key.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::gathering::{Gathering, LAST, Place, entry};
use super::lists::Listed;
use super::{OperationError, System};
use crate::domain::ach::account_correction::AccountCorrection;
use crate::domain::attention::{ActionContext, AttentionKind, Subject, since};
use crate::domain::autopay::card::Card;
use crate::domain::autopay::person::Person;
use crate::domain::bank::unmatched::UnmatchedEvent;
use crate::domain::batch::Batch;
use crate::domain::biller::Biller;
use crate::domain::dead_letter::DeadLetter;
use crate::domain::funding::Funding;
use crate::domain::ids::{FundingId, ItemId};
use crate::domain::ledger::correction::Correction;
use crate::domain::leg::{Attention, AttentionReason, State};
use crate::domain::payment::redirect::waits_here;
use crate::domain::payment::{Payee, Payment};
use crate::domain::source::Source;
use crate::ports::table::{Cursor, Index, Key, Query, Range, TableError};
use crate::store::attention::partitions;
use crate::store::bank_words::undecided;
use crate::store::keys;
use crate::store::stored::read;

const LIST: &str = "attention";

/// Entries that are read in one go.
const RUN_ITEMS: usize = 100;

/// Things read at once.
const READS_AT_ONCE: usize = 16;

/// Pages of entries that are counted of one partition: some thousand entries each.
const COUNTED_PAGES_MAX: usize = 10;

/// A thing that waits.
#[derive(Debug)]
pub enum Waiting {
    Batch(Box<Batch>),
    Source(Box<Source>),
    Person(Box<Person>),
    Funding(Box<Funding>, Box<ActionContext>),
    Payment(Box<Payment>, Box<ActionContext>),
    Card(Box<Card>),
    UnmatchedEvent(Box<UnmatchedEvent>),
    DeadLetter(Box<DeadLetter>),
    LedgerCorrection(Box<Correction>),
    AccountCorrection(Box<AccountCorrection>),
    Biller(Box<Biller>),
}

impl Waiting {
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Waiting::Batch(batch) => Subject::Batch(batch),
            Waiting::Source(source) => Subject::Source(source),
            Waiting::Person(person) => Subject::Person(person),
            Waiting::Funding(funding, _) => Subject::Funding(funding),
            Waiting::Payment(payment, _) => Subject::Payment(payment),
            Waiting::Card(card) => Subject::Card(card),
            Waiting::UnmatchedEvent(event) => Subject::UnmatchedEvent(event),
            Waiting::DeadLetter(letter) => Subject::DeadLetter(letter),
            Waiting::LedgerCorrection(correction) => Subject::LedgerCorrection(correction),
            Waiting::AccountCorrection(correction) => Subject::AccountCorrection(correction),
            Waiting::Biller(biller) => Subject::Biller(biller),
        }
    }

    /// What is kept beside it.
    pub fn around(&self) -> ActionContext {
        match self {
            Waiting::Funding(_, around) | Waiting::Payment(_, around) => (**around).clone(),
            Waiting::Batch(_)
            | Waiting::Source(_)
            | Waiting::Person(_)
            | Waiting::Card(_)
            | Waiting::UnmatchedEvent(_)
            | Waiting::DeadLetter(_)
            | Waiting::LedgerCorrection(_)
            | Waiting::AccountCorrection(_)
            | Waiting::Biller(_) => ActionContext::default(),
        }
    }
}

/// One page of what waits: of one kind, or of all, kind by kind.
pub async fn page(
    system: &System,
    only: Option<AttentionKind>,
    after: Option<Cursor>,
    most: u32,
) -> Result<Listed<Waiting>, OperationError> {
    let after = after.map(|cursor| Place::read(&cursor, LIST)).transpose()?;
    let kinds = remaining(only, after.as_ref())?;
    let mut within = after.map(|place| place.after);
    let mut gathering = Gathering::new(most);
    for kind in kinds {
        if !read_kind(system, kind, within.take(), &mut gathering).await? {
            return Ok(gathering.cut(LIST));
        }
    }
    Ok(gathering.end())
}

/// The kinds that are asked for, from the one on in which the page before ended.
fn remaining(only: Option<AttentionKind>, after: Option<&Place>) -> Result<Vec<AttentionKind>, TableError> {
    let wanted = AttentionKind::ALL.into_iter().filter(|kind| only.is_none_or(|only| only == *kind));
    let Some(place) = after else { return Ok(wanted.collect()) };
    let kinds: Vec<AttentionKind> = wanted.skip_while(|kind| kind.as_str() != place.part).collect();
    if kinds.is_empty() { Err(TableError::CursorInvalid) } else { Ok(kinds) }
}

/// Reads on in a kind. Answers whether the page goes on behind it.
async fn read_kind(
    system: &System,
    kind: AttentionKind,
    mut after: Option<String>,
    gathering: &mut Gathering<Waiting>,
) -> Result<bool, OperationError> {
    loop {
        let run = next_run(system, kind, after.as_deref()).await?;
        let is_last = run.len() < RUN_ITEMS;
        let reads = run.into_iter().map(|(sort, key)| async move {
            let waiting = thing(system, kind, &key).await?;
            Ok::<_, OperationError>((sort, waiting))
        });
        let mut found = stream::iter(reads.collect::<Vec<_>>()).buffered(READS_AT_ONCE);
        while let Some((sort, waiting)) = found.try_next().await? {
            if gathering.is_over() {
                return Ok(false);
            }
            after = Some(sort.clone());
            let place = Place { part: kind.as_str().to_owned(), after: sort };
            gathering.look(place, waiting.filter(|waiting| since(waiting.subject()).is_some()));
        }
        if is_last {
            return Ok(true);
        }
    }
}

/// The next entries of a kind, oldest first: those of all its partitions together.
async fn next_run(
    system: &System,
    kind: AttentionKind,
    after: Option<&str>,
) -> Result<Vec<(String, Key)>, OperationError> {
    let mut entries = Vec::new();
    for partition in partitions(kind) {
        let range = after.map_or(Range::All, |after| Range::Between(after.to_owned(), LAST.to_owned()));
        // One more than are taken, since the first is the one that the page before ended with.
        let page_items = u32::try_from(RUN_ITEMS.saturating_add(1)).ok();
        let query = Query { index: Index::Attention, range, page_items, ..Query::primary(partition) };
        for item in system.table.query(&query).await?.items {
            entries.push(entry(item, "attention_sk")?);
        }
    }
    entries.retain(|(sort, _)| Some(sort.as_str()) != after);
    entries.sort_unstable();
    entries.truncate(RUN_ITEMS);
    Ok(entries)
}

/// The thing of an entry as it is now.
async fn thing(system: &System, kind: AttentionKind, key: &Key) -> Result<Option<Waiting>, OperationError> {
    let table = &*system.table;
    Ok(match kind {
        AttentionKind::Batch => read(table, key).await?.map(Box::new).map(Waiting::Batch),
        AttentionKind::Source => read(table, key).await?.map(Box::new).map(Waiting::Source),
        AttentionKind::Person => read(table, key).await?.map(Box::new).map(Waiting::Person),
        AttentionKind::Card => read(table, key).await?.map(Box::new).map(Waiting::Card),
        AttentionKind::UnmatchedEvent => read(table, key).await?.map(Box::new).map(Waiting::UnmatchedEvent),
        AttentionKind::DeadLetter => read(table, key).await?.map(Box::new).map(Waiting::DeadLetter),
        AttentionKind::LedgerCorrection => read(table, key).await?.map(Box::new).map(Waiting::LedgerCorrection),
        AttentionKind::AccountCorrection => read(table, key).await?.map(Box::new).map(Waiting::AccountCorrection),
        AttentionKind::Biller => read(table, key).await?.map(Box::new).map(Waiting::Biller),
        AttentionKind::Funding => match read::<Funding>(table, key).await? {
            Some(funding) => {
                let around = around_leg(system, ItemId::Funding(funding.id), funding.leg.attention.as_ref()).await?;
                Some(Waiting::Funding(Box::new(funding), Box::new(around)))
            }
            None => None,
        },
        AttentionKind::Payment => match read::<Payment>(table, key).await? {
            Some(payment) => {
                let around = around_payment(system, &payment).await?;
                Some(Waiting::Payment(Box::new(payment), Box::new(around)))
            }
            None => None,
        },
    })
}

async fn around_leg(
    system: &System,
    item_id: ItemId,
    attention: Option<&Attention>,
) -> Result<ActionContext, OperationError> {
    let table = &*system.table;
    let words = undecided(table, item_id).await?;
    let is_unknown = attention.is_some_and(|flag| flag.reason == AttentionReason::OutcomeUnknown);
    let outcome = if is_unknown { read(table, &keys::settlement(item_id)).await? } else { None };
    Ok(ActionContext { words, outcome, ..ActionContext::default() })
}

/// Of a person's payment also what was proposed about its check or refund, and whether its money is there.
async fn around_payment(system: &System, payment: &Payment) -> Result<ActionContext, OperationError> {
    let around = around_leg(system, ItemId::Payment(payment.id), payment.leg.attention.as_ref()).await?;
    let funding_id = payment.funding_id();
    if matches!(funding_id, FundingId::Round { .. }) {
        return Ok(around);
    }
    let table = &*system.table;
    let funding: Option<Funding> = read(table, &keys::funding(funding_id)).await?;
    let is_refund_here = funding.as_ref().is_some_and(|funding| waits_here(payment, funding));
    let is_funded =
        funding.is_some_and(|funding| funding.leg.state == State::Available && funding.leg.attention.is_none());
    let (replacement, redirect) = match payment.payee {
        Payee::Check(_) => (read(table, &keys::replacement(payment.id)).await?, None),
        Payee::Account(_) => (None, read(table, &keys::redirect(payment.id)).await?),
    };
    Ok(ActionContext { replacement, redirect, is_funded, is_refund_here, ..around })
}

/// How many things wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub by_kind: BTreeMap<AttentionKind, u64>,
    /// Whether all were counted: of very many only the first are.
    pub is_complete: bool,
}

/// Counts what waits, by kind.
pub async fn counts(system: &System) -> Result<Counts, OperationError> {
    let mut counts = Counts { is_complete: true, ..Counts::default() };
    for kind in AttentionKind::ALL {
        for partition in partitions(kind) {
            let (count, is_complete) = count(system, partition).await?;
            *counts.by_kind.entry(kind).or_default() += count;
            counts.is_complete &= is_complete;
        }
    }
    Ok(counts)
}

/// The entries of a partition, and whether those are all.
async fn count(system: &System, partition: String) -> Result<(u64, bool), OperationError> {
    let mut query = Query { index: Index::Attention, ..Query::primary(partition) };
    let mut counted = 0_u64;
    for _ in 0..COUNTED_PAGES_MAX {
        let run = system.table.query(&query).await?;
        counted = counted.saturating_add(run.items.len() as u64);
        match run.next {
            Some(next) => query.start_after = Some(next),
            None => return Ok((counted, true)),
        }
    }
    Ok((counted, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(part: &str) -> Place {
        Place { part: part.to_owned(), after: "2026-03-02T18:00:00Z#0a".to_owned() }
    }

    #[test]
    fn a_page_goes_on_in_the_kind_in_which_the_one_before_ended() {
        let kinds = remaining(None, Some(&place("payment"))).unwrap();
        assert_eq!((kinds.first(), kinds.len()), (Some(&AttentionKind::Payment), 7));
        assert_eq!(remaining(Some(AttentionKind::Biller), None).unwrap(), [AttentionKind::Biller]);
    }

    #[test]
    fn a_place_in_no_kind_that_is_asked_for_is_refused() {
        for (only, part) in [(None, "letter"), (Some(AttentionKind::Batch), "payment")] {
            assert!(matches!(remaining(only, Some(&place(part))), Err(TableError::CursorInvalid)), "{part}");
        }
    }
}
