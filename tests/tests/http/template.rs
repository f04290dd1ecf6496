//! The template and the code agree: every described operation reaches the function that serves it and nothing else does; variables,
//! timeouts and names of secrets are what the functions read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;
use serde_yaml_ng::Value;

const FUNCTIONS: [&str; 9] = [
    "Accounts",
    "ApproveBatch",
    "Reports",
    "Operator",
    "ColumnWebhook",
    "PlaidWebhook",
    "PaymentWorker",
    "DeadLetters",
    "Scheduler",
];
const PEOPLE_S_FUNCTIONS: [&str; 4] = ["Accounts", "ApproveBatch", "Reports", "Operator"];

/// Method and path.
type Operations = BTreeSet<(String, String)>;

fn committed(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

pub(crate) fn template() -> Value {
    serde_yaml_ng::from_str(&committed("template.yaml")).unwrap()
}

/// The text after a tag such as `!Ref` or `!Sub`.
pub(crate) fn tagged(value: &Value) -> Option<&str> {
    if let Value::Tagged(tagged) = value { tagged.value.as_str() } else { None }
}

/// What the API sends to the function.
fn routed(function: &str, api: &str) -> Operations {
    let template = template();
    let events = template["Resources"][function]["Properties"]["Events"].as_mapping().unwrap();
    let properties = events.values().filter(|event| event["Type"] == "Api").map(|event| &event["Properties"]);
    let of_api = properties.filter(|properties| tagged(&properties["RestApiId"]) == Some(api));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_api.map(|properties| (text(&properties["Method"]), text(&properties["Path"]))).collect()
}

fn described(api: &Json) -> Operations {
    let paths = api["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, operations)| {
            operations.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect()
}

#[test]
fn the_committed_description_is_routed_whole() {
    let description: Json = serde_json::from_str(&committed("docs/openapi.json")).unwrap();
    let mut routed_operations = routed("ApproveBatchFunction", "AdminApi");
    routed_operations.extend(routed("AccountsFunction", "AdminApi"));
    routed_operations.extend(routed("ReportsFunction", "AdminApi"));
    routed_operations.extend(routed("OperatorFunction", "AdminApi"));
    routed_operations.extend(routed("RentFunction", "AdminApi"));
    assert_eq!(routed_operations, described(&description));
}

#[test]
fn each_function_gets_what_its_router_serves() {
    for (function, api, router) in [
        ("AccountsFunction", "AdminApi", accounts::HTTP.api()),
        ("ApproveBatchFunction", "AdminApi", approve_batch::HTTP.api()),
        ("ReportsFunction", "AdminApi", reports::HTTP.api()),
        ("OperatorFunction", "AdminApi", operator::HTTP.api()),
        ("RentFunction", "AdminApi", rent::HTTP.api()),
        ("ColumnWebhookFunction", "WebhookApi", column_webhook::api()),
        ("PlaidWebhookFunction", "WebhookApi", plaid_webhook::api()),
    ] {
        assert_eq!(routed(function, api), described(&serde_json::to_value(router).unwrap()), "{function}");
    }
}

#[test]
fn webhooks_and_people_have_an_api_each() {
    for (function, api) in [
        ("AccountsFunction", "WebhookApi"),
        ("ApproveBatchFunction", "WebhookApi"),
        ("ReportsFunction", "WebhookApi"),
        ("OperatorFunction", "WebhookApi"),
        ("RentFunction", "WebhookApi"),
        ("ColumnWebhookFunction", "AdminApi"),
        ("PlaidWebhookFunction", "AdminApi"),
    ] {
        assert_eq!(routed(function, api), Operations::new(), "{function}");
    }
}

#[test]
fn a_message_is_hidden_six_times_as_long_as_its_function_may_take() {
    let template = template();
    let resources = &template["Resources"];
    for (queue, function) in [
        ("BulkQueue", "PaymentWorkerFunction"),
        ("OtherQueue", "PaymentWorkerFunction"),
        ("BulkDeadLetters", "DeadLettersFunction"),
        ("OtherDeadLetters", "DeadLettersFunction"),
    ] {
        let timeout = resources[function]["Properties"]["Timeout"].as_u64().unwrap();
        let visible_again = resources[queue]["Properties"]["VisibilityTimeout"].as_u64().unwrap();
        assert!(visible_again >= 6 * timeout, "{queue}");
    }
}

#[test]
fn each_function_is_told_its_own_timeout() {
    let template = template();
    for function in FUNCTIONS {
        let properties = &template["Resources"][format!("{function}Function")]["Properties"];
        let told = &properties["Environment"]["Variables"]["FUNCTION_TIMEOUT_SECONDS"];
        assert_eq!(told.as_str().unwrap(), properties["Timeout"].as_u64().unwrap().to_string(), "{function}");
    }
}

/// Whoever serves people reads whose tokens to accept besides; how much is logged may stay unset.
#[test]
fn each_function_is_given_the_variables_that_it_reads() {
    let read = RefCell::new(BTreeSet::new());
    let value = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        Some(if name == "UPLOADER_MAY_APPROVE" { "false".to_owned() } else { "1".to_owned() })
    };
    wiring::Environment::read(value).unwrap();
    read.borrow_mut().insert("RUST_LOG".to_owned());

    let template = template();
    let names = |variables: &Value| -> BTreeSet<String> {
        variables.as_mapping().unwrap().keys().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let of_all = names(&template["Globals"]["Function"]["Environment"]["Variables"]);
    for function in FUNCTIONS {
        let own =
            names(&template["Resources"][format!("{function}Function")]["Properties"]["Environment"]["Variables"]);
        let mut wanted = read.borrow().clone();
        if function == "DeadLetters" {
            wanted.extend(["BULK_DEAD_LETTERS_ARN", "OTHER_DEAD_LETTERS_ARN"].map(str::to_owned));
        }
        // Links are made by one function.
        if function != "Accounts" {
            wanted.remove("PLAID_WEBHOOK_URL");
        }
        if PEOPLE_S_FUNCTIONS.contains(&function) {
            wanted.extend(["OIDC_ISSUER", "OIDC_AUDIENCE"].map(str::to_owned));
        }
        assert_eq!(&of_all | &own, wanted, "{function}");
    }
}

#[test]
fn every_secret_has_its_place_under_the_stack_s_name() {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let secrets = resources.filter(|resource| resource["Type"] == "AWS::SecretsManager::Secret");
    let names: BTreeSet<String> =
        secrets.map(|secret| tagged(&secret["Properties"]["Name"]).unwrap().to_owned()).collect();
    let wanted = shared::ports::secrets::SecretName::ALL.map(|name| format!("${{AWS::StackName}}/{name}"));
    assert_eq!(names, BTreeSet::from(wanted));
}

/// Whoever connects the bank as the page says gets every event that the local stack is paid by.
#[test]
fn the_page_for_integrators_registers_what_the_local_stack_registers() {
    let page = committed("docs/integrate.md");
    let (_, list) = page.split_once("\"enabled_events\": [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    let listed: Vec<&str> = list.split(',').map(|event| event.trim().trim_matches('"')).collect();
    assert_eq!(listed, local::stack::bank::EVENTS);
}
