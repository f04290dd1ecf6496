//! What people may say about what they decide.

use bytes::Bytes;
use serde::Deserialize;
use shared::domain::batch::DecidedBy;
use shared::domain::caller::Caller;
use shared::http::body::parse_json;
use shared::http::problem::Problem;
use shared::http::reason::stated;
use utoipa::ToSchema;

/// Why somebody does it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasonBody {
    /// 1 to 500 characters, and nothing personal: it is in the audit, and shown to whoever reads what was decided.
    #[serde(default)]
    reason: Option<String>,
}

impl ReasonBody {
    /// A body may be left out.
    pub(crate) fn read(body: &Bytes) -> Result<Self, Problem> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        Ok(parse_json::<Option<Self>>(body)?.unwrap_or_default())
    }

    pub(crate) fn by<'a>(&'a self, caller: &'a Caller) -> Result<DecidedBy<'a>, Problem> {
        let stated = |reason: &'a String| stated(reason, "reason_invalid", "why you do this");
        let reason = self.reason.as_ref().map(stated).transpose()?;
        Ok(DecidedBy { by: &caller.subject, reason })
    }
}
