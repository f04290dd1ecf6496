//! Which person the subject of a token is.
//!
//! Guarantees: a subject is always the same person, also after the key of ids was replaced, and for persons who were put down under the hash
//! that ids used to be; nobody without the key finds an id from a subject. Limit: a version before claims takes somebody new for another
//! person than this one does.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use super::people;
use crate::domain::autopay::ids::PersonId;
use crate::domain::autopay::person::{Person, SubjectClaim};
use crate::operations::{OperationError, System};
use crate::ports::table::TableError;
use crate::store::keys;
use crate::store::stored::{create, read};

/// The person that a subject is. Somebody new is given an id at their first request.
pub async fn person_of(system: &System, subject: &str) -> Result<PersonId, OperationError> {
    if let Some(known) = claimed(system, subject).await? {
        return Ok(known);
    }
    let person_id = match of_before(system, subject).await? {
        Some(person_id) => person_id,
        None => keyed(system, subject).await?,
    };
    let claim = SubjectClaim { subject_sha256: sha256(subject), person_id, version: 1 };
    match system.table.write(vec![create(&claim)?]).await {
        Ok(()) => Ok(person_id),
        Err(TableError::ConditionFailed { .. }) => Ok(claimed(system, subject).await?.unwrap_or(person_id)),
        Err(other) => Err(other.into()),
    }
}

/// The persons that whoever calls may be, put down or not.
pub(super) async fn persons_of(system: &System, subject: &str) -> Result<BTreeSet<PersonId>, OperationError> {
    Ok(claimed(system, subject).await?.into_iter().chain([PersonId::of_subject(subject)]).collect())
}

/// The id that somebody new is given.
pub async fn keyed(system: &System, subject: &str) -> Result<PersonId, OperationError> {
    let vault = system.vault().await?;
    let fingerprint = vault.fingerprints.fingerprint(&PersonId::parts(subject));
    Ok(fault!(PersonIdIsHash, PersonId::of_subject(subject), PersonId::of_fingerprint(fingerprint.as_str())?))
}

async fn claimed(system: &System, subject: &str) -> Result<Option<PersonId>, OperationError> {
    let claim: Option<SubjectClaim> = read(&*system.table, &keys::subject(&sha256(subject))).await?;
    Ok(claim.map(|claim| claim.person_id))
}

/// Somebody who was put down, or has linked something, before ids were keyed.
async fn of_before(system: &System, subject: &str) -> Result<Option<PersonId>, OperationError> {
    let person_id = PersonId::of_subject(subject);
    let known: Option<Person> = read(&*system.table, &keys::person(person_id)).await?;
    if known.is_some() || !people::items(system, person_id).await?.is_empty() {
        return Ok(Some(person_id));
    }
    Ok(None)
}

fn sha256(subject: &str) -> String {
    hex::encode(Sha256::digest(subject.as_bytes()))
}
