//! The scenarios themselves, by what they are about.

mod checks;
mod deciding;
mod delivery;
pub(crate) mod household;
mod links;
mod person;
mod returns;

use crate::catalog::Scenario;

pub(crate) const SCENARIOS: &[&[Scenario]] = &[
    deciding::SCENARIOS,
    returns::SCENARIOS,
    checks::SCENARIOS,
    links::SCENARIOS,
    person::SCENARIOS,
    delivery::SCENARIOS,
];
