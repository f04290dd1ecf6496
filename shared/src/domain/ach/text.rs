//! Texts of an ACH entry, made to fit the network's record (`money-rules.md section 2.3`).
//!
//! Guarantees: the result has only characters that the network takes, upper case, and never more than the field holds. Texts are cut
//! at the limit; account and routing numbers never pass through here, because a cut number is another account.

use std::borrow::Cow;

use icu_normalizer::DecomposingNormalizerBorrowed;

/// A text field of an ACH entry with a fixed size. `column.md section 4.1` gives the sizes the bank accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextField {
    CompanyName,
    CompanyEntryDescription,
    CompanyDiscretionaryData,
    ReceiverName,
    ReceiverId,
    PaymentRelatedInformation,
}

impl TextField {
    /// How many characters the field holds.
    pub const fn size(self) -> usize {
        match self {
            TextField::CompanyName => 16,
            TextField::CompanyEntryDescription => 10,
            TextField::CompanyDiscretionaryData => 20,
            TextField::ReceiverName => 22,
            TextField::ReceiverId => 15,
            TextField::PaymentRelatedInformation => 80,
        }
    }
}

/// The company entry description of a debit presented again after R01 or R09: exactly this, instead of whatever the first one said
/// (NACHA, reinitiation of entries).
pub const RETRY_PAYMENT: &str = "RETRY PYMT";

/// The text as it may stand in the field: accents taken off, upper case, other characters dropped, runs of spaces made one, cut.
pub fn fit(field: TextField, text: &str) -> String {
    let mut fitted = String::with_capacity(field.size());
    for character in plain(text).chars() {
        if fitted.len() == field.size() {
            break;
        }
        if character != ' ' || !(fitted.is_empty() || fitted.ends_with(' ')) {
            fitted.push(character.to_ascii_uppercase());
        }
    }
    fitted.truncate(fitted.trim_end().len());
    fitted
}

/// Latin letters without their accents, in the case they have; blanks as spaces, typographic quotes and dashes as those of a keyboard, and
/// what is neither of these nor printable ASCII left out. Names keep their letters instead of losing them ("MUÑOZ", "ŁUKASZ").
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for character in DecomposingNormalizerBorrowed::new_nfd().normalize_iter(text.chars()) {
        match character {
            _ if character.is_whitespace() => plain.push(' '),
            _ if character.is_ascii_graphic() => plain.push(character),
            _ => plain.push_str(undecomposed(character)),
        }
    }
    Cow::Owned(plain)
}

/// What stands for a Latin letter that is not a plain letter and a mark, and for punctuation that no keyboard has.
const fn undecomposed(character: char) -> &'static str {
    match character {
        'Æ' => "AE",
        'æ' => "ae",
        'Ø' => "O",
        'ø' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'ẞ' => "SS",
        'ß' => "ss",
        'Þ' => "TH",
        'þ' => "th",
        'Đ' | 'Ð' | 'Ɗ' | 'Ɖ' => "D",
        'đ' | 'ð' | 'ɗ' | 'ɖ' => "d",
        'Ł' | 'Ŀ' => "L",
        'ł' | 'ŀ' => "l",
        'Ĳ' => "IJ",
        'ĳ' => "ij",
        'Ħ' => "H",
        'ħ' => "h",
        'ı' => "i",
        'Ŋ' => "N",
        'ŋ' | 'ŉ' => "n",
        'Ŧ' => "T",
        'ŧ' => "t",
        'Ɓ' => "B",
        'ɓ' => "b",
        'Ƙ' => "K",
        'ƙ' | 'ĸ' => "k",
        'Ƴ' => "Y",
        'ƴ' => "y",
        'Ə' => "A",
        'ə' => "a",
        'ſ' => "s",
        '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}' => "'",
        '\u{201c}' | '\u{201d}' => "\"",
        '\u{2010}'..='\u{2015}' => "-",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_keep_their_letters_and_lose_what_the_network_does_not_take() {
        for (text, fitted) in [
            ("Pat Example", "PAT EXAMPLE"),
            ("José  Muñoz", "JOSE MUNOZ"),
            ("  Anne-Marie\tO’Neil ", "ANNE-MARIE O'NEIL"),
            ("Groß 🦀", "GROSS"),
            ("Łukasz Wiśniewski", "LUKASZ WISNIEWSKI"),
            ("Nguyễn Đặng", "NGUYEN DANG"),
            ("Þórður Æsir", "THORDUR AESIR"),
            ("山田", ""),
            ("Bartholomew Featherstonehaugh", "BARTHOLOMEW FEATHERSTO"),
        ] {
            assert_eq!(fit(TextField::ReceiverName, text), fitted, "{text}");
        }
    }

    #[test]
    fn the_texts_that_the_network_prescribes_fit_unchanged() {
        assert_eq!(fit(TextField::CompanyEntryDescription, RETRY_PAYMENT), RETRY_PAYMENT);
    }

    #[test]
    fn a_cut_never_ends_in_a_space() {
        assert_eq!(fit(TextField::CompanyEntryDescription, "BROKERAGE FEE"), "BROKERAGE");
    }

    proptest! {
        #[test]
        fn every_text_fits_and_fitting_twice_changes_nothing(text in "\\PC{0,60}") {
            let fitted = fit(TextField::CompanyName, &text);
            prop_assert!(fitted.len() <= TextField::CompanyName.size());
            prop_assert!(fitted.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            prop_assert_eq!(fit(TextField::CompanyName, &fitted), fitted);
        }
    }
}
