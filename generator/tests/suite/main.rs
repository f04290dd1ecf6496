//! The generator, seen from outside: files, manifests and defects.

#![cfg(test)]

mod defects;
mod file;
mod manifest;
mod support;
