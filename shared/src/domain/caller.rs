//! Who is calling and what they may do, as a bearer token's claims say.
//!
//! Guarantees: a token is judged against the expected issuer, audience and the given time alone; unknown roles and groups are
//! ignored, so that an issuer may hand out more than Clearway knows; a scope, which the client chooses, gives none. Signatures are checked before, by the token verifier.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Deserialize;

/// What a caller may do. The text forms stand in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// `payroll:upload`: upload, summarize and decline files.
    PayrollUpload,
    /// `payroll:approve`: approve, cancel and retry batches.
    PayrollApprove,
    /// `reports:read`: batches, reports, histories and the ledger.
    ReportsRead,
    /// `operate`: billers, sources, attention, refunds, dead letters, the audit.
    Operate,
    /// `person`: own items, cards, autopay and payments.
    Person,
}

impl Role {
    pub const ALL: [Role; 5] =
        [Role::PayrollUpload, Role::PayrollApprove, Role::ReportsRead, Role::Operate, Role::Person];

    pub const fn as_str(self) -> &'static str {
        match self {
            Role::PayrollUpload => "payroll:upload",
            Role::PayrollApprove => "payroll:approve",
            Role::ReportsRead => "reports:read",
            Role::Operate => "operate",
            Role::Person => "person",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that names no role of Clearway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a role of Clearway")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The issuer's stable name for this person or machine (claim `sub`).
    pub subject: String,
    pub roles: BTreeSet<Role>,
}

/// The caller is known but has none of the roles that allow this. Final until somebody grants one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the role {}: ask an administrator for it, then sign in again", .0.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or "))]
pub struct MissingRole(pub &'static [Role]);

impl Caller {
    pub fn new(subject: impl Into<String>, roles: impl IntoIterator<Item = Role>) -> Self {
        Self { subject: subject.into(), roles: roles.into_iter().collect() }
    }

    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Any one of the roles will do.
    pub fn require(&self, roles: &'static [Role]) -> Result<(), MissingRole> {
        if roles.iter().any(|role| self.has(*role)) { Ok(()) } else { Err(MissingRole(roles)) }
    }
}

/// The claims of a token that Clearway reads (RFC 7519 section 4.1). Times are whole seconds since 1970.
#[derive(Clone, Deserialize)]
pub struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: i64,
    nbf: Option<i64>,
    #[serde(default)]
    roles: Vec<String>,
    /// Groups of an Amazon Cognito user pool.
    #[serde(default, rename = "cognito:groups")]
    cognito_groups: Vec<String>,
}

impl std::fmt::Debug for Claims {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Claims({})", self.sub)
    }
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn contains(&self, wanted: &str) -> bool {
        match self {
            OneOrMany::One(text) => text == wanted,
            OneOrMany::Many(texts) => texts.iter().any(|text| text == wanted),
        }
    }
}

/// Whose tokens are accepted, and for whom they must be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedToken {
    /// The issuer's URL, exactly as it stands in the claim `iss`.
    pub issuer: String,
    /// This deployment's name at the issuer (claim `aud`).
    pub audience: String,
}

/// Why claims are refused. Every one is final for this token: sign in again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    #[error("the token comes from another issuer")]
    WrongIssuer,
    #[error("the token is meant for another audience")]
    WrongAudience,
    #[error("the token has expired: sign in again")]
    Expired,
    #[error("the token is not valid yet: check the issuer's clock")]
    NotYetValid,
    #[error("the token names no subject")]
    NoSubject,
}

/// How far the issuer's clock may be off, either way.
const LEEWAY_SECONDS: i64 = 30;

/// The caller whom these claims name, at `now_seconds` since 1970. The signature must have been verified before.
pub fn caller_of(claims: &Claims, expected: &ExpectedToken, now_seconds: i64) -> Result<Caller, ClaimFault> {
    if claims.iss != expected.issuer {
        return Err(ClaimFault::WrongIssuer);
    }
    if !claims.aud.contains(&expected.audience) {
        return Err(ClaimFault::WrongAudience);
    }
    if claims.exp.saturating_add(LEEWAY_SECONDS) <= now_seconds {
        return Err(ClaimFault::Expired);
    }
    if claims.nbf.is_some_and(|not_before| not_before.saturating_sub(LEEWAY_SECONDS) > now_seconds) {
        return Err(ClaimFault::NotYetValid);
    }
    if claims.sub.is_empty() {
        return Err(ClaimFault::NoSubject);
    }
    // Not from `scope`: that is what the client asked for (RFC 6749 section 3.3), not what the person may.
    let named = claims.roles.iter().chain(&claims.cognito_groups);
    Ok(Caller::new(&claims.sub, named.filter_map(|text| text.parse().ok())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn judged(change: impl FnOnce(&mut Value)) -> Result<Caller, ClaimFault> {
        let mut claims = json!({
            "iss": "https://issuer.example", "sub": "ann", "aud": "clearway", "exp": NOW + 300, "roles": ["reports:read"],
        });
        change(&mut claims);
        let expected = ExpectedToken { issuer: "https://issuer.example".into(), audience: "clearway".into() };
        caller_of(&serde_json::from_value(claims).unwrap(), &expected, NOW)
    }

    #[test]
    fn a_good_token_names_its_caller() {
        assert_eq!(judged(|_| {}), Ok(Caller::new("ann", [Role::ReportsRead])));
    }

    #[test]
    fn every_fault_has_its_name() {
        let cases = [
            ("iss", json!("https://issuer.example/"), ClaimFault::WrongIssuer),
            ("aud", json!("other"), ClaimFault::WrongAudience),
            ("aud", json!(["other"]), ClaimFault::WrongAudience),
            ("exp", json!(NOW - 30), ClaimFault::Expired),
            ("nbf", json!(NOW + 31), ClaimFault::NotYetValid),
            ("sub", json!(""), ClaimFault::NoSubject),
        ];
        for (claim, value, fault) in cases {
            assert_eq!(judged(|claims| claims[claim] = value.clone()), Err(fault), "{claim} {value}");
        }
    }

    #[test]
    fn clocks_may_be_half_a_minute_apart() {
        assert!(judged(|claims| claims["exp"] = json!(NOW - 29)).is_ok());
        assert!(judged(|claims| claims["nbf"] = json!(NOW + 30)).is_ok());
    }

    #[test]
    fn a_scope_that_a_client_may_choose_gives_no_role() {
        let caller = judged(|claims| claims["scope"] = json!("operate payroll:approve"));
        assert_eq!(caller, Ok(Caller::new("ann", [Role::ReportsRead])));
    }

    #[test]
    fn roles_come_from_either_claim_and_strange_ones_are_ignored() {
        let caller = judged(|claims| {
            claims["aud"] = json!(["other", "clearway"]);
            claims["roles"] = json!(["payroll:approve", "janitor"]);
            claims["cognito:groups"] = json!(["staff", "payroll:upload"]);
        });
        assert_eq!(caller, Ok(Caller::new("ann", [Role::PayrollUpload, Role::PayrollApprove])));
    }

    #[test]
    fn a_role_reads_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("operator".parse::<Role>(), Err(UnknownRole));
    }

    #[test]
    fn a_caller_without_the_role_is_told_which() {
        let caller = Caller::new("ann", [Role::Person]);
        assert_eq!(caller.require(&[Role::Person]), Ok(()));
        assert_eq!(caller.require(&[Role::Operate]), Err(MissingRole(&[Role::Operate])));
    }
}
