//! Names of any script in the letters that the network takes.
//!
//! Apart from [`text`](super::text) because it carries a table of half a megabyte: only functions that read files of other people's names
//! link it. Letters that `text` knows are as there.

use std::borrow::Cow;

use deunicode::deunicode_char;

use super::text::plain;

/// The text in printable ASCII: letters of other scripts as they are commonly written in Latin ("李小龙" is "Li Xiao Long"), blanks as spaces;
/// pictures, marks and what is invisible left out.
pub fn transliterated(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut latin = String::with_capacity(text.len());
    let mut buffer = [0; 4];
    for character in text.chars() {
        let plain = plain(character.encode_utf8(&mut buffer));
        if !plain.is_empty() || !character.is_alphabetic() {
            latin.push_str(&plain);
        } else {
            latin.push_str(deunicode_char(character).unwrap_or_default());
        }
    }
    Cow::Owned(latin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::ach::text::{TextField, fit};

    #[test]
    fn a_name_of_any_script_keeps_its_letters() {
        for (name, fitted) in [
            ("Pat Example", "PAT EXAMPLE"),
            ("Łukasz Wiśniewski", "LUKASZ WISNIEWSKI"),
            ("Nguyễn Đặng", "NGUYEN DANG"),
            ("李 小龙", "LI XIAO LONG"),
            ("Анна Щукина", "ANNA SHCHUKINA"),
            ("Ελένη", "ELENE"),
            ("김 민준", "GIM MINJUN"),
            ("Ana 🦀\u{200b}", "ANA"),
            ("\u{200b}\u{a0}🦀", ""),
        ] {
            assert_eq!(fit(TextField::ReceiverName, &transliterated(name)), fitted, "{name}");
        }
    }

    proptest! {
        #[test]
        fn the_result_is_ascii_and_what_is_ascii_stays(text in "\\PC{0,40}", ascii in "[ -~]{0,40}") {
            prop_assert!(transliterated(&text).is_ascii());
            prop_assert_eq!(transliterated(&ascii), ascii.as_str());
        }

        #[test]
        fn latin_letters_are_those_of_a_persons_own_name(text in "[\u{20}-\u{7e}\u{c0}-\u{17f}\u{1ea0}-\u{1ef9}]{0,30}") {
            prop_assert_eq!(fit(TextField::ReceiverName, &transliterated(&text)), fit(TextField::ReceiverName, &text));
        }
    }
}
