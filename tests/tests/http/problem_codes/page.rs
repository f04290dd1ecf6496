//! docs/errors.md is written from the words here. `CLEARWAY_UPDATE=1` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use super::{CODES, Code, MEMBERS};

const HEADINGS: [&str; 4] =
    ["Any request", "Payroll", "Linked institutions and cards", "Single payments and what operators do"];

const INTRODUCTION: &str = "\
# Errors

Whatever is refused or fails is answered as problem details (RFC 9457), with `Content-Type: application/problem+json`:

    {
      \"code\": \"body_invalid\",
      \"detail\": \"The body is not as described: see errors.\",
      \"error_count\": 1,
      \"errors\": [{\"code\": \"field_invalid\", \"field\": \"total\", \"message\": \"missing field `total`\"}],
      \"request_id\": \"req-0f8fad5bd9cb469fa16570867728950e\",
      \"status\": 400,
      \"title\": \"Bad Request\",
      \"type\": \"urn:clearway:problem:body_invalid\"
    }

- Programs look at `code`, which stays. `detail` and `message` are for people, and may change. Codes may be added: treat one that you do not know
  as its status.
- `errors` lists what is wrong in a body, a query or a file, `error_count` how much there is in all. An entry about a request names the `field` and has
  the code `field_invalid`, `parameter_invalid` or `parameter_unknown`. One about a file names row, line and column, and has a code of
  [file.md](file.md), in capitals.
- `request_id` is that of the answer's header `x-request-id`, which every answer has, and of every line of the log about the request.
- Amounts are text with two decimals: `\"5909.07\"`, and not `5909.07`, which other programs would round.
- What was sent is never repeated: it may be an account number.
- 401, 403, 404 and 422 stay as they are until something else changes. 429 and 503 are worth a repeat, after `Retry-After` seconds. 500 is ours.

This page is written from the code. [openapi.json](openapi.json) describes the further members of problems, which the tables name.
";

/// The page as it has to be.
fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (heading, codes) in HEADINGS.iter().zip(CODES) {
        write!(page, "\n## {heading}\n\n| code | status | when | what to do |\n| --- | --- | --- | --- |\n").unwrap();
        let mut codes = codes.to_vec();
        codes.sort_by_key(|code| code.code);
        for code in codes {
            writeln!(page, "{}", line(code)).unwrap();
        }
    }
    page.push_str("\n## Further members\n\n| member | holds |\n| --- | --- |\n");
    for member in MEMBERS {
        writeln!(page, "| `{}` | {} |", member.name, member.holds).unwrap();
    }
    page
}

fn line(Code { code, status, when, to_do, members }: Code) -> String {
    let members: Vec<String> = members.iter().map(|member| format!("`{member}`")).collect();
    let also = if members.is_empty() { String::new() } else { format!(" Also: {}.", members.join(", ")) };
    format!("| `{code}` | {status} | {when} | {to_do}{also} |")
}

#[test]
fn the_page_of_errors_is_the_code_s() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/errors.md");
    let written = page();
    if std::env::var_os("CLEARWAY_UPDATE").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == written, "docs/errors.md is not what the code says: run this test with CLEARWAY_UPDATE=1");
}
