//! Closing the books changes no balance: whatever comes late, and whenever days are closed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use shared::adapters::memory_table::MemoryTable;
use shared::domain::ids::{FundingId, ItemId};
use shared::domain::ledger::closing::{booked_at, day_of, last_day_over, next_day};
use shared::domain::ledger::{self, Account, AccountKind};
use shared::domain::leg::Effect;
use shared::domain::money::Cents;
use shared::ports::table::{Change, Table};
use shared::store::ledger::{Cause, Closing, Totals, close, latest_closing, puts, totals};
use uuid::Uuid;

const PAYER: &str = "CORP-1";

#[derive(Clone, Debug)]
enum Act {
    Wait {
        minutes: i64,
    },
    /// The bank tells of something so long after its time (before it where negative); the write lands later.
    Post {
        late_minutes: i64,
        landing_minutes: i64,
        cents: i64,
        effect: Effect,
    },
    CloseBooks,
}

fn act() -> impl Strategy<Value = Act> {
    let late = prop_oneof![3 => -120_i64..90, 1 => 90_i64..3_000, 1 => 3_000_i64..90_000];
    let effect = proptest::sample::select(Effect::ALL.to_vec());
    prop_oneof![
        3 => prop_oneof![1_i64..60, 60_i64..3_000, 3_000_i64..60_000].prop_map(|minutes| Act::Wait { minutes }),
        6 => (late, 0_i64..60, 1_i64..1_000_000, effect).prop_map(|(late_minutes, landing_minutes, cents, effect)| {
            Act::Post { late_minutes, landing_minutes, cents, effect }
        }),
        2 => Just(Act::CloseBooks),
    ]
}

fn accounts() -> [Account; 7] {
    AccountKind::ALL.map(|kind| Account { kind, payer_id: PAYER.to_owned() })
}

/// A line as it lies in the books.
#[derive(Clone, Debug)]
struct Booked {
    line: ledger::Line,
    day: Date,
}

/// Books, and what they have to say.
struct Books {
    table: MemoryTable,
    start: Timestamp,
    now: Timestamp,
    next_day: Date,
    posts: u64,
    landing: Vec<(Timestamp, Vec<Change>, Vec<Booked>)>,
    landed: Vec<Booked>,
}

impl Books {
    fn new() -> Self {
        let start: Timestamp = "2026-01-20T15:00:00Z".parse().unwrap();
        Self {
            table: MemoryTable::new(),
            start,
            now: start,
            next_day: day_of(start),
            posts: 0,
            landing: Vec::new(),
            landed: Vec::new(),
        }
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Wait { minutes } => self.wait(minutes).await,
            Act::Post { late_minutes, landing_minutes, cents, effect } => {
                self.post(late_minutes, landing_minutes, Cents::new(cents), effect);
                self.wait(0).await;
            }
            Act::CloseBooks => self.close_books().await,
        }
    }

    /// What was under way lands in its time.
    async fn wait(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
        let now = self.now;
        let (landed, under_way) = std::mem::take(&mut self.landing).into_iter().partition(|(at, ..)| *at <= now);
        self.landing = under_way;
        let landed: Vec<(Timestamp, Vec<Change>, Vec<Booked>)> = landed;
        for (_, changes, booked) in landed {
            self.table.write(changes).await.unwrap();
            self.landed.extend(booked);
        }
    }

    fn post(&mut self, late_minutes: i64, landing_minutes: i64, amount: Cents, effect: Effect) {
        self.posts += 1;
        let at = (self.now - SignedDuration::from_mins(late_minutes)).max(self.start);
        let item = ItemId::Funding(FundingId::Single(Uuid::from_u128(u128::from(self.posts))));
        let cause = Cause { item, version: 2, attempt: 1, payer_id: PAYER, row: None, at, now: self.now };
        let day = day_of(booked_at(at, self.now));
        let lines = ledger::entry(effect, PAYER, amount).into_iter().map(|line| Booked { line, day }).collect();
        let lands_at = self.now + SignedDuration::from_mins(landing_minutes);
        self.landing.push((lands_at, puts(cause, &[(effect, amount)]).unwrap(), lines));
    }

    async fn close_books(&mut self) {
        while self.next_day <= last_day_over(self.now) {
            for account in accounts() {
                close(&self.table, &account, self.start, self.next_day).await.unwrap();
                let again = close(&self.table, &account, self.start, self.next_day).await.unwrap();
                assert_eq!(again, None, "an account is closed once a day");
            }
            self.next_day = next_day(self.next_day);
        }
    }

    fn sum(&self, account: &Account, until: Option<Date>) -> Totals {
        let mut totals = Totals::default();
        let counts = |booked: &&Booked| booked.line.account == *account && until.is_none_or(|day| booked.day <= day);
        for booked in self.landed.iter().filter(counts) {
            totals.add(booked.line.side, booked.line.amount).unwrap();
        }
        totals
    }

    async fn balance_is_the_sum_over_all_lines(&self) {
        for account in accounts() {
            let until = self.now + SignedDuration::from_hours(48);
            let balance = totals(&self.table, &account, self.start, until).await.unwrap();
            assert_eq!(balance, self.sum(&account, None), "{account}");
        }
    }

    /// Of what is booked to a day nothing came after its closing.
    async fn closings_hold(&self) {
        for account in accounts() {
            let Some(Closing { day, totals }) = latest_closing(&self.table, &account).await.unwrap() else { continue };
            assert_eq!(totals, self.sum(&account, Some(day)), "{account} at the end of {day}");
        }
    }
}

fn block_on(story: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(story);
}

async fn tell(acts: Vec<Act>) {
    let mut books = Books::new();
    for act in acts {
        books.act(act).await;
        books.balance_is_the_sum_over_all_lines().await;
        books.closings_hold().await;
    }
    books.wait(100).await;
    books.close_books().await;
    books.balance_is_the_sum_over_all_lines().await;
    books.closings_hold().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_balance_is_the_sum_over_all_lines_whatever_comes_late(acts in proptest::collection::vec(act(), 1..60)) {
        block_on(tell(acts));
    }
}

/// A return whose webhook was lost is found sixty days later: its day was closed long ago.
#[test]
fn a_line_of_a_closed_day_counts_and_is_in_a_later_closing() {
    block_on(async {
        let mut books = Books::new();
        books.post(0, 0, Cents::new(500), Effect::PayoutAccepted);
        books.wait(60 * 24 * 60).await;
        books.close_books().await;
        books.post(60 * 24 * 50, 0, Cents::new(500), Effect::PayoutReversed);
        books.wait(0).await;
        books.balance_is_the_sum_over_all_lines().await;
        books.wait(3 * 24 * 60).await;
        books.close_books().await;
        books.closings_hold().await;
        let cash = Account { kind: AccountKind::Cash, payer_id: PAYER.to_owned() };
        let closed = latest_closing(&books.table, &cash).await.unwrap().unwrap();
        assert_eq!((closed.totals.debits, closed.totals.credits), (Cents::new(500), Cents::new(500)));
    });
}
