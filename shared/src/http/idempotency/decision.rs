//! What a request with an idempotency key gets, as a pure decision over what is stored under the key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An idempotent request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestRecord {
    pub(super) version: u64,
    pub(super) state: RequestState,
    /// SHA-256 in hex of operation and body.
    pub(super) request_hash: String,
    /// Who runs it, or ran it last.
    pub(super) owner: Uuid,
    /// Until when the run may be under way, by the elapsed clock.
    pub(super) lease_until: Timestamp,
    /// Handed to every run of this request.
    pub(super) creation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<StoredAnswer>,
    /// Seconds since 1970.
    pub(super) expires_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RequestState {
    Running,
    Done,
}

/// The first final answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredAnswer {
    pub(super) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl std::fmt::Debug for StoredAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "StoredAnswer({})", self.status)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nobody has it: run.
    Claim,
    /// The run before died or gave up: run again, as that version's successor.
    TakeOver { creation_id: Uuid, version: u64 },
    /// Answer what was answered.
    Replay(StoredAnswer),
    /// Come back in so many seconds.
    StillRunning { seconds: u32 },
    /// The key stands for another request.
    OtherContent,
}

/// What a request of this hash gets at `now`, by the elapsed clock.
pub(super) fn decide(existing: Option<RequestRecord>, request_hash: &str, now: Timestamp) -> Decision {
    let Some(existing) = existing.filter(|existing| existing.expires_at > now.as_second()) else {
        return Decision::Claim;
    };
    if existing.request_hash != request_hash {
        return Decision::OtherContent;
    }
    match (existing.state, existing.answer) {
        (RequestState::Done, Some(answer)) => Decision::Replay(answer),
        (RequestState::Running, _) if existing.lease_until > now => {
            let left = existing.lease_until.duration_since(now);
            let seconds = left.as_secs().saturating_add(i64::from(left.subsec_nanos() > 0));
            Decision::StillRunning { seconds: u32::try_from(seconds).unwrap_or(u32::MAX) }
        }
        // Done without an answer is never written; running it again is what its repeat would need.
        (RequestState::Running | RequestState::Done, _) => {
            Decision::TakeOver { creation_id: existing.creation_id, version: existing.version }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn answer() -> StoredAnswer {
        StoredAnswer { status: 201, content_type: None, location: None, body: "{}".to_owned() }
    }

    fn record(state: RequestState) -> RequestRecord {
        RequestRecord {
            version: 4,
            state,
            request_hash: "same".to_owned(),
            owner: Uuid::nil(),
            lease_until: at(100),
            creation_id: Uuid::max(),
            answer: (state == RequestState::Done).then(answer),
            expires_at: 1_000,
        }
    }

    #[test]
    fn what_is_stored_and_the_time_decide() {
        let take_over = Decision::TakeOver { creation_id: Uuid::max(), version: 4 };
        let running = Some(record(RequestState::Running));
        let done = Some(record(RequestState::Done));
        let cases = [
            (None, "same", 50, Decision::Claim),
            (running.clone(), "same", 50, Decision::StillRunning { seconds: 50 }),
            (running.clone(), "same", 99, Decision::StillRunning { seconds: 1 }),
            (running.clone(), "same", 100, take_over),
            (running.clone(), "other", 50, Decision::OtherContent),
            (running.clone(), "other", 100, Decision::OtherContent),
            (running, "same", 1_000, Decision::Claim),
            (done.clone(), "same", 50, Decision::Replay(answer())),
            (done.clone(), "same", 999, Decision::Replay(answer())),
            (done.clone(), "other", 50, Decision::OtherContent),
            (done.clone(), "same", 1_000, Decision::Claim),
            (done, "other", 1_000, Decision::Claim),
        ];
        for (existing, hash, second, expected) in cases {
            let described = format!("{:?} {hash} at {second}", existing.as_ref().map(|record| record.state));
            assert_eq!(decide(existing, hash, at(second)), expected, "{described}");
        }
    }
}
