use std::time::Duration;

use jiff::Timestamp;
use shared::domain::autopay::ids::PersonId;
use shared::domain::autopay::person::Person;
use shared::domain::batch::Batch;
use shared::domain::ids::BatchId;
use shared::domain::task::{QueueName, Task};
use shared::operations::release::ReleaseCache;
use shared::operations::run;
use shared::store::stored::create;
use uuid::Uuid;
use world::World;

use super::*;

const WEEK: Duration = Duration::from_hours(24 * 7);

fn start() -> Timestamp {
    "2026-03-02T18:00:00Z".parse().unwrap()
}

/// Drafts that nobody approves: each is due after a week.
async fn drafts(world: &World, count: u128) -> Vec<Task> {
    let mut sweeps = Vec::new();
    for number in 1..=count {
        let batch = Batch::draft(BatchId::new(Uuid::from_u128(number)), "user-1".to_owned(), None, start());
        world.system.table.write(vec![create(&batch).unwrap()]).await.unwrap();
        sweeps.push(Task::Sweep { batch_id: batch.id });
    }
    sweeps
}

#[tokio::test]
async fn nothing_is_queued_before_it_is_due() {
    let world = World::at(start());
    drafts(&world, 3).await;
    world.clock.advance(WEEK - Duration::from_secs(1));

    assert_eq!(handle(&world.system).await.unwrap(), 0);
    assert_eq!(world.take_tasks(QueueName::Other).unwrap(), []);
}

#[tokio::test]
async fn each_due_item_becomes_one_task() {
    let world = World::at(start());
    let sweeps = drafts(&world, 3).await;
    world.clock.advance(WEEK);

    assert_eq!(handle(&world.system).await.unwrap(), 3);
    let mut queued = world.take_tasks(QueueName::Other).unwrap();
    queued.sort_by_key(Task::to_body);
    assert_eq!(queued, sweeps);
}

/// A payer of a time before there were rounds: the books are closed and compared, and the bank's events looked for, from now on.
#[tokio::test]
async fn where_payers_were_there_before_the_rounds_these_begin() {
    let world = World::at(start());
    handle(&world.system).await.unwrap();
    assert_eq!(world.take_tasks(QueueName::Other).unwrap(), [], "there is nobody whose books could be closed");

    let person = Person::new(PersonId::of_subject("ann"), "Ann Example".to_owned(), start());
    world.system.table.write(vec![create(&person).unwrap()]).await.unwrap();
    handle(&world.system).await.unwrap();
    let asked = world.take_tasks(QueueName::Other).unwrap();
    assert_eq!(asked, [Task::BeginReconciliation]);
    run::run(&world.system, &ReleaseCache::default(), &asked[0], world.deadline_in(60)).await.unwrap();
    handle(&world.system).await.unwrap();
    assert_eq!(world.take_tasks(QueueName::Other).unwrap(), [], "they are there now");

    world.clock.advance(Duration::from_hours(48));
    handle(&world.system).await.unwrap();
    let mut due = world.take_tasks(QueueName::Other).unwrap();
    due.sort_by_key(Task::to_body);
    assert_eq!(due, [Task::BeginReconciliation, Task::CloseBooks, Task::PollEvents]);
}

#[tokio::test]
async fn a_lost_task_is_made_again_until_its_item_has_moved() {
    let world = World::at(start());
    let sweeps = drafts(&world, 1).await;
    world.clock.advance(WEEK);
    handle(&world.system).await.unwrap();
    world.take_tasks(QueueName::Other).unwrap();

    assert_eq!(handle(&world.system).await.unwrap(), 1);
    run::run(&world.system, &ReleaseCache::default(), &sweeps[0], world.deadline_in(60)).await.unwrap();
    assert_eq!(handle(&world.system).await.unwrap(), 0);
}
