//! What a person at a terminal reads: lines of at most 80 columns, and an end without a word where nobody reads on.

pub mod stop;
pub mod table;
pub mod text;

use std::io::{self, Write as _};

use tokio::sync::Notify;

use crate::error::LocalError;

/// The narrowest terminal that everything is readable in.
pub const COLUMNS: usize = 80;

/// Standard error was closed by whoever read it.
static UNREAD: Notify = Notify::const_new();

/// Writes a line to standard error.
pub fn say(text: &str) {
    if let Err(cause) = writeln!(io::stderr().lock(), "{text}")
        && cause.kind() == io::ErrorKind::BrokenPipe
    {
        UNREAD.notify_one();
    }
}

/// Returns once nobody reads standard error any more.
pub async fn unread() {
    UNREAD.notified().await;
}

/// Writes a line to standard output. Fails with [`LocalError::Unread`] where nobody reads on.
pub fn print_line(text: &str) -> Result<(), LocalError> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}").and_then(|()| output.flush()).map_err(|cause| {
        let is_closed = cause.kind() == io::ErrorKind::BrokenPipe;
        if is_closed { LocalError::Unread } else { LocalError::File { path: "standard output".to_owned(), cause } }
    })
}
