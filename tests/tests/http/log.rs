//! What is written to the log while a story runs, line by line.

use std::future::Future;
use std::io::{Read as _, Seek as _};
use std::sync::Arc;

use serde_json::Value;
use tracing::Dispatch;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What the story answers, and its lines from this level on.
pub(crate) async fn said<T>(level: LevelFilter, story: impl Future<Output = T>) -> (T, Vec<Value>) {
    let log = Arc::new(tempfile::tempfile().unwrap());
    let subscriber = wiring::subscriber(Targets::new().with_default(level), log.clone());
    // With one subscriber alone a place in the code that another test reaches first counts as off for good.
    let _second = Dispatch::new(wiring::subscriber(Targets::new().with_default(level), std::io::sink));
    let guard = tracing::subscriber::set_default(subscriber);
    let answer = story.await;
    drop(guard);

    let mut text = String::new();
    (&*log).rewind().unwrap();
    (&*log).read_to_string(&mut text).unwrap();
    (answer, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}
