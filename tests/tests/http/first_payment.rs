//! The lines to paste of docs/first-payment.md make what the code reads.

use std::path::Path;
use std::process::Command;

use shared::adapters::sealing::{FingerprintKey, KeyRing};
use shared::ports::secrets::SecretText;

const STAND_INS: &str = "aws() { echo \"$*\"; }\nopenssl() { head -c 32 /dev/urandom | base64; }\n";

/// The lines of the page that make the two keys which nobody is given.
fn lines() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/first-payment.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("these lines make and store them:\n\n").unwrap();
    rest.lines().take_while(|line| line.starts_with("        ")).map(|line| format!("{}\n", line.trim())).collect()
}

#[test]
fn the_keys_that_the_page_makes_are_keys_that_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!("set -eu\n{STAND_INS}{}", lines());
    let ran = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let read =
        |name: &str| SecretText::new(std::fs::read_to_string(folder.path().join(format!("{name}.json"))).unwrap());
    KeyRing::from_secret(&read("sealing-key-ring")).unwrap();
    FingerprintKey::from_secret(&read("fingerprint-key")).unwrap();
    let stored = String::from_utf8(ran.stdout).unwrap();
    for name in ["sealing-key-ring", "fingerprint-key"] {
        let call = format!("--secret-id clearway/{name} --secret-string file://{name}.json");
        assert!(stored.contains(&call), "{stored}");
    }
}
