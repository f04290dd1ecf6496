//! Which three-digit ZIP prefixes belong to which state, as the USPS assigns them (Publication 65, labeling list L002).

/// State and the first and last prefix of each of its ranges.
const STATES: [(&str, &[(u16, u16)]); 62] = [
    ("AA", &[(340, 340)]),
    ("AE", &[(90, 99)]),
    ("AK", &[(995, 999)]),
    ("AL", &[(350, 369)]),
    ("AP", &[(962, 966)]),
    ("AR", &[(716, 729), (755, 755)]),
    ("AS", &[(967, 967)]),
    ("AZ", &[(850, 865)]),
    ("CA", &[(900, 961)]),
    ("CO", &[(800, 816)]),
    ("CT", &[(60, 69)]),
    ("DC", &[(200, 205), (569, 569)]),
    ("DE", &[(197, 199)]),
    ("FL", &[(320, 339), (341, 349)]),
    ("FM", &[(969, 969)]),
    ("GA", &[(300, 319), (398, 399)]),
    ("GU", &[(969, 969)]),
    ("HI", &[(967, 968)]),
    ("IA", &[(500, 528)]),
    ("ID", &[(832, 838)]),
    ("IL", &[(600, 629)]),
    ("IN", &[(460, 479)]),
    ("KS", &[(660, 679)]),
    ("KY", &[(400, 427)]),
    ("LA", &[(700, 715)]),
    ("MA", &[(10, 27), (55, 55)]),
    ("MD", &[(206, 219)]),
    ("ME", &[(39, 49)]),
    ("MH", &[(969, 969)]),
    ("MI", &[(480, 499)]),
    ("MN", &[(550, 567)]),
    ("MO", &[(630, 658)]),
    ("MP", &[(969, 969)]),
    ("MS", &[(386, 397)]),
    ("MT", &[(590, 599)]),
    ("NC", &[(270, 289)]),
    ("ND", &[(580, 588)]),
    ("NE", &[(680, 693)]),
    ("NH", &[(30, 38)]),
    ("NJ", &[(70, 89)]),
    ("NM", &[(870, 884)]),
    ("NV", &[(889, 898)]),
    ("NY", &[(5, 5), (63, 63), (100, 149)]),
    ("OH", &[(430, 459)]),
    ("OK", &[(730, 732), (734, 749)]),
    ("OR", &[(970, 979)]),
    ("PA", &[(150, 196)]),
    ("PR", &[(6, 7), (9, 9)]),
    ("PW", &[(969, 969)]),
    ("RI", &[(28, 29)]),
    ("SC", &[(290, 299)]),
    ("SD", &[(570, 577)]),
    ("TN", &[(370, 385)]),
    ("TX", &[(733, 733), (750, 799), (885, 885)]),
    ("UT", &[(840, 847)]),
    ("VA", &[(201, 201), (220, 246)]),
    ("VI", &[(8, 8)]),
    ("VT", &[(50, 59)]),
    ("WA", &[(980, 994)]),
    ("WI", &[(530, 549)]),
    ("WV", &[(247, 268)]),
    ("WY", &[(820, 831), (834, 834)]),
];

/// Whether the text is a state, district, territory or military address code of the USPS.
pub(super) fn is_state(text: &str) -> bool {
    STATES.iter().any(|(state, _)| *state == text)
}

/// Whether a well-formed ZIP code belongs to the state.
pub(super) fn belongs_to(zip: &str, state: &str) -> bool {
    let prefix = zip.get(..3).and_then(|prefix| prefix.parse::<u16>().ok());
    prefix.is_some_and(|prefix| {
        let mut ranges = STATES.iter().filter(|(known, _)| *known == state).flat_map(|(_, ranges)| ranges.iter());
        ranges.any(|(first, last)| (*first..=*last).contains(&prefix))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_state_of_a_zip_code() {
        for (zip, state, belongs) in [
            ("50309", "IA", true),
            ("50309-1234", "IA", true),
            ("02021", "MA", true),
            ("02021", "IA", false),
            ("00501", "NY", true),
            ("99501", "AK", true),
            ("50309", "XX", false),
        ] {
            assert_eq!(belongs_to(zip, state), belongs, "{zip} {state}");
        }
    }

    #[test]
    fn knows_state_codes_in_capitals_only() {
        assert!(is_state("IA") && is_state("DC") && is_state("PR"));
        assert!(!is_state("ia") && !is_state("XX") && !is_state("Iowa"));
    }
}
