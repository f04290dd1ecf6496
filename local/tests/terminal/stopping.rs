//! Ctrl-C ends every command soon, and says what was kept.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

use crate::ran::Place;

/// A second, and what a busy machine takes besides.
const SOON: Duration = Duration::from_secs(4);

struct Stopped {
    status: i32,
    stderr: String,
    stdout: String,
}

/// Starts the command, waits for a line that begins so, and interrupts it.
async fn stopped(place: &Place, line: &str, once: &str) -> Stopped {
    let mut command = Command::from(place.command(line.split_whitespace()));
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut process = command.spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().unwrap().starts_with(once) {}
    let pid = process.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    let ended = timeout(SOON, process.wait()).await.unwrap_or_else(|_| panic!("{line} goes on")).unwrap();
    let mut stderr = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        stderr.push_str(&line);
        stderr.push('\n');
    }
    let mut stdout = String::new();
    process.stdout.take().unwrap().read_to_string(&mut stdout).await.unwrap();
    Stopped { status: ended.code().unwrap(), stderr, stdout }
}

#[tokio::test]
async fn a_payroll_says_what_is_kept_and_goes_on_later() {
    let place = Place::new();
    let line = "payroll --rows 300 --data data --json";
    let first = stopped(&place, line, "import").await;
    assert_eq!(first.status, 130, "{}", first.stderr);
    assert!(first.stderr.contains("What was done is kept in data"), "{}", first.stderr);
    assert!(first.stderr.lines().all(|line| line.chars().count() <= 80), "{}", first.stderr);
    assert!(first.stdout.contains(r#""outcome":"stopped""#), "{}", first.stdout);
    let ran = place.run(line).ended_with(0);
    ran.told(&["Going on with batch bat_"]);
    assert_eq!(ran.object()["began"], "resumed");
}

#[tokio::test]
async fn serving_ends_as_it_is_meant_to() {
    let place = Place::new();
    let serving = stopped(&place, "--store memory --port 0", "curl -s \"$API/health\"").await;
    assert_eq!(serving.status, 0, "{}", serving.stderr);
    assert!(serving.stderr.contains("Nothing was kept"), "{}", serving.stderr);
}

#[tokio::test]
async fn a_command_that_computes_ends_as_well() {
    let place = Place::new();
    let simulating = stopped(&place, "simulate --seeds 20", "playing 20 seeds").await;
    assert_eq!(simulating.status, 130, "{}", simulating.stderr);
    assert!(simulating.stderr.contains("Stopped."), "{}", simulating.stderr);
}
