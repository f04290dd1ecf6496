//! What stops a command, in words for the person at the terminal.

/// A command failed. Its text says what to do next where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    #[error("the stack could not start: {0}")]
    Start(String),
    #[error("{path}: {cause}")]
    File { path: String, cause: std::io::Error },
    #[error("--map: {0}")]
    Map(String),
    #[error("the file could not be generated: {0}")]
    Generate(#[from] generator::GenerateError),
    #[error("{what} answered {status}: {detail}")]
    Answer { what: &'static str, status: u16, detail: String },
    #[error("the local API cannot be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("there is no sample {0}: `clearway event` lists them")]
    NoSuchEvent(String),
    #[error("no stack answers at {url} ({cause}): start `clearway`, or name another with --url")]
    NoStack { url: String, cause: String },
    #[error("an answer cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error(transparent)]
    Operation(#[from] shared::operations::OperationError),
    #[error("there is no scenario {0}; --list names them")]
    NoSuchScenario(String),
    #[error("scenario {name}: {cause}")]
    Scenario { name: &'static str, cause: scenarios::ScenarioError },
    #[error("the simulated bank: {0}")]
    Bank(String),
    #[error("no approval of the batch would be taken: {0}")]
    NotReady(String),
    #[error("the batch ended {0}, which is not completed")]
    NotCompleted(String),
    #[error("nothing is due any more, but the batch is {0}: look at its attention and the log")]
    Stuck(String),
}

impl LocalError {
    pub fn start(cause: impl ToString) -> Self {
        Self::Start(cause.to_string())
    }

    pub fn file(path: &std::path::Path, cause: std::io::Error) -> Self {
        Self::File { path: path.display().to_string(), cause }
    }
}
