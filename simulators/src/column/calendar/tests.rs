use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn closed_weekdays(year: i16) -> Vec<String> {
    let first = jiff::civil::date(year, 1, 1);
    first
        .series(1.day())
        .take_while(|day| day.year() == year)
        .filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_banking_day(*day))
        .map(|day| format!("{}/{}", day.month(), day.day()))
        .collect()
}

#[test]
fn the_fed_is_closed_on_the_published_days() {
    let published = [
        (2025, "1/1 1/20 2/17 5/26 6/19 7/4 9/1 10/13 11/11 11/27 12/25"),
        (2026, "1/1 1/19 2/16 5/25 6/19 9/7 10/12 11/11 11/26 12/25"),
        (2027, "1/1 1/18 2/15 5/31 7/5 9/6 10/11 11/11 11/25"),
    ];
    for (year, days) in published {
        assert_eq!(closed_weekdays(year).join(" "), days, "{year}");
    }
}

#[test]
fn pacific_time_follows_daylight_saving() {
    assert_eq!(pacific(date("2026-03-06"), OPENING), at("2026-03-06T13:30:00Z"));
    assert_eq!(pacific(date("2026-03-09"), OPENING), at("2026-03-09T12:30:00Z"));
    assert_eq!(pacific(date("2026-11-02"), OPENING), at("2026-11-02T13:30:00Z"));
}

/// (accepted, same day, effective date) and (deadline, settles, same day)
#[test]
fn entries_leave_at_the_next_deadline_and_settle_as_published() {
    let cases = [
        ("2026-03-02T18:04:05Z", false, None, "2026-03-02T19:30:00Z", "2026-03-03T13:30:00Z", false),
        // Friday 23:30 Pacific is after the last deadline: Monday 07:15, settles Tuesday.
        ("2026-03-07T07:30:00Z", false, None, "2026-03-09T14:15:00Z", "2026-03-10T12:30:00Z", false),
        // Friday before the last deadline settles on Monday, after the clock change.
        ("2026-03-07T06:59:00Z", false, None, "2026-03-07T07:00:00Z", "2026-03-09T12:30:00Z", false),
        ("2026-03-02T14:00:00Z", true, None, "2026-03-02T15:15:00Z", "2026-03-02T18:00:00Z", true),
        ("2026-03-02T15:15:00Z", true, None, "2026-03-02T19:30:00Z", "2026-03-02T22:00:00Z", true),
        ("2026-03-02T21:29:59Z", true, None, "2026-03-02T21:30:00Z", "2026-03-02T23:00:00Z", true),
        // Too late for same day: silently standard.
        ("2026-03-02T21:30:00Z", true, None, "2026-03-03T00:45:00Z", "2026-03-03T13:30:00Z", false),
        // Today as the effective date means same day.
        ("2026-03-02T18:04:05Z", false, Some("2026-03-02"), "2026-03-02T19:30:00Z", "2026-03-02T22:00:00Z", true),
        // Same day beats a later effective date.
        ("2026-03-02T18:04:05Z", true, Some("2026-03-12"), "2026-03-02T19:30:00Z", "2026-03-02T22:00:00Z", true),
        // A Saturday rolls to Monday; the entry waits for Friday's first deadline.
        ("2026-03-02T18:04:05Z", false, Some("2026-03-14"), "2026-03-13T14:15:00Z", "2026-03-16T12:30:00Z", false),
        // Thanksgiving.
        ("2026-11-25T23:00:00Z", false, None, "2026-11-26T00:45:00Z", "2026-11-27T13:30:00Z", false),
    ];
    for (accepted, same_day, effective, deadline, settles, became_same_day) in cases {
        let clearing = Clearing::plan(at(accepted), same_day, effective.map(date));
        assert_eq!(
            (clearing.deadline, clearing.settles_at, clearing.same_day),
            (at(deadline), at(settles), became_same_day),
            "{accepted}"
        );
    }
}

#[test]
fn a_debit_is_spendable_two_banking_days_after_its_effective_date() {
    assert_eq!(debit_available_at(date("2026-03-03")), at("2026-03-05T13:30:00Z"));
    assert_eq!(debit_available_at(date("2026-11-25")), at("2026-11-30T13:30:00Z"));
}
