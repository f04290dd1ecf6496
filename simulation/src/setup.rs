//! What a seed decides before anything happens: how likely faults are, and how much there is to do.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use scenarios::simulation;
use shared::adapters::simulated::SeededRandom;
use shared::operations::Settings;
use shared::ports::random::Random;

use crate::fault_injector::FaultInjector;
use crate::faults::Fault;

/// The worker's timeout and the longest that its client waits, as deployed.
const LEASE: Duration = Duration::from_secs(150);

/// One run's beginnings.
#[derive(Debug)]
pub(crate) struct Setup {
    pub simulation: simulation::Setup,
    /// Everything else is drawn from it.
    pub random: Arc<dyn Random>,
    pub processes_max: usize,
    /// One process in so many dies; 0 is none.
    pub crash_one_in: u64,
    pub rates: Vec<(Fault, u64)>,
    /// For so many days faults are as frequent as `rates`, and then rare.
    pub bad_days: u64,
    /// For so many days people and the world do something.
    pub days: u64,
    pub payroll: Option<PayrollPlan>,
    /// Operators end with what they have looked at; in other seeds they see to all that waits for them.
    pub leaves_what_waits: bool,
    /// Persons with cards.
    pub households: usize,
    /// They act in the middle of payments.
    pub acts_amid: bool,
    /// A company's own system is told of what happens.
    pub is_told: bool,
}

/// What payroll people do.
#[derive(Clone, Debug)]
pub(crate) struct PayrollPlan {
    pub company: generator::Options,
    pub batches: u64,
    pub rows_max: u64,
    /// Its files are tables, in which some rows pay into bank accounts.
    pub is_table: bool,
    /// Their columns go by names of the company's own.
    pub is_mapped: bool,
    /// Some of its sources are known under two ids.
    pub has_two_ids: bool,
}

/// How often each fault strikes where it is on, between these two: one draw in so many.
const RATES: &[(Fault, u64, u64)] = &[
    (Fault::MessageDuplicated, 6, 40),
    (Fault::MessageDelayed, 6, 40),
    (Fault::MessageReordered, 2, 6),
    (Fault::MessageLost, 10, 60),
    (Fault::MessageForeign, 60, 600),
    (Fault::QueueUnreachable, 15, 100),
    (Fault::WebhookDuplicated, 5, 40),
    (Fault::WebhookReordered, 2, 8),
    (Fault::WebhookDelayedByDays, 8, 60),
    (Fault::WebhookDropped, 8, 60),
    (Fault::WebhookForged, 15, 80),
    (Fault::WebhookAltered, 15, 120),
    (Fault::WebhookMisfit, 8, 60),
    (Fault::WebhookUnreadable, 15, 120),
    (Fault::WebhookOddlySpelled, 8, 60),
    (Fault::LeaseOutlived, 400, 4_000),
    (Fault::ReadFailed, 150, 1_500),
    (Fault::StoreThrottled, 40, 400),
    (Fault::TransactionConflict, 40, 400),
    (Fault::WriteTimedOutUndone, 40, 400),
    (Fault::WriteTimedOutDone, 40, 400),
    (Fault::WriteFoundItself, 30, 300),
    (Fault::DueIndexStale, 3, 30),
    (Fault::ObjectsUnreachable, 20, 200),
    (Fault::NoticesUnreachable, 4, 30),
    (Fault::BankRateLimited, 15, 150),
    (Fault::BankErrorBefore, 15, 150),
    (Fault::BankErrorAfter, 15, 150),
    (Fault::BankSilentBefore, 15, 150),
    (Fault::BankSilentAfter, 15, 150),
    (Fault::BankSlow, 10, 100),
    (Fault::BankRefusedPayee, 30, 200),
    (Fault::BankRefusedUs, 30, 200),
    (Fault::BankActedThenRefused, 12, 80),
    (Fault::StraySend, 20, 150),
    (Fault::StraySendAfterRefusal, 1, 3),
    (Fault::PlaidFailed, 15, 150),
    (Fault::BusinessTimeMoved, 20, 200),
];

impl Setup {
    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut draws = ChaCha12Rng::seed_from_u64(seed);
        // A seed in sixteen is calm: whatever it finds is no fault's doing.
        let is_calm = seed.is_multiple_of(16);
        let rates = RATES.iter().filter_map(|(fault, least, most)| {
            let (is_on, one_in) = (draws.next_u64() % 2 == 0, least + draws.next_u64() % (most - least + 1));
            (is_on && !is_calm).then_some((*fault, one_in))
        });
        let rates: Vec<(Fault, u64)> = rates.collect();
        let random = Arc::new(SeededRandom::new(draws.next_u64()));
        let mut below = |end: u64| draws.next_u64() % end;
        let dead_servicers = u32::try_from(below(3)).unwrap_or_default();
        let company = generator::Options {
            rows: 200,
            employees: 20,
            sources: 1 + u32::try_from(below(4)).unwrap_or_default(),
            branches: 3,
            servicers: 4 + dead_servicers,
            dead_servicers,
            seed,
            ..generator::Options::default()
        };
        let payroll = PayrollPlan {
            company,
            batches: 1 + below(3),
            rows_max: 3 + below(22),
            is_table: false,
            is_mapped: false,
            has_two_ids: false,
        };
        let crash_one_in = if is_calm || below(4) == 0 { 0 } else { 6 + below(60) };
        let processes_max = usize::try_from(1 + below(5)).unwrap_or(1);
        let household_draw = below(3);
        let base = world::settings();
        let settings = Settings {
            lease: LEASE,
            // Some companies have files so large that a worker reads them.
            summary_bytes_in_request_max: if below(4) == 0 { 100 } else { base.summary_bytes_in_request_max },
            // A file has from one to many chunks.
            rows_per_chunk: u32::try_from(2 + below(12)).unwrap_or(2),
            ..base
        };
        let unknown_institutions: BTreeSet<String> = generator::rows(&payroll.company)
            .map(|rows| rows.dead_servicers().iter().cloned().collect())
            .unwrap_or_default();
        let (bad_days, leaves_what_waits) = (8 + below(30), below(4) == 0);
        let payroll = PayrollPlan { is_table: below(3) == 0, ..payroll };
        let is_told = below(3) == 0;
        let is_mapped = below(2) == 0 && payroll.is_table;
        let payroll = PayrollPlan { is_mapped, has_two_ids: below(4) == 0, ..payroll };
        let acts_amid = below(2) == 0;
        Self {
            simulation: simulation::Setup { seed, settings, unknown_institutions },
            random,
            processes_max,
            crash_one_in,
            rates,
            bad_days,
            leaves_what_waits,
            is_told,
            acts_amid,
            // A return may come up to day 60; cards are read twice a day, so that theirs are fewer.
            days: match seed % 4 {
                3 => 50,
                _ => 70,
            },
            // A seed in four is about cards, and the others are about payroll.
            payroll: (seed % 4 != 3).then_some(payroll),
            households: match seed % 4 {
                3 => 2 - usize::from(household_draw == 0),
                _ => 0,
            },
        }
    }

    /// Every source whose money is moved, by its id.
    pub(crate) fn sources(&self) -> Vec<String> {
        let rows = self.payroll.as_ref().and_then(|plan| generator::rows(&plan.company).ok());
        rows.iter().flat_map(|rows| rows.sources()).map(|source| source.source_id.clone()).collect()
    }

    /// Faults begin.
    pub(crate) fn configure(&self, fault_injector: &FaultInjector) {
        for (fault, one_in) in &self.rates {
            fault_injector.set(*fault, *one_in);
        }
    }
}
