//! Control calls over HTTP.
//!
//! `POST /__control/NAME` with the fields of [`Control`]'s variant NAME (dashes or underscores) as JSON, amounts as numbers or texts; an error has Plaid's shape and says
//! what is wrong. `GET /__control/counters` answers [`super::Counters`]; `GET /__control/items` every item that was not removed, with its person, institution and accounts.
//!
//! | to say | call |
//! | --- | --- |
//! | who banks where | `create-person` |
//! | what the person does at the screen | `finish-link` |
//! | a balance, a limit, a bill, a due date, a closed account, other numbers | `set-account` |
//! | a purchase; a payment that the issuer books; what becomes of a transaction | `purchase`; `pay-card`; `post-transaction`, `remove-transaction`, `modify-transaction` |
//! | what becomes of a link | `require-login`, `repair-login`, `revoke-permission`, `revoke-account`, `set-consent-expiration`, `hide-liabilities` |
//! | a webhook, true or forged; a signature alone; other signing keys | `fire-webhook`; `sign-webhook`; `rotate-keys` |
//! | what goes wrong | `fault-calls`, `fault-webhooks`, `mutate-next`, `limits`, `outage`, `faults`, `clear-faults` |
//! | whether webhooks are sent at all | `hold-webhooks` |
//! | time | `advance` |

use serde_json::{Map, Value, json};

use super::Plaid;
use super::control::Control;
use super::error::{self, Failure};
use super::items::{Item, ItemState};
use crate::http::{Answer, Request};

pub(crate) const PREFIX: &str = "/__control/";

impl Plaid {
    fn list_items(&self) -> Value {
        let accounts = |item: &Item| -> Vec<Value> {
            let shared = item.accounts.iter();
            shared.map(|shared| json!({ "account": shared.seen.key, "account_id": shared.account_id })).collect()
        };
        let items = self.items.iter().filter(|item| item.state != ItemState::Removed).map(|item| {
            let login = &self.logins[item.login];
            json!({
                "item_id": item.item_id, "user_id": login.user_id, "institution_id": login.institution_id,
                "accounts": accounts(item),
            })
        });
        json!({ "items": items.collect::<Vec<_>>() })
    }

    pub(crate) fn handle_control(&mut self, name: &str, request: &Request) -> Answer {
        let outcome = match (request.method.as_str(), name) {
            ("GET", "counters") => Ok(json!(self.counters())),
            ("GET", "items") => Ok(self.list_items()),
            ("POST", name) => read_control(name, &request.body).and_then(|control| {
                // The caller's time: `control` adds the offset again.
                let now = self.caller_time(self.now);
                self.control(now, control)
            }),
            _ => Err(error::NOT_FOUND.into()),
        };
        match outcome {
            Ok(body) => Answer::reply(200, body.to_string()),
            Err(failure) => failure.into_answer(""),
        }
    }
}

fn read_control(name: &str, body: &str) -> Result<Control, Failure> {
    let mut fields: Map<String, Value> = if body.trim().is_empty() {
        Map::new()
    } else {
        serde_json::from_str(body).map_err(|_| error::INVALID_BODY)?
    };
    fields.insert("control".to_owned(), Value::String(name.replace('-', "_")));
    serde_json::from_value(Value::Object(fields))
        .map_err(|problem| Failure::field("control call", &problem.to_string()))
}
