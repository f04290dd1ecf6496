//! Figures and sentences as people read them.

use shared::domain::autopay::explain::money;
use shared::domain::money::Cents;

use super::COLUMNS;

/// What is kept of a long id, before and after the cut.
const ID_HEAD: usize = 8;
const ID_TAIL: usize = 8;

/// Returns dollars with their sign and thousands, as "$1,234.50".
pub fn dollars(amount: Cents) -> String {
    let text = money(amount);
    text.strip_prefix('-').map_or_else(|| format!("${text}"), |positive| format!("-${positive}"))
}

/// Returns a number with its thousands, as "50,000".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number of things, as "1 row" or "2,000 rows".
pub fn counted(number: u64, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {thing}{ending}", count(number))
}

/// Returns a time as "340 ms", "4.2s", "2m 29s" or "1h 02m".
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600.. => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Returns a size as "340 kB" or "36.1 MB".
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000.. => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// Returns an id without its middle where it is long, as "bat_0193…9c31f2aa".
pub fn short_id(id: &str) -> String {
    let length = id.chars().count();
    if length <= ID_HEAD + 1 + ID_TAIL {
        return id.to_owned();
    }
    let head: String = id.chars().take(ID_HEAD).collect();
    let tail: String = id.chars().skip(length - ID_TAIL).collect();
    format!("{head}…{tail}")
}

/// Returns the text behind its head, in lines that fit the terminal; each but the first begins with `indent`.
pub fn wrapped(head: &str, text: &str, indent: &str) -> String {
    let mut lines = Vec::new();
    let (mut line, mut is_begun) = (head.to_owned(), false);
    for word in text.split_whitespace() {
        let room = COLUMNS.saturating_sub(line.chars().count());
        if is_begun && word.chars().count() + 1 > room {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
            is_begun = false;
        }
        if is_begun {
            line.push(' ');
        }
        line.push_str(word);
        is_begun = true;
    }
    lines.push(line);
    lines.join("\n")
}

/// Returns a text of several lines behind its head, each in lines that fit the terminal.
pub fn wrapped_lines(head: &str, text: &str, indent: &str) -> String {
    let mut head = Some(head);
    let lines = text.lines().map(|line| wrapped(head.take().unwrap_or(indent), line, indent));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_their_sign_and_thousands() {
        for (cents, text) in [(0, "$0.00"), (815, "$8.15"), (-7, "-$0.07"), (123_456_789, "$1,234,567.89")] {
            assert_eq!(dollars(Cents::new(cents)), text);
        }
    }

    #[test]
    fn numbers_have_their_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (50_000, "50,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!((counted(1, "row"), counted(0, "row")), ("1 row".to_owned(), "0 rows".to_owned()));
    }

    #[test]
    fn times_are_told_in_the_units_that_matter() {
        for (milliseconds, text) in [
            (0, "0 ms"),
            (340, "340 ms"),
            (4_250, "4.2s"),
            (59_999, "59.9s"),
            (60_000, "1m 00s"),
            (149_000, "2m 29s"),
            (3_720_000, "1h 02m"),
        ] {
            assert_eq!(duration(milliseconds), text);
        }
    }

    #[test]
    fn a_size_is_told_in_kilobytes_or_megabytes() {
        for (bytes, text) in [(0, "0 kB"), (1, "1 kB"), (340_000, "340 kB"), (36_140_000, "36.1 MB")] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn a_long_id_loses_its_middle() {
        assert_eq!(short_id("ins_123456"), "ins_123456");
        assert_eq!(short_id("bat_01985e6d2c4b7a31b2a4d0c9e8f7a6b5"), "bat_0198…e8f7a6b5");
        assert_eq!(short_id("Größenwahn-Süd-Österreich"), "Größenwa…terreich");
    }

    #[test]
    fn a_sentence_is_cut_between_words() {
        let lines = wrapped("  it: ", &["word"; 40].join(" "), "      ");
        assert!(lines.starts_with("  it: word"), "{lines}");
        assert!(lines.lines().skip(1).all(|line| line.starts_with("      word")), "{lines}");
        assert!(lines.lines().all(|line| line.chars().count() <= COLUMNS), "{lines}");
        assert_eq!(lines.split_whitespace().count(), 41);
    }
}
