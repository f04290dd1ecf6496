//! Faults that are put into the code on purpose, so that it can be shown that simulation and auditor find them.
//!
//! A mark stands where the fault is: `fault!(LeaseIgnored, wrong, right)`, or `fault!(AccountNumberLogged, too much);`. Without the feature
//! `deliberate-faults`, which no function and no shipped binary may enable, a mark is its `right` or nothing, and not even the names below
//! are compiled. With it, each thread chooses at most one fault, and what runs on that thread meets it.

/// What is right, or what is wrong where this thread has chosen the fault.
#[cfg(not(feature = "deliberate-faults"))]
macro_rules! fault {
    ($name:ident, $wrong:expr, $right:expr) => {
        $right
    };
    ($name:ident, $wrong:expr) => {};
}

/// What is right, or what is wrong where this thread has chosen the fault.
#[cfg(feature = "deliberate-faults")]
macro_rules! fault {
    ($name:ident, $wrong:expr, $right:expr) => {
        if $crate::deliberate_faults::is_chosen($crate::deliberate_faults::Fault::$name) { $wrong } else { $right }
    };
    ($name:ident, $wrong:expr) => {
        if $crate::deliberate_faults::is_chosen($crate::deliberate_faults::Fault::$name) {
            $wrong;
        }
    };
}

/// Whether this build has the faults. Every `main` refuses to compile where it does.
pub const ARE_COMPILED: bool = cfg!(feature = "deliberate-faults");

#[cfg(feature = "deliberate-faults")]
pub use chosen::{VARIABLE, choose, is_chosen, unconditional};
#[cfg(feature = "deliberate-faults")]
pub use list::Fault;

#[cfg(feature = "deliberate-faults")]
mod chosen;
#[cfg(feature = "deliberate-faults")]
mod list;
