//! A company as its people know it: the rows it has still to pay, and the account that each of its sources has at the moment.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use generator::GeneratedRow;

use super::deposits::{Deposit, FileRow};
use super::files::File;
use super::values;
use crate::fault_injector::FaultInjector;
use crate::setup::PayrollPlan;

/// What an amount may name as its currency; only the first is ours.
const CURRENCIES: [&str; 2] = ["USD", "EUR"];

/// What the second id of a source ends with.
const SECOND_ID: &str = "-B";

/// An account of a source: routing and account number.
type Account = (String, String);

#[derive(Debug)]
pub(super) struct Company {
    dead_servicers: Vec<String>,
    /// Its payroll is a table, in which some employees are paid into their bank accounts.
    is_table: bool,
    is_mapped: bool,
    has_two_ids: bool,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    fresh: std::vec::IntoIter<GeneratedRow>,
    /// Every account that a source has had, oldest first.
    accounts: BTreeMap<String, Vec<Account>>,
    /// The one it has now, where that is not its first.
    current: BTreeMap<String, Account>,
    /// Where an employee is paid: a bank account, or nothing where it is a loan.
    deposits: BTreeMap<String, Option<Deposit>>,
    /// Sources that go by their second id at the moment.
    renamed: BTreeSet<String>,
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
        let state = RefCell::new(State {
            fresh,
            accounts,
            current: BTreeMap::new(),
            deposits: BTreeMap::new(),
            renamed: BTreeSet::new(),
        });
        Some(Self {
            dead_servicers,
            is_table: plan.is_table,
            is_mapped: plan.is_mapped,
            has_two_ids: plan.has_two_ids,
            state,
        })
    }

    /// A file of so many rows that were never paid.
    pub(super) fn file(&self, fault_injector: &FaultInjector, rows: u64) -> File {
        let count = usize::try_from(rows).unwrap_or(2);
        let mut rows = self.fresh_rows(fault_injector, count);
        if fault_injector.is_one_in(3) {
            values::make_strange(fault_injector, &mut rows);
        }
        let currency =
            if fault_injector.is_one_in(12) { CURRENCIES.get(usize::from(fault_injector.is_one_in(2))) } else { None };
        let currency = currency.map(|currency| (*currency).to_owned());
        let mut file = File { currency, ..self.as_of_now(rows) };
        if self.is_table && fault_injector.is_one_in(8) {
            pay_itself(fault_injector, &mut file);
        }
        file
    }

    /// The rows of an earlier file once more: all of them, or half of them among new ones.
    pub(super) fn again(&self, fault_injector: &FaultInjector, earlier: &File) -> File {
        let mut rows = earlier.rows.clone();
        for row in &mut rows {
            let id = &mut row.generated.source.source_id;
            *id = id.trim_end_matches(SECOND_ID).to_owned();
        }
        if fault_injector.is_one_in(2) {
            rows.truncate(rows.len().div_ceil(2));
            rows.extend(self.fresh_rows(fault_injector, 2));
        }
        if fault_injector.is_one_in(3) {
            values::spell_otherwise(fault_injector, &mut rows);
        }
        fault_injector.shuffle(&mut rows);
        self.as_of_now(rows)
    }

    /// A source goes by its other id from now on, with the account that it has; where the company has such sources.
    pub(super) fn change_id(&self, fault_injector: &FaultInjector) {
        if !self.has_two_ids || !fault_injector.is_one_in(2) {
            return;
        }
        let mut state = self.state.borrow_mut();
        let sources: Vec<String> = state.accounts.keys().cloned().collect();
        let Some(source) = fault_injector.pick(&sources) else { return };
        if !state.renamed.remove(source) {
            state.renamed.insert(source.clone());
        }
    }

    /// A source gets another account, or goes back to one that it had.
    pub(super) fn change_account(&self, fault_injector: &FaultInjector) {
        let mut state = self.state.borrow_mut();
        let sources: Vec<String> = state.accounts.keys().cloned().collect();
        let Some(source) = fault_injector.pick(&sources) else { return };
        let Some(known) = state.accounts.get(source).cloned() else { return };
        let other = sources.iter().find(|other| *other != source).and_then(|other| state.accounts.get(other)?.first());
        let account = if fault_injector.is_one_in(3) && other.is_some() {
            other.cloned()
        } else if known.len() > 1 && fault_injector.is_one_in(2) {
            fault_injector.pick(&known).cloned()
        } else {
            let number = fault_injector.between(10_000_000, 99_999_999_999).to_string();
            known.first().map(|(routing, _)| (routing.clone(), number))
        };
        let Some(account) = account else { return };
        if !known.contains(&account) {
            state.accounts.entry(source.clone()).or_default().push(account.clone());
        }
        state.current.insert(source.clone(), account);
    }

    /// Rows that were never paid, each to where its employee is paid.
    fn fresh_rows(&self, fault_injector: &FaultInjector, count: usize) -> Vec<FileRow> {
        let mut state = self.state.borrow_mut();
        let generated: Vec<GeneratedRow> = state.fresh.by_ref().take(count).collect();
        let deposits = &mut state.deposits;
        let placed = generated.into_iter().map(|generated| {
            if !self.is_table {
                return FileRow::to_loan(generated);
            }
            let employee = generated.employee.employee_id.clone();
            let drawn = || fault_injector.is_one_in(2).then(|| Deposit::drawn(fault_injector, &generated));
            let deposit = deposits.entry(employee).or_insert_with(drawn).clone();
            // Not all that an employee gets goes into the bank account.
            let deposit = deposit.filter(|_| !fault_injector.is_one_in(5));
            FileRow { generated, deposit }
        });
        placed.collect()
    }

    fn as_of_now(&self, mut rows: Vec<FileRow>) -> File {
        let state = self.state.borrow();
        for FileRow { generated: row, .. } in &mut rows {
            if let Some((routing, number)) = state.current.get(&row.source.source_id) {
                row.source.routing_number.clone_from(routing);
                row.source.account_number.clone_from(number);
            }
            if state.renamed.contains(&row.source.source_id) {
                row.source.source_id.push_str(SECOND_ID);
            }
        }
        let dead_servicers = self.dead_servicers.clone();
        File { rows, dead_servicers, is_table: self.is_table, is_mapped: self.is_mapped, currency: None }
    }
}

/// Somebody takes a column for another one: a row pays into the account of a source of the file.
fn pay_itself(fault_injector: &FaultInjector, file: &mut File) {
    let sources: Vec<Account> = file
        .rows
        .iter()
        .map(|row| (row.generated.source.routing_number.clone(), row.generated.source.account_number.clone()))
        .collect();
    let Some((routing_number, number)) = fault_injector.pick(&sources).cloned() else { return };
    let account_number = if fault_injector.is_one_in(2) { values::hyphenated(&number) } else { number };
    let place = usize::try_from(fault_injector.below(u64::try_from(file.rows.len()).unwrap_or(1))).unwrap_or_default();
    if let Some(row) = file.rows.get_mut(place) {
        let drawn = Deposit::drawn(fault_injector, &row.generated);
        row.deposit = Some(Deposit { routing_number, account_number, ..drawn });
    }
}
