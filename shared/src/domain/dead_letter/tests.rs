use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

const REASON: &str = "the address is corrected";

fn now() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

fn later() -> Timestamp {
    now() + SignedDuration::from_hours(1)
}

fn task() -> Task {
    Task::MatchBankEvent { event_id: "evnt_1".to_owned() }
}

fn given_up<'a>(message_id: &'a str, body: &'a str) -> GivenUp<'a> {
    GivenUp { queue: QueueName::Other, message_id, body, sender: None }
}

fn letter() -> DeadLetter {
    DeadLetter::new(&given_up("m-1", &task().to_body()), None, now())
}

fn given_up_again(letter: &mut DeadLetter, message_id: &str) -> Idempotent {
    letter.given_up_again(&given_up(message_id, &task().to_body()), None, later())
}

#[test]
fn a_letter_is_sending_until_the_queue_has_it_and_sent_once() {
    let mut letter = letter();
    assert_eq!(letter.to_send(), None);
    assert_eq!(letter.send_again("olga", REASON, now()), Ok(Idempotent::Executed));
    assert_eq!(letter.to_send(), Some(&task()));
    assert_eq!(letter.send_again("oscar", "again", later()), Ok(Idempotent::AlreadyApplied));
    assert_eq!(letter.to_send(), Some(&task()), "a run that stopped in between is ended by the next");
    letter.sent();
    assert_eq!((letter.state, letter.to_send()), (DeadLetterState::SentAgain, None));
    assert_eq!(letter.send_again("olga", REASON, later()), Ok(Idempotent::AlreadyApplied));
    let decision = letter.decision.unwrap();
    assert_eq!((decision.by.as_str(), decision.at), ("olga", now()));
}

#[test]
fn what_was_decided_is_not_decided_otherwise() {
    let mut sent = letter();
    assert_eq!(sent.send_again("olga", REASON, now()), Ok(Idempotent::Executed));
    sent.sent();
    assert_eq!(sent.discard("olga", REASON, now()), Err(DeadLetterRefusal::Decided(DeadLetterState::SentAgain)));

    let mut discarded = letter();
    assert_eq!(discarded.discard("olga", REASON, now()), Ok(Idempotent::Executed));
    assert_eq!(discarded.discard("olga", REASON, now()), Ok(Idempotent::AlreadyApplied));
    assert_eq!(
        discarded.send_again("olga", REASON, now()),
        Err(DeadLetterRefusal::Decided(DeadLetterState::Discarded))
    );
}

#[test]
fn what_is_given_up_once_more_is_open_again_and_counts_from_one() {
    let decided: [fn(&mut DeadLetter); 2] = [
        |letter| {
            assert_eq!(letter.send_again("olga", REASON, now()), Ok(Idempotent::Executed));
            letter.sent();
        },
        |letter| assert_eq!(letter.discard("olga", REASON, now()), Ok(Idempotent::Executed)),
    ];
    for decide in decided {
        let mut letter = letter();
        assert_eq!(given_up_again(&mut letter, "m-2"), Idempotent::Executed);
        decide(&mut letter);
        assert_eq!(given_up_again(&mut letter, "m-2"), Idempotent::AlreadyApplied, "a late copy of an old message");
        assert!(!letter.state.is_open());
        assert_eq!(given_up_again(&mut letter, "m-3"), Idempotent::Executed);
        assert_eq!((letter.state, letter.times, letter.since), (DeadLetterState::Open, 1, later()));
    }
}

/// Sent, but the run stopped before it could say so; the task fails again meanwhile.
#[test]
fn a_letter_that_is_given_up_again_while_it_is_sending_is_open() {
    let mut letter = letter();
    assert_eq!(letter.send_again("olga", REASON, now()), Ok(Idempotent::Executed));
    assert_eq!(given_up_again(&mut letter, "m-2"), Idempotent::Executed);
    assert_eq!((letter.state, letter.times, letter.to_send()), (DeadLetterState::Open, 2, None));
    letter.sent();
    assert_eq!(letter.state, DeadLetterState::Open);
}

#[test]
fn what_is_no_task_is_described_and_only_discarded() {
    let other_version = task().to_body().replace(r#""version":1"#, r#""version":7"#);
    for (body, is_version) in [("account 123456789", false), (other_version.as_str(), true)] {
        let mut letter = DeadLetter::new(&given_up("m-1", body), None, now());
        assert_eq!(matches!(letter.contents, Contents::OtherVersion { task_version: 7, .. }), is_version, "{body}");
        assert_eq!(letter.send_again("olga", REASON, now()), Err(DeadLetterRefusal::NotATask));
        assert_eq!(letter.discard("olga", REASON, now()), Ok(Idempotent::Executed));
    }
}

#[test]
fn an_id_reads_as_it_is_written() {
    let id = DeadLetterId::of_body("x");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_ne!(id, DeadLetterId::of_body("y"));
    assert!("dl_1".parse::<DeadLetterId>().is_err());
}

#[derive(Clone, Debug)]
enum Step {
    GivenUp(u8),
    SendAgain,
    Sent,
    Discard,
}

proptest! {
    /// Whatever comes in whatever order: an open letter has been given up at least once, a decided one bears its decision, and only what
    /// is being sent is to be sent.
    #[test]
    fn a_letter_is_always_in_order(steps in prop::collection::vec(prop_oneof![
        (0_u8..30).prop_map(Step::GivenUp), Just(Step::SendAgain), Just(Step::Sent), Just(Step::Discard),
    ], 0..60)) {
        let mut letter = letter();
        for step in steps {
            match step {
                Step::GivenUp(number) => { let _ = given_up_again(&mut letter, &format!("m-{number}")); }
                Step::SendAgain => { let _ = letter.send_again("olga", REASON, now()); }
                Step::Sent => letter.sent(),
                Step::Discard => { let _ = letter.discard("olga", REASON, now()); }
            }
            prop_assert!(letter.times >= 1);
            prop_assert!(letter.message_ids.len() <= MESSAGES_KNOWN_MAX);
            prop_assert_eq!(letter.to_send().is_some(), letter.state == DeadLetterState::Sending);
            prop_assert!(letter.state == DeadLetterState::Open || letter.decision.is_some());
        }
    }
}
