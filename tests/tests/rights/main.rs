//! The template allows each function what it uses and nothing else. What they use is recorded while they run.
//!
//! The journeys of `stories` (payroll) and `autopay` are chosen so that every call of every function happens in one of them. Whoever adds a call adds a story
//! and a line of the template; what the failing test says names both.
#![cfg(test)]

mod audited;
mod autopay;
mod grants;
mod kinds;
mod page;
mod stories;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use journeys::recording::{Function, Invocation};

use crate::grants::{Grant, granted};
use crate::kinds::{KINDS, OF_AUTOPAY, kind_of, matches};
use crate::uses::{Use, uses_of};

/// What happens in payroll's stories, and in autopay's.
static PAYROLL: LazyLock<Vec<Invocation>> = LazyLock::new(|| runtime().block_on(stories::all()));
static AUTOPAY: LazyLock<Vec<Invocation>> = LazyLock::new(|| runtime().block_on(autopay::all()));

/// What payroll's stories ask for.
static USED_BY_PAYROLL: LazyLock<BTreeSet<Use>> = LazyLock::new(|| uses_of(&PAYROLL));

/// What all stories together ask for.
static USED: LazyLock<BTreeSet<Use>> = LazyLock::new(|| &*USED_BY_PAYROLL | &uses_of(&AUTOPAY));

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Of each kind one: enough where the roles change and not the uses.
fn one_of_each_kind() -> BTreeSet<Use> {
    let kinds: BTreeMap<_, _> =
        USED.iter().map(|used| ((used.function, used.action, kind_of(&used.on)), used.clone())).collect();
    kinds.into_values().collect()
}

/// What is used and not allowed, and what is allowed and not used.
fn differences(granted: &[Grant], used: &BTreeSet<Use>) -> BTreeSet<String> {
    let denied = used.iter().filter(|used| !granted.iter().any(|grant| grant.allows(used))).map(|used| {
        let (function, action, kind) = (used.function.as_str(), used.action, kind_of(&used.on));
        format!("{function} uses {action} on {kind}: allow it in the function's role")
    });
    let idle = idle(granted, used).into_iter().map(|(grant, kind)| {
        let (function, action, on) = (grant.function.as_str(), &grant.action, &grant.on);
        format!("{function} may {action} on {kind} ({on}) and never does: take it out of the role, or add its story")
    });
    denied.chain(idle).collect()
}

/// What is allowed and not used, kind by kind.
fn idle<'g>(granted: &'g [Grant], used: &BTreeSet<Use>) -> Vec<(&'g Grant, &'g str)> {
    let allowed = granted.iter().flat_map(|grant| grant.kinds().into_iter().map(move |kind| (grant, kind)));
    let is_idle = |(grant, kind): &(&Grant, &str)| {
        let is_used = |used: &Use| grant.allows(used) && kind_of(&used.on) == *kind;
        !used.iter().any(is_used)
    };
    allowed.filter(is_idle).collect()
}

/// Rights that autopay alone needs on what payroll has too. Every other one a story of payroll uses, so that no scenario of autopay
/// stands in for a story of payroll that is gone.
const NEEDED_BY_AUTOPAY: &[(Function, &str, &str)] = &[
    (Function::ColumnWebhook, "dynamodb:ConditionCheckItem", "table/FUNDING#*"),
    (Function::ColumnWebhook, "dynamodb:Query", "table/ACCOUNT#*"),
    (Function::ColumnWebhook, "dynamodb:Query", "table/LEDGER#*"),
    (Function::Operator, "dynamodb:GetItem", "table/REPLACEMENT#*"),
    (Function::PaymentWorker, "dynamodb:ConditionCheckItem", "table/FUNDING#*"),
    (Function::PaymentWorker, "dynamodb:ConditionCheckItem", "table/PAYMENT#*"),
];

#[test]
fn payroll_s_stories_use_every_right_that_payroll_needs() {
    let of_payroll: Vec<Grant> = granted()
        .into_iter()
        .filter(|grant| !matches!(grant.function, Function::Accounts | Function::PlaidWebhook))
        .collect();
    let idle: BTreeSet<_> = idle(&of_payroll, &USED_BY_PAYROLL)
        .into_iter()
        .filter(|(_, kind)| !OF_AUTOPAY.contains(kind))
        .map(|(grant, kind)| (grant.function, grant.action.as_str(), kind))
        .collect();
    assert_eq!(idle, NEEDED_BY_AUTOPAY.iter().copied().collect());
}

#[test]
fn each_function_may_do_what_it_does_and_nothing_else() {
    let differences = differences(&granted(), &USED);
    assert!(differences.is_empty(), "\n{}", differences.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_line_taken_out_of_a_role_is_missed() {
    let (granted, used) = (granted(), one_of_each_kind());
    for left_out in 0..granted.len() {
        let mut fewer = granted.clone();
        let line = fewer.remove(left_out);
        assert!(!differences(&fewer, &used).is_empty(), "{line:?} is allowed twice");
    }
}

#[test]
fn a_line_added_to_a_role_is_noticed() {
    let (granted, used) = (granted(), one_of_each_kind());
    let actions: BTreeSet<&str> = used.iter().map(|used| used.action).collect();
    for function in Function::ALL {
        for action in &actions {
            for (kind, example) in KINDS {
                let one = Use { function, action, on: (*example).to_owned() };
                if granted.iter().any(|grant| grant.allows(&one)) {
                    continue;
                }
                let added = Grant { function, action: (*action).to_owned(), on: (*kind).to_owned() };
                let more: Vec<_> = granted.iter().cloned().chain([added]).collect();
                assert!(!differences(&more, &used).is_empty(), "{one:?}");
            }
        }
    }
}

#[test]
fn each_kind_of_thing_is_told_from_the_others() {
    for (kind, example) in KINDS {
        assert_eq!(kind_of(example), *kind, "{example}");
    }
}

#[test]
fn a_pattern_covers_what_iam_lets_it_cover() {
    for (pattern, text, covered) in [
        ("table/BATCH#*#??", "table/BATCH#bat_1#03", true),
        ("table/BATCH#*#??", "table/BATCH#bat_1", false),
        ("table/BATCH#*", "table/BATCH#bat_1#03", true),
        ("bucket/uploads/*", "bucket/batches/1", false),
        ("bucket", "bucket", true),
        ("bucket", "bucket/uploads/1", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(pattern, text), covered, "{pattern} {text}");
    }
}
