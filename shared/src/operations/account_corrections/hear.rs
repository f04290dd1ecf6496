//! Hearing a notification of change: with which accounts it is kept, and what it makes of what was known of them.
//!
//! Guarantees: what is said of a transfer is kept with the account that it went to, and with the one that its item names, where that one
//! is sent to by it; a source is never led to an account of another source.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::places::{Place, places};
use super::{BANK, KeptCorrection, NotedCorrection, told};
use crate::domain::ach::account_correction::{AccountCorrection, Standing, WordAge};
use crate::domain::ach::notification_of_change::{AccountChange, NotificationOfChange};
use crate::domain::bank::request::AccountType;
use crate::domain::leg::{AttentionReason, Destination};
use crate::domain::secret::AccountNumber;
use crate::operations::corrected_ends::{self, Numbers, ending};
use crate::operations::leg_hooks::LegHooks;
use crate::operations::system::Vault;
use crate::operations::{OperationError, System, audit, sources};
use crate::ports::table::{Change, Condition};
use crate::store::counterparty::{self, Correction, KnownCounterparty};
use crate::store::keys;
use crate::store::stored::{create, read, replace};

/// Takes in a notification of change: kept with the account that its transfer went to and with the one that its item names, and used from
/// the next transfer on (NACHA Operating Rules, notifications of change). What it leaves out stays as an earlier one said. Every later word
/// about its transfer repeats it: that takes nothing back of what has been said of a transfer made since, nor of what operators have taken
/// back.
pub(crate) async fn note<T: LegHooks>(item: &mut T, word: Word<'_>) -> Result<NotedCorrection, OperationError> {
    let Word { system, notice, attempt, .. } = word;
    let change = notice.account_change();
    if change == AccountChange::None {
        return Ok(NotedCorrection::default());
    }
    let places = match item.leg().destination(attempt) {
        Destination::Unknown => {
            tracing::error!(item = %item.item_id(), attempt, "attention: a correction of an attempt of which nobody kept where it went");
            item.leg_mut().raise(AttentionReason::CorrectionUnusable, word.now);
            return Ok(NotedCorrection { is_unusable: true, ..NotedCorrection::default() });
        }
        destination @ (Destination::Named | Destination::Corrected(_)) => places(system, item, destination).await?,
    };
    let mut hearings = Vec::new();
    for place in places {
        hearings.push(word.of(place).await?);
    }
    let Some((first, others)) = hearings.split_first() else { return Ok(NotedCorrection::default()) };
    match change {
        AccountChange::None => Ok(NotedCorrection::default()),
        AccountChange::Unusable => {
            tracing::error!(item = %item.item_id(), code = notice.code.as_str(), "attention: a correction that no request could carry");
            first.unusable(item, Some(word.age.said_at))
        }
        AccountChange::Values { account_number, routing_number, account_type } => {
            let said = Said { account_number, routing_number, account_type };
            let Some(claims) = first.claims(item, &said).await? else {
                tracing::error!(item = %item.item_id(), code = notice.code.as_str(), "attention: a correction leads to an account of another source");
                // Whatever is said of the same transfer later repeats these values.
                return first.unusable(item, None);
            };
            let source_id = claims.source_id.clone();
            let mut heard = first.values(item, &said, claims).await?;
            for other in others {
                let claims = Claims { source_id: source_id.clone(), ..Claims::default() };
                heard.extend(other.values(item, &said, claims).await?);
            }
            Ok(heard)
        }
    }
}

impl NotedCorrection {
    /// One word is told once, whichever accounts it is kept with.
    fn extend(&mut self, other: NotedCorrection) {
        self.changes.extend(other.changes);
        self.correction = self.correction.take().or(other.correction);
        self.said = self.said.take().or(other.said);
    }
}

/// The values that a notification corrects.
#[derive(Clone)]
struct Said {
    account_number: Option<String>,
    routing_number: Option<String>,
    account_type: Option<AccountType>,
}

/// What a correction claims for the source whose account it is about.
#[derive(Default)]
struct Claims {
    source_id: Option<String>,
    changes: Vec<Change>,
    /// Fingerprint of the account that it leads to.
    led_to: Option<String>,
}

/// One notification.
#[derive(Clone, Copy)]
pub(crate) struct Word<'a> {
    pub system: &'a System,
    pub notice: &'a NotificationOfChange,
    /// The attempt of its item that it was said of.
    pub attempt: u32,
    pub age: WordAge,
    pub now: Timestamp,
}

impl<'a> Word<'a> {
    async fn of(self, place: Place) -> Result<Hearing<'a>, OperationError> {
        let table = &*self.system.table;
        let mut before = None;
        for name in &place.names {
            before = read::<AccountCorrection>(table, &keys::account_correction(name)).await?;
            if before.is_some() {
                break;
            }
        }
        let kept = corrected_ends::kept(self.system, &place.names).await?;
        let own_version = match &kept {
            Some((name, known)) if *name == place.account => Some(known.version),
            Some(_) => counterparty::find(table, &place.account).await?.map(|known| known.version),
            None => None,
        };
        Ok(Hearing { word: self, place, before, kept, own_version })
    }
}

/// One notification, an account that it is kept with, and what was known of that.
struct Hearing<'a> {
    word: Word<'a>,
    place: Place,
    before: Option<AccountCorrection>,
    /// What is kept, and the name that it is kept by: a release of before may have used another.
    kept: Option<(String, KnownCounterparty)>,
    /// The version of what is kept under the present name.
    own_version: Option<u64>,
}

impl Hearing<'_> {
    fn earlier(&self) -> Option<(&str, &Correction)> {
        let (name, known) = self.kept.as_ref()?;
        Some((name.as_str(), known.correction.as_ref()?))
    }

    /// Whether the word says nothing new, by its age.
    fn is_outlasted(&self) -> bool {
        let is_late = self.earlier().is_some_and(|(_, earlier)| self.is_older_than(earlier));
        is_late || self.before.as_ref().is_some_and(|before| before.outlasts(self.word.age))
    }

    fn is_older_than(&self, earlier: &Correction) -> bool {
        self.word.age.is_older_than(earlier.of, earlier.said_at)
    }

    /// What of a word is to be used by its age: all of it, or, where one was heard before that was said later of the same transfer, what that
    /// leaves out. Nothing where it says nothing new.
    fn news(&self, said: &Said) -> Option<Said> {
        if self.before.as_ref().is_some_and(|before| before.outlasts(self.word.age)) {
            return None;
        }
        let Some((_, later)) = self.earlier().filter(|(_, earlier)| self.is_older_than(earlier)) else {
            return Some(said.clone());
        };
        let left_out = Said {
            account_number: said.account_number.clone().filter(|_| later.sealed_account.is_none()),
            routing_number: said.routing_number.clone().filter(|_| later.routing_number.is_none()),
            account_type: said.account_type.filter(|_| later.account_type.is_none()),
        };
        let is_any =
            left_out.account_number.is_some() || left_out.routing_number.is_some() || left_out.account_type.is_some();
        (later.of == Some(self.word.age.made_at) && is_any).then_some(left_out)
    }

    /// What was usable before stays in use; the note says that there is more, which is not.
    fn unusable<T: LegHooks>(
        &self,
        item: &mut T,
        unusable_said_at: Option<Timestamp>,
    ) -> Result<NotedCorrection, OperationError> {
        let is_known = self.before.as_ref().is_some_and(|before| before.outlasts_unusable(self.word.age));
        if is_known || self.is_outlasted() {
            return Ok(NotedCorrection::default());
        }
        item.leg_mut().raise(AttentionReason::CorrectionUnusable, self.word.now);
        let unusable_of = Some(self.word.age.made_at);
        let changes = match self.before.clone() {
            Some(mut note) if note.standing == Standing::InUse => {
                (note.unusable_of, note.unusable_said_at) = (unusable_of, unusable_said_at);
                vec![replace(&mut note)?]
            }
            Some(_) | None => {
                let blank = self.blank(item);
                let standing = Standing::Unusable;
                self.note(AccountCorrection { standing, unusable_of, unusable_said_at, ..blank })?.1
            }
        };
        Ok(NotedCorrection { changes, is_unusable: true, ..NotedCorrection::default() })
    }

    /// What the word claims for the source whose account it is about. Nothing where it leads to another source's.
    async fn claims<T: LegHooks>(&self, item: &T, said: &Said) -> Result<Option<Claims>, OperationError> {
        let is_of_source = corrected_ends::is_of_source(item.item_id());
        let system = self.word.system;
        let (Some(numbers), Some(said), true) = (&self.place.numbers, self.news(said), is_of_source) else {
            return Ok(Some(Claims::default()));
        };
        if self.says_the_same(&*system.vault().await?, &said)? {
            return Ok(Some(Claims::default()));
        }
        let now = match self.earlier() {
            Some((name, earlier)) => corrected_ends::led_to(system, numbers, name, earlier).await?,
            None => numbers.clone(),
        };
        let to = Numbers {
            routing_number: said.routing_number.unwrap_or(now.routing_number),
            account_number: said.account_number.map_or(now.account_number, AccountNumber::new),
            account_type: said.account_type.unwrap_or(now.account_type),
        };
        let fingerprint = to.fingerprint(&*system.vault().await?).as_str().to_owned();
        let Some(source_id) = self.holder(item).await? else { return Ok(None) };
        let claimed = sources::claim(system, &fingerprint, &source_id).await?;
        let claims = claimed.map(|changes| Claims { source_id: Some(source_id), changes, led_to: Some(fingerprint) });
        Ok(fault!(CorrectedAccountUnclaimed, Some(Claims::default()), claims))
    }

    /// The source whose account it is now: of the account that the item names, and of the one that its transfer went to. The item's payer may
    /// have given both up since. Nothing where they are two sources'.
    async fn holder<T: LegHooks>(&self, item: &T) -> Result<Option<String>, OperationError> {
        let mut holders = BTreeSet::new();
        for account in [Some(&self.place.account), self.place.duplicate.as_ref()].into_iter().flatten() {
            holders.extend(sources::holder(self.word.system, account).await?);
        }
        let payer_id = item.payer_id().to_owned();
        fault!(ClaimedForFormerHolder, return Ok(Some(payer_id)));
        let first = holders.pop_first();
        Ok(holders.is_empty().then(|| first.unwrap_or(payer_id)))
    }

    async fn values<T: LegHooks>(
        &self,
        item: &T,
        said: &Said,
        claims: Claims,
    ) -> Result<NotedCorrection, OperationError> {
        let system = self.word.system;
        let vault = system.vault().await?;
        let Some(said) = self.news(said) else { return Ok(NotedCorrection::default()) };
        if self.says_the_same(&vault, &said)? {
            return Ok(NotedCorrection {
                changes: self.repeated()?.into_iter().collect(),
                ..NotedCorrection::default()
            });
        }
        let correction = self.merged(item, &said, &vault)?;
        let mut led_to: BTreeSet<String> = self.before.iter().flat_map(|before| before.led_to.clone()).collect();
        led_to.extend(claims.led_to);
        let shown = AccountCorrection {
            corrected_last4: correction.corrected_last4.clone(),
            routing_number: correction.routing_number.clone(),
            account_type: correction.account_type,
            duplicate: self.place.duplicate.clone(),
            payer_id: claims.source_id.unwrap_or_else(|| item.payer_id().to_owned()),
            led_to,
            ..self.blank(item)
        };
        let said = Some(KeptCorrection {
            attempt: self.word.attempt,
            account: self.place.account.clone(),
            correction: correction.clone(),
        });
        let mut changes = self.known(correction)?;
        let (shown, notes) = self.note(shown)?;
        changes.extend(notes);
        changes.extend(claims.changes);
        changes.push(audit::entry(system, BANK, "account_corrected", &shown.account, Some(&told(&shown)))?);
        Ok(NotedCorrection { changes, is_unusable: false, correction: Some(shown), said })
    }

    /// What holds from now on: the word, and of an earlier one what this leaves out.
    fn merged<T: LegHooks>(&self, item: &T, said: &Said, vault: &Vault) -> Result<Correction, OperationError> {
        let earlier = self.earlier();
        let number = match (&said.account_number, earlier) {
            (Some(number), _) => Some(number.clone()),
            (None, Some((name, Correction { sealed_account: Some(sealed), .. }))) => {
                Some(vault.sealing.open(&sealed.clone().into(), &keys::counterparty(name).pk)?.expose().to_owned())
            }
            (None, _) => None,
        };
        let bound_to = keys::counterparty(&self.place.account).pk;
        let seal = |number: &String| vault.sealing.seal(number, &bound_to, &*self.word.system.random);
        let sealed_account = number.as_ref().map(seal).transpose()?.map(|sealed| sealed.as_str().to_owned());
        let earlier = earlier.map(|(_, earlier)| earlier);
        let is_late = earlier.is_some_and(|earlier| self.is_older_than(earlier));
        let sent = item.leg().destination(self.word.attempt).corrected();
        let sent = sent.filter(|sent| sent.account != self.place.account);
        Ok(Correction {
            change_code: self.word.notice.code.as_str().to_owned(),
            of: Some(self.word.age.made_at),
            said_at: earlier.and_then(|earlier| earlier.said_at).filter(|_| is_late).or(Some(self.word.age.said_at)),
            said_of: sent.map(|sent| sent.account.clone()),
            routing_number: said.routing_number.clone().or_else(|| earlier?.routing_number.clone()),
            sealed_account,
            corrected_last4: number.as_deref().map(ending),
            account_type: said.account_type.or_else(|| earlier?.account_type),
        })
    }

    fn blank<T: LegHooks>(&self, item: &T) -> AccountCorrection {
        AccountCorrection {
            account: self.place.account.clone(),
            version: 1,
            change_code: self.word.notice.code.as_str().to_owned(),
            of: self.word.age.made_at,
            said_of: item.item_id(),
            payer_id: item.payer_id().to_owned(),
            account_last4: self.place.last4.clone(),
            corrected_last4: None,
            routing_number: None,
            account_type: None,
            since: self.word.now,
            standing: Standing::InUse,
            unusable_of: None,
            unusable_said_at: None,
            withdrawal: None,
            duplicate: None,
            led_to: BTreeSet::new(),
            earlier_endings: BTreeSet::new(),
        }
    }

    /// The puts of what is used: under another name nothing stays in use.
    fn known(&self, correction: Correction) -> Result<Vec<Change>, OperationError> {
        let updated_at = self.word.now;
        let version = self.own_version.unwrap_or_default().saturating_add(1);
        let known = KnownCounterparty { counterparty_id: None, correction: Some(correction), version, updated_at };
        let condition = self.own_version.map_or(Condition::Absent, Condition::VersionIs);
        let mut puts = vec![counterparty::put(&self.place.account, &known, condition)?];
        if let Some((name, old)) = self.kept.as_ref().filter(|(name, _)| *name != self.place.account) {
            let version = old.version.saturating_add(1);
            let plain = KnownCounterparty { counterparty_id: None, correction: None, version, updated_at };
            puts.push(counterparty::put(name, &plain, Condition::VersionIs(old.version))?);
        }
        Ok(puts)
    }

    /// The put that keeps when the bank last said what it had said before: what it said in between and is heard later is older.
    fn repeated(&self) -> Result<Option<Change>, OperationError> {
        let said_at = Some(self.word.age.said_at);
        let Some((name, known)) = &self.kept else { return Ok(None) };
        let Some(earlier) = known.correction.clone().filter(|earlier| earlier.said_at < said_at) else {
            return Ok(None);
        };
        let condition = Condition::VersionIs(known.version);
        let known = KnownCounterparty {
            correction: Some(Correction { said_at, ..earlier }),
            version: known.version.saturating_add(1),
            updated_at: self.word.now,
            ..known.clone()
        };
        Ok(Some(counterparty::put(name, &known, condition)?))
    }

    /// The puts over the note that is there, and the note as it is put. One under another name counts no more.
    fn note(&self, mut note: AccountCorrection) -> Result<(AccountCorrection, Vec<Change>), OperationError> {
        if let Some(before) = &self.before {
            note.earlier_endings = before.endings();
        }
        let puts = match self.before.clone() {
            Some(before) if before.account == note.account => {
                note.version = before.version;
                vec![replace(&mut note)?]
            }
            Some(mut old) => {
                note.version = old.version.saturating_add(1);
                old.standing = Standing::Withdrawn { by: BANK.to_owned(), at: self.word.now };
                vec![create(&note)?, replace(&mut old)?]
            }
            None => vec![create(&note)?],
        };
        Ok((note, puts))
    }

    /// Every later word about a transfer repeats what its bank had corrected.
    fn says_the_same(&self, vault: &Vault, said: &Said) -> Result<bool, OperationError> {
        let earlier = self.earlier().filter(|(_, earlier)| earlier.of == Some(self.word.age.made_at));
        let Some((name, earlier)) = earlier else { return Ok(false) };
        let same_number = match (&said.account_number, &earlier.sealed_account) {
            (Some(number), Some(sealed)) => {
                vault.sealing.open(&sealed.clone().into(), &keys::counterparty(name).pk)?.expose() == number
            }
            (Some(_), None) => false,
            (None, _) => true,
        };
        let same_routing = said.routing_number.is_none() || said.routing_number == earlier.routing_number;
        let same_type = said.account_type.is_none() || said.account_type == earlier.account_type;
        Ok(self.before.is_some() && same_number && same_routing && same_type)
    }
}
