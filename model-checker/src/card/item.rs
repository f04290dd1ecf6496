//! An item of the table, shared between states that do not differ in it.

use std::cell::OnceCell;
use std::rc::Rc;

use serde::Serialize;

use crate::search::fingerprint;

/// A value, and what tells it from others, which is computed once, and only where somebody asks.
#[derive(Debug)]
pub(super) struct Item<T>(Rc<Known<T>>);

#[derive(Debug)]
struct Known<T> {
    value: T,
    print: OnceCell<(u64, u64)>,
}

impl<T> Clone for Item<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Item<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Rc::new(Known { value, print: OnceCell::new() }))
    }
}

impl<T: Serialize> Item<T> {
    /// What is stored tells two items apart: their `Debug` hides what is nobody's to read.
    pub(super) fn print(&self) -> (u64, u64) {
        let stored = || serde_json::to_string(&self.0.value).expect("an item can be stored");
        *self.0.print.get_or_init(|| fingerprint(&stored()))
    }
}

impl<T> std::ops::Deref for Item<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}
