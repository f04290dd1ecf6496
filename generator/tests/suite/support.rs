//! A naive reading of a whole file by text search: the second, independent computation that manifests are compared
//! with.

use std::collections::BTreeMap;

use generator::{Manifest, Options, Totals, generate};

/// The leaves of a row by path, in document order.
pub(crate) type Leaves = Vec<(String, String)>;

pub(crate) fn generated(options: &Options) -> (String, Manifest) {
    let mut file = Vec::new();
    let manifest = generate(options, &mut file).unwrap();
    (String::from_utf8(file).unwrap(), manifest)
}

/// The markup of every complete row, without `<row>` and `</row>`.
pub(crate) fn row_texts(file: &str) -> Vec<&str> {
    file.split("<row>").skip(1).filter_map(|rest| rest.split_once("</row>").map(|(row, _)| row)).collect()
}

/// Every leaf of a row; understands start tags, end tags and text, and nothing else.
pub(crate) fn leaves(row: &str) -> Leaves {
    let mut path: Vec<&str> = Vec::new();
    let mut leaves = Vec::new();
    for piece in row.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap();
        if tag.starts_with('/') {
            path.pop();
        } else {
            path.push(tag);
            if !text.trim().is_empty() {
                leaves.push((path.join("/"), text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")));
            }
        }
    }
    leaves
}

pub(crate) fn value<'a>(leaves: &'a Leaves, path: &str) -> &'a str {
    leaves.iter().find(|(known, _)| known == path).map(|(_, text)| text.as_str()).unwrap()
}

pub(crate) fn cents(amount: &str) -> i64 {
    amount.trim_start_matches('$').replace('.', "").parse().unwrap()
}

/// Rows and cents by the value of one leaf.
pub(crate) fn totals_by<'a>(rows: impl IntoIterator<Item = &'a Leaves>, path: &str) -> BTreeMap<String, Totals> {
    let mut totals: BTreeMap<String, Totals> = BTreeMap::new();
    for row in rows {
        let group = totals.entry(value(row, path).to_owned()).or_default();
        group.rows += 1;
        group.total_cents += cents(value(row, "Amount"));
    }
    totals
}
