use proptest::prelude::*;

use super::*;

/// One line per status: its rank, its meaning, what follows for the leg, and whether it can still be stopped.
fn table() -> Vec<(&'static str, u8, CheckMeaning, StatusMeaning, StopChance)> {
    use CheckMeaning as C;
    use StatusMeaning as S;
    use StopChance::{AlreadyStopped, Open, TooLate};
    vec![
        ("initiated", 10, C::Outstanding, S::InProgress, Open),
        ("pre_review", 12, C::Outstanding, S::InProgress, Open),
        ("manual_review", 15, C::InReview, S::InReview, Open),
        ("issued", 20, C::Outstanding, S::InProgress, Open),
        ("pending_stop", 25, C::Stopping, S::InProgress, AlreadyStopped),
        ("pending_deposit", 30, C::Presented, S::InProgress, TooLate),
        ("deposited", 35, C::Presented, S::InProgress, TooLate),
        ("pending_first_return", 40, C::ReturnedOnce, S::InProgress, TooLate),
        ("first_return", 45, C::ReturnedOnce, S::InProgress, TooLate),
        ("returned", 45, C::ReturnedOnce, S::InProgress, TooLate),
        ("pending_reclear", 50, C::ReturnedOnce, S::InProgress, TooLate),
        ("recleared", 52, C::ReturnedOnce, S::InProgress, TooLate),
        ("pending_second_return", 55, C::ReturnedOnce, S::InProgress, TooLate),
        ("settled", 60, C::Settled, S::Settled, TooLate),
        ("rejected", 65, C::CameBack, S::Returned, AlreadyStopped),
        ("stopped", 66, C::CameBack, S::Returned, AlreadyStopped),
        ("second_return", 67, C::CameBack, S::Returned, AlreadyStopped),
        ("pending_user_initiated_return", 70, C::ReturnRequested, S::Settled, TooLate),
        ("user_initiated_return_submitted", 75, C::ReturnRequested, S::Settled, TooLate),
        ("user_initiated_returned", 80, C::ReturnedByUs, S::ReturnedAfterSettlement, TooLate),
        ("user_initiated_return_dishonored", 90, C::ReturnDishonored, S::ReturnDisputed, TooLate),
    ]
}

/// What becomes of an issued check, in the order in which it happens.
const LIVES: [&[&str]; 9] = [
    &["initiated", "issued", "pending_deposit", "settled"],
    &["initiated", "manual_review", "issued", "pending_deposit", "settled"],
    &["initiated", "manual_review", "rejected"],
    &["initiated", "issued", "pending_stop", "stopped"],
    &["initiated", "issued", "pending_stop", "pending_deposit", "settled"],
    &["initiated", "issued", "pending_deposit", "pending_first_return", "first_return", "pending_reclear", "settled"],
    &[
        "initiated",
        "issued",
        "pending_deposit",
        "pending_first_return",
        "first_return",
        "pending_reclear",
        "pending_second_return",
        "second_return",
    ],
    &[
        "initiated",
        "issued",
        "pending_deposit",
        "settled",
        "pending_user_initiated_return",
        "user_initiated_return_submitted",
        "user_initiated_returned",
    ],
    &["initiated", "issued", "pending_stop", "pending_first_return", "first_return", "stopped"],
];

#[test]
fn every_status_stands_in_the_table_with_its_rank_and_meaning() {
    let table = table();
    let known: Vec<&str> = CheckStatus::KNOWN.iter().map(CheckStatus::as_str).collect();
    assert_eq!(table.iter().map(|line| line.0).collect::<Vec<_>>(), known);
    for (name, rank, meaning, for_leg, stop_chance) in table {
        let status = CheckStatus::parse(name);
        assert_eq!((status.rank(), status.meaning()), (Some(rank), meaning), "{name}");
        assert_eq!((meaning.for_leg(), meaning.stop_chance()), (for_leg, stop_chance), "{name}");
    }
}

#[test]
fn every_status_reads_back_what_it_prints_in_any_case() {
    for status in CheckStatus::KNOWN {
        assert_eq!(CheckStatus::parse(&status.as_str().to_uppercase()), status);
    }
}

#[test]
fn both_spellings_of_a_dishonored_return_are_the_same_status() {
    let spelled = CheckStatus::parse("pending_user_initiated_return_dishonored");
    assert_eq!(spelled, CheckStatus::UserInitiatedReturnDishonored);
}

#[test]
fn a_status_we_do_not_know_is_kept_and_decides_nothing() {
    let status = CheckStatus::parse("Shredded");
    assert_eq!(status.to_string(), "Shredded");
    assert_eq!((status.rank(), status.meaning()), (None, CheckMeaning::Unknown));
    assert_eq!(status.meaning().stop_chance(), StopChance::Unknown);
}

#[test]
fn the_bank_takes_a_stop_only_while_one_is_open() {
    for status in CheckStatus::KNOWN {
        let is_open = status.meaning().stop_chance() == StopChance::Open;
        assert!(is_open || !status.takes_stop(), "{status}");
    }
    let taking: Vec<&str> =
        CheckStatus::KNOWN.iter().filter(|known| known.takes_stop()).map(CheckStatus::as_str).collect();
    assert_eq!(taking, ["manual_review", "issued"]);
}

#[test]
fn every_step_of_every_life_goes_up_in_rank() {
    for life in LIVES {
        let ranks: Vec<_> = life.iter().map(|name| CheckStatus::parse(name).rank()).collect();
        assert!(ranks.is_sorted_by(|earlier, later| earlier < later), "{life:?}");
    }
}

proptest! {
    #[test]
    fn whatever_order_and_repetition_the_last_step_of_a_life_is_what_remains(
        (life, delivered) in prop::sample::select(LIVES.to_vec()).prop_flat_map(|life| {
            let delivered = Just([life, life].concat()).prop_shuffle();
            (Just(life), delivered)
        }),
    ) {
        let highest = delivered.into_iter().map(CheckStatus::parse).max_by_key(CheckStatus::rank);
        prop_assert_eq!(highest, life.last().map(|name| CheckStatus::parse(name)));
    }

    #[test]
    fn any_text_is_a_status_that_keeps_its_letters(text in "\\PC{0,30}") {
        prop_assert!(CheckStatus::parse(&text).as_str().eq_ignore_ascii_case(&text));
    }
}
