//! Payments, books and bank are compared, difference by difference; what cannot be explained stops the payer.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use journeys::audit::Audit;
use journeys::file::{PayrollFile, one_source};
use journeys::journey::{Journey, OPERATOR};
use serde_json::json;
use shared::domain::batch::BatchState;
use shared::domain::ids::{BatchId, CorrectionId, ItemId, PaymentId, ReconciliationId};
use shared::domain::ledger::correction::{CorrectionRefusal, CorrectionTerms};
use shared::domain::ledger::{AccountKind, CauseId};
use shared::domain::leg::State;
use shared::domain::money::Cents;
use shared::domain::payment::Payment;
use shared::domain::reconciliation::health::Health;
use shared::domain::reconciliation::{Finding, Range, Reconciliation, ReconciliationState, Verdict};
use shared::domain::source::PauseReason;
use shared::operations::{OperationError, corrections, reconciliation, sources};
use shared::ports::table::{Attributes, Change, Condition, Key};
use shared::store::audit;
use shared::store::ledger::Posting;
use shared::store::stored::{create, replace};
use simulation::power::Power;
use simulators::column::{CallFaultKind, Control, WebhookFaults};
use uuid::Uuid;

/// Pays the file of one source. The bank's events are heard by webhook alone: its list is not to be had.
async fn paid(rows: u64) -> (Journey, BatchId, PayrollFile) {
    let file = PayrollFile::generated(&one_source(rows));
    let journey = Journey::start(&file);
    journey.bank.fail_calls(CallFaultKind::Unauthorized, "GET", "/events", u64::MAX);
    let batch_id = journey.begin(&file).await;
    assert_eq!(journey.finish(batch_id).await.state, BatchState::Completed);
    journey.clock.advance(Duration::from_hours(5));
    // What is still to be told is told.
    journey.settle_now().await;
    (journey, batch_id, file)
}

/// Every day of the story, by the schedule's clock at its end.
fn all_days(journey: &Journey) -> Range {
    let from: Date = "2026-03-02".parse().unwrap();
    let to = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    Range::asked(from, to, journey.now()).unwrap()
}

async fn ask(journey: &Journey, number: u128, dry_run: bool) -> ReconciliationId {
    let (id, range) = (Uuid::from_u128(number), all_days(journey));
    reconciliation::request(&journey.system, id, range, None, dry_run, OPERATOR).await.unwrap().id
}

/// Goes on until it is completed.
async fn completed(journey: &Journey, id: ReconciliationId) -> (Reconciliation, Vec<Finding>) {
    for _ in 0..60 {
        journey.settle_now().await;
        let stands = reconciliation::load(&journey.system, id).await.unwrap();
        if stands.state == ReconciliationState::Completed {
            let (found, next) = reconciliation::findings(&journey.system, id, None, 1_000).await.unwrap();
            assert_eq!(next, None);
            return (stands, found);
        }
        journey.clock.advance(Duration::from_mins(16));
    }
    panic!("{id} is never completed");
}

async fn reconcile(journey: &Journey, number: u128, dry_run: bool) -> (Reconciliation, Vec<Finding>) {
    let id = ask(journey, number, dry_run).await;
    completed(journey, id).await
}

fn verdicts(found: &[Finding]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = found.iter().map(|finding| finding.verdict).collect();
    verdicts.sort_unstable();
    verdicts
}

/// What is not of a reconciliation itself.
fn dump(journey: &Journey) -> Vec<Attributes> {
    let ours = ["RECONCILIATION#", "AUDIT#", "WATERMARK#", "ACCOUNT#"];
    let is_ours = |item: &Attributes| ours.iter().any(|prefix| item["pk"].as_str().unwrap().starts_with(prefix));
    journey.dump().into_iter().filter(|item| !is_ours(item)).collect()
}

async fn source_pause(journey: &Journey) -> Option<PauseReason> {
    sources::all(&journey.system).await.unwrap().remove(0).pause.map(|pause| pause.reason)
}

/// Notices of differences to operators.
fn told(journey: &Journey) -> usize {
    journey.notices.sent().iter().filter(|notice| notice.kind == "difference_found").count()
}

/// The lines of the books, with their keys.
fn lines(journey: &Journey) -> Vec<(Key, Posting)> {
    let books = journey.dump().into_iter().filter(|item| item["pk"].as_str().unwrap().starts_with("LEDGER#"));
    books
        .map(|item| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            let key = Key::new(text("pk"), text("sk"));
            (key, shared::ports::table::decode(item).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_payroll_as_it_should_be_agrees_to_the_last_transfer() {
    let (journey, ..) = paid(12).await;
    let before = dump(&journey);
    let (stands, found) = reconcile(&journey, 1, true).await;
    assert_eq!(found, []);
    assert_eq!((stands.payers, stands.counts.matched), (1, 13), "twelve payouts and a funding: {stands:?}");
    assert_eq!((stands.counts.differences, stands.counts.in_flight), (0, 0));
    assert_eq!(dump(&journey), before, "a dry run changes nothing");
    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!((found, stands.counts.matched), (vec![], 13));
    assert_eq!(source_pause(&journey).await, None);
}

/// Asked for twice under one id, as a repeat of the same request is, it is one reconciliation.
#[tokio::test]
async fn the_same_request_again_begins_no_second_one() {
    let (journey, ..) = paid(2).await;
    let first = ask(&journey, 1, true).await;
    completed(&journey, first).await;
    let found = journey.dump();
    assert_eq!(ask(&journey, 1, true).await, first);
    journey.settle_now().await;
    assert_eq!(journey.dump(), found);
}

/// Returns that no event has told us of: a dry run names them, a real one applies the bank's word, and then nothing is left to explain.
#[tokio::test]
async fn returns_that_nobody_told_us_of_are_named_and_then_applied() {
    let (journey, batch_id, file) = paid(5).await;
    journey.bank.webhook_faults(WebhookFaults { drop_next: u64::MAX, ..Default::default() });
    for payout in journey.bank.payouts().into_iter().take(2) {
        journey.bank.return_now(&payout.id, "R02");
    }
    journey.clock.advance(Duration::from_hours(5));

    let before = dump(&journey);
    let (stands, found) = reconcile(&journey, 1, true).await;
    let expected = [Verdict::OtherState, Verdict::OtherState, Verdict::OtherBalance];
    assert_eq!(verdicts(&found), expected, "{found:?}");
    assert_eq!((stands.counts.differences, stands.counts.unexplained), (3, 3));
    assert_eq!(dump(&journey), before, "a dry run changes nothing");
    assert_eq!(source_pause(&journey).await, None);

    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!(verdicts(&found), [Verdict::OtherState, Verdict::OtherState], "{found:?}");
    assert!(found.iter().all(|finding| finding.remedied), "{found:?}");
    assert_eq!((stands.counts.remedied, stands.counts.unexplained), (2, 0));
    assert_eq!(source_pause(&journey).await, None, "what is explained stops nobody");
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(audit.batch(batch_id).count(State::Returned), 2);
}

/// What the bank has just done and we have not heard of is on its way: no difference.
#[tokio::test]
async fn what_is_on_its_way_is_no_difference() {
    let (journey, ..) = paid(5).await;
    journey.bank.webhook_faults(WebhookFaults { delay_s: 2 * 3600, ..Default::default() });
    for payout in journey.bank.payouts() {
        journey.bank.return_now(&payout.id, "R02");
    }
    let (stands, found) = reconcile(&journey, 1, false).await;
    assert_eq!(found, []);
    assert_eq!(stands.counts.in_flight, 5);
    assert_eq!(source_pause(&journey).await, None);
}

/// A transfer that we never made takes a source's money.
#[tokio::test]
async fn a_transfer_that_is_not_ours_raises_the_alarm_and_stops_the_source_until_an_operator_has_looked() {
    let (journey, batch_id, _) = paid(5).await;
    journey.bank.return_now(&journey.bank.payouts()[0].id, "R02");
    journey.settle_now().await;
    let ours = journey.bank.payouts().remove(1);
    let stolen = json!({"amount": 1, "currency_code": "USD", "type": "CREDIT", "entry_class_code": "PPD",
        "bank_account_id": ours.bank_account_id, "counterparty_id": ours.counterparty_id, "description": "not ours",
        "company_entry_description": "OTHER"});
    journey.bank.post("/transfers/ach", &stolen);
    journey.clock.advance(Duration::from_hours(5));

    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::MissingHere, Verdict::OtherBalance], "{found:?}");
    assert_eq!(source_pause(&journey).await, None, "a dry run stops nobody");

    let (stands, found) = reconcile(&journey, 2, false).await;
    assert_eq!(verdicts(&found), [Verdict::MissingHere, Verdict::OtherBalance], "{found:?}");
    assert_eq!(stands.counts.unexplained, 2);
    assert_eq!(source_pause(&journey).await, Some(PauseReason::Difference(stands.id.to_string())));
    assert_eq!(told(&journey), 1);

    // An operator has looked: the same difference stops it no second time.
    let source_id = journey.payments(batch_id).await[0].payer_id.clone();
    sources::resume(&journey.system, &source_id, OPERATOR).await.unwrap();
    let (_, found) = reconcile(&journey, 3, false).await;
    assert!(found.iter().all(|finding| finding.known) && found.len() == 2, "{found:?}");
    assert_eq!(source_pause(&journey).await, None);
    let day = journey.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let days = audit::Days { first: day, last: day };
    let done = audit::of_days(&*journey.system.table, days, None, None, 1_000).await.unwrap();
    assert!(done.entries.iter().any(|entry| entry.action == "resume_source" && entry.actor == OPERATOR));
}

/// Writes a payment past the functions.
async fn overwrite(journey: &Journey, mut payment: Payment) {
    journey.system.table.write(vec![replace(&mut payment).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn a_payment_of_another_amount_is_named() {
    let (journey, batch_id, _) = paid(3).await;
    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.amount = Cents::new(payment.amount.get() + 1);
    let id = payment.id;
    overwrite(&journey, payment).await;
    let (_, found) = reconcile(&journey, 1, true).await;
    assert!(
        found.iter().any(|finding| {
            finding.verdict == Verdict::OtherAmount && finding.subject == format!("{id}:1") && finding.there.is_some()
        }),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_second_transfer_for_one_payment_is_a_duplicate() {
    let (journey, batch_id, _) = paid(3).await;
    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.leg.transfer_id = Some("acht_first".to_owned());
    overwrite(&journey, payment).await;
    let (_, found) = reconcile(&journey, 1, false).await;
    assert_eq!(verdicts(&found), [Verdict::Duplicate], "{found:?}");
    assert!(source_pause(&journey).await.is_some());
}

#[tokio::test]
async fn a_payment_that_the_bank_has_no_more_is_missing_there() {
    let (journey, batch_id, _) = paid(3).await;
    let payment = journey.payments(batch_id).await.remove(0);
    let mut ghost = payment.clone();
    ghost.id = PaymentId::Lone(Uuid::from_u128(5));
    ghost.leg.transfer_id = Some("acht_gone".to_owned());
    let mut changes = vec![create(&ghost).unwrap()];
    for (key, line) in lines(&journey) {
        if line.cause == CauseId::Item(ItemId::Payment(payment.id)) {
            let line = Posting { cause: CauseId::Item(ItemId::Payment(ghost.id)), ..line };
            changes.push(Change::Put {
                key: Key::new(key.pk, key.sk.replace(&payment.id.to_string(), &ghost.id.to_string())),
                attributes: shared::ports::table::encode(&line).unwrap(),
                indexing: Default::default(),
                condition: Condition::Absent,
            });
        }
    }
    journey.system.table.write(changes).await.unwrap();
    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::MissingThere, Verdict::OtherBalance], "{found:?}");
    assert_eq!(
        found.iter().find(|finding| finding.verdict == Verdict::MissingThere).unwrap().subject,
        format!("{}:1", ghost.id)
    );
}

#[tokio::test]
async fn a_line_that_is_missing_from_the_books_is_named() {
    let (journey, batch_id, _) = paid(3).await;
    let payment = journey.payments(batch_id).await.remove(0);
    let cause = CauseId::Item(ItemId::Payment(payment.id));
    let lost: Vec<Change> = lines(&journey)
        .into_iter()
        .filter(|(_, line)| line.cause == cause)
        .map(|(key, _)| Change::Delete { key, condition: Condition::Always })
        .collect();
    assert_eq!(lost.len(), 2);
    journey.system.table.write(lost).await.unwrap();
    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::NotPosted, Verdict::OtherBalance], "{found:?}");
    let not_posted = found.iter().find(|finding| finding.verdict == Verdict::NotPosted).unwrap();
    assert_eq!(not_posted.subject, format!("{}:1", payment.id));
}

/// Whatever differs at once, and however often the process dies: the findings are those of one that lived.
#[tokio::test]
async fn killed_at_any_moment_a_reconciliation_finds_the_same_and_applies_it_once() {
    let begin = async || {
        let (journey, batch_id, file) = paid(4).await;
        journey.bank.webhook_faults(WebhookFaults { drop_next: u64::MAX, ..Default::default() });
        let returned = journey.bank.payouts().remove(0).id;
        journey.bank.return_now(&returned, "R02");
        let payments = journey.payments(batch_id).await;
        let mut other =
            payments.into_iter().find(|payment| payment.leg.transfer_id.as_ref() != Some(&returned)).unwrap();
        other.leg.transfer_id = Some("acht_first".to_owned());
        overwrite(&journey, other).await;
        journey.clock.advance(Duration::from_hours(5));
        (journey, batch_id, file)
    };
    let names = |found: &[Finding]| found.iter().map(|finding| (finding.name(), finding.known)).collect::<Vec<_>>();
    let (journey, ..) = begin().await;
    let before = journey.power.effects();
    let (_, expected) = reconcile(&journey, 1, false).await;
    let effects = journey.power.effects() - before;
    assert_eq!(verdicts(&expected), [Verdict::OtherState, Verdict::Duplicate]);

    for cut_before in 1..=effects {
        let (mut journey, batch_id, _) = begin().await;
        let power = journey.power.clone();
        power.cut_before(cut_before);
        tokio::select! {
            biased;
            () = power.until_cut() => {}
            _ = reconcile(&journey, 1, false) => panic!("the power does not fail before effect {cut_before}"),
        }
        journey.restart(Power::unlimited());
        let (_, found) = reconcile(&journey, 1, false).await;
        // A run that died after it had applied the bank's word finds nothing to apply: the finding was not written, the payment is right.
        let duplicate = |found: &[Finding]| {
            found.iter().filter(|finding| finding.verdict == Verdict::Duplicate).cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            names(&duplicate(&found)),
            names(&duplicate(&expected)),
            "cut before effect {cut_before} of {effects}"
        );
        assert_eq!(
            journey.payments(batch_id).await.iter().filter(|payment| payment.leg.state == State::Returned).count(),
            1
        );
        assert!(source_pause(&journey).await.is_some());
        journey.settle_now().await;
        assert_eq!(told(&journey), 1);
    }
}

#[tokio::test]
async fn while_the_bank_is_down_a_reconciliation_waits() {
    let (journey, ..) = paid(3).await;
    journey.bank.fail_calls(CallFaultKind::ErrorBefore, "GET", "/transfers", 1_000_000);
    let id = ask(&journey, 1, true).await;
    for _ in 0..8 {
        journey.settle_now().await;
        journey.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(reconciliation::load(&journey.system, id).await.unwrap().state, ReconciliationState::Running);
    journey.bank.control(Control::ClearFaults);
    let (stands, found) = completed(&journey, id).await;
    assert_eq!((found, stands.counts.matched), (vec![], 4));
}

/// Every day at eight, by the schedule; and what operators read as the health of the books.
#[tokio::test]
async fn the_daily_one_says_whether_the_books_are_sound() {
    let file = PayrollFile::generated(&one_source(4));
    let mut journey = Journey::start(&file);
    assert_eq!(reconciliation::health(&journey.system).await.unwrap().0, Health::NothingYet);
    journey.keeps_rounds = true;
    let batch_id = journey.begin(&file).await;
    journey.finish(batch_id).await;
    journey.keeps_rounds = false;
    let hours = SignedDuration::from_hours;
    for _ in 0..30 {
        journey.go_on_to(journey.now() + hours(1)).await;
    }
    let (health, latest) = reconciliation::health(&journey.system).await.unwrap();
    let latest = latest.unwrap();
    assert_eq!((health, latest.dry_run, latest.by.as_str()), (Health::Sound, false, "schedule"), "{latest:?}");
    assert!(latest.counts.matched > 0, "{latest:?}");

    let mut payment = journey.payments(batch_id).await.remove(0);
    payment.leg.transfer_id = Some("acht_first".to_owned());
    overwrite(&journey, payment).await;
    for _ in 0..24 {
        journey.go_on_to(journey.now() + hours(1)).await;
    }
    let (health, latest) = reconciliation::health(&journey.system).await.unwrap();
    assert_eq!(health, Health::Differences, "{latest:?}");
    journey.clock.advance(Duration::from_hours(48));
    assert_eq!(reconciliation::health(&journey.system).await.unwrap().0, Health::Overdue);
}

/// A source's debit came back after its payouts had left. It repays by wire to its own account at the bank; two operators book that.
#[tokio::test]
async fn a_source_that_repaid_by_wire_is_freed_by_a_correction_that_two_people_made() {
    let (journey, batch_id, file) = paid(4).await;
    let debit = journey.bank.debits().remove(0);
    journey.bank.return_now(&debit.id, "R10");
    journey.settle_now().await;
    let owed = Cents::new(file.contents.total_cents);
    let source = sources::all(&journey.system).await.unwrap().remove(0);
    assert!(source.receivable_open);

    let number = journey.bank.get(&format!("/bank-accounts/{}", debit.bank_account_id));
    let wire = json!({"destination_account_number_id": number["default_account_number_id"], "amount": owed.get(),
        "currency_code": "USD"});
    journey.bank.post("/simulate/receive-wire", &wire);
    journey.clock.advance(Duration::from_hours(5));
    let (_, found) = reconcile(&journey, 1, true).await;
    assert_eq!(verdicts(&found), [Verdict::OtherBalance], "{found:?}");

    let terms = CorrectionTerms {
        payer_id: source.id.clone(),
        debit: AccountKind::Cash,
        credit: AccountKind::Receivable,
        amount: owed,
        reason: "repaid by wire".to_owned(),
        about: Some(debit.item().parse().unwrap()),
    };
    let id = Uuid::from_u128(7);
    let proposed = corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await.unwrap();
    assert_eq!(corrections::propose(&journey.system, id, terms.clone(), OPERATOR).await.unwrap(), proposed);
    let alone = corrections::confirm(&journey.system, CorrectionId::new(id), &terms, OPERATOR).await;
    assert!(matches!(alone, Err(OperationError::Correction(CorrectionRefusal::SamePerson))), "{alone:?}");
    assert!(sources::load(&journey.system, &source.id).await.unwrap().receivable_open);
    for _ in 0..2 {
        corrections::confirm(&journey.system, CorrectionId::new(id), &terms, "second@journey.test").await.unwrap();
    }

    assert!(!sources::load(&journey.system, &source.id).await.unwrap().receivable_open, "it is free again");
    let booked: Vec<Posting> = lines(&journey)
        .into_iter()
        .map(|(_, line)| line)
        .filter(|line| line.cause == CauseId::Correction(CorrectionId::new(id)))
        .collect();
    assert_eq!(booked.len(), 2);
    assert!(booked.iter().all(|line| line.reason.as_deref() == Some("repaid by wire") && line.about == terms.about));
    let audit = Audit::of(&journey, &[(batch_id, &file)]).await.is_clean(&journey);
    assert_eq!(
        (audit.balance(AccountKind::Receivable, &source.id), audit.balance(AccountKind::Cash, &source.id)),
        (0, 0)
    );
    let (_, found) = reconcile(&journey, 2, false).await;
    assert_eq!(found, []);
}
