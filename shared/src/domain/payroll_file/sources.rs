//! The sources of a file: one bank account each, the same in every row that names it (payroll-file.md section 6, rule 15).

use std::collections::HashMap;

use foldhash::quality::RandomState;
use serde::{Deserialize, Serialize};

use super::field::Field;
use super::raw_row::RawRow;
use super::row::Checker;
use super::values;
use super::warning::{Warning, Warnings};
use super::zip;
use crate::domain::aba::RoutingNumber;
use crate::domain::secret::{AccountNumber, TaxId, exposed};

/// What the file says about a source. Serialized it holds the whole account number and EIN: only into a sealed document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDetails {
    pub source_id: String,
    pub routing_number: RoutingNumber,
    #[serde(with = "exposed")]
    pub account_number: AccountNumber,
    pub name: String,
    /// The trade name, as in the source's first row.
    pub dba: String,
    #[serde(with = "exposed")]
    pub ein: TaxId,
    pub address: Address,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    pub line1: String,
    pub city: String,
    pub state: String,
    pub zip: String,
}

/// Two rows that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) first_row: u64,
    /// The leaf that differs.
    pub(super) field: Field,
    pub(super) what: &'static str,
}

#[derive(Default)]
pub(super) struct Sources {
    by_id: HashMap<String, usize, RandomState>,
    by_account: HashMap<(RoutingNumber, AccountNumber), usize, RandomState>,
    entries: Vec<Entry>,
    /// By the number of the text in which details are written: the warnings of those that were accepted.
    accepted: Vec<Option<Warnings>>,
}

struct Entry {
    details: SourceDetails,
    first_row: u64,
    warnings: Warnings,
}

impl Sources {
    /// The warnings of a source seen before, if this row says exactly the same about it: then its values need no second check.
    pub(super) fn known(&mut self, raw: &RawRow<'_>) -> Option<Warnings> {
        let Some(number) = raw.written_details else { return self.same_values(raw) };
        if let Some(accepted) = self.accepted.get(number).copied().flatten() {
            return Some(accepted);
        }
        let warnings = self.same_values(raw)?;
        if self.accepted.len() <= number {
            self.accepted.resize(number + 1, None);
        }
        self.accepted[number] = Some(warnings);
        Some(warnings)
    }

    fn same_values(&self, raw: &RawRow<'_>) -> Option<Warnings> {
        let text = |field| raw.get(field).map_or("", |value| &value.text);
        let entry = &self.entries[*self.by_id.get(text(Field::SourceId))?];
        let details = &entry.details;
        let same = text(Field::AbaRouting) == details.routing_number.as_str()
            && text(Field::AccountNumber) == details.account_number.expose()
            && text(Field::Name) == details.name
            && text(Field::Dba) == details.dba
            && text(Field::Ein) == details.ein.expose()
            && text(Field::Line1) == details.address.line1
            && text(Field::City) == details.address.city
            && text(Field::State) == details.address.state
            && text(Field::Zip) == details.address.zip;
        same.then_some(entry.warnings)
    }

    /// Keeps a source, or compares it with what an earlier row said.
    pub(super) fn add(&mut self, details: SourceDetails, warnings: Warnings, row: u64) -> Result<(), Conflict> {
        if let Some(earlier) = self.by_id.get(&details.source_id).and_then(|index| self.entries.get(*index)) {
            return match difference(&earlier.details, &details) {
                Some(field) => {
                    let what = "is another than the same source has";
                    Err(Conflict { first_row: earlier.first_row, field, what })
                }
                None => Ok(()),
            };
        }
        let account = (details.routing_number, details.account_number.clone());
        if let Some(other) = self.by_account.get(&account).and_then(|index| self.entries.get(*index)) {
            let what = "is the bank account of another source";
            return Err(Conflict { first_row: other.first_row, field: Field::AccountNumber, what });
        }
        let index = self.entries.len();
        self.by_account.insert(account, index);
        self.by_id.insert(details.source_id.clone(), index);
        self.entries.push(Entry { details, first_row: row, warnings });
        Ok(())
    }

    /// The source whose own account this is; `number` is without its spelling.
    pub(super) fn holder(&self, routing_number: &str, number: &str) -> Option<&str> {
        let account = (routing_number.parse().ok()?, AccountNumber::new(number));
        let entry = self.entries.get(*self.by_account.get(&account)?)?;
        Some(&entry.details.source_id)
    }

    pub(super) fn into_details(self) -> Vec<SourceDetails> {
        let mut details: Vec<_> = self.entries.into_iter().map(|entry| entry.details).collect();
        details.sort_by(|left, right| left.source_id.cmp(&right.source_id));
        details
    }
}

/// The first leaf that differs. The trade name may: a source can do business under several.
fn difference(earlier: &SourceDetails, later: &SourceDetails) -> Option<Field> {
    let (home, other) = (&earlier.address, &later.address);
    let differs = [
        (earlier.routing_number != later.routing_number, Field::AbaRouting),
        (earlier.account_number != later.account_number, Field::AccountNumber),
        (earlier.name != later.name, Field::Name),
        (earlier.ein != later.ein, Field::Ein),
        (home.line1 != other.line1, Field::Line1),
        (home.city != other.city, Field::City),
        (home.state != other.state, Field::State),
        (home.zip != other.zip, Field::Zip),
    ];
    differs.iter().find(|(differs, _)| *differs).map(|(_, field)| *field)
}

/// Applies the value rules to the source of a row.
pub(super) fn check(checker: &mut Checker<'_, '_>) -> Option<SourceDetails> {
    let source_id = checker.take(Field::SourceId, |text| Ok(text.to_owned()));
    let routing_number = checker.take(Field::AbaRouting, values::routing_number);
    let account_number = checker.take(Field::AccountNumber, values::account_number);
    let name = checker.take(Field::Name, values::company_name);
    let dba = checker.take(Field::Dba, values::company_text);
    let ein = checker.take(Field::Ein, values::ein);
    let line1 = checker.take(Field::Line1, values::company_text);
    let city = checker.take(Field::City, values::company_text);
    let state = checker.take(Field::State, values::state);
    let zip_code = checker.take(Field::Zip, values::zip_code);
    let details = SourceDetails {
        source_id: source_id?,
        routing_number: routing_number?,
        account_number: AccountNumber::new(account_number?),
        name: name?.to_owned(),
        dba: dba?.to_owned(),
        ein: TaxId::new(ein?),
        address: Address {
            line1: line1?.to_owned(),
            city: city?.to_owned(),
            state: state?.to_owned(),
            zip: zip_code?.to_owned(),
        },
    };
    Some(details)
}

/// What is odd about a source.
pub(super) fn warnings(details: &SourceDetails) -> Warnings {
    let mut warnings = Warnings::default();
    warnings.insert_if(!details.routing_number.in_federal_reserve_range(), Warning::RoutingRange);
    warnings.insert_if(details.ein.expose().len() == 8, Warning::EinLength);
    let at_home = zip::belongs_to(&details.address.zip, &details.address.state);
    warnings.insert_if(!at_home, Warning::ZipOfAnotherState);
    warnings
}
