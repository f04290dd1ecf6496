//! The books are closed day by day: balances add up what was booked since.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::Journey;
use shared::domain::ledger::{Account, AccountKind};
use shared::operations::ledger;
use shared::store::ledger::{Totals, latest_closing};

#[tokio::test]
async fn each_account_is_closed_day_by_day_and_its_balance_stays() {
    let file = PayrollFile::generated(&one_source(4));
    let mut journey = Journey::start(&file);
    journey.keeps_rounds = true;
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.keeps_rounds = false;
    let before = ledger::trial_balance(&journey.system).await.unwrap();
    for _ in 0..30 {
        journey.go_on_to(journey.now() + SignedDuration::from_hours(1)).await;
    }
    assert_eq!(ledger::trial_balance(&journey.system).await.unwrap(), before);

    let yesterday = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date().yesterday().unwrap();
    let payer_id = journey.payments(batch_id).await[0].payer_id.clone();
    let moved = |totals: &Totals| !totals.debits.is_zero() || !totals.credits.is_zero();
    let mut closed = BTreeMap::new();
    for kind in AccountKind::OF_SOURCES {
        let account = Account { kind, payer_id: payer_id.clone() };
        let closing = latest_closing(&*journey.system.table, &account).await.unwrap().unwrap();
        assert!(closing.day <= yesterday, "{account} is closed on {} before the day is over", closing.day);
        closed.insert(account.to_string(), closing.totals);
    }
    closed.retain(|_, totals| moved(totals));
    let expected: BTreeMap<_, _> = before.accounts.into_iter().filter(|(_, totals)| moved(totals)).collect();
    assert_eq!(closed, expected, "every account with lines has what it held");
}
