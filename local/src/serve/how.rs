//! How to use a stack that is served: lines that paste into a shell as they are, one step after the other. They need curl and jq.

use crate::stack::Stack;

const PERSON: &str = r#"# A person links a bank and a card, and puts the card on autopay:
curl -s -X POST "$API/link-tokens" -H "Authorization: Bearer $PERSON" \
  -H 'Content-Type: application/json' -d '{}' | jq
curl -s "$API/cards" -H "Authorization: Bearer $PERSON" | jq
# What an operator has to look at:
curl -s "$API/health" -H "Authorization: Bearer $OPERATOR" | jq
"#;

/// What is different in each stack.
struct Places<'a> {
    api: &'a str,
    column: &'a str,
    plaid: &'a str,
    /// This very program.
    program: &'a str,
}

/// Everything that is said once the stack is served.
pub(super) fn words(stack: &Stack) -> String {
    let program = std::env::current_exe().ok().map(|path| path.display().to_string());
    let places = Places {
        api: &stack.base_url,
        column: &stack.column_url,
        plaid: &stack.plaid_url,
        program: program.as_deref().unwrap_or("clearway"),
    };
    let tokens = [
        ("UPLOADER", stack.uploader_token()),
        ("APPROVER", stack.approver_token()),
        ("OPERATOR", stack.operator_token()),
        ("PERSON", stack.person_token()),
    ];
    [places.introduced(), exported(&places, &tokens), places.payroll(), PERSON.to_owned()].join("\n")
}

fn exported(places: &Places<'_>, tokens: &[(&str, String)]) -> String {
    let mut lines = vec![
        "# These lines paste into a shell as they are. Tokens are good for a day.".to_owned(),
        format!("export API={}", places.api),
    ];
    lines.extend(tokens.iter().map(|(name, token)| format!("export {name}={token}")));
    lines.push(String::new());
    lines.join("\n")
}

impl Places<'_> {
    fn introduced(&self) -> String {
        let Self { api, column, plaid, .. } = self;
        format!(
            "Clearway is served at {api}
  the API to read      {api}/docs
  its description      {api}/openapi.json
  simulated Column     {column}
  simulated Plaid      {plaid}
Business time moves on by itself while something is under way. A check that was
delivered waits until you cash it (Column's /__control/cash-check). Notices are
printed here. Ctrl-C ends it.
"
        )
    }

    /// Each step by whoever may take it.
    fn payroll(&self) -> String {
        let Self { program, .. } = self;
        format!(
            r#"# 1. A file, and a batch for it (above 4 MB: ask for an upload link).
'{program}' generate --out payroll.xml --rows 1000
export BATCH=$(curl -s "$API/batches" -H "Authorization: Bearer $UPLOADER" \
  -H 'Content-Type: application/xml' --data-binary @payroll.xml |
  jq -r .batch_id)
# 2. Its summary.
curl -s -X POST "$API/batches/$BATCH/summary" \
  -H "Authorization: Bearer $UPLOADER" > summary.json
jq '{{state, rows, total, ready, not_ready_because}}' summary.json
# 3. The approval, by a second person, of exactly what the summary shows.
jq '{{manifest_hash, total, accept_accounts: .to_acknowledge.accounts,
  accept_overlaps: .to_acknowledge.overlaps}}' summary.json |
  curl -s "$API/batches/$BATCH/approve" -H "Authorization: Bearer $APPROVER" \
  -H 'Content-Type: application/json' -d @- | jq
# 4. How it goes: again, until it is completed.
curl -s "$API/batches/$BATCH" -H "Authorization: Bearer $APPROVER" |
  jq '{{state, payments}}'
# 5. The reports and the books.
curl -s "$API/batches/$BATCH/reports/payments" -H 'Accept: text/csv' \
  -H "Authorization: Bearer $APPROVER" > payments.csv
curl -s "$API/ledger/trial-balance" -H "Authorization: Bearer $APPROVER" |
  jq .total
"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::COLUMNS;

    #[test]
    fn what_is_said_fits_a_terminal_but_for_tokens() {
        let places = Places {
            api: "http://127.0.0.1:3000",
            column: "http://127.0.0.1:3001",
            plaid: "http://127.0.0.1:3002",
            program: "clearway",
        };
        for text in [places.introduced(), exported(&places, &[]), places.payroll(), PERSON.to_owned()] {
            for line in text.lines() {
                assert!(line.chars().count() <= COLUMNS, "{line}");
            }
        }
    }
}
