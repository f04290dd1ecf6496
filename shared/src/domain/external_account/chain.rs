//! Where corrections lead that follow one another, each said of the account that the one before led to.

use jiff::Timestamp;

/// One correction of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the account is known by that it was said of.
    pub from: String,
    /// What the account is known by that is to be used instead.
    pub to: String,
    /// When the transfer was made that it was said of.
    pub said: Option<Timestamp>,
}

/// Whether a chain comes to an account again that it has left: nothing new follows.
pub fn is_circle(steps: &[Step]) -> bool {
    steps.last().is_some_and(|last| steps.iter().any(|step| step.from == last.to))
}

/// The step of a chain that leads to where money goes: the last, or, where the chain leads round in a circle, the step of the circle that
/// was said last.
pub fn last_step(steps: &[Step]) -> Option<usize> {
    let last = steps.last()?;
    let circle = steps.iter().position(|step| step.from == last.to);
    let Some(start) = circle else { return steps.len().checked_sub(1) };
    let of_circle = steps.iter().enumerate().skip(start);
    of_circle.max_by_key(|(_, step)| step.said).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(list: &[(&str, &str, i64)]) -> Vec<Step> {
        list.iter()
            .map(|(from, to, second)| Step {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
                said: Some(Timestamp::from_second(*second).unwrap()),
            })
            .collect()
    }

    type Steps = &'static [(&'static str, &'static str, i64)];

    #[test]
    fn a_chain_ends_with_its_last_step_and_a_circle_with_its_newest() {
        let table: [(Steps, Option<&str>); 8] = [
            (&[], None),
            (&[("x", "y", 1)], Some("y")),
            (&[("x", "y", 1), ("y", "z", 2)], Some("z")),
            (&[("x", "y", 2), ("y", "z", 1)], Some("z")),
            (&[("x", "x", 1)], Some("x")),
            (&[("x", "y", 1), ("y", "x", 2)], Some("x")),
            (&[("y", "x", 2), ("x", "y", 1)], Some("x")),
            (&[("w", "x", 9), ("x", "y", 1), ("y", "x", 2)], Some("x")),
        ];
        for (list, expected) in table {
            let steps = steps(list);
            let found = last_step(&steps).map(|at| steps[at].to.as_str());
            assert_eq!(found, expected, "{list:?}");
        }
        assert!(!is_circle(&steps(&[("x", "y", 1), ("y", "z", 2)])));
        assert!(is_circle(&steps(&[("x", "y", 1), ("y", "x", 2)])) && is_circle(&steps(&[("x", "x", 1)])));
    }
}
