//! Why a scenario could not be played to its end.

use shared::operations::OperationError;
use shared::ports::table::TableError;

#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Our own API refused what a caller of the scenario asked for.
    #[error("{what} answered {status}: {body}")]
    Refused { what: String, status: u16, body: String },
    #[error("a simulated provider refuses a step of the scenario: {0}")]
    Provider(String),
    #[error("nothing will ever happen any more, but it never came to this: {0}")]
    Stuck(String),
    /// It went on, but not as it must.
    #[error("{0}")]
    Wrong(String),
    #[error(transparent)]
    Operation(#[from] OperationError),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("unreadable: {0}")]
    Json(#[from] serde_json::Error),
}

impl ScenarioError {
    pub(crate) fn wrong(what: impl Into<String>) -> Self {
        Self::Wrong(what.into())
    }
}

pub type Played<T> = Result<T, ScenarioError>;
