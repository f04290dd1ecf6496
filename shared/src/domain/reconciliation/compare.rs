//! One transfer or check of the bank against the payment or funding that made it.

use jiff::Timestamp;

use super::Verdict;
use crate::domain::bank::status::StatusMeaning;
use crate::domain::leg::{BankReport, Expected, Leg, State};

/// A payment or funding, as far as it is compared.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    pub expected: Expected,
    pub leg: &'a Leg,
}

/// What the bank has against what we have under the key that it echoes; `ours` is absent where nothing here has that key. `changed_at` is
/// when the bank last changed it. Read the bank first and us afterwards: then we cannot be behind for want of a moment.
pub fn transfer(ours: Option<Ours<'_>>, theirs: &BankReport, changed_at: Timestamp, cut: Timestamp) -> Verdict {
    let unless_in_flight = |verdict| if changed_at > cut { Verdict::InFlight } else { verdict };
    let Some(Ours { expected, leg }) = ours else { return unless_in_flight(Verdict::MissingHere) };
    if !is_as_asked(expected, leg, theirs) {
        return Verdict::OtherAmount;
    }
    if theirs.attempt > leg.attempt {
        // An attempt that we never made, beside the one that we did.
        return unless_in_flight(Verdict::Duplicate);
    }
    if theirs.attempt < leg.attempt {
        // The attempt changes only after the money has come back.
        return if came_back(theirs.meaning) { Verdict::Matched } else { unless_in_flight(Verdict::Duplicate) };
    }
    match &leg.transfer_id {
        Some(known) if *known != theirs.transfer_id => Verdict::Duplicate,
        Some(_) if agrees(leg, theirs) => Verdict::Matched,
        Some(_) | None => unless_in_flight(Verdict::OtherState),
    }
}

/// Whether the account at the other end of a transfer is the one that it was made for (`pinned`), or what the bank had corrected that to when
/// it was sent. `theirs` is what the bank's counterparty is known by.
pub fn is_pinned_end(pinned: &str, leg: &Leg, theirs: &str) -> bool {
    let sent_to = leg.corrected.as_ref().map_or(pinned, |corrected| corrected.account.as_str());
    fault!(OtherAccountNotCompared, true, theirs == sent_to)
}

/// What the bank told us of, asked for by its id, and not there.
pub fn not_there(leg: &Leg) -> Verdict {
    // Tried again since: the bank's word about the attempt before is in the history.
    if leg.transfer_id.is_some() { Verdict::MissingThere } else { Verdict::Matched }
}

/// An account is compared where the leg knows it: a leg that the bank has never answered has none.
fn is_as_asked(expected: Expected, leg: &Leg, theirs: &BankReport) -> bool {
    let same_account = leg.bank_account_id.as_ref().is_none_or(|known| *known == theirs.bank_account_id);
    let as_asked = same_account
        && theirs.amount == expected.amount
        && theirs.currency.eq_ignore_ascii_case("USD")
        && theirs.is_debit == expected.kind.is_debit()
        && theirs.rail == expected.kind.rail()
        && !theirs.is_incoming;
    as_asked || leg.has_accepted(theirs)
}

/// Statuses that lead to the same state are told apart nowhere but in a dispute, which moves money.
fn agrees(leg: &Leg, theirs: &BankReport) -> bool {
    let is_heard = theirs.rank.is_some_and(|rank| rank <= leg.bank_rank);
    match (theirs.meaning, leg.state) {
        (StatusMeaning::InProgress | StatusMeaning::InReview, State::Processing) => true,
        (StatusMeaning::Settled, State::Completed | State::Available) => true,
        (StatusMeaning::Canceled, State::Failed) => true,
        (StatusMeaning::Returned | StatusMeaning::ReturnedAfterSettlement, State::Returned) => true,
        (StatusMeaning::ReturnDisputed, State::Returned) => is_heard,
        (
            StatusMeaning::InProgress
            | StatusMeaning::InReview
            | StatusMeaning::Settled
            | StatusMeaning::Canceled
            | StatusMeaning::Returned
            | StatusMeaning::ReturnedAfterSettlement
            | StatusMeaning::ReturnDisputed
            | StatusMeaning::Unknown,
            State::Unprocessed
            | State::Submitting
            | State::Processing
            | State::Completed
            | State::Available
            | State::Failed
            | State::Returned
            | State::Canceled,
        ) => false,
    }
}

const fn came_back(meaning: StatusMeaning) -> bool {
    match meaning {
        StatusMeaning::Canceled
        | StatusMeaning::Returned
        | StatusMeaning::ReturnedAfterSettlement
        | StatusMeaning::ReturnDisputed => true,
        StatusMeaning::InProgress | StatusMeaning::InReview | StatusMeaning::Settled | StatusMeaning::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::leg::SentCorrected;

    #[test]
    fn the_other_end_is_the_pinned_account_or_what_the_bank_had_corrected_it_to() {
        let mut leg = Leg::new();
        assert!(is_pinned_end("f1_x-loan", &leg, "f1_x-loan"));
        assert!(!is_pinned_end("f1_x-loan", &leg, "f1_x"), "another kind of account");
        assert!(!is_pinned_end("f1_x-loan", &leg, "f1_y-loan"));
        leg.corrected = Some(SentCorrected {
            change_code: "C01".to_owned(),
            account_last4: "9000".to_owned(),
            account: "f1_y-loan".to_owned(),
        });
        assert!(is_pinned_end("f1_x-loan", &leg, "f1_y-loan"));
        assert!(!is_pinned_end("f1_x-loan", &leg, "f1_x-loan"), "the correction was not used");
    }
}
