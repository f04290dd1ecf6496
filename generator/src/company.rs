//! The made-up company behind a file: its sources, branches, employees and the servicers of their loans.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::names::{first_name, last_name};
use crate::options::Options;
use crate::random::{Draw, Stream};
use crate::rows::{Address, Employee, Source};

const FIRST_DATE_OF_BIRTH: Date = date(1980, 1, 1);
/// 1980-01-01 to 2004-12-31: 25 years, 7 of them leap years.
const DATES_OF_BIRTH: u64 = 25 * 365 + 7;

#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) sources: Vec<Source>,
    pub(crate) employees: Vec<Employee>,
    /// The dead ones stand last.
    pub(crate) servicers: Vec<String>,
    dead: usize,
}

impl Company {
    /// `options` are checked: every count but the dead servicers' is at least 1.
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            sources: sources(options),
            employees: employees(options),
            servicers: servicers(options),
            dead: options.dead_servicers as usize,
        }
    }

    pub(crate) fn dead_servicers(&self) -> &[String] {
        &self.servicers[self.servicers.len().saturating_sub(self.dead)..]
    }
}

/// One company with several bank accounts. The EIN is a digit short and the ZIP belongs to another state, as in the
/// original file: an importer must survive both (`payroll-file.md` section 3).
fn sources(options: &Options) -> Vec<Source> {
    let mut draw = Draw::new(options.seed, Stream::Sources);
    let ein = draw.eight_digits();
    let mut used_accounts = HashSet::new();
    (0..options.sources)
        .map(|_| {
            let source_id = format!("CORP-{}", draw.uuid());
            let (routing_number, account_number) = loop {
                let account = (routing_number(&mut draw), draw.eight_digits());
                if used_accounts.insert(account.clone()) {
                    break account;
                }
            };
            Source {
                source_id,
                routing_number,
                account_number,
                legal_name: "Imaginary Donut Works LLC".to_owned(),
                trade_name: "Imaginary Donuts".to_owned(),
                ein: ein.clone(),
                address: Address {
                    line1: "12 Example Plaza".to_owned(),
                    city: "Des Moines".to_owned(),
                    state: "IA".to_owned(),
                    zip: "60601".to_owned(),
                },
            }
        })
        .collect()
}

/// Eight random digits and the digit that satisfies the ABA checksum (`payroll-file.md` section 7); never all zeros,
/// which importers refuse.
fn routing_number(draw: &mut Draw) -> String {
    let digits = format!("{:08}", draw.between(1, 99_999_999));
    let weighted: u32 = digits.bytes().zip([3, 7, 1].into_iter().cycle()).map(|(d, w)| u32::from(d - b'0') * w).sum();
    format!("{digits}{}", (10 - weighted % 10) % 10)
}

fn employees(options: &Options) -> Vec<Employee> {
    let mut draw = Draw::new(options.seed, Stream::Branches);
    let branch_ids: Vec<_> = (0..options.branches).map(|_| branch_id(&mut draw)).collect();
    let mut draw = Draw::new(options.seed, Stream::Employees);
    (0..options.employees)
        .map(|_| Employee {
            employee_id: format!("EMP-{}", draw.uuid()),
            branch_id: draw.pick(&branch_ids).clone(),
            first_name: first_name(&mut draw),
            last_name: last_name(&mut draw),
            date_of_birth: date_of_birth(&mut draw),
            phone_number: format!("+1{}{:09}", draw.between(2, 9), draw.below(1_000_000_000)),
        })
        .collect()
}

pub(crate) fn branch_id(draw: &mut Draw) -> String {
    format!("BRC-{}", draw.uuid())
}

fn date_of_birth(draw: &mut Draw) -> String {
    let days = i64::try_from(draw.below(DATES_OF_BIRTH)).unwrap_or_default();
    FIRST_DATE_OF_BIRTH.saturating_add(days.days()).strftime("%m-%d-%Y").to_string()
}

fn servicers(options: &Options) -> Vec<String> {
    let mut draw = Draw::new(options.seed, Stream::Servicers);
    let mut used = HashSet::new();
    (0..options.servicers)
        .map(|_| {
            loop {
                let number = draw.between(100_000, 999_999);
                if used.insert(number) {
                    break format!("ins_{number}");
                }
            }
        })
        .collect()
}
