//! A company as its people know it: the rows it has still to pay, and the account that each of its sources has at the moment.

use std::cell::RefCell;
use std::collections::BTreeMap;

use generator::GeneratedRow;

use super::files::File;
use super::values;
use crate::setup::PayrollPlan;
use crate::weather::Weather;

/// What an amount may name as its currency; only the first is ours.
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// An account of a source: routing and account number.
type Account = (String, String);

#[derive(Debug)]
pub(super) struct Company {
    dead_servicers: Vec<String>,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    fresh: std::vec::IntoIter<GeneratedRow>,
    /// Every account that a source has had, oldest first.
    accounts: BTreeMap<String, Vec<Account>>,
    /// The one it has now, where that is not its first.
    current: BTreeMap<String, Account>,
}

impl Company {
    pub(super) fn of(plan: &PayrollPlan) -> Option<Self> {
        let rows = generator::rows(&plan.company).ok()?;
        let dead_servicers = rows.dead_servicers().to_vec();
        let accounts = rows.sources().iter().map(|source| {
            let first = (source.routing_number.clone(), source.account_number.clone());
            (source.source_id.clone(), vec![first])
        });
        let accounts = accounts.collect();
        let fresh = rows.collect::<Vec<_>>().into_iter();
        let state = RefCell::new(State { fresh, accounts, current: BTreeMap::new() });
        Some(Self { dead_servicers, state })
    }

    /// A file of so many rows that were never paid.
    pub(super) fn file(&self, weather: &Weather, rows: u64) -> File {
        let count = usize::try_from(rows).unwrap_or(2);
        let mut rows: Vec<GeneratedRow> = self.state.borrow_mut().fresh.by_ref().take(count).collect();
        if weather.is_one_in(3) {
            values::make_strange(weather, &mut rows);
        }
        let currency = if weather.is_one_in(12) { CURRENCIES.get(usize::from(weather.is_one_in(2))) } else { None };
        let currency = currency.map(|currency| (*currency).to_owned());
        File { currency, ..self.as_of_now(rows) }
    }

    /// The rows of an earlier file once more: all of them, or half of them among new ones.
    pub(super) fn again(&self, weather: &Weather, earlier: &File) -> File {
        let mut rows = earlier.rows.clone();
        if weather.is_one_in(2) {
            rows.truncate(rows.len().div_ceil(2));
            rows.extend(self.state.borrow_mut().fresh.by_ref().take(2));
        }
        if weather.is_one_in(3) {
            values::spell_otherwise(weather, &mut rows);
        }
        weather.shuffle(&mut rows);
        self.as_of_now(rows)
    }

    /// A source gets another account, or goes back to one that it had.
    pub(super) fn change_account(&self, weather: &Weather) {
        let mut state = self.state.borrow_mut();
        let sources: Vec<String> = state.accounts.keys().cloned().collect();
        let Some(source) = weather.pick(&sources) else { return };
        let Some(known) = state.accounts.get(source).cloned() else { return };
        let other = sources.iter().find(|other| *other != source).and_then(|other| state.accounts.get(other)?.first());
        let account = if weather.is_one_in(3) && other.is_some() {
            other.cloned()
        } else if known.len() > 1 && weather.is_one_in(2) {
            weather.pick(&known).cloned()
        } else {
            let number = weather.between(10_000_000, 99_999_999_999).to_string();
            known.first().map(|(routing, _)| (routing.clone(), number))
        };
        let Some(account) = account else { return };
        if !known.contains(&account) {
            state.accounts.entry(source.clone()).or_default().push(account.clone());
        }
        state.current.insert(source.clone(), account);
    }

    fn as_of_now(&self, mut rows: Vec<GeneratedRow>) -> File {
        let state = self.state.borrow();
        for row in &mut rows {
            if let Some((routing, number)) = state.current.get(&row.source.source_id) {
                row.source.routing_number.clone_from(routing);
                row.source.account_number.clone_from(number);
            }
        }
        File { rows, dead_servicers: self.dead_servicers.clone(), currency: None }
    }
}
