use super::*;

type Outcome = Result<Idempotent, BatchRefusal>;
type Act = fn(&mut Batch) -> Outcome;

/// What a command does in each state, in the order of `STATES`: the state it leads to, `=` for a repeat, `-` for a refusal.
fn line(command: impl Fn(&mut Batch) -> Outcome) -> String {
    let cells = STATES.map(|state| {
        let mut batch = in_state(state);
        match command(&mut batch) {
            Ok(Idempotent::Executed) => batch.state.as_str(),
            Ok(Idempotent::AlreadyApplied) => {
                assert_eq!(batch, in_state(state), "a repeat changes nothing");
                "="
            }
            Err(refusal) => {
                assert!(matches!(refusal, BatchRefusal::WrongState { state: named, .. } if named == state));
                assert_eq!(batch, in_state(state), "a refused command changes nothing");
                "-"
            }
        }
    });
    cells.join(" ")
}

#[test]
fn every_command_leads_where_the_table_says() {
    let manifest = manifest(AccountStanding::Known);
    let approve = |batch: &mut Batch| batch.approve(&approval(), &manifest, &as_shown(&manifest), start());
    let table: [(&str, String, &str); 10] = [
        ("summarizing", line(Batch::summarizing), "summarizing = summarizing summarizing - - - - - - - -"),
        ("summarized", line(|batch| batch.summarized(head("hash-1"), start())), "ready ready = ready - - - - - - - -"),
        ("rejected", line(|batch| batch.rejected(3, start())), "rejected rejected rejected rejected - - - - - - - -"),
        ("approve", line(approve), "- - importing - = = = - - - - -"),
        ("decline", line(Batch::decline), "declined declined declined declined - - - - - = - -"),
        ("expire", line(Batch::expire), "expired expired expired expired - - - - - - = -"),
        ("imported", line(|batch| batch.imported(start())), "- - - - paying = = = = - - -"),
        ("import failed", line(|batch| batch.import_failed(failure(), start())), "- - - - failed - - - - - - ="),
        ("cancel", line(|batch| batch.cancel(start())), "- - - - canceling canceling - = = - - -"),
        ("complete", line(|batch| batch.complete(start())), "- - - - - completed = canceled = - - -"),
    ];
    for (command, found, expected) in table {
        assert_eq!(found, expected, "{command}");
    }
}

#[test]
fn a_retry_opens_the_next_round_of_a_completed_batch_once() {
    assert_eq!(line(|batch| batch.retry(start())), "- - - - - - paying - - - - -");

    let mut batch = Batch { rounds: 1, retry_plan: Some("plan-0".to_owned()), ..in_state(BatchState::Completed) };
    assert_eq!(batch.retry(start()), Ok(Idempotent::Executed));
    assert_eq!((batch.rounds, batch.retry_plan.as_deref(), batch.due_at), (2, None, Some(start())));
    assert_eq!(batch.retry(start()), Ok(Idempotent::AlreadyApplied));
    assert_eq!(batch.rounds, 2);
}

#[test]
fn a_draft_expires_after_a_week() {
    let a_week = SignedDuration::from_hours(24 * 7);
    let draft = Batch::draft(id(1), "uploader".to_owned(), None, start());
    assert_eq!(draft.due_at, Some(start() + a_week));

    // From its summary on another week, also where a worker was to look after the reading meanwhile.
    let later = start() + SignedDuration::from_hours(24 * 6);
    let reads: [fn(&mut Batch, Timestamp) -> Outcome; 2] =
        [|batch, now| batch.summarized(head("hash-1"), now), |batch, now| batch.rejected(3, now)];
    for read in reads {
        let mut batch = Batch { due_at: Some(later + SignedDuration::from_mins(20)), ..draft.clone() };
        assert_eq!(batch.summarizing(), Ok(Idempotent::Executed));
        assert_eq!(read(&mut batch, later), Ok(Idempotent::Executed));
        assert_eq!(batch.due_at, Some(later + a_week));
    }
}

#[test]
fn an_ended_batch_is_never_due_again() {
    let ended: [(BatchState, Act); 3] = [
        (BatchState::Ready, Batch::decline),
        (BatchState::Ready, Batch::expire),
        (BatchState::Paying, |batch| batch.complete(start())),
    ];
    for (state, command) in ended {
        let mut batch = Batch { due_at: Some(start()), ..in_state(state) };
        assert_eq!(command(&mut batch), Ok(Idempotent::Executed));
        assert_eq!(batch.due_at, None, "{:?}", batch.state);
    }
}

#[test]
fn a_failed_import_is_due_until_what_it_recorded_is_canceled() {
    let mut batch = Batch { due_at: None, ..in_state(BatchState::Importing) };
    assert_eq!(batch.import_failed(failure(), start()), Ok(Idempotent::Executed));
    assert_eq!((batch.due_at, batch.failure), (Some(start()), Some(failure())));
}

#[test]
fn a_rejected_file_leaves_nothing_to_approve() {
    let mut batch = ready();
    assert_eq!(batch.rejected(3, start()), Ok(Idempotent::Executed));
    assert_eq!((batch.manifest, batch.error_count), (None, 3));
}

#[test]
fn a_pay_period_is_a_day_near_the_upload() {
    let today = jiff::civil::date(2026, 3, 2);
    for (day, taken) in [
        (None, true),
        (Some("2026-03-02"), true),
        (Some("2027-04-06"), true),
        (Some("2027-04-07"), false),
        (Some("2025-01-26"), true),
        (Some("2025-01-25"), false),
        (Some("9999-12-31"), false),
        (Some("-009999-01-01"), false),
    ] {
        let day: Option<jiff::civil::Date> = day.map(|text| text.parse().unwrap());
        let found = Batch { pay_period: None, ..ready() }.pay_for(day, today);
        match found {
            Ok(batch) => assert!(taken && batch.pay_period == day, "{day:?}"),
            Err(refusal) => assert!(!taken && refusal == BatchRefusal::PayPeriodFarAway, "{day:?}"),
        }
    }
}
