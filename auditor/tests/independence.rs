//! The auditor stays a second opinion: it depends on nothing of this workspace.

use std::collections::BTreeSet;

const ALLOWED: [&str; 4] = ["csv", "jiff", "serde", "serde_json"];

/// Names in `[dependencies]`, `[dev-dependencies]` and the like of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    let mut is_inside = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            is_inside = line.contains("dependencies");
            // `[dependencies.name]`
            names.extend(line.trim_matches(['[', ']']).split_once("dependencies.").map(|(_, name)| name));
        } else if is_inside && !line.starts_with('#') {
            names.extend(line.split(['=', '.']).next().map(str::trim).filter(|name| !name.is_empty()));
        }
    }
    names
}

#[test]
fn it_depends_on_no_crate_of_ours() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert_eq!(dependencies(&manifest), BTreeSet::from(ALLOWED));
}

#[test]
fn every_way_to_name_a_dependency_is_seen() {
    let manifest = "[dependencies]\na.workspace = true\nb = \"1\"\n[target.x.dependencies]\nc = { path = \"c\" }\n\
                    [dev-dependencies.d]\nversion = \"1\"\n[lints]\nworkspace = true\n[build-dependencies]\ne = \"1\"\n";
    // What follows `[dev-dependencies.d]` are its keys; more is named than is there, never less.
    assert!(dependencies(manifest).is_superset(&BTreeSet::from(["a", "b", "c", "d", "e"])));
}
