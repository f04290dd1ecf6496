//! No message makes the reader of tasks panic; a task that it reads is written and read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::domain::task::Task;

fuzz_target!(|body: &str| {
    if let Ok(task) = Task::from_body(body) {
        let _ = task.queue();
        assert_eq!(Task::from_body(&task.to_body()), Ok(task));
    }
});
