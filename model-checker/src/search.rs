//! A breadth-first search through the states of a world.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// What can be explored.
pub trait World {
    type State: Clone;
    type Action: Clone + Debug;

    fn initial(&self) -> Self::State;

    /// Everything that can happen next.
    fn actions(&self, state: &Self::State) -> Vec<Self::Action>;

    /// The state after an action; `None` where the domain refuses it.
    fn after(&self, state: &Self::State, action: &Self::Action) -> Option<Self::State>;

    /// Equal for two states exactly where nothing tells them apart.
    fn identity(&self, state: &Self::State) -> String;

    /// What must never be, and is.
    fn violation(&self, state: &Self::State) -> Option<String>;
}

/// What a search came to.
#[derive(Clone, Debug)]
pub struct Explored {
    /// Distinct states, the first one included.
    pub states: usize,
    /// Distinct states by their distance from the first one.
    pub by_depth: Vec<usize>,
    pub violation: Option<Violation>,
}

/// Something that must never be, and the shortest way there.
#[derive(Clone, Debug)]
pub struct Violation {
    pub what: String,
    pub trace: Vec<String>,
}

struct Visit {
    parent: usize,
    action: String,
}

/// Explores all states that at most `depth` actions lead to, and stops at the first violation.
pub fn explore<W: World>(world: &W, depth: usize) -> Explored {
    let first = world.initial();
    let mut seen = HashSet::from([fingerprint(&world.identity(&first))]);
    let mut visits = vec![Visit { parent: 0, action: String::new() }];
    let mut frontier = vec![(0, first)];
    let mut explored = Explored { states: 1, by_depth: vec![1], violation: None };
    for _ in 0..depth {
        let mut next = Vec::new();
        for (position, state) in &frontier {
            for action in world.actions(state) {
                let Some(after) = world.after(state, &action) else { continue };
                if !seen.insert(fingerprint(&world.identity(&after))) {
                    continue;
                }
                visits.push(Visit { parent: *position, action: format!("{action:?}") });
                let reached = visits.len() - 1;
                if let Some(what) = world.violation(&after) {
                    explored.states = seen.len();
                    explored.violation = Some(Violation { what, trace: trace(&visits, reached) });
                    return explored;
                }
                next.push((reached, after));
            }
        }
        if next.is_empty() {
            break;
        }
        explored.by_depth.push(next.len());
        frontier = next;
    }
    explored.states = seen.len();
    explored
}

fn trace(visits: &[Visit], reached: usize) -> Vec<String> {
    let mut actions = Vec::new();
    let mut position = reached;
    while position > 0 {
        actions.push(visits[position].action.clone());
        position = visits[position].parent;
    }
    actions.reverse();
    actions
}

/// Two hashes of the text: with 128 bits no two of some millions of states are taken for one.
pub(crate) fn fingerprint(text: &str) -> (u64, u64) {
    let hash = |seed: u8| {
        let mut hasher = DefaultHasher::new();
        (seed, text).hash(&mut hasher);
        hasher.finish()
    };
    (hash(0), hash(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up by one or by two, and must not meet seven.
    struct Stairs;

    impl World for Stairs {
        type State = u32;
        type Action = u32;

        fn initial(&self) -> u32 {
            0
        }

        fn actions(&self, _: &u32) -> Vec<u32> {
            vec![1, 2]
        }

        fn after(&self, state: &u32, action: &u32) -> Option<u32> {
            Some(state + action)
        }

        fn identity(&self, state: &u32) -> String {
            state.to_string()
        }

        fn violation(&self, state: &u32) -> Option<String> {
            (*state == 7).then(|| "met seven".to_owned())
        }
    }

    #[test]
    fn every_state_within_the_depth_is_visited_once() {
        let explored = explore(&Stairs, 3);
        assert_eq!((explored.states, explored.by_depth), (7, vec![1, 2, 2, 2]));
        assert!(explored.violation.is_none());
    }

    #[test]
    fn a_violation_comes_with_a_shortest_way_there() {
        let violation = explore(&Stairs, 9).violation.unwrap();
        assert_eq!((violation.what.as_str(), violation.trace.len()), ("met seven", 4));
    }
}
