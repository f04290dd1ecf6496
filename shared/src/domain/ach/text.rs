//! Texts of an ACH entry, made to fit the network's record (`money-rules.md section 2.3`).
//!
//! Guarantees: the result has only characters that the network takes, upper case, and never more than the field holds. Texts are cut
//! at the limit; account and routing numbers never pass through here, because a cut number is another account.

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
    for character in text.chars().flat_map(plain_letters) {
        if fitted.len() == field.size() {
            break;
        }
        if character != ' ' || !(fitted.is_empty() || fitted.ends_with(' ')) {
            fitted.push(character);
        }
    }
    fitted.truncate(fitted.trim_end().len());
    fitted
}

/// The upper-case ASCII letters a character stands for. Names on a payroll keep their letters instead of losing them ("MUÑOZ").
fn plain_letters(character: char) -> impl Iterator<Item = char> {
    let letters = match character {
        'À'..='Å' | 'à'..='å' => "A",
        'Æ' | 'æ' => "AE",
        'Ç' | 'ç' => "C",
        'È'..='Ë' | 'è'..='ë' => "E",
        'Ì'..='Ï' | 'ì'..='ï' => "I",
        'Ñ' | 'ñ' => "N",
        'Ò'..='Ö' | 'Ø' | 'ò'..='ö' | 'ø' => "O",
        'ß' => "SS",
        'Ù'..='Ü' | 'ù'..='ü' => "U",
        'Ý' | 'ý' | 'ÿ' => "Y",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{2010}'..='\u{2015}' => "-",
        _ => "",
    };
    let spaced = if character.is_whitespace() { ' ' } else { character.to_ascii_uppercase() };
    let itself = (spaced == ' ' || spaced.is_ascii_graphic()).then_some(spaced);
    letters.chars().chain(itself)
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
