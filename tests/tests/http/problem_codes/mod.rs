//! Words for every code of a problem: when it is told and what to do then. docs/errors.md and the description of the API are written from here.
//!
//! A code that is new in the code gets an entry in the file it belongs to; the tests of [`page`] and [`sources`] say which is missing.

mod batches;
mod cards;
mod operators;
mod page;
mod requests;
mod sources;

/// A code of a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    /// What is the matter.
    pub(crate) when: &'static str,
    /// What the caller does next.
    pub(crate) to_do: &'static str,
    /// The further members that the problem may have, of [`MEMBERS`].
    pub(crate) members: &'static [&'static str],
}

impl Code {
    const fn new(code: &'static str, status: u16, when: &'static str, to_do: &'static str) -> Self {
        Self { code, status, when, to_do, members: &[] }
    }

    const fn with(self, members: &'static [&'static str]) -> Self {
        Self { members, ..self }
    }
}

/// Every code, in the order of the page.
pub(crate) const CODES: [&[Code]; 4] = [requests::CODES, batches::CODES, cards::CODES, operators::CODES];

/// A member that only some codes have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    /// As JSON Schema.
    pub(crate) schema: &'static str,
    /// A sentence.
    pub(crate) holds: &'static str,
}

const fn text(name: &'static str, holds: &'static str) -> Member {
    Member { name, schema: r#"{"type": "string"}"#, holds }
}

pub(crate) const MEMBERS: [Member; 15] = [
    Member {
        name: "accounts",
        schema: r#"{"type": "array", "items": {
            "type": "object",
            "required": ["source_id", "fingerprint", "replaces"],
            "properties": {
                "source_id": {"type": "string", "description": "The source whose account it is."},
                "fingerprint": {"type": "string", "description": "What `accept_accounts` of the approval names."},
                "replaces": {"type": ["string", "null"], "description": "The fingerprint of the account that the source had."}
            }}}"#,
        holds: "New or changed accounts that the approval has to name.",
    },
    text("endpoint_id", "The endpoint that there is."),
    text("approved_by", "Who approved the batch."),
    text("control_total", "What the file should amount to, as it was announced."),
    Member {
        name: "corrections",
        schema: r#"{"type": "array", "items": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string", "description": "What `accept_accounts` of the approval names."}}}}"#,
        holds: "What banks have corrected about accounts of the file, which the approval has to name.",
    },
    text("earlier_batch_id", "The batch that was approved before."),
    text("funding_state", "Where the debit that was to pay for it stands."),
    text("holder_source_id", "The source whose account it is."),
    text("manifest_hash", "The hash that was approved."),
    Member {
        name: "overlaps",
        schema: r#"{"type": "array", "items": {
            "type": "object",
            "required": ["batch_id", "rows", "rounds"],
            "properties": {
                "batch_id": {"type": "string", "description": "What `accept_overlaps` of the approval, or `overlaps` of the retry, names."},
                "rows": {"type": "integer", "description": "How many rows both hold."},
                "rounds": {"type": "integer", "description": "How often it was decided to pay the other batch."},
                "pay_period": {"type": ["string", "null"], "description": "The day that stands for its pay period."},
                "approved_at": {"type": ["string", "null"], "description": "When it was approved."}
            }}}"#,
        holds: "Batches that hold some of the same rows, which have to be named.",
    },
    Member {
        name: "roles",
        schema: r#"{"type": "array", "items": {"type": "string"}}"#,
        holds: "The roles of which one is wanted.",
    },
    text("source_id", "The source that it is about."),
    text("state", "Where the thing stands."),
    Member {
        name: "text_version",
        schema: r#"{"type": "integer"}"#,
        holds: "The version of the text that stands now.",
    },
    text("total", "What the file amounts to."),
];
