use serde::Deserialize;
use serde_json::json;

use super::{PlaidClient, PlaidError};
use crate::domain::deadline::Deadline;

/// What Plaid knows of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstitutionLookup {
    Found(InstitutionFacts),
    /// Plaid has no such institution.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct InstitutionFacts {
    pub name: String,
    /// May be empty and need not be complete.
    #[serde(default)]
    pub routing_numbers: Vec<String>,
}

#[derive(Deserialize)]
struct InstitutionAnswer {
    institution: InstitutionFacts,
}

impl PlaidClient {
    /// An institution's name and routing numbers. One client may ask 400 times a minute.
    pub async fn institution(&self, institution_id: &str, deadline: Deadline) -> Result<InstitutionLookup, PlaidError> {
        let body = json!({"institution_id": institution_id, "country_codes": ["US"]});
        let answer: Result<InstitutionAnswer, PlaidError> = self.post("/institutions/get_by_id", &body, deadline).await;
        match answer {
            Ok(answer) => Ok(InstitutionLookup::Found(answer.institution)),
            Err(PlaidError::Refused { error_code, .. }) if error_code == "INVALID_INSTITUTION" => {
                Ok(InstitutionLookup::Unknown)
            }
            Err(error) => Err(error),
        }
    }
}
