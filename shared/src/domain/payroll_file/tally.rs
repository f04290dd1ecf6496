//! Running totals by source, branch and institution, where bank accounts stand for one institution more: one addition per pair and row,
//! everything else is derived at the end.

use std::collections::{BTreeMap, HashMap};

use foldhash::quality::RandomState;

use super::row::CheckedRow;
use super::summary::Total;
use crate::domain::money::{Cents, MoneyOverflow};

#[derive(Default)]
pub(super) struct Tally {
    total: Cents,
    sources: Names,
    branches: Names,
    institutions: Names,
    by_source_and_institution: HashMap<(u32, u32), Total, RandomState>,
    by_branch_and_institution: HashMap<(u32, u32), Total, RandomState>,
}

/// Ids by number, in the order of their first row.
#[derive(Default)]
struct Names {
    numbers: HashMap<Box<str>, u32, RandomState>,
}

/// Totals of one kind of id, and of that id with each institution.
pub(super) struct Totals {
    pub(super) by_id: BTreeMap<String, Total>,
    pub(super) by_id_and_institution: BTreeMap<String, BTreeMap<String, Total>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), number);
        number
    }

    fn by_number(&self) -> HashMap<u32, &str> {
        self.numbers.iter().map(|(name, number)| (*number, &**name)).collect()
    }
}

impl Tally {
    pub(super) fn add(&mut self, row: &CheckedRow<'_>) -> Result<(), MoneyOverflow> {
        self.total = self.total.plus(row.amount)?;
        let institution = self.institutions.number(row.payee.institution());
        let source = self.sources.number(row.source_id);
        let branch = self.branches.number(row.branch_id);
        self.by_source_and_institution.entry((source, institution)).or_default().add_row(row.amount)?;
        self.by_branch_and_institution.entry((branch, institution)).or_default().add_row(row.amount)
    }

    pub(super) fn total(&self) -> Cents {
        self.total
    }

    /// The largest number of different ids of one kind.
    pub(super) fn distinct_ids(&self) -> usize {
        let counts = [self.sources.numbers.len(), self.branches.numbers.len(), self.institutions.numbers.len()];
        counts.into_iter().max().unwrap_or_default()
    }

    pub(super) fn by_source(&self) -> Result<Totals, MoneyOverflow> {
        self.grouped(&self.sources, &self.by_source_and_institution)
    }

    pub(super) fn by_branch(&self) -> Result<Totals, MoneyOverflow> {
        self.grouped(&self.branches, &self.by_branch_and_institution)
    }

    pub(super) fn by_institution(&self) -> Result<BTreeMap<String, Total>, MoneyOverflow> {
        let names = self.institutions.by_number();
        let mut totals: BTreeMap<String, Total> = BTreeMap::new();
        for ((_, institution), total) in &self.by_source_and_institution {
            let name = names.get(institution).copied().unwrap_or_default();
            totals.entry(name.to_owned()).or_default().add(*total)?;
        }
        Ok(totals)
    }

    fn grouped(&self, ids: &Names, pairs: &HashMap<(u32, u32), Total, RandomState>) -> Result<Totals, MoneyOverflow> {
        let ids = ids.by_number();
        let institutions = self.institutions.by_number();
        let mut totals = Totals { by_id: BTreeMap::new(), by_id_and_institution: BTreeMap::new() };
        for ((id, institution), total) in pairs {
            let id = ids.get(id).copied().unwrap_or_default().to_owned();
            let institution = institutions.get(institution).copied().unwrap_or_default().to_owned();
            totals.by_id.entry(id.clone()).or_default().add(*total)?;
            totals.by_id_and_institution.entry(id).or_default().insert(institution, *total);
        }
        Ok(totals)
    }
}
