//! The codes as the sources have them: what is told to callers is on the page, with its status, and nothing else is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{CODES, Code, MEMBERS};

/// Functions that make a problem of a code, and the status of each.
const MAKERS: [(&str, u16); 7] = [
    ("bad_request", 400),
    ("unauthorized", 401),
    ("forbidden", 403),
    ("not_found", 404),
    ("conflict", 409),
    ("unprocessable", 422),
    ("unavailable", 503),
];

/// Where a code is no literal beside its maker, and which ones are meant.
const NAMED_ELSEWHERE: [(&str, &[&str]); 3] = [
    ("shared/src/http/problem.rs", &["changed_meanwhile"]),
    ("shared/src/http/reason.rs", &["note_invalid", "reason_invalid"]),
    (
        "shared/src/operations/problem.rs",
        &[
            "bank_status_unknown",
            "changed_meanwhile",
            "nothing_flagged",
            "nothing_to_apply",
            "refund_waits",
            "word_of_other_attempt",
            "word_undecided",
            "words_differ",
        ],
    ),
];

struct Source {
    /// From the root of the repository.
    path: String,
    /// Without the tests.
    text: String,
}

/// A place where a problem is made.
struct Made<'a> {
    path: &'a str,
    status: u16,
    /// None where it is no literal.
    code: Option<&'a str>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let within = entries.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    within.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

fn sources() -> Vec<Source> {
    let root = root();
    let functions = std::fs::read_dir(root.join("functions")).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let folders = functions.chain([root.join("shared/src")]).filter(|folder| folder.is_dir());
    let files = folders.flat_map(|folder| rust_files(&folder)).filter(|path| !path.ends_with("tests.rs"));
    let read = files.map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        Source { path: path.strip_prefix(&root).unwrap().to_string_lossy().into_owned(), text }
    });
    read.collect()
}

fn made(source: &Source) -> Vec<Made<'_>> {
    let mut found = Vec::new();
    for (maker, status) in MAKERS {
        for (at, call) in source.text.match_indices(&format!("Problem::{maker}(")) {
            found.push(Made { path: &source.path, status, code: literal(&source.text[at + call.len()..]) });
        }
    }
    for call in ["Problem::new(", "Self::new(StatusCode::"] {
        for (at, _) in source.text.match_indices(call) {
            let (status, rest) = source.text[at..].split_once(',').unwrap();
            // The makers themselves hand the code on.
            let is_maker = call.starts_with("Self") && literal(rest).is_none();
            if let Some(status) = status.rsplit("StatusCode::").next().and_then(status_of).filter(|_| !is_maker) {
                found.push(Made { path: &source.path, status, code: literal(rest) });
            }
        }
    }
    found
}

fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"').and_then(|text| text.split('"').next())
}

fn status_of(name: &str) -> Option<u16> {
    let named = (100..600).filter_map(|status| http::StatusCode::from_u16(status).ok());
    let words = name.replace('_', " ");
    let mut named = named.filter(|status| status.canonical_reason().is_some_and(|reason| is_same(reason, &words)));
    named.next().map(|status| status.as_u16())
}

fn is_same(reason: &str, words: &str) -> bool {
    reason.replace('-', " ").eq_ignore_ascii_case(words)
}

fn described() -> BTreeMap<&'static str, Code> {
    CODES.iter().copied().flatten().map(|code| (code.code, *code)).collect()
}

/// Whoever adds a code says in this folder when it is told and what to do then.
#[test]
fn every_code_of_the_sources_has_its_words() {
    let (sources, described) = (sources(), described());
    let all: Vec<Made<'_>> = sources.iter().flat_map(made).collect();
    assert!(all.len() > 80);
    for Made { path, status, code } in all {
        let Some(code) = code else {
            let is_known = NAMED_ELSEWHERE.iter().any(|(file, _)| *file == path);
            assert!(
                is_known,
                "{path}: write the code as a literal beside its maker, or name file and codes in NAMED_ELSEWHERE"
            );
            continue;
        };
        let words = described.get(code);
        let words =
            words.unwrap_or_else(|| panic!("{path}: add `{code}` ({status}) to tests/tests/http/problem_codes"));
        assert_eq!(words.status, status, "{path}: the status of `{code}`");
    }
}

#[test]
fn every_code_of_the_page_is_told_by_some_source() {
    let sources = sources();
    let literals: BTreeSet<&str> = sources.iter().flat_map(made).filter_map(|made| made.code).collect();
    let elsewhere: BTreeSet<&str> = NAMED_ELSEWHERE.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    for code in described().into_keys() {
        let quoted = format!("\"{code}\"");
        let is_named = elsewhere.contains(code) && sources.iter().any(|source| source.text.contains(&quoted));
        assert!(literals.contains(code) || is_named, "`{code}` is on the page, and no source tells it: remove it");
    }
}

#[test]
fn codes_are_of_one_case_and_each_is_there_once() {
    let codes: Vec<&str> = CODES.iter().copied().flatten().map(|code| code.code).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    for code in codes {
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
    }
}

/// `.with("overlaps", …)` needs words for `overlaps` in MEMBERS, and the code says that it has them.
#[test]
fn every_member_of_a_problem_has_its_words() {
    let members: BTreeSet<&str> = MEMBERS.iter().map(|member| member.name).collect();
    let named: BTreeSet<&str> = CODES.iter().copied().flatten().flat_map(|code| code.members.iter().copied()).collect();
    assert_eq!(members, named, "members with words, and members that codes name");
    for source in sources().iter().filter(|source| source.text.contains("Problem")) {
        for (at, call) in source.text.match_indices(".with(") {
            let Some(member) = literal(&source.text[at + call.len()..]) else { continue };
            assert!(
                members.contains(member),
                "{}: add `{member}` to MEMBERS in tests/tests/http/problem_codes",
                source.path
            );
        }
    }
}
