//! Query parameters that a route does not describe are refused: a misspelled filter that is let through would show everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Query, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use crate::http::problem::{Problem, ProblemEntry};

/// How many unknown ones a problem lists.
const LISTED_MAX: usize = 10;
const NAME_BYTES_MAX: usize = 64;

/// The names of the query parameters that each route describes, by method and path.
#[derive(Clone, Debug, Default)]
pub(super) struct QueryNames(Arc<BTreeMap<(Method, String), Vec<String>>>);

impl QueryNames {
    pub(super) fn of(api: &OpenApi) -> Self {
        let routes = api.paths.paths.iter().flat_map(|(path, item)| {
            operations(item).map(move |(method, operation)| ((method, path.clone()), names(operation)))
        });
        Self(Arc::new(routes.collect()))
    }

    /// Returns what the route takes. A route that is not described takes anything.
    fn taken(&self, method: &Method, path: &str) -> Option<&[String]> {
        // Routes of GET answer HEAD as well.
        let method = if method == Method::HEAD { Method::GET } else { method.clone() };
        self.0.get(&(method, path.to_owned())).map(Vec::as_slice)
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let operations = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    operations.into_iter().filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    let in_query = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        RefOr::T(_) | RefOr::Ref(_) => None,
    });
    in_query.collect()
}

/// Stands behind the roles: whoever may not use a route learns nothing of it.
pub(super) async fn refuse_others(
    State(names): State<QueryNames>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    if let Some(taken) = names.taken(request.method(), path) {
        // What cannot be read at all is refused where it is read.
        let sent = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map(|Query(sent)| sent);
        check(taken, &sent.unwrap_or_default())?;
    }
    Ok(next.run(request).await)
}

fn check(taken: &[String], sent: &[(String, String)]) -> Result<(), Problem> {
    let unknown: Vec<&str> =
        sent.iter().map(|(name, _)| name.as_str()).filter(|name| !taken.iter().any(|taken| taken == name)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let count = u64::try_from(unknown.len()).unwrap_or(u64::MAX);
    let errors = unknown.into_iter().take(LISTED_MAX).map(|name| entry(name, taken)).collect();
    let detail = "The query parameters are not as described: see errors.";
    Err(Problem::bad_request("query_invalid", detail).with_errors(errors, count))
}

fn entry(name: &str, taken: &[String]) -> ProblemEntry {
    let message = match taken {
        [] => "this request takes no query parameters".to_owned(),
        taken => format!("this request takes {}", taken.join(", ")),
    };
    ProblemEntry {
        row: None,
        line: None,
        column: None,
        offset: None,
        field: is_name(name).then(|| name.to_owned()),
        code: "parameter_unknown".to_owned(),
        message,
    }
}

/// Whether the text can only be a name: what was pasted in its place by mistake is not repeated.
fn is_name(text: &str) -> bool {
    let begins_as_one = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let rest_is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    begins_as_one && rest_is_plain && text.len() <= NAME_BYTES_MAX
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(taken: &[&str], sent: &[&str]) -> Option<serde_json::Value> {
        let taken: Vec<String> = taken.iter().copied().map(str::to_owned).collect();
        let sent: Vec<(String, String)> = sent.iter().map(|name| ((*name).to_owned(), String::new())).collect();
        let problem = check(&taken, &sent).err()?;
        assert_eq!((problem.status().as_u16(), problem.code()), (400, "query_invalid"));
        Some(json!(problem.errors()))
    }

    #[test]
    fn what_is_described_is_taken() {
        for sent in [&[] as &[&str], &["limit"], &["cursor", "limit"]] {
            assert_eq!(refusal(&["limit", "cursor"], sent), None, "{sent:?}");
        }
    }

    #[test]
    fn what_is_not_described_is_named_with_what_is_taken() {
        let message = "this request takes limit, cursor";
        let entry = json!({"field": "stat", "code": "parameter_unknown", "message": message});
        assert_eq!(refusal(&["limit", "cursor"], &["limit", "stat"]), Some(json!([entry])));
        let message = "this request takes no query parameters";
        let entry = json!({"field": "limit", "code": "parameter_unknown", "message": message});
        assert_eq!(refusal(&[], &["limit"]), Some(json!([entry])));
    }

    #[test]
    fn what_may_be_no_name_is_not_repeated() {
        let entry = json!({"code": "parameter_unknown", "message": "this request takes no query parameters"});
        for sent in ["4111111111111111", "", "a b", &"a".repeat(65)] {
            assert_eq!(refusal(&[], &[sent]), Some(json!([entry])), "{sent}");
        }
    }

    #[test]
    fn a_problem_lists_the_first_unknown_ones() {
        let many: Vec<&str> = std::iter::repeat_n("a", 50).collect();
        assert_eq!(refusal(&[], &many).unwrap().as_array().unwrap().len(), LISTED_MAX);
    }
}
