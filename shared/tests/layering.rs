//! The direction of imports inside the crate is one way, and no floating point is near money.
//!
//! domain ← ports ← adapters and store ← http ← operations. What is looked at is text, line by line, without comments. Limit: a grouped
//! import over several lines is seen only where its line names the layer by a path.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

/// A layer, and the layers it must not name.
const FORBIDDEN_LAYERS: [(&str, &[&str]); 7] = [
    ("domain", &["ports", "adapters", "store", "http", "operations"]),
    ("ports", &["adapters", "store", "http", "operations"]),
    ("adapters", &["store", "http", "operations"]),
    ("store", &["adapters", "http", "operations"]),
    ("http", &["operations"]),
    ("operations", &[]),
    // A fault may stand in any layer.
    ("deliberate_faults", &["adapters", "store", "http", "operations"]),
];

/// What would make a decision depend on where or when it runs.
const FORBIDDEN_IN_DOMAIN: [&str; 10] = [
    "aws_",
    "tokio::",
    "reqwest",
    "axum",
    "lambda_",
    "std::time::SystemTime",
    "std::time::Instant",
    "rand::",
    "std::env",
    "std::fs",
];

struct Line {
    place: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false if path.extension().is_some_and(|extension| extension == "rs") => vec![path],
            false => Vec::new(),
        })
        .collect()
}

/// Every line of code below a folder; comments are left out.
fn lines(folder: &Path) -> Vec<Line> {
    let files = rust_files(folder);
    assert!(!files.is_empty(), "there is no code in {}", folder.display());
    files
        .iter()
        .flat_map(|file| {
            let content = fs::read_to_string(file).unwrap();
            let numbered: Vec<_> = content.lines().map(str::to_owned).zip(1..).collect();
            numbered.into_iter().map(move |(text, number)| Line { place: format!("{}:{number}", file.display()), text })
        })
        .filter(|line| !line.text.trim_start().starts_with("//"))
        .collect()
}

/// Whether `word` stands in the text and is not the tail of a longer name.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

fn names_whole(text: &str, word: &str) -> bool {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    text.split(|character| !is_name(character)).any(|token| token == word || token.ends_with(&format!("_{word}")))
}

/// The paths of a layer: `crate::ports`, `super::super::ports`, and grouped imports of one line such as `use crate::{ports, store}`.
fn names_layer(text: &str, layer: &str) -> bool {
    let grouped = text.trim_start().starts_with("use crate::{") && names_whole(text, layer);
    grouped || ["crate", "super"].iter().any(|root| names_whole_path(text, &format!("{root}::{layer}")))
}

fn names_whole_path(text: &str, path: &str) -> bool {
    text.match_indices(path).any(|(at, _)| {
        let after = text[at + path.len()..].chars().next();
        after.is_none_or(|next| !(next.is_alphanumeric() || next == '_'))
    })
}

fn offenses(lines: &[Line], is_offense: impl Fn(&str) -> bool) -> Vec<String> {
    let found = lines.iter().filter(|line| is_offense(&line.text));
    found.map(|line| format!("{}: {}", line.place, line.text.trim())).collect()
}

#[test]
fn what_is_forbidden_is_recognized() {
    for wrong in
        ["use crate::ports::clock::Clock;", "use crate::{domain, ports};", "    super::super::ports::table::Key::new()"]
    {
        assert!(names_layer(wrong, "ports"), "{wrong}");
    }
    for right in ["use crate::portsmouth::Dock;", "let ports = 1;", "use super::transports;"] {
        assert!(!names_layer(right, "ports"), "{right}");
    }
    assert!(names("use rand::Rng;", "rand::") && !names("use crate::domain::brand::Logo;", "rand::"));
    assert!(
        names_whole("let rate: f64 = 1.0;", "f64") && names_whole("1.5_f32", "f32") && !names_whole("buf64", "f64")
    );
}

#[test]
fn no_import_points_the_wrong_way() {
    let mut wrong = Vec::new();
    for (layer, forbidden) in FORBIDDEN_LAYERS {
        let lines = lines(&root().join("src").join(layer));
        wrong.extend(offenses(&lines, |text| forbidden.iter().any(|other| names_layer(text, other))));
    }
    assert!(wrong.is_empty(), "imports against the direction:\n{}", wrong.join("\n"));
}

#[test]
fn decisions_depend_on_nothing_outside_the_domain() {
    let lines = lines(&root().join("src/domain"));
    let wrong = offenses(&lines, |text| FORBIDDEN_IN_DOMAIN.iter().any(|outside| names(text, outside)));
    assert!(wrong.is_empty(), "the domain names the outside world:\n{}", wrong.join("\n"));
}

#[test]
fn every_layer_is_under_this_test() {
    let folders = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    for folder in folders.filter(|path| path.is_dir()) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        assert!(FORBIDDEN_LAYERS.iter().any(|(layer, _)| *layer == name), "{name} has no place in the direction");
    }
}

/// serde asks whoever reads JSON for every type by its name.
const NAMES_EVERY_TYPE: &str = "forward_to_deserialize_any! { f32 f64 }";

/// Learns that a request holds a fraction, and drops it unread: no field takes one.
const DROPS_A_FRACTION: &str = "fn visit_f64<E>(self, _fraction: f64) -> Result<Json, E> {";

#[test]
fn no_floating_point_is_near_money() {
    let functions = fs::read_dir(root().join("../functions")).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let folders = std::iter::once(root().join("src")).chain(functions.filter(|folder| folder.is_dir()));
    for folder in folders {
        let is_float = |text: &str| names_whole(text, "f32") || names_whole(text, "f64");
        let is_known = |text: &str| [NAMES_EVERY_TYPE, DROPS_A_FRACTION].contains(&text.trim());
        let wrong = offenses(&lines(&folder), |text| is_float(text) && !is_known(text));
        assert!(wrong.is_empty(), "floating point:\n{}", wrong.join("\n"));
    }
}
