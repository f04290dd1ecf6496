//! Why an import failed, for whoever has to send the file again.

use serde::{Deserialize, Serialize};

/// The stored file is not the one that was summarized and approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = BatchFailure)]
pub struct Failure {
    pub code: FailureCode,
    /// For people.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BatchFailureCode)]
pub enum FailureCode {
    /// The file is not there any more.
    FileMissing,
    /// Other bytes than those that were summarized.
    FileReplaced,
    /// The same bytes do not read as the rows that were summarized.
    FileUnreadable,
}

impl FailureCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            FailureCode::FileMissing => "file_missing",
            FailureCode::FileReplaced => "file_replaced",
            FailureCode::FileUnreadable => "file_unreadable",
        }
    }
}

impl Failure {
    /// `chunk` is the run of rows that it was found in.
    pub fn new(code: FailureCode, chunk: u32) -> Self {
        let what = match code {
            FailureCode::FileMissing => "The uploaded file is gone.".to_owned(),
            FailureCode::FileReplaced => {
                format!("The uploaded file was replaced after its summary: its part {chunk} holds other bytes.")
            }
            FailureCode::FileUnreadable => {
                format!("The uploaded file no longer reads as it did at its summary, in its part {chunk}.")
            }
        };
        Self { code, text: format!("{what} Nothing of the batch is paid: upload the file as a new batch.") }
    }
}
