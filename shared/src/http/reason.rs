//! What people say about what they do, for the audit.

use crate::http::problem::Problem;

const CHARACTERS_MAX: usize = 500;

/// The text without spaces around it: 1 to 500 characters. `code` names the refusal, `asked` what is to be said.
pub fn stated<'a>(text: &'a str, code: &'static str, asked: &str) -> Result<&'a str, Problem> {
    let text = text.trim();
    if (1..=CHARACTERS_MAX).contains(&text.chars().count()) {
        return Ok(text);
    }
    Err(Problem::unprocessable(code, format!("Say in 1 to {CHARACTERS_MAX} characters {asked}.")))
}
