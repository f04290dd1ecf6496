//! What follows when a debit comes back: another try, or an end with its consequences (NACHA rules on returns and reinitiation).
//!
//! Guarantees: only R01 and R09 are tried again, at most twice, and only if the last entry still takes effect within 180 days of the first
//! one's effective or settlement date, whichever is earlier; every other code is final. An unknown code is final and looked into.

use jiff::ToSpan;
use jiff::civil::Date;

use super::notice::DebitFailure;
use crate::domain::ach::return_codes::{RetryRule, ReturnCode, ReturnGroup};
use crate::domain::calendar;

/// What stands as the company entry description of a debit that is sent again, in place of any other.
pub const RETRY_DESCRIPTION: &str = "RETRY PYMT";

/// The first presentment of a bill and two more, over all payments of it.
pub const PRESENTMENTS_MAX: u32 = 3;

/// All of them within these days of the first.
const RETRY_WITHIN_DAYS: i64 = 180;

/// Banking days from the return to the second and to the third presentment: money needs time to arrive, and the last try should not be
/// wasted.
const PAUSES: [u32; 2] = [2, 5];

/// A debit that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnedDebit {
    pub return_code: ReturnCode,
    /// How often it was presented, this time included; counts from 1.
    pub presentments: u32,
    /// Of the first presentment.
    pub first_effective_on: Date,
    pub first_settled_on: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterReturn {
    /// The same amount, company name and id, in a transfer of its own with [`RETRY_DESCRIPTION`].
    TryAgain {
        not_before: Date,
    },
    Final(Consequences),
}

/// What a final return leads to. Each is independent of whether the money had been spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequences {
    pub failure: DebitFailure,
    /// Nothing more may be pulled from this bank account.
    pub closes_bank_account: bool,
    /// No new debit for the person until an operator clears it.
    pub blocks_person: bool,
    /// The authorization of the card has to be given anew.
    pub ends_authorization: bool,
    /// An operator looks into it.
    pub attention: bool,
}

/// What follows from the return, seen on the Eastern day `today`.
pub fn after_return(debit: &ReturnedDebit, today: Date) -> AfterReturn {
    match debit.return_code.retry_rule() {
        RetryRule::Same => next_try(debit, today).unwrap_or(AfterReturn::Final(only(DebitFailure::NoMoney))),
        RetryRule::FixFirst | RetryRule::NewAuthorization | RetryRule::Never => {
            AfterReturn::Final(consequences(debit.return_code))
        }
    }
}

fn next_try(debit: &ReturnedDebit, today: Date) -> Option<AfterReturn> {
    let presented = debit.presentments.clamp(1, PRESENTMENTS_MAX);
    let pause = *PAUSES.get(usize::try_from(presented).ok()?.checked_sub(1)?)?;
    let not_before = calendar::add_banking_days(today, pause);
    let first = debit.first_settled_on.map_or(debit.first_effective_on, |on| on.min(debit.first_effective_on));
    let takes_effect = calendar::next_banking_day(not_before);
    let in_time = takes_effect <= first.saturating_add(RETRY_WITHIN_DAYS.days());
    in_time.then_some(AfterReturn::TryAgain { not_before })
}

const fn only(failure: DebitFailure) -> Consequences {
    Consequences {
        failure,
        closes_bank_account: false,
        blocks_person: false,
        ends_authorization: false,
        attention: false,
    }
}

fn consequences(return_code: ReturnCode) -> Consequences {
    let closed = |failure| Consequences { closes_bank_account: true, ..only(failure) };
    let looked_into = Consequences { attention: true, ..only(DebitFailure::Other { return_code }) };
    let Some(rule) = return_code.rule() else { return looked_into };
    match (rule.group, return_code.to_string().as_str()) {
        (ReturnGroup::Unauthorized, _) => Consequences {
            blocks_person: true,
            ends_authorization: true,
            attention: true,
            ..only(DebitFailure::Unauthorized { return_code })
        },
        (_, "R02") => closed(DebitFailure::AccountClosed),
        (ReturnGroup::Administrative, _) | (_, "R12" | "R13" | "R20" | "R28" | "R34") => {
            closed(DebitFailure::AccountUnusable { return_code })
        }
        (_, "R16" | "R90") => Consequences { attention: true, ..closed(DebitFailure::AccountFrozen) },
        (_, "R14" | "R15") => {
            Consequences { blocks_person: true, attention: true, ..closed(DebitFailure::HolderDeceased) }
        }
        // Only with a new authorization may it be debited again.
        (_, "R08") => Consequences { ends_authorization: true, ..only(DebitFailure::Stopped) },
        (
            ReturnGroup::Funds
            | ReturnGroup::Operator
            | ReturnGroup::Enrollment
            | ReturnGroup::CheckConversion
            | ReturnGroup::International
            | ReturnGroup::Dishonor
            | ReturnGroup::Contest
            | ReturnGroup::Receiver,
            _,
        ) => looked_into,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn returned(code: &str, presentments: u32) -> ReturnedDebit {
        ReturnedDebit {
            return_code: code.parse().unwrap(),
            presentments,
            first_effective_on: date(2026, 3, 3),
            first_settled_on: Some(date(2026, 3, 3)),
        }
    }

    fn final_of(code: &str) -> Consequences {
        match after_return(&returned(code, 1), date(2026, 3, 5)) {
            AfterReturn::Final(consequences) => consequences,
            AfterReturn::TryAgain { .. } => panic!("{code} is final"),
        }
    }

    #[test]
    fn missing_money_is_asked_for_twice_more_and_then_no_more() {
        let today = date(2026, 3, 5);
        for code in ["R01", "R09"] {
            let after = |presentments| after_return(&returned(code, presentments), today);
            assert_eq!(after(1), AfterReturn::TryAgain { not_before: date(2026, 3, 9) });
            assert_eq!(after(2), AfterReturn::TryAgain { not_before: date(2026, 3, 12) });
            assert_eq!(after(3), AfterReturn::Final(only(DebitFailure::NoMoney)));
        }
    }

    #[test]
    fn the_last_entry_takes_effect_within_180_days_of_the_earlier_date() {
        // 180 days after March 3 is August 30, a Sunday.
        let on = |today| after_return(&returned("R01", 1), today);
        assert!(matches!(on(date(2026, 8, 25)), AfterReturn::TryAgain { .. }));
        assert!(matches!(on(date(2026, 8, 26)), AfterReturn::Final(_)));
        let settled_earlier = ReturnedDebit { first_settled_on: Some(date(2026, 2, 27)), ..returned("R01", 1) };
        assert!(matches!(after_return(&settled_earlier, date(2026, 8, 25)), AfterReturn::Final(_)));
    }

    #[test]
    fn an_unauthorized_return_blocks_the_person_whatever_its_code() {
        for code in ["R05", "R07", "R10", "R11", "R29", "R51"] {
            let consequences = final_of(code);
            assert!(consequences.blocks_person && consequences.ends_authorization && consequences.attention, "{code}");
        }
    }

    #[test]
    fn every_other_code_has_an_end_of_its_own() {
        let cases = [
            ("R02", "debit_failed_account_closed", true, false),
            ("R03", "debit_failed_account_unusable", true, false),
            ("R04", "debit_failed_account_unusable", true, false),
            ("R08", "debit_failed_stopped", false, false),
            ("R14", "debit_failed_holder_deceased", true, true),
            ("R16", "debit_failed_account_frozen", true, false),
            ("R20", "debit_failed_account_unusable", true, false),
            ("R24", "debit_failed", false, false),
            ("R99", "debit_failed", false, false),
        ];
        for (code, failure, closes, blocks) in cases {
            let consequences = final_of(code);
            assert_eq!(consequences.failure.code(), failure, "{code}");
            assert_eq!((consequences.closes_bank_account, consequences.blocks_person), (closes, blocks), "{code}");
        }
        assert!(final_of("R99").attention, "an unknown code is looked into");
        assert!(final_of("R08").ends_authorization);
    }

    proptest! {
        #[test]
        fn no_code_is_tried_a_fourth_time_or_after_180_days(code in 0..100_u8, presentments: u32, days in 0..400_i64) {
            let first = date(2026, 3, 3);
            let debit = returned(&format!("R{code:02}"), presentments);
            if let AfterReturn::TryAgain { not_before } = after_return(&debit, first.saturating_add(days.days())) {
                prop_assert!(code == 1 || code == 9);
                prop_assert!(presentments <= 2);
                prop_assert!(calendar::is_banking_day(not_before));
                prop_assert!(not_before < first.saturating_add(180.days()));
            }
        }
    }
}
