//! What happened in a run, in order: told line by line to whoever wants to read it, and boiled down to one number, so that two runs can
//! be compared.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::ports::clock::Clock;

/// FNV-1a over 64 bits: the same on every machine and in every version.
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

#[derive(Debug)]
pub(crate) struct Trace {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Kept only for whoever wants to read them.
    lines: Option<Vec<String>>,
    hash: u64,
    /// The process whose turn it is; 0 is none.
    process: u32,
    line: String,
}

impl Trace {
    pub(crate) fn new(clock: Arc<dyn Clock>, keeps_lines: bool) -> Self {
        let lines = keeps_lines.then(Vec::new);
        Self { clock, state: Mutex::new(State { lines, hash: OFFSET, process: 0, line: String::new() }) }
    }

    /// Whose turn it is from now on.
    pub(crate) fn turn_of(&self, process: u32) {
        self.locked().process = process;
    }

    pub(crate) fn tell(&self, what: std::fmt::Arguments<'_>) {
        let now = self.clock.business_now();
        let mut state = self.locked();
        let State { lines, hash, process, line } = &mut *state;
        line.clear();
        // Writing to a text cannot fail.
        let _ = match process {
            0 => write!(line, "{now}       {what}"),
            process => write!(line, "{now} #{process:<4} {what}"),
        };
        for byte in line.bytes().chain([b'\n']) {
            *hash = (*hash ^ u64::from(byte)).wrapping_mul(PRIME);
        }
        if let Some(lines) = lines {
            lines.push(line.clone());
        }
    }

    /// The same for two runs only where every line was the same.
    pub(crate) fn hash(&self) -> u64 {
        self.locked().hash
    }

    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.locked().lines.take().unwrap_or_default()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
