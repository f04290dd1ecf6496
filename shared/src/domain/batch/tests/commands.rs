use super::*;

type Outcome = Result<Command, BatchRefusal>;
type Act = fn(&mut Batch) -> Outcome;

/// What a command does in each state, in the order of `STATES`: the state it leads to, `=` for a repeat, `-` for a refusal.
fn line(command: impl Fn(&mut Batch) -> Outcome) -> String {
    let cells = STATES.map(|state| {
        let mut batch = in_state(state);
        match command(&mut batch) {
            Ok(Command::Executed) => batch.state.as_str(),
            Ok(Command::AlreadyApplied) => {
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
    let approve = |batch: &mut Batch| batch.approve(&approval(), &manifest(AccountStanding::Known), start());
    let table: [(&str, String, &str); 10] = [
        ("summarizing", line(Batch::summarizing), "summarizing = summarizing summarizing - - - - - - - -"),
        ("summarized", line(|batch| batch.summarized(head("hash-1"))), "ready ready = ready - - - - - - - -"),
        ("rejected", line(|batch| batch.rejected(3)), "rejected rejected rejected rejected - - - - - - - -"),
        ("approve", line(approve), "- - importing - = = = - - - - -"),
        ("decline", line(Batch::decline), "declined declined declined declined - - - - - = - -"),
        ("expire", line(Batch::expire), "expired expired expired expired - - - - - - = -"),
        ("imported", line(|batch| batch.imported(start())), "- - - - paying = = = = - - -"),
        ("import failed", line(|batch| batch.import_failed(start())), "- - - - failed - - - - - - ="),
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
    assert_eq!(batch.retry(start()), Ok(Command::Executed));
    assert_eq!((batch.rounds, batch.retry_plan.as_deref(), batch.due_at), (2, None, Some(start())));
    assert_eq!(batch.retry(start()), Ok(Command::AlreadyApplied));
    assert_eq!(batch.rounds, 2);
}

#[test]
fn a_draft_expires_after_a_week() {
    let draft = Batch::draft(id(1), "uploader".to_owned(), None, start());
    assert_eq!(draft.due_at, Some(start() + SignedDuration::from_hours(24 * 7)));
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
        assert_eq!(command(&mut batch), Ok(Command::Executed));
        assert_eq!(batch.due_at, None, "{:?}", batch.state);
    }
}

#[test]
fn a_failed_import_is_due_until_what_it_recorded_is_canceled() {
    let mut batch = Batch { due_at: None, ..in_state(BatchState::Importing) };
    assert_eq!(batch.import_failed(start()), Ok(Command::Executed));
    assert_eq!(batch.due_at, Some(start()));
}

#[test]
fn a_rejected_file_leaves_nothing_to_approve() {
    let mut batch = ready();
    assert_eq!(batch.rejected(3), Ok(Command::Executed));
    assert_eq!((batch.manifest, batch.error_count), (None, 3));
}
