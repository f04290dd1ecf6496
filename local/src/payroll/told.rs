//! The steps that matter, told as they happen: what is new between two looks at a batch.

use jiff::civil::Date;
use shared::domain::calendar::is_banking_day;
use shared::domain::funding::Funding;
use shared::domain::leg::State;
use shared::domain::money::{Cents, MoneyOverflow};

use super::verdict::Sum;
use crate::terminal::text::{counted, dollars};

/// More days than that are passed over in one line.
const DAYS_SHOWN: usize = 10;

/// How far a batch has come. Each figure only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight {
    /// Rows that are recorded, once all of them are.
    pub(super) recorded: u64,
    /// Debits that the bank has, or had.
    pub(super) debited: Sum,
    pub(super) debits_settled: Sum,
    pub(super) available: Sum,
    pub(super) debits_returned: Sum,
    pub(super) sent: u64,
    pub(super) settled: u64,
    pub(super) returned: u64,
}

impl Sight {
    /// Adds the fundings as they stand.
    pub(super) fn see(&mut self, fundings: &[Funding]) -> Result<(), MoneyOverflow> {
        for funding in fundings {
            let stages: &mut [&mut Sum] = match funding.leg.state {
                State::Unprocessed | State::Submitting | State::Failed | State::Canceled => &mut [],
                State::Processing => &mut [&mut self.debited],
                State::Completed => &mut [&mut self.debited, &mut self.debits_settled],
                State::Available => &mut [&mut self.debited, &mut self.debits_settled, &mut self.available],
                State::Returned => &mut [&mut self.debited, &mut self.debits_returned],
            };
            for stage in stages {
                stage.count += 1;
                stage.total = stage.total.plus(funding.amount)?;
            }
        }
        Ok(())
    }
}

/// What is new, in the order in which it happens.
pub(super) fn news(before: &Sight, after: &Sight) -> Vec<String> {
    let more = |before: u64, after: u64| after.saturating_sub(before);
    let money = |before: Sum, after: Sum| {
        let total = after.total.minus(before.total).unwrap_or(Cents::ZERO);
        (more(before.count, after.count), dollars(total))
    };
    let (debited, pulled) = money(before.debited, after.debited);
    let (settled, _) = money(before.debits_settled, after.debits_settled);
    let (available, funds) = money(before.available, after.available);
    let (lost, lost_funds) = money(before.debits_returned, after.debits_returned);
    let [recorded, sent, paid, returned] = [
        more(before.recorded, after.recorded),
        more(before.sent, after.sent),
        more(before.settled, after.settled),
        more(before.returned, after.returned),
    ];
    let lines = [
        (recorded, format!("{} recorded, all or none", counted(recorded, "row"))),
        (debited, format!("{} sent, to pull {pulled} from the payer", counted(debited, "debit"))),
        (settled, format!("{} settled; the money is held until it is safe", counted(settled, "debit"))),
        (available, format!("funding available: {funds}")),
        (lost, format!("{} returned: {lost_funds} will not be paid", counted(lost, "debit"))),
        (sent, format!("{} sent", counted(sent, "payment"))),
        (paid, format!("{} settled", counted(paid, "payment"))),
        (returned, format!("{} returned by their banks", counted(returned, "payment"))),
    ];
    lines.into_iter().filter(|(news, _)| *news > 0).map(|(_, line)| line).collect()
}

/// The banking days that begin after one day and up to another.
pub(super) fn banking_days(after: Date, until: Date) -> Vec<Date> {
    let days = std::iter::successors(after.tomorrow().ok(), |day| day.tomorrow().ok());
    let days = days.take_while(|day| *day <= until).filter(|day| is_banking_day(*day));
    days.take(DAYS_SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sum(count: u64, cents: i64) -> Sum {
        Sum { count, total: Cents::new(cents) }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let begun = Sight { recorded: 10, debited: sum(2, 150_000), ..Sight::default() };
        assert_eq!(
            news(&Sight::default(), &begun),
            ["10 rows recorded, all or none", "2 debits sent, to pull $1,500.00 from the payer"]
        );
        assert!(news(&begun, &begun).is_empty());
        let paying = Sight { debits_settled: sum(2, 150_000), available: sum(1, 50_000), sent: 1, ..begun };
        assert_eq!(
            news(&begun, &paying),
            ["2 debits settled; the money is held until it is safe", "funding available: $500.00", "1 payment sent"]
        );
        let ended = Sight { settled: 1, returned: 1, debits_returned: sum(1, 100_000), ..paying };
        assert_eq!(
            news(&paying, &ended),
            ["1 debit returned: $1,000.00 will not be paid", "1 payment settled", "1 payment returned by their banks"]
        );
    }

    #[test]
    fn banking_days_leave_out_weekends_and_holidays() {
        // From the Thursday before Labor Day to the Wednesday after it.
        let days = banking_days(date(2026, 9, 3), date(2026, 9, 9));
        assert_eq!(days, [date(2026, 9, 4), date(2026, 9, 8), date(2026, 9, 9)]);
        assert!(banking_days(date(2026, 9, 4), date(2026, 9, 4)).is_empty());
        assert_eq!(banking_days(date(2026, 1, 1), date(2027, 1, 1)).len(), DAYS_SHOWN);
    }
}
