//! The page for operators shows the rights as the template has them. `CLEARWAY_UPDATE=1` writes them there.

use std::collections::BTreeMap;
use std::path::Path;

use journeys::recording::Function;

use crate::grants::granted;

const BEGINS: &str = "<!-- The rights below are written from template.yaml: CLEARWAY_UPDATE=1 cargo test -p journeys --test rights -->\n";
const ENDS: &str = "<!-- End of the rights. -->\n";

/// A line for each action of each function.
fn table() -> String {
    let mut rights: BTreeMap<(Function, String), Vec<String>> = BTreeMap::new();
    for grant in granted() {
        let on = grant.on.trim_start_matches("table/").trim_start_matches("secret/");
        rights.entry((grant.function, grant.action)).or_default().push(format!("`{on}`"));
    }
    let lines = rights
        .into_iter()
        .map(|((function, action), things)| format!("| {} | {action} | {} |\n", function.as_str(), things.join(", ")));
    format!("| function | may | on |\n| --- | --- | --- |\n{}", lines.collect::<String>())
}

#[test]
fn the_page_for_operators_shows_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/rights.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGINS).unwrap();
    let (shown, after) = rest.split_once(ENDS).unwrap();
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGINS}{}{ENDS}{after}", table())).unwrap();
        return;
    }
    assert_eq!(shown, table(), "write the page anew: CLEARWAY_UPDATE=1 cargo test -p journeys --test rights");
}
