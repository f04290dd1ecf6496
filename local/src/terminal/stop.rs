//! Ctrl-C, and SIGTERM where there is such a thing: every command ends within a second of it, whatever it is doing, and says what was kept.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::json;
use shared::adapters::system::SystemClock;
use shared::ports::clock::Clock as _;
use tokio::sync::Notify;

use super::say;
use super::text::wrapped;
use crate::error::LocalError;

/// As shells report a process that SIGINT or SIGTERM ended.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// How long a command may take to put away what it has; then the process ends all the same.
const GRACE: Duration = Duration::from_millis(700);

/// What is said and left behind when a command is stopped.
#[derive(Clone, Debug, Default)]
pub struct Parting {
    /// What was kept, and how to go on.
    pub kept: String,
    /// Whether standard output is to bear an object on every outcome.
    pub as_json: bool,
    /// Being stopped is how the command ends: it is done then.
    pub is_its_end: bool,
    /// A file that is half written, which nobody wants.
    pub unfinished: Option<PathBuf>,
}

/// Whether somebody has asked the command to end.
#[derive(Debug, Default)]
pub struct Stop {
    asked: Notify,
    status: AtomicU8,
}

impl Stop {
    /// Begins to listen. A thread of its own does, so that a command that computes is ended as well.
    pub fn listen(parting: Parting) -> Result<Arc<Self>, LocalError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LocalError::start)?;
        let stop = Arc::new(Self::default());
        let heard = stop.clone();
        let wait = move || {
            runtime.block_on(async {
                let signaled = signaled().await;
                let status = if parting.is_its_end { 0 } else { signaled };
                parting.tell();
                heard.status.store(status, Ordering::SeqCst);
                heard.asked.notify_one();
                SystemClock.pause(GRACE).await;
                std::process::exit(i32::from(status));
            });
        };
        std::thread::Builder::new().name("stop".to_owned()).spawn(wait).map_err(LocalError::start)?;
        Ok(stop)
    }

    /// Returns the exit status once the command is to end. That was said by then, and the process ends soon after in any case.
    pub async fn asked(&self) -> u8 {
        self.asked.notified().await;
        self.status.load(Ordering::SeqCst)
    }
}

impl Parting {
    fn tell(&self) {
        if let Some(path) = &self.unfinished {
            // Where nothing was written there is nothing to remove.
            let _ = std::fs::remove_file(path);
        }
        say(&format!("\n{}", wrapped("Stopped. ", &self.kept, "")));
        if self.as_json {
            // Whoever stopped it may have stopped reading as well.
            let _ = writeln!(std::io::stdout(), "{}", json!({ "outcome": "stopped", "message": self.kept }));
        }
    }
}

/// Returns the exit status that the signal stands for, once one came.
async fn signaled() -> u8 {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = tokio::signal::ctrl_c() => INTERRUPTED,
                _ = terminated.recv() => TERMINATED,
            };
        }
    }
    // Where the system tells of no signal nobody can ask this way.
    let _ = tokio::signal::ctrl_c().await;
    INTERRUPTED
}
