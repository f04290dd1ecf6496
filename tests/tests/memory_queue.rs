//! The in-memory queue behaves as SQS does: what is not deleted comes back, and at last becomes a dead letter.
#![expect(clippy::expect_used, reason = "a story that cannot go on fails, and says where")]

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, select};
use futures::pin_mut;
use jiff::Timestamp;
use shared::adapters::memory_queue::{MemoryQueue, QueueCounters, QueueSettings};
use shared::adapters::simulated::ManualClock;
use shared::ports::queue::{Queue, QueueName};

const VISIBILITY: Duration = Duration::from_secs(30);

fn queue() -> (MemoryQueue, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
    let settings = QueueSettings { visibility: VISIBILITY, receives_max: 3 };
    (MemoryQueue::new(clock.clone(), settings), clock)
}

async fn send(queue: &MemoryQueue, name: QueueName, bodies: &[&str]) {
    queue.send(name, bodies.iter().map(|body| (*body).to_owned()).collect()).await.expect("memory takes everything");
}

fn bodies(queue: &MemoryQueue, name: QueueName, max: usize) -> Vec<String> {
    queue.receive(name, max).into_iter().map(|received| received.body).collect()
}

#[tokio::test]
async fn each_queue_has_its_own_messages() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["a"]).await;
    send(&queue, QueueName::Other, &["b"]).await;
    assert_eq!(bodies(&queue, QueueName::Bulk, 10), ["a"]);
    assert_eq!(bodies(&queue, QueueName::Other, 10), ["b"]);
}

#[tokio::test]
async fn a_receive_answers_ten_messages_at_most() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["x"; 25]).await;
    assert_eq!(queue.receive(QueueName::Bulk, 4).len(), 4);
    assert_eq!(queue.receive(QueueName::Bulk, 100).len(), 10);
}

#[tokio::test]
async fn a_deleted_message_never_comes_back() {
    let (queue, clock) = queue();
    send(&queue, QueueName::Bulk, &["a"]).await;
    let received = queue.receive(QueueName::Bulk, 1).remove(0);
    assert!(queue.delete(QueueName::Bulk, &received.receipt));
    clock.advance(VISIBILITY);
    assert!(queue.receive(QueueName::Bulk, 10).is_empty());
}

#[tokio::test]
async fn a_message_comes_back_when_its_visibility_has_run_out() {
    let (queue, clock) = queue();
    send(&queue, QueueName::Bulk, &["a"]).await;
    let first = queue.receive(QueueName::Bulk, 1).remove(0);
    clock.advance(VISIBILITY - Duration::from_secs(1));
    assert!(queue.receive(QueueName::Bulk, 1).is_empty());
    clock.move_business(VISIBILITY);
    assert!(queue.receive(QueueName::Bulk, 1).is_empty(), "business time does not count");
    clock.advance(Duration::from_secs(1));
    let second = queue.receive(QueueName::Bulk, 1).remove(0);
    assert_eq!((first.receive_count, second.receive_count), (1, 2));
    assert_eq!(first.message_id, second.message_id);
    assert!(!queue.delete(QueueName::Bulk, &first.receipt), "the first receipt is worthless now");
    assert!(queue.delete(QueueName::Bulk, &second.receipt));
}

#[tokio::test]
async fn a_message_nobody_finishes_becomes_a_dead_letter() {
    let (queue, clock) = queue();
    send(&queue, QueueName::Other, &["a"]).await;
    for _ in 0..3 {
        assert_eq!(bodies(&queue, QueueName::Other, 1), ["a"]);
        clock.advance(VISIBILITY);
    }
    assert!(queue.receive(QueueName::Other, 1).is_empty());
    let dead = queue.dead_letters(QueueName::Other);
    assert_eq!(dead.iter().map(|letter| (letter.body.as_str(), letter.receive_count)).collect::<Vec<_>>(), [("a", 3)]);

    queue.wait_given_up(QueueName::Other).await;
    queue.delete_dead_letter(QueueName::Other, &dead[0].message_id);
    assert!(queue.dead_letters(QueueName::Other).is_empty());
}

#[tokio::test]
async fn counters_tell_what_happened() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["a", "b", "c"]).await;
    let received = queue.receive(QueueName::Bulk, 2);
    queue.delete(QueueName::Bulk, &received[0].receipt);
    let expected = QueueCounters { sent: 3, received: 2, deleted: 1, waiting: 1, in_flight: 1, dead: 0 };
    assert_eq!(queue.counters(QueueName::Bulk), expected);
    assert_eq!(queue.counters(QueueName::Other), QueueCounters::default());
}

#[tokio::test]
async fn a_waiting_worker_is_woken_by_a_message() {
    let (queue, _) = queue();
    let worker = async {
        queue.wait(QueueName::Bulk).await;
        bodies(&queue, QueueName::Bulk, 1)
    };
    let (received, ()) = join(worker, send(&queue, QueueName::Bulk, &["a"])).await;
    assert_eq!(received, ["a"]);
}

#[tokio::test]
async fn a_waiting_worker_is_woken_by_a_returning_message() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["a"]).await;
    assert_eq!(bodies(&queue, QueueName::Bulk, 1), ["a"]);
    // The pause of a manual clock is over at once, and with it the visibility.
    queue.wait(QueueName::Bulk).await;
    assert_eq!(bodies(&queue, QueueName::Bulk, 1), ["a"]);
}

#[tokio::test]
async fn an_idle_queue_has_nothing_waiting_and_nothing_in_flight() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["a"]).await;
    let received = queue.receive(QueueName::Bulk, 1).remove(0);
    let idle = queue.wait_idle(QueueName::Bulk);
    let work = async { assert!(queue.delete(QueueName::Bulk, &received.receipt)) };
    pin_mut!(idle, work);
    select(work, idle).await;
    queue.wait_idle(QueueName::Bulk).await;
    assert_eq!(queue.counters(QueueName::Bulk).in_flight, 0);
}

#[tokio::test]
async fn what_failed_and_will_come_again_keeps_no_queue_from_being_idle() {
    let (queue, _) = queue();
    send(&queue, QueueName::Bulk, &["a", "b"]).await;
    let received = queue.receive(QueueName::Bulk, 2);
    queue.fail(QueueName::Bulk, &received[0].receipt);
    assert!(!queue.is_idle(QueueName::Bulk), "b is worked on");
    queue.delete(QueueName::Bulk, &received[1].receipt);
    queue.wait_idle(QueueName::Bulk).await;
    assert_eq!(queue.counters(QueueName::Bulk).in_flight, 1);
    // The pause of a manual clock is over at once, and with it the visibility.
    queue.wait(QueueName::Bulk).await;
    assert_eq!(bodies(&queue, QueueName::Bulk, 1), ["a"]);
    assert!(!queue.is_idle(QueueName::Bulk), "it is worked on again");
}
