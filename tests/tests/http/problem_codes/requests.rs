//! Codes that any request may be answered with, webhooks included.

use super::Code;

const FIX: &str =
    "Correct the request: `errors` names each field and what is expected. docs/openapi.json describes the body.";
const LATER: &str = "Send the same request again after `Retry-After` seconds.";

pub(super) const CODES: &[Code] = &[
    Code::new(
        "body_invalid",
        400,
        "The JSON body lacks a field, has one that is not described, or one of another form.",
        FIX,
    ),
    Code::new(
        "body_too_large",
        413,
        "The body is larger than the path takes: 1 MB of JSON, 4 MB of a payroll file.",
        "Send a larger file by a link: `POST /batches` with its `length`, then put the file there.",
    ),
    Code::new("body_unreadable", 400, "The body did not arrive whole.", "Send it again."),
    Code::new(
        "changed_meanwhile",
        409,
        "Another request changed the same thing first.",
        "Read it again, decide anew, and send the request that follows.",
    ),
    Code::new(
        "content_type_unsupported",
        415,
        "`Content-Type` or `Content-Encoding` is not one that the path takes.",
        "Send what `detail` lists.",
    ),
    Code::new("cursor_invalid", 400, "The cursor is not one that this list answered.", "Start again without `cursor`."),
    Code::new("event_not_written", 503, "A webhook was not recorded.", "Providers deliver it again by themselves."),
    Code::new(
        "idempotency_key_ambiguous",
        400,
        "There are two idempotency keys.",
        "Send one, in the header `Idempotency-Key`.",
    ),
    Code::new(
        "idempotency_key_invalid",
        400,
        "The idempotency key is empty, too long, or has other than visible ASCII characters.",
        "Use 1 to 255 visible ASCII characters without blanks.",
    ),
    Code::new(
        "idempotency_key_missing",
        400,
        "The request needs an idempotency key.",
        "Send the header `Idempotency-Key` with a value of your own, and the same again with a repeat.",
    ),
    Code::new(
        "idempotency_key_reused",
        422,
        "The idempotency key was used for another request.",
        "Use a new key for a new request. For a repeat, send the same body and parameters.",
    ),
    Code::new(
        "internal",
        500,
        "Something is wrong on our side. It was recorded.",
        "Tell whoever runs the deployment the `request_id`.",
    ),
    Code::new("issuer_unreachable", 503, "Tokens cannot be verified, because their issuer cannot be reached.", LATER),
    Code::new("json_invalid", 400, "The body is not JSON.", "Look at the line and column that `detail` names."),
    Code::new(
        "key_unavailable",
        503,
        "The signature of a webhook cannot be checked now.",
        "The provider delivers it again by itself.",
    ),
    Code::new("limit_invalid", 400, "`limit` is less than 1 or more than 1000.", "Ask for 1 to 1000 entries."),
    Code::new(
        "method_not_allowed",
        405,
        "The path does not take this method.",
        "Use one that the header `Allow` lists.",
    ),
    Code::new("not_acceptable", 406, "`Accept` asks for a form that there is not.", "Ask for one that `detail` names."),
    Code::new(
        "not_found",
        404,
        "There is nothing with this id, or it is another person's.",
        "Look at the id. Ids are case-sensitive and have their prefix.",
    ),
    Code::new(
        "path_unknown",
        404,
        "There is nothing under this path.",
        "Look at the path: docs/openapi.json lists them.",
    ),
    Code::new(
        "query_invalid",
        400,
        "A query parameter is not described or not of its form.",
        "Correct it: `errors` names each parameter, and what the request takes.",
    ),
    Code::new("request_running", 409, "The first request with this idempotency key is still running.", LATER),
    Code::new(
        "role_missing",
        403,
        "The token has none of the roles that the route needs.",
        "Use a token with one of `roles`, or ask somebody who has one.",
    )
    .with(&["roles"]),
    Code::new(
        "secrets_unavailable",
        503,
        "The signature of a webhook cannot be checked now.",
        "The provider delivers it again by itself.",
    ),
    Code::new(
        "signature_invalid",
        401,
        "The webhook is not signed by the provider, or too old.",
        "Look at the secret: docs/integrate.md.",
    ),
    Code::new("table_unavailable", 503, "The records cannot be reached.", LATER),
    Code::new(
        "token_invalid",
        401,
        "The token is over, not of the issuer, or not for this audience.",
        "Get a new token. `detail` says what is wrong with this one.",
    ),
    Code::new("token_missing", 401, "There is no token.", "Send the header `Authorization: Bearer` and a token."),
    Code::new("too_many_requests", 429, "There were too many requests.", LATER),
    Code::new("try_again", 503, "A service behind cannot be reached.", LATER),
    Code::new("terms_invalid", 422, "The terms of a lease make no schedule.", "Change what `detail` names."),
];
