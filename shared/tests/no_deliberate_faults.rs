//! Faults that are put in on purpose are in no build but that of their own test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use shared::deliberate_faults::ARE_COMPILED;

const FEATURE: &str = "deliberate-faults";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file of the project with this name, without what cargo and git keep.
fn files_named(name: &str, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .flat_map(|entry| {
            let (path, file_name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_kept = file_name.starts_with('.') || file_name == "target";
            match entry.file_type().unwrap().is_dir() {
                true if is_kept => Vec::new(),
                true => files_named(name, &path),
                false if file_name == name => vec![path],
                false => Vec::new(),
            }
        })
        .collect()
}

#[test]
fn this_build_has_none_of_them() {
    assert!(!std::hint::black_box(ARE_COMPILED));
}

#[test]
fn no_manifest_but_that_of_their_test_enables_them() {
    let spellings = [format!("shared/{FEATURE}"), format!("\"{FEATURE}\""), format!("{FEATURE} = []")];
    let names = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        spellings.iter().any(|spelling| text.contains(spelling))
    };
    let mut naming: Vec<PathBuf> = files_named("Cargo.toml", &root()).into_iter().filter(names).collect();
    naming.sort();
    let naming: Vec<&Path> = naming.iter().map(|path| path.strip_prefix(root()).unwrap()).collect();
    assert_eq!(naming, [Path::new("shared/Cargo.toml"), Path::new("tests/deliberate-faults/Cargo.toml")]);
}

#[test]
fn their_test_enables_them_on_request_alone() {
    let manifest = fs::read_to_string(root().join("tests/deliberate-faults/Cargo.toml")).unwrap();
    let enabling: Vec<&str> = manifest.lines().filter(|line| line.contains("shared/")).collect();
    assert_eq!(enabling, [r#"compiled = ["shared/deliberate-faults"]"#]);
    assert!(!manifest.lines().any(|line| line.starts_with("default")), "a default feature is on in `--workspace`");
}

#[test]
fn every_binary_that_is_shipped_refuses_to_compile_with_them() {
    let mains = [root().join("functions"), root().join("local/src")];
    let mains: Vec<PathBuf> = mains.iter().flat_map(|folder| files_named("main.rs", folder)).collect();
    assert!(mains.len() >= 8, "{mains:?}");
    for main in mains {
        let text = fs::read_to_string(&main).unwrap();
        let refuses =
            text.lines().any(|line| line == "const _: () = assert!(!shared::deliberate_faults::ARE_COMPILED);");
        assert!(refuses, "{}", main.display());
    }
}
