//! What cannot be sent is refused at the door: a value that a file may hold is paid, or the file is refused before any money is pulled.

use generator::{GeneratedRow, Style, rows};
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use shared::domain::batch::BatchState;
use shared::domain::leg::{AttentionReason, Reason, State};
use shared::domain::payment::Payee;
use shared::domain::payroll_file::{FileReader, Limits};
use shared::operations::refund::refund;
use shared::store::stored::replace;

/// What somebody types into the text fields of one row.
#[derive(Clone, Debug)]
struct Typed {
    first_name: String,
    last_name: String,
    loan: String,
    cents: i64,
}

/// And into those of the company, which are the same in every row of its source.
#[derive(Clone, Debug)]
struct Company {
    source_id: String,
    account: String,
    name: String,
    trade_name: String,
    city: String,
}

/// The shortest, the longest, one more than the longest, and strange ones.
fn names() -> impl Strategy<Value = String> {
    let known = ["X", "-", "Łukasz", "李", "Đặng", "Анна", "\u{a0}", "\u{200b}", "O'Neil", "Zoe\u{308}", "🦀", "=1+1"];
    let long = ["x".repeat(100), "é".repeat(100), "龙".repeat(100), "'".repeat(100), "x".repeat(101)];
    prop_oneof![
        4 => select(known.map(str::to_owned).to_vec()),
        2 => select(long.to_vec()),
        2 => "[A-Za-z' -]{1,40}",
        1 => "\\PC{1,30}",
    ]
}

fn typed() -> impl Strategy<Value = Typed> {
    let loan = prop_oneof![
        3 => select(["0", "-", "A-1", "a1", "-1-"].map(str::to_owned).to_vec()),
        3 => "[A-Za-z0-9-]{1,17}",
        1 => "[0-9]{18,64}",
    ];
    let cents = select(vec![100, 101, 99_999_999, 100_000_000, 99, 100_000_001]);
    let typed = (names(), names(), loan, cents);
    typed.prop_map(|(first_name, last_name, loan, cents)| Typed { first_name, last_name, loan, cents })
}

fn company() -> impl Strategy<Value = Company> {
    let account = prop_oneof!["0", "[0-9]{17}", "[0-9]{18}"];
    let text = || {
        let long = ["x".repeat(200), "株".repeat(200), "x".repeat(201), "7".to_owned(), "--".to_owned()];
        prop_oneof![select(long.to_vec()), names()]
    };
    let id = select(vec!["C".to_owned(), "_".repeat(64), "x".repeat(65)]);
    (id, account, text(), text(), text()).prop_map(|(source_id, account, name, trade_name, city)| Company {
        source_id,
        account,
        name,
        trade_name,
        city,
    })
}

fn file_of(company: Option<&Company>, typed: &[Typed]) -> PayrollFile {
    let sound: Vec<GeneratedRow> = rows(&one_source(typed.len() as u64)).unwrap().collect();
    let rows = sound.into_iter().zip(typed).zip(0..).map(|((mut row, typed), number)| {
        row.employee.employee_id = format!("EMP-{number}");
        row.employee.first_name.clone_from(&typed.first_name);
        row.employee.last_name.clone_from(&typed.last_name);
        row.payee.loan_account_number.clone_from(&typed.loan);
        row.amount_cents = typed.cents;
        if let Some(company) = company {
            row.source.source_id.clone_from(&company.source_id);
            row.source.account_number.clone_from(&company.account);
            row.source.legal_name.clone_from(&company.name);
            row.source.trade_name.clone_from(&company.trade_name);
            row.source.address.city.clone_from(&company.city);
        }
        row
    });
    PayrollFile::written(rows.collect(), &[], Style::Compact)
}

/// Whether the file is taken at the door.
fn is_taken(file: &PayrollFile) -> bool {
    let mut reader = FileReader::new(Limits::default(), jiff::civil::date(2026, 3, 2));
    reader.push(&file.bytes).is_ok() && reader.finish().is_ok()
}

async fn is_paid(file: &PayrollFile) {
    let journey = Journey::start(file);
    let batch_id = journey.begin(file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    for payment in journey.payments(batch_id).await {
        assert_eq!((payment.leg.state, payment.leg.reason), (State::Completed, None));
        let Payee::Account(payee) = payment.payee else { panic!("an account") };
        assert!((1..=22).contains(&payee.name.len()) && payee.name.is_ascii(), "{}", payee.name);
    }
    assert_eq!(journey.bank.payouts().len(), file.rows.len());
}

#[test]
fn whatever_a_file_may_hold_is_refused_at_the_door_or_paid() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(Config { cases: 120, failure_persistence: None, ..Config::default() });
    let (taken, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let strategy = (proptest::option::weighted(0.25, company()), vec(typed(), 1..4));
    let outcome = runner.run(&strategy, |(company, typed)| {
        // Row by row: one that is refused would hide the others.
        for row in &typed {
            let file = file_of(company.as_ref(), std::slice::from_ref(row));
            if is_taken(&file) {
                taken.set(taken.get() + 1);
                runtime.block_on(is_paid(&file));
            } else {
                refused.set(refused.get() + 1);
            }
        }
        Ok::<(), TestCaseError>(())
    });
    outcome.unwrap();
    assert!(taken.get() > 20 && refused.get() > 20, "{taken:?} taken, {refused:?} refused");
}

#[tokio::test]
async fn the_longest_and_strangest_values_that_are_taken_are_paid() {
    let typed = |first: &str, last: &str, loan: &str| Typed {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        loan: loan.to_owned(),
        cents: 100_000_000,
    };
    let company = Company {
        source_id: "C".repeat(64),
        account: "9".repeat(17),
        name: "株式会社".repeat(50),
        trade_name: "7".to_owned(),
        city: "É".repeat(200),
    };
    let typed = [
        typed(&"é".repeat(100), &"龙".repeat(100), "12345678901234567"),
        typed("李", "小龙", "0"),
        typed("-", "Ng", "AbC-12"),
    ];
    let file = file_of(Some(&company), &typed);
    assert!(is_taken(&file));
    is_paid(&file).await;
}

/// What was stored before a limit was known: the row fails with attention, everything else goes on, and its money can go back.
#[tokio::test]
async fn a_row_that_no_request_can_carry_fails_alone() {
    let file = PayrollFile::generated(&one_source(6));
    let journey = Journey::start(&file);
    let batch_id = journey.begin(&file).await;
    journey.until(batch_id, "paying", |batch| batch.state == BatchState::Paying).await;
    let mut stuck = journey.payments(batch_id).await.remove(0);
    let Payee::Account(payee) = &mut stuck.payee else { panic!("an account") };
    payee.name = "\u{200b}".to_owned();
    journey.system.table.write(vec![replace(&mut stuck).unwrap()]).await.unwrap();

    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    let failed = journey.payments(batch_id).await.into_iter().find(|payment| payment.id == stuck.id).unwrap();
    assert_eq!(failed.leg.state, State::Failed);
    assert_eq!(failed.leg.reason, Some(Reason::Refused("cannot_carry_receiver_name".to_owned())));
    assert_eq!(failed.leg.attention.map(|flag| flag.reason), Some(AttentionReason::CannotBeSent));
    assert_eq!(journey.bank.payouts().len(), 5);

    let refunds = refund(&journey.system, batch_id, OPERATOR).await.unwrap().made;
    assert_eq!(refunds.iter().map(|refund| refund.amount).collect::<Vec<_>>(), [failed.amount]);
    journey.let_days_pass(3).await;
    Audit::of(&journey, &[(batch_id, &file)]).await.agrees();
}
