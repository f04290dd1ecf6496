//! Why a bank does not pay a check: one letter (Column documentation, check returns; the usual letters of US banks where it names none).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The letters that name a reason, with what each says.
const LETTERS: [(&str, &str); 19] = [
    ("A", "insufficient funds"),
    ("B", "uncollected funds hold"),
    ("C", "stop payment"),
    ("D", "closed account"),
    ("E", "account cannot be located"),
    ("F", "frozen account"),
    ("G", "stale dated"),
    ("H", "post dated"),
    ("I", "endorsement missing"),
    ("J", "endorsement irregular"),
    ("K", "signature missing"),
    ("L", "signature irregular"),
    ("M", "cannot be paid in cash"),
    ("N", "altered, fictitious or counterfeit"),
    ("P", "above the limit"),
    ("Q", "not authorized"),
    ("R", "branch closed"),
    ("S", "refer to maker"),
    ("Y", "duplicate presentment"),
];

/// The reason as the bank names it; one we do not know is kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReturnReason(String);

impl ReturnReason {
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The bank's own letter.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it says, in words for a person; `None` for a reason that we do not know.
    pub fn meaning(&self) -> Option<&'static str> {
        LETTERS.iter().find(|(letter, _)| letter.eq_ignore_ascii_case(&self.0)).map(|(_, meaning)| *meaning)
    }
}

impl fmt::Display for ReturnReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_explained_and_another_text_is_kept() {
        for (text, meaning) in
            [("C", Some("stop payment")), ("n", Some("altered, fictitious or counterfeit")), ("@", None), ("", None)]
        {
            let reason = ReturnReason::new(text.to_owned());
            assert_eq!((reason.as_str(), reason.meaning()), (text, meaning));
        }
    }

    #[test]
    fn no_letter_is_explained_twice() {
        let letters: std::collections::BTreeSet<_> = LETTERS.iter().map(|(letter, _)| letter).collect();
        assert_eq!(letters.len(), LETTERS.len());
    }
}
